// The path in a session's JSON that leads to its user.
import { describe } from '../errors.js';
import { originalText, storableText, textAt } from './payload.js';

/** The keys that lead to the user, outermost first: `['passport', 'user']`. */
export type UserPath = readonly string[];

/** Passport stores the result of `serializeUser` here. */
export const PASSPORT: UserPath = ['passport', 'user'];

/**
 * The path as the stored JSON spells it.
 *
 * @throws {TypeError} if it is not an array of keys
 */
export function storablePath(path: UserPath): string[] {
  if (!Array.isArray(path) || path.length === 0 || !path.every((key) => typeof key === 'string')) {
    const example = "['passport', 'user'] or ['user', 'id']";
    throw new TypeError(`userPath must be an array of keys, such as ${example}, got ${describe(path)}`);
  }
  return path.map(storableText);
}

/**
 * The user as the text that PostgreSQL compares.
 *
 * @throws {TypeError} if the user is neither a string nor a number
 */
export function userText(user: unknown): string {
  if (typeof user === 'string') return storableText(user);
  if (typeof user === 'bigint' || Number.isFinite(user)) return String(user);
  const got = describe(user, true);
  throw new TypeError(`the user must be the string or number that the session has at the userPath, got ${got}`);
}

/**
 * The texts that may stand in a row for this user. A jsonb column spells 1e21 without an exponent.
 *
 * @throws {TypeError} if the user is neither a string nor a number
 */
export function userTexts(user: unknown): string[] {
  const text = userText(user);
  if (typeof user === 'string') return [text];
  const asNumber = typeof user === 'bigint' && BigInt(Number(user)) !== user ? text : String(Number(user));
  return [...new Set([text, asNumber, withoutExponent(asNumber)])];
}

function withoutExponent(text: string): string {
  const [, sign, whole = '', fraction = '', exponent] = /^(-?)(\d)(?:\.(\d+))?e([-+]\d+)$/.exec(text) ?? [];
  if (exponent === undefined) return text;
  const digits = whole + fraction;
  const point = 1 + Number(exponent);
  return sign + (point > 0 ? digits.padEnd(point, '0') : `0.${'0'.repeat(-point)}${digits}`);
}

/**
 * The user in the text of a row that is not encrypted, as the text that PostgreSQL compares, or
 * null.
 *
 * @param spell escapes the characters that the database lacks
 */
export function userIn(text: string, userPath: UserPath, spell: (key: string) => string): string | null {
  const stored = textAt(text, storablePath(userPath).map(spell));
  return stored === undefined ? null : originalText(stored);
}

/** The user of a session as text, or null. */
export function userOf(session: object, path: UserPath): string | null {
  let found: unknown = session;
  for (const key of path) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, key)) return null;
    found = (found as Record<string, unknown>)[key];
  }
  if (found === null) return null;
  return typeof found === 'string' ? found : JSON.stringify(found);
}
