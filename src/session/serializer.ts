// A serializer of the app's own in place of JSON, key by key, so that what requests changed can still be told apart.
import type { SessionData } from 'express-session';
import { type Fields, type Format, fieldsOf, JSON_FORMAT, stored, unstored } from './payload.js';

/** The cookie stays JSON, since the store looks into it; any other key is what the serializer makes of it alone. */
export function formatOf(serializer: Serializer, { mustBeJson }: { mustBeJson: boolean }): Format {
  const textOfOne = (key: string, value: unknown) => serializer.stringify(only(key, value) as unknown as SessionData);

  function sessionOf(fields: Fields): SessionData {
    const session = {};
    for (const [key, field] of fields) {
      const value = JSON.parse(`{${field}}`)[key];
      put(session, key, key === 'cookie' || typeof value !== 'string' ? value : (serializer.parse(value) as any)[key]);
    }
    return session as SessionData;
  }

  return {
    fieldsIn(text) {
      return this.fieldsOf(this.parse(text));
    },
    fieldsOf(session) {
      const fields = new Map<string, string>();
      for (const key of Object.keys(session)) {
        const value = (session as Record<string, unknown>)[key];
        if (value === undefined || typeof value === 'function') continue;
        const json = key === 'cookie' ? value : textOfOne(key, value);
        fields.set(key, fieldsOf(only(key, json)).get(key)!);
      }
      return fields;
    },
    textOf(fields) {
      const text = serializer.stringify(sessionOf(fields));
      if (mustBeJson && !isJson(text)) {
        throw new TypeError(
          'serializer.stringify must make JSON, which the table holds; with encryption any text will do',
        );
      }
      return stored(text);
    },
    parse(text) {
      const session = attempt(() => serializer.parse(unstored(text)));
      if (typeof session === 'object' && session !== null && !Array.isArray(session)) return session;
      return JSON_FORMAT.parse('null'); // throws what any row throws that is no session
    },
  };
}

function put(object: object, key: string, value: unknown): void {
  Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
}

function only(key: string, value: unknown): object {
  const object = {};
  put(object, key, value);
  return object;
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

const isJson = (text: string): boolean => attempt(() => JSON.parse(text)) !== undefined;
/** Makes a text of a session, and back. */

export interface Serializer {
  /** Must make JSON, which the table holds, unless there is `encryption`. It is also given sessions of a single key. */
  stringify(session: SessionData): string;
  /** Is given the JSON in any spelling, where the column is `jsonb`. */
  parse(text: string): SessionData;
}
