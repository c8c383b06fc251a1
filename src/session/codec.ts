// Between a session and the text in its row: JSON or the app's serializer, encrypted or not.
import type { SessionData } from 'express-session';
import { clock } from '../clock.js';
import type { Rule } from '../errors.js';
import { Charset } from './charset.js';
import { EncryptedCodec, type Encryption, isEncrypted, isKeys } from './encryption.js';
import type { KeyLoader } from './key-loader.js';
import { type Format, isObject, JSON_FORMAT } from './payload.js';
import { formatOf, type Serializer } from './serializer.js';
import { type UserPath, userIn, userTexts } from './user-path.js';

/** Computes the handle of a session from its id or from the `sid` column. */
export type HandleOf = (sid: string) => string;

export interface Codec {
  /** The session as JSON, with each top-level value as the serializer encodes it. */
  jsonOf(session: object): string;
  /** The text to store. */
  encode(sid: string, json: string, handleOf?: HandleOf): string;
  /**
   * The session in a stored text.
   *
   * @throws {SyntaxError} if the text does not hold a session, or no key decrypts it. The message
   *   holds no part of the text
   */
  decode(sid: string, text: string, handleOf?: HandleOf): SessionData;
  /** The `jsonOf` of the session in a stored text that `decode` has accepted. */
  jsonIn(sid: string, text: string): string;
  /** All texts that may stand at the userPath for this user. */
  userTexts(user: unknown): string[];
  /** The characters that `encode` escapes because the database lacks them. */
  charset: Charset;
  /** The user in a stored text that `decode` has accepted, as `userTexts` takes it, or null. */
  userIn(text: string, session: SessionData, userPath: UserPath): string | null;
  /** The id of the key that encrypts. Undefined without encryption. */
  readonly keyId?: string | undefined;
  /** Set if a function returns the keys: then call `loadKeys` before a method that needs one. */
  readonly keys?: KeyLoader;
}

export interface CodecOptions {
  encryption?: Encryption | undefined;
  serializer?: Serializer | undefined;
}

export const CODEC_RULES: Record<keyof CodecOptions, Rule> = {
  encryption: [
    'an object { keys, userPath, allowPlaintext } with an array of keys, or a function that returns it',
    (value) => {
      if (!isObject(value)) return false;
      const { keys, userPath: _, allowPlaintext, ...unknown } = value;
      if (Object.keys(unknown).length > 0) return false;
      return (
        (isKeys(keys) || typeof keys === 'function') && [undefined, true, false].includes(allowPlaintext as boolean)
      );
    },
    { isSecret: true },
  ],
  serializer: [
    'an object with the functions stringify and parse',
    (value) => {
      return isObject(value) && typeof value.stringify === 'function' && typeof value.parse === 'function';
    },
  ],
};

/**
 * @param onKeysError called if the function that returns the keys fails, and no call waits for it
 * @throws {TypeError} if a key is not valid
 */
export function makeCodec({ encryption, serializer }: CodecOptions, onKeysError = (_: unknown) => {}): Codec {
  const format = serializer ? formatOf(serializer, { mustBeJson: !encryption }) : JSON_FORMAT;
  return encryption ? new EncryptedCodec(encryption, format, onKeysError) : plaintextCodec(format);
}

/**
 * Loads the keys, and those that these rows need. Does nothing unless a function returns the keys.
 *
 * @param mustBeFresh whether to wait also for new keys in place of old ones
 */
export async function loadKeys(
  { keys }: Codec,
  deadline: number,
  rows: { sess: string }[] = [],
  mustBeFresh = false,
): Promise<void> {
  await keys?.ready(deadline, mustBeFresh);
  for (const { sess } of keys ? rows : []) await keys!.find(sess, deadline);
}

/** Until when a function may return the keys, for work that has no deadline of its own. */
export const keysDeadline = (): number => clock() + 10_000;

function plaintextCodec(format: Format): Codec {
  const charset = new Charset();
  return {
    charset,
    jsonOf: format.jsonOf,
    jsonIn: (_sid, text) => format.jsonIn(text),
    encode: (_sid, json) => charset.escape(format.textOf(json)),
    decode(_sid, text) {
      if (isEncrypted(text)) {
        throw new SyntaxError('a row of the session table is encrypted. Set the option encryption');
      }
      return format.parse(text);
    },
    userTexts: (user) => userTexts(user).map((text) => charset.escape(text)),
    userIn: (text, _session, userPath) => userIn(text, userPath, (key) => charset.escape(key)),
  };
}
