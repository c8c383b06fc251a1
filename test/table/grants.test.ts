// The grants in docs/security.md are exactly what the store's role needs, and row-level security
// works.
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
const GRANTS = /```sql\n(GRANT USAGE .*?)```/s.exec(SECURITY)![1]!;
const REFUSED = '42501'; // insufficient_privilege

const storeOf = (pool: pg.Pool, names: object) => {
  const store = new PgSessionStore({ pool, ...names, touchAfter: 0, pruneSessionInterval: false });
  onEnd(() => store.close());
  return store;
};

/** Creates a table, a role with the grants in docs/security.md, and a store of this role. */
async function grantedStore() {
  const { pool, names, table } = await freshStore();
  const { role, limitedPool } = await freshLimitedRole(pool);
  const schema = pg.escapeIdentifier(names.schemaName);
  const withRealNames = (sql: string) =>
    sql
      .replaceAll('web.session', () => table)
      .replace(/\bweb\b/, () => schema)
      .replace(/\bapp\b/g, () => role);
  for (const grant of GRANTS.split('\n').filter(Boolean)) await pool.query(withRealNames(grant));
  return { pool, names, table, role, schema, limitedPool, store: storeOf(limitedPool, names) };
}

const makeSids = (count: number) => Array.from({ length: count }, (_, n) => `session ${n}`);

/** Calls each method of the store, alone and in batches. */
async function useStore(store: PgSessionStore) {
  for (const sids of [['a'], makeSids(20)]) {
    await Promise.all(sids.map((sid) => store.set(sid, session({ views: 0 }))));
    const loaded = await Promise.all(sids.map((sid) => loadSession(store, sid)));
    await Promise.all(loaded.map((one) => store.touch(one.id, one)));
    await Promise.all(loaded.map((one) => store.set(one.id, Object.assign(one, { views: 1 }))));
    await store.update(sids[0]!, (one) => one.views!++);
    assert.is((await store.get(sids[0]!))!.views, 2);
    assert.is(await store.length(), sids.length);
    assert.is((await store.all()).length, sids.length);
    await Promise.all(sids.map((sid) => store.destroy(sid)));
  }
  await store.set('a', session());
  await store.clear();
  assert.is(await store.pruneSessions(), 0);
  assert.ok((await store.health()).ok);
}

test('the grants in docs/security.md are enough for the store and the admin', async () => {
  const { store, limitedPool, names } = await grantedStore();
  await useStore(store);

  const admin = createAdmin({ pool: limitedPool, ...names });
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

for (const privilege of ['USAGE', 'SELECT', 'INSERT', 'UPDATE', 'DELETE']) {
  test(`the store fails without ${privilege}`, async () => {
    const { store, pool, role, schema, table } = await grantedStore();
    const object = privilege === 'USAGE' ? `SCHEMA ${schema}` : table;
    await pool.query(`REVOKE ${privilege} ON ${object} FROM ${role}`);
    const error = await failure(useStore(store));
    assert.equal([error.sqlState, error.status], [REFUSED, 503], error.message);
  });
}

test('the grants in docs/security.md allow nothing else', async () => {
  const { limitedPool, table, schema } = await grantedStore();
  for (const statement of [
    `TRUNCATE ${table}`,
    `ALTER TABLE ${table} ADD more text`,
    `DROP TABLE ${table}`,
    `CREATE INDEX ON ${table} (sid)`,
    `CREATE TABLE ${schema}.more ()`,
  ]) {
    const error = await failure(limitedPool.query(statement));
    assert.is(error.code, REFUSED, statement);
  }
});

const OWN_ROWS = /```sql\n(ALTER TABLE .*?)```/s.exec(SECURITY)![1]!;

for (const policies of ['the policy of the docs', 'a policy for each role']) {
  test(`with row-level security and ${policies}, each app sees, prunes and deletes only its own sessions`, async () => {
    const { pool, table, schema, names, store: front, role: one } = await grantedStore();
    const { role: other, limitedPool } = await freshLimitedRole(pool);
    await pool.query(`GRANT USAGE ON SCHEMA ${schema} TO ${other}`);
    await pool.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON ${table} TO ${other}`);
    const back = storeOf(limitedPool, names);

    await pool.query(OWN_ROWS.replaceAll('web.session', () => table));
    if (policies === 'a policy for each role') {
      await pool.query(`DROP POLICY own_sessions ON ${table}`);
      for (const role of [one, other]) {
        await pool.query(`CREATE POLICY ${role} ON ${table} TO ${role} USING (app = current_user)`);
      }
    }

    for (const sid of ['x', 'y', 'z']) await back.set(sid, session({ user: 'ada' }));
    await pool.query(`UPDATE ${table} SET expire = now() - interval '1 s' WHERE sid = 'z'`);
    await useStore(front); // ends with clear() and pruneSessions()
    assert.is(await front.get('x'), null);
    await front.destroy('x');
    assert.is((await failure(front.set('x', session({ user: 'eve' })))).sqlState, REFUSED);

    assert.is(await back.length(), 2);
    assert.is((await back.get('x'))!.user, 'ada');
    assert.is(await back.pruneSessions(), 1);
  });
}

test('with row-level security and no policy, the store finds no session and cannot write one', async () => {
  const { store, pool, table } = await grantedStore();
  await store.set('a', session());
  await pool.query(`ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY`);
  assert.is(await store.get('a'), null);
  const error = await failure(store.set('b', session()));
  assert.is(error.sqlState, REFUSED);
  assert.is((await pool.query(`SELECT FROM ${table}`)).rowCount, 1);
});

if (process.env.TEST_LEAST_RIGHTS) {
  test('with TEST_LEAST_RIGHTS, the stores of the tests have only the privileges in docs/security.md', async () => {
    const { pool, table } = await freshStore();
    assert.is.not(administrator(pool), pool);
    const client = await pool.connect();
    const error = await failure(client.query(`TRUNCATE ${table}`));
    client.release();
    assert.is(error.code, REFUSED);
    await freshPool().query(`TRUNCATE ${table}`); // pool.query() of a test runs as the administrator
  });
}
