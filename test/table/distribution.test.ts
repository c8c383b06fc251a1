// A table that Citus distributes: what the store does otherwise than on other tables.
import type pg from 'pg';
import * as assert from 'uvu/assert';
import { PgSessionStore, type StoreOptions } from '../../src/index.js';
import { citusTable, distributeTable, hasCitus } from '../support/citus.js';
import { freshPool, freshStore, loadSession, session } from '../support/fresh-store.js';
import { onEnd, suite } from '../support/harness.js';
import { failure } from '../support/limited-role.js';

const test = suite('distribution', { timeout: 60_000 });
const withCitus = hasCitus('distributed tables') ? test : () => {};

/** The texts of the statements that the pool's new clients send. */
function statementsOf(pool: pg.Pool): string[] {
  const sent: string[] = [];
  pool.on('connect', (client) => {
    const { query } = client;
    const recorded = (...args: unknown[]) => {
      sent.push(String((args[0] as { text?: string }).text ?? args[0]));
      return Reflect.apply(query, client, args);
    };
    Object.assign(client, { query: recorded });
  });
  return sent;
}

async function citusStore(shards: number | 'reference', options: StoreOptions = {}) {
  const { pool, names, table } = await citusTable(shards);
  const storePool = freshPool({ connectionString: process.env.TEST_CITUS_URL! });
  const sent = statementsOf(storePool);
  const store = new PgSessionStore({
    pool: storePool,
    ...names,
    pruneSessionInterval: false,
    touchAfter: 0,
    timeout: 30, // Citus connects each new backend to each worker, which takes long on a busy machine
    ...options,
  });
  onEnd(() => store.close());
  return { pool, store, names, table, sent };
}

const isOfCatalogs = (text: string) => /pg_extension|pg_dist|get_shard_id/.test(text);

test('on a server without Citus, the store does not ask for its catalogs', async () => {
  const { names } = await freshStore();
  const pool = freshPool();
  const sent = statementsOf(pool);
  const store = new PgSessionStore({ pool, ...names, pruneSessionInterval: false, touchAfter: 0 });
  onEnd(() => store.close());
  await store.get('missing');
  await store.set('a', session());
  await store.touch('a', session());
  await store.destroy('a');
  assert.is(sent.length, 4);
  assert.equal(sent.filter(isOfCatalogs), []);
});

withCitus('the store asks once how the table is distributed, whatever its first call is', async () => {
  const { names } = await citusTable(4);
  const calls: Record<string, (store: PgSessionStore) => Promise<unknown>> = {
    set: (store) => store.set('a', session({ views: 1 })),
    touch: (store) => store.touch('a', session()),
    get: (store) => store.get('a'),
    update: (store) => store.update('a', (found) => found.views++),
  };
  for (const [method, call] of Object.entries(calls)) {
    const pool = freshPool({ connectionString: process.env.TEST_CITUS_URL! });
    const sent = statementsOf(pool);
    const store = new PgSessionStore({ pool, ...names, pruneSessionInterval: false, touchAfter: 0 });
    onEnd(() => store.close());
    await call(store);
    await call(store);
    assert.is(sent.filter(isOfCatalogs).length, 4, method); // the extension, the table, its shards, some sids
  }
});

for (const shards of [4, 32, 'reference'] as const) {
  withCitus(`requests load, change, touch and end sessions, with shards: ${shards}`, async () => {
    const { store } = await citusStore(shards);
    const sids = Array.from({ length: 40 }, (_, n) => `session ${n}`);
    await Promise.all(sids.map((sid) => store.set(sid, session({ views: 0 }))));
    const loaded = await Promise.all(sids.map((sid) => loadSession(store, sid)));
    await Promise.all(loaded.map((one) => store.touch(one.id, one)));
    await Promise.all(loaded.map((one) => store.set(one.id, Object.assign(one, { name: one.id }))));
    await Promise.all(sids.map((sid) => store.update(sid, (found) => found.views++)));
    for (const sid of sids) {
      const { views, name } = (await store.get(sid))!;
      assert.equal({ views, name }, { views: 1, name: sid });
    }
    assert.is(await store.length(), 40);
    await Promise.all(sids.slice(0, 20).map((sid) => store.destroy(sid)));
    assert.is(await store.length(), 20);
    const { gone } = store.stats();
    assert.is(gone, 0);
  });
}

withCitus('no call is lost if many change one session', async () => {
  const { store, names } = await citusStore(4);
  const other = new PgSessionStore({
    pool: freshPool({ connectionString: process.env.TEST_CITUS_URL! }),
    ...names,
    pruneSessionInterval: false,
  });
  onEnd(() => other.close());
  await store.set('a', session({ views: 0 }));
  const calls = Array.from({ length: 60 }, (_, n) => (n % 2 ? store : other).update('a', (found) => found.views++));
  await Promise.all(calls);
  assert.is((await store.get('a'))!.views, 60);
});

withCitus('synchronousCommit: false is refused, and the error says what to set on the workers', async () => {
  for (const shards of [4, 'reference'] as const) {
    const { store } = await citusStore(shards, { synchronousCommit: false });
    for (const call of [() => store.set('a', session()), () => store.set('a', session())]) {
      const { code, message } = await failure(call());
      assert.is(code, 'DATABASE');
      assert.match(
        message,
        /^synchronousCommit: false does not work .*`ALTER SYSTEM SET synchronous_commit = off` .* on each worker/,
      );
    }
  }
});

withCitus('touches do not change settings', async () => {
  const { store, sent } = await citusStore(4);
  await store.set('a', session());
  await Promise.all([store.touch('a', session()), store.touch('b', session())]);
  const touches = sent.filter((text) => /^(WITH|UPDATE)/.test(text));
  assert.is(touches.length, 2);
  for (const text of touches) assert.not.match(text, /set_config/);
});

withCitus('a running store notices that its table is distributed', async () => {
  const { store, pool, table, sent } = await citusStore(0, { synchronousCommit: false });
  await store.set('a', session({ views: 0 }));
  await store.touch('a', session());
  assert.match(sent.at(-1)!, /set_config/);
  await distributeTable(pool, table, 4);
  await Promise.all([store.set('b', session()), store.set('c', session()), store.touch('a', session())]);
  const { now } = performance;
  performance.now = () => Reflect.apply(now, performance, []) + 61_000;
  onEnd(() => (performance.now = now));
  do await store.touch('a', session());
  while (/set_config/.test(sent.filter((text) => !isOfCatalogs(text)).at(-1)!));
  sent.length = 0;
  await store.set('a', session({ views: 1 }));
  assert.not.match(sent.join(), /set_config/);
  assert.is((await store.get('a'))!.views, 1);
});
