// Hashes the ids of a whole table while apps use it.
import { hasSqlState, KEPT } from '../errors.js';
import { countUnhashed, rehashSessions } from '../generated/hash-ids.js';
import { retry } from '../postgres/retry.js';
import { LOCK_NOT_AVAILABLE, ROLLED_BACK, UNIQUE_VIOLATION } from '../sql-states.js';
import { connectForTimes } from '../table/distribution.js';
import { connectTable, type TableLocation } from '../table/location.js';
import { isKeyUpdateRefused, rehashByInsert } from '../table/rehash.js';

const BEGINNING = '-infinity';
const MAX_ATTEMPTS = 20; // one after another, without a row that moved
const BATCH = 500;

/** Counts the rows with an unhashed id. */
export async function unhashedRows(location: TableLocation): Promise<number> {
  const [row] = await countUnhashed.run(undefined, connectTable(location));
  return row!.count;
}

/**
 * Moves rows to the hash of their id until a pass from the beginning finds none. It may be
 * interrupted and run again. Fails if rows stay although each statement succeeds.
 *
 * @param onBatch called with the number of rows that each statement moved
 * @param batch rows of one statement at most
 */
export async function hashAllIds(
  location: TableLocation,
  onBatch: (rows: number) => void,
  batch = BATCH,
): Promise<void> {
  const db = connectForTimes(location);
  let expire = BEGINNING;
  let attempts = 0;
  for (;;) {
    try {
      const [result] = await rehashSessions.run({ expire, batch }, db);
      const { seen, rehashed, deleted, last } = result!;
      onBatch(rehashed + deleted);
      if (seen === rehashed && seen < batch && expire === BEGINNING) return;
      if (rehashed + deleted > 0) attempts = 0;
      else if (++attempts === MAX_ATTEMPTS) throw new Error(`session ids stay as they are: ${KEPT}`);
      expire = seen < batch ? BEGINNING : (last ?? BEGINNING);
    } catch (error) {
      if (isKeyUpdateRefused(error)) return hashAllByInsert(location, onBatch, batch);
      if (!wasOvertaken(error) || ++attempts === MAX_ATTEMPTS) throw error;
    }
  }
}

/** Whether a store moved one of the rows meanwhile, or held its lock. */
const wasOvertaken = (error: unknown): boolean =>
  hasSqlState(error, UNIQUE_VIOLATION, LOCK_NOT_AVAILABLE, ...ROLLED_BACK);

/** Until a batch moves nothing: apps may move, destroy or prune rows of each batch meanwhile. */
async function hashAllByInsert(location: TableLocation, onBatch: (rows: number) => void, batch: number): Promise<void> {
  const move = () => rehashByInsert(location, batch);
  for (let moved = batch; moved > 0; onBatch(moved)) moved = await retry(move, Infinity, { idempotent: true });
}
