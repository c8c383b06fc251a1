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
const BATCH = 500; // rows of a statement

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
 */
export async function hashAllIds(location: TableLocation, onBatch: (rows: number) => void): Promise<void> {
  const db = connectForTimes(location);
  let expire = BEGINNING;
  let attempts = 0;
  for (;;) {
    try {
      const [result] = await rehashSessions.run({ expire, batch: BATCH }, db);
      const { seen, rehashed, deleted, last } = result!;
      onBatch(rehashed + deleted);
      if (seen === rehashed && seen < BATCH && expire === BEGINNING) return;
      if (rehashed + deleted > 0) attempts = 0;
      else if (++attempts === MAX_ATTEMPTS) throw idsStay();
      expire = seen < BATCH ? BEGINNING : (last ?? BEGINNING);
    } catch (error) {
      if (isKeyUpdateRefused(error)) return hashAllByInsert(location, onBatch);
      if (!wasOvertaken(error) || ++attempts === MAX_ATTEMPTS) throw error;
    }
  }
}

/** Whether a store moved one of the rows meanwhile, or held its lock. */
const wasOvertaken = (error: unknown): boolean =>
  hasSqlState(error, UNIQUE_VIOLATION, LOCK_NOT_AVAILABLE, ...ROLLED_BACK);

/** Apps may move, destroy or prune all rows of a batch meanwhile. */
async function hashAllByInsert(location: TableLocation, onBatch: (rows: number) => void): Promise<void> {
  for (let attempts = 0; attempts < MAX_ATTEMPTS; ) {
    const moved = await retry(() => rehashByInsert(location, BATCH), Infinity, { idempotent: true });
    onBatch(moved);
    attempts = moved > 0 ? 0 : attempts + 1;
    if (moved === 0 && (await unhashedRows(location)) === 0) return;
  }
  throw idsStay();
}

const idsStay = () => new Error(`session ids stay as they are: ${KEPT}`);
