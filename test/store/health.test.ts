// health(), stats(), and the diagnostics channel connect-pg-typed:call.
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import * as assert from 'uvu/assert';
import { type CallMessage, type Health, PgSessionStore } from '../../src/index.js';
import { freshPool, freshStore, loadSession, session } from '../support/fresh-store.js';
import { onEnd, suite } from '../support/harness.js';

const test = suite('health');

test('health() returns ok, the latency and the counts of the pool', async () => {
  const { store, pool } = await freshStore();
  const { ok, latencyMs, pool: counts, error } = await store.health();
  assert.is(ok, true);
  assert.ok(latencyMs > 0 && latencyMs < 1000);
  assert.equal(counts, { total: pool.totalCount, idle: 1, waiting: 0 });
  assert.is(error, undefined);
});

test('health() checks out one client', async () => {
  const { store, pool } = await freshStore({ pool: freshPool({ max: 1 }) });
  let acquired = 0;
  pool.on('acquire', () => acquired++);
  await store.health();
  assert.is(acquired, 1);
});

test('health() returns the error and does not fail', async () => {
  const { store, pool, table } = await freshStore();
  await pool.query(`ALTER TABLE ${table} RENAME TO elsewhere`);
  const missing = await store.health();
  assert.is(missing.ok, false);
  assert.is(missing.error!.sqlState, '42P01');
  assert.match(missing.error!.message, /does not exist\. Create the table with createTable\(\), .* or set schemaName/);

  const unreachable = new PgSessionStore({
    conString: 'postgres://postgres@127.0.0.1:1/none',
    pruneSessionInterval: false,
  });
  onEnd(() => unreachable.close());
  const health = await unreachable.health();
  assert.is(health.ok, false);
  assert.is(health.error!.code, 'DATABASE');
  assert.equal(health.pool, { total: 0, idle: 0, waiting: 0 });

  await store.close();
  assert.is((await store.health()).error!.code, 'CLOSED');
});

test('health() calls back with the health', async () => {
  const { store } = await freshStore();
  const [error, health] = await new Promise<[unknown, Health | undefined]>((resolve) =>
    store.health((...args) => resolve([args[0], args[1]])),
  );
  assert.is(error, null);
  assert.is(health!.ok, true);
});

test('stats() counts calls, batches, merges, gone sessions and pruned sessions', async () => {
  const { store, pool, table } = await freshStore({ batch: true });
  const { callsByMethod, errorsByCode, ...before } = store.stats();
  const counters = { calls: 0, batches: 0, merges: 0, gone: 0, unreadable: 0, retries: 0, pruned: 0, moved: 0 };
  assert.equal(before, { ...counters, lastMovedAt: undefined });
  for (const counts of [callsByMethod, errorsByCode]) assert.equal([...new Set(Object.values(counts))], [0]);

  await Promise.all(['a', 'b', 'c'].map((sid) => store.set(sid, session({ views: 0 }))));
  assert.equal([store.stats().calls, store.stats().batches], [3, 1]);

  const [one, other] = [await loadSession(store, 'a'), await loadSession(store, 'a')];
  await store.set('a', Object.assign(one, { mine: 1 }));
  await store.set('a', Object.assign(other, { yours: 1 }));
  assert.is(store.stats().merges, 1);

  await store.destroy('a');
  await store.set('a', Object.assign(one, { mine: 2 }));
  assert.is(store.stats().gone, 1);

  await pool.query(`UPDATE ${table} SET expire = now() - interval '1 s'`);
  await store.pruneSessions();
  assert.is(store.stats().pruned, 2);
});

test('stats() counts each call that timed out once, and unreadable rows', async () => {
  const { store, pool, table } = await freshStore({ pool: freshPool({ max: 1 }), timeout: 0.5 });
  const client = await pool.connect();
  const late = await Promise.allSettled(['a', 'b', 'c', 'd'].map((sid) => store.get(sid)));
  client.release();
  assert.equal(
    late.map((result) => result.status === 'rejected' && result.reason.code),
    Array(4).fill('TIMEOUT'),
  );
  assert.is(store.stats().errorsByCode.TIMEOUT, 4);

  store.on('unreadable', () => {});
  await store.set('a', session());
  await pool.query(`UPDATE ${table} SET sess = '[]'`);
  await store.get('a');
  assert.is(store.stats().unreadable, 1);
});

test('stats() counts calls by method, and returns a copy', async () => {
  const { store } = await freshStore();
  await store.set('a', session());
  await store.get('a');
  await new Promise((resolve) => store.get('b', resolve));
  await store.touch('a', session());
  await store.update('a', () => {});
  await Promise.all([store.all(), store.length(), store.health(), store.createTable(), store.pruneSessions()]);
  await store.destroy('a');
  await store.clear();
  const { calls, callsByMethod } = store.stats();
  const once = { set: 1, touch: 1, update: 1, destroy: 1, all: 1, length: 1, clear: 1 };
  assert.equal(callsByMethod, { ...once, get: 2, pruneSessions: 1, createTable: 1, health: 1 });
  assert.is(calls, 12);
  callsByMethod.get = 99;
  assert.is(store.stats().callsByMethod.get, 2);
});

test('stats() counts failed calls by the code of the error, refused calls too', async () => {
  const { store, pool, table } = await freshStore({ pool: freshPool({ max: 1 }), timeout: 0.5, maxWaiting: 10 });
  const failed = async (...calls: Promise<unknown>[]) => {
    for (const { status } of await Promise.allSettled(calls)) assert.is(status, 'rejected');
  };
  await store.set('a', session());
  await failed(store.set('a', session({ large: 1n })));
  await failed(store.update('a', undefined!));
  const client = await pool.connect();
  const first = Array.from({ length: 10 }, (_, n) => store.get(`${n}`)); // as many as may wait
  await failed(...first, store.get('b'), store.set('b', session()));
  client.release();

  await pool.query(`ALTER TABLE ${table} RENAME TO elsewhere`);
  await failed(store.get('a'));
  await store.health(); // does not fail, and finds that the table is missing
  await store.close();
  await failed(store.get('a'));
  const { callsByMethod, errorsByCode } = store.stats();
  const others = { CONFLICT: 0, KEYS: 0, OLD_STORE: 0 };
  assert.equal(errorsByCode, { ...others, DATABASE: 2, TIMEOUT: 10, OVERLOADED: 2, CLOSED: 1, OTHER: 2 });
  assert.equal([callsByMethod.get, callsByMethod.set, callsByMethod.update], [11, 2, 1]);
});

test('the store publishes each call that ended, with its method, duration and error', async () => {
  const { store, pool, table } = await freshStore();
  const messages: CallMessage[] = [];
  const listener = (message: unknown) => messages.push(message as CallMessage);
  subscribe('connect-pg-typed:call', listener);
  onEnd(() => unsubscribe('connect-pg-typed:call', listener));

  await store.set('a', session());
  await store.get('a');
  await pool.query(`DROP TABLE ${table}`);
  const error = await store.get('a').catch((error) => error);

  assert.equal(
    messages.map(({ method }) => method),
    ['set', 'get', 'get'],
  );
  assert.ok(messages.every(({ durationMs }) => durationMs > 0 && durationMs < 5000));
  assert.equal([messages[0]!.error, messages[1]!.error], [undefined, undefined]);
  assert.is(messages[2]!.error, error);
});
