// Where a session says whose it is: a path into its JSON.
import { storedText } from './payload.js';

/** The keys that lead to the user, from the outermost on: `['passport', 'user']`. */
export type UserPath = readonly string[];

/** Where Passport keeps what `serializeUser` made of the user. */
export const PASSPORT: UserPath = ['passport', 'user'];

/**
 * The path as it is stored.
 *
 * @throws {TypeError} when it is no list of keys
 */
export function storedPath(path: UserPath): string[] {
  if (!Array.isArray(path) || path.length === 0 || !path.every((key) => typeof key === 'string')) {
    throw new TypeError("userPath must be an array of keys, such as ['passport', 'user'] or ['user', 'id']");
  }
  return path.map(storedText);
}

/**
 * The user as the text that is compared.
 *
 * @throws {TypeError} when it is neither text nor a number
 */
export function storedUser(user: unknown): string {
  if (typeof user === 'string') return storedText(user);
  if (typeof user === 'bigint' || Number.isFinite(user)) return String(user);
  throw new TypeError('give the user as the string or the number that stands at the userPath in the session');
}

/** What a session has at the path, as the text that the database would compare; null where there is nothing. */
export function userOf(session: object, path: UserPath): string | null {
  let found: unknown = session;
  for (const key of path) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, key)) return null;
    found = (found as Record<string, unknown>)[key];
  }
  if (found === null) return null;
  return typeof found === 'string' ? found : JSON.stringify(found);
}

export const UNREADABLE = /^22P0[25]$/; // invalid_text_representation, untranslatable_character
