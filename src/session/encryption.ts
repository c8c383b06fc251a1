// Encrypts sessions at rest.
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import type { SessionData } from 'express-session';
import { describe } from '../errors.js';
import { Charset } from './charset.js';
import { handleOf } from './handle.js';
import { KeyLoader } from './key-loader.js';
import { type Format, fieldAt, isObject, parseJson } from './payload.js';
import { PASSPORT, storablePath, type UserPath, userIn, userOf, userText, userTexts } from './user-path.js';

/** Each of 32 bytes. */
export type Keys = readonly (string | Uint8Array)[];

/**
 * How the store encrypts sessions at rest, with AES-256-GCM. Use one key per table. A writer to the
 * table can still put back an older row of the same session.
 */
export interface Encryption {
  /**
   * The keys, each of 32 bytes: a Buffer, 64 hexadecimal digits or base64. `openssl rand -base64
   * 32` prints one. A key must be random: one with fewer than 16 different bytes is refused. The
   * first key encrypts, and all keys decrypt. If no key fits a row, the store
   * answers that there is no session, leaves the row alone and emits `unreadable`. An empty list, a
   * wrong key and a repeated key throw a `TypeError`.
   *
   * A function, sync or async, returns the keys, for example from a key management service. The
   * store calls it before it reads or saves the first session, and again at the first call after 10
   * minutes. That call waits for the new keys only if the old ones are 20 minutes old. If a row
   * needs a key that is missing, the store calls the function at most every 30 seconds for that
   * key. If the function fails or does not return in time, calls go on with the keys that the store
   * has, and `errorLog` gets the error. A call that has no key to work with fails with code `KEYS`,
   * and the next call tries again. Wrong keys fail the call with the `TypeError`.
   */
  keys: Keys | (() => Keys | Promise<Keys>);
  /**
   * The path to the user in a session. A keyed hash of the user stands beside the encrypted
   * session, so that connect-pg-typed/admin can find the sessions of a user.
   *
   * @default `['passport', 'user']`
   */
  userPath?: UserPath | undefined;
  /**
   * Whether the store also reads sessions that are not encrypted, even those that another role
   * wrote. Use `true` until `connect-pg-typed migrate --re-encrypt --allow-plaintext` has run.
   *
   * @default `false`
   */
  allowPlaintext?: boolean | undefined;
}

const ENCRYPTED = 'ss__encrypted';

/** A text that each row encrypted with this key contains, and no other row. */
export const envelopeOf = (keyId: string): string => `"${ENCRYPTED}": "${keyId}.`;

export const isEncrypted = (text: string): boolean => envelopeIn(text) !== undefined;

/** Whether this encrypted text also has the user's hash. */
export const hasUserHash = (text: string): boolean => Object.keys(envelopeIn(text) ?? {}).length > 1;

/** Finds the key in a text that `encode` returned. */
const KEY_ID = new RegExp(`"${ENCRYPTED}": "(\\w+)`);

/** Whether this can be the list of keys, apart from their bytes. */
export const isKeys = (value: unknown): value is Keys =>
  Array.isArray(value) &&
  value.length > 0 &&
  value.every((key) => typeof key === 'string' || key instanceof Uint8Array);

const ALGORITHM = 'aes-256-gcm';
const KEY_BYTES = 32;
const MIN_DISTINCT_BYTES = 16; // 32 random bytes have fewer once in 10^16 keys
const MAKE_A_KEY = 'Make one with `openssl rand -base64 32` or `node -p "crypto.randomBytes(32).toString(\'base64\')"`';
const NONCE_BYTES = 12; // random, for at most 2^32 texts of a key: NIST SP 800-38D, section 8.2.2
const TAG_BYTES = 16;

class Key {
  readonly id: string;
  readonly payload: Buffer;
  readonly #user: Buffer;

  constructor(secret: Buffer) {
    const derive = (purpose: string, bytes: number) =>
      Buffer.from(hkdfSync('sha256', secret, '', `connect-pg-typed ${purpose}`, bytes));
    this.id = derive('key id', 4).toString('hex');
    this.payload = derive('payload', KEY_BYTES);
    this.#user = derive('user', KEY_BYTES);
  }

  hashOf(user: string): string {
    return createHmac('sha256', this.#user).update(user).digest('base64url');
  }
}

/**
 * Stores `{"passport": {"user": "hash"}, "ss__encrypted": "key id.base64 of nonce, text and tag"}`,
 * spelled as `jsonb` spells it. The hash stands at the userPath, so that the same queries and the
 * same index find the user. The hash and the session's handle are additional authenticated data: a
 * row that was altered, or moved to another session, cannot be decrypted.
 */
export class EncryptedCodec {
  readonly jsonOf: Format['jsonOf'];
  readonly keys?: KeyLoader;
  readonly charset = new Charset();
  readonly #format: Format;
  #keys = new Map<string, Key>();
  #first: Key | undefined;
  readonly #userPath: UserPath;
  readonly #storablePath: string[];
  readonly #allowPlaintext: boolean;

  /** @param onKeysError called if the function of the keys fails while no call waits for it */
  constructor(
    { keys, userPath = PASSPORT, allowPlaintext = false }: Encryption,
    format: Format,
    onKeysError: (error: unknown) => void,
  ) {
    if (typeof keys === 'function') {
      this.keys = new KeyLoader({
        load: keys,
        use: (loaded) => this.#use(loaded),
        missingKeyOf: (text) => {
          const [, id] = KEY_ID.exec(text) ?? [];
          return id !== undefined && this.#keys.has(id) ? undefined : id;
        },
        onError: onKeysError,
      });
    } else this.#use(keys);
    this.#format = format;
    this.jsonOf = format.jsonOf;
    this.#userPath = userPath;
    this.#storablePath = storablePath(userPath);
    this.#allowPlaintext = allowPlaintext;
  }

  get keyId(): string | undefined {
    return this.#first?.id;
  }

  #use(keys: unknown): void {
    if (!isKeys(keys))
      throw new TypeError(`encryption.keys must return an array of one or more keys, got ${describe(keys, true)}`);
    const all = keys.map((key) => new Key(bytesOf(key)));
    const byId = new Map(all.map((key) => [key.id, key]));
    if (byId.size < all.length) throw new TypeError('encryption.keys holds the same key twice');
    this.#keys = byId;
    this.#first = all[0]!;
  }

  encode(sid: string, json: string, handle = handleOf): string {
    const user = this.#userHash(json);
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(ALGORITHM, this.#first!.payload, nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(additionalData(handle(sid), user));
    const text = cipher.update(this.#format.textOf(json), 'utf8');
    const encrypted = Buffer.concat([nonce, text, cipher.final(), cipher.getAuthTag()]);
    return asJsonb({ ...user, [ENCRYPTED]: `${this.keyId}.${encrypted.toString('base64')}` });
  }

  decode(sid: string, text: string, handle = handleOf): SessionData {
    return this.#format.parse(this.#decrypt(sid, text, handle));
  }

  jsonIn(sid: string, text: string): string {
    return this.#format.jsonIn(this.#decrypt(sid, text));
  }

  #decrypt(sid: string, text: string, handle = handleOf): string {
    const envelope = envelopeIn(text);
    if (!envelope) {
      if (this.#allowPlaintext) return text;
      throw new SyntaxError('a row of the session table is not encrypted. encryption.allowPlaintext would read it');
    }
    const { [ENCRYPTED]: encrypted, ...user } = envelope;
    const [id, base64] = encrypted.split('.', 2) as [string, string?];
    const key = this.#keys.get(id);
    if (!key) {
      throw new SyntaxError('a row of the session table is encrypted with a key that encryption.keys does not have');
    }
    const bytes = Buffer.from(base64 ?? '', 'base64');
    // The same bytes have several base64 texts. Only one is ours.
    const isOurs = bytes.length >= NONCE_BYTES + TAG_BYTES && encrypted === `${id}.${bytes.toString('base64')}`;
    const plaintext = isOurs ? decrypt(key, bytes, additionalData(handle(sid), user)) : undefined;
    if (plaintext === undefined) {
      throw new SyntaxError('a row of the session table was altered, or belongs to another session');
    }
    return plaintext;
  }

  userTexts(user: unknown): string[] {
    const plaintexts = userTexts(user);
    const hashes = plaintexts.flatMap((text) => [...this.#keys.values()].map((key) => key.hashOf(text)));
    if (!this.#allowPlaintext) return hashes;
    return [...hashes, ...plaintexts.map((text) => this.charset.escape(text))];
  }

  userIn(text: string, session: SessionData, userPath: UserPath): string | null {
    if (envelopeIn(text)) return userOf(session, userPath);
    return userIn(text, userPath, (key) => this.charset.escape(key));
  }

  /** An object with the user's hash at the userPath. Empty if the session has no user. */
  #userHash(json: string): object {
    const [key] = this.#userPath;
    const field = fieldAt(json, key!);
    if (field === undefined) return {};
    const user = userOf(this.#format.parse(this.#format.textOf(`{${field}}`)), this.#userPath);
    if (user === null) return {};
    const hash = JSON.stringify(this.#first!.hashOf(userText(user)));
    const path = this.#storablePath.map((name) => this.charset.escape(name)); // the row must return the same text
    return JSON.parse(path.reduceRight((inner, name) => `{${JSON.stringify(name)}:${inner}}`, hash));
  }
}

const additionalData = (handle: string, user: object): Buffer => Buffer.from(`${handle} ${JSON.stringify(user)}`);

function decrypt(key: Key, bytes: Buffer, data: Buffer): string | undefined {
  const nonce = bytes.subarray(0, NONCE_BYTES);
  const decipher = createDecipheriv(ALGORITHM, key.payload, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(data);
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
  try {
    return decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
  } catch {
    return undefined;
  }
}

function envelopeIn(text: string): { [ENCRYPTED]: string } | undefined {
  const envelope = text.includes(ENCRYPTED) ? parseJson(text) : undefined;
  const isEnvelope = isObject(envelope) && typeof envelope[ENCRYPTED] === 'string';
  return isEnvelope ? (envelope as { [ENCRYPTED]: string }) : undefined;
}

/** JSON as a jsonb column spells it, so that the row returns the same text. */
function asJsonb(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).sort(([one], [other]) => {
    const [a, b] = [Buffer.from(one), Buffer.from(other)];
    return a.length - b.length || a.compare(b);
  });
  return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}: ${asJsonb(inner)}`).join(', ')}}`;
}

function bytesOf(key: string | Uint8Array): Buffer {
  const bytes = typeof key === 'string' ? bytesIn(key) : Buffer.from(key);
  if (bytes?.length !== KEY_BYTES) {
    throw new TypeError(
      `encryption.keys: a key must have 32 bytes, as a Buffer, 64 hexadecimal digits or base64. ${MAKE_A_KEY}`,
    );
  }
  if (new Set(bytes).size >= MIN_DISTINCT_BYTES) return bytes;
  throw new TypeError(
    `encryption.keys: a key has fewer than ${MIN_DISTINCT_BYTES} different bytes, so it is not random. ${MAKE_A_KEY}`,
  );
}

function bytesIn(key: string): Buffer | undefined {
  if (/^[0-9a-f]{64}$/i.test(key)) return Buffer.from(key, 'hex');
  return /^[-\w+/]{43}=?$/.test(key) ? Buffer.from(key, 'base64') : undefined;
}
