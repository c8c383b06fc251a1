// Counts and measures the sessions and their table.
import { sessionStats } from '../generated/admin.js';
import { measureShards } from '../generated/citus.js';
import { checkedDistribution } from '../table/distribution.js';
import { connectTable, type TableLocation } from '../table/location.js';
import { catalogNames } from '../table/names.js';

/** Counts of rows, stored sizes in bytes, times in seconds. Null if there is no such session. */
export interface SessionStats {
  live: number;
  /** Expired rows that are not pruned yet. */
  expired: number;
  meanBytes: number | null;
  largestBytes: number | null;
  /** Seconds until the first live session expires. */
  firstExpiresIn: number | null;
  /** Seconds until the last live session expires. */
  lastExpiresIn: number | null;
  /** Seconds since the oldest expired row expired. */
  overdue: number | null;
  tableBytes: number;
  indexBytes: number;
  /** Deleted rows that are not vacuumed yet, by the server's statistics. */
  deadRows: number;
}

/** If Citus distributes the table, the sizes are those of its shards. */
export async function readStats(location: TableLocation): Promise<SessionStats> {
  const names = catalogNames(location.names);
  const db = connectTable(location);
  const distribution = await checkedDistribution(location.names, db);
  const [row] = await sessionStats.run(names, db);
  const [shards] = distribution ? await measureShards.run(names, db) : [];
  if (!shards) return row!;
  const { tableBytes, indexBytes, deadRows } = shards;
  return { ...row!, tableBytes, indexBytes, deadRows };
}
