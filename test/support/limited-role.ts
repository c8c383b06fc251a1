// A role that may log in and, until it is granted something, do nothing else.
import pg from 'pg';
import * as assert from 'uvu/assert';
import { freshPool } from './fresh-store.js';
import { onEnd } from './harness.js';

let made = 0;

/** The role, quoted, and a pool of its own. It is dropped with the test. */
export async function freshLimitedRole(administrator: pg.Pool) {
  const name = `clerk "${process.pid} ${++made}`;
  const role = pg.escapeIdentifier(name);
  await administrator.query(`CREATE ROLE ${role} LOGIN PASSWORD 'clerk'`);
  onEnd(async () => {
    await administrator.query(`DROP OWNED BY ${role}`);
    await administrator.query(`DROP ROLE ${role}`);
  });
  const url = new URL(process.env.TEST_SERVER_URL!);
  url.username = encodeURIComponent(name);
  url.password = 'clerk';
  return { role, clerksPool: freshPool({ connectionString: url.href }) };
}

/** What the work fails with, as it should. */
export const failure = (work: Promise<unknown>): Promise<any> =>
  work.then(
    () => assert.unreachable('it did not fail'),
    (error) => error,
  );
