// readThrough() with connect-redis, on a Redis of its own. Needs redis-server and npm ci --prefix
// bench.
import type { Store } from 'express-session';
import * as assert from 'uvu/assert';
import { type RedisServer, redisStore, startRedis, whyNoRedis } from '../../bench/support/redis.js';
import { PgSessionStore, readThrough } from '../../src/index.js';
import { Browser, startApp } from '../support/app.js';
import { cookieFor, freshStore, OPTIONS, session, storedId } from '../support/fresh-store.js';
import { onEnd, suite } from '../support/harness.js';
import { getFrom, setIn } from '../support/old-stores.js';

const reason = whyNoRedis();
if (reason) console.log(`skipped: read through from Redis: ${reason}`);
const made = suite('read through from Redis', { timeout: 30_000, mayBeEmpty: Boolean(reason) });
const test = reason ? () => {} : made;

interface Client {
  ttl(key: string): Promise<number>;
  expire(key: string, seconds: number): Promise<unknown>;
  keys(pattern: string): Promise<string[]>;
  destroy(): void;
}

async function moving(redis: RedisServer) {
  const { client, makeStore } = await redisStore(redis.port);
  const redisClient = client as unknown as Client;
  onEnd(() => redisClient.destroy());
  const old: Store = makeStore();
  const made = await freshStore({ oldStore: readThrough(old), timeout: 1 });
  return { ...made, old, client: redisClient };
}

test('users of connect-redis stay signed in, and can sign out', async () => {
  const redis = await startRedis();
  onEnd(() => redis.stop());
  const { store, old, client } = await moving(redis);
  const cookie = { maxAge: 600_000 };
  const before = await startApp({ store: old, cookie });
  const [ada, grace] = [new Browser(before), new Browser(before)];
  await ada.post('/sign-in/ada');
  await grace.post('/sign-in/grace');
  assert.is((await client.keys('sess:*')).length, 2);
  ada.base = grace.base = await startApp({ store, cookie });
  assert.equal((await ada.post('/count')).body, { user: 'ada', views: 1 });
  assert.is((await client.keys('sess:*')).length, 1);
  for (const browser of [ada, grace]) {
    await browser.post('/sign-out');
    assert.is((await browser.get()).body.user, undefined);
  }
  assert.equal([await client.keys('*'), await store.length()], [[], 0]);
});

test('processes that miss at once move a session once, with a life if Redis has touched it', async () => {
  const redis = await startRedis();
  onEnd(() => redis.stop());
  const { store, old, pool, names, table, client } = await moving(redis);
  const processes = [
    store,
    ...Array.from({ length: 3 }, () => {
      const other = new PgSessionStore({
        ...OPTIONS,
        pool,
        ...names,
        pruneSessionInterval: false,
        oldStore: readThrough(old),
      });
      onEnd(() => other.close());
      return other;
    }),
  ];
  for (let round = 0; round < 50; round++) {
    const sid = `s${round}`;
    await setIn(old, sid, session({ cart: 1 }, { originalMaxAge: 500_000, expires: new Date(Date.now() + 900) }));
    await client.expire(`sess:${sid}`, 500); // as touch() does
    const calls = processes.flatMap((one) => [one.get(sid), one.get(sid)]);
    for (const found of await Promise.all(calls)) assert.is(found?.cart, 1);
    assert.is(await getFrom(old, sid), null);
  }
  const moved = processes.map((one) => one.stats().moved).reduce((sum, one) => sum + one);
  assert.is(moved, 50);
  await setIn(old, 'passed', session({ cart: 1 }, { originalMaxAge: 500_000, expires: new Date(Date.now() + 1000) }));
  await client.expire('sess:passed', 500);
  await new Promise((resolve) => setTimeout(resolve, 1100));
  assert.is((await store.get('passed'))?.cart, 1);
  const { rows } = await pool.query(`SELECT expire - now() > '490 s' AS long FROM ${table} WHERE sid = $1`, [
    storedId('passed'),
  ]);
  assert.ok(rows[0].long);
});

test('while Redis is down or hangs, requests get 503 and users stay signed in', async () => {
  const redis = await startRedis();
  onEnd(() => redis.stop());
  const { store, old } = await moving(redis);
  await setIn(old, 'a', session({ cart: 1 }, cookieFor(1000)));
  process.kill(redis.pid, 'SIGSTOP');
  const startedAt = performance.now();
  const error = await store.get('a').catch((thrown) => thrown);
  process.kill(redis.pid, 'SIGCONT');
  assert.equal([error.code, error.status], ['OLD_STORE', 503]);
  assert.ok(performance.now() - startedAt < 1100);
  assert.is((await store.get('a'))?.cart, 1);
  await redis.stop();
  assert.is((await store.get('a'))?.cart, 1, 'it has moved');
  assert.is((await store.get('b').catch((thrown) => thrown)).code, 'OLD_STORE');
});
