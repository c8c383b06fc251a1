// How long a session lives, whatever the time zones.
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import * as assert from 'uvu/assert';
import { PgSessionStore } from '../../src/index.js';
import {
  cookieFor,
  freshPool,
  freshStore,
  loadSession,
  OPTIONS,
  session,
  statementsOf,
} from '../support/fresh-store.js';
import { onEnd, suite } from '../support/harness.js';
import { quotedName } from '../support/stores.js';

const test = suite('expiry');

/** Seconds that the row has left to live, by the database's clock. */
async function secondsLeft(pool: pg.Pool, table: string): Promise<number> {
  const { rows } = await pool.query(
    `SELECT extract(epoch FROM expire::timestamptz - now())::float8 AS left FROM ${table}`,
  );
  return rows[0].left;
}

const near = (actual: number, expected: number) =>
  assert.ok(Math.abs(actual - expected) <= 1, `${actual} s left, expected ${expected}`);

const lives: [what: string, ttl: number | undefined | (() => number), cookie: () => object, seconds: number][] = [
  ['the cookie decides without a ttl', undefined, () => cookieFor(3600), 3600],
  ['ttl wins over the cookie', 600, () => cookieFor(3600), 600],
  ['ttl wins over a shorter cookie', 7200, () => cookieFor(3600), 7200],
  ['a ttl function wins over the cookie', () => 60, () => cookieFor(3600), 60],
  ['a browser session lives a day', undefined, () => ({ expires: null }), 86_400],
  ['a browser session that says false lives a day', undefined, () => ({ expires: false }), 86_400],
  ['a browser session lives for the ttl', 600, () => ({ expires: null }), 600],
  ['expires as a string counts', undefined, () => ({ expires: new Date(Date.now() + 3_600_000).toJSON() }), 3600],
  ['an unreadable expires counts as none', undefined, () => ({ expires: 'soon' }), 86_400],
  ['a plain maxAge counts', undefined, () => ({ expires: undefined, maxAge: 60_000 }), 60],
];

for (const [what, ttl, cookie, seconds] of lives) {
  test(`${what}, on set and on touch`, async () => {
    const { store, pool, table } = await freshStore({ ttl });
    await store.set('a', session({}, cookie()));
    near(await secondsLeft(pool, table), seconds);

    await pool.query(`UPDATE ${table} SET expire = now() + interval '5 s'`);
    await store.touch('a', session({}, cookie()));
    near(await secondsLeft(pool, table), seconds);
  });
}

test('a session without a cookie lives a day', async () => {
  const { store, pool, table } = await freshStore();
  await store.set('a', { user: 'a script' } as never);
  near(await secondsLeft(pool, table), 86_400);
});

test('the ttl function is asked for each session', async () => {
  const { store, pool, table } = await freshStore({ ttl: (sess) => ('admin' in sess ? 60 : 600) });
  await store.set('a', session({ admin: true }));
  near(await secondsLeft(pool, table), 60);
});

test("the first and the last Date as the cookie's expires are a dead session and a living one", async () => {
  const { store } = await freshStore();
  for (const [time, lives] of [
    [-8.64e15, false],
    [8.64e15, true],
  ] as const) {
    await store.set('a', session({}, { expires: new Date(time) }));
    assert.is((await store.get('a')) !== null, lives);
  }
});

for (const wrong of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 1e300]) {
  test(`a ttl of ${wrong} is refused at construction, and as a function's answer by the callback`, async () => {
    const pool = freshPool();
    assert.throws(() => new PgSessionStore({ pool, ttl: wrong }), /ttl must be a positive number of seconds/);

    const { store } = await freshStore({ ttl: () => wrong });
    const error = await new Promise<Error>((resolve) => store.set('a', session(), resolve as never));
    assert.match(error.message, /ttl must be a positive number of seconds/);
    assert.is(await store.length(), 0);
  });
}

/** The codes of our warnings while this goes on. */
async function warnings(work: () => unknown): Promise<string[]> {
  const codes: string[] = [];
  const note = (warning: Error & { code?: string }) => codes.push(String(warning.code));
  process.on('warning', note);
  await work();
  await sleep(1); // emitWarning tells on the next tick
  process.off('warning', note);
  return codes.filter((code) => code.startsWith('CONNECT_PG_TYPED'));
}

test('a day in milliseconds as the ttl warns', async () => {
  const pool = freshPool();
  const inMilliseconds = () => new PgSessionStore({ pool, ttl: 86_400_000, pruneSessionInterval: false });
  assert.equal(await warnings(inMilliseconds), ['CONNECT_PG_TYPED_TTL_LONG']);
});

test("the number of the cookie's maxAge as the ttl warns", async () => {
  const { store } = await freshStore({ ttl: 3_600_000 });
  assert.equal(await warnings(() => store.set('a', session({}, cookieFor(3600)))), ['CONNECT_PG_TYPED_TTL_LONG']);
});

test('a year as the ttl does not warn', async () => {
  const pool = freshPool();
  assert.equal(await warnings(() => new PgSessionStore({ pool, ttl: 365 * 86_400, pruneSessionInterval: false })), []);
});

test('a ttl shorter than the cookie warns, once', async () => {
  const { store } = await freshStore({ ttl: 60 });
  const codes = await warnings(async () => {
    for (const sid of ['a', 'b']) await store.set(sid, session({}, cookieFor(3600)));
  });
  assert.equal(codes, ['CONNECT_PG_TYPED_TTL_WINS']);
});

test('a ttl as long as the cookie does not warn', async () => {
  const { store } = await freshStore({ ttl: 3600 });
  assert.equal(await warnings(() => store.set('a', session({}, cookieFor(3600)))), []);
});

test('an expired session is gone before it is pruned', async () => {
  const { store, pool, table } = await freshStore({ ttl: 1 });
  await store.set('a', session());
  assert.ok(await store.get('a'));
  await sleep(1050);

  assert.is(await store.get('a'), null);
  assert.is(await store.length(), 0);
  assert.equal(await store.all(), []);
  assert.is((await pool.query(`SELECT 1 FROM ${table}`)).rows.length, 1);
});

test('a touch does not bring back what has expired', async () => {
  const { store, pool, table } = await freshStore();
  await store.set('a', session());
  await pool.query(`UPDATE ${table} SET expire = now() - interval '1 s'`);

  await store.touch('a', session());

  assert.is(await store.get('a'), null);
});

test('a touch moves only the expiry', async () => {
  const { store } = await freshStore();
  await store.set('a', session({ user: 'ada' }));
  await store.touch('a', session({ user: 'a stale copy' }));
  assert.is(((await store.get('a')) as any).user, 'ada');
});

test('with disableTouch a touch changes nothing', async () => {
  const { store, pool, table } = await freshStore({ disableTouch: true });
  await store.set('a', session({}, cookieFor(60)));
  await store.touch('a', session({}, cookieFor(3600)));
  near(await secondsLeft(pool, table), 60);
});

test('get puts what is left to live into cookie.expires, as a Date', async () => {
  const { store, pool, table } = await freshStore();
  await store.set('a', session({}, cookieFor(60)));
  await pool.query(`UPDATE ${table} SET expire = now() + interval '1 h'`);

  const { cookie } = (await store.get('a'))!;

  assert.instance(cookie.expires, Date);
  near((cookie.expires!.getTime() - Date.now()) / 1000, 3600);
  assert.is(cookie.originalMaxAge, 60_000);
});

test('get makes no lasting cookie of a browser session', async () => {
  const { store } = await freshStore();
  await store.set('a', session({}, { expires: null }));
  assert.is((await store.get('a'))!.cookie.expires, null);
});

test('where ttl decides, get leaves the time in the cookie alone', async () => {
  const { store } = await freshStore({ ttl: 7200 });
  const cookie = cookieFor(60);
  await store.set('a', session({}, cookie));
  assert.equal((await store.get('a'))!.cookie.expires, cookie.expires);
});

test("a row that expires at 'infinity' is a session like any other", async () => {
  const { store, pool, table } = await freshStore();
  await store.set('a', session({ user: 'ada' }, cookieFor(60)));
  await pool.query(`UPDATE ${table} SET expire = 'infinity'`);
  assert.is((await store.get('a'))!.cookie.expires!.toJSON(), '+275760-09-13T00:00:00.000Z'); // the last Date there is
});

const zones = ['UTC', 'America/New_York', 'Asia/Kolkata', 'Pacific/Kiritimati'];

/** Node's own time zone for the time of the test. */
function nodeZone(zone: string) {
  const before = process.env.TZ;
  process.env.TZ = zone;
  onEnd(() => {
    if (before === undefined) delete process.env.TZ;
    else process.env.TZ = before;
  });
}

const poolIn = (zone: string) => freshPool({ options: `-c TimeZone=${zone}` });

const spans: [what: string, ttl: number | undefined, cookie: object, seconds: number][] = [
  ['a ttl', 600, { expires: null }, 600],
  ['a browser session', undefined, { expires: null }, 86_400],
];

for (const [what, ttl, cookie, seconds] of spans) {
  for (const expire of ['timestamptz', 'timestamp(6)']) {
    test(`${what} is right to the second on ${expire} under every zone of the server and of Node`, async () => {
      for (const zone of zones) {
        nodeZone(zones.at(-1 - zones.indexOf(zone))!);
        const { store, pool, table } = await freshStore({ pool: poolIn(zone), columns: { sess: 'json', expire }, ttl });
        await store.set('a', session({}, cookie));
        near(await secondsLeft(pool, table), seconds);
        assert.ok(await store.get('a'));
      }
    });
  }
}

for (const writer of zones) {
  test(`on timestamptz, what is written under ${writer} expires right to the second under every zone`, async () => {
    nodeZone(writer);
    const { store, names } = await freshStore({ pool: poolIn(writer) });
    await store.set('a', session({}, cookieFor(1800)));
    for (const reader of zones) {
      nodeZone(reader);
      const pool = poolIn(reader);
      const other = new PgSessionStore({ pool, ...names, pruneSessionInterval: false, ...OPTIONS });

      assert.is(await other.pruneSessions(), 0);
      const { cookie } = (await other.get('a'))!;
      near(await secondsLeft(pool, quotedName(names)), 1800);
      near((cookie.expires!.getTime() - Date.now()) / 1000, 1800);
      await other.close();
    }
  });

  test(`on timestamp(6) under ${writer}, the row says what connect-pg-simple would have written`, async () => {
    nodeZone('Asia/Tokyo');
    const pool = poolIn(writer);
    const { store, table } = await freshStore({ pool, columns: { sess: 'json', expire: 'timestamp(6)' } });
    const cookie = cookieFor(1800);
    await store.set('a', session({}, cookie));

    const written = await pool.query(
      `SELECT extract(epoch FROM expire - to_timestamp($1)::timestamp)::float8 AS difference FROM ${table}`,
      [cookie.expires.getTime() / 1000],
    );
    near(written.rows[0].difference, 0);
    near(((await store.get('a'))!.cookie.expires!.getTime() - Date.now()) / 1000, 1800);
    await pool.query(`UPDATE ${table} SET expire = to_timestamp($1)`, [Math.ceil(Date.now() / 1000) - 2]);
    assert.is(await store.get('a'), null);
    assert.is(await store.pruneSessions(), 1);
  });
}

for (const [touchAfter, moves, writes] of [
  [undefined, 7, false], // of 100 s a tenth is 10
  [undefined, 13, true],
  [5, 4, false],
  [5, 7, true],
  [0, 0, true],
] as const) {
  test(`touchAfter: ${touchAfter}: of 100 s to live, a touch that moves the expiry by ${moves} s is ${writes ? '' : 'not '}written`, async () => {
    const { store, pool, table } = await freshStore({ pool: freshPool({ max: 1 }), touchAfter });
    await store.set('a', session({}, cookieFor(100)));
    await pool.query(`UPDATE ${table} SET expire = now() + make_interval(secs => $1)`, [100 - moves]);
    const loaded = await loadSession(store, 'a');
    loaded.touch();
    const sent = await statementsOf(pool, () => store.touch('a', loaded as never));
    assert.equal(sent, writes ? ['UPDATE'] : []);
    near(await secondsLeft(pool, table), writes ? 100 : 100 - moves);
  });
}

test('by default a touch of a session that lives for weeks is written when it moves the expiry by a minute', async () => {
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
    assert.is((await statementsOf(pool, () => store.touch('a', loaded as never))).length, writes ? 1 : 0);
  }
});

test('a request that saves needs no touch after it, and one that touches twice writes once', async () => {
  const { store, pool, table } = await freshStore({ pool: freshPool({ max: 1 }) });
  await store.set('a', session({}, cookieFor(100)));
  await pool.query(`UPDATE ${table} SET expire = now() + interval '50 s'`);
  const [saved, touched] = [await loadSession(store, 'a'), await loadSession(store, 'a')] as any[];
  saved.views = 1;
  saved.touch();
  await store.set('a', saved);
  assert.equal(await statementsOf(pool, () => store.touch('a', saved)), []);
  touched.touch();
  await store.touch('a', touched);
  assert.equal(await statementsOf(pool, () => store.touch('a', touched)), []);
  near(await secondsLeft(pool, table), 100);
});

test('a touch that comes while a save is under way is judged by what that writes', async () => {
  const { store, pool, table } = await freshStore();
  await store.set('a', session({}, cookieFor(100)));
  const loaded = await loadSession(store, 'a');
  loaded.cookie.maxAge = 1_000_000;
  const saved = store.set('a', loaded as never);
  loaded.cookie.maxAge = 100_000;
  await Promise.all([saved, store.touch('a', loaded as never)]);
  near(await secondsLeft(pool, table), 100);
});

test('a touch of what was not loaded is always written', async () => {
  const { store, pool } = await freshStore({ pool: freshPool({ max: 1 }) });
  await store.set('a', session({}, cookieFor(100)));
  assert.equal(await statementsOf(pool, () => store.touch('a', session({}, cookieFor(100)))), ['UPDATE']);
});
