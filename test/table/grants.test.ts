// What the store's role must be granted, which is just what the README says, and tables with row-level security.
import { readFileSync } from 'node:fs';
import pg from 'pg';
import * as assert from 'uvu/assert';
import { createAdmin } from '../../src/admin/admin.js';
import { PgSessionStore } from '../../src/index.js';
import { administrator, freshPool, freshStore, loadSession, session } from '../support/fresh-store.js';
import { onEnd, suite } from '../support/harness.js';
import { failure, freshLimitedRole } from '../support/limited-role.js';

const test = suite('grants', { timeout: 30_000 });

const SECURITY = readFileSync('docs/security.md', 'utf8');
const GRANTS = /```sql\n(GRANT USAGE .*?)```/s.exec(readFileSync('README.md', 'utf8'))![1]!;
const REFUSED = '42501'; // insufficient_privilege

const storeOf = (pool: pg.Pool, names: object) => {
  const store = new PgSessionStore({ pool, ...names, touchAfter: 0, pruneSessionInterval: false });
  onEnd(() => store.close());
  return store;
};

/** A table, and a role that has what the README says, with a store of its own. */
async function granted() {
  const { pool, names, table } = await freshStore();
  const { role, clerksPool } = await freshLimitedRole(pool);
  const schema = pg.escapeIdentifier(names.schemaName);
  const inPlace = (sql: string) =>
    sql
      .replaceAll('web.session', () => table)
      .replace(/\bweb\b/, () => schema)
      .replace(/\bapp\b/g, () => role);
  for (const grant of GRANTS.split('\n').filter(Boolean)) await pool.query(inPlace(grant));
  return { pool, names, table, role, schema, clerksPool, store: storeOf(clerksPool, names) };
}

const some = (count: number) => Array.from({ length: count }, (_, n) => `session ${n}`);

/** All that an app does, alone and in batches. */
async function live(store: PgSessionStore) {
  for (const sids of [['a'], some(20)]) {
    await Promise.all(sids.map((sid) => store.set(sid, session({ views: 0 }))));
    const loaded = await Promise.all(sids.map((sid) => loadSession(store, sid)));
    await Promise.all(loaded.map((one) => store.touch(one.id, one as never)));
    await Promise.all(loaded.map((one) => store.set(one.id, Object.assign(one, { views: 1 }) as never)));
    await store.update(sids[0]!, (one: any) => one.views++);
    assert.is(((await store.get(sids[0]!)) as any).views, 2);
    assert.is(await store.length(), sids.length);
    assert.is((await store.all()).length, sids.length);
    await Promise.all(sids.map((sid) => store.destroy(sid)));
  }
  await store.set('a', session());
  await store.clear();
  assert.is(await store.pruneSessions(), 0);
  assert.ok((await store.health()).ok);
}

test('the docs grant what the README grants', () => assert.ok(SECURITY.includes(GRANTS)));

test('what the README grants suffices for all that an app does, and for the admin', async () => {
  const { store, clerksPool, names } = await granted();
  await live(store);

  const admin = createAdmin({ pool: clerksPool, ...names });
  for (const sid of ['a', 'b', 'c', 'd']) await store.set(sid, session({ passport: { user: sid } }));
  assert.equal(await admin.doctor(), []);
  assert.is((await admin.find('a')).length, 1);
  assert.is((await admin.list()).sessions.length, 4);
  assert.is((await admin.stats()).live, 4);
  assert.is((await admin.show(store.handle('a')))?.user, 'a');
  assert.ok(await admin.revoke(store.handle('a')));
  assert.is(await admin.revokeUser('b'), 1);
  assert.is(await admin.prune(), 0);
  assert.is(await admin.revokeAll(), 2);
});

for (const right of ['USAGE', 'SELECT', 'INSERT', 'UPDATE', 'DELETE']) {
  test(`without ${right} it does not`, async () => {
    const { store, pool, role, schema, table } = await granted();
    const where = right === 'USAGE' ? `SCHEMA ${schema}` : table;
    await pool.query(`REVOKE ${right} ON ${where} FROM ${role}`);
    const error = await failure(live(store));
    assert.equal([error.sqlState, error.status], [REFUSED, 503], error.message);
  });
}

test('what the README grants allows nothing else', async () => {
  const { clerksPool, table, schema } = await granted();
  for (const statement of [
    `TRUNCATE ${table}`,
    `ALTER TABLE ${table} ADD more text`,
    `DROP TABLE ${table}`,
    `CREATE INDEX ON ${table} (sid)`,
    `CREATE TABLE ${schema}.more ()`,
  ]) {
    const error = await failure(clerksPool.query(statement));
    assert.is(error.code, REFUSED, statement);
  }
});

const OWN_ROWS = /```sql\n(ALTER TABLE .*?)```/s.exec(SECURITY)![1]!;

for (const policies of ['one for all roles, as the docs have it', 'one for each role']) {
  test(`with row-level security, each app sees, prunes and deletes only its own: policies: ${policies}`, async () => {
    const { pool, table, schema, names, store: web, role: one } = await granted();
    const { role: other, clerksPool } = await freshLimitedRole(pool);
    await pool.query(`GRANT USAGE ON SCHEMA ${schema} TO ${other}`);
    await pool.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON ${table} TO ${other}`);
    const back = storeOf(clerksPool, names);

    await pool.query(OWN_ROWS.replaceAll('web.session', () => table));
    if (policies === 'one for each role') {
      await pool.query(`DROP POLICY own_sessions ON ${table}`);
      for (const role of [one, other]) {
        await pool.query(`CREATE POLICY ${role} ON ${table} TO ${role} USING (app = current_user)`);
      }
    }

    for (const sid of ['x', 'y', 'z']) await back.set(sid, session({ user: 'ada' }));
    await pool.query(`UPDATE ${table} SET expire = now() - interval '1 s' WHERE sid = 'z'`);
    await live(web); // which ends with clear() and pruneSessions()
    assert.is(await web.get('x'), null);
    await web.destroy('x');
    assert.is((await failure(web.set('x', session({ user: 'eve' })))).sqlState, REFUSED);

    assert.is(await back.length(), 2);
    assert.is(((await back.get('x')) as any).user, 'ada');
    assert.is(await back.pruneSessions(), 1);
  });
}

test('with row-level security and no policy, nobody is signed in, and nothing is written', async () => {
  const { store, pool, table } = await granted();
  await store.set('a', session());
  await pool.query(`ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY`);
  assert.is(await store.get('a'), null);
  const error = await failure(store.set('b', session()));
  assert.is(error.sqlState, REFUSED);
  assert.is((await pool.query(`SELECT FROM ${table}`)).rowCount, 1);
});

if (process.env.TEST_LEAST_RIGHTS) {
  test('the stores of this run have these rights and no more', async () => {
    const { pool, table } = await freshStore();
    assert.is.not(administrator(pool), pool);
    const client = await pool.connect();
    const error = await failure(client.query(`TRUNCATE ${table}`));
    client.release();
    assert.is(error.code, REFUSED);
    await freshPool().query(`TRUNCATE ${table}`); // a test's own statements are the administrator's
  });
}
