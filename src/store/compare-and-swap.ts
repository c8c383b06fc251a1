// Compare and swap: replaces a row only if it still holds what was read. If not, reads it again.
import { setTimeout as sleep } from 'node:timers/promises';
import { clock } from '../clock.js';
import { SessionStoreError } from '../errors.js';
import type { Deadline } from '../postgres/deadline.js';
import { backoffMs, isOutcomeUnknown } from '../postgres/retry.js';
import { othersChanges } from '../session/changes.js';
import type { Codec } from '../session/codec.js';
import type { RowsById } from '../table/session-rows.js';
import { escapingMissing } from '../table/untranslatable.js';
import { StoredRow } from './snapshots.js';

const FIRST_PAUSE_MS = 2;
const MAX_PAUSE_MS = 100;
const GIVE_UP = 0.9; // of the time to the deadline, so that the caller gets CONFLICT and not TIMEOUT

/** What a row becomes. */
export interface Change {
  /** The session as JSON. */
  json: string;
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
  change: (row: StoredRow) => Change | undefined | Promise<Change | undefined>,
  { deadline, read, idempotent }: SwapOptions,
): Promise<StoredRow | null> {
  const readRow = async (): Promise<StoredRow | undefined> => {
    const row = await rows.get(sid, deadline);
    if (!row) return undefined;
    return new StoredRow(row.sess, row.secondsLeft, () => {
      codec.decode(sid, row.sess); // throws if the row does not hold a session
      return codec.jsonIn(sid, row.sess);
    });
  };
  let conflicts = 0;
  let giveUpAt: number | undefined;
  let unknown: { loaded: string; sent: StoredRow; error: unknown } | undefined; // an attempt without an answer
  for (let row = read ?? (await readRow()); row; row = await readRow()) {
    if (unknown && row.text !== unknown.loaded) {
      if (!isSent(row, unknown.sent, codec)) throw unknown.error; // it failed, or others changed the row since
      return unknown.sent;
    }
    let changed = change(row);
    if (changed instanceof Promise) changed = await changed; // no await for most: it takes a turn
    if (!changed) return row;
    const { json, ttl, mayShorten } = changed;
    const { text: loaded } = row;
    let sent!: StoredRow;
    try {
      const isReplaced = await escapingMissing(codec.charset, () => {
        sent = new StoredRow(codec.encode(sid, json), ttl, () => json);
        return rows.replace({ sid, loaded, payload: sent.text, ttl, mayShorten }, deadline);
      });
      if (isReplaced) return sent;
      unknown = undefined;
    } catch (error) {
      if (!idempotent || !isOutcomeUnknown(error)) throw error;
      unknown = { loaded, sent, error };
    }
    const now = clock();
    giveUpAt ??= now + (deadline - now) * GIVE_UP;
    conflicts++;
    const pauseMs = row === read ? 0 : backoffMs(conflicts, FIRST_PAUSE_MS, MAX_PAUSE_MS);
    if (now + pauseMs > giveUpAt) {
      if (unknown) throw unknown.error;
      throw new SessionStoreError('CONFLICT', 'the session was not saved: other requests keep changing it. Try again');
    }
    if (pauseMs) await sleep(pauseMs);
  }
  return null;
}

/**
 * An encrypted text is unique. Without encryption, a jsonb column respells the text, so fields are
 * compared.
 */
const isSent = (row: StoredRow, sent: StoredRow, codec: Codec): boolean =>
  codec.keyId ? row.text === sent.text : othersChanges(sent.json, row.json).size === 0;
