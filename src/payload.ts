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
}

export const JSON_FORMAT: Format = { fieldsOf, textOf, parse };

/** For express-session, which needs a cookie: where there is none, as a script may write a session, that of a browser session. */
export function withCookie(session: SessionData): SessionData {
  if (typeof session.cookie !== 'object' || session.cookie === null) session.cookie = { originalMaxAge: null };
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
