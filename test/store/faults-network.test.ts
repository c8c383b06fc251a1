// What a network can do to a call, beyond being away.
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import { PgSessionStore } from '../../src/index.js';
import { loadSession, OPTIONS, session } from '../support/fresh-store.js';
import { onEnd, suite } from '../support/harness.js';
import { openScene } from '../support/outages.js';
import { assertHealthy, assertInTime, callers, outcomeOf } from '../support/outcomes.js';
import { until } from '../support/subject.js';

const test = suite('faults of the network', { timeout: 20_000 });
const timeout = 0.5;

test('none of 100 reads fails because connections are reset', async () => {
  const { store, proxy } = await openScene();
  const sids = ['a', 'b', 'c', 'd', 'e'];
  for (const sid of sids) await store.set(sid, session({ sid }));
  await proxy.set('pass', { delayMs: 2 });

  const failed: unknown[] = [];
  for (let n = 0; n < 100; n += sids.length) {
    const reads = sids.map((sid) => outcomeOf('get', async () => assert.is(((await store.get(sid)) as any).sid, sid)));
    await sleep(1);
    proxy.resetAll(); // while they are under way
    failed.push(...(await Promise.all(reads)).filter(({ error }) => error));
  }

  assert.equal(failed, []);
  assert.ok(store.stats().retries >= 20, JSON.stringify(store.stats()));
});

test("an update whose answer is lost is not taken for done because another's did the same", async () => {
  const { store, proxy, admin, names } = await openScene();
  const direct = new PgSessionStore({ pool: admin, ...names, pruneSessionInterval: false, ...OPTIONS });
  onEnd(() => direct.close());
  await direct.set('a', session({ count: 0 }));
  const increment = (found: any) => {
    found.count++;
  };

  let mayGo: (() => void) | undefined;
  const cut = new Promise<void>((resolve) => {
    mayGo = resolve;
  });
  const lost = outcomeOf('update', () =>
    store.update('a', (found) => {
      if (mayGo) void proxy.set('black hole'); // before the first attempt is sent
      mayGo?.();
      mayGo = undefined;
      increment(found);
    }),
  );
  await cut;
  await direct.update('a', increment);
  proxy.resetAll();
  await proxy.set('pass');
  const { error } = await lost;

  const { count } = (await direct.get('a')) as any;
  assert.is(count, error ? 1 : 2, 'both updates were acknowledged');
});

test('a connection that ends in the moment in which it is ready ends no process', async () => {
  const { store, proxy, admin, role, endConnections } = await openScene();
  await proxy.set('pass', { delayMs: 100 });
  const answer = outcomeOf('get', () => store.get('a'));
  const ready = "SELECT FROM pg_stat_activity WHERE quote_ident(usename) = $1 AND state = 'idle'"; // other files have such roles, too
  await until(async () => (await admin.query(ready, [role])).rowCount! > 0);
  await proxy.set('black hole'); // the server's last words wait beside its first
  await endConnections();
  await sleep(50);
  await proxy.set('pass');

  assert.not.ok((await answer).error);
});

test('what was given up does not happen later', async () => {
  const { store, proxy } = await openScene({ timeout });
  await store.set('a', session({ n: 1 }));
  const loaded = await loadSession(store, 'a');
  loaded.n = 2;

  await proxy.set('black hole');
  const { error } = await outcomeOf('set', () => store.set('a', loaded as never));
  await sleep(50); // until the proxy has seen what the store did with its connection
  await proxy.set('pass');
  await sleep(200);

  assert.is((error as any)?.code, 'TIMEOUT');
  assert.is(((await store.get('a')) as any).n, 1);
});

test('a pool gets over connections that are never answered', async () => {
  const { store, proxy, pool } = await openScene({ timeout });
  const ask = await callers(store);

  await proxy.set('black hole');
  assertInTime([...(await ask()), ...(await ask())], timeout);
  assert.is(pool.totalCount, pool.options.max);
  proxy.forgetAll();
  await proxy.set('pass');

  await ask(); // finds out
  await assertHealthy(ask);
});

test('a store is closed behind a black hole, too, and then refuses', async () => {
  const { store, proxy } = await openScene({ timeout });
  const ask = await callers(store);
  await proxy.set('black hole');
  const underWay = ask();

  const closed = await outcomeOf('close', () => store.close());

  const answers = await underWay;
  assertInTime([closed, ...answers], timeout);
  assert.not.ok(closed.error);
  assert.ok(closed.ms > 300, `closed after ${closed.ms.toFixed(0)} ms, before what was under way had ended`);
  for (const { error, method } of answers) assert.is((error as any)?.code, 'TIMEOUT', method);
  for (const { error, method } of await ask()) assert.is((error as any)?.code, 'CLOSED', method);
});
