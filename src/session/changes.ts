// The merge rules: what a request changed in its session, and how its changes join those of others.
import { isDeepStrictEqual } from 'node:util';
import { expiresOf, isSameAge, numberOf } from './cookie.js';
import { CREATED_AT } from './lifetime.js';
import { mergeWithin } from './merge-within.js';
import {
  BACKSLASH,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COMMA,
  fieldAt,
  isObject,
  type Member,
  memberAt,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
  SPACE,
  split,
  withField,
} from './payload.js';

/** The keys that differ, each with its new field, or undefined if it was removed. */
export type Changes = ReadonlyMap<string, string | undefined>;

/** What a request changed in the session that it loaded. */
export interface Difference {
  changes: Changes;
  /** Fields that only the base has, and that the request did not remove. */
  kept: string[];
  /** Whether the base spells a value in another way than JSON.stringify. */
  isRespelled: boolean;
}

/**
 * The request's changes since `base`. A later `expires` is not a change: each request moves it.
 *
 * @param keys the keys that the request's session had at first, if not all of `base`
 */
export function changesOf(base: string, mine: string, keys?: readonly string[]): Difference {
  const [olds, news] = differentFields(base, mine);
  const changes = new Map<string, string | undefined>();
  let isRespelled = false;
  for (const [key, field] of news) {
    const old = olds.get(key);
    olds.delete(key);
    if (key === 'cookie') {
      if (!isSameCookie(old, field)) changes.set(key, field);
    } else if (old !== field) {
      if (old !== undefined && isSpelling(old, field)) isRespelled = true;
      else if (key !== CREATED_AT) changes.set(key, field); // a field of the row, not of the session
    }
  }
  const kept: string[] = [];
  for (const [key, field] of olds) {
    if (key === CREATED_AT || (keys && !keys.includes(key))) kept.push(field);
    else changes.set(key, undefined);
  }
  // The request's session had no such key, so the request added it, even if the row had the same.
  if (keys) for (const [key, field] of split(mine)) if (!keys.includes(key)) changes.set(key, field);
  return { changes, kept, isRespelled };
}

/** The beginning of a session's JSON, with its cookie, as JSON.stringify spells it. */
const COOKIE = /^\{"cookie":\{(?:[^"{}]|"[^"\\]*")*\}/;

/**
 * A number that JSON.stringify may spell in another way: of 16 digits, with six 0 or a last 0 after
 * the point, with an exponent, or -0. Without unlimited repetition, so that no text takes long.
 */
const RESPELLED =
  /[:,[\s](?:-?(?:\d{16}|[\d.]{17}|0\.0{6}|\d{1,15}(?:\.\d{0,15}0(?=[,}\]\s])|(?:\.\d{1,15})?[eE]))|-0(?=[,}\]\s]))/;

/**
 * Whether a session's cookie and the rest of it differ from the JSON of the row that it was loaded
 * from. Compares whole texts, which is much faster than `changesOf`. Undefined if only `changesOf`
 * can tell, or if the session's JSON in place of the row's would lose a spelling or a field.
 */
export function quickChanges(base: string, mine: string): { cookie: boolean; rest: boolean } | undefined {
  const [before, after] = [COOKIE.exec(base)?.[0], COOKIE.exec(mine)?.[0]];
  if (!before || !after || RESPELLED.test(base) || base.includes(CREATED_AT)) return undefined;
  return {
    cookie: !isSameCookie(before.slice(1), after.slice(1)),
    rest: base.slice(before.length) !== mine.slice(after.length),
  };
}

const isSpelling = (one: string, other: string) => JSON.stringify(objectOf(one)) === `{${other}}`;

/** What other requests changed in the row. Compares values, because `jsonb` respells the text. */
export function othersChanges(read: string, found: string): Changes {
  const [before, after] = differentFields(read, found);
  const changes = new Map<string, string | undefined>();
  for (const [key, field] of after) {
    const old = before.get(key);
    before.delete(key);
    const isSame =
      key === 'cookie'
        ? isSameCookie(old, field)
        : old === field || (old !== undefined && isDeepStrictEqual(objectOf(old), objectOf(field)));
    if (!isSame) changes.set(key, field);
  }
  for (const key of before.keys()) changes.set(key, undefined);
  changes.delete(CREATED_AT); // a field of the row, not of the session
  return changes;
}

/**
 * Applies the request's changes to a row, key by key.
 *
 * @param within the keys of which the row keeps what the request did not change in them
 */
export function applyChanges(
  row: string,
  { changes, kept, isRespelled }: Difference,
  base: string,
  mine: string,
  within: readonly string[] = [],
): string {
  if (row === base && !isRespelled) return kept.reduce(withField, mine);
  const all = new Map(changes);
  for (const key of within) {
    const merged = changes.has(key) && mergeWithin(key, row, base, mine);
    if (merged) all.set(key, merged);
  }
  const cookie = fieldAt(mine, 'cookie');
  if (cookie) all.set('cookie', mergeCookies(fieldAt(row, 'cookie'), fieldAt(base, 'cookie'), cookie));
  return withFields(row, all);
}

/** The JSON object with these fields in place of its own. Copies the rest without splitting it. */
function withFields(json: string, changes: Map<string, string | undefined>): string {
  const parts: string[] = [];
  let [from, to] = [0, 0]; // the unchanged members since the last changed one
  for (let member = memberAt(json, 0); member; member = memberAt(json, member.end)) {
    if (!changes.has(member.key)) {
      from ||= member.start;
      to = member.end;
      continue;
    }
    const field = changes.get(member.key);
    if (from) parts.push(json.slice(from, to));
    if (field !== undefined) parts.push(field);
    changes.delete(member.key);
    from = 0;
  }
  if (from) parts.push(json.slice(from, to));
  for (const field of changes.values()) if (field !== undefined) parts.push(field);
  return `{${parts.join(',')}}`;
}

/**
 * The row's cookie with the attributes that the request changed. If the row's cookie is still the
 * one that the request loaded, it is the request's cookie, with its newer `expires`.
 */
function mergeCookies(row: string | undefined, base: string | undefined, mine: string): string {
  if (isSameCookie(row, base) || isSameCookie(row, mine)) return mine;
  const [merged, before, after] = [attributesOf(row), attributesOf(base), attributesOf(mine)];
  const isSameLength = isSameLife(before, after);
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const isSame = name in AGELESS ? isSameLength : isDeepStrictEqual(before[name], after[name]);
    if (!isSame) merged[name] = after[name];
  }
  return `"cookie":${JSON.stringify(merged)}`;
}

export const hasSameLife = (one: string | undefined, other: string | undefined): boolean =>
  isSameLife(attributesOf(one), attributesOf(other));

const isSameLife = (a: Record<string, unknown>, b: Record<string, unknown>): boolean =>
  isSameAge(a.originalMaxAge, b.originalMaxAge) &&
  isSameAge(a.maxAge, b.maxAge) &&
  (expiresOf(a) === undefined) === (expiresOf(b) === undefined);

/** Whether two cookies are the same, apart from the date in `expires`, if both have a date. */
function isSameCookie(one: string | undefined, other: string | undefined): boolean {
  if (one === other || hasSameText(one, other)) return true;
  const [a, b] = [attributesOf(one), attributesOf(other)];
  return isSameLife(a, b) && isDeepStrictEqual({ ...a, ...AGELESS }, { ...b, ...AGELESS });
}

const AGELESS = { originalMaxAge: undefined, maxAge: undefined, expires: undefined, _expires: undefined };

/** How express-session begins a cookie: the part that each request changes. */
const AGE_AND_EXPIRES = /^"cookie":\{"originalMaxAge":(\d+),"expires":"[^"\\]+"/;

/** A shortcut without parsing. It decides for most requests, which only change `expires`. */
function hasSameText(one = '', other = ''): boolean {
  const [a, b] = [AGE_AND_EXPIRES.exec(one), AGE_AND_EXPIRES.exec(other)];
  if (!a || !b || !isSameAge(Number(a[1]), Number(b[1]))) return false;
  return one.slice(a[0].length) === other.slice(b[0].length);
}

const objectOf = (field: string) => JSON.parse(`{${field}}`);

/** The cookie in a field, with the defaults that express-session adds to it. */
function attributesOf(field: string | undefined): Record<string, unknown> {
  const { cookie } = field === undefined ? {} : objectOf(field);
  const { originalMaxAge: age = null, ...given } = isObject(cookie) ? cookie : {};
  return {
    path: '/',
    httpOnly: true,
    ...given,
    originalMaxAge: typeof age === 'string' ? (numberOf(age) ?? age) : age,
  };
}

/**
 * The fields of each JSON object that are not at the same place in the other. Both are read at once
 * and mostly character by character: with 100,000 keys, a string for each takes 10 times as long.
 */
function differentFields(one: string, other: string): [olds: Map<string, string>, news: Map<string, string>] {
  const [olds, news] = [new Map<string, string>(), new Map<string, string>()];
  const place = { one: one.indexOf('{') + 1, other: other.indexOf('{') + 1 };
  for (;;) {
    skipEqual(one, other, place);
    const [old, now] = [memberAt(one, place.one), memberAt(other, place.other)];
    if (!old && !now) return [olds, news];
    const isRemoved = old && now && old.key !== now.key && isSoon(one, old, now.key);
    const isAdded = old && now && old.key !== now.key && !isRemoved && isSoon(other, now, old.key);
    if (old && !isAdded) {
      olds.set(old.key, old.field);
      place.one = old.end;
    }
    if (now && !isRemoved) {
      news.set(now.key, now.field);
      place.other = now.end;
    }
  }
}

/** Whether the key is one of the next few after this member. */
function isSoon(json: string, { end }: Member, key: string): boolean {
  let member = memberAt(json, end);
  for (let n = 0; member && n < 10; n++) {
    if (member.key === key) return true;
    member = memberAt(json, member.end);
  }
  return false;
}

/** Moves both places to the end of the last member up to which the objects are equal. */
function skipEqual(one: string, other: string, place: { one: number; other: number }): void {
  let i = place.one;
  let j = place.other;
  let depth = 0;
  let isInString = false;
  for (; ; i++, j++) {
    let a = one.charCodeAt(i);
    let b = other.charCodeAt(j);
    if (isInString) {
      if (a !== b) return;
      if (a === QUOTE) isInString = false;
      else if (a === BACKSLASH && one.charCodeAt(++i) !== other.charCodeAt(++j)) return;
      continue;
    }
    while (a <= SPACE) a = one.charCodeAt(++i);
    while (b <= SPACE) b = other.charCodeAt(++j);
    if (a !== b) return;
    if (a === QUOTE) isInString = true;
    else if (a === OPEN_BRACE || a === OPEN_BRACKET) depth++;
    else if (a === CLOSE_BRACKET || (a === CLOSE_BRACE && depth > 0)) depth--;
    else if (a === CLOSE_BRACE || (a === COMMA && depth === 0)) {
      place.one = i;
      place.other = j;
      if (a === CLOSE_BRACE) return;
    }
  }
}
