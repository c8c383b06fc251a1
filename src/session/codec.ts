// What stands in a row for a session: its JSON or, with a key, what nobody can read, alter or move to another session.
import type { SessionData } from 'express-session';
import type { StoreOptions } from '../store/options.js';
import { SealedVault } from './encryption.js';
import { type Fields, type Format, JSON_FORMAT } from './payload.js';
import { formatOf } from './serializer.js';
import { storedUser } from './user-path.js';

/** Makes a handle of an id. */
export type NameOf = (sid: string) => string;

export interface Vault {
  fieldsOf(session: object): Fields;
  /** What is stored. */
  seal(sid: string, fields: Fields, handle?: NameOf): string;
  /**
   * What was stored.
   *
   * @throws {SyntaxError} when it is no session, or none that may be read: without a word of what it holds
   */
  open(sid: string, text: string, handle?: NameOf): SessionData;
  /** The fields of what was stored, which `open` has seen. */
  fieldsIn(sid: string, text: string): Fields;
  /** All that may stand at the userPath for a user. */
  storedUsers(user: unknown): string[];
  /** The key that writes, where there is one. */
  keyId?: string;
}

/** @throws {TypeError} when a key is none */
export function makeVault({ encryption, serializer }: Pick<StoreOptions, 'encryption' | 'serializer'>): Vault {
  const format = serializer ? formatOf(serializer, { mustBeJson: encryption === undefined }) : JSON_FORMAT;
  return encryption ? new SealedVault(encryption, format) : openVault(format);
}

const openVault = (format: Format): Vault => ({
  fieldsOf: format.fieldsOf,
  fieldsIn: (_sid, text) => format.fieldsIn(text),
  seal: (_sid, fields) => format.textOf(fields),
  open: (_sid, text) => format.parse(text),
  storedUsers: (user) => [storedUser(user)],
});
