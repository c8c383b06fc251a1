// Compare and set: a row is replaced only if it still holds what was read, else read again.
import { setTimeout as sleep } from 'node:timers/promises';
import { SessionStoreError } from './errors.js';
import { type Fields, fieldsOf, parse, textOf } from './payload.js';
import type { Rows } from './rows.js';
import type { Row } from './snapshot.js';

const DEADLINE_MS = 5000; // by then somebody else is writing this row without a pause
const LONGEST_PAUSE_MS = 100;

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
 * @param read what the row is believed to be: then the first attempt costs one statement
 * @param change what becomes of the row that was read; undefined leaves it as it is
 * @returns the row as it is now, or null where none lives
 * @throws {SessionStoreError} CONFLICT, when others changed the row before every attempt of five seconds
 */
export async function replaceSession(
  rows: Rows,
  sid: string,
  change: (row: Row) => Change | undefined,
  read?: Row,
): Promise<Row | null> {
  const deadline = performance.now() + DEADLINE_MS;
  let pauseMs = 2;
  for (let row = read ?? (await readRow(rows, sid)); row; row = await readRow(rows, sid)) {
    const changed = change(row);
    if (!changed) return row;
    const { fields, ttl, mayShorten } = changed;
    const payload = textOf(fields);
    if (await rows.replace({ sid, loaded: row.text, payload, ttl, mayShorten })) return { text: payload, fields, ttl };
    if (performance.now() > deadline) {
      throw new SessionStoreError('CONFLICT', 'the session was not saved: others keep changing it. Try again');
    }
    if (row !== read) await sleep(Math.random() * pauseMs);
    pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
  }
  return null;
}

async function readRow(rows: Rows, sid: string): Promise<Row | undefined> {
  const row = await rows.read(sid);
  return row && { text: row.sess, fields: fieldsOf(parse(row.sess)), ttl: row.ttl };
}
