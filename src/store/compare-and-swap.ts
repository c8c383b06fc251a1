// Compare and swap: replaces a row only if it still holds what was read. If not, reads it again.
import { setTimeout as sleep } from 'node:timers/promises';
import { SessionStoreError } from '../errors.js';
import { backoffMs } from '../postgres/backoff.js';
import type { Deadline } from '../postgres/deadline.js';
import { isOutcomeUnknown } from '../postgres/retry.js';
import { othersChanges } from '../session/changes.js';
import type { Codec } from '../session/codec.js';
import type { Fields } from '../session/payload.js';
import type { RowsById } from '../table/session-rows.js';
import { escapingMissing } from '../table/untranslatable.js';
import type { StoredRow } from './snapshots.js';

const FIRST_PAUSE_MS = 2;
const MAX_PAUSE_MS = 100;
const GIVE_UP_MS = 100; // before the deadline, so that the caller gets CONFLICT and not TIMEOUT

/** What a row becomes. */
export interface Change {
  fields: Fields;
  /** Seconds to live. */
  ttl: number;
  /** Whether the row may expire earlier than before. */
  mayShorten: boolean;
}

export interface SwapOptions {
  deadline: Deadline;
  /** The row as far as the caller knows it, so that the first attempt costs one statement. */
  read?: StoredRow;
  /**
   * Whether the change may be applied twice. If so, and the connection is lost during an attempt,
   * the row is read to find out whether the attempt succeeded. If not, the call fails: another
   * request may have made the same change, or the server may still run the statement.
   */
  idempotent: boolean;
}

/**
 * Replaces a live row, and tries again as long as other requests change it in between.
 *
 * @param change returns what becomes of the row that was read. Undefined leaves the row as it is
 * @returns the row as it is now, or null if there is none
 * @throws {SessionStoreError} CONFLICT if other requests changed the row before each attempt
 */
export async function compareAndSwap(
  { rows, codec }: { rows: RowsById; codec: Codec },
  sid: string,
  change: (row: StoredRow) => Change | undefined,
  { deadline, read, idempotent }: SwapOptions,
): Promise<StoredRow | null> {
  const readRow = async (): Promise<StoredRow | undefined> => {
    const row = await rows.get(sid, deadline);
    if (!row) return undefined;
    const fields = codec.fieldsOf(codec.decode(sid, row.sess));
    return { text: row.sess, fields, secondsLeft: row.secondsLeft };
  };
  let conflicts = 0;
  let unknown: { loaded: string; sent: StoredRow; error: unknown } | undefined; // an attempt without an answer
  for (let row = read ?? (await readRow()); row; row = await readRow()) {
    if (unknown && row.text !== unknown.loaded) {
      if (!isSent(row, unknown.sent, codec)) throw unknown.error; // it failed, or others changed the row since
      return unknown.sent;
    }
    const changed = change(row);
    if (!changed) return row;
    const { fields, ttl, mayShorten } = changed;
    const sent = { text: '', fields, secondsLeft: ttl };
    const { text: loaded } = row;
    try {
      const isReplaced = await escapingMissing(codec.charset, () => {
        sent.text = codec.encode(sid, fields);
        return rows.replace({ sid, loaded, payload: sent.text, ttl, mayShorten }, deadline);
      });
      if (isReplaced) return sent;
      unknown = undefined;
    } catch (error) {
      if (!idempotent || !isOutcomeUnknown(error)) throw error;
      unknown = { loaded: row.text, sent, error };
    }
    if (performance.now() > deadline - GIVE_UP_MS) {
      if (unknown) throw unknown.error;
      throw new SessionStoreError('CONFLICT', 'the session was not saved: other requests keep changing it. Try again');
    }
    conflicts++;
    if (row !== read) await sleep(backoffMs(conflicts, FIRST_PAUSE_MS, MAX_PAUSE_MS));
  }
  return null;
}

/**
 * An encrypted text is unique. Without encryption, a jsonb column respells the text, so fields are
 * compared.
 */
const isSent = (row: StoredRow, sent: StoredRow, codec: Codec): boolean =>
  codec.keyId ? row.text === sent.text : othersChanges(sent.fields, row.fields).size === 0;
