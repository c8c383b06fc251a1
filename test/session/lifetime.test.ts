// lifetime: an absolute limit from a session's birth, whatever keeps it alive.
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import { Browser, startApp } from '../support/app.js';
import { cookieFor, freshStore, loadSession, newSession, session } from '../support/fresh-store.js';
import { suite } from '../support/harness.js';

const test = suite('lifetime', { timeout: 30_000 });
const KEY = 'ss__createdAt';

/** A store, and a way to let sessions grow older. */
async function fresh(options: Parameters<typeof freshStore>[0] = {}) {
  const made = await freshStore({ lifetime: 3600, touchAfter: 0, hashIds: false, ...options });
  const age = (seconds: number) =>
    made.pool.query(
      `UPDATE ${made.table} SET sess = jsonb_set(sess::jsonb, '{${KEY}}',
        to_jsonb((sess->>'${KEY}')::float8 - $1::float8))::json`,
      [seconds * 1000],
    );
  const row = async () =>
    (
      await made.pool.query(
        `SELECT (sess->>'${KEY}')::float8 AS birth, extract(epoch FROM expire - now())::float8 AS left FROM ${made.table}`,
      )
    ).rows[0];
  return { ...made, age, row };
}

for (const concurrency of ['merge', 'overwrite'] as const) {
  test(`with ${concurrency}, saves and touches keep the birth, and reach no further than the lifetime`, async () => {
    const { store, age, row } = await fresh({ concurrency });
    await store.set('a', newSession(store, 'a', { n: 1 }, 7_200_000) as never);
    const { birth, left } = await row();
    assert.ok(Math.abs(birth - Date.now()) < 5000 && Math.abs(left - 3600) < 5);
    await age(3000);

    for (const n of [2, 3]) {
      const loaded = await loadSession(store, 'a');
      assert.ok(loaded.cookie.expires!.getTime() < Date.now() + 605_000);
      loaded.cookie.maxAge = 7_200_000;
      await store.touch('a', loaded as never);
      loaded.n = n;
      await store.set('a', loaded as never);
      loaded.m = n;
      await store.set('a', loaded as never);
      assert.ok(Math.abs((await row()).birth - (birth - 3_000_000)) < 1);
    }
    await store.update('a', (found: any) => {
      found.n = 4;
      found.cookie.maxAge = 7_200_000;
    });
    assert.ok(Math.abs((await row()).birth - (birth - 3_000_000)) < 1);
    assert.ok((await row()).left < 3605);

    await age(601);
    assert.is(await store.get('a'), null);
    assert.is(await store.update('a', () => {}), null);
    assert.equal(await store.all(), []);
  });
}

test('the birth is in no session and no event, and an app can not set it', async () => {
  const { store, row } = await fresh();
  await store.set('a', newSession(store, 'a', { n: 1, [KEY]: 8e15 }) as never);
  const { birth } = await row();
  assert.ok(Math.abs(birth - Date.now()) < 5000);
  const [one, other] = [await loadSession(store, 'a'), await loadSession(store, 'a')];
  assert.not.ok(KEY in one || KEY in (await store.get('a'))! || KEY in (await store.all())[0]!);
  const keys: string[][] = [];
  store.on('conflict', (event) => keys.push(event.keys));
  one[KEY] = 8e15;
  one.x = 1;
  other.y = 1;
  await store.set('a', one as never);
  await store.set('a', other as never);
  await store.update('a', (found: any) => {
    found[KEY] = 8e15;
    found.z = 1;
  });
  assert.equal(keys, [['x']]);
  assert.is((await row()).birth, birth);
  const { x, y, z } = (await store.get('a')) as any;
  assert.equal([x, y, z], [1, 1, 1]);
});

test('a session from before the option is born with its first save', async () => {
  const { store, pool, table, row } = await fresh();
  await pool.query(`INSERT INTO ${table} VALUES ('a', '{"cookie":{},"n":1}', now() + interval '30 days')`);
  const [one, other] = [await loadSession(store, 'a'), await loadSession(store, 'a')];
  assert.is((await row()).birth, null);
  one.n = 2;
  await store.set('a', one as never);
  assert.ok(Math.abs((await row()).birth - Date.now()) < 5000);
  other.m = 2;
  await store.set('a', other as never);
  assert.ok(Math.abs((await row()).birth - Date.now()) < 5000);
});

test('regenerate starts a new life', async () => {
  const { store, age, row } = await fresh();
  const browser = new Browser(await startApp({ store, cookie: { maxAge: 60_000 } }));
  await browser.post('/sign-in/ada');
  await age(3000);
  await browser.post('/sign-in/ada');
  assert.ok(Math.abs((await row()).birth - Date.now()) < 5000);
});

test('of 1000 sessions that are touched again and again for longer than their lifetime none can be read after it', async () => {
  const { store } = await fresh({ lifetime: 3 });
  const sids = Array.from({ length: 1000 }, (_, n) => `s${n}`);
  await Promise.all(sids.map((sid) => store.set(sid, newSession(store, sid) as never)));
  const born = Date.now();
  let alive = 1000;
  for (let second = 1; second <= 5; second++) {
    await sleep(born + second * 1000 - Date.now());
    const found = await Promise.all(sids.map((sid) => loadSession(store, sid).catch(() => undefined)));
    if (second < 3) alive = found.filter(Boolean).length;
    await Promise.all(sids.map((sid, n) => store.touch(sid, (found[n] ?? session({}, cookieFor(60))) as never)));
  }
  assert.is(alive, 1000);
  const after = await Promise.all(sids.map((sid) => store.get(sid)));
  assert.is(after.filter(Boolean).length, 0);
});
