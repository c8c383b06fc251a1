// How long a session lives, in each time zone.
import { setTimeout as sleep } from 'node:timers/promises';
import type { SessionData } from 'express-session';
import type pg from 'pg';
import * as assert from 'uvu/assert';
import { PgSessionStore } from '../../src/index.js';
import { Browser, startApp } from '../support/app.js';
import {
  cookieFor,
  freshPool,
  freshStore,
  loadSession,
  newSession,
  OPTIONS,
  session,
  statementsOf,
} from '../support/fresh-store.js';
import { onEnd, suite } from '../support/harness.js';
import { invalid } from '../support/invalid.js';
import { quotedName } from '../support/stores.js';

const test = suite('expiry');

/** Seconds until the row expires, by the clock of the database. */
async function secondsLeft(pool: pg.Pool, table: string): Promise<number> {
  const { rows } = await pool.query(
    `SELECT extract(epoch FROM expire::timestamptz - now())::float8 AS left FROM ${table}`,
  );
  return rows[0].left;
}

const assertNear = (actual: number, expected: number) =>
  assert.ok(Math.abs(actual - expected) <= 1, `${actual} s left, expected ${expected}`);

const expiries: [title: string, ttl: number | undefined | (() => number), cookie: () => object, seconds: number][] = [
  ['without a ttl, the cookie decides the expiry', undefined, () => cookieFor(3600), 3600],
  ['a ttl wins over the cookie', 600, () => cookieFor(3600), 600],
  ['a ttl wins over a shorter cookie', 7200, () => cookieFor(3600), 7200],
  ['a ttl function wins over the cookie', () => 60, () => cookieFor(3600), 60],
  ['a browser session lives a day', undefined, () => ({ expires: null }), 86_400],
  ['a browser session with expires: false lives a day', undefined, () => ({ expires: false }), 86_400],
  ['a browser session lives for the ttl', 600, () => ({ expires: null }), 600],
  [
    'a string in expires decides the expiry',
    undefined,
    () => ({ expires: new Date(Date.now() + 3_600_000).toJSON() }),
    3600,
  ],
  ['a cookie with an invalid expires lives a day', undefined, () => ({ expires: 'soon' }), 86_400],
  ['a plain maxAge decides the expiry', undefined, () => ({ expires: undefined, maxAge: 60_000 }), 60],
];

for (const [title, ttl, cookie, seconds] of expiries) {
  test(`${title}, in set() and touch()`, async () => {
    const { store, pool, table } = await freshStore({ ttl });
    await store.set('a', session({}, cookie()));
    assertNear(await secondsLeft(pool, table), seconds);

    await pool.query(`UPDATE ${table} SET expire = now() + interval '5 s'`);
    await store.touch('a', session({}, cookie()));
    assertNear(await secondsLeft(pool, table), seconds);
  });
}

test('a session without a cookie lives a day', async () => {
  const { store, pool, table } = await freshStore();
  await store.set('a', invalid({ user: 'a script' }));
  assertNear(await secondsLeft(pool, table), 86_400);
});

test('the store calls the ttl function for each session', async () => {
  const { store, pool, table } = await freshStore({ ttl: (sess) => ('admin' in sess ? 60 : 600) });
  await store.set('a', session({ admin: true }));
  assertNear(await secondsLeft(pool, table), 60);
});

test('a session is expired with the first possible Date as expires, and live with the last one', async () => {
  const { store } = await freshStore();
  for (const [time, isLive] of [
    [-8.64e15, false],
    [8.64e15, true],
  ] as const) {
    await store.set('a', session({}, { expires: new Date(time) }));
    assert.is((await store.get('a')) !== null, isLive);
  }
});

for (const wrong of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 1e300]) {
  test(`the constructor rejects a ttl of ${wrong}, and set() fails if the ttl function returns it`, async () => {
    const pool = freshPool();
    assert.throws(() => new PgSessionStore({ pool, ttl: wrong }), /ttl must be a positive number of seconds/);

    const { store } = await freshStore({ ttl: () => wrong });
    const error = await new Promise<Error>((resolve) => store.set('a', session(), resolve));
    assert.match(error.message, /ttl must be a positive number of seconds/);
    assert.is(await store.length(), 0);
  });
}

/** Returns the codes of the store's warnings during `work`. */
async function warnings(work: () => unknown): Promise<string[]> {
  const codes: string[] = [];
  const listener = (warning: Error & { code?: string }) => codes.push(String(warning.code));
  process.on('warning', listener);
  await work();
  await sleep(1); // process.emitWarning() emits on the next tick
  process.off('warning', listener);
  return codes.filter((code) => code.startsWith('CONNECT_PG_TYPED'));
}

test('the store warns if the ttl is a day in milliseconds', async () => {
  const pool = freshPool();
  const inMilliseconds = () => new PgSessionStore({ pool, ttl: 86_400_000, pruneSessionInterval: false });
  assert.equal(await warnings(inMilliseconds), ['CONNECT_PG_TYPED_TTL_LONG']);
});

for (const ms of [900_000, 1_800_000, 3_600_000, 28_800_000]) {
  test(`the store warns once if a session without a cookie's age gets a ttl of ${ms}`, async () => {
    const codes = await warnings(async () => {
      const { store } = await freshStore({ ttl: ms });
      await store.set('a', session());
      await store.set('b', session());
    });
    assert.equal(codes, ['CONNECT_PG_TYPED_TTL_LONG']);
  });
}

for (const days of [1, 7, 14, 25, 30, 50, 90, 100, 365, 400, 365.25 / 12]) {
  test(`the store does not warn of a ttl of ${days} days`, async () => {
    const codes = await warnings(async () => {
      const { store } = await freshStore({ ttl: days * 86_400 });
      await store.set('a', session());
    });
    assert.equal(codes, []);
  });
}

const WEEK_MS = 604_800_000;
const likeCookie: [what: string, ttl: number | ((session: SessionData) => number)][] = [
  ['ttl', WEEK_MS],
  ['ttl: 3600000', 3_600_000],
  ['a ttl function that returns originalMaxAge', ({ cookie }) => cookie.originalMaxAge!],
  ['a ttl function that returns maxAge', ({ cookie }) => (cookie as { maxAge?: number }).maxAge!],
];

for (const [what, ttl] of likeCookie) {
  test(`a session lives as long as its cookie if ${what} is the cookie's maxAge in milliseconds, with one warning`, async () => {
    const age = typeof ttl === 'number' ? ttl : WEEK_MS;
    const codes = await warnings(async () => {
      const { store, pool, table } = await freshStore({ ttl });
      await store.set('a', newSession(store, 'a', { n: 1 }, age));
      assertNear(await secondsLeft(pool, table), age / 1000);
      const loaded = await loadSession(store, 'a');
      await pool.query(`UPDATE ${table} SET expire = now() + interval '100 s'`);
      loaded.touch();
      loaded.n = 2;
      await store.set('a', loaded);
      assertNear(await secondsLeft(pool, table), age / 1000);
    });
    assert.equal(codes, ['CONNECT_PG_TYPED_TTL_LONG']);
  });
}

test('once a ttl is known to be in milliseconds, it is so for sessions with another maxAge or none', async () => {
  const { store, pool, table } = await freshStore({ ttl: WEEK_MS });
  await store.set('a', newSession(store, 'a', {}, WEEK_MS));
  await store.set('a', newSession(store, 'a', {}, 60_000));
  assertNear(await secondsLeft(pool, table), 60);
  await store.set('a', newSession(store, 'a', {}, null));
  assertNear(await secondsLeft(pool, table), WEEK_MS / 1000);
});

test('a browser with session({ cookie: { maxAge } }) and the same number as ttl has a row of that age', async () => {
  const { store, pool, table } = await freshStore({ ttl: WEEK_MS });
  const browser = new Browser(await startApp({ store, cookie: { maxAge: WEEK_MS } }));
  await browser.post('/count');
  await browser.post('/count');
  assertNear(await secondsLeft(pool, table), WEEK_MS / 1000);
});

test("the store warns if the ttl is the number of the cookie's maxAge", async () => {
  const { store } = await freshStore({ ttl: 3_600_000 });
  assert.equal(await warnings(() => store.set('a', session({}, cookieFor(3600)))), ['CONNECT_PG_TYPED_TTL_LONG']);
});

test('the store does not warn if the ttl is a year', async () => {
  const pool = freshPool();
  assert.equal(await warnings(() => new PgSessionStore({ pool, ttl: 365 * 86_400, pruneSessionInterval: false })), []);
});

test('the store warns once if the ttl is shorter than the cookie', async () => {
  const { store } = await freshStore({ ttl: 60 });
  const codes = await warnings(async () => {
    for (const sid of ['a', 'b']) await store.set(sid, session({}, cookieFor(3600)));
  });
  assert.equal(codes, ['CONNECT_PG_TYPED_TTL_WINS']);
});

test('the store does not warn if the ttl is as long as the cookie', async () => {
  const { store } = await freshStore({ ttl: 3600 });
  assert.equal(await warnings(() => store.set('a', session({}, cookieFor(3600)))), []);
});

test('the store hides an expired session before it prunes the row', async () => {
  const { store, pool, table } = await freshStore({ ttl: 1 });
  await store.set('a', session());
  assert.ok(await store.get('a'));
  await sleep(1050);

  assert.is(await store.get('a'), null);
  assert.is(await store.length(), 0);
  assert.equal(await store.all(), []);
  assert.is((await pool.query(`SELECT 1 FROM ${table}`)).rows.length, 1);
});

test('touch() does not revive an expired session', async () => {
  const { store, pool, table } = await freshStore();
  await store.set('a', session());
  await pool.query(`UPDATE ${table} SET expire = now() - interval '1 s'`);

  await store.touch('a', session());

  assert.is(await store.get('a'), null);
});

test('touch() changes only the expiry', async () => {
  const { store } = await freshStore();
  await store.set('a', session({ user: 'ada' }));
  await store.touch('a', session({ user: 'a stale copy' }));
  assert.is((await store.get('a'))!.user, 'ada');
});

test('with disableTouch, touch() changes nothing', async () => {
  const { store, pool, table } = await freshStore({ disableTouch: true });
  await store.set('a', session({}, cookieFor(60)));
  await store.touch('a', session({}, cookieFor(3600)));
  assertNear(await secondsLeft(pool, table), 60);
});

test('with disableTouch, set() of an unchanged session does not move the expiry, and set() of a changed one does', async () => {
  const { store, pool, table } = await freshStore({ disableTouch: true, touchAfter: 0, ttl: 1000 });
  await store.set('a', session({ n: 1 }));
  await pool.query(`UPDATE ${table} SET expire = now() + interval '500 s'`);
  const loaded = await loadSession(store, 'a');
  await store.set('a', loaded);
  assertNear(await secondsLeft(pool, table), 500);
  await store.set('a', Object.assign(loaded, { n: 2 }));
  assertNear(await secondsLeft(pool, table), 1000);
});

test('with a ttl, the second save of a held Session shortens its life too', async () => {
  const { store, pool, table } = await freshStore({ ttl: ({ mfaPending }) => (mfaPending ? 300 : 28_800) });
  const held = newSession(store, 'a');
  await store.set('a', held);
  held.mfaPending = true;
  await store.set('a', held);
  assertNear(await secondsLeft(pool, table), 300);
});

test('with a ttl, a save moves the expiry also if another request has changed the age of the cookie', async () => {
  const { store, pool, table } = await freshStore({ ttl: 1800 });
  const held = newSession(store, 'a', {}, 3_600_000);
  await store.set('a', held);
  const other = await loadSession(store, 'a');
  other.cookie.maxAge = 7_200_000;
  await store.set('a', other);
  for (const n of [1, 2]) {
    await pool.query(`UPDATE ${table} SET expire = now() + interval '100 s'`);
    await store.set('a', Object.assign(held, { n }));
    assertNear(await secondsLeft(pool, table), 1800);
  }
});

test('update() that sets cookie.maxAge moves the expiry, and the next request has that age', async () => {
  const { store, pool, table } = await freshStore();
  await store.set('a', session({}, cookieFor(3600)));
  await store.update('a', (found) => Object.assign(found.cookie, { maxAge: 86_400_000 }));
  assertNear(await secondsLeft(pool, table), 86_400);
  const { cookie } = await loadSession(store, 'a');
  assert.is(cookie.originalMaxAge, 86_400_000);
  assertNear(cookie.maxAge! / 1000, 86_400);
  await store.update('a', (found) => Object.assign(found.cookie, { maxAge: null }));
  const { expires, originalMaxAge } = (await loadSession(store, 'a')).cookie;
  assert.equal([expires, originalMaxAge], [null, null]);
  await store.update('a', (found) => Object.assign(found.cookie, { maxAge: -1 }));
  assert.is(await store.get('a'), null);
});

test('update() that sets cookie.expires moves the expiry, and the next request keeps it', async () => {
  const { store, pool, table } = await freshStore();
  await store.set('a', session({}, { originalMaxAge: null }));
  const { expires } = cookieFor(86_400 * 30);
  await store.update('a', (found) => Object.assign(found.cookie, { expires }));
  assertNear(await secondsLeft(pool, table), 86_400 * 30);
  const loaded = await loadSession(store, 'a');
  loaded.touch(); // as express-session does at the end of each request
  await store.touch('a', loaded);
  assertNear(loaded.cookie.maxAge! / 1000, 86_400 * 30);
  assertNear(await secondsLeft(pool, table), 86_400 * 30);
  await store.update('a', ({ cookie }) => void (cookie.expires as Date).setTime(Date.now() + 3_600_000));
  assertNear((await loadSession(store, 'a')).cookie.originalMaxAge! / 1000, 3600);
  await store.update('a', (found) => Object.assign(found.cookie, { expires: null }));
  assert.is((await loadSession(store, 'a')).cookie.originalMaxAge, null);
});

test('update() keeps an originalMaxAge that the app sets', async () => {
  const { store } = await freshStore();
  await store.set('a', session({}, cookieFor(60)));
  const cookie = { originalMaxAge: 600_000, expires: new Date(Date.now() + 500_000) };
  const updated = await store.update('a', (found) => Object.assign(found.cookie, cookie));
  assert.is(updated!.cookie.originalMaxAge, 600_000);
});

test('update() that deletes the cookie keeps the session', async () => {
  const { store, pool, table } = await freshStore();
  for (const cookie of [cookieFor(3600), { expires: cookieFor(3600).expires }]) {
    await pool.query(
      `INSERT INTO ${table} VALUES ('a', $1, now() + interval '1 h')
      ON CONFLICT (sid) DO UPDATE SET sess = excluded.sess`,
      [{ cookie, n: 1 }],
    );
    await store.update('a', (found) => void Reflect.deleteProperty(found, 'cookie'));
    assert.is((await store.get('a'))!.n, 1);
  }
  assert.ok((await secondsLeft(pool, table)) > 3000);
});

test('a ttl in milliseconds gives its whole life to a save with an old date in the cookie', async () => {
  const { store, pool, table } = await freshStore({ ttl: 3_600_000 });
  await store.set('a', session({}, { originalMaxAge: 3_600_000, expires: new Date(Date.now() + 3_600_000) }));
  await store.set('a', session({}, { originalMaxAge: 3_600_000, expires: new Date(Date.now() - 60_000) }));
  assertNear(await secondsLeft(pool, table), 3600);
});

test('a short ttl is not read as milliseconds when the date of the cookie is past', async () => {
  const { store, pool, table } = await freshStore({ ttl: () => 90 });
  await store.set('a', session({}, { originalMaxAge: 600_000, expires: new Date(Date.now() - 1000) }));
  assertNear(await secondsLeft(pool, table), 90);
});

test('get() sets cookie.expires to the expiry of the row, as a Date', async () => {
  const { store, pool, table } = await freshStore();
  await store.set('a', session({}, cookieFor(60)));
  await pool.query(`UPDATE ${table} SET expire = now() + interval '1 h'`);

  const { cookie } = (await store.get('a'))!;

  assert.instance(cookie.expires, Date);
  assertNear((cookie.expires!.getTime() - Date.now()) / 1000, 3600);
  assert.is(cookie.originalMaxAge, 60_000);
});

test('get() leaves expires null in the cookie of a browser session', async () => {
  const { store } = await freshStore();
  await store.set('a', session({}, { expires: null }));
  assert.is((await store.get('a'))!.cookie.expires, null);
});

test('with a ttl, get() does not change cookie.expires', async () => {
  const { store } = await freshStore({ ttl: 7200 });
  const cookie = cookieFor(60);
  await store.set('a', session({}, cookie));
  assert.equal((await store.get('a'))!.cookie.expires, cookie.expires);
});

test("get() returns the last possible Date as expires if the row expires at 'infinity'", async () => {
  const { store, pool, table } = await freshStore();
  await store.set('a', session({ user: 'ada' }, cookieFor(60)));
  await pool.query(`UPDATE ${table} SET expire = 'infinity'`);
  assert.is((await store.get('a'))!.cookie.expires!.toJSON(), '+275760-09-13T00:00:00.000Z');
});

const zones = ['UTC', 'America/New_York', 'Asia/Kolkata', 'Pacific/Kiritimati'];

/** Sets the time zone of Node until the test ends. */
function setNodeZone(zone: string) {
  const before = process.env.TZ;
  process.env.TZ = zone;
  onEnd(() => {
    if (before === undefined) delete process.env.TZ;
    else process.env.TZ = before;
  });
}

const poolIn = (zone: string) => freshPool({ options: `-c TimeZone=${zone}` });

const spans: [what: string, ttl: number | undefined, cookie: object, seconds: number][] = [
  ['a session with a ttl', 600, { expires: null }, 600],
  ['a browser session', undefined, { expires: null }, 86_400],
];

for (const [what, ttl, cookie, seconds] of spans) {
  for (const expire of ['timestamptz', 'timestamp(6)']) {
    test(`${what} expires at the right second on ${expire}, in each time zone of the server and of Node`, async () => {
      for (const zone of zones) {
        setNodeZone(zones.at(-1 - zones.indexOf(zone))!);
        const { store, pool, table } = await freshStore({ pool: poolIn(zone), columns: { sess: 'json', expire }, ttl });
        await store.set('a', session({}, cookie));
        assertNear(await secondsLeft(pool, table), seconds);
        assert.ok(await store.get('a'));
      }
    });
  }
}

for (const writer of zones) {
  test(`a session that was written to timestamptz in ${writer} expires at the right second in each time zone`, async () => {
    setNodeZone(writer);
    const { store, names } = await freshStore({ pool: poolIn(writer) });
    await store.set('a', session({}, cookieFor(1800)));
    const endsAt = Date.now() + 1800 * 1000;
    const expected = () => (endsAt - Date.now()) / 1000;
    for (const reader of zones) {
      setNodeZone(reader);
      const pool = poolIn(reader);
      const other = new PgSessionStore({ pool, ...names, pruneSessionInterval: false, ...OPTIONS });

      assert.is(await other.pruneSessions(), 0);
      const { cookie } = (await other.get('a'))!;
      assertNear(await secondsLeft(pool, quotedName(names)), expected());
      assertNear((cookie.expires!.getTime() - Date.now()) / 1000, expected());
      await other.close();
    }
  });

  test(`in ${writer}, the store writes the same expiry to timestamp(6) as connect-pg-simple`, async () => {
    setNodeZone('Asia/Tokyo');
    const pool = poolIn(writer);
    const { store, table } = await freshStore({ pool, columns: { sess: 'json', expire: 'timestamp(6)' } });
    const cookie = cookieFor(1800);
    await store.set('a', session({}, cookie));

    const written = await pool.query(
      `SELECT extract(epoch FROM expire - to_timestamp($1)::timestamp)::float8 AS difference FROM ${table}`,
      [cookie.expires.getTime() / 1000],
    );
    assertNear(written.rows[0].difference, 0);
    assertNear(((await store.get('a'))!.cookie.expires!.getTime() - Date.now()) / 1000, 1800);
    await pool.query(`UPDATE ${table} SET expire = to_timestamp($1)`, [Math.ceil(Date.now() / 1000) - 2]);
    assert.is(await store.get('a'), null);
    assert.is(await store.pruneSessions(), 1);
  });
}

for (const [touchAfter, moves, writes] of [
  [undefined, 7, false], // the default is a tenth of the 100 s
  [undefined, 13, true],
  [5, 4, false],
  [5, 7, true],
  [0, 0, true],
] as const) {
  test(`with touchAfter: ${touchAfter}, the store ${writes ? 'writes' : 'does not write'} a touch that moves an expiry of 100 s by ${moves} s`, async () => {
    const { store, pool, table } = await freshStore({ pool: freshPool({ max: 1 }), touchAfter });
    await store.set('a', session({}, cookieFor(100)));
    await pool.query(`UPDATE ${table} SET expire = now() + make_interval(secs => $1)`, [100 - moves]);
    const loaded = await loadSession(store, 'a');
    loaded.touch();
    const sent = await statementsOf(pool, () => store.touch('a', loaded));
    assert.equal(sent, writes ? ['UPDATE'] : []);
    assertNear(await secondsLeft(pool, table), writes ? 100 : 100 - moves);
  });
}

test('by default, the store writes a touch that moves an expiry of a month by more than a minute', async () => {
  const { store, pool, table } = await freshStore({ pool: freshPool({ max: 1 }) });
  const month = 30 * 86_400;
  await store.set('a', session({}, cookieFor(month)));
  for (const [moves, writes] of [
    [55, false],
    [65, true],
  ] as const) {
    await pool.query(`UPDATE ${table} SET expire = now() + make_interval(secs => $1)`, [month - moves]);
    const loaded = await loadSession(store, 'a');
    loaded.touch();
    assert.is((await statementsOf(pool, () => store.touch('a', loaded))).length, writes ? 1 : 0);
  }
});

test('the store does not write a touch right after a save or another touch', async () => {
  const { store, pool, table } = await freshStore({ pool: freshPool({ max: 1 }) });
  await store.set('a', session({}, cookieFor(100)));
  await pool.query(`UPDATE ${table} SET expire = now() + interval '50 s'`);
  const [saved, touched] = [await loadSession(store, 'a'), await loadSession(store, 'a')];
  saved.views = 1;
  saved.touch();
  await store.set('a', saved);
  assert.equal(await statementsOf(pool, () => store.touch('a', saved)), []);
  touched.touch();
  await store.touch('a', touched);
  assert.equal(await statementsOf(pool, () => store.touch('a', touched)), []);
  assertNear(await secondsLeft(pool, table), 100);
});

test('the store compares a touch with the expiry that a save in flight writes', async () => {
  const { store, pool, table } = await freshStore();
  await store.set('a', session({}, cookieFor(100)));
  const loaded = await loadSession(store, 'a');
  loaded.cookie.maxAge = 1_000_000;
  const saved = store.set('a', loaded);
  loaded.cookie.maxAge = 100_000;
  await Promise.all([saved, store.touch('a', loaded)]);
  assertNear(await secondsLeft(pool, table), 100);
});

test('the store always writes a touch of a session that was not loaded', async () => {
  const { store, pool } = await freshStore({ pool: freshPool({ max: 1 }) });
  await store.set('a', session({}, cookieFor(100)));
  assert.equal(await statementsOf(pool, () => store.touch('a', session({}, cookieFor(100)))), ['UPDATE']);
});
