// A session's JSON, as the text that a row stores, and its top-level fields.
import type { SessionData } from 'express-session';
import { printable } from '../printable.js';

/** A session's top-level keys, each with its member of the JSON object: `"views":3`. */
export type Fields = ReadonlyMap<string, string>;

// A json column stores \u0000 and half a surrogate pair, but reading inside the row then fails. A
// jsonb column refuses both. So each is escaped as DEL, u and its four hex digits: JSON's own
// escape with another first character, which each encoding has. DEL itself is escaped too.
const DEL = '\x7f';
const UNSTORABLE = /\\u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})|\\(?:u([0-9a-f]{4})|.)|\x7f/gi;
const ESCAPED = /\x7fu([0-9a-f]{4})/g;

/**
 * The session's JSON at the time of the call.
 *
 * @throws {TypeError} if the session is not an object, or holds a value that JSON cannot hold, such
 *   as a BigInt or a cycle
 */
export function jsonOf(session: object): string {
  let json: string | undefined;
  try {
    json = JSON.stringify(session);
  } catch (error) {
    throw cannotStringify(session, error);
  }
  if (json?.[0] !== '{') throw new TypeError('cannot store the session: it must be an object');
  return json;
}

function cannotStringify(session: object, error: unknown): TypeError {
  for (const [key, value] of Object.entries(session)) {
    try {
      JSON.stringify({ [key]: value });
    } catch (cause) {
      const where = printable(`${JSON.stringify(key)}: ${firstLine(cause)}`);
      return new TypeError(`${FAILED} on key ${where}`, { cause });
    }
  }
  return new TypeError(`${FAILED}: ${firstLine(error)}`, { cause: error });
}

const FAILED = 'cannot store the session: JSON.stringify failed';
const firstLine = (error: unknown): string => String((error as Error)?.message ?? error).split('\n')[0]!;

/** The JSON in a row's text. Each string with escapes is spelled as JSON.stringify spells it. */
export function jsonIn(text: string): string {
  if (!hasEscapes(text)) return text;
  const parts: string[] = [];
  let end = 0; // no regular expression: its stack does not hold a string of 10 MB
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', end)) {
    parts.push(text.slice(end, at));
    end = endOfString(text, at);
    const string = text.slice(at, end);
    parts.push(hasEscapes(string) ? JSON.stringify(JSON.parse(unescapeStored(string))) : string);
  }
  return parts.join('') + text.slice(end);
}

/** The fields of a JSON object. */
export function split(json: string): Fields {
  const fields = new Map<string, string>();
  for (let member = memberAt(json, 0); member; member = memberAt(json, member.end)) {
    fields.set(member.key, member.field);
  }
  return fields;
}

/** A top-level member of a JSON object. */
export interface Member {
  key: string;
  /** `"key":value`, without the spaces around the value. */
  field: string;
  start: number;
  /** The index of the comma or brace after it. */
  end: number;
}

/** The first member after this index, such as the end of the previous member. */
export function memberAt(json: string, index: number): Member | undefined {
  const at = json.indexOf('"', index);
  if (at < 0) return undefined;
  const keyEnd = endOfString(json, at);
  const start = json.indexOf(':', keyEnd) + 1;
  const end = endOfValue(json, start);
  const name = json.slice(at + 1, keyEnd - 1);
  const key = name.includes('\\') ? JSON.parse(`"${name}"`) : name;
  const isCompact = start === keyEnd + 1 && json.charCodeAt(start) > SPACE && json.charCodeAt(end - 1) > SPACE;
  const field = isCompact ? json.slice(at, end) : `"${name}":${json.slice(start, end).trim()}`;
  return { key, field, start: at, end };
}

export function fieldAt(json: string, key: string): string | undefined {
  for (let member = memberAt(json, 0); member; member = memberAt(json, member.end)) {
    if (member.key === key) return member.field;
  }
  return undefined;
}

/** Adds a member to a JSON object that does not have it. */
export function withField(json: string, field: string): string {
  const end = json.lastIndexOf('}');
  const isEmpty = !json.includes('"');
  return `${json.slice(0, end)}${isEmpty ? '' : ','}${field}}`;
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
  if (json.startsWith('[')) return /^[-+]?\d+$/.test(key) ? elementsOf(json).at(Number(key)) : undefined;
  const field = json.startsWith('{') ? split(json).get(key) : undefined;
  return field?.slice(endOfString(field, 0) + 1);
}

function elementsOf(json: string): string[] {
  const elements: string[] = [];
  for (let start = 1; start < json.length; ) {
    const end = endOfValue(json, start);
    elements.push(json.slice(start, end).trim());
    start = end + 1;
  }
  return elements[0] === '' ? [] : elements;
}

export const [SPACE, BACKSLASH, QUOTE, COMMA, OPEN_BRACKET, CLOSE_BRACKET, OPEN_BRACE, CLOSE_BRACE] = [
  0x20, 0x5c, 0x22, 0x2c, 0x5b, 0x5d, 0x7b, 0x7d,
];

/** The JSON object with these fields. */
export const join = (fields: Fields): string => `{${[...fields.values()].join(',')}}`;

const hasEscapes = (text: string): boolean => text.includes('\\u') || text.includes(DEL);

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
    if (hex === undefined) return found === DEL ? escapeUnit(0x7f) : found;
    const unit = Number.parseInt(hex, 16);
    if (unit === 0 || unit === 0x7f || (unit >= 0xd800 && unit < 0xe000)) return escapeUnit(unit);
    return unit < 0x80 ? found : String.fromCharCode(unit);
  });
}

/**
 * The session as JSON that `json`, `jsonb` and `text` columns can store.
 *
 * @throws {TypeError} if the session is not an object, or JSON cannot hold one of its values
 */
export const stringify = (session: SessionData): string => escapeUnstorable(jsonOf(session));

/** A string as the stored JSON spells it. */
export const storableText = (text: string): string => JSON.parse(escapeUnstorable(jsonOf({ text }))).text;

/** Undoes `storableText`. */
export const originalText = (stored: string): string => JSON.parse(unescapeStored(JSON.stringify(stored)));

/** Undoes `escapeUnstorable`. */
export const unescapeStored = (text: string): string => (text.includes(DEL) ? text.replace(ESCAPED, '\\u$1') : text);

/**
 * The session in a row's text.
 *
 * @throws {SyntaxError} if the text is not a JSON object. The message holds no part of the text
 */
export const parse = (text: string): SessionData => asSession(parseJson(unescapeStored(text)));

/** @throws {SyntaxError} if the value of a row's text is not an object */
export function asSession(value: unknown): SessionData {
  if (!isObject(value)) throw new SyntaxError('a row of the session table does not hold a JSON object');
  return value as unknown as SessionData;
}

/** How a session becomes JSON and text: as it is, or by the app's serializer. */
export interface Format {
  jsonOf: typeof jsonOf;
  /** The text to store. */
  textOf(json: string): string;
  parse: typeof parse;
  /** The JSON in a stored text that `parse` has accepted. */
  jsonIn: typeof jsonIn;
}

export const JSON_FORMAT: Format = { jsonOf, textOf: escapeUnstorable, parse, jsonIn };

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Undefined if the text is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
