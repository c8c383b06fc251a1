// readThrough(): sessions of the app's old store stay signed in, and move to the table.
import { setTimeout as sleep } from 'node:timers/promises';
import expressSession from 'express-session';
import * as assert from 'uvu/assert';
import { PgSessionStore, readThrough, type SessionStoreError, type StoreOptions } from '../../src/index.js';
import { Browser, startApp } from '../support/app.js';
import { cookieFor, freshStore, loadSession, OPTIONS, session, storedId } from '../support/fresh-store.js';
import { onEnd, suite } from '../support/harness.js';
import { invalid } from '../support/invalid.js';
import { failure } from '../support/limited-role.js';
import { getFrom, HookedStore, MongoStore, setIn } from '../support/old-stores.js';
import { makeStore, makeTable } from '../support/stores.js';

const test = suite('read through');

type OldStore = Parameters<typeof readThrough>[0];

/** A store with this old store. `open` is another process's, on the same table. */
async function moving<Old extends OldStore>(old: Old, options: Omit<StoreOptions, 'pool'> = {}) {
  const made = await freshStore({ oldStore: readThrough(old), ...options });
  const { pool, names } = made;
  const open = (other: OldStore) => {
    const store = new PgSessionStore({
      pool,
      ...names,
      pruneSessionInterval: false,
      ...OPTIONS,
      ...options,
      oldStore: readThrough(other),
    });
    onEnd(() => store.close());
    return store;
  };
  const secondsLeft = async (sid: string): Promise<number> => {
    const text = `SELECT extract(epoch FROM expire - now())::float8 AS left FROM ${made.table} WHERE sid = $1`;
    return (await pool.query(text, [storedId(sid)])).rows[0]?.left;
  };
  return { ...made, old, open, secondsLeft };
}

const near = (actual: number, expected: number) =>
  assert.ok(Math.abs(actual - expected) < 5, `${actual} s, expected about ${expected}`);

/** Resolves when `release` is called. */
function gate() {
  let release = (): void => {};
  const opened = new Promise<void>((resolve) => (release = resolve));
  return { opened, release };
}

const codeOf = (call: Promise<unknown>): Promise<string> =>
  call.then(
    (result) => `no error: ${JSON.stringify(result)}`,
    (error: SessionStoreError) => error.code,
  );

test('a get moves the session with its remaining life, once, and counts it', async () => {
  const { store, old, secondsLeft } = await moving(new HookedStore());
  await setIn(old, 'a', session({ cart: 1 }, cookieFor(1000)));
  assert.equal([store.stats().moved, store.stats().lastMovedAt], [0, undefined]);
  for (const _ of [1, 2]) assert.is((await store.get('a'))?.cart, 1);
  near(await secondsLeft('a'), 1000);
  assert.is(await getFrom(old, 'a'), undefined);
  assert.is(store.stats().moved, 1);
  assert.ok(Date.now() - store.stats().lastMovedAt!.getTime() < 5000);
  assert.is(await store.get('missing'), null);
  assert.is(store.stats().moved, 1);
});

test('if the old store fails after a session was stored here, the move is undone, and the next get moves it', async () => {
  const { store, old } = await moving(new HookedStore());
  await setIn(old, 'a', session({ cart: 1 }));
  let gets = 0;
  old.before = (method) => {
    if (method === 'get' && ++gets === 2) throw new Error('down');
  };
  assert.is(await codeOf(store.get('a')), 'OLD_STORE');
  assert.is(await store.length(), 0);
  assert.is((await store.get('a'))?.cart, 1);
});

test('a move is not undone if another request has changed the session meanwhile', async () => {
  const { store, old, open } = await moving(new HookedStore());
  const other = open(new HookedStore());
  await setIn(old, 'a', session({ cart: 1 }));
  let gets = 0;
  old.before = async (method) => {
    if (method !== 'get' || ++gets !== 2) return;
    await other.update('a', (found) => Object.assign(found, { cart: 2 }));
    throw new Error('down');
  };
  assert.is(await codeOf(store.get('a')), 'OLD_STORE');
  assert.is((await store.get('a'))?.cart, 2);
});

test('a moved session lives no longer than the lifetime', async () => {
  const { store, old, secondsLeft } = await moving(new HookedStore(), { lifetime: 3600 });
  await setIn(old, 'a', session({ cart: 1 }, cookieFor(30 * 86_400)));
  assert.is((await store.get('a'))?.cart, 1);
  near(await secondsLeft('a'), 3600);
});

test('the life of a moved session is that of its cookie, else the ttl, else a day', async () => {
  const { open, old, secondsLeft } = await moving(new expressSession.MemoryStore());
  const seconds = async (cookie: object | undefined, options: { ttl?: number } = {}) => {
    const data: any = session({}, cookie);
    if (!cookie) delete data.cookie;
    const { store, secondsLeft } = await moving({ ...asStore(data) }, options);
    assert.ok(await store.get('a'));
    return secondsLeft('a');
  };
  const passed = { originalMaxAge: 600_000, expires: new Date(Date.now() - 1000) };
  near(await seconds(undefined), 86_400);
  near(await seconds(undefined, { ttl: 300 }), 300);
  near(await seconds({}), 86_400);
  near(await seconds({}, { ttl: 300 }), 300);
  near(await seconds(cookieFor(100), { ttl: 300 }), 100);
  near(await seconds(cookieFor(900), { ttl: 300 }), 300);
  near(await seconds({ originalMaxAge: 600_000 }), 86_400); // expires: null makes a browser session
  near(await seconds(passed), 600); // the store has touched it, and has not stored its cookie
  await setIn(old, 'b', session({}, { expires: new Date(Date.now() - 1000) }));
  const store = open(old);
  assert.is(await store.get('b'), null);
  assert.is(await secondsLeft('b'), undefined);
});

/** An old store with one session, in an object that has only two functions. */
function asStore(data: any) {
  let found = data;
  return {
    get: (_: string, callback: any) => callback(null, found),
    destroy(_: string, callback: any) {
      found = null;
      callback();
    },
  };
}

test('a session without a date that has ended is not moved, and is destroyed in the old store', async () => {
  const old = asStore(session({}, { originalMaxAge: null, expires: new Date(0) }));
  const { store, secondsLeft } = await moving(old);
  assert.is(await store.get('a'), null);
  assert.is(await secondsLeft('a'), undefined);
  assert.is(await getFrom(old, 'a'), null);
  assert.is(store.stats().moved, 0);
});

test('two processes move a session once, and neither overwrites what the other saved since', async () => {
  const [old, slow] = [new HookedStore(), new HookedStore()];
  Object.assign(slow, { sessions: (old as any).sessions });
  const { store, open } = await moving(old);
  const other = open(slow);
  await setIn(old, 'a', session({ cart: 1, visits: 1 }, cookieFor(1000)));
  const { opened, release } = gate();
  slow.after = () => opened;
  const slowGet = loadSession(other, 'a');
  while (slow.calls.length === 0) await new Promise(setImmediate);
  const loaded = await loadSession(store, 'a');
  loaded.cart = 2;
  await store.set('a', loaded);
  release();
  const late = await slowGet;
  assert.equal([late.cart, late.visits], [2, 1]);
  late.visits = 2;
  await other.set('a', late);
  const { cart, visits } = (await store.get('a')) as any;
  assert.equal([cart, visits], [2, 2]);
  assert.equal([store.stats().moved, other.stats().moved], [1, 0]);
});

/** Another process, whose call of the old store waits for `release`. */
async function withSlowProcess(method: string) {
  const [old, slow] = [new HookedStore(), new HookedStore()];
  Object.assign(slow, { sessions: (old as any).sessions });
  const { store, open } = await moving(old);
  await setIn(old, 'a', session({ cart: 1 }, cookieFor(1000)));
  const { opened, release } = gate();
  const reached = gate();
  slow.before = (called) => {
    if (called !== method) return undefined;
    reached.release();
    return opened;
  };
  return { store, other: open(slow), reached: reached.opened, release };
}

test('a get finds a session that moved between its two reads', async () => {
  const { store, other, reached, release } = await withSlowProcess('get');
  const found = other.get('a');
  await reached;
  await store.get('a');
  release();
  assert.is((await found)?.cart, 1);
});

test('a destroy that waits for the old store while the session moves wins', async () => {
  const { store, other, reached, release } = await withSlowProcess('destroy');
  const destroyed = other.destroy('a');
  await reached;
  assert.is((await store.get('a'))?.cart, 1);
  release();
  await destroyed;
  assert.is(await store.get('a'), null);
});

test('many gets of one session at once all find it', async () => {
  const { store, old } = await moving(new HookedStore());
  await setIn(old, 'a', session({ cart: 1 }, cookieFor(1000)));
  const found = await Promise.all(Array.from({ length: 20 }, () => store.get('a')));
  assert.equal(new Set(found.map((one) => one?.cart)), new Set([1]));
  assert.is(store.stats().moved, 1);
});

test('a destroy during a move wins, whenever it comes', async () => {
  for (const nth of [1, 2]) {
    for (const hook of ['before', 'after'] as const) {
      const [old, slow] = [new HookedStore(), new HookedStore()];
      Object.assign(slow, { sessions: (old as any).sessions });
      const { store, open } = await moving(old);
      const other = open(slow);
      await setIn(old, 'a', session({ cart: 1 }, cookieFor(1000)));
      const { opened, release } = gate();
      const reached = gate();
      let gets = 0;
      slow[hook] = (method) => {
        if (method !== 'get' || ++gets !== nth) return undefined;
        reached.release();
        return opened;
      };
      const moved = other.get('a');
      await reached.opened;
      await store.destroy('a');
      release();
      await moved;
      assert.is(await store.get('a'), null, `get ${nth}, ${hook}`);
      assert.is(await getFrom(old, 'a'), undefined);
    }
  }
});

test('a destroy that reached only the old store while a get moves the session wins', async () => {
  const { store, old } = await moving(new HookedStore());
  await setIn(old, 'a', session({ cart: 1 }, cookieFor(1000)));
  let gets = 0;
  old.before = (method) => {
    if (method === 'get' && ++gets === 2) Object.assign(old, { sessions: {} }); // a server that still has only the old store
  };
  assert.is(await store.get('a'), null);
  assert.is(await store.get('a'), null);
  assert.is(store.stats().moved, 0);
});

test('touch, update and set of a session that is only in the old store', async () => {
  const { store, old, secondsLeft } = await moving(new HookedStore());
  const data = session({ cart: 1 }, cookieFor(100));
  for (const sid of ['touched', 'updated', 'set']) await setIn(old, sid, data);
  await store.touch('touched', session({ cart: 9 }, cookieFor(1000)));
  near(await secondsLeft('touched'), 1000);
  assert.is((await store.get('touched'))?.cart, 1);
  await store.update('updated', (found) => (found.cart = '2'));
  assert.is((await store.get('updated'))?.cart, '2');
  await store.set('set', session({ cart: 3 }, cookieFor(1000)));
  assert.is((await store.get('set'))?.cart, 3);
  await store.destroy('set');
  assert.is(await store.get('set'), null);
  assert.is(store.stats().moved, 2);
});

test('a touch or a save of a session that was destroyed does not bring it back', async () => {
  const { store, old } = await moving(new HookedStore());
  await setIn(old, 'a', session({ cart: 1 }, cookieFor(1000)));
  const slow = await loadSession(store, 'a');
  await store.destroy('a');
  slow.cart = 2;
  await store.set('a', slow);
  await store.touch('a', slow);
  assert.is(await store.get('a'), null);
});

test('an old copy that a crash left behind neither overwrites nor revives', async () => {
  const logged: string[] = [];
  const { store, old, pool, table } = await moving(new HookedStore(), { errorLog: (message) => logged.push(message) });
  const data = session({ cart: 1 }, cookieFor(1000));
  const leaveCopy = async () => {
    await setIn(old, 'a', data);
    old.before = (method) => {
      if (method === 'destroy') throw new Error('crashed');
    };
    const loaded = await loadSession(store, 'a');
    old.before = () => {};
    loaded.cart = 2;
    await store.set('a', loaded);
    assert.is((await store.get('a'))?.cart, 2);
    assert.ok(await getFrom(old, 'a'));
  };
  await leaveCopy();
  assert.equal(logged, ['Failed to destroy a session in the old store:']);
  await store.destroy('a');
  assert.is(await store.get('a'), null);
  await leaveCopy();
  await pool.query(`UPDATE ${table} SET expire = now() - interval '1 second'`);
  assert.is(await store.get('a'), null);
  assert.is(await getFrom(old, 'a'), undefined);
  await store.pruneSessions();
  assert.is(await store.get('a'), null);
});

test('if the old store fails or hangs, a get fails: null would sign the user out', async () => {
  const { store, old } = await moving(new HookedStore(), { timeout: 0.5 });
  await store.set('here', session({ cart: 1 }));
  for (const before of [() => Promise.reject(new Error('secret')), () => new Promise(() => {})]) {
    old.before = before;
    const startedAt = performance.now();
    const error: SessionStoreError = await store.get('a').catch((thrown) => thrown);
    assert.equal([error.name, error.code, error.status], ['SessionStoreError', 'OLD_STORE', 503]);
    assert.not.match(error.message, /secret/);
    assert.ok(performance.now() - startedAt < 600);
    assert.is((await store.get('here'))?.cart, 1);
  }
  await store.set('b', session());
  assert.is(await codeOf(store.destroy('b')), 'OLD_STORE');
  old.before = () => {};
  assert.is(await store.get('b'), null, 'the row is deleted even so');
  await store.close(); // no call is in flight any more
});

test('an old store may throw, reject, lack a session by ENOENT, or resolve before it calls back', async () => {
  const { open } = await moving(new HookedStore());
  const destroy = (_: string, callback: any) => callback();
  const storeWith = (get: any) => open({ get, destroy });
  const missing = (extra: object) => Object.assign(new Error(), { code: 'ENOENT', ...extra });
  for (const get of [() => assert.unreachable(), () => Promise.reject(undefined)]) {
    assert.match((await failure(storeWith(get).get('a'))).message, /^the old session store failed/);
  }
  assert.is(await storeWith((_: string, callback: any) => callback(missing({}))).get('a'), null);
  const connect = storeWith((_: string, callback: any) => callback(missing({ syscall: 'connect' })));
  assert.is(await codeOf(connect.get('a')), 'OLD_STORE');
  const late = async (_: string, callback: any) => void setTimeout(callback, 20, null, session({ cart: 1 }));
  assert.is((await storeWith(late).get('a'))?.cart, 1);
});

test('clear() reaches both stores, and deletes nothing if the old store cannot clear', async () => {
  const { store, old, open } = await moving(new HookedStore());
  await setIn(old, 'a', session());
  await store.set('b', session());
  assert.is(await store.length(), 1);
  const { get, destroy } = asStore(null);
  assert.is(await codeOf(open({ get, destroy }).clear()), 'OLD_STORE');
  assert.is(await store.length(), 1);
  await store.clear();
  assert.equal([await store.get('a'), await store.get('b')], [null, null]);
});

test('a moved session is hashed, encrypted and limited as the options say', async () => {
  const list = ['AAcOFRwjKjE4P0ZNVFtiaXB3foWMk5qhqK+2vcTL0tk='];
  for (const [hashIds, keys] of [
    [true, list],
    ['upgrade', () => list],
  ] as const) {
    const { store, old, pool, table } = await moving(new HookedStore(), { hashIds, encryption: { keys }, lifetime: 2 });
    await setIn(old, 'a', session({ cart: 1 }, cookieFor(1000)));
    assert.is((await store.get('a'))?.cart, 1);
    const { rows } = await pool.query(`SELECT sid, sess::text, expire - now() > '10 s' AS long FROM ${table}`);
    assert.is(rows.length, 1);
    assert.match(rows[0].sid, /^sha256:/);
    assert.not.match(rows[0].sess, /cart/);
    await sleep(1000);
    const loaded = await loadSession(store, 'a');
    loaded.touch(); // as express-session does at the end of each request
    await store.touch('a', loaded);
    await sleep(1100);
    assert.is(await store.get('a'), null, 'the lifetime counts from the move');
  }
});

for (const name of ['MemoryStore', 'connect-pg-simple', 'connect-mongo'] as const) {
  test(`users of ${name} stay signed in, and can sign out`, async () => {
    const { store, pool, names } = await moving(new HookedStore());
    const table = { pool, ...names, tableName: 'old sessions' };
    if (name === 'connect-pg-simple') await makeTable(name, table);
    const old = name === 'connect-mongo' ? new MongoStore() : makeStore(name, table);
    if ('close' in old) onEnd(() => old.close());
    const browsers = [];
    const cookie = { maxAge: 600_000 };
    const before = await startApp({ store: old, cookie });
    for (const user of ['ada', 'grace']) {
      const browser = new Browser(before);
      await browser.post(`/sign-in/${user}`);
      await browser.post('/count');
      browsers.push(browser);
    }
    const [ada, grace] = browsers as [Browser, Browser];
    const moved = new PgSessionStore({
      ...OPTIONS,
      pool,
      ...names,
      pruneSessionInterval: false,
      oldStore: readThrough(old),
    });
    onEnd(() => moved.close());
    ada.base = grace.base = await startApp({ store: moved, cookie });
    assert.equal((await ada.post('/count')).body, { user: 'ada', views: 2 });
    assert.is(moved.stats().moved, 1);
    for (const browser of browsers) {
      await browser.post('/sign-out');
      for (const base of [ada.base, before]) {
        browser.base = base;
        assert.is((await browser.get()).body.user, undefined);
      }
    }
    assert.is(await store.length(), 0);
  });
}

test('a wrong old store is a TypeError that says what to pass', () => {
  assert.throws(() => readThrough(invalid({})), /readThrough\(\) needs the old express-session store, got an object/);
  assert.throws(() => readThrough(invalid(undefined)), /got undefined/);
  const options: any = { conString: 'postgres://localhost/x', oldStore: new expressSession.MemoryStore() };
  assert.throws(() => new PgSessionStore(options), /oldStore must be readThrough\(store\).*MemoryStore/);
});
