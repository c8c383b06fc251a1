// Faults of the network during a call, other than outages.
import { setTimeout as sleep } from 'node:timers/promises';
import type { SessionData } from 'express-session';
import * as assert from 'uvu/assert';
import { PgSessionStore } from '../../src/index.js';
import { isCitus, loadSession, lockRows, OPTIONS, session } from '../support/fresh-store.js';
import { onEnd, suite } from '../support/harness.js';
import { CONNECTIONS, openScene } from '../support/outages.js';
import { assertHealthy, assertInTime, callers, outcomeOf } from '../support/outcomes.js';
import { until } from '../support/subject.js';

const test = suite('faults of the network', { timeout: 20_000 });
const timeout = isCitus ? 2 : 0.5; // there, the first statement of a connection connects to a worker

test('get() succeeds 100 times while connections are reset', async () => {
  const { store, proxy } = await openScene();
  const sids = ['a', 'b', 'c', 'd', 'e'];
  for (const sid of sids) await store.set(sid, session({ sid }));
  await proxy.set('pass', { delayMs: 2 });

  const failed: unknown[] = [];
  for (let n = 0; n < 100; n += sids.length) {
    const reads = sids.map((sid) => outcomeOf('get', async () => assert.is((await store.get(sid))!.sid, sid)));
    await sleep(1);
    proxy.resetAll(); // while the reads are in flight
    failed.push(...(await Promise.all(reads)).filter(({ error }) => error));
  }

  assert.equal(failed, []);
  assert.ok(store.stats().retries >= 20, JSON.stringify(store.stats()));
});

test('update() does not mistake the same change by another store for its own after a lost response', async () => {
  const { store, proxy, admin, names } = await openScene();
  const direct = new PgSessionStore({ pool: admin, ...names, pruneSessionInterval: false, ...OPTIONS });
  onEnd(() => direct.close());
  await direct.set('a', session({ count: 0 }));
  const increment = (found: SessionData) => {
    found.count++;
  };

  let resolveCut: (() => void) | undefined;
  const cut = new Promise<void>((resolve) => {
    resolveCut = resolve;
  });
  const lost = outcomeOf('update', () =>
    store.update('a', (found) => {
      if (resolveCut) void proxy.set('black hole'); // before the store sends the first attempt
      resolveCut?.();
      resolveCut = undefined;
      increment(found);
    }),
  );
  await cut;
  await direct.update('a', increment);
  proxy.resetAll();
  await proxy.set('pass');
  const { error } = await lost;

  const { count } = (await direct.get('a'))!;
  assert.is(count, error ? 1 : 2, 'both updates succeeded');
});

test('get() retries when the new connection ends at once, and the process survives', async () => {
  const { store, proxy, admin, role, endConnections } = await openScene();
  await proxy.set('pass', { delayMs: 100 });
  const outcome = outcomeOf('get', () => store.get('a'));
  const ready = "SELECT FROM pg_stat_activity WHERE quote_ident(usename) = $1 AND state = 'idle'";
  await until(async () => (await admin.query(ready, [role])).rowCount! > 0);
  await proxy.set('black hole'); // the proxy holds the server's first and last messages
  await endConnections();
  await sleep(50);
  await proxy.set('pass');

  assert.not.ok((await outcome).error);
});

test('a set() that timed out does not write later', async () => {
  const { store, proxy, pool } = await openScene({ timeout });
  // With a wrong key, the server ignores requests to cancel a statement. They might come in time.
  pool.on('acquire', (client) => Object.assign(client, { secretKey: 0 }));
  await store.set('a', session({ n: 1 }));
  const loaded = await loadSession(store, 'a');
  loaded.n = 2;

  await proxy.set('black hole');
  const { error } = await outcomeOf('set', () => store.set('a', loaded));
  await sleep(50); // the proxy must notice that the store closed its connection
  await proxy.set('pass');
  await sleep(200);

  assert.is(error?.code, 'TIMEOUT');
  assert.is((await store.get('a'))!.n, 1);
});

test('the pool recovers from connections without any response', async () => {
  const { store, proxy, pool } = await openScene({ timeout });
  const callAll = await callers(store);

  await proxy.set('black hole');
  assertInTime([...(await callAll()), ...(await callAll())], timeout);
  if (!isCitus) assert.is(pool.totalCount, pool.options.max); // with Citus, one worker's calls use half of the pool
  proxy.forgetAll();
  await proxy.set('pass');

  const rounds = isCitus ? 4 : 1; // the calls for one worker use half of the connections
  for (let n = 0; n < rounds; n++) await callAll(); // the store notices the broken ones
  await assertHealthy(callAll);
});

/** A scene in which one client of the pool connects without any response. The app holds some. */
async function openStuckScene(held: number) {
  const scene = await openScene({ timeout });
  const { store, proxy, pool } = scene;
  await store.set('a', session());
  const clients = await Promise.all(Array.from({ length: pool.options.max! }, () => pool.connect()));
  const [kept, ...others] = clients;
  for (const client of others) client.release(true);
  await proxy.set('black hole');
  const stuck = await outcomeOf('get', () => store.get('a')); // it waits for a client that connects
  assert.is(stuck.error?.code, 'TIMEOUT');
  proxy.forgetAll();
  await proxy.set('pass');
  kept!.release(true);
  const holding = await Promise.all(Array.from({ length: held }, () => pool.connect()));
  onEnd(() => {
    for (const client of holding) client.release();
  });
  return { ...scene, holding };
}

for (const idle of [0, 1])
  test(`a lone call gets a client while another one connects without any response, with ${idle} idle`, async () => {
    const { store, pool } = await openStuckScene(0);
    if (idle > 0) (await pool.connect()).release();
    assert.is(pool.idleCount, idle);
    for (let n = 0; n < 3; n++) {
      const { error, ms } = await outcomeOf('get', () => store.get('a'));
      assert.is(error, undefined);
      assert.ok(ms < timeout * 500, `${ms} ms`);
    }
  });

test('a call gets the client of another call while a third one connects without any response', async () => {
  const { store, pool, admin, table, lockWaits } = await openStuckScene(CONNECTIONS - 2);
  const unlock = await lockRows(admin, table);
  const saving = outcomeOf('set', () => store.set('a', session()));
  await until(async () => (await lockWaits()) > 0);
  const reading = outcomeOf('get', () => store.get('a b'));
  assert.is(pool.idleCount, 0);
  await unlock();
  assert.equal([(await saving).error, (await reading).error], [undefined, undefined]);
});

test('a connection without any response delays no later call, if its own call got another client', async () => {
  const { store, proxy, pool } = await openScene({ timeout });
  await store.set('a', session());
  const clients = await Promise.all(Array.from({ length: pool.options.max! }, () => pool.connect()));
  for (const client of clients) client.release(true);
  await proxy.set('black hole');
  const first = outcomeOf('get', () => store.get('a'));
  while (pool.totalCount === 0) await sleep(10);
  await sleep(50);
  proxy.forgetAll();
  await proxy.set('pass');
  const second = outcomeOf('get', () => store.get('a b'));
  assert.equal([(await first).error, (await second).error], [undefined, undefined]);
  const held = await Promise.all(Array.from({ length: pool.idleCount }, () => pool.connect()));
  onEnd(() => {
    for (const client of held) client.release();
  });
  assert.ok(held.length < CONNECTIONS);
  assert.is((await outcomeOf('get', () => store.get('a'))).error, undefined);
});

test('a call gets the client that the app returns while another one connects without any response', async () => {
  const { store, holding } = await openStuckScene(CONNECTIONS - 1);
  const reading = outcomeOf('get', () => store.get('a'));
  await new Promise(setImmediate);
  holding.pop()!.release();
  assert.is((await reading).error, undefined);
});

test('close() ends in time behind a black hole, and later calls fail with CLOSED', async () => {
  const { store, proxy } = await openScene({ timeout });
  const callAll = await callers(store);
  await proxy.set('black hole');
  const inFlight = callAll();

  const closed = await outcomeOf('close', () => store.close());

  const outcomes = await inFlight;
  assertInTime([closed, ...outcomes], timeout);
  assert.not.ok(closed.error);
  assert.ok(closed.ms > 300, `closed after ${closed.ms.toFixed(0)} ms, before the calls in flight ended`);
  for (const { error, method } of outcomes) assert.is(error?.code, 'TIMEOUT', method);
  for (const { error, method } of await callAll()) assert.is(error?.code, 'CLOSED', method);
});
