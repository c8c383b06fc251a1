// A statement is sent in the async context of a request that it serves, as tracers need it.
import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import * as assert from 'uvu/assert';
import { freshPool, freshStore, lockRows, session, storedId } from '../support/fresh-store.js';
import { suite } from '../support/harness.js';

const test = suite('async context', { timeout: 20_000 });
const requests = new AsyncLocalStorage<string>();

/**
 * The requests in whose context the pool is asked for clients, and statements are sent, with their
 * values.
 */
function contextsOf(pool: pg.Pool) {
  const asked: (string | undefined)[] = [];
  const sent: { sid: string | undefined; values: unknown[] }[] = [];
  const { connect } = pool;
  Object.assign(pool, {
    connect: (...args: unknown[]) => {
      asked.push(requests.getStore());
      return Reflect.apply(connect, pool, args);
    },
  });
  pool.on('connect', (client) => {
    const { query } = client;
    const recorded = (...args: any[]) => {
      sent.push({ sid: requests.getStore(), values: (args[0].values ?? []).flat() });
      return Reflect.apply(query, client, args);
    };
    Object.assign(client, { query: recorded });
  });
  return { asked, sent };
}

for (const max of [1, 4]) {
  for (const batch of [true, false]) {
    test(`60 requests that overlap, with a pool of ${max} and batch: ${batch}`, async () => {
      const pool = freshPool({ max });
      const { asked, sent } = contextsOf(pool);
      const { store } = await freshStore({ pool, batch });
      asked.length = sent.length = 0;
      const sids = Array.from({ length: 60 }, (_, n) => `session ${n}`);
      const request = async (sid: string, n: number) => {
        await sleep(n % 7);
        await store.set(sid, session({ n }));
        await store.get(sid);
        await store.update(sid, (found) => Object.assign(found, { changed: true }));
        await store.destroy(sid);
      };
      await Promise.all(sids.map((sid, n) => requests.run(sid, () => request(sid, n))));
      const served = sent.filter(({ values }) => values.length > 0);
      assert.ok(served.length >= (batch ? 8 : 240), `${served.length} statements`);
      const foreign = served.filter(({ sid, values }) => !sid || !JSON.stringify(values).includes(storedId(sid)));
      assert.equal(foreign, []);
      assert.equal(
        asked.filter((sid) => !sid),
        [],
      );
    });
  }
}

test('the callback of a call that times out runs in the context of its request', async () => {
  const { store, pool } = await freshStore({ pool: freshPool({ max: 1 }), timeout: 0.2 });
  const client = await pool.connect();
  const contexts = await Promise.all(
    ['a', 'b', 'c'].map(async (sid, n) => {
      await sleep(n * 20);
      return requests.run(
        sid,
        () => new Promise((resolve) => store.get(sid, (error) => resolve([error?.code, requests.getStore()]))),
      );
    }),
  );
  client.release();
  assert.equal(contexts, [
    ['TIMEOUT', 'a'],
    ['TIMEOUT', 'b'],
    ['TIMEOUT', 'c'],
  ]);
});

test('writes that wait for locked rows are sent in the context of their requests', async () => {
  const pool = freshPool({ max: 4 });
  const { asked, sent } = contextsOf(pool);
  const { store, table } = await freshStore({ pool, hashIds: false });
  const sids = Array.from({ length: 12 }, (_, n) => `session ${n}`);
  for (const sid of sids) await store.set(sid, session());
  const unlock = await lockRows(pool, table);
  asked.length = sent.length = 0;
  const writes = sids.map((sid, n) => requests.run(sid, () => store.set(sid, session({ n }))));
  await sleep(700);
  await unlock();
  await Promise.all(writes);
  const served = sent.filter(({ values }) => sids.some((sid) => values.includes(sid)));
  assert.ok(served.length > 12, `${served.length} statements`);
  assert.equal(
    served.filter(({ sid, values }) => !values.includes(sid)),
    [],
  );
});
