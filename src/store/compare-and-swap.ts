// Compare and set: a row is replaced only if it still holds what was read, else read again.
import { setTimeout as sleep } from 'node:timers/promises';
import { SessionStoreError } from '../errors.js';
import { isUnsure } from '../postgres/retry.js';
import { othersChanges, type Row } from '../session/changes.js';
import type { Vault } from '../session/codec.js';
import type { Fields } from '../session/payload.js';
import type { SessionRows } from '../table/session-rows.js';

const LONGEST_PAUSE_MS = 100;
const GIVE_UP_MS = 100; // before the deadline, so that the caller learns what kept it

/** What a row becomes. */
export interface Change {
  fields: Fields;
  /** Seconds to live. */
  ttl: number;
  /** Whether the row may expire earlier than it would have. */
  mayShorten: boolean;
}

/**
 * Replaces a live row, as often as it takes until nobody else has changed it in between.
 *
 * @param deadline in milliseconds of `performance.now()`
 * @param change what becomes of the row that was read; undefined leaves it as it is
 * @param options `read`: what the row is believed to be, so that the first attempt costs one statement. `twice`: whether the change
 * may be made twice. Then what became of an attempt whose answer never came is found out by reading; else it fails, since
 * another's change may look the same, and a server that was cut off may still be at work
 * @returns the row as it is now, or null where none lives
 * @throws {SessionStoreError} CONFLICT, when others changed the row before every attempt
 */
export async function replaceSession(
  { rows, vault }: { rows: SessionRows; vault: Vault },
  sid: string,
  deadline: number,
  change: (row: Row) => Change | undefined,
  { read, twice }: { read?: Row; twice: boolean },
): Promise<Row | null> {
  const readRow = async (): Promise<Row | undefined> => {
    const row = await rows.read(sid, deadline);
    return row && { text: row.sess, fields: vault.fieldsOf(vault.open(sid, row.sess)), ttl: row.ttl };
  };
  let pauseMs = 2;
  let unsure: { loaded: string; sent: Row; error: unknown } | undefined; // an attempt whose answer never came
  for (let row = read ?? (await readRow()); row; row = await readRow()) {
    if (unsure && row.text !== unsure.loaded) {
      // An envelope is unlike any other. In clear, another may have sent the same, and jsonb has a spelling of its own.
      const isMine = vault.keyId ? row.text === unsure.sent.text : othersChanges(unsure.sent, row).size === 0;
      if (!isMine) throw unsure.error; // done and then changed by others, or never done
      return unsure.sent;
    }
    const changed = change(row);
    if (!changed) return row;
    const { fields, ttl, mayShorten } = changed;
    const payload = vault.seal(sid, fields);
    const sent = { text: payload, fields, ttl };
    try {
      if (await rows.replace({ sid, loaded: row.text, payload, ttl, mayShorten }, deadline)) return sent;
      unsure = undefined;
    } catch (error) {
      if (!twice || !isUnsure(error)) throw error;
      unsure = { loaded: row.text, sent, error };
    }
    if (performance.now() > deadline - GIVE_UP_MS) {
      if (unsure) throw unsure.error;
      throw new SessionStoreError('CONFLICT', 'the session was not saved: others keep changing it. Try again');
    }
    if (row !== read) await sleep(Math.random() * pauseMs);
    pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
  }
  return null;
}
