// The store under Express 5 and express-session, over HTTP.
import pg from 'pg';
import * as assert from 'uvu/assert';
import { PgSessionStore } from '../../src/index.js';
import { Browser, startApp } from '../support/app.js';
import { freshPool, freshStore, OPTIONS } from '../support/fresh-store.js';
import { suite } from '../support/harness.js';
import { invalid } from '../support/invalid.js';
import { quotedName } from '../support/stores.js';

const test = suite('http', { timeout: 30_000 });
const cookie = { maxAge: 60_000 };

test('a browser signs in, counts its views and signs out', async () => {
  const { store } = await freshStore();
  const browser = new Browser(await startApp({ store, cookie }));

  assert.equal((await browser.post('/sign-in/ada')).body, { user: 'ada' });
  await browser.post('/count');
  assert.equal((await browser.post('/count')).body, { user: 'ada', views: 2 });
  assert.is((await browser.get()).body.user, 'ada');
  await browser.post('/sign-out');

  assert.is((await browser.get()).body.user, undefined);
  assert.is(await store.length(), 0);
});

test('regenerate() replaces the session id, and the old id has no session', async () => {
  const { store } = await freshStore();
  const browser = new Browser(await startApp({ store, cookie }));
  await browser.post('/count');
  const old = browser.cookie;

  await browser.post('/sign-in/ada');

  assert.is.not(browser.cookie, old);
  assert.is(await store.length(), 1);
  const other = new Browser(browser.base);
  other.cookie = old;
  assert.is((await other.get()).body.views, undefined);
});

test('a session survives a restart of the app', async () => {
  const { store, names } = await freshStore();
  const browser = new Browser(await startApp({ store, cookie }));
  await browser.post('/sign-in/ada');
  await store.close();

  const restarted = new PgSessionStore({ pool: freshPool(), ...names, pruneSessionInterval: false, ...OPTIONS });
  browser.base = await startApp({ store: restarted, cookie });

  assert.is((await browser.get()).body.user, 'ada');
});

test('a request that only reads moves the expiry', async () => {
  const { store, pool, table } = await freshStore();
  const browser = new Browser(await startApp({ store, cookie }));
  await browser.post('/count');
  await pool.query(`UPDATE ${table} SET expire = now() + interval '5 s'`);

  await browser.get();

  const { rows } = await pool.query(`SELECT expire > now() + interval '55 s' AS moved FROM ${table}`);
  assert.equal(rows, [{ moved: true }]);
});

test('a browser with an expired session gets a new one', async () => {
  const { store, pool, table } = await freshStore();
  const browser = new Browser(await startApp({ store, cookie }));
  await browser.post('/count');
  await pool.query(`UPDATE ${table} SET expire = now()`);
  assert.is((await browser.post('/count')).body.views, 1);
});

test('with rolling, each response sets the cookie; without it, only a change of the session does', async () => {
  for (const rolling of [true, false]) {
    const { store } = await freshStore();
    const browser = new Browser(await startApp({ store, cookie, rolling }));
    await browser.post('/count');
    assert.is((await browser.get()).setCookie !== undefined, rolling, `rolling: ${rolling}`);
  }
});

test('with saveUninitialized, an unchanged new session is stored; without it, it is not', async () => {
  for (const saveUninitialized of [true, false]) {
    const { store } = await freshStore();
    const browser = new Browser(await startApp({ store, cookie, saveUninitialized }));
    await browser.get();
    assert.is(await store.length(), saveUninitialized ? 1 : 0, `saveUninitialized: ${saveUninitialized}`);
  }
});

test('a request that only reads does not change the payload, with and without resave', async () => {
  for (const resave of [true, false]) {
    const { store, pool, table } = await freshStore({ touchAfter: 0 });
    const browser = new Browser(await startApp({ store, cookie, resave }));
    await browser.post('/count');
    const stored = async () => (await pool.query(`SELECT sess::text, expire FROM ${table}`)).rows[0];
    const before = await stored();

    await browser.get();

    const after = await stored();
    assert.is(after.sess, before.sess, `resave: ${resave}`);
    assert.ok(after.expire > before.expire, `resave: ${resave}`);
    assert.is((await browser.get()).body.views, 1);
  }
});

test('500 concurrent requests each get their own session and lose no change', async () => {
  const { store } = await freshStore();
  const base = await startApp({ store, cookie });
  const browsers = Array.from({ length: 500 }, () => new Browser(base));

  await Promise.all(browsers.map((browser, n) => browser.post(`/sign-in/user${n}`)));
  await Promise.all(browsers.map((browser) => browser.post('/count')));
  const responses = await Promise.all(browsers.map((browser) => browser.get()));

  assert.equal(
    responses.map(({ status, body }) => [status, body.user, body.views]),
    browsers.map((_, n) => [200, `user${n}`, 1]),
  );
  assert.is(await store.length(), 500);
  await Promise.all(browsers.map((browser) => browser.post('/sign-out')));
  assert.is(await store.length(), 0);
});

test('the app reads a session that a script stored without a cookie', async () => {
  const { store } = await freshStore();
  const browser = new Browser(await startApp({ store, cookie }));
  await browser.post('/count');
  const { sid } = (await browser.get()).body;
  await store.set(sid, invalid({ user: 'ada' }));
  assert.equal(await browser.post('/count').then(({ status, body }) => [status, body]), [
    200,
    { user: 'ada', views: 1 },
  ]);
});

test('requests with a session fail while the table is missing, and work again afterwards', async () => {
  const { store, pool, table, names } = await freshStore();
  const browser = new Browser(await startApp({ store, cookie }));
  await browser.post('/sign-in/ada');
  await pool.query(`ALTER TABLE ${table} RENAME TO elsewhere`);
  assert.equal(await browser.get().then(({ status, body }) => [status, body.error]), [503, '42P01']);

  const moved = quotedName({ ...names, tableName: 'elsewhere' });
  await pool.query(`ALTER TABLE ${moved} RENAME TO ${pg.escapeIdentifier(names.tableName)}`);

  assert.is((await browser.get()).body.user, 'ada');
});
