// A session as the text that is stored, and back.
import type { SessionData } from 'express-session';

/** A session's top-level keys, each with what stands for it between the braces of its JSON: `"views":3`. */
export type Fields = ReadonlyMap<string, string>;

// json keeps \u0000 and half surrogate pairs and then fails for everybody who reads inside the row; jsonb takes neither.
// So each stands as U+E000 and its four hex digits, and U+E000 itself like them.
const UNSTORABLE = /\\(?:u(0000|d[89a-f][0-9a-f]{2})|.)|\ue000/g;
const STORED = /\ue000(0000|d[89a-f][0-9a-f]{2}|e000)/g;

/**
 * The session as it is now.
 *
 * @throws {TypeError} when it is no JSON object: a cycle, a BigInt, an array, nothing at all
 */
export function fieldsOf(session: object): Fields {
  const { toJSON } = Object(session);
  const plain: unknown = typeof toJSON === 'function' ? toJSON.call(session, '') : session;
  if (!isObject(plain)) throw new TypeError('the session is not an object that JSON can hold');
  const fields = new Map<string, string>();
  for (const key of Object.keys(plain)) {
    const json = JSON.stringify({ [key]: plain[key] }).slice(1, -1);
    if (json) fields.set(key, json); // JSON leaves out what is undefined, and functions
  }
  return fields;
}

/**
 * The fields as they stand in a row's text, which is quicker than to parse it and make it JSON again. Those that the store wrote
 * are as `fieldsOf` makes them, those of others may have spaces, or other spellings of a character or a number.
 *
 * @param text holds a JSON object, as `parse` has seen
 */
export function fieldsIn(text: string): Fields {
  if (text.includes('\\u') || text.includes('\ue000')) return fieldsOf(parse(text)); // what is escaped has many spellings
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

/** Where the string that begins here has ended. */
function endOfString(json: string, start: number): number {
  let at = json.indexOf('"', start + 1);
  for (; isEscaped(json, at); at = json.indexOf('"', at + 1));
  return at + 1;
}

/** Whether an odd number of backslashes stands before it. */
function isEscaped(json: string, at: number): boolean {
  let before = at - 1;
  while (json[before] === '\\') before--;
  return (at - before) % 2 === 0;
}

/** Where the next comma or brace of the outermost object is. */
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
        depth--;
        break;
      case CLOSE_BRACE:
        if (depth-- === 0) return at;
        break;
      case COMMA:
        if (depth === 0) return at;
    }
  }
  return json.length;
}

const [QUOTE, COMMA, OPEN_BRACKET, CLOSE_BRACKET, OPEN_BRACE, CLOSE_BRACE] = [0x22, 0x2c, 0x5b, 0x5d, 0x7b, 0x7d];

/** JSON that `json`, `jsonb` and `text` columns all hold. */
export function textOf(fields: Fields): string {
  return stored(`{${[...fields.values()].join(',')}}`);
}

/** JSON in which nothing stands that PostgreSQL can't store. */
export function stored(text: string): string {
  if (!text.includes('\\u') && !text.includes('\ue000')) return text; // most have neither, and looking for both is quick
  return text.replace(UNSTORABLE, (found, hex?: string) =>
    hex ? `\ue000${hex}` : found === '\ue000' ? '\ue000e000' : found,
  );
}

/**
 * JSON that `json`, `jsonb` and `text` columns all hold.
 *
 * @throws {TypeError} when the session is no JSON object: a cycle, a BigInt, an array, nothing at all
 */
export const stringify = (session: SessionData): string => textOf(fieldsOf(session));

/** A string as it reads inside of what is stored. */
export const storedText = (text: string): string => JSON.parse(textOf(fieldsOf({ text }))).text;

/** JSON as it was before `stored`. */
export const unstored = (text: string): string => (text.includes('\ue000') ? text.replace(STORED, '\\u$1') : text);

/**
 * The session in a row's text.
 *
 * @throws {SyntaxError} when the text is no JSON object; without the text in it, which is nobody's business
 */
export function parse(text: string): SessionData {
  const session = parseJson(unstored(text));
  if (!isObject(session)) throw new SyntaxError('a row of the session table holds no JSON object');
  return session as unknown as SessionData;
}

/** How sessions are written. */
export interface Format {
  fieldsOf: typeof fieldsOf;
  textOf: typeof textOf;
  parse: typeof parse;
  fieldsIn: typeof fieldsIn;
}

export const JSON_FORMAT: Format = { fieldsOf, textOf, parse, fieldsIn };

/**
 * For express-session, which needs a cookie: where there is none, as a script may write a session, that of a browser session.
 *
 * @throws {SyntaxError} when the cookie's age is no number, which express-session would choke on
 */
export function withCookie(session: SessionData): SessionData {
  if (typeof session.cookie !== 'object' || session.cookie === null) session.cookie = { originalMaxAge: null };
  const { maxAge, originalMaxAge } = session.cookie;
  for (const age of [maxAge, originalMaxAge]) {
    if (typeof (age ?? 0) !== 'number') throw new SyntaxError('a row of the session table holds no cookie');
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
