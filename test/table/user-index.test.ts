// The index on the user: createUserIndex() creates and recognizes it, and PostgreSQL uses it.
import pg from 'pg';
import * as assert from 'uvu/assert';
import { createAdmin } from '../../src/admin/admin.js';
import { findSessions, revokeSessionOfUser, revokeUser } from '../../src/generated/admin.js';
import type { Queryable } from '../../src/postgres/connection.js';
import { bindTable } from '../../src/table/names.js';
import { freshPool, freshStore, untilBlocked, useAdministrator } from '../support/fresh-store.js';
import { suite } from '../support/harness.js';
import { invalid } from '../support/invalid.js';
import { failure } from '../support/limited-role.js';

const test = suite('user index', { timeout: 60_000 });
useAdministrator();
const USER_PATH = ['passport', 'user'];
const params = { userPath: USER_PATH, users: ['user 77'], handle: '0'.repeat(64) };
const queries = { findSessions, revokeUser, revokeSessionOfUser };

const indexesOf = async (pool: pg.Pool, table: string): Promise<string[]> =>
  (
    await pool.query(
      'SELECT pg_get_indexdef(indexrelid, 1, true) AS key FROM pg_index WHERE indrelid = $1::regclass AND indkey[0] = 0',
      [table],
    )
  ).rows.map(({ key }) => key);

/** The text and the values that the server gets for a query. */
async function statementOf(name: keyof typeof queries, names: object): Promise<{ text: string; values: unknown[] }> {
  let sent: { text: string; values: unknown[] } | undefined;
  const recorder: Queryable = {
    query: async (text, values) => {
      sent = { text, values };
      return { rows: [], rowCount: 0 };
    },
  };
  await queries[name].run(params, bindTable(recorder, names));
  return sent!;
}

for (const sess of ['json', 'jsonb', 'text'] as const) {
  test(`PostgreSQL uses the index on ${sess}, even in a prepared statement after ten executions`, async () => {
    const { pool, names, table } = await freshStore({
      pool: freshPool({ max: 1 }),
      columns: { sess, expire: 'timestamptz' },
    });
    await pool.query(`INSERT INTO ${table} SELECT md5(n::text),
      ('{"passport":{"user":"user ' || n / 5 || '"},"pad":"' || repeat('x', 100) || '"}')::${sess}, now() + interval '1 h'
      FROM generate_series(1, 20000) AS n`);
    const admin = createAdmin({ pool, ...names });
    await admin.createUserIndex();
    await pool.query(`ANALYZE ${table}`);
    assert.is((await pool.query('SHOW plan_cache_mode')).rows[0].plan_cache_mode, 'auto');

    for (const [n, name] of (Object.keys(queries) as (keyof typeof queries)[]).entries()) {
      const { text, values } = await statementOf(name, names);
      const assertUsed = async (explain: string, parameters: unknown[] = []) => {
        const { rows } = await pool.query(explain, parameters);
        const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
        assert.match(
          plan,
          /Index Cond: \(.*#>> '\{passport,user\}'::text\[\]\) = ANY \('\{"user 77"\}'::text\[\]\)\)/,
          `${name}: ${plan}`,
        );
        assert.not.match(plan, /Seq Scan/);
      };
      await assertUsed(`EXPLAIN ${text}`, values);

      await pool.query(`PREPARE p${n} AS ${text}`);
      const literals = values.map((value) =>
        value === null ? 'NULL' : pg.escapeLiteral(Array.isArray(value) ? `{${value}}` : String(value)),
      );
      for (let k = 0; k < 10; k++) await pool.query(`EXECUTE p${n} (${literals})`);
      await assertUsed(`EXPLAIN EXECUTE p${n} (${literals})`);
    }
  });

  test(`repeated createTable() and createUserIndex() calls create one index on ${sess}`, async () => {
    const { store, pool, names, table } = await freshStore({ columns: { sess, expire: 'timestamptz' } });
    await store.createTable({ userPath: USER_PATH });
    await store.createTable({ userPath: USER_PATH });
    await createAdmin({ pool, ...names }).createUserIndex();
    assert.is((await indexesOf(pool, table)).length, 1);
    await createAdmin({ pool, ...names, userPath: ['user', 'id'] }).createUserIndex();
    assert.is((await indexesOf(pool, table)).length, 2);
  });
}

test('createTable({ userPath }) creates the index of a new table', async () => {
  const { store, pool, table } = await freshStore();
  await pool.query(`DROP TABLE ${table}`);
  await store.createTable({ userPath: ['user', 'id'] });
  assert.equal(await indexesOf(pool, table), ["(sess #>> '{user,id}'::text[])"]);
  const error = await failure(store.createTable({ userPath: invalid('user.id') }));
  assert.match(error.message, /userPath must be an array of keys/);
});

test('createUserIndex() recognizes its index, whatever keys the path has', async () => {
  const { pool, names, table } = await freshStore();
  for (const key of [
    `it's`,
    '"',
    '\\',
    '{a,b}',
    'null',
    '',
    ' ',
    "'{ss__userPath}'",
    '"session_store"."session"',
    'a\0\ud800',
  ]) {
    const admin = createAdmin({ pool, ...names, userPath: [key, 'id'] });
    const before = (await indexesOf(pool, table)).length;
    await admin.createUserIndex();
    await admin.createUserIndex();
    assert.is((await indexesOf(pool, table)).length, before + 1, JSON.stringify(key));
  }
});

test("createUserIndex() works if the table is called like the path's stand-in", async () => {
  const { store, pool, names } = await freshStore();
  const tableName = `'{ss__userPath}' ${process.pid}`;
  const admin = createAdmin({ pool, schemaName: names.schemaName, tableName });
  await pool.query(`ALTER TABLE ${pg.escapeIdentifier(names.schemaName)}.${pg.escapeIdentifier(names.tableName)}
    RENAME TO ${pg.escapeIdentifier(tableName)}`);
  await admin.createUserIndex();
  assert.equal(await admin.find('ada'), []);
  assert.ok(store);
});

test('createUserIndex() does not accept a partial index', async () => {
  const { pool, names, table } = await freshStore();
  await pool.query(`CREATE INDEX ON ${table} ((sess #>> '{passport,user}')) WHERE expire IS NULL`);
  await createAdmin({ pool, ...names }).createUserIndex();
  assert.is((await indexesOf(pool, table)).length, 2);
});

test('createUserIndex() creates the index of a partitioned table', async () => {
  const { pool, names, table } = await freshStore();
  await pool.query(`DROP TABLE ${table}`);
  await pool.query(
    `CREATE TABLE ${table} (sid varchar PRIMARY KEY, sess json, expire timestamptz) PARTITION BY HASH (sid)`,
  );
  await createAdmin({ pool, ...names }).createUserIndex();
  assert.is((await indexesOf(pool, table)).length, 1);
});

test('createUserIndex() does not block writers', async () => {
  const { store, pool, names, table } = await freshStore();
  await store.set('a', { cookie: { originalMaxAge: null } });
  const writer = await pool.connect();
  await writer.query('BEGIN');
  await writer.query(`UPDATE ${table} SET expire = expire WHERE sid = 'none'`); // the index waits for this transaction
  const created = createAdmin({ pool, ...names }).createUserIndex();
  await untilBlocked(pool);
  await store.set('b', { cookie: { originalMaxAge: null } });
  await writer.query('COMMIT');
  writer.release();
  await created;
  assert.is((await indexesOf(pool, table)).length, 1);
});
