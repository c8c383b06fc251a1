// Prepared statements, and what the store does if a connection loses them.
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import * as assert from 'uvu/assert';
import { PgSessionStore } from '../../src/index.js';
import { freshPool, freshStore, loadSession, session } from '../support/fresh-store.js';
import { suite } from '../support/harness.js';
import { pgbouncer, startPgBouncer } from '../support/pgbouncer.js';

const test = suite('prepared statements', { timeout: 30_000 });

/** The names of the prepared statements on an idle connection of the pool. */
async function preparedNames(pool: pg.Pool): Promise<string[]> {
  const client = await pool.connect();
  const { rows } = await client.query('SELECT name FROM pg_prepared_statements ORDER BY 1');
  client.release();
  return rows.map(({ name }) => name);
}

test('a prepared statement has the same name in each process, and no name with prepare: false', async () => {
  const { store, pool, names } = await freshStore({ pool: freshPool({ max: 1 }) });
  await store.get('a');
  const first = await preparedNames(pool);
  assert.match(String(first), /^ss_[\w-]{22}$/);
  const other = freshPool({ max: 1 });
  await new PgSessionStore({ pool: other, ...names, pruneSessionInterval: false }).get('b');
  assert.equal(await preparedNames(other), first);

  const without = freshPool({ max: 1 });
  await new PgSessionStore({ pool: without, ...names, prepare: false, pruneSessionInterval: false }).get('a');
  assert.equal(await preparedNames(without), []);
});

test('PostgreSQL keeps the plan of a batch of gets, even of a small batch', async () => {
  const { store, pool } = await freshStore({ pool: freshPool({ max: 1 }) });
  const { rows: version } = await pool.query(
    `SELECT current_setting('server_version_num')::int >= 140000 AS "hasCounts"`,
  );
  for (const count of [2, 5, 11]) {
    const client = await pool.connect();
    client.release(true); // a new connection has no plans
    for (let n = 0; n < 12; n++) await Promise.all(Array.from({ length: count }, (_, i) => store.get(`${i}`)));
    if (!version[0].hasCounts) continue;
    const usedClient = await pool.connect();
    const { rows } = await usedClient.query('SELECT sum(generic_plans)::int AS generic FROM pg_prepared_statements');
    usedClient.release();
    assert.ok(rows[0].generic >= 6, `${count} concurrent gets: ${rows[0].generic} of 12 used a generic plan`);
  }
});

test('no call fails after an ALTER TABLE', async () => {
  const { store, pool, table } = await freshStore({ pool: freshPool({ max: 1 }) });
  await store.set('a', session({ user: 'ada' }));
  for (let n = 0; n < 8; n++) await store.get('a');
  await pool.query(`ALTER TABLE ${table} ALTER sid TYPE text`);
  assert.is((await store.get('a'))!.user, 'ada');
  await pool.query(`ALTER TABLE ${table} ALTER sess TYPE jsonb`);
  const loaded = await loadSession(store, 'a');
  loaded.user = 'grace';
  await store.set('a', loaded);
  assert.is((await store.get('a'))!.user, 'grace');
  assert.ok((await preparedNames(pool)).length > 0);
});

test('no call fails after the connection lost its prepared statements', async () => {
  const { store, pool } = await freshStore({ pool: freshPool({ max: 1 }) });
  await store.set('a', session({ user: 'ada' }));
  await store.get('a');
  await pool.query('DISCARD ALL');
  assert.is((await store.get('a'))!.user, 'ada');
  await store.set('a', session({ user: 'grace' }));
  assert.is((await store.get('a'))!.user, 'grace');
});

if (pgbouncer) {
  test('800 concurrent calls succeed behind a PgBouncer in transaction mode', async () => {
    const { names, store } = await freshStore();
    const pool = freshPool({ connectionString: await startPgBouncer(), max: 16 });
    const pooled = new PgSessionStore({ pool, ...names, pruneSessionInterval: false, touchAfter: 0 });
    const sids = Array.from({ length: 200 }, (_, n) => `session ${n}`);
    const errors: unknown[] = [];
    const each = async (call: (sid: string) => Promise<unknown>) =>
      // The pauses spread the calls over many statements and connections.
      Promise.all(
        sids.map((sid, n) =>
          sleep(n % 10)
            .then(() => call(sid))
            .catch((error) => errors.push(error)),
        ),
      );

    await each((sid) => pooled.set(sid, session({ views: 1 })));
    await each((sid) => pooled.get(sid));
    await each(async (sid) => {
      const loaded = await loadSession(pooled, sid);
      loaded.views++;
      await pooled.set(sid, loaded);
    });
    await each((sid) => pooled.touch(sid, session({})));

    assert.equal(errors, []);
    assert.is((await store.get('session 7'))!.views, 2);
  });
} else {
  console.log('skipped, because pgbouncer is not on the PATH: PgBouncer in transaction mode');
}
