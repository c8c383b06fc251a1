// A request that changes only the cookie of its session: express-session then only calls touch().
import * as assert from 'uvu/assert';
import type { ConflictEvent, GoneEvent } from '../../src/index.js';
import {
  cookieFor,
  freshPool,
  freshStore,
  loadSession,
  newSession,
  session,
  statementsOf,
} from '../support/fresh-store.js';
import { suite } from '../support/harness.js';
import { invalid } from '../support/invalid.js';

const test = suite('cookie changes');

const MONTH = 30 * 86_400;
const near = (actual: number, expected: number) =>
  assert.ok(Math.abs(actual - expected) < 5, `${actual}, expected ${expected}`);

async function fresh(options: Parameters<typeof freshStore>[0] = {}) {
  const made = await freshStore({ lifetime: undefined, ...options });
  const { store, pool, table } = made;
  await store.set('a', session({ views: 1 }, cookieFor(3600)));
  const secondsLeft = async (): Promise<number> =>
    (await pool.query(`SELECT extract(epoch FROM expire::timestamptz - now())::float8 AS left FROM ${table}`)).rows[0]
      .left;
  return { ...made, secondsLeft };
}

for (const concurrency of ['merge', 'overwrite'] as const) {
  for (const sess of ['json', 'jsonb', 'text'] as const) {
    test(`a touch stores "remember me", and a touch of a stale request does not undo it, with '${concurrency}' on ${sess}`, async () => {
      const { store, secondsLeft } = await fresh({ concurrency, columns: { sess, expire: 'timestamptz' } });
      const [login, stale, strict] = [
        await loadSession(store, 'a'),
        await loadSession(store, 'a'),
        await loadSession(store, 'a'),
      ];
      login.cookie.maxAge = MONTH * 1000;
      login.touch();
      await store.touch('a', login);
      near(await secondsLeft(), MONTH);

      stale.touch();
      await store.touch('a', stale);
      strict.cookie.sameSite = 'strict';
      strict.touch();
      await store.touch('a', strict);

      near(await secondsLeft(), MONTH);
      const { cookie, views } = (await store.get('a'))!;
      assert.equal([Math.round(cookie.originalMaxAge! / 1000), cookie.sameSite, views], [MONTH, 'strict', 1]);
      near(cookie.expires!.getTime() / 1000, Date.now() / 1000 + MONTH);
    });
  }

  test(`a touch stores a cookie without an expiry, with '${concurrency}'`, async () => {
    for (const expires of [null, false, '']) {
      const { store, secondsLeft } = await fresh({ concurrency });
      const loaded = await loadSession(store, 'a');
      Object.assign(loaded.cookie, { expires });
      loaded.touch();
      await store.touch('a', loaded);
      near(await secondsLeft(), 86_400);
      assert.not.ok((await loadSession(store, 'a')).cookie.expires);
    }
  });

  test(`a touch with a changed cookie does not revive a destroyed session, with '${concurrency}'`, async () => {
    const { store } = await fresh({ concurrency });
    const gone: GoneEvent[] = [];
    store.on('gone', (event) => gone.push(event));
    const loaded = await loadSession(store, 'a');
    await store.destroy('a');
    loaded.cookie.maxAge = MONTH * 1000;
    await store.touch('a', loaded);
    assert.is(await store.get('a'), null);
    assert.equal(gone, [{ handle: store.handle('a'), during: 'touch' }]);
  });
}

test('a touch with an unchanged cookie does not write the payload, and one with a changed cookie writes it once', async () => {
  const { store, pool, table } = await fresh({ pool: freshPool({ max: 1 }), touchAfter: 0 });
  const payload = async () => (await pool.query(`SELECT sess::text FROM ${table}`)).rows[0].sess;
  const before = await payload();
  const loaded = await loadSession(store, 'a');
  loaded.touch();
  assert.equal(await statementsOf(pool, () => store.touch('a', loaded)), ['UPDATE']);
  assert.is(await payload(), before);

  loaded.cookie.httpOnly = false;
  assert.equal(await statementsOf(pool, () => store.touch('a', loaded)), ['UPDATE']);
  const changed = await payload();
  assert.is.not(changed, before);
  assert.equal(await statementsOf(pool, () => store.touch('a', loaded)), ['UPDATE']);
  assert.is(await payload(), changed);
});

test('with touchAfter, a touch that only moves the expiry a little sends nothing, and a changed cookie is stored', async () => {
  const { store, pool } = await fresh({ pool: freshPool({ max: 1 }) });
  const loaded = await loadSession(store, 'a');
  loaded.touch();
  assert.equal(await statementsOf(pool, () => store.touch('a', loaded)), []);
  loaded.cookie.domain = 'example.com';
  assert.equal(await statementsOf(pool, () => store.touch('a', loaded)), ['UPDATE']);
  assert.equal(await statementsOf(pool, () => store.touch('a', loaded)), []);
  assert.is((await store.get('a'))!.cookie.domain, 'example.com');
});

test('with disableTouch, a touch stores a changed cookie and does not move the expiry of an unchanged session', async () => {
  const { store, pool, table, secondsLeft } = await fresh({ disableTouch: true });
  await pool.query(`UPDATE ${table} SET expire = now() + interval '100 s'`);
  const [unchanged, changed] = [await loadSession(store, 'a'), await loadSession(store, 'a')];
  unchanged.touch();
  await store.touch('a', unchanged);
  near(await secondsLeft(), 100);
  changed.cookie.maxAge = MONTH * 1000;
  await store.touch('a', changed);
  near(await secondsLeft(), MONTH);
});

test('a touch stores a cookie that changed after an explicit save, in a new Session and in a loaded one', async () => {
  const { store } = await fresh();
  const loaded = await loadSession(store, 'a');
  loaded.views = 2;
  const begun = newSession(store, 'b', { views: 2 });
  for (const [sid, one] of [
    ['a', loaded],
    ['b', begun],
  ] as const) {
    await store.set(sid, one);
    one.cookie.sameSite = 'none';
    await store.touch(sid, one);
    const { cookie, views } = (await store.get(sid))!;
    assert.equal([cookie.sameSite, views], ['none', 2]);
  }
});

test('a touch stores the cookie as it was at the time of the call, while a save is in flight', async () => {
  const { store } = await fresh();
  const loaded = await loadSession(store, 'a');
  loaded.views = 2;
  const saving = store.set('a', loaded);
  loaded.cookie.sameSite = 'strict';
  const touching = store.touch('a', loaded);
  loaded.cookie.sameSite = 'lax';
  await Promise.all([saving, touching]);
  const { cookie, views } = (await store.get('a'))!;
  assert.equal([cookie.sameSite, views], ['strict', 2]);
});

test('a touch with a changed cookie does not save other changes, and keeps what other requests saved', async () => {
  const { store } = await fresh();
  const conflicts: ConflictEvent[] = [];
  store.on('conflict', (event) => conflicts.push(event));
  const [one, other] = [await loadSession(store, 'a'), await loadSession(store, 'a')];
  other.user = 'ada';
  await store.set('a', other);
  one.views = 7;
  one.cookie.path = '/web';
  await store.touch('a', one);
  let { cookie, user, views } = (await store.get('a'))!;
  assert.equal([cookie.path, user, views], ['/web', 'ada', 1]);
  assert.equal(
    conflicts.map(({ keys, overwritten }) => [keys, overwritten]),
    [[['user'], []]],
  );

  await store.set('a', one);
  ({ cookie, user, views } = (await store.get('a'))!);
  assert.equal([cookie.path, user, views], ['/web', 'ada', 7]);
});

test('a save of two requests that change different attributes of the cookie keeps both', async () => {
  const { store, secondsLeft } = await fresh();
  const [one, other] = [await loadSession(store, 'a'), await loadSession(store, 'a')];
  one.cookie.maxAge = MONTH * 1000;
  await store.set('a', one);
  other.cookie.sameSite = 'strict';
  other.views = 2;
  await store.set('a', other);
  const { cookie, views } = (await store.get('a'))!;
  assert.equal([Math.round(cookie.originalMaxAge! / 1000), cookie.sameSite, views], [MONTH, 'strict', 2]);
  near(await secondsLeft(), MONTH);
});

test('a touch with a changed cookie, and the save after it, keep the keys that express-session drops on load', async () => {
  const { store, pool, table } = await fresh({ encryption: undefined, lifetime: undefined });
  const hidden = '"toString":"x","id":"y"';
  await pool.query(`UPDATE ${table} SET sess = (left(sess::text, -1) || $1)::json`, [`,${hidden}}`]);
  const loaded = await loadSession(store, 'a');
  loaded.cookie.sameSite = 'lax';
  await store.touch('a', loaded);
  loaded.views = 2;
  await store.set('a', loaded);
  const { rows } = await pool.query(`SELECT sess::text FROM ${table}`);
  const { cookie, ...stored } = JSON.parse(rows[0].sess);
  assert.is(JSON.stringify(stored), `{"views":2,${hidden}}`);
  assert.is(cookie.sameSite, 'lax');
});

test('get() waits for an earlier touch that stores a changed cookie', async () => {
  const { store } = await fresh();
  const loaded = await loadSession(store, 'a');
  loaded.cookie.sameSite = 'strict';
  const touching = store.touch('a', loaded);
  assert.is((await store.get('a'))!.cookie.sameSite, 'strict');
  await touching;
});

test('a touch of a session that was not loaded changes only the expiry', async () => {
  const { store, secondsLeft } = await fresh();
  await store.touch('a', session({ views: 7 }, invalid({ ...cookieFor(60), sameSite: 'strict' })));
  const { cookie, views } = (await store.get('a'))!;
  assert.equal([cookie.sameSite, views], [undefined, 1]);
  near(await secondsLeft(), 60);
});
