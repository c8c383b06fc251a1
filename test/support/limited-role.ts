// A role that may only log in, until the test grants it something.
import pg from 'pg';
import * as assert from 'uvu/assert';
import { freshPool } from './fresh-store.js';
import { onEnd } from './harness.js';

let roles = 0;

/** Returns the quoted role and a pool that logs in as it. Drops the role after the test. */
export async function freshLimitedRole(administrator: pg.Pool) {
  const name = `limited "${process.pid} ${++roles}`;
  const role = pg.escapeIdentifier(name);
  await administrator.query(`CREATE ROLE ${role} LOGIN PASSWORD 'limited'`);
  onEnd(async () => {
    await administrator.query(`DROP OWNED BY ${role}`);
    await administrator.query(`DROP ROLE ${role}`);
  });
  const url = new URL(process.env.TEST_SERVER_URL!);
  url.username = encodeURIComponent(name);
  url.password = 'limited';
  return { role, limitedPool: freshPool({ connectionString: url.href }) };
}

/** Resolves with the error of this work, and fails if the work succeeds. */
export const failure = (work: Promise<unknown>): Promise<any> =>
  work.then(
    () => assert.unreachable('the work did not fail'),
    (error) => error,
  );
