import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import type { SessionData } from 'express-session';
import type { NameOf, Vault } from './codec.js';
import { handleOf } from './handle.js';
import type { Fields, Format } from './payload.js';
import { PASSPORT, storedPath, storedUser, type UserPath, userOf } from './user-path.js';

/** How sessions are encrypted at rest, by AES-256-GCM. */
export interface Encryption {
  /**
   * Keys of 32 bytes, as Buffers, 64 hexadecimal digits or base64. The first encrypts, all decrypt. A session under another
   * key is none: its row stays, and the store emits `unreadable`. **Required.**
   */
  keys: readonly (string | Uint8Array)[];
  /** Where sessions say whose they are: a keyed hash of that stays legible, by which the user is found. Default: `['passport', 'user']`. */
  userPath?: UserPath | undefined;
  /** Also read sessions that are not encrypted, for the time until `connect-pg-typed migrate --re-encrypt`. Default: false. */
  allowPlaintext?: boolean | undefined;
}
export const SEALED = 'ss__sealed';
/** What the text of a row that this key has sealed holds, and no other. */
export const envelopeOf = (keyId: string): string => `"${SEALED}": "${keyId}.`;
/** Whether the user's hash stands beside what is sealed in this text. */
export const namesUser = (text: string): boolean => Object.keys(envelopeIn(text) ?? {}).length > 1;
export const ALGORITHM = 'aes-256-gcm';
export const KEY_BYTES = 32;
export const NONCE_BYTES = 12; // NIST SP 800-38D, section 8.2.2: random, for at most 2^32 texts of a key
export const TAG_BYTES = 16;
export class Key {
  readonly id: string;
  readonly payload: Buffer;
  readonly #user: Buffer;

  constructor(secret: Buffer) {
    const derived = (what: string, bytes: number) =>
      Buffer.from(hkdfSync('sha256', secret, '', `connect-pg-typed ${what}`, bytes));
    this.id = derived('key id', 4).toString('hex');
    this.payload = derived('payload', KEY_BYTES);
    this.#user = derived('user', KEY_BYTES);
  }

  hashOf(user: string): string {
    return createHmac('sha256', this.#user).update(user).digest('base64url');
  }
}

/**
 * Stores `{"passport": {"user": "hash"}, "ss__sealed": "key id.base64 of nonce, text and tag"}`, spelled as `jsonb` does. The
 * hash stands where the user would, so that the same queries and the same index find it. It and the handle of the session
 * are additional data: a row that is altered, or moved to another session, can't be opened.
 */
export class SealedVault implements Vault {
  readonly fieldsOf: Format['fieldsOf'];
  readonly keyId: string;
  readonly #format: Format;
  readonly #keys: Map<string, Key>;
  readonly #first: Key;
  readonly #userPath: UserPath;
  readonly #storedPath: string[];
  readonly #allowPlaintext: boolean;

  constructor({ keys, userPath = PASSPORT, allowPlaintext = false }: Encryption, format: Format) {
    const made = keys.map((key) => new Key(bytesOf(key)));
    this.#keys = new Map(made.map((key) => [key.id, key]));
    if (this.#keys.size < made.length) throw new TypeError('encryption.keys holds a key twice');
    this.#first = made[0]!;
    this.keyId = this.#first.id;
    this.#format = format;
    this.fieldsOf = format.fieldsOf;
    this.#userPath = userPath;
    this.#storedPath = storedPath(userPath);
    this.#allowPlaintext = allowPlaintext;
  }

  seal(sid: string, fields: Fields, handle: NameOf = handleOf): string {
    const rest = this.#userHash(fields);
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(ALGORITHM, this.#first.payload, nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(additionalData(handle(sid), rest));
    const sealed = Buffer.concat([
      nonce,
      cipher.update(this.#format.textOf(fields), 'utf8'),
      cipher.final(),
      cipher.getAuthTag(),
    ]);
    return asJsonb({ ...rest, [SEALED]: `${this.#first.id}.${sealed.toString('base64')}` });
  }

  open(sid: string, text: string, handle: NameOf = handleOf): SessionData {
    const envelope = envelopeIn(text);
    if (!envelope) {
      if (this.#allowPlaintext) return this.#format.parse(text);
      throw new SyntaxError('a row of the session table is not encrypted: encryption.allowPlaintext would read it');
    }
    const { [SEALED]: sealed, ...rest } = envelope;
    const [id, base64] = sealed.split('.', 2) as [string, string?];
    const key = this.#keys.get(id);
    if (!key)
      throw new SyntaxError('a row of the session table is encrypted with a key that is not among encryption.keys');
    const bytes = Buffer.from(base64 ?? '', 'base64');
    // Base64 has several spellings of the same bytes: one only is ours.
    const isOurs = bytes.length >= NONCE_BYTES + TAG_BYTES && sealed === [id, bytes.toString('base64')].join('.');
    const plain = isOurs ? decrypted(key, bytes, additionalData(handle(sid), rest)) : undefined;
    if (plain === undefined)
      throw new SyntaxError('a row of the session table was altered, or is that of another session');
    return this.#format.parse(plain);
  }

  fieldsIn(sid: string, text: string): Fields {
    return this.fieldsOf(this.open(sid, text));
  }

  storedUsers(user: unknown): string[] {
    const stored = storedUser(user);
    const hashes = [...this.#keys.values()].map((key) => key.hashOf(stored));
    return this.#allowPlaintext ? [...hashes, stored] : hashes;
  }

  /** The user's hash at the userPath, where the session has a user. */
  #userHash(fields: Fields): object {
    const [key] = this.#userPath;
    const field = fields.get(key!);
    if (field === undefined) return {};
    const user = userOf(this.#format.parse(this.#format.textOf(new Map([[key!, field]]))), this.#userPath);
    if (user === null) return {};
    const hash = JSON.stringify(this.#first.hashOf(storedUser(user)));
    return JSON.parse(this.#storedPath.reduceRight((inner, name) => `{${JSON.stringify(name)}:${inner}}`, hash));
  }
}

export const additionalData = (handle: string, rest: object): Buffer =>
  Buffer.from([handle, JSON.stringify(rest)].join(' '));
export function decrypted(key: Key, bytes: Buffer, data: Buffer): string | undefined {
  const decipher = createDecipheriv(ALGORITHM, key.payload, bytes.subarray(0, NONCE_BYTES), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(data);
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
  try {
    return decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
  } catch {
    return undefined;
  }
}
export function envelopeIn(text: string): { [SEALED]: string } | undefined {
  if (!text.includes(SEALED)) return undefined;
  try {
    const envelope = JSON.parse(text);
    return Object.hasOwn(envelope, SEALED) && typeof envelope[SEALED] === 'string' ? envelope : undefined;
  } catch {
    return undefined;
  }
}

/** As a jsonb column spells it, so that the row still holds what was sent. */
export function asJsonb(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).sort(([one], [other]) => {
    const [a, b] = [Buffer.from(one), Buffer.from(other)];
    return a.length - b.length || a.compare(b);
  });
  return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}: ${asJsonb(inner)}`).join(', ')}}`;
}

/** The bytes of a key as it is given. */
export function bytesOf(key: string | Uint8Array): Buffer {
  const bytes =
    typeof key !== 'string' ? Buffer.from(key) : Buffer.from(key, /^[0-9a-f]{64}$/i.test(key) ? 'hex' : 'base64');
  const isWhole = typeof key !== 'string' || /^([0-9a-f]{64}|[-\w+/]{43}=?)$/i.test(key);
  if (bytes.length === KEY_BYTES && isWhole) return bytes;
  throw new TypeError(
    'encryption.keys: a key has 32 bytes, as a Buffer, 64 hexadecimal digits or base64: `openssl rand -base64 32` makes one',
  );
}
