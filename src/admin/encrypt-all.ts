// Encrypts a whole table with the first of the keys, while sessions go on being used.
import type { Pool } from 'pg';
import { countToEncrypt, findToEncrypt } from '../generated/encrypt.js';
import { replaceSessions } from '../generated/session.js';
import { binaryArray } from '../postgres/binary-array.js';
import { onPool } from '../postgres/connection.js';
import { retry } from '../postgres/retry.js';
import type { Vault } from '../session/codec.js';
import { envelopeOf, namesUser } from '../session/encryption.js';
import { handleOfRow } from '../session/handle.js';
import { bindTable, type TableNames } from '../table/names.js';

const BATCH = 500;
const BEGINNING = { expire: '-infinity', handle: '' };

/** How many live sessions the first key has not encrypted. */
export async function rowsToEncrypt(pool: Pool, names: TableNames, vault: Vault): Promise<number> {
  const bound = bindTable(onPool(pool)(Infinity), names);
  const [row] = await countToEncrypt.run({ envelope: envelopeOf(vault.keyId!) }, bound);
  return row!.count;
}

/**
 * Encrypts what the first key has not, until a pass finds nothing that it can. May be broken off, and done again.
 *
 * @returns how many are left as they were, since none of the keys opens them, they are in clear and may not be, or a
 * serializer of the app's wrote them
 */
export async function encryptAll(
  pool: Pool,
  names: TableNames,
  vault: Vault,
  onBatch?: (rows: number) => void,
): Promise<number> {
  const bound = bindTable(onPool(pool)(Infinity), names);
  for (;;) {
    let [closed, opened] = [0, 0];
    for (let after: typeof BEGINNING | undefined = BEGINNING; after; ) {
      const { expire, handle } = after;
      const rows = await findToEncrypt.run({ expire, handle, envelope: envelopeOf(vault.keyId!), limit: BATCH }, bound);
      const sealed = rows.map(({ sid, sess }) => ({ sid, sess, payload: resealed(vault, sid, sess) }));
      const open = sealed.filter(({ payload }) => payload !== undefined);
      closed += sealed.length - open.length;
      opened += open.length;
      const replaced = {
        sids: open.map(({ sid }) => sid),
        loaded: binaryArray(
          'text',
          open.map(({ sess }) => sess),
        ),
        payloads: binaryArray(
          'json',
          open.map(({ payload }) => payload!),
        ),
        ttls: open.map(() => 0),
        mayShorten: open.map(() => false), // so that the expiry stays
      };
      const options = { deadline: Infinity, twice: true, onRetry: () => {} }; // a row that holds other text by now is left alone
      if (open.length > 0) await retry(() => replaceSessions.run(replaced, bound), options);
      onBatch?.(open.length);
      after = rows.length === BATCH ? rows.at(-1) : undefined;
    }
    if (opened === 0) return closed; // else look again at what others have changed meanwhile
  }
}

function resealed(vault: Vault, sid: string, text: string): string | undefined {
  try {
    const sealed = vault.seal(sid, vault.fieldsOf(vault.open(sid, text, handleOfRow)), handleOfRow);
    return namesUser(text) && !namesUser(sealed) ? undefined : sealed; // a serializer hides the user from us
  } catch {
    return undefined;
  }
}
