// A session as the text that is stored, and back.
import type { SessionData } from 'express-session';

// json keeps \u0000 and half surrogate pairs and then fails for everybody who reads inside the row; jsonb takes neither.
// So each stands as U+E000 and its four hex digits, and U+E000 itself like them.
const UNSTORABLE = /\\(?:u(0000|d[89a-f][0-9a-f]{2})|.)|\ue000/g;
const STORED = /\ue000(0000|d[89a-f][0-9a-f]{2}|e000)/g;

/**
 * JSON that `json`, `jsonb` and `text` columns all hold.
 *
 * @throws {TypeError} when the session is no JSON: a cycle, a BigInt, nothing at all
 */
export function stringify(session: SessionData): string {
  const text = JSON.stringify(session);
  if (text === undefined) throw new TypeError('the session is not an object that JSON can hold');
  return text.replace(UNSTORABLE, (found, hex?: string) =>
    hex ? `\ue000${hex}` : found === '\ue000' ? '\ue000e000' : found,
  );
}

/**
 * The session in a row's text.
 *
 * @throws {SyntaxError} when the text is no JSON object; without the text in it, which is nobody's business
 */
export function parse(text: string): SessionData {
  const session = parseJson(text.includes('\ue000') ? text.replace(STORED, '\\u$1') : text);
  if (typeof session !== 'object' || session === null || Array.isArray(session)) {
    throw new SyntaxError('a row of the session table holds no JSON object');
  }
  return session as SessionData;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
