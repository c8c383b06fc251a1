// A session's JSON, as the text that a row stores, and its top-level fields.
import type { SessionData } from 'express-session';
import { printable } from '../printable.js';

/** A session's top-level keys, each with its member of the JSON object: `"views":3`. */
export type Fields = ReadonlyMap<string, string>;

// A json column stores \u0000 and half a surrogate pair, but reading inside the row then fails. A
// jsonb column refuses both. So each is escaped as DEL, u and its four hex digits: JSON's own escape
// with another first character, which each encoding has. DEL itself is escaped too. Older rows have
// U+E000 and four hex digits instead, so U+E000 is escaped as well.
const DEL = '\x7f';
const OLD_ESCAPE = '\ue000';
const UNSTORABLE = /\\u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})|\\(?:u([0-9a-f]{4})|.)|[\x7f\ue000]/gi;
const ESCAPED = /\x7fu([0-9a-f]{4})|\ue000(0000|d[89a-f][0-9a-f]{2}|e000)/g;

/**
 * The session's fields at the time of the call.
 *
 * @throws {TypeError} if the session is not an object, or holds a value that JSON cannot hold, such
 *   as a BigInt or a cycle
 */
export function fieldsOf(session: object): Fields {
  const { toJSON } = Object(session);
  const plain: unknown = typeof toJSON === 'function' ? toJSON.call(session, '') : session;
  if (!isObject(plain)) throw new TypeError('cannot store the session: it must be an object');
  const fields = new Map<string, string>();
  for (const key of Object.keys(plain)) {
    const json = stringifyField(key, plain[key]);
    if (json) fields.set(key, json); // JSON omits undefined and functions
  }
  return fields;
}

function stringifyField(key: string, value: unknown): string {
  try {
    return JSON.stringify({ [key]: value }).slice(1, -1);
  } catch (error) {
    const [reason] = String((error as Error)?.message ?? error).split('\n');
    const advice = `cannot store the session: JSON.stringify failed on key ${printable(`${JSON.stringify(key)}: ${reason}`)}`;
    throw new TypeError(advice, { cause: error });
  }
}

/**
 * The fields in a row's text. This is faster than parsing the text and serializing it again. Fields
 * that this store wrote equal those of `fieldsOf`. Others may be spelled differently.
 *
 * @param text a JSON object that `parse` has accepted
 */
export function fieldsIn(text: string): Fields {
  if (hasEscapes(text)) return fieldsOf(parse(text)); // an escape has several spellings
  const fields = new Map<string, string>();
  let at = text.indexOf('"');
  while (at >= 0) {
    const keyEnd = endOfString(text, at);
    const key = text.slice(at, keyEnd);
    const start = text.indexOf(':', keyEnd) + 1;
    const end = endOfValue(text, start);
    fields.set(JSON.parse(key), `${key}:${text.slice(start, end).trim()}`);
    at = text.indexOf('"', end);
  }
  return fields;
}

/** The index after the string that begins at `start`. */
function endOfString(json: string, start: number): number {
  let at = json.indexOf('"', start + 1);
  for (; isEscaped(json, at); at = json.indexOf('"', at + 1));
  return at + 1;
}

/** Whether an odd number of backslashes precedes the character. */
function isEscaped(json: string, at: number): boolean {
  let before = at - 1;
  while (json[before] === '\\') before--;
  return (at - before) % 2 === 0;
}

/** The index of the comma, brace or bracket that ends the value. */
function endOfValue(json: string, start: number): number {
  let depth = 0;
  for (let at = start; at < json.length; at++) {
    switch (json.charCodeAt(at)) {
      case QUOTE:
        at = endOfString(json, at) - 1;
        break;
      case OPEN_BRACE:
      case OPEN_BRACKET:
        depth++;
        break;
      case CLOSE_BRACKET:
      case CLOSE_BRACE:
        if (depth-- === 0) return at;
        break;
      case COMMA:
        if (depth === 0) return at;
    }
  }
  return json.length;
}

/**
 * The text at this path, as PostgreSQL's `#>>` returns it: JSON.parse would lose the spelling of
 * 1.0 and of objects.
 *
 * @param json the text of a row, or any other text
 */
export function textAt(json: string, path: readonly string[]): string | undefined {
  if (parseJson(json) === undefined) return undefined;
  let found: string | undefined = json.trim();
  for (const key of path) found = found && memberOf(found, key);
  if (found === undefined || found === 'null') return undefined;
  return found.startsWith('"') ? JSON.parse(found) : found;
}

/** The JSON of a member of an object, the last one with this key, or of an element of an array. */
function memberOf(json: string, key: string): string | undefined {
  const isArray = json.startsWith('[');
  if (!isArray && !json.startsWith('{')) return undefined;
  const values: string[] = [];
  let member: string | undefined;
  for (let at = 1; json.slice(at, -1).trim() !== ''; ) {
    const keyStart = json.indexOf('"', at);
    const keyEnd = isArray ? at : endOfString(json, keyStart);
    const start = isArray ? at : json.indexOf(':', keyEnd) + 1;
    const end = endOfValue(json, start);
    const value = json.slice(start, end).trim();
    if (isArray) values.push(value);
    else if (JSON.parse(json.slice(keyStart, keyEnd)) === key) member = value;
    at = end + 1;
  }
  return isArray && /^[-+]?\d+$/.test(key) ? values.at(Number(key)) : member;
}

const [QUOTE, COMMA, OPEN_BRACKET, CLOSE_BRACKET, OPEN_BRACE, CLOSE_BRACE] = [0x22, 0x2c, 0x5b, 0x5d, 0x7b, 0x7d];

/** JSON that `json`, `jsonb` and `text` columns can store. */
export function textOf(fields: Fields): string {
  return escapeUnstorable(`{${[...fields.values()].join(',')}}`);
}

const hasEscapes = (text: string): boolean => text.includes('\\u') || text.includes(DEL) || text.includes(OLD_ESCAPE);

/** The escape of one UTF-16 code unit. */
export const escapeUnit = (unit: number): string => `${DEL}u${unit.toString(16).padStart(4, '0')}`;

/**
 * Escapes what PostgreSQL cannot store in JSON. Spells other characters as they are if a serializer
 * wrote them as `\uXXXX`, because jsonb refuses some of these in other encodings than UTF8.
 */
export function escapeUnstorable(text: string): string {
  if (!hasEscapes(text)) return text; // true for most, and a fast check
  return text.replace(UNSTORABLE, (found, high?: string, low?: string, hex?: string) => {
    if (high && low) return String.fromCharCode(Number.parseInt(high, 16), Number.parseInt(low, 16));
    if (hex === undefined) return found === DEL || found === OLD_ESCAPE ? escapeUnit(found.charCodeAt(0)) : found;
    const unit = Number.parseInt(hex, 16);
    if (unit === 0 || unit === 0x7f || unit === 0xe000 || (unit >= 0xd800 && unit < 0xe000)) return escapeUnit(unit);
    return unit < 0x80 ? found : String.fromCharCode(unit);
  });
}

/**
 * The session as JSON that `json`, `jsonb` and `text` columns can store.
 *
 * @throws {TypeError} if the session is not an object, or JSON cannot hold one of its values
 */
export const stringify = (session: SessionData): string => textOf(fieldsOf(session));

/** A string as the stored JSON spells it. */
export const storableText = (text: string): string => JSON.parse(textOf(fieldsOf({ text }))).text;

/** A string as an older version of the store spelled it. */
export const oldStorableText = (text: string): string =>
  text.replace(/[\0\ue000]|\p{Cs}/gu, (found) => `${OLD_ESCAPE}${found.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** Undoes `storableText` and `oldStorableText`. */
export const originalText = (stored: string): string => JSON.parse(unescapeStored(JSON.stringify(stored)));

/** Undoes `escapeUnstorable`, and the escapes of older versions. */
export const unescapeStored = (text: string): string =>
  text.includes(DEL) || text.includes(OLD_ESCAPE)
    ? text.replace(ESCAPED, (_, unit?: string, oldUnit?: string) => `\\u${unit ?? oldUnit}`)
    : text;

/**
 * The session in a row's text.
 *
 * @throws {SyntaxError} if the text is not a JSON object. The message holds no part of the text
 */
export function parse(text: string): SessionData {
  const session = parseJson(unescapeStored(text));
  if (!isObject(session)) throw new SyntaxError('a row of the session table does not hold a JSON object');
  return session as unknown as SessionData;
}

/** How a session becomes fields and text: as JSON, or by the app's serializer. */
export interface Format {
  fieldsOf: typeof fieldsOf;
  textOf: typeof textOf;
  parse: typeof parse;
  fieldsIn: typeof fieldsIn;
}

export const JSON_FORMAT: Format = { fieldsOf, textOf, parse, fieldsIn };

/**
 * Adds a browser-session cookie if there is none, since express-session fails without a cookie.
 *
 * @throws {SyntaxError} if the cookie's age is not a number, which express-session cannot handle
 */
export function withCookie(session: SessionData): SessionData {
  if (typeof session.cookie !== 'object' || session.cookie === null) session.cookie = { originalMaxAge: null };
  const { maxAge, originalMaxAge } = session.cookie;
  for (const age of [maxAge, originalMaxAge]) {
    if (typeof (age ?? 0) !== 'number')
      throw new SyntaxError('a row of the session table does not hold a valid cookie');
  }
  return session;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
