import { isDeepStrictEqual } from 'node:util';
import { BIRTH } from './lifetime.js';
import type { Fields } from './payload.js';

/** What the request has made of `base`. That the cookie's `expires` moved is no change: every request moves it. */
export function changesOf(base: Fields, mine: Fields): Changes {
  return differences(base, mine, (one, other) => one === other || JSON.stringify(objectOf(one)) === `{${other}}`);
}

/** What others have made of the row, by value: a `jsonb` column has a spelling of its own. */
export function othersChanges(read: Row, found: Row): Changes {
  return differences(
    read.fields,
    found.fields,
    (one, other) => one === other || isDeepStrictEqual(objectOf(one), objectOf(other)),
  );
}

/** What a row becomes when the request's changes are laid over it, key by key. */
export function applyChanges(row: Fields, changes: Changes, mine: Fields): Fields {
  const fields = new Map(row);
  for (const [key, field] of changes) {
    if (field === undefined) fields.delete(key);
    else fields.set(key, field);
  }
  const cookie = mine.get('cookie');
  if (cookie && isSameCookie(fields.get('cookie'), cookie)) fields.set('cookie', cookie); // with its newer date
  return fields;
}

/**
 * But for `expires`, and for less than a second of `originalMaxAge`: express-session's `touch()` reads the clock twice, and so
 * makes 59,999 of 60,000 now and then.
 */
export function isSameCookie(one: string | undefined, other: string | undefined): boolean {
  if (one === other || isSpelledTheSame(one, other)) return true;
  const [a, b] = [cookieOf(one), cookieOf(other)];
  const isSameAge = isDrift(Number(a.originalMaxAge ?? NaN), Number(b.originalMaxAge ?? NaN));
  return isDeepStrictEqual(a, isSameAge ? { ...b, originalMaxAge: a.originalMaxAge } : b);
}

/** As express-session begins a cookie, up to the end of what every request moves. */
export const MOVING = /^"cookie":\{"originalMaxAge":(\d+),"expires":"[^"\\]*"/;
/** Quicker than to parse them, and so it is for most: every request saves the cookie that it loaded, but for its date. */
export function isSpelledTheSame(one = '', other = ''): boolean {
  const [a, b] = [MOVING.exec(one), MOVING.exec(other)];
  if (!a || !b || !isDrift(Number(a[1]), Number(b[1]))) return false;
  return one.slice(a[0].length) === other.slice(b[0].length);
}

/** In milliseconds. */
export const isDrift = (one: number, other: number): boolean => Math.abs(one - other) < 1000;
export function differences(before: Fields, after: Fields, isSame: (one: string, other: string) => boolean): Changes {
  const changes = new Map<string, string | undefined>();
  for (const [key, field] of after) {
    const old = before.get(key);
    if (old !== undefined && (key === 'cookie' ? isSameCookie(old, field) : isSame(old, field))) continue;
    changes.set(key, field);
  }
  for (const key of before.keys()) if (!after.has(key)) changes.set(key, undefined);
  changes.delete(BIRTH); // it lies in the row, but is the session's only where nobody asked for a lifetime
  return changes;
}
export const objectOf = (field: string) => JSON.parse(`{${field}}`);
/** With what express-session adds to a cookie that lacks it, as a script may have written one. */
export function cookieOf(field: string | undefined): Record<string, unknown> {
  const { cookie } = field === undefined ? {} : objectOf(field);
  return { path: '/', httpOnly: true, ...cookie, originalMaxAge: cookie?.originalMaxAge ?? null, expires: undefined };
}

/** The keys that differ, each with its new field or, where it was removed, undefined. */
export type Changes = ReadonlyMap<string, string | undefined>;
/** A live row as it was read, or as it was written. */
export interface Row {
  /** The payload as the server has it. */
  text: string;
  fields: Fields;
  /** Seconds left to live, where it was read or written just now. */
  ttl?: number;
}
