// How long a session lives, and when a touch is worth a write.
import type { SessionData } from 'express-session';
import { clock } from '../clock.js';
import { describe } from '../errors.js';
import { checkCookie, expiresOf, isEnded, MAX_DATE, numberOf, secondsOfCookie, setExpires } from './cookie.js';
import { isObject } from './payload.js';

/** Seconds, or a function of the session that returns seconds. */
export type Ttl = number | ((session: SessionData) => number);

const DEFAULT_TTL = 86_400; // a day, as in connect-pg-simple and connect-pg-pool
const MAX_COOKIE = 400 * 86_400; // the limit of browsers: draft-ietf-httpbis-rfc6265bis, section 5.5
const LONG = 10 * 86_400;
const MAX_TTL = 1e11; // about 3,000 years: well before PostgreSQL's last timestamp, in 294276
const MAX_TOUCH_AFTER = 60;

/**
 * Whether a life of so many seconds was probably meant as milliseconds: it is longer than a
 * cookie's, or it is long, and whole minutes of milliseconds but no whole days.
 */
export const seemMilliseconds = (seconds: number): boolean =>
  seconds > MAX_COOKIE || (seconds >= LONG && seconds % 60_000 === 0 && seconds % 86_400 !== 0);

export const daysOf = (seconds: number): string => `${seconds} seconds, which is ${Math.round(seconds / 86_400)} days`;

/** The life of a session: the `ttl` option, else its cookie's age, else a day. All in seconds. */
export class Expiry {
  readonly #ttl: Ttl | undefined;
  readonly #touchAfter: number | undefined;
  readonly #warned = new Set<string>();
  #isTtlInMilliseconds = false;

  constructor({ ttl, touchAfter }: { ttl?: Ttl | undefined; touchAfter?: number | undefined }) {
    if (typeof ttl === 'number') this.#check(ttl);
    this.#ttl = ttl;
    this.#touchAfter = touchAfter;
  }

  /** Whether the cookie of each session decides how long it lives. */
  get isByCookie(): boolean {
    return this.#ttl === undefined;
  }

  /**
   * Seconds that the session lives from now on.
   *
   * @throws {TypeError} if the ttl function does not return a positive number, or the cookie's age
   *   is not finite
   */
  secondsToLive(session: SessionData): number {
    checkCookie(session.cookie);
    const ofCookie = secondsOfCookie(session);
    if (this.#ttl === undefined) return ofCookie ?? DEFAULT_TTL;
    if (isEnded(session.cookie)) return 0;
    const seconds = typeof this.#ttl === 'number' ? this.#ttl : this.#ttl(session);
    this.#check(seconds);
    const { originalMaxAge } = Object(session.cookie);
    if (this.#isInMilliseconds(seconds, originalMaxAge, ofCookie)) {
      // Not of the date: with a ttl, a touch does not store it.
      return (numberOf(originalMaxAge) ?? seconds) / 1000;
    }
    if (seemMilliseconds(seconds)) this.#warnOfLength(seconds);
    if (ofCookie !== undefined && seconds < ofCookie) {
      this.#warn(
        'CONNECT_PG_TYPED_TTL_WINS',
        `ttl (${seconds} s) ends sessions before their cookie expires (${Math.round(ofCookie)} s).` +
          ' ttl wins. Remove ttl to let the cookie decide',
      );
    }
    return seconds;
  }

  /**
   * Makes `cookie.expires` a Date, as its type says. If the cookie decides, the row's expiry is the
   * newer one, since a touch changes only that. A browser session gets no date: a date would make
   * its cookie outlive the browser.
   */
  restoreExpires(session: SessionData, secondsLeft: number): void {
    if (!isObject(session.cookie)) return;
    const stored = expiresOf(session.cookie);
    const rowExpires = Math.min(Date.now() + secondsLeft * 1000, MAX_DATE);
    setExpires(session, stored !== undefined && this.isByCookie ? rowExpires : stored);
  }

  /**
   * Whether a write may make the session expire earlier than its row says. With a `ttl`, always. If
   * the cookie decides, another request may have given the session a longer life since this one
   * loaded it. So it may only if the row had more left than the cookie's own age.
   */
  mayShorten(session: SessionData, secondsLeft: number): boolean {
    if (!this.isByCookie) return true;
    const { originalMaxAge } = Object(session.cookie);
    const age = typeof originalMaxAge === 'number' ? originalMaxAge / 1000 : DEFAULT_TTL;
    return secondsLeft > age + 1; // the predecessors round up to a second
  }

  /**
   * Whether a touch moves the expiry far enough to be worth a write.
   *
   * @param ttl seconds that the session lives from now on
   * @param expiresAt when the row expires, in milliseconds of `clock()`
   */
  isWorthTouching(ttl: number, expiresAt: number): boolean {
    const moves = Math.abs(ttl - (expiresAt - clock()) / 1000);
    return moves >= (this.#touchAfter ?? Math.min(MAX_TOUCH_AFTER, ttl / 10));
  }

  /**
   * Whether ttl is the cookie's maxAge. That is in milliseconds, so the session must live as long
   * as its cookie. A number that no cookie can live in seconds is then in milliseconds for each
   * session.
   */
  #isInMilliseconds(seconds: number, originalMaxAge: unknown, ofCookie = NaN): boolean {
    if (this.#isTtlInMilliseconds) return true;
    const isMaxAge = typeof this.#ttl === 'function' && isNear(seconds, ofCookie * 1000);
    if (!isMaxAge && !isNear(seconds, originalMaxAge)) return false;
    this.#isTtlInMilliseconds = typeof this.#ttl === 'number' && seconds > MAX_COOKIE;
    this.#warn(
      'CONNECT_PG_TYPED_TTL_LONG',
      `ttl is ${seconds}, the number of the cookie's maxAge, so it is read as milliseconds. Write ttl in seconds`,
    );
    return true;
  }

  #check(seconds: unknown): void {
    if (typeof seconds !== 'number' || !(seconds > 0 && seconds <= MAX_TTL)) {
      throw new TypeError(`ttl must be a positive number of seconds, at most ${MAX_TTL}, got ${describe(seconds)}`);
    }
    if (seconds > MAX_COOKIE) this.#warnOfLength(seconds);
  }

  #warnOfLength(seconds: number): void {
    this.#warn('CONNECT_PG_TYPED_TTL_LONG', `ttl is ${daysOf(seconds)}. Was it meant as milliseconds?`);
  }

  #warn(code: string, message: string): void {
    if (this.#warned.has(code)) return;
    this.#warned.add(code);
    process.emitWarning(message, { type: 'ConnectPgTypedWarning', code });
  }
}

/** Within a hundredth: express-session lets an `originalMaxAge` lose a millisecond now and then. */
const isNear = (one: number, other: unknown): boolean =>
  typeof other === 'number' && Math.abs(one - other) <= one / 100;
