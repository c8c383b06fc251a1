// The app's serializer in place of JSON. It is applied key by key, so that changed keys can be
// merged.
import type { SessionData } from 'express-session';
import { asSession, escapeUnstorable, type Format, jsonOf, parseJson, split, unescapeStored } from './payload.js';

/** Two functions that turn a session into text and back, in place of JSON. */
export interface Serializer {
  /**
   * Returns the text of a session. Without `encryption` the text must be JSON, because the column
   * holds JSON: otherwise a save fails with a `TypeError`. The store also passes sessions that have
   * a single key.
   */
  stringify(session: SessionData): string;
  /**
   * Returns the session that `stringify` turned into this text. In a `jsonb` column, PostgreSQL may
   * have changed the spaces, the order of keys and the spelling of numbers. If the function throws
   * or does not return an object, the row is unreadable. Neither function may be async: a promise
   * is refused with a `TypeError`.
   */
  parse(text: string): SessionData;
}

/** The serializer returned a promise. */
export class AsyncSerializerError extends TypeError {
  constructor(method: string) {
    super(`serializer.${method} must not be async: it returned a promise`);
  }
}

function refusePromise<T>(method: keyof Serializer, result: T): T {
  if (typeof Object(result).then !== 'function') return result;
  Promise.resolve(result).catch(() => {}); // the error below is enough
  throw new AsyncSerializerError(method);
}

/** The cookie stays JSON, because the store reads it. Each other key is serialized alone. */
export function formatOf(serializer: Serializer, { mustBeJson }: { mustBeJson: boolean }): Format {
  const stringify = (session: object): string => {
    const text: unknown = refusePromise('stringify', serializer.stringify(session as SessionData));
    if (typeof text === 'string') return text;
    throw new TypeError('serializer.stringify must return a string');
  };
  const parse = (text: string): unknown => refusePromise('parse', serializer.parse(text));

  function sessionOf(json: string): SessionData {
    const session = {};
    for (const [key, field] of split(json)) {
      const value = JSON.parse(`{${field}}`)[key];
      const isSerialized = key !== 'cookie' && typeof value === 'string';
      put(session, key, isSerialized ? (parse(value) as Record<string, unknown>)[key] : value);
    }
    return session as SessionData;
  }

  return {
    jsonIn(text) {
      return this.jsonOf(this.parse(text));
    },
    jsonOf(session) {
      const serialized = {};
      for (const key of Object.keys(session)) {
        const value = (session as Record<string, unknown>)[key];
        if (value === undefined || typeof value === 'function') continue;
        put(serialized, key, key === 'cookie' ? value : stringify(only(key, value)));
      }
      return jsonOf(serialized);
    },
    textOf(json) {
      const text = stringify(sessionOf(json));
      if (parseJson(text) !== undefined) return escapeUnstorable(text);
      if (!mustBeJson) return text; // an escape would not mean the character
      throw new TypeError('serializer.stringify must return JSON. With encryption it may return any text');
    },
    parse(text) {
      let session: unknown;
      try {
        session = parse(parseJson(text) === undefined ? text : unescapeStored(text));
      } catch (error) {
        if (error instanceof AsyncSerializerError) throw error;
      }
      return asSession(session);
    },
  };
}

/** Sets any key, `__proto__` included. */
function put(object: object, key: string, value: unknown): void {
  Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
}

function only(key: string, value: unknown): object {
  const object = {};
  put(object, key, value);
  return object;
}
