// Each recipe of docs/columns.md works with the store: save, load, touch, prune and doctor.
import { readFileSync } from 'node:fs';
import pg from 'pg';
import * as assert from 'uvu/assert';
import { createAdmin } from '../../src/admin/admin.js';
import { PgSessionStore, type StoreOptions } from '../../src/index.js';
import { handleOf, hashedId } from '../../src/session/handle.js';
import { createTable } from '../../src/table/create-table.js';
import { freshDatabase } from '../support/fresh-database.js';
import { cookieFor, freshPool, loadSession, newSession, session } from '../support/fresh-store.js';
import { onEnd, suite } from '../support/harness.js';
import { failure, freshLimitedRole } from '../support/limited-role.js';
import { pgbouncer, startPgBouncer } from '../support/pgbouncer.js';

const test = suite('columns', { timeout: 60_000 });

const page = readFileSync('docs/columns.md', 'utf8');
const blocks = [...page.matchAll(/^```sql\n(.*?)^```$/gms)].map(([, text]) => text!);
const blockWith = (words: string) => blocks.find((text) => text.includes(words))!;

/** A database with the table web.session, after this block of the page. */
async function databaseWith(words: string) {
  const { role, limitedPool } = await freshLimitedRole(freshPool()); // dropped after the database
  const { url } = await freshDatabase();
  const pool = freshPool({ connectionString: url });
  await createTable({ pool, names: { schemaName: 'web' } }, { createSchema: true });
  await pool.query(blockWith(words).replace(/\bTO app\b/g, `TO ${role}`));
  const { user, password } = new pg.Client(limitedPool.options as pg.ClientConfig);
  const appUrl = Object.assign(new URL(url), { username: encodeURIComponent(user!), password }).href;
  await pool.query(`GRANT USAGE ON SCHEMA web TO ${role}`);
  return { pool, role, appUrl };
}

function storeOn(pool: pg.Pool, options: StoreOptions = {}) {
  const store = new PgSessionStore({ pool, schemaName: 'web', pruneSessionInterval: false, touchAfter: 0, ...options });
  onEnd(() => store.close());
  return store;
}

/**
 * Saves, loads, touches, merges and prunes as requests do, and asks doctor. The session has this
 * user.
 */
async function useStore(store: PgSessionStore, pool: pg.Pool, { user = {}, tableName = 'session' } = {}) {
  const sids = Array.from({ length: 5 }, (_, n) => `${tableName} ${n}`);
  await Promise.all(sids.map((sid) => store.set(sid, newSession(store, sid, { user, n: 1 }))));
  const [one, other] = [await loadSession(store, sids[0]!), await loadSession(store, sids[0]!)];
  await store.touch(one.id, one);
  one.x = 1;
  other.y = 1;
  await Promise.all([store.set(one.id, one), store.set(other.id, other)]);
  await store.update(one.id, (found) => found.n++);
  const { n, x, y } = (await store.get(one.id))!;
  assert.equal({ n, x, y }, { n: 2, x: 1, y: 1 });
  await Promise.all(sids.map((sid) => store.destroy(sid)));
  await store.set('short', session({}, cookieFor(-1)));
  assert.ok((await store.pruneSessions()) <= 1);
  const findings = await createAdmin({ pool, schemaName: 'web', tableName }).doctor();
  assert.equal(findings, []);
}

test('a generated user_id: sessions end with their user, and a login of a deleted user fails alone', async () => {
  const { pool } = await databaseWith('user_id bigint');
  const store = storeOn(pool);
  await pool.query('INSERT INTO web.users VALUES (1), (2)');
  await useStore(store, pool, { user: { id: 1 } });

  await Promise.all([1, 2].map((id) => store.set(`of ${id}`, newSession(store, `of ${id}`, { user: { id } }))));
  await store.set('guest', newSession(store, 'guest'));
  const { rows } = await pool.query('SELECT sid, user_id::int FROM web.session ORDER BY sid');
  assert.equal(rows, [
    { sid: 'guest', user_id: null },
    { sid: 'of 1', user_id: 1 },
    { sid: 'of 2', user_id: 2 },
  ]);

  const loaded = await loadSession(store, 'of 1');
  await pool.query('DELETE FROM web.users WHERE id = 1');
  const gone: object[] = [];
  store.on('gone', (event) => gone.push(event));
  loaded.x = 1;
  await store.set('of 1', loaded);
  assert.is(await store.get('of 1'), null);
  assert.equal(gone, [{ handle: handleOf('of 1'), during: 'set' }]);

  const saves = [2, 1, 2, 2].map((id, n) => store.set(`new ${n}`, session({ user: { id } })));
  const [first, refused, ...others] = await Promise.allSettled(saves);
  assert.equal(
    [first, ...others].map((one) => one!.status),
    ['fulfilled', 'fulfilled', 'fulfilled'],
  );
  const { code, sqlState, status } = (refused as PromiseRejectedResult).reason;
  assert.equal([code, sqlState, status], ['DATABASE', '23503', 503]);
  const guest = await loadSession(store, 'guest');
  guest.user = { id: 1 };
  assert.is((await failure(store.set('guest', guest))).sqlState, '23503');
  assert.is((await failure(store.set('text', session({ user: { id: 'ada' } })))).sqlState, '22P02');
});

test('created_at stays when the session is saved again', async () => {
  const { pool } = await databaseWith('created_at');
  const store = storeOn(pool);
  await store.set('a', newSession(store, 'a'));
  const createdAt = async () => (await pool.query("SELECT created_at::text FROM web.session WHERE sid = 'a'")).rows[0];
  const first = await createdAt();
  await store.set('a', session({ n: 2 }));
  await store.update('a', (one) => one.n++);
  assert.equal(await createdAt(), first);
});

test('rows that refer to a session end with it, by a destroy and by a prune, with hashed ids too', async () => {
  const { pool } = await databaseWith('web.cart');
  for (const hashIds of [false, true]) {
    const store = storeOn(pool, { hashIds });
    await useStore(store, pool);
    for (const sid of ['a', 'b', 'c']) {
      await store.set(sid, newSession(store, sid));
      await pool.query("INSERT INTO web.cart VALUES ($1, 'tea')", [hashIds ? hashedId(store.handle(sid)) : sid]);
      await store.set(sid, session({ n: 1 }, cookieFor(60))); // an upsert keeps the row
    }
    const count = async () => (await pool.query('SELECT FROM web.cart')).rowCount;
    assert.is(await count(), 3);
    await store.destroy('a');
    assert.is(await count(), 2);
    await pool.query("UPDATE web.session SET expire = now() - interval '1 s'");
    assert.is(await store.pruneSessions(), 2);
    assert.is(await count(), 0);
  }
});

test('the store works on a view with other column names, with rights on the view only', async () => {
  const { pool, appUrl } = await databaseWith('web.login_sessions');
  const app = freshPool({ connectionString: appUrl });
  const store = storeOn(app, { tableName: 'login_sessions', hashIds: true });
  await useStore(store, app, { tableName: 'login_sessions' });
  await store.set('a', newSession(store, 'a'));
  await pool.query("UPDATE web.logins SET valid_until = now() - interval '1 s'");
  const expired: string[] = [];
  store.on('expired', ({ handles }) => expired.push(...handles));
  assert.is(await store.pruneSessions(), 1);
  assert.equal(expired, [handleOf('a')]);
  assert.is((await failure(app.query('SELECT FROM web.logins'))).code, '42501');
});

test('with row-level security, a tenant reads, saves and prunes only its own sessions', async () => {
  const { pool, role, appUrl } = await databaseWith('app.tenant');
  await pool.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON web.session TO ${role}`);
  const [acme, other] = ['acme', 'other'].map((tenant) => {
    const own = freshPool({ connectionString: appUrl, options: `-c app.tenant=${tenant}` });
    return { own, store: storeOn(own) };
  }) as [{ own: pg.Pool; store: PgSessionStore }, { own: pg.Pool; store: PgSessionStore }];
  await useStore(acme.store, acme.own);
  await useStore(other.store, other.own);
  await acme.store.set('a', newSession(acme.store, 'a', { n: 1 }));
  assert.is(await other.store.get('a'), null);
  assert.is(await other.store.length(), 0);
  assert.is((await failure(other.store.set('a', session()))).sqlState, '42501');
  await pool.query("UPDATE web.session SET expire = now() - interval '1 s'");
  assert.is(await other.store.pruneSessions(), 0);
  assert.is(await acme.store.pruneSessions(), 1);

  const unset = storeOn(freshPool({ connectionString: appUrl }));
  assert.match((await failure(unset.get('a'))).message, /unrecognized configuration parameter/);

  await pool.query(`ALTER ROLE ${role} SET app.tenant = 'acme'`); // as behind PgBouncer
  const byRole = storeOn(freshPool({ connectionString: appUrl }));
  await byRole.set('b', newSession(byRole, 'b'));
  assert.is(await acme.store.length(), 1);
  assert.is(await other.store.length(), 0);
});

if (pgbouncer) {
  test('PgBouncer refuses the startup parameter options', async () => {
    const app = freshPool({ connectionString: await startPgBouncer(), options: '-c app.tenant=acme' });
    assert.match((await failure(app.query('SELECT'))).message, /unsupported startup parameter/);
  });
} else console.log('PgBouncer is not installed, so its refusal of options was not tried');

test('20 tenants have a table each and one pool, without a warning', async () => {
  const { url } = await freshDatabase();
  const pool = freshPool({ connectionString: url, max: 3 });
  const warnings: Error[] = [];
  const onWarning = (warning: Error) => warnings.push(warning);
  process.on('warning', onWarning);
  onEnd(() => process.off('warning', onWarning));
  const stores = Array.from({ length: 20 }, (_, n) => storeOn(pool, { schemaName: `tenant_${n}` }));
  for (const store of stores) await store.createTable({ createSchema: true });
  await Promise.all(stores.map((store, n) => store.set('a', session({ n }))));
  const found = await Promise.all(stores.map(async (store) => (await store.get('a'))!.n));
  assert.equal(found, [...stores.keys()]);
  assert.equal(await createAdmin({ pool, schemaName: 'tenant_7' }).doctor(), []);
  assert.equal(warnings, []);
});
