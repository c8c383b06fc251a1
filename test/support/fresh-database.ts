// A database for one test, for tests of database-wide state: settings and old transactions.
import pg from 'pg';
import { freshPool } from './fresh-store.js';
import { onEnd } from './harness.js';

let databases = 0;

/**
 * Creates a database, and drops it after the test. Returns its name and its URL.
 *
 * @param options of CREATE DATABASE
 */
export async function freshDatabase(options = ''): Promise<{ database: string; url: string }> {
  const database = `test_${process.pid}_${++databases}`;
  const pool = freshPool();
  await pool.query(`CREATE DATABASE ${pg.escapeIdentifier(database)} ${options}`);
  onEnd(() => pool.query(`DROP DATABASE ${pg.escapeIdentifier(database)}`));
  const url = Object.assign(new URL(process.env.TEST_SERVER_URL!), { pathname: `/${database}` }).href;
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query('REVOKE CREATE ON SCHEMA public FROM PUBLIC').finally(() => client.end()); // as since PostgreSQL 15
  return { database, url };
}
