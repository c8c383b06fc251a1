// The merge rules: what a request changed in its session, and how its changes join those of others.
import { isDeepStrictEqual } from 'node:util';
import { CREATED_AT } from './lifetime.js';
import type { Fields } from './payload.js';

/** The keys that differ, each with its new field, or undefined if it was removed. */
export type Changes = ReadonlyMap<string, string | undefined>;

/** The request's changes since `base`. A later `expires` is not a change: each request moves it. */
export function changesOf(base: Fields, mine: Fields): Changes {
  const isSame = (one: string, other: string) => one === other || JSON.stringify(objectOf(one)) === `{${other}}`;
  return differences(base, mine, isSame);
}

/** What other requests changed in the row. Compares values, because `jsonb` respells the text. */
export function othersChanges(read: Fields, found: Fields): Changes {
  const isSame = (one: string, other: string) => one === other || isDeepStrictEqual(objectOf(one), objectOf(other));
  return differences(read, found, isSame);
}

/** Applies the request's changes to a row, key by key. */
export function applyChanges(row: Fields, changes: Changes, mine: Fields): Fields {
  const fields = new Map(row);
  for (const [key, field] of changes) {
    if (field === undefined) fields.delete(key);
    else fields.set(key, field);
  }
  const cookie = mine.get('cookie');
  if (cookie && isSameCookie(fields.get('cookie'), cookie)) fields.set('cookie', cookie); // newer expires
  return fields;
}

/**
 * Whether two cookies are the same, apart from `expires`. Ignores a difference of less than a second in
 * `originalMaxAge`: express-session's `touch()` reads the clock twice, so 60,000 can become 59,999.
 */
export function isSameCookie(one: string | undefined, other: string | undefined): boolean {
  if (one === other || hasSameText(one, other)) return true;
  const [a, b] = [cookieOf(one), cookieOf(other)];
  const isSameAge = isClockDrift(Number(a.originalMaxAge ?? NaN), Number(b.originalMaxAge ?? NaN));
  return isDeepStrictEqual(a, isSameAge ? { ...b, originalMaxAge: a.originalMaxAge } : b);
}

/** How express-session begins a cookie: the part that each request changes. */
const AGE_AND_EXPIRES = /^"cookie":\{"originalMaxAge":(\d+),"expires":"[^"\\]*"/;

/** A shortcut without parsing. It decides for most requests, which only change `expires`. */
function hasSameText(one = '', other = ''): boolean {
  const [a, b] = [AGE_AND_EXPIRES.exec(one), AGE_AND_EXPIRES.exec(other)];
  if (!a || !b || !isClockDrift(Number(a[1]), Number(b[1]))) return false;
  return one.slice(a[0].length) === other.slice(b[0].length);
}

/** Both in milliseconds. */
const isClockDrift = (one: number, other: number): boolean => Math.abs(one - other) < 1000;

function differences(before: Fields, after: Fields, isSame: (one: string, other: string) => boolean): Changes {
  const changes = new Map<string, string | undefined>();
  for (const [key, field] of after) {
    const old = before.get(key);
    if (old !== undefined && (key === 'cookie' ? isSameCookie(old, field) : isSame(old, field))) continue;
    changes.set(key, field);
  }
  for (const key of before.keys()) if (!after.has(key)) changes.set(key, undefined);
  changes.delete(CREATED_AT); // a field of the row, not of the session
  return changes;
}

const objectOf = (field: string) => JSON.parse(`{${field}}`);

/** The cookie without `expires`, and with the defaults that express-session adds to it. */
function cookieOf(field: string | undefined): Record<string, unknown> {
  const { cookie } = field === undefined ? {} : objectOf(field);
  return { path: '/', httpOnly: true, ...cookie, originalMaxAge: cookie?.originalMaxAge ?? null, expires: undefined };
}
