// Statements that the server keeps by name, and what happens where it does not keep them.
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import * as assert from 'uvu/assert';
import { PgSessionStore } from '../../src/index.js';
import { freshPool, freshStore, loadSession, session } from '../support/fresh-store.js';
import { suite } from '../support/harness.js';
import { pgbouncer, startPgBouncer } from '../support/pgbouncer.js';

const test = suite('prepare', { timeout: 30_000 });

/** The names that a connection of the pool's has, which the store has given back. */
async function kept(pool: pg.Pool): Promise<string[]> {
  const client = await pool.connect();
  const { rows } = await client.query('SELECT name FROM pg_prepared_statements ORDER BY 1');
  client.release();
  return rows.map(({ name }) => name);
}

test('statements have names that are the same in every process, and with prepare: false none', async () => {
  const { store, pool, names } = await freshStore({ pool: freshPool({ max: 1 }) });
  await store.get('a');
  const first = await kept(pool);
  assert.match(String(first), /^ss_[\w-]{22}$/);
  const other = freshPool({ max: 1 });
  await new PgSessionStore({ pool: other, ...names, pruneSessionInterval: false }).get('b');
  assert.equal(await kept(other), first);

  const without = freshPool({ max: 1 });
  await new PgSessionStore({ pool: without, ...names, prepare: false, pruneSessionInterval: false }).get('a');
  assert.equal(await kept(without), []);
});

test('the plan of a batch of gets is kept, however few they are', async () => {
  const { store, pool } = await freshStore({ pool: freshPool({ max: 1 }) });
  const { rows: version } = await pool.query(
    `SELECT current_setting('server_version_num')::int >= 140000 AS "hasCounts"`,
  );
  for (const count of [2, 5, 11]) {
    const client = await pool.connect();
    client.release(true); // the next has no plans
    for (let n = 0; n < 12; n++) await Promise.all(Array.from({ length: count }, (_, i) => store.get(`${i}`)));
    if (!version[0].hasCounts) continue;
    const theStores = await pool.connect();
    const { rows } = await theStores.query('SELECT sum(generic_plans)::int AS kept FROM pg_prepared_statements');
    theStores.release();
    assert.ok(rows[0].kept >= 6, `${count} gets at once: ${rows[0].kept} of 12 by a plan that was kept`);
  }
});

test('a table that was altered meanwhile costs no call an error', async () => {
  const { store, pool, table } = await freshStore({ pool: freshPool({ max: 1 }) });
  await store.set('a', session({ user: 'ada' }));
  for (let n = 0; n < 8; n++) await store.get('a');
  await pool.query(`ALTER TABLE ${table} ALTER sid TYPE text`);
  assert.is(((await store.get('a')) as any).user, 'ada');
  await pool.query(`ALTER TABLE ${table} ALTER sess TYPE jsonb`);
  const loaded = await loadSession(store, 'a');
  loaded.user = 'grace';
  await store.set('a', loaded as never);
  assert.is(((await store.get('a')) as any).user, 'grace');
  assert.ok((await kept(pool)).length > 0);
});

test('a connection that has forgotten its statements costs no call an error', async () => {
  const { store, pool } = await freshStore({ pool: freshPool({ max: 1 }) });
  await store.set('a', session({ user: 'ada' }));
  await store.get('a');
  await pool.query('DISCARD ALL');
  assert.is(((await store.get('a')) as any).user, 'ada');
  await store.set('a', session({ user: 'grace' }));
  assert.is(((await store.get('a')) as any).user, 'grace');
});

if (pgbouncer) {
  test('behind a PgBouncer in transaction mode, 800 calls at once make no error', async () => {
    const { names, store } = await freshStore();
    const pool = freshPool({ connectionString: await startPgBouncer(), max: 16 });
    const pooled = new PgSessionStore({ pool, ...names, pruneSessionInterval: false, touchAfter: 0 });
    const sids = Array.from({ length: 200 }, (_, n) => `session ${n}`);
    const errors: unknown[] = [];
    const each = async (call: (sid: string) => Promise<unknown>) =>
      // Not all in one statement: a few at a time, on many connections.
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
      await pooled.set(sid, loaded as never);
    });
    await each((sid) => pooled.touch(sid, session({})));

    assert.equal(errors, []);
    assert.is(((await store.get('session 7')) as any).views, 2);
  });
} else {
  console.log('left out, since there is no pgbouncer on the PATH: behind a PgBouncer in transaction mode');
}
