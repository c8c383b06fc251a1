// How long a session lives, and when a touch is worth a write.
import type { SessionData } from 'express-session';

/** Seconds, or a function of the session that returns seconds. */
export type Ttl = number | ((session: SessionData) => number);

const DEFAULT_TTL = 86_400; // a day, as in connect-pg-simple and connect-pg-pool
const MAX_COOKIE = 400 * 86_400; // the limit of browsers: draft-ietf-httpbis-rfc6265bis, section 5.5
const MAX_TTL = 1e11; // about 3,000 years: well before PostgreSQL's last timestamp, in 294276
const MAX_DATE = 8.64e15; // milliseconds: ECMA-262, section 21.4.1.1
const MAX_TOUCH_AFTER = 60;

/** The life of a session: the `ttl` option, else its cookie's age, else a day. All in seconds. */
export class Expiry {
  readonly #ttl: Ttl | undefined;
  readonly #touchAfter: number | undefined;
  readonly #warned = new Set<string>();

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
   * @throws {TypeError} if the ttl function does not return a positive number
   */
  secondsToLive(session: SessionData): number {
    const ofCookie = secondsOfCookie(session);
    if (this.#ttl === undefined) return ofCookie ?? DEFAULT_TTL;
    const seconds = typeof this.#ttl === 'number' ? this.#ttl : this.#ttl(session);
    this.#check(seconds);
    if (seconds === session.cookie?.originalMaxAge) {
      this.#warn(
        'CONNECT_PG_TYPED_TTL_LONG',
        `ttl is ${seconds} seconds, the same number as the cookie's maxAge, which is in milliseconds`,
      );
    }
    if (ofCookie !== undefined && seconds < ofCookie) {
      this.#warn(
        'CONNECT_PG_TYPED_TTL_WINS',
        `ttl (${seconds} s) ends sessions before their cookie expires (${Math.round(ofCookie)} s).` +
          ' ttl wins here; in connect-pg-simple the cookie did. Remove ttl to let the cookie decide',
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
    const stored = dateOfCookie(session);
    if (!stored) return;
    const rowExpires = new Date(Math.min(Date.now() + secondsLeft * 1000, MAX_DATE));
    Object.assign(session.cookie, { expires: this.isByCookie ? rowExpires : stored });
  }

  /**
   * Whether a write may make the session expire earlier than its row says. With a `ttl`, always. If
   * the cookie decides, another request may have given the session a longer life since this one
   * loaded it. So it may only if the row had more left than the cookie's own age.
   */
  mayShorten(session: SessionData, secondsLeft: number): boolean {
    if (!this.isByCookie) return true;
    const { originalMaxAge } = session.cookie;
    const age = typeof originalMaxAge === 'number' ? originalMaxAge / 1000 : DEFAULT_TTL;
    return secondsLeft > age + 1; // the predecessors round up to a second
  }

  /**
   * Whether a touch moves the expiry far enough to be worth a write.
   *
   * @param ttl seconds that the session lives from now on
   * @param expiresAt when the row expires, in milliseconds of `performance.now()`
   */
  isWorthTouching(ttl: number, expiresAt: number): boolean {
    const moves = Math.abs(ttl - (expiresAt - performance.now()) / 1000);
    return moves >= (this.#touchAfter ?? Math.min(MAX_TOUCH_AFTER, ttl / 10));
  }

  #check(seconds: unknown): void {
    if (typeof seconds !== 'number' || !(seconds > 0 && seconds <= MAX_TTL)) {
      throw new TypeError(`ttl must be a positive number of seconds, at most ${MAX_TTL}, not ${String(seconds)}`);
    }
    if (seconds > MAX_COOKIE) {
      this.#warn(
        'CONNECT_PG_TYPED_TTL_LONG',
        `ttl is ${seconds} seconds, longer than any cookie lives. Was it meant as milliseconds?`,
      );
    }
  }

  #warn(code: string, message: string): void {
    if (this.#warned.has(code)) return;
    this.#warned.add(code);
    process.emitWarning(message, { type: 'ConnectPgTypedWarning', code });
  }
}

function secondsOfCookie(session: SessionData): number | undefined {
  const expires = dateOfCookie(session);
  if (expires) return Math.max((expires.getTime() - Date.now()) / 1000, 0);
  const { maxAge } = session.cookie ?? {}; // a plain object, as a script writes one
  return typeof maxAge === 'number' ? maxAge / 1000 : undefined;
}

/** `cookie.expires`: a Date in a Session, a string in a row, null or false in a browser session. */
function dateOfCookie(session: SessionData): Date | undefined {
  const expires: unknown = session.cookie?.expires;
  if (!(expires instanceof Date) && typeof expires !== 'string') return undefined;
  const date = new Date(expires);
  return Number.isNaN(date.getTime()) ? undefined : date;
}
