// The option `lifetime`: a limit from the creation of a session, however often it is used.
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SessionData } from 'express-session';
import * as assert from 'uvu/assert';
import { Browser, startApp } from '../support/app.js';
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

const test = suite('lifetime', { timeout: 30_000 });
const KEY = 'ss__createdAt';

/** Creates a store. `age` makes all its sessions older. */
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
        `SELECT (sess->>'${KEY}')::float8 AS "createdAt", extract(epoch FROM expire - now())::float8 AS left FROM ${made.table}`,
      )
    ).rows[0];
  return { ...made, age, row };
}

for (const concurrency of ['merge', 'overwrite'] as const) {
  test(`with concurrency: '${concurrency}', saves and touches keep the creation time, and no expiry exceeds the lifetime`, async () => {
    const { store, age, row } = await fresh({ concurrency });
    await store.set('a', newSession(store, 'a', { n: 1 }, 7_200_000));
    const { createdAt, left } = await row();
    assert.ok(Math.abs(createdAt - Date.now()) < 5000 && Math.abs(left - 3600) < 5);
    await age(3000);

    for (const n of [2, 3]) {
      const loaded = await loadSession(store, 'a');
      assert.ok(loaded.cookie.expires!.getTime() < Date.now() + 605_000);
      loaded.cookie.maxAge = 7_200_000;
      await store.touch('a', loaded);
      loaded.n = n;
      await store.set('a', loaded);
      loaded.m = n;
      await store.set('a', loaded);
      assert.ok(Math.abs((await row()).createdAt - (createdAt - 3_000_000)) < 1);
    }
    await store.update('a', (found) => {
      found.n = 4;
      found.cookie.maxAge = 7_200_000;
    });
    assert.ok(Math.abs((await row()).createdAt - (createdAt - 3_000_000)) < 1);
    assert.ok((await row()).left < 3605);

    await age(601);
    assert.is(await store.get('a'), null);
    assert.is(await store.update('a', () => {}), null);
    assert.equal(await store.all(), []);
  });
}

test('no session and no event shows the creation time, and the app cannot set it', async () => {
  const { store, row } = await fresh();
  await store.set('a', newSession(store, 'a', { n: 1, [KEY]: 8e15 }));
  const { createdAt } = await row();
  assert.ok(Math.abs(createdAt - Date.now()) < 5000);
  const [one, other] = [await loadSession(store, 'a'), await loadSession(store, 'a')];
  assert.not.ok(KEY in one || KEY in (await store.get('a'))! || KEY in (await store.all())[0]!);
  const keys: string[][] = [];
  store.on('conflict', (event) => keys.push(event.keys));
  one[KEY] = 8e15;
  one.x = 1;
  other.y = 1;
  await store.set('a', one);
  await store.set('a', other);
  await store.update('a', (found) => {
    found[KEY] = 8e15;
    found.z = 1;
  });
  assert.equal(keys, [['x']]);
  assert.is((await row()).createdAt, createdAt);
  const { x, y, z } = (await store.get('a'))!;
  assert.equal([x, y, z], [1, 1, 1]);
});

test('the lifetime of a session that is older than the option starts with its next save', async () => {
  const { store, pool, table, row } = await fresh();
  await pool.query(`INSERT INTO ${table} VALUES ('a', '{"cookie":{},"n":1}', now() + interval '30 days')`);
  const [one, other] = [await loadSession(store, 'a'), await loadSession(store, 'a')];
  assert.is((await row()).createdAt, null);
  one.n = 2;
  await store.set('a', one);
  assert.ok(Math.abs((await row()).createdAt - Date.now()) < 5000);
  other.m = 2;
  await store.set('a', other);
  assert.ok(Math.abs((await row()).createdAt - Date.now()) < 5000);
});

/** What apps do to a session before they save it. */
const COPIES: Record<string, (found: SessionData) => SessionData> = {
  spread: (found) => ({ ...found }),
  'Object.assign()': (found) => Object.assign({}, found),
  'JSON and back': (found) => JSON.parse(JSON.stringify(found)),
  'structuredClone()': (found) => structuredClone({ ...found, cookie: { ...found.cookie } }) as SessionData,
  'a new object with the same data': ({ cookie, n }) => ({ cookie, n }) as SessionData,
};

for (const concurrency of ['merge', 'overwrite'] as const) {
  for (const [how, copy] of Object.entries(COPIES)) {
    test(`the lifetime goes on after the app saved a copy of the session made by ${how}, with '${concurrency}'`, async () => {
      const { store, age, row } = await fresh({ concurrency });
      await store.set('a', newSession(store, 'a', { n: 1 }, 7_200_000));
      await age(3000);
      for (const found of [(await store.get('a'))!, await loadSession(store, 'a')]) {
        await store.set('a', copy(found));
        const { createdAt, left } = await row();
        assert.ok(Math.abs(createdAt - (Date.now() - 3_000_000)) < 5000);
        assert.ok(Math.abs(left - 600) < 5, `${left} s left`);
        await store.touch('a', copy(found));
        assert.ok((await row()).left < 605);
      }
      await age(601);
      assert.is(await store.get('a'), null);
      await store.set('a', session({ n: 2 })); // the old session is gone, so this is a new one
      assert.is((await store.get('a'))!.n, 2);
    });
  }
}

test('the lifetime of an encrypted session goes on after the app saved a copy', async () => {
  const { store } = await fresh({ encryption: { keys: [randomBytes(32)] }, lifetime: 2 });
  await store.set('a', session({ n: 1 }));
  const createdAt = Date.now();
  await sleep(1100);
  await store.set('a', { ...(await store.get('a'))! });
  await sleep(createdAt + 2100 - Date.now());
  assert.is(await store.get('a'), null);
});

test('the lifetime goes on after a request replaced its Session by a copy', async () => {
  const { store, age, row } = await fresh();
  await store.set('a', newSession(store, 'a', { n: 1 }));
  await age(3000);
  const { req, id: _, ...data } = await loadSession(store, 'a');
  const replaced = store.createSession(req!, { ...data, n: 2 } as SessionData);
  await new Promise((resolve) => replaced.save(resolve));
  assert.ok(Math.abs((await row()).createdAt - (Date.now() - 3_000_000)) < 5000);
  assert.is((await store.get('a'))!.n, 2);
});

for (const encryption of [undefined, { keys: [randomBytes(32)] }]) {
  test(`in a request scope, a save of an empty object keeps the creation time, ${encryption ? '' : 'not '}encrypted`, async () => {
    const { store } = await fresh(encryption ? { encryption } : {});
    await store.set('a', newSession(store, 'a', { n: 1 }));
    await store.requestScope(async () => {
      await store.get('a');
      await store.set('a', {} as SessionData);
    });
    assert.equal(Object.keys((await store.get('a'))!), ['cookie']);
  });
}

for (const method of ['set', 'touch'] as const) {
  test(`in a request scope, the row does not outlive the lifetime after ${method}() of a copy`, async () => {
    const { store, pool, table, age, row } = await fresh();
    await store.set('a', newSession(store, 'a', { n: 1 }, 7_200_000));
    await age(3000);
    await pool.query(`UPDATE ${table} SET expire = now() + interval '600 s'`);
    await store.requestScope(async () => {
      const { cookie } = (await store.get('a'))!;
      const copy = { n: method === 'set' ? 2 : 1, cookie: { ...cookie, expires: new Date(Date.now() + 7_200_000) } };
      await store[method]('a', copy as unknown as SessionData);
    });
    assert.ok((await row()).left < 605, `${(await row()).left} s left`);
  });
}

test('the first save of a new Session sends one statement', async () => {
  const { store, pool } = await fresh({ pool: freshPool({ max: 1 }) });
  assert.equal(await statementsOf(pool, () => store.set('a', newSession(store, 'a'))), ['INSERT']);
});

test('regenerate() starts a new lifetime', async () => {
  const { store, age, row } = await fresh();
  const browser = new Browser(await startApp({ store, cookie: { maxAge: 60_000 } }));
  await browser.post('/sign-in/ada');
  await age(3000);
  await browser.post('/sign-in/ada');
  assert.ok(Math.abs((await row()).createdAt - Date.now()) < 5000);
});

test('get() returns none of 1,000 sessions after their lifetime, although each is touched every second', async () => {
  const { store } = await fresh({ lifetime: 3 });
  const sids = Array.from({ length: 1000 }, (_, n) => `s${n}`);
  await Promise.all(sids.map((sid) => store.set(sid, newSession(store, sid))));
  const createdAt = Date.now();
  let alive = 1000;
  for (let second = 1; second <= 5; second++) {
    await sleep(createdAt + second * 1000 - Date.now());
    const found = await Promise.all(sids.map((sid) => loadSession(store, sid).catch(() => undefined)));
    if (second < 3) alive = found.filter(Boolean).length;
    await Promise.all(sids.map((sid, n) => store.touch(sid, found[n] ?? session({}, cookieFor(60)))));
  }
  assert.is(alive, 1000);
  const after = await Promise.all(sids.map((sid) => store.get(sid)));
  assert.is(after.filter(Boolean).length, 0);
});
