// How long a session lives.
import type { SessionData } from 'express-session';

/** Seconds, or a function that says for each session how many. */
export type Ttl = number | ((session: SessionData) => number);

const DEFAULT_TTL = 86_400; // a day, as in connect-pg-simple and connect-pg-pool
const LONGEST_COOKIE = 400 * 86_400; // browsers keep none longer: draft-ietf-httpbis-rfc6265bis, section 5.5
const LONGEST_TTL = 1e11; // 3,000 years; what PostgreSQL can hold ends in the year 294276
const LAST_DATE = 8.64e15; // milliseconds, ECMA-262 section 21.4.1.1

/** The life span of sessions: the ttl where one is given, else their cookie's, else a day. All in seconds. */
export class Expiry {
  readonly #ttl: Ttl | undefined;
  readonly #touchAfter: number | undefined;
  readonly #warned = new Set<string>();

  constructor({ ttl, touchAfter }: { ttl?: Ttl | undefined; touchAfter?: number | undefined }) {
    if (typeof ttl === 'number') this.#check(ttl);
    this.#ttl = ttl;
    this.#touchAfter = touchAfter;
  }

  /** Whether each session's own cookie says how long it lives. */
  get isTheCookies(): boolean {
    return this.#ttl === undefined;
  }

  /**
   * Seconds that the session has to live from now on.
   *
   * @throws {TypeError} when the ttl function gives no positive number
   */
  secondsToLive(session: SessionData): number {
    const ofCookie = secondsOfCookie(session);
    if (this.#ttl === undefined) return ofCookie ?? DEFAULT_TTL;
    const seconds = typeof this.#ttl === 'number' ? this.#ttl : this.#ttl(session);
    this.#check(seconds);
    if (seconds === session.cookie?.originalMaxAge) {
      this.#warn(
        'CONNECT_PG_TYPED_TTL_LONG',
        `ttl is ${seconds} s, the number of the cookie's maxAge, which is in milliseconds`,
      );
    }
    if (ofCookie !== undefined && seconds < ofCookie) {
      this.#warn(
        'CONNECT_PG_TYPED_TTL_WINS',
        `ttl (${seconds} s) ends sessions before their cookie does (${Math.round(ofCookie)} s):` +
          ' here ttl wins, in connect-pg-simple the cookie did. Leave ttl out to let the cookie decide',
      );
    }
    return seconds;
  }

  /**
   * Makes a Date of `cookie.expires`, as the types have it. Where the cookie decides, the row knows better what is left, since
   * every touch moves the row's expiry and leaves the payload as it was. Never a date where there was none: that would make
   * a browser session last.
   */
  restoreExpires(session: SessionData, secondsLeft: number): void {
    const stored = dateOfCookie(session);
    if (!stored) return;
    const left = new Date(Math.min(Date.now() + secondsLeft * 1000, LAST_DATE));
    Object.assign(session.cookie, { expires: this.#ttl === undefined ? left : stored });
  }

  /**
   * Whether a write may end the session earlier than its row says. With a `ttl`, always. Where the cookie decides, a request
   * may have loaded the session before another gave it a longer life: then only if what was left at the load is more than
   * its cookie's own span.
   */
  mayShorten(session: SessionData, secondsLeft: number): boolean {
    if (this.#ttl !== undefined) return true;
    const { originalMaxAge } = session.cookie;
    const span = typeof originalMaxAge === 'number' ? originalMaxAge / 1000 : DEFAULT_TTL;
    return secondsLeft > span + 1; // the predecessors round up to a second
  }

  /**
   * Whether a touch would move the expiry far enough to be worth a write.
   *
   * @param ttl seconds that the session is to live from now on
   * @param expiresAt when the row expires, in milliseconds of `performance.now()`
   */
  isWorthATouch(ttl: number, expiresAt: number): boolean {
    const moves = Math.abs(ttl - (expiresAt - performance.now()) / 1000);
    return moves >= (this.#touchAfter ?? Math.min(60, ttl / 10));
  }

  #check(seconds: unknown): void {
    if (typeof seconds !== 'number' || !(seconds > 0 && seconds <= LONGEST_TTL)) {
      throw new TypeError(`ttl must be a positive number of seconds, at most ${LONGEST_TTL}, not ${String(seconds)}`);
    }
    if (seconds > LONGEST_COOKIE) {
      this.#warn(
        'CONNECT_PG_TYPED_TTL_LONG',
        `ttl is ${seconds} s, longer than any cookie lives: it is in seconds, are these milliseconds?`,
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
  if (expires) return Math.max((expires.getTime() - Date.now()) / 1000, 0); // 0 is dead as well, and a time PostgreSQL has
  const { maxAge } = session.cookie ?? {}; // a plain object, as an admin's script writes one
  return typeof maxAge === 'number' ? maxAge / 1000 : undefined;
}

/** The cookie's `expires`: a Date in a Session, a string in what was read, null or false in a browser session. */
function dateOfCookie(session: SessionData): Date | undefined {
  const expires: unknown = session.cookie?.expires;
  if (!(expires instanceof Date) && typeof expires !== 'string') return undefined;
  const date = new Date(expires);
  return Number.isNaN(date.getTime()) ? undefined : date;
}
