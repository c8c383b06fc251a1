// Two requests with one session: nothing that either saved is lost, and what is gone stays gone.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { promisify } from 'node:util';
import type pg from 'pg';
import * as assert from 'uvu/assert';
import { type ConflictEvent, type GoneEvent, PgSessionStore, type StoreOptions } from '../../src/index.js';
import {
  cookieFor,
  freshPool,
  freshStore,
  loadSession,
  newSession,
  OPTIONS,
  session,
  statementsOf,
  untilBlocked,
} from '../support/fresh-store.js';
import { onEnd, suite } from '../support/harness.js';

const test = suite('races', { timeout: 20_000 });

const COLUMNS = [
  { sess: 'json', expire: 'timestamptz' },
  { sess: 'jsonb', expire: 'timestamptz' },
  { sess: 'text', expire: 'timestamp(6)' },
] as const;

/** A store, another process's on the same table, and what they told their listeners. */
async function twoStores(given: Parameters<typeof freshStore>[0] = {}) {
  const options = { touchAfter: 0, ...given };
  const fresh = await freshStore(options);
  const { store: one, names, pool } = fresh;
  const { columns: _, ...storeOptions } = options;
  const other = new PgSessionStore({
    pool,
    ...names,
    pruneSessionInterval: false,
    ...OPTIONS,
    ...(storeOptions as StoreOptions),
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
  return rest as Record<string, unknown>;
};
const handleOf = (sid: string) => createHash('sha256').update(sid).digest('hex');
const secondsLeft = async (pool: pg.Pool, table: string): Promise<number> =>
  (await pool.query(`SELECT extract(epoch FROM expire::timestamptz - now())::float8 AS left FROM ${table}`)).rows[0]
    .left;
const near = (actual: number, expected: number) =>
  assert.ok(Math.abs(actual - expected) < 5, `${actual} s, expected ${expected} s`);

for (const columns of COLUMNS) {
  test(`two requests that change different keys both keep theirs, on ${columns.sess}`, async () => {
    const { one, other, conflicts } = await twoStores({ columns });
    await one.set('a', session({ user: 'ada', cart: [{ id: 1, n: 2 }], flash: 'hello' }, cookieFor(60)));
    const [first, second] = [await loadSession(one, 'a'), await loadSession(other, 'a')];

    first.cart = [{ n: 3, id: 1 }];
    delete second.flash;
    second.seen = true;
    await one.set('a', first as never);
    await other.set('a', second as never);

    assert.equal(await data(one), { user: 'ada', cart: [{ n: 3, id: 1 }], seen: true });
    assert.equal(conflicts, [{ handle: handleOf('a'), keys: ['cart'], overwritten: [] }]);
  });

  test(`a Session that is saved twice keeps what others saved in between, on ${columns.sess}`, async () => {
    const { one, other, conflicts } = await twoStores({ columns });
    await one.set('a', session({ user: 'ada', views: { home: 1, away: 1 } }, cookieFor(60)));
    const [first, second] = [await loadSession(one, 'a'), await loadSession(other, 'a')];

    second.theme = 'dark';
    second.user = 'grace';
    await other.set('a', second as never);
    first.views = { home: 2, away: 1 };
    await one.set('a', first as never);
    first.views = { home: 3, away: 1 };
    await one.set('a', first as never);
    first.views = { home: 4, away: 1 };
    await one.set('a', first as never);

    assert.equal(await data(one), { user: 'grace', views: { home: 4, away: 1 }, theme: 'dark' });
    assert.equal(
      conflicts.map(({ keys }) => keys.sort()),
      [['theme', 'user']],
    );
  });

  test(`updates from many sides lose nothing, on ${columns.sess}`, async () => {
    const { one, other } = await twoStores({ columns });
    await one.set('a', session({ views: 0 }, cookieFor(60)));
    const count = (store: PgSessionStore) => store.update('a', (found: any) => void found.views++);
    await Promise.all(Array.from({ length: 40 }, (_, n) => count(n % 2 ? one : other)));
    assert.equal(await data(one), { views: 40 });
  });
}

test('of two requests that change one key the last wins, and a listener hears of it', async () => {
  const { one, other, conflicts } = await twoStores();
  await one.set('a', session({ views: 1 }, cookieFor(60)));
  const [first, second] = [await loadSession(one, 'a'), await loadSession(other, 'a')];
  first.views = 2;
  second.views = 20;
  second.user = 'ada';
  await one.set('a', first as never);
  await other.set('a', second as never);
  assert.equal(await data(one), { views: 20, user: 'ada' });
  assert.equal(conflicts, [{ handle: handleOf('a'), keys: ['views'], overwritten: ['views'] }]);
});

test('a key that one request removed stays removed when another saves a copy that has it', async () => {
  const { one, other } = await twoStores();
  await one.set('a', session({ flash: 'hello', views: 1 }, cookieFor(60)));
  const [first, second] = [await loadSession(one, 'a'), await loadSession(other, 'a')];
  delete first.flash;
  second.views = 2;
  await one.set('a', first as never);
  await other.set('a', second as never);
  assert.equal(await data(one), { views: 2 });
});

test('keys that express-session drops on load are not removed by a save, with a conflict or without', async () => {
  const { one, other, pool, table } = await twoStores({ encryption: undefined, lifetime: undefined });
  const hostile = '"__proto__":{"admin":true},"toString":"x","constructor":[1],"id":"y","save":1';
  await one.set('a', session({ views: 1 }, cookieFor(60)));
  await pool.query(`UPDATE ${table} SET sess = (left(sess::text, -1) || $1)::json`, [`,${hostile}}`]);
  const [first, second] = [await loadSession(one, 'a'), await loadSession(other, 'a')];
  for (const loaded of [first, second]) assert.equal(Object.keys(loaded).sort(), ['cookie', 'views']);

  first.views = 2;
  await one.set('a', first as never);
  second.user = 'ada';
  await other.set('a', second as never);

  const { rows } = await pool.query(`SELECT sess::text FROM ${table}`);
  const { cookie: _, ...stored } = JSON.parse(rows[0].sess);
  assert.equal(JSON.stringify(stored), `{"views":2,${hostile},"user":"ada"}`);
  assert.is(({} as { admin?: boolean }).admin, undefined);
});

for (const [what, end] of Object.entries({
  'was destroyed': async ({ other }: Awaited<ReturnType<typeof twoStores>>) => other.destroy('a'),
  'an administrator has deleted': async ({ pool, table }: Awaited<ReturnType<typeof twoStores>>) => {
    await pool.query(`DELETE FROM ${table}`);
  },
  'has expired': async ({ pool, table }: Awaited<ReturnType<typeof twoStores>>) => {
    await pool.query(`UPDATE ${table} SET expire = now()`);
  },
})) {
  test(`a session that ${what} stays dead: no error for the request, and a listener hears of it`, async () => {
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
    await one.set(secret, changed as never);
    await one.set(secret, resaved as never);
    await one.touch(secret, touched as never);
    assert.is(await one.update(secret, (found: any) => void found.views++), null);

    assert.is(await one.get(secret), null);
    assert.equal((await pool.query(`SELECT sess->>'views' AS views FROM ${table} WHERE expire > now()`)).rows, []);
    assert.equal(
      gone,
      (['set', 'set', 'touch'] as const).map((during) => ({ handle: handleOf(secret), during })),
    );
  });
}

test('a Session that was new when it was saved stays dead, too', async () => {
  const { one, other, gone } = await twoStores();
  const fresh = newSession(one, 'a', { user: 'ada' });
  await one.set('a', fresh as never);
  await other.destroy('a');
  fresh.user = 'grace';
  await one.set('a', fresh as never);
  assert.is(await one.get('a'), null);
  assert.is(gone.length, 1);
});

test('a Session whose first save failed is written by its second', async () => {
  const { one, pool, table } = await twoStores();
  const fresh = newSession(one, 'a', { user: 'ada' });
  await pool.query(`ALTER TABLE ${table} RENAME sess TO elsewhere`);
  await one.set('a', fresh as never).catch(() => {});
  await pool.query(`ALTER TABLE ${table} RENAME elsewhere TO sess`);
  await one.set('a', fresh as never);
  assert.equal(await data(one), { user: 'ada' });
});

test('what was not loaded is written as it is: a bare get, a script, another id', async () => {
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
  await one.set('b', loaded as never);
  assert.equal(await data(one, 'b'), { user: 'ada' });
  assert.equal(gone, []);
});

test('a reload starts anew from what is stored', async () => {
  const { one, other } = await twoStores();
  await one.set('a', session({ user: 'ada', views: 1 }, cookieFor(60)));
  const req: any = { sessionID: 'a', sessionStore: one };
  const first = one.createSession(req, (await one.get('a'))!) as any;
  await other.update('a', (found: any) => {
    found.views = 2;
  });

  first.views = 7;
  await new Promise((resolve) => first.reload(resolve));
  req.session.user = 'grace';
  await one.set('a', req.session);

  assert.equal(await data(one), { user: 'grace', views: 2 });
});

test('a save that changes nothing moves the expiry and leaves the payload', async () => {
  const { one, pool, table } = await twoStores();
  await one.set('a', session({ views: 1 }, cookieFor(60)));
  const before = (await pool.query(`SELECT sess::text, xmin FROM ${table}`)).rows[0];
  const loaded = await loadSession(one, 'a');
  loaded.cookie.maxAge = 60_000;
  (loaded.cookie as any).originalMaxAge = 60_000;
  await pool.query(`UPDATE ${table} SET expire = now() + interval '9 s'`);

  await one.set('a', loaded as never);

  assert.is((await pool.query(`SELECT sess::text FROM ${table}`)).rows[0].sess, before.sess);
  near(await secondsLeft(pool, table), 60);
});

test('without a conflict a save costs one statement, and so does a touch', async () => {
  const { one, pool } = await twoStores({ pool: freshPool({ max: 1 }) });
  const fresh = newSession(one, 'a', { views: 1 });
  assert.equal(await statementsOf(pool, () => one.set('a', fresh as never)), ['INSERT']);
  const loaded = await loadSession(one, 'a');
  for (const views of [2, 3]) {
    loaded.views = views;
    assert.equal(await statementsOf(pool, () => one.set('a', loaded as never)), ['UPDATE']);
  }
  assert.equal(await statementsOf(pool, () => one.set('a', loaded as never)), ['UPDATE']);
  assert.equal(await statementsOf(pool, () => one.touch('a', loaded as never)), ['UPDATE']);
});

test('a save by one who did not touch it never shortens what another touched meanwhile', async () => {
  const { one, other, pool, table } = await twoStores();
  await one.set('a', session({ views: 1 }, cookieFor(600)));
  await pool.query(`UPDATE ${table} SET expire = now() + interval '10 s'`);
  const [early, late] = [await loadSession(one, 'a'), await loadSession(other, 'a')];
  late.touch();
  await other.touch('a', late as never);

  early.views = 2;
  await one.set('a', early as never); // an explicit save: its cookie has the 10 s that it was loaded with

  near(await secondsLeft(pool, table), 600);
  await one.set('a', early as never);
  near(await secondsLeft(pool, table), 600);
});

test('"remember me" by one request is not undone by the save or the touch of another', async () => {
  for (const write of ['set', 'touch'] as const) {
    const { one, other, pool, table } = await twoStores();
    await one.set('a', session({}, cookieFor(60)));
    const [login, poll] = [await loadSession(one, 'a'), await loadSession(other, 'a')];
    login.cookie.maxAge = 6000_000;
    await one.set('a', login as never);

    poll.polled = true;
    poll.touch();
    await other[write]('a', poll as never);

    near(await secondsLeft(pool, table), 6000);
    assert.is((await one.get('a'))!.cookie.originalMaxAge, 6000_000);
    assert.equal(await data(one), write === 'set' ? { polled: true } : {});
  }
});

test('whoever changes the cookie may shorten the session, and a cookie that two change is the later one', async () => {
  const { one, other, pool, table } = await twoStores();
  await one.set('a', session({}, cookieFor(6000)));
  const [first, second] = [await loadSession(one, 'a'), await loadSession(other, 'a')];
  first.cookie.maxAge = 600_000;
  await one.set('a', first as never);
  near(await secondsLeft(pool, table), 600);
  second.cookie.maxAge = 60_000;
  await other.set('a', second as never);
  near(await secondsLeft(pool, table), 60);
  const third = await loadSession(one, 'a');
  third.cookie.maxAge = 30_000;
  await one.touch('a', third as never);
  near(await secondsLeft(pool, table), 30);
});

test('a session that a stale touch has made to live too long is put right by the next touch', async () => {
  const { one, other, pool, table } = await twoStores();
  await one.set('a', session({}, cookieFor(6000)));
  const [shortens, stale] = [await loadSession(one, 'a'), await loadSession(other, 'a')];
  shortens.cookie.maxAge = 60_000;
  await one.set('a', shortens as never);
  await other.touch('a', stale as never);
  near(await secondsLeft(pool, table), 6000);

  const next = await loadSession(one, 'a');
  next.touch();
  await one.touch('a', next as never);

  near(await secondsLeft(pool, table), 60);
});

test('a Session that is saved again and again leaves alone the shorter life that another gave the session', async () => {
  const { one, other, pool, table } = await twoStores();
  await one.set('a', session({}, cookieFor(6000)));
  const [slow, shortens] = [await loadSession(one, 'a'), await loadSession(other, 'a')];
  shortens.cookie.maxAge = 60_000;
  await other.set('a', shortens as never);
  for (const views of [1, 2, 3]) {
    slow.views = views;
    await one.set('a', slow as never);
    near(await secondsLeft(pool, table), 60);
  }
});

test('a millisecond that express-session loses in touch() is no change of the cookie', async () => {
  const { one, other, pool, table, conflicts } = await twoStores();
  await one.set('a', session({}, cookieFor(60)));
  const [login, poll] = [await loadSession(one, 'a'), await loadSession(other, 'a')];
  login.cookie.maxAge = 6000_000;
  await one.set('a', login as never);
  const { now } = Date;
  let ticks = 0;
  Date.now = () => now() + ticks++;
  poll.touch();
  Date.now = now;
  assert.is.not(poll.cookie.originalMaxAge, 60_000);
  poll.polled = true;
  await other.set('a', poll as never);
  near(await secondsLeft(pool, table), 6000);
  assert.equal(
    conflicts.map(({ overwritten }) => overwritten),
    [[]],
  );
});

test('a change of nothing but the cookie is saved, and kept by a save of another', async () => {
  const { one, other } = await twoStores();
  await one.set('a', session({ views: 1 }, cookieFor(60)));
  const [strict, late] = [await loadSession(one, 'a'), await loadSession(other, 'a')];
  strict.cookie.sameSite = 'strict';
  await one.set('a', strict as never);
  late.views = 2;
  await other.set('a', late as never);
  const { cookie, views } = (await one.get('a')) as any;
  assert.equal([cookie.sameSite, views], ['strict', 2]);
});

test('a cookie that a script wrote in short is the one that express-session made of it', async () => {
  for (const cookie of [undefined, {}, { originalMaxAge: null }]) {
    const { one, other, conflicts } = await twoStores();
    await one.set('a', { ...(cookie && { cookie }), views: 1 } as never);
    const [first, second] = [await loadSession(one, 'a'), await loadSession(other, 'a')];
    await one.update('a', (found: any) => void found.views++);
    first.user = 'ada';
    await one.set('a', first as never);
    second.theme = 'dark';
    await other.set('a', second as never);
    assert.is((await data(one))!.views, 2); // by then the events have been told
    assert.equal(
      conflicts.map(({ keys }) => keys.sort()),
      [['views'], ['user', 'views']],
    );
  }
});

test('a Session that was also saved under another id stays dead under its own', async () => {
  const { one } = await twoStores();
  await one.set('a', session({ user: 'ada' }, cookieFor(60)));
  const loaded = await loadSession(one, 'a');
  await one.set('b', loaded as never);
  await one.destroy('a');
  loaded.user = 'grace';
  await one.set('a', loaded as never);
  assert.is(await one.get('a'), null);
});

test('with a ttl, a touch may shorten: the option says how long after its last use a session lives', async () => {
  const { one, names, pool, table } = await twoStores({ ttl: 6000 });
  await one.set('a', session({}));
  const shorter = new PgSessionStore({ pool, ...names, ttl: 60, pruneSessionInterval: false, ...OPTIONS });
  onEnd(() => shorter.close());
  await shorter.touch('a', (await loadSession(shorter, 'a')) as never);
  near(await secondsLeft(pool, table), 60);
});

test('writes of one session keep their order across kinds, and a get sees those before it', async () => {
  const { one } = await twoStores();
  for (let round = 0; round < 20; round++) {
    void one.set('a', session({ round: -1 }));
    void one.touch('a', session({}));
    void one.set('a', session({ round }));
    assert.equal(await data(one), { round });
    void one.destroy('a');
    assert.is(await data(one), null);
    void one.set('a', session({ steps: ['set'] }));
    void one.update('a', (found: any) => void found.steps.push('update'));
    assert.equal(await data(one), { steps: ['set', 'update'] });
  }
});

test('a destroy waits for the set before it, even when that waits for a lock, and other sessions go on', async () => {
  const { one, pool, table } = await twoStores();
  await one.set('a', session({ views: 1 }));
  const locker = await pool.connect();
  await locker.query('BEGIN');
  await locker.query(`SELECT FROM ${table} FOR UPDATE`);

  const order: string[] = [];
  const setting = one.set('a', session({ views: 2 })).then(() => order.push('set'));
  await untilBlocked(pool);
  const destroying = one.destroy('a').then(() => order.push('destroy'));
  await one.set('b', session({}));
  order.push('b');
  await locker.query('COMMIT');
  locker.release();
  await Promise.all([setting, destroying]);

  assert.equal(order, ['b', 'set', 'destroy']);
  assert.is(await one.get('a'), null);
});

test('a touch that waits for a lock keeps no get waiting', async () => {
  const { one, pool, table } = await twoStores();
  await one.set('a', session({ views: 1 }));
  const locker = await pool.connect();
  await locker.query('BEGIN');
  await locker.query(`SELECT FROM ${table} FOR UPDATE`);
  const touching = one.touch('a', session({}));
  await untilBlocked(pool);
  assert.equal(await data(one), { views: 1 });
  await locker.query('COMMIT');
  locker.release();
  await touching;
});

test('a write that fails does not keep those after it from their turn', async () => {
  const { one, pool, table } = await twoStores();
  await pool.query(`ALTER TABLE ${table} RENAME sess TO elsewhere`);
  const failing = one.set('a', session({ views: 1 })).catch((error) => error.sqlState);
  const next = one.destroy('a').then(() => 'done');
  assert.equal(await Promise.all([failing, next]), ['42703', 'done']);
});

test('a save that others beat every time ends in an error that says so, and an Express app in 503', async () => {
  const { one, pool, table } = await twoStores();
  await one.set('a', session({ views: 1 }, cookieFor(60)));
  await pool.query(`CREATE FUNCTION pg_temp.ahead() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$`);
  const { rows } = await pool.query(`SELECT nspname FROM pg_namespace WHERE oid = pg_my_temp_schema()`);
  await pool.query(
    `CREATE TRIGGER ahead BEFORE UPDATE ON ${table} FOR EACH ROW EXECUTE FUNCTION ${rows[0].nspname}.ahead()`,
  );
  const loaded = await loadSession(one, 'a');
  loaded.views = 2;
  const begun = Date.now();

  const error = await one.set('a', loaded as never).catch((caught) => caught);

  assert.equal([error.name, error.code, error.status], ['SessionStoreError', 'CONFLICT', 503]);
  assert.not.match(error.stack, /views/);
  near((Date.now() - begun) / 1000, 5);
});

test('1000 increments from four processes at once end at 1000', async () => {
  const { one, names } = await twoStores();
  await one.set('a', session({ views: 0 }, cookieFor(60)));
  const program = `
    import { PgSessionStore } from ${JSON.stringify(new URL('../../src/index.ts', import.meta.url).href)};
    const store = new PgSessionStore({ conString: process.env.TEST_SERVER_URL, timeout: 60, ...${JSON.stringify({ ...names, ...OPTIONS })} }); // 250 wait for each other
    const increment = () => store.update('a', (session) => { session.views++; });
    await Promise.all(Array.from({ length: 250 }, increment));
    await store.close();`;
  const args = ['--import', 'tsx', '--input-type=module', '-e', program];
  await Promise.all(Array.from({ length: 4 }, () => promisify(execFile)(process.execPath, args)));
  assert.equal(await data(one), { views: 1000 });
});

test('update answers with what is stored, or null', async () => {
  const { one } = await twoStores();
  await one.set('a', session({ views: 1 }, cookieFor(60)));
  const answer = await one.update('a', (found: any) => void found.views++);
  assert.is((answer as any).views, 2);
  assert.instance(answer!.cookie.expires, Date);
  let calls = 0;
  assert.is(await one.update('nobody', () => void calls++), null);
  assert.is(calls, 0);
  const called = await new Promise<unknown[]>((resolve) =>
    one.update(
      'a',
      () => {},
      (...args) => resolve(args),
    ),
  );
  assert.is((called[1] as any).views, 2);
});

test('update leaves the expiry, unless it changes the cookie and the cookie decides', async () => {
  for (const ttl of [undefined, 6000]) {
    const { one, pool, table } = await twoStores({ ttl });
    await one.set('a', session({}, cookieFor(6000)));
    await pool.query(`UPDATE ${table} SET expire = now() + interval '100 s'`);
    await one.update('a', (found: any) => void Object.assign(found, { views: 1 }));
    near(await secondsLeft(pool, table), 100);
    await one.update('a', ({ cookie }: any) => void Object.assign(cookie, cookieFor(50)));
    near(await secondsLeft(pool, table), ttl === undefined ? 50 : 100);
    await one.update('a', ({ cookie }: any) => void Object.assign(cookie, { expires: cookieFor(500).expires }));
    near(await secondsLeft(pool, table), ttl === undefined ? 500 : 100);
  }
});

test('an update that changes nothing writes nothing', async () => {
  const { one, pool } = await twoStores({ pool: freshPool({ max: 1 }) });
  await one.set('a', session({ views: 1 }));
  assert.equal(await statementsOf(pool, () => one.update('a', () => {})), ['SELECT']);
});

test('an update whose function throws, is async or is none says so and writes nothing', async () => {
  const { one } = await twoStores();
  await one.set('a', session({ views: 1 }));
  const failing = (change: unknown) =>
    one.update('a', change as never).then(
      () => 'done',
      (error) => error.message,
    );
  const change = (found: any) => {
    found.views++;
  };
  assert.is(
    await failing((found: any) => {
      change(found);
      throw new Error('thrown by the app');
    }),
    'thrown by the app',
  );
  assert.match(await failing(async (found: any) => change(found)), /a function that is not async/);
  assert.match(
    await failing(async () => {
      throw new Error('late');
    }),
    /a function that is not async/,
  );
  assert.match(await failing(undefined), /needs a function/);
  assert.equal(await data(one), { views: 1 });
});

test('an update of a session that goes in between answers null', async () => {
  const { one, other } = await twoStores();
  await one.set('a', session({ views: 1 }));
  const locked = one.update('a', (found: any) => {
    found.views++;
    void other.destroy('a'); // reaches the server first or second: either way the session is gone in the end
  });
  const answer = (await locked) as any;
  if (answer) assert.is(answer.views, 2);
  while (await other.get('a'));
  assert.is(await one.get('a'), null);
});

test("concurrency: 'overwrite' is the old way: the last save wins as a whole, and revives", async () => {
  const { one, other, gone, conflicts } = await twoStores({ concurrency: 'overwrite' });
  await one.set('a', session({ user: 'ada' }, cookieFor(60)));
  const [first, second] = [await loadSession(one, 'a'), await loadSession(other, 'a')];
  first.one = 1;
  second.other = 2;
  await one.set('a', first as never);
  await other.set('a', second as never);
  assert.equal(await data(one), { user: 'ada', other: 2 });
  await one.destroy('a');
  await other.set('a', second as never);
  assert.equal(await data(one), { user: 'ada', other: 2 });
  assert.equal([...gone, ...conflicts], []);
});

test('what a listener throws is its own: the save has been done and is answered', async () => {
  const { one, other } = await twoStores();
  await one.set('a', session({ views: 1 }, cookieFor(60)));
  const loaded = await loadSession(one, 'a');
  await other.destroy('a');
  one.removeAllListeners('gone').on('gone', () => {
    throw new Error('thrown by a listener');
  });
  const runner = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  onEnd(() => {
    for (const listener of runner) process.on('uncaughtException', listener);
  });
  const thrown = once(process, 'uncaughtException');
  loaded.views = 2;
  await one.set('a', loaded as never);
  assert.is(((await thrown)[0] as Error).message, 'thrown by a listener');
  process.removeAllListeners('uncaughtException');
});
