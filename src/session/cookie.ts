// The meaning of a session's cookie, live or stored, whichever library or script wrote it.
import type { SessionData } from 'express-session';
import { isObject } from './payload.js';

export const MAX_DATE = 8.64e15; // milliseconds: ECMA-262, section 21.4.1.1
const MAX_AGE = MAX_DATE / 2; // milliseconds, so that now plus an age is a Date
const EPOCH = /^\d{12,16}$/; // milliseconds since 1970. Date() reads fewer digits as a year

/**
 * When the cookie expires, in milliseconds since 1970. Undefined for a browser session: `expires`
 * is null, false, an empty text, missing or not a date.
 */
export function expiresOf(cookie: unknown): number | undefined {
  const { expires, _expires } = Object(cookie);
  const given: unknown = expires === undefined ? _expires : expires; // a copy of a Cookie has only _expires
  const ms = given instanceof Date ? given.getTime() : typeof given === 'number' ? given || NaN : dateIn(given);
  return Number.isNaN(ms) ? undefined : clamp(ms, MAX_DATE);
}

/** How long the session lives from now on, in seconds. Undefined for a browser session. */
export function secondsOfCookie(session: SessionData): number | undefined {
  const { cookie } = session;
  const expires = expiresOf(cookie) ?? expiryOfKoa(session);
  const ms = expires === undefined ? ageOf(cookie) : expires - Date.now();
  return ms === undefined ? undefined : Math.max(ms, 0) / 1000;
}

/** Whether the app ended the session by an age of zero or less, even if `expires` is not stored. */
export function isEnded(cookie: unknown): boolean {
  const { originalMaxAge } = Object(cookie);
  return numberOf(originalMaxAge)! <= 0 || numberOf(ownMaxAge(cookie))! <= 0;
}

/** @throws {TypeError} if an age or `expires` is NaN or infinite: JSON would make it null */
export function checkCookie(cookie: unknown): void {
  const { originalMaxAge, expires } = Object(cookie);
  if (isFiniteOrOther(originalMaxAge) && isFiniteOrOther(expires) && isFiniteOrOther(ownMaxAge(cookie))) return;
  const rule = 'cookie.maxAge must be null or a finite number of milliseconds, and cookie.expires null or a date';
  throw new TypeError(`cannot store the session: ${rule}`);
}

/** In milliseconds: what an app can set. */
export const ageIn = (cookie: unknown) => ({
  maxAge: ownMaxAge(cookie),
  expires: expiresOf(cookie),
  original: Object(cookie).originalMaxAge as unknown,
});

/**
 * Does what express-session does when an app sets `maxAge` or `expires`: a plain cookie has no
 * setter.
 *
 * @param before the age before the change
 */
export function applyAge(session: SessionData, before: ReturnType<typeof ageIn>): void {
  const { cookie } = session;
  const { maxAge, expires, original } = ageIn(cookie);
  if (!cookie) return;
  if (maxAge !== before.maxAge && (typeof maxAge === 'number' || maxAge === null)) {
    cookie.originalMaxAge = maxAge;
    delete cookie.maxAge;
    setExpires(session, maxAge === null ? undefined : Date.now() + maxAge);
  } else if (expires !== before.expires && original === before.original) {
    const age = expires === undefined ? null : expires - Date.now();
    if (!isSameAge(age, original)) cookie.originalMaxAge = age;
  }
}

/** Adds a cookie if the session has none: express-session fails without one. */
export function addCookie(session: SessionData): void {
  if (typeof session.cookie !== 'object' || session.cookie === null) session.cookie = { originalMaxAge: null };
}

/**
 * Makes the cookie one that express-session can use. A session of koa-session stays without one:
 * the app would see it.
 *
 * @throws {SyntaxError} if an age is not a number, which express-session cannot handle
 */
export function withCookie(session: SessionData): SessionData {
  if (isOfKoa(session)) return session;
  addCookie(session);
  const cookie = session.cookie as unknown as Record<string, unknown>;
  for (const name of ['maxAge', 'originalMaxAge']) {
    const age = cookie[name];
    if (!age || (typeof age === 'number' && Math.abs(age) <= MAX_AGE)) continue; // null, false: a browser session
    const ms = typeof age === 'number' ? clamp(age, MAX_AGE) : (numberOf(age) ?? dateIn(age) - Date.now());
    if (Number.isNaN(ms)) throw new SyntaxError('a row of the session table does not hold a valid cookie');
    cookie[name] = ms;
  }
  return session;
}

/** Sets `cookie.expires` to a Date or, in a browser session, to null if it is not false. */
export function setExpires(session: SessionData, ms: number | undefined): void {
  const cookie = session.cookie as unknown as Record<string, unknown>;
  if ('_expires' in cookie) delete cookie._expires;
  if (ms === undefined) {
    // express-session would make an invalid Date of a text.
    if (cookie.expires || cookie.expires === '') cookie.expires = null;
    return;
  }
  if ('maxAge' in cookie) delete cookie.expires; // so that it comes last: in express-session the last one wins
  cookie.expires = new Date(clamp(ms, MAX_DATE));
}

/**
 * What a request can change in a cookie. It has no `expires`, which each request moves, but knows
 * whether there is one. Copying it is cheaper than JSON, because each request does.
 */
export class CookieState {
  readonly hasDate: boolean;
  readonly originalMaxAge: unknown;
  readonly secure: unknown;
  readonly httpOnly: unknown;
  readonly domain: unknown;
  readonly path: unknown;
  readonly sameSite: unknown;
  readonly priority: unknown;
  readonly partitioned: unknown;

  constructor(cookie: Partial<SessionData['cookie'] & { priority: unknown; partitioned: unknown }> | undefined) {
    this.hasDate = Boolean(cookie?.expires);
    this.originalMaxAge = cookie?.originalMaxAge;
    this.secure = cookie?.secure;
    this.httpOnly = cookie?.httpOnly;
    this.domain = cookie?.domain;
    this.path = cookie?.path;
    this.sameSite = cookie?.sameSite;
    this.priority = cookie?.priority;
    this.partitioned = cookie?.partitioned;
  }

  isSame(other: CookieState): boolean {
    return (
      this.hasDate === other.hasDate &&
      isSameAge(this.originalMaxAge, other.originalMaxAge) &&
      this.secure === other.secure &&
      this.httpOnly === other.httpOnly &&
      this.domain === other.domain &&
      this.path === other.path &&
      this.sameSite === other.sameSite &&
      this.priority === other.priority &&
      this.partitioned === other.partitioned
    );
  }
}

/**
 * Ignores a difference of less than a second: express-session's `touch()` reads the clock twice, so
 * 60,000 can become 59,999.
 */
export const isSameAge = (one: unknown, other: unknown): boolean =>
  one === other || (typeof one === 'number' && typeof other === 'number' && Math.abs(one - other) < 1000);

/** In milliseconds. A missing `expires` leaves the age to `originalMaxAge`. */
function ageOf(cookie: unknown): number | undefined {
  const { expires, maxAge, originalMaxAge } = Object(cookie);
  return numberOf(maxAge) ?? (expires === undefined ? numberOf(originalMaxAge) : undefined);
}

/** Whether koa-session wrote the session: it keeps its age in one of these keys. */
function isOfKoa(session: object): boolean {
  return !('cookie' in session) && ('_maxAge' in session || '_session' in session);
}

/** koa-session has no cookie in the session. Its `_expire` is in milliseconds since 1970. */
function expiryOfKoa(session: SessionData): number | undefined {
  const { _expire, _maxAge } = session as unknown as Record<string, unknown>;
  return _maxAge === undefined ? undefined : numberOf(_expire);
}

/** Without the getter of express-session's Cookie, which counts the time until `expires`. */
const ownMaxAge = (cookie: unknown): unknown =>
  isObject(cookie) && Object.hasOwn(cookie, 'maxAge') ? cookie.maxAge : undefined;

const isFiniteOrOther = (value: unknown): boolean => typeof value !== 'number' || Number.isFinite(value);

/** In milliseconds, as a number or a text with one. */
export function numberOf(value: unknown): number | undefined {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && !Number.isNaN(number) ? clamp(number, MAX_AGE) : undefined;
}

/** In milliseconds since 1970. NaN if the value is not a text with a date. */
function dateIn(value: unknown): number {
  if (typeof value !== 'string') return NaN;
  return EPOCH.test(value) ? Number(value) : Date.parse(value);
}

const clamp = (number: number, limit: number): number => Math.min(Math.max(number, -limit), limit);
