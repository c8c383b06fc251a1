// Every shape of a stored cookie is a session, and none breaks express-session.
import { randomBytes } from 'node:crypto';
import type { SessionData } from 'express-session';
import * as assert from 'uvu/assert';
import { PgSessionStore, type StoreOptions } from '../../src/index.js';
import { Browser, startApp } from '../support/app.js';
import { cookieFor, freshStore, loadSession, newSession, OPTIONS, session } from '../support/fresh-store.js';
import { onEnd, suite } from '../support/harness.js';
import { invalid } from '../support/invalid.js';
import { makeStore } from '../support/stores.js';

const test = suite('cookie', { timeout: 30_000 });

const DAY = 86_400;
const HOUR = 3600;
const inAnHour = () => Date.now() + HOUR * 1000;

/** Each expires, and the seconds that the session lives. Undefined: a browser session. */
const EXPIRES: [what: string, expires: () => unknown, seconds: number | undefined][] = [
  ['a Date', () => new Date(inAnHour()), HOUR],
  ['an invalid Date', () => new Date('soon'), undefined],
  ['an ISO string', () => new Date(inAnHour()).toISOString(), HOUR],
  ['an RFC 1123 string', () => new Date(inAnHour()).toUTCString(), HOUR],
  ['a number', inAnHour, HOUR],
  ['a text with a number', () => String(inAnHour()), HOUR],
  ['null', () => null, undefined],
  ['false', () => false, undefined],
  ['true', () => true, undefined],
  ['an empty text', () => '', undefined],
  ['a text without a date', () => 'soon', undefined],
  ['zero', () => 0, undefined],
  ['an object', () => ({}), undefined],
];
const ABSENT = Symbol('absent');
const AGES = [60_000, '60000', null, false, '', undefined, ABSENT];

const SETTINGS: [string, StoreOptions][] = [
  ['by default', {}],
  ['with ttl', { ttl: 600 }],
  ["with concurrency: 'overwrite'", { concurrency: 'overwrite' }],
  ['encrypted', { encryption: { keys: [randomBytes(32)] } }],
  ['with hashed ids and a lifetime', { hashIds: true, lifetime: 2 * DAY }],
];

for (const [how, options] of SETTINGS) {
  test(`get() returns a session for each shape of its cookie, ${how}, and express-session loads it`, async () => {
    const { store, pool, table } = await freshStore(options as object);
    let n = 0;
    for (const [what, expires, seconds] of EXPIRES) {
      for (const originalMaxAge of AGES) {
        for (const maxAge of [ABSENT, null, false]) {
          const shape = { expires: expires(), originalMaxAge, maxAge, path: '/' };
          const cookie = Object.fromEntries(Object.entries(shape).filter(([, value]) => value !== ABSENT));
          const sid = `s${n++}`;
          await store.set(sid, invalid({ cookie, n }));
          const described = `${what}, ${String(originalMaxAge)}, ${String(maxAge)}`;
          const got = await store.get(sid);
          assert.ok(got, `${described}: the session is lost`);
          assert.is(got.n, n);
          if (seconds === undefined) assert.not.ok(got.cookie.expires, described);
          else assert.ok(Math.abs(got.cookie.expires!.getTime() - inAnHour()) < 20_000 || options.ttl, described);
          const loaded = await loadSession(store, sid);
          loaded.touch();
          await store.touch(sid, loaded);
          loaded.views = 1;
          await store.set(sid, loaded);
          assert.is((await store.get(sid))!.views, 1);
        }
      }
    }
    const { rows } = await pool.query(`SELECT count(*)::int AS live FROM ${table} WHERE expire > now()`);
    assert.is(rows[0].live, n);
  });
}

for (const [what, expires, seconds] of EXPIRES) {
  test(`a session with ${what} as cookie.expires lives ${seconds === undefined ? 'a day, or for the ttl' : 'until then'}`, async () => {
    for (const ttl of [undefined, 600]) {
      const { store, pool, table } = await freshStore({ ttl });
      await store.set('a', session({}, invalid({ expires: expires() })));
      const { rows } = await pool.query(`SELECT extract(epoch FROM expire - now())::float8 AS left FROM ${table}`);
      assert.ok(Math.abs(rows[0].left - (ttl ?? seconds ?? DAY)) < 5, `${rows[0].left} s left`);
    }
  });
}

const COOKIES: [what: string, data: () => object, seconds: number][] = [
  ['no cookie', () => ({}), DAY],
  ['null as its cookie', () => ({ cookie: null }), DAY],
  ['only an originalMaxAge', () => ({ cookie: { originalMaxAge: HOUR * 1000 } }), HOUR],
  ['only a maxAge', () => ({ cookie: { maxAge: HOUR * 1000 } }), HOUR],
  ['a maxAge as text', () => ({ cookie: { maxAge: String(HOUR * 1000) } }), HOUR],
  ['a copy of a Cookie', () => ({ cookie: { path: '/', _expires: new Date(inAnHour()), originalMaxAge: 1000 } }), HOUR],
  ['the cookie of express-openid-connect', () => ({ cookie: { expires: inAnHour(), maxAge: HOUR * 1000 } }), HOUR],
  ['the cookie of next-session', () => ({ cookie: { maxAge: HOUR, expires: new Date(inAnHour()) } }), HOUR],
  [
    'the cookie of @fastify/session',
    () => ({ cookie: { maxAge: HOUR * 1000, expires: new Date(inAnHour()), secure: 'auto' } }),
    HOUR,
  ],
  ['the expiry of koa-session', () => ({ _expire: inAnHour(), _maxAge: HOUR * 1000 }), HOUR],
  ['a browser session of koa-session', () => ({ _session: true }), DAY],
];

for (const [what, data, seconds] of COOKIES) {
  test(`a session with ${what} lives ${seconds} s`, async () => {
    const { store, pool, table } = await freshStore();
    await store.set('a', invalid({ user: 'ada', ...data() }));
    const { rows } = await pool.query(`SELECT extract(epoch FROM expire - now())::float8 AS left FROM ${table}`);
    assert.ok(Math.abs(rows[0].left - seconds) < 5, `${rows[0].left} s left`);
    assert.is((await loadSession(store, 'a')).user, 'ada');
  });
}

test('a session of koa-session gets no cookie, also after a save and for its whole life', async () => {
  const { store } = await freshStore();
  for (const data of [{ _expire: inAnHour(), _maxAge: HOUR * 1000 }, { _session: true }]) {
    await store.set('a', invalid({ user: 'ada', ...data }));
    for (let n = 0; n < 2; n++) {
      const found = await store.get('a');
      assert.equal(found, invalid({ user: 'ada', ...data }));
      await store.requestScope(() => store.set('a', found!));
    }
    assert.equal(await store.all(), [invalid({ user: 'ada', ...data })]);
    await store.touch('a', (await store.get('a'))!);
  }
});

for (const cookie of [
  { expires: false },
  { maxAge: false },
  { expires: '' },
  { maxAge: null },
  { expires: undefined },
]) {
  for (const options of [{}, { ttl: 600 }, { concurrency: 'overwrite' as const }]) {
    test(`a user stays signed in with session({ cookie: ${JSON.stringify(cookie)} }) and ${JSON.stringify(options)}`, async () => {
      const { store } = await freshStore(options);
      const browser = new Browser(await startApp({ store, cookie: invalid(cookie) }));
      await browser.post('/sign-in/ada');
      await browser.post('/count');
      await browser.get();
      const { body } = await browser.post('/count');
      assert.equal(body, { user: 'ada', views: 2 });
    });
  }
}

test('the store reads the sessions that connect-pg-simple wrote with expires: false', async () => {
  const { pool, names, table } = await freshStore({ columns: { sess: 'json', expire: 'timestamp(6)' } });
  const theirs = makeStore('connect-pg-simple', { pool, ...names });
  onEnd(() => theirs.close?.());
  for (const expires of [false, '']) {
    const found = newSession(theirs, 'a', { user: 'ada' });
    Object.assign(found.cookie, { expires });
    await new Promise((resolve) => theirs.set('a', found, resolve));
    const store = new PgSessionStore({
      pool,
      ...names,
      pruneSessionInterval: false,
      ...OPTIONS,
      hashIds: false,
      encryption: undefined,
    });
    onEnd(() => store.close());
    assert.is((await loadSession(store, 'a')).user, 'ada', table);
  }
});

const NOT_FINITE: Record<string, (found: SessionData) => unknown> = {
  'maxAge = NaN': ({ cookie }) => Object.assign(cookie, { maxAge: Number.NaN }),
  'maxAge = Infinity': ({ cookie }) => Object.assign(cookie, { maxAge: Number.POSITIVE_INFINITY }),
  'maxAge = MAX_VALUE': ({ cookie }) => Object.assign(cookie, { maxAge: Number.MAX_VALUE }),
  'maxAge = -1e20': ({ cookie }) => Object.assign(cookie, { maxAge: -1e20 }),
  'expires = an invalid Date': ({ cookie }) => Object.assign(cookie, { expires: new Date('soon') }),
};

for (const [what, change] of Object.entries(NOT_FINITE)) {
  test(`set(), touch() and update() refuse a Session with ${what}, and the row stays`, async () => {
    for (const ttl of [undefined, 600]) {
      const { store, pool, table } = await freshStore({ ttl });
      await store.set('a', session({ n: 1 }, cookieFor(HOUR)));
      const rows = async () => (await pool.query(`SELECT * FROM ${table}`)).rows;
      const before = await rows();
      const loaded = await loadSession(store, 'a');
      change(loaded);
      const fresh = newSession(store, 'b');
      change(fresh);
      const isPlain = what.startsWith('expires'); // which JSON turns into a browser session
      for (const work of [
        () => store.set('a', loaded),
        () => store.touch('a', loaded),
        () => store.set('b', fresh),
        ...(isPlain ? [] : [() => store.set('b', session({}, { maxAge: Number.NaN }))]),
        ...(isPlain
          ? []
          : [() => store.update('a', (found) => void Object.assign(found.cookie, { maxAge: Number.NaN }))]),
      ]) {
        const error = await work().then(
          () => undefined,
          (thrown) => thrown,
        );
        assert.instance(error, TypeError);
        assert.match((error as Error).message, /cookie\.maxAge must be null or a finite number/);
      }
      assert.equal(await rows(), before);
    }
  });
}

test('a session with a negative age is expired, also with a ttl and with overwrite', async () => {
  for (const options of [{}, { ttl: 600 }, { concurrency: 'overwrite' as const }]) {
    for (const age of [-1, -1000, -1e15]) {
      const { store } = await freshStore(options);
      await store.set('set', newSession(store, 'set', {}, age));
      await store.set('plain', session({}, { originalMaxAge: age, maxAge: age, expires: undefined }));
      for (const sid of ['save', 'touch']) {
        await store.set(sid, session({}, cookieFor(HOUR)));
        const loaded = await loadSession(store, sid);
        loaded.cookie.maxAge = age;
        loaded.touch();
        if (sid === 'save') await store.set(sid, loaded);
        else await store.touch(sid, loaded);
      }
      for (const sid of ['set', 'plain', 'save', 'touch']) assert.is(await store.get(sid), null, sid);
    }
  }
});

for (const age of [1e15, 1e18, 1e300, Number.MAX_VALUE]) {
  test(`a session that a script wrote with a maxAge of ${age} is stored, and express-session can use it`, async () => {
    const { store } = await freshStore();
    await store.set('a', session({ user: 'ada' }, { maxAge: age, originalMaxAge: age, expires: undefined }));
    const loaded = await loadSession(store, 'a');
    loaded.touch();
    await store.touch('a', loaded);
    assert.is((await loadSession(store, 'a')).user, 'ada');
  });
}
