// Distributes the table over the servers of a Citus cluster.
import { setTimeout as sleep } from 'node:timers/promises';
import type { IDatabaseConnection } from '@pgtyped/runtime';
import { checkNames, checkOption, type Rule, refused } from '../errors.js';
import { distributeTable, distributeTableConcurrently, findCitus } from '../generated/citus.js';
import { readDistribution } from './distribution.js';
import { catalogNames, type TableNames } from './names.js';

const DEFAULT_SHARDS = 8;
const MIN_SHARDS = 2; // with one, Citus runs pg_notify on the server of the shard
const MAX_SHARDS = 64_000; // Citus's own limit
const WAIT_MS = 500; // for another process that distributes the table

export const SHARD_COUNT_RULE: Rule = [
  `a whole number from ${MIN_SHARDS} to ${MAX_SHARDS}`,
  (value) => Number.isInteger(value) && (value as number) >= MIN_SHARDS && (value as number) <= MAX_SHARDS,
];

const NO_CITUS = 'the server lacks the extension Citus. Run CREATE EXTENSION citus, or leave out distributed';

/** Whether Citus distributes the table, or keeps a copy of it on each server. */
export async function isDistributed(names: TableNames, db: IDatabaseConnection): Promise<boolean> {
  const [citus] = await findCitus.run(undefined, db);
  if (!citus) throw refused(NO_CITUS);
  return (await readDistribution(names, db)) !== undefined;
}

/**
 * Distributes the table by sid.
 *
 * @param isNew whether the table is empty, and created in the transaction of `db`. Otherwise the
 *   table may be in use, and `db` must not be in a transaction
 */
export async function distribute(
  names: TableNames,
  db: IDatabaseConnection,
  { shardCount = DEFAULT_SHARDS, isNew }: { shardCount?: number | undefined; isNew: boolean },
): Promise<void> {
  const params = { ...catalogNames(names), shardCount };
  if (isNew) return void (await distributeTable.run(params, db));
  for (;;) {
    try {
      return void (await distributeTableConcurrently.run(params, db));
    } catch (error) {
      if (!/another .* is in progress/.test(String(error))) {
        if ((await readDistribution(names, db))?.column === 'sid') return; // by another process
        throw error;
      }
      await sleep(WAIT_MS);
    }
  }
}

/** The statement that distributes the table, if it is not yet. `table` is its quoted name. */
export function distributeStatement(table: string, shardCount = DEFAULT_SHARDS): string {
  const literal = `'${table.replaceAll("'", "''")}'`;
  return (
    `SELECT create_distributed_table(${literal}, 'sid', colocate_with => 'none', shard_count => ${shardCount}) ` +
    `WHERE NOT EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = ${literal}::regclass)`
  );
}

/** @throws {TypeError} if it is not an object with a valid `shardCount` */
export function checkDistributed(distributed: { shardCount?: number | undefined }): void {
  checkNames(distributed, ['shardCount']);
  const { shardCount } = distributed;
  if (shardCount !== undefined) checkOption('shardCount', shardCount, SHARD_COUNT_RULE);
}
