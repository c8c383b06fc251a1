// Tables on a Citus cluster, for the tests that TEST_CITUS_URL turns on: the URL of a database on a
// node.
import pg from 'pg';
import { freshNames, freshPool } from './fresh-store.js';
import { onEnd, suite } from './harness.js';
import { quotedName } from './stores.js';

const url = process.env.TEST_CITUS_URL;

/** Whether there is a cluster. If not, prints which tests are left out. */
export function hasCitus(what: string): boolean {
  if (!url) console.log(`skipped, because TEST_CITUS_URL is not set: ${what}`);
  return Boolean(url);
}

/** A suite for tests that need a cluster. */
export function citusSuite(name: string, options: { timeout: number }) {
  const isThere = hasCitus(name);
  const made = suite(name, { ...options, mayBeEmpty: !isThere });
  return isThere ? made : () => {};
}

export const COLUMNS = 'sid varchar PRIMARY KEY, sess json NOT NULL, expire timestamptz(6) NOT NULL';

/**
 * Creates a table on the cluster, and drops it after the test.
 *
 * @param distribute the number of shards, or `reference` for a table with a copy on each node. 0
 *   for a table that is not distributed
 */
export async function citusTable(distribute: number | 'reference', columns = COLUMNS) {
  const pool = freshPool({ connectionString: url! });
  const names = freshNames();
  const table = quotedName(names);
  const schema = pg.escapeIdentifier(names.schemaName);
  await pool.query(`CREATE SCHEMA ${schema}; CREATE TABLE ${table} (${columns}); CREATE INDEX ON ${table} (expire)`);
  onEnd(() => pool.query(`DROP SCHEMA ${schema} CASCADE`));
  if (distribute !== 0) await distributeTable(pool, table, distribute);
  return { pool, names, table };
}

/** @param table its quoted name */
export async function distributeTable(pool: pg.Pool, table: string, how: number | 'reference'): Promise<void> {
  if (how === 'reference') {
    await pool.query('SELECT create_reference_table($1)', [table]);
    return;
  }
  const sql = "SELECT create_distributed_table($1, 'sid', shard_count => $2::int, colocate_with => 'none')";
  await pool.query(sql, [table, how]);
}

/** The URLs of all nodes, that of the coordinator first. */
export async function nodes(pool: pg.Pool): Promise<string[]> {
  const { rows } = await pool.query(
    "SELECT nodename AS hostname, nodeport AS port FROM pg_dist_node WHERE noderole = 'primary' ORDER BY groupid",
  );
  const urls = rows.map(({ hostname, port }) => Object.assign(new URL(url!), { hostname, port: String(port) }).href);
  return [url!, ...urls.filter((one) => new URL(one).port !== new URL(url!).port)];
}
