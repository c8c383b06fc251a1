// A database of a test's own, for what concerns all of a database: its settings, its old transactions.
import pg from 'pg';
import { freshPool } from './fresh-store.js';
import { onEnd } from './harness.js';

let made = 0;

/** Makes it, and drops it when the test has ended. Its name and its URL. */
export async function freshDatabase(): Promise<{ database: string; url: string }> {
  const database = `test_${process.pid}_${++made}`;
  const pool = freshPool();
  await pool.query(`CREATE DATABASE ${pg.escapeIdentifier(database)}`);
  onEnd(() => pool.query(`DROP DATABASE ${pg.escapeIdentifier(database)}`));
  return { database, url: Object.assign(new URL(process.env.TEST_SERVER_URL!), { pathname: `/${database}` }).href };
}
