// Encrypts a whole table with the first key while apps use it.
import { KEPT, pluralize } from '../errors.js';
import { countToEncrypt, findToEncrypt } from '../generated/encrypt.js';
import { replaceSessions } from '../generated/session.js';
import { retry } from '../postgres/retry.js';
import type { Codec } from '../session/codec.js';
import { envelopeOf, hasUserHash } from '../session/encryption.js';
import { handleOfRow } from '../session/handle.js';
import { AsyncSerializerError } from '../session/serializer.js';
import { connectForTimes } from '../table/distribution.js';
import type { ReplaceItem } from '../table/kind.js';
import { replacements } from '../table/kinds.js';
import { connectTable, type TableLocation } from '../table/location.js';

const BATCH = 500;
const MAX_IDLE_PASSES = 5; // in which each row was changed meanwhile, or kept
const BEGINNING = { expire: '-infinity', handle: '' };

/** Counts the live sessions that are not encrypted with the first key. */
export async function rowsToEncrypt(location: TableLocation, codec: Codec): Promise<number> {
  const [row] = await countToEncrypt.run({ envelope: envelopeOf(codec.keyId!) }, connectTable(location));
  return row!.count;
}

/**
 * Encrypts all rows that the first key has not encrypted, until a pass changes nothing. It may be
 * interrupted and run again.
 *
 * @param onBatch called with the number of rows that each statement encrypted
 * @returns the number of rows that stay as they are: no key decrypts them, they are plaintext that
 *   must not be read, or the app's serializer wrote them
 */
export async function encryptAll(
  location: TableLocation,
  codec: Codec,
  onBatch: (rows: number) => void,
): Promise<number> {
  const db = connectForTimes(location);
  const envelope = envelopeOf(codec.keyId!);
  for (let idlePasses = 0; ; ) {
    let [skipped, tried, encrypted] = [0, 0, 0];
    for (let after: typeof BEGINNING | undefined = BEGINNING; after; ) {
      const { expire, handle } = after;
      const rows = await findToEncrypt.run({ expire, handle, envelope, limit: BATCH }, db);
      const items: ReplaceItem[] = [];
      for (const { sid, sess: loaded } of rows) {
        const payload = reencode(codec, sid, loaded);
        if (payload !== undefined) items.push({ sid, loaded, payload, ttl: 0, mayShorten: false }); // the expiry stays
      }
      skipped += rows.length - items.length;
      tried += items.length;
      // Idempotent: a row that changed meanwhile no longer holds the loaded text.
      const replace = () => replaceSessions.run(replacements(items), db);
      const replaced = items.length > 0 ? await retry(replace, Infinity, { idempotent: true }) : [];
      encrypted += replaced.length;
      onBatch(replaced.length);
      after = rows.length === BATCH ? rows.at(-1) : undefined;
    }
    if (tried === 0) return skipped; // otherwise another pass finds rows that changed meanwhile
    idlePasses = encrypted > 0 ? 0 : idlePasses + 1;
    if (idlePasses === MAX_IDLE_PASSES) throw new Error(`${pluralize(tried, 'session')} cannot be encrypted: ${KEPT}`);
  }
}

function reencode(codec: Codec, sid: string, text: string): string | undefined {
  try {
    const encoded = codec.encode(sid, codec.jsonOf(codec.decode(sid, text, handleOfRow)), handleOfRow);
    return hasUserHash(text) && !hasUserHash(encoded) ? undefined : encoded; // the app's serializer hides the user
  } catch (error) {
    if (error instanceof AsyncSerializerError) throw error;
    return undefined;
  }
}
