// Brings a whole table from ids in clear under their hashes, while sessions go on being used.
import type { Pool } from 'pg';
import type { SessionStoreError } from '../errors.js';
import { countInClear, moveSessions, takeSessions } from '../generated/hash-ids.js';
import { inTransaction, onPool } from '../postgres/connection.js';
import { bindTable, type TableNames } from '../table/names.js';
import { movesNoKey, putAll } from '../table/rehash.js';

const BEGINNING = '-infinity';
const OVERTAKEN = /^(23505|40P01|40001|55P03)$/; // a store moved one of them, or held its row
const MOST_TRIES = 20;

/** How many rows hold an id in clear. */
export async function rowsInClear(pool: Pool, names: TableNames): Promise<number> {
  const [row] = await countInClear.run(undefined, bindTable(onPool(pool)(Infinity), names));
  return row!.count;
}

/**
 * Moves rows under the hash of their id until a pass from the beginning finds no other. May be broken off, and done again.
 *
 * @param batch rows of one statement at most
 * @param onBatch told how many each statement moved
 */
export async function hashIds(
  pool: Pool,
  names: TableNames,
  { batch = 500, onBatch }: { batch?: number; onBatch?: (rows: number) => void } = {},
): Promise<void> {
  const bound = bindTable(onPool(pool)(Infinity), names);
  let expire = BEGINNING;
  let tries = 0;
  for (;;) {
    try {
      const [done] = await moveSessions.run({ expire, batch }, bound);
      const { seen, moved, dropped, last } = done!;
      tries = 0;
      onBatch?.(moved + dropped);
      if (seen === moved && seen < batch && expire === BEGINNING) return;
      expire = seen < batch ? BEGINNING : (last ?? BEGINNING);
    } catch (error) {
      const failed = error as SessionStoreError;
      if (movesNoKey(failed)) return takeAndPut(pool, names, batch, onBatch);
      if (!OVERTAKEN.test(failed.sqlState ?? '') || ++tries === MOST_TRIES) throw error;
    }
  }
}

async function takeAndPut(pool: Pool, names: TableNames, batch: number, onBatch?: (rows: number) => void) {
  for (let taken = batch; taken === batch; onBatch?.(taken)) {
    taken = await inTransaction(pool, Infinity, async (client) => {
      const db = bindTable(client, names);
      const rows = await takeSessions.run({ batch }, db);
      await putAll(rows, db);
      return rows.length;
    });
  }
}
