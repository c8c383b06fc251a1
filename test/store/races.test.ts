// Concurrent requests of one session: the store keeps what each request saved, and does not revive
// a deleted session.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { promisify } from 'node:util';
import type { SessionData } from 'express-session';
import type pg from 'pg';
import * as assert from 'uvu/assert';
import { type ConflictEvent, type GoneEvent, PgSessionStore } from '../../src/index.js';
import { compiled } from '../support/compiled.js';
import {
  cookieFor,
  freshPool,
  freshStore,
  loadSession,
  lockRows,
  newSession,
  OPTIONS,
  session,
  statementsOf,
  untilBlocked,
} from '../support/fresh-store.js';
import { onEnd, suite } from '../support/harness.js';
import { invalid } from '../support/invalid.js';

const test = suite('races', { timeout: 20_000 });

const COLUMNS = [
  { sess: 'json', expire: 'timestamptz' },
  { sess: 'jsonb', expire: 'timestamptz' },
  { sess: 'text', expire: 'timestamp(6)' },
] as const;

/** Makes two stores on one table, as two processes have them, and collects their events. */
async function twoStores({ columns, pool: given, ...options }: Parameters<typeof freshStore>[0] = {}) {
  const fresh = await freshStore({
    touchAfter: 0,
    ...(columns && { columns }),
    ...(given && { pool: given }),
    ...options,
  });
  const { store: one, names, pool } = fresh;
  const other = new PgSessionStore({
    pool,
    ...names,
    pruneSessionInterval: false,
    touchAfter: 0,
    ...OPTIONS,
    ...options,
  });
  onEnd(() => other.close());
  const gone: GoneEvent[] = [];
  const conflicts: ConflictEvent[] = [];
  for (const store of [one, other]) {
    store.on('gone', (event) => gone.push(event));
    store.on('conflict', (event) => conflicts.push(event));
  }
  return { ...fresh, one, other, gone, conflicts };
}

const data = async (store: PgSessionStore, sid = 'a') => {
  const found = await store.get(sid);
  if (!found) return null;
  const { cookie: _, ...rest } = found;
  return rest;
};
const handleOf = (sid: string) => createHash('sha256').update(sid).digest('hex');
const secondsLeft = async (pool: pg.Pool, table: string): Promise<number> =>
  (await pool.query(`SELECT extract(epoch FROM expire::timestamptz - now())::float8 AS left FROM ${table}`)).rows[0]
    .left;
const near = (actual: number, expected: number) =>
  assert.ok(Math.abs(actual - expected) < 5, `${actual} s, expected ${expected} s`);

for (const columns of COLUMNS) {
  test(`if two requests change different keys, the store keeps both changes, on ${columns.sess}`, async () => {
    const { one, other, conflicts } = await twoStores({ columns });
    await one.set('a', session({ user: 'ada', cart: [{ id: 1, n: 2 }], flash: 'hello' }, cookieFor(60)));
    const [first, second] = [await loadSession(one, 'a'), await loadSession(other, 'a')];

    first.cart = [{ n: 3, id: 1 }];
    delete second.flash;
    second.seen = true;
    await one.set('a', first);
    await other.set('a', second);

    assert.equal(await data(one), { user: 'ada', cart: [{ n: 3, id: 1 }], seen: true });
    assert.equal(conflicts, [{ handle: handleOf('a'), keys: ['cart'], overwritten: [] }]);
  });

  test(`a second save of a Session keeps what other requests saved in between, on ${columns.sess}`, async () => {
    const { one, other, conflicts } = await twoStores({ columns });
    await one.set('a', session({ user: 'ada', views: { home: 1, away: 1 } }, cookieFor(60)));
    const [first, second] = [await loadSession(one, 'a'), await loadSession(other, 'a')];

    second.theme = 'dark';
    second.user = 'grace';
    await other.set('a', second);
    first.views = { home: 2, away: 1 };
    await one.set('a', first);
    first.views = { home: 3, away: 1 };
    await one.set('a', first);
    first.views = { home: 4, away: 1 };
    await one.set('a', first);

    assert.equal(await data(one), { user: 'grace', views: { home: 4, away: 1 }, theme: 'dark' });
    assert.equal(
      conflicts.map(({ keys }) => keys.sort()),
      [['theme', 'user']],
    );
  });

  test(`a save emits conflict also if the row is again as its request knew it, on ${columns.sess}`, async () => {
    const { one, other, conflicts } = await twoStores({ columns, ttl: 60 }); // no update changes the cookie's expires
    await one.set('a', session({}));
    const first = await loadSession(one, 'a');
    await other.update('a', (found) => void Object.assign(found, { cart: 1 }));
    first.views = 1;
    await one.set('a', first);
    await other.update('a', (found) => void delete found.cart);
    first.views = 2;
    await one.set('a', first);
    assert.equal(await data(one), { views: 2 });
    const conflict = { handle: handleOf('a'), keys: ['cart'], overwritten: [] };
    assert.equal(conflicts, [conflict, conflict]);
  });

  test(`40 concurrent updates of two stores lose no change, on ${columns.sess}`, async () => {
    const { one, other } = await twoStores({ columns });
    await one.set('a', session({ views: 0 }, cookieFor(60)));
    const count = (store: PgSessionStore) => store.update('a', (found) => void found.views++);
    await Promise.all(Array.from({ length: 40 }, (_, n) => count(n % 2 ? one : other)));
    assert.equal(await data(one), { views: 40 });
  });
}

test('a merge and an update keep numbers that JavaScript cannot hold, if the request did not change them', async () => {
  const asIs = { encryption: undefined, hashIds: false, lifetime: undefined };
  const { store, pool, table } = await freshStore({ columns: COLUMNS[0]!, ...asIs });
  const text = String.raw`{"cookie":{},"n":12345678901234567890,"price":1.50,"path":"C:\\users"}`;
  await pool.query(`INSERT INTO ${table} VALUES ('a', $1, now() + interval '1 h')`, [text]);
  const [one, other] = [await loadSession(store, 'a'), await loadSession(store, 'a')];
  await store.set('a', Object.assign(one, { x: 1 }));
  await store.set('a', Object.assign(other, { y: 1 }));
  await store.update('a', (found) => Object.assign(found, { z: 1 }));
  const { rows } = await pool.query(`SELECT sess::text AS text FROM ${table}`);
  assert.match(rows[0].text, /"n":12345678901234567890,"price":1\.50,"path":"C:\\\\users","x":1,"y":1,"z":1/);
});

test('if two requests change the same key, the last save wins and the store emits conflict', async () => {
  const { one, other, conflicts } = await twoStores();
  await one.set('a', session({ views: 1 }, cookieFor(60)));
  const [first, second] = [await loadSession(one, 'a'), await loadSession(other, 'a')];
  first.views = 2;
  second.views = 20;
  second.user = 'ada';
  await one.set('a', first);
  await other.set('a', second);
  assert.equal(await data(one), { views: 20, user: 'ada' });
  assert.equal(conflicts, [{ handle: handleOf('a'), keys: ['views'], overwritten: ['views'] }]);
});

test('a save that only moves a key to the end emits no conflict', async () => {
  const { one, other, conflicts } = await twoStores();
  await one.set('a', session({ views: 1, user: 'ada' }, cookieFor(60)));
  const [first, second] = [await loadSession(one, 'a'), await loadSession(other, 'a')];
  first.user = 'grace';
  await one.set('a', first);
  const { views } = second;
  delete second.views;
  await other.set('a', Object.assign(second, { views }));
  assert.equal(await data(one), { views: 1, user: 'grace' });
  assert.equal(conflicts, []);
});

test('a save that only moves a key to the end extends the life that another request shortened, as a touch does', async () => {
  const { one, other, pool, table } = await twoStores();
  await one.set('a', session({ views: 1, user: 'ada' }, cookieFor(600)));
  const loaded = await loadSession(other, 'a');
  await one.set('a', session({ views: 1, user: 'ada' }, cookieFor(60)));
  const { views } = loaded;
  delete loaded.views;
  await other.set('a', Object.assign(loaded, { views }));
  const { rows } = await pool.query(`SELECT extract(epoch FROM expire - now())::float8 AS seconds FROM ${table}`);
  assert.ok(rows[0].seconds > 500, `${rows[0].seconds} s`);
});

test('if one request removes a key, the save of another does not restore it', async () => {
  const { one, other } = await twoStores();
  await one.set('a', session({ flash: 'hello', views: 1 }, cookieFor(60)));
  const [first, second] = [await loadSession(one, 'a'), await loadSession(other, 'a')];
  delete first.flash;
  second.views = 2;
  await one.set('a', first);
  await other.set('a', second);
  assert.equal(await data(one), { views: 2 });
});

test('a save keeps the keys that express-session drops on load, with and without a conflict', async () => {
  const { one, other, pool, table } = await twoStores({ encryption: undefined, lifetime: undefined });
  const hostile = '"__proto__":{"admin":true},"toString":"x","constructor":[1],"id":"y","save":1';
  await one.set('a', session({ views: 1 }, cookieFor(60)));
  await pool.query(`UPDATE ${table} SET sess = (left(sess::text, -1) || $1)::json`, [`,${hostile}}`]);
  const [first, second] = [await loadSession(one, 'a'), await loadSession(other, 'a')];
  for (const loaded of [first, second]) assert.equal(Object.keys(loaded).sort(), ['cookie', 'views']);

  first.views = 2;
  await one.set('a', first);
  second.user = 'ada';
  await other.set('a', second);

  const { rows } = await pool.query(`SELECT sess::text FROM ${table}`);
  const { cookie: _, ...stored } = JSON.parse(rows[0].sess);
  assert.equal(JSON.stringify(stored), `{"views":2,${hostile},"user":"ada"}`);
  assert.is(({} as { admin?: boolean }).admin, undefined);
});

test('a save keeps a key that express-session dropped on load, if the request adds it with the same value', async () => {
  const { one, other, pool, table } = await twoStores({ encryption: undefined, lifetime: undefined });
  await one.set('a', session({ views: 1 }, cookieFor(60)));
  await pool.query(`UPDATE ${table} SET sess = (left(sess::text, -1) || ',"toString":"x"}')::json`);
  const first = await loadSession(one, 'a');
  await other.set('a', session({ views: 2 }, cookieFor(60)));

  Object.defineProperty(first, 'toString', { value: 'x', enumerable: true });
  await one.set('a', first);

  assert.equal(await data(one), { views: 2, toString: 'x' });
});

type TwoStores = Awaited<ReturnType<typeof twoStores>>;

for (const [what, end] of Object.entries({
  'another store destroyed': async ({ other }: TwoStores) => other.destroy('a'),
  'an administrator deleted': async ({ pool, table }: TwoStores) => {
    await pool.query(`DELETE FROM ${table}`);
  },
  expired: async ({ pool, table }: TwoStores) => {
    await pool.query(`UPDATE ${table} SET expire = now()`);
  },
})) {
  test(`set() and touch() do not revive a session that ${what}, and the store emits gone`, async () => {
    const stores = await twoStores();
    const { one, gone, pool, table } = stores;
    const secret = 'a';
    await one.set(secret, session({ views: 1 }, cookieFor(60)));
    const [changed, resaved, touched] = [
      await loadSession(one, secret),
      await loadSession(one, secret),
      await loadSession(one, secret),
    ];

    await end(stores);
    changed.views = 2;
    await one.set(secret, changed);
    await one.set(secret, resaved);
    await one.touch(secret, touched);
    assert.is(await one.update(secret, (found) => void found.views++), null);

    assert.is(await one.get(secret), null);
    assert.equal((await pool.query(`SELECT sess->>'views' AS views FROM ${table} WHERE expire > now()`)).rows, []);
    assert.equal(
      gone,
      (['set', 'set', 'touch'] as const).map((during) => ({ handle: handleOf(secret), during })),
    );
  });
}

test('set() does not revive a destroyed session that the same Session created', async () => {
  const { one, other, gone } = await twoStores();
  const fresh = newSession(one, 'a', { user: 'ada' });
  await one.set('a', fresh);
  await other.destroy('a');
  fresh.user = 'grace';
  await one.set('a', fresh);
  assert.is(await one.get('a'), null);
  assert.is(gone.length, 1);
});

test('the second save of a new Session writes it if the first save failed', async () => {
  const { one, pool, table } = await twoStores();
  const fresh = newSession(one, 'a', { user: 'ada' });
  await pool.query(`ALTER TABLE ${table} RENAME sess TO elsewhere`);
  await one.set('a', fresh).catch(() => {});
  await pool.query(`ALTER TABLE ${table} RENAME elsewhere TO sess`);
  await one.set('a', fresh);
  assert.equal(await data(one), { user: 'ada' });
});

test('set() writes the result of get(), a plain object and a Session with another id as they are', async () => {
  const { one, gone } = await twoStores();
  const script = session({ user: 'ada' }, cookieFor(60));
  await one.set('a', script);
  const bare = (await one.get('a'))!;
  await one.destroy('a');
  await one.set('a', bare);
  assert.equal(await data(one), { user: 'ada' });

  await one.destroy('a');
  await one.set('a', script);
  assert.equal(await data(one), { user: 'ada' });

  const loaded = await loadSession(one, 'a');
  await one.set('b', loaded);
  assert.equal(await data(one, 'b'), { user: 'ada' });
  assert.equal(gone, []);
});

test('after a reload, a save contains only the changes since the reload', async () => {
  const { one, other } = await twoStores();
  await one.set('a', session({ user: 'ada', views: 1 }, cookieFor(60)));
  const first = await loadSession(one, 'a');
  await other.update('a', (found) => {
    found.views = 2;
  });

  first.views = 7;
  await new Promise((resolve) => first.reload(resolve));
  const { session: reloaded } = first.req!;
  reloaded.user = 'grace';
  await one.set('a', reloaded);

  assert.equal(await data(one), { user: 'grace', views: 2 });
});

test('a save without changes moves the expiry and does not write the payload', async () => {
  const { one, pool, table } = await twoStores();
  await one.set('a', session({ views: 1 }, cookieFor(60)));
  const before = (await pool.query(`SELECT sess::text, xmin FROM ${table}`)).rows[0];
  const loaded = await loadSession(one, 'a');
  loaded.cookie.maxAge = 60_000;
  loaded.cookie.originalMaxAge = 60_000;
  await pool.query(`UPDATE ${table} SET expire = now() + interval '9 s'`);

  await one.set('a', loaded);

  assert.is((await pool.query(`SELECT sess::text FROM ${table}`)).rows[0].sess, before.sess);
  near(await secondsLeft(pool, table), 60);
});

test('a save without a conflict sends one statement, and so does a touch', async () => {
  const { one, pool } = await twoStores({ pool: freshPool({ max: 1 }) });
  await one.set('b', session()); // Citus refuses the statement that also asks how the table is distributed
  const fresh = newSession(one, 'a', { views: 1 });
  assert.equal(await statementsOf(pool, () => one.set('a', fresh)), ['INSERT']);
  const loaded = await loadSession(one, 'a');
  for (const views of [2, 3]) {
    loaded.views = views;
    assert.equal(await statementsOf(pool, () => one.set('a', loaded)), ['UPDATE']);
  }
  assert.equal(await statementsOf(pool, () => one.set('a', loaded)), ['UPDATE']);
  assert.equal(await statementsOf(pool, () => one.touch('a', loaded)), ['UPDATE']);
});

test('a save without a touch does not undo the touch of another request', async () => {
  const { one, other, pool, table } = await twoStores();
  await one.set('a', session({ views: 1 }, cookieFor(600)));
  await pool.query(`UPDATE ${table} SET expire = now() + interval '10 s'`);
  const [early, late] = [await loadSession(one, 'a'), await loadSession(other, 'a')];
  late.touch();
  await other.touch('a', late);

  early.views = 2;
  await one.set('a', early); // its cookie still expires after 10 s, as when it was loaded

  near(await secondsLeft(pool, table), 600);
  await one.set('a', early);
  near(await secondsLeft(pool, table), 600);
});

test('the save or touch of another request does not undo a longer maxAge ("remember me")', async () => {
  for (const write of ['set', 'touch'] as const) {
    const { one, other, pool, table } = await twoStores();
    await one.set('a', session({}, cookieFor(60)));
    const [login, poll] = [await loadSession(one, 'a'), await loadSession(other, 'a')];
    login.cookie.maxAge = 6000_000;
    await one.set('a', login);

    poll.polled = true;
    poll.touch();
    await other[write]('a', poll);

    near(await secondsLeft(pool, table), 6000);
    assert.is((await one.get('a'))!.cookie.originalMaxAge, 6000_000);
    assert.equal(await data(one), write === 'set' ? { polled: true } : {});
  }
});

test('a request that changes the cookie can shorten the session, and the last of two such changes wins', async () => {
  const { one, other, pool, table } = await twoStores();
  await one.set('a', session({}, cookieFor(6000)));
  const [first, second] = [await loadSession(one, 'a'), await loadSession(other, 'a')];
  first.cookie.maxAge = 600_000;
  await one.set('a', first);
  near(await secondsLeft(pool, table), 600);
  second.cookie.maxAge = 60_000;
  await other.set('a', second);
  near(await secondsLeft(pool, table), 60);
  const third = await loadSession(one, 'a');
  third.cookie.maxAge = 30_000;
  await one.touch('a', third);
  near(await secondsLeft(pool, table), 30);
});

test('the next touch corrects an expiry that a stale touch moved too far', async () => {
  const { one, other, pool, table } = await twoStores();
  await one.set('a', session({}, cookieFor(6000)));
  const [shortens, stale] = [await loadSession(one, 'a'), await loadSession(other, 'a')];
  shortens.cookie.maxAge = 60_000;
  await one.set('a', shortens);
  await other.touch('a', stale);
  near(await secondsLeft(pool, table), 6000);

  const next = await loadSession(one, 'a');
  next.touch();
  await one.touch('a', next);

  near(await secondsLeft(pool, table), 60);
});

test('repeated saves of a Session do not undo a shorter maxAge from another request', async () => {
  const { one, other, pool, table } = await twoStores();
  await one.set('a', session({}, cookieFor(6000)));
  const [slow, shortens] = [await loadSession(one, 'a'), await loadSession(other, 'a')];
  shortens.cookie.maxAge = 60_000;
  await other.set('a', shortens);
  for (const views of [1, 2, 3]) {
    slow.views = views;
    await one.set('a', slow);
    near(await secondsLeft(pool, table), 60);
  }
});

test('a maxAge that touch() of express-session changes by a millisecond is not a change of the cookie', async () => {
  const { one, other, pool, table, conflicts } = await twoStores();
  await one.set('a', session({}, cookieFor(60)));
  const [login, poll] = [await loadSession(one, 'a'), await loadSession(other, 'a')];
  login.cookie.maxAge = 6000_000;
  await one.set('a', login);
  const { now } = Date;
  let ticks = 0;
  Date.now = () => now() + ticks++;
  poll.touch();
  Date.now = now;
  assert.is.not(poll.cookie.originalMaxAge, 60_000);
  poll.polled = true;
  await other.set('a', poll);
  near(await secondsLeft(pool, table), 6000);
  assert.equal(
    conflicts.map(({ overwritten }) => overwritten),
    [[]],
  );
});

test('set() saves a change of the cookie alone, and the save of another request keeps it', async () => {
  const { one, other } = await twoStores();
  await one.set('a', session({ views: 1 }, cookieFor(60)));
  const [strict, late] = [await loadSession(one, 'a'), await loadSession(other, 'a')];
  strict.cookie.sameSite = 'strict';
  await one.set('a', strict);
  late.views = 2;
  await other.set('a', late);
  const { cookie, views } = (await one.get('a'))!;
  assert.equal([cookie.sameSite, views], ['strict', 2]);
});

test('a cookie without all its fields does not cause a conflict on the key cookie', async () => {
  for (const cookie of [undefined, {}, { originalMaxAge: null }]) {
    const { one, other, conflicts } = await twoStores();
    await one.set('a', invalid({ ...(cookie && { cookie }), views: 1 }));
    const [first, second] = [await loadSession(one, 'a'), await loadSession(other, 'a')];
    await one.update('a', (found) => void found.views++);
    first.user = 'ada';
    await one.set('a', first);
    second.theme = 'dark';
    await other.set('a', second);
    assert.is((await data(one))!.views, 2); // the events were emitted before this get() ended
    assert.equal(
      conflicts.map(({ keys }) => keys.sort()),
      [['views'], ['user', 'views']],
    );
  }
});

test('set() does not revive a destroyed session after its Session was saved under another id', async () => {
  const { one } = await twoStores();
  await one.set('a', session({ user: 'ada' }, cookieFor(60)));
  const loaded = await loadSession(one, 'a');
  await one.set('b', loaded);
  await one.destroy('a');
  loaded.user = 'grace';
  await one.set('a', loaded);
  assert.is(await one.get('a'), null);
});

test('with the ttl option, a touch can shorten the life of a session', async () => {
  const { one, names, pool, table } = await twoStores({ ttl: 6000 });
  await one.set('a', session({}));
  const shorter = new PgSessionStore({ pool, ...names, ttl: 60, pruneSessionInterval: false, ...OPTIONS });
  onEnd(() => shorter.close());
  await shorter.touch('a', await loadSession(shorter, 'a'));
  near(await secondsLeft(pool, table), 60);
});

test('set, touch, update and destroy of one session run in order, and get() sees the writes before it', async () => {
  const { one } = await twoStores();
  for (let round = 0; round < 20; round++) {
    void one.set('a', session({ round: -1 }));
    void one.touch('a', session({}));
    void one.set('a', session({ round }));
    assert.equal(await data(one), { round });
    void one.destroy('a');
    assert.is(await data(one), null);
    void one.set('a', session({ steps: ['set'] }));
    void one.update('a', (found) => void found.steps.push('update'));
    assert.equal(await data(one), { steps: ['set', 'update'] });
  }
});

test('a destroy waits for a set that waits for a lock, and other sessions do not wait', async () => {
  const { one, pool, table } = await twoStores();
  await one.set('a', session({ views: 1 }));
  const unlock = await lockRows(pool, table);

  const order: string[] = [];
  const setting = one.set('a', session({ views: 2 })).then(() => order.push('set'));
  await untilBlocked(pool);
  const destroying = one.destroy('a').then(() => order.push('destroy'));
  await one.set('b', session({}));
  order.push('b');
  await unlock();
  await Promise.all([setting, destroying]);

  assert.equal(order, ['b', 'set', 'destroy']);
  assert.is(await one.get('a'), null);
});

test('get() does not wait for a touch that waits for a lock', async () => {
  const { one, pool, table } = await twoStores();
  await one.set('a', session({ views: 1 }));
  const unlock = await lockRows(pool, table);
  const touching = one.touch('a', session({}));
  await untilBlocked(pool);
  assert.equal(await data(one), { views: 1 });
  await unlock();
  await touching;
});

test('a write runs after an earlier write of the session failed', async () => {
  const { one, pool, table } = await twoStores();
  await pool.query(`ALTER TABLE ${table} RENAME sess TO elsewhere`);
  const failing = one.set('a', session({ views: 1 })).catch((error) => error.sqlState);
  const next = one.destroy('a').then(() => 'done');
  assert.equal(await Promise.all([failing, next]), ['42703', 'done']);
});

test('a save fails with CONFLICT and status 503 if each attempt finds the row changed', async () => {
  const { one, pool, table } = await twoStores();
  await one.set('a', session({ views: 1 }, cookieFor(60)));
  const skip = table.replace(/"$/, ' skip"');
  await pool.query(`CREATE FUNCTION ${skip}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$`);
  await pool.query(`CREATE TRIGGER skip BEFORE UPDATE ON ${table} FOR EACH ROW EXECUTE FUNCTION ${skip}()`);
  const loaded = await loadSession(one, 'a');
  loaded.views = 2;
  const startedAt = Date.now();

  const error = await one.set('a', loaded).catch((error) => error);

  assert.equal([error.name, error.code, error.status], ['SessionStoreError', 'CONFLICT', 503]);
  assert.not.match(error.stack, /views/);
  near((Date.now() - startedAt) / 1000, 5);
});

test('1000 increments from four concurrent processes count to 1000', async () => {
  const { one, names } = await twoStores();
  await one.set('a', session({ views: 0 }, cookieFor(60)));
  const program = `
    import { PgSessionStore } from ${JSON.stringify(compiled('src/index.ts'))};
    const store = new PgSessionStore({ conString: process.env.TEST_SERVER_URL, timeout: 60, ...${JSON.stringify({ ...names, ...OPTIONS })} }); // 250 calls queue for one row
    const increment = () => store.update('a', (session) => { session.views++; });
    await Promise.all(Array.from({ length: 250 }, increment));
    await store.close();`;
  const args = ['--enable-source-maps', '--input-type=module', '-e', program];
  await Promise.all(Array.from({ length: 4 }, () => promisify(execFile)(process.execPath, args)));
  assert.equal(await data(one), { views: 1000 });
});

test('update() returns the stored session, or null if there is none', async () => {
  const { one } = await twoStores();
  await one.set('a', session({ views: 1 }, cookieFor(60)));
  const updated = await one.update('a', (found) => void found.views++);
  assert.is(updated!.views, 2);
  assert.instance(updated!.cookie.expires, Date);
  let calls = 0;
  assert.is(await one.update('missing', () => void calls++), null);
  assert.is(calls, 0);
  const result = await new Promise<SessionData | null | undefined>((resolve) =>
    one.update(
      'a',
      () => {},
      (_error, found) => resolve(found),
    ),
  );
  assert.is(result!.views, 2);
});

test('update() moves the expiry only if it changes the cookie and there is no ttl option', async () => {
  for (const ttl of [undefined, 6000]) {
    const { one, pool, table } = await twoStores({ ttl });
    await one.set('a', session({}, cookieFor(6000)));
    await pool.query(`UPDATE ${table} SET expire = now() + interval '100 s'`);
    await one.update('a', (found) => void Object.assign(found, { views: 1 }));
    near(await secondsLeft(pool, table), 100);
    await one.update('a', ({ cookie }) => void Object.assign(cookie, cookieFor(50)));
    near(await secondsLeft(pool, table), ttl === undefined ? 50 : 100);
    await one.update('a', ({ cookie }) => void Object.assign(cookie, { expires: cookieFor(500).expires }));
    near(await secondsLeft(pool, table), ttl === undefined ? 500 : 100);
  }
});

test('update() does not write if the function changes nothing', async () => {
  const { one, pool } = await twoStores({ pool: freshPool({ max: 1 }) });
  await one.set('a', session({ views: 1 }));
  assert.equal(await statementsOf(pool, () => one.update('a', () => {})), ['SELECT']);
});

test('update() fails and does not write if its function throws, is async or is missing', async () => {
  const { one } = await twoStores();
  await one.set('a', session({ views: 1 }));
  const errorOf = (change: unknown) =>
    one.update('a', invalid(change)).then(
      () => 'done',
      (error) => error.message,
    );
  const change = (found: SessionData) => {
    found.views++;
  };
  assert.is(
    await errorOf((found: SessionData) => {
      change(found);
      throw new Error('thrown by the app');
    }),
    'thrown by the app',
  );
  assert.match(await errorOf(async (found: SessionData) => change(found)), /a function that is not async/);
  assert.match(
    await errorOf(async () => {
      throw new Error('late');
    }),
    /a function that is not async/,
  );
  const throwNothing = () => {
    throw undefined;
  };
  assert.is(await errorOf(throwNothing), 'the session store failed with undefined');
  assert.match(await errorOf(undefined), /needs a function/);
  assert.equal(await data(one), { views: 1 });
});

test('update() does not revive a session that another request destroys meanwhile', async () => {
  const { one, other } = await twoStores();
  await one.set('a', session({ views: 1 }));
  const updated = await one.update('a', (found) => {
    found.views++;
    void other.destroy('a'); // either order of the two writes is fine
  });
  if (updated) assert.is(updated.views, 2);
  while (await other.get('a'));
  assert.is(await one.get('a'), null);
});

test("with concurrency: 'overwrite', set() replaces the whole session and revives a destroyed one", async () => {
  const { one, other, gone, conflicts } = await twoStores({ concurrency: 'overwrite' });
  await one.set('a', session({ user: 'ada' }, cookieFor(60)));
  const [first, second] = [await loadSession(one, 'a'), await loadSession(other, 'a')];
  first.one = 1;
  second.other = 2;
  await one.set('a', first);
  await other.set('a', second);
  assert.equal(await data(one), { user: 'ada', other: 2 });
  await one.destroy('a');
  await other.set('a', second);
  assert.equal(await data(one), { user: 'ada', other: 2 });
  assert.equal([...gone, ...conflicts], []);
});

test('set() calls back without an error when an event listener throws', async () => {
  const { one, other } = await twoStores();
  await one.set('a', session({ views: 1 }, cookieFor(60)));
  const loaded = await loadSession(one, 'a');
  await other.destroy('a');
  one.removeAllListeners('gone').on('gone', () => {
    throw new Error('thrown by a listener');
  });
  const runnersListeners = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  onEnd(() => {
    for (const listener of runnersListeners) process.on('uncaughtException', listener);
  });
  const thrown = once(process, 'uncaughtException');
  loaded.views = 2;
  await one.set('a', loaded);
  assert.is(((await thrown)[0] as Error).message, 'thrown by a listener');
  process.removeAllListeners('uncaughtException');
});
