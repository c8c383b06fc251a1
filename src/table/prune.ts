// Deletes all expired sessions of a table, in batches.
import type { IDatabaseConnection } from '@pgtyped/runtime';
import { hasSqlState, SessionStoreError } from '../errors.js';
import { pruneSessions } from '../generated/prune.js';
import { QUERY_CANCELED } from '../sql-states.js';
import { pruneKey, type TableNames } from './names.js';

/** Rows that one statement deletes at most, unless an option says otherwise. */
export const DEFAULT_PRUNE_BATCH = 1000;

export interface PruneOptions {
  /** Rows that one statement deletes at most. */
  batchSize: number;
  /** Called after each statement with the number of rows that it deleted. */
  onBatch?: ((rows: number) => void) | undefined;
  /** Stops after the statement that is in flight. */
  signal?: AbortSignal;
}

/**
 * Prunes until no expired session is left. A batch that takes too long is tried again with half as
 * many rows.
 *
 * @param connect called before each statement
 * @returns the number of deleted rows. 0 can also mean that another process holds the prune lock
 */
export async function prune(
  connect: () => Promise<IDatabaseConnection>,
  names: TableNames,
  { batchSize, onBatch, signal }: PruneOptions,
): Promise<number> {
  const key = pruneKey(names);
  let batch = batchSize;
  let pruned = 0;
  let since = Number.NEGATIVE_INFINITY;
  while (!signal?.aborted) {
    try {
      const deleted = await pruneSessions.run({ key, batch, since }, await connect());
      if (deleted.length === 0) break; // fewer than a batch is not the end: another process may have deleted a row
      pruned += deleted.length;
      onBatch?.(deleted.length);
      for (const { expired } of deleted) since = Math.max(since, expired - 0.001); // a double has no exact microseconds
    } catch (error) {
      if (!tookTooLong(error) || batch === 1) throw error;
      batch = Math.ceil(batch / 2);
    }
  }
  return pruned;
}

/** Past the deadline, or past the server's statement_timeout. */
const tookTooLong = (error: unknown): boolean =>
  (error instanceof SessionStoreError && error.code === 'TIMEOUT') || hasSqlState(error, QUERY_CANCELED);
