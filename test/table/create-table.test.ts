// Creating the table.
import pg from 'pg';
import * as assert from 'uvu/assert';
import { createAdmin } from '../../src/admin/admin.js';
import { PgSessionStore, SessionStoreError } from '../../src/index.js';
import { freshNames, freshPool, freshStore, searchPath, session, useAdministrator } from '../support/fresh-store.js';
import { onEnd, suite } from '../support/harness.js';
import { failure, freshLimitedRole } from '../support/limited-role.js';
import { quotedName } from '../support/stores.js';

const test = suite('schema', { timeout: 30_000 });
useAdministrator();

function storeFor(names: { schemaName?: string; tableName: string }, options = {}, pool = freshPool()) {
  const store = new PgSessionStore({ pool, ...names, pruneSessionInterval: false, ...options });
  onEnd(() => store.close());
  return store;
}

async function freshSchema() {
  const names = freshNames();
  const pool = freshPool();
  await pool.query(`CREATE SCHEMA ${pg.escapeIdentifier(names.schemaName)}`);
  return { names, pool, table: quotedName(names) };
}

/** The indexes of a table: what each is on, and whether it is the key. */
async function indexesOf(pool: pg.Pool, table: string) {
  const { rows } = await pool.query(
    `SELECT c.relname AS name, pg_get_indexdef(i.indexrelid, 1, true) AS column, i.indisprimary AS key
     FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = $1::regclass ORDER BY key DESC, name`,
    [table],
  );
  return rows;
}

test('createTable makes a table with a key on sid and an index on expire, named as PostgreSQL names them', async () => {
  const names = { schemaName: `plain ${process.pid}`, tableName: 'session' };
  const pool = freshPool();
  await storeFor(names, {}, pool).createTable({ createSchema: true });

  assert.equal(await indexesOf(pool, quotedName(names)), [
    { name: 'session_pkey', column: 'sid', key: true },
    { name: 'session_expire_idx', column: 'expire', key: false },
  ]);
});

test('createTable leaves a part of each page free, for the next versions of its rows', async () => {
  const names = { schemaName: `roomy ${process.pid}`, tableName: 'session' };
  const pool = freshPool();
  await storeFor(names, {}, pool).createTable({ createSchema: true });
  const { rows } = await pool.query('SELECT reloptions AS options FROM pg_class WHERE oid = $1::regclass', [
    quotedName(names),
  ]);
  assert.equal(rows[0].options, ['fillfactor=70']);
});

test('createTable makes an UNLOGGED table when asked, and leaves one that is there as it is', async () => {
  const { store, pool, table } = await freshStore();
  const persistence = async () =>
    (await pool.query('SELECT relpersistence AS is FROM pg_class WHERE oid = $1::regclass', [table])).rows[0].is;
  await store.createTable({ unlogged: true });
  assert.is(await persistence(), 'p');
  await pool.query(`DROP TABLE ${table}`);
  await store.createTable({ unlogged: true });
  assert.is(await persistence(), 'u');
  await store.set('a', session());
  assert.is(await store.length(), 1);
});

test('createTable again changes nothing and loses nothing', async () => {
  const { store, pool, table } = await freshStore();
  await store.set('a', session());
  const before = await indexesOf(pool, table);

  await store.createTable({ createSchema: true });

  assert.equal(await indexesOf(pool, table), before);
  assert.is(await store.length(), 1);
});

test('createTable makes the index where the one on expire is partial or failed to build', async () => {
  for (const unfit of ['WHERE expire IS NULL', 'INVALID']) {
    const { store, pool, table } = await freshStore({ columns: { sess: 'json', expire: 'timestamptz' } });
    if (unfit === 'INVALID') {
      await pool.query(`CREATE INDEX unfit ON ${table} (expire)`);
      await pool.query(`UPDATE pg_index SET indisvalid = false WHERE indexrelid = (SELECT max(indexrelid::oid) FROM pg_index
        WHERE indrelid = '${table.replaceAll("'", "''")}'::regclass)`);
    } else {
      await pool.query(`CREATE INDEX unfit ON ${table} (expire) ${unfit}`);
    }
    const before = await indexesOf(pool, table);
    await store.createTable();
    assert.is((await indexesOf(pool, table)).length, before.length + 1, unfit);
  }
});

test('createTable makes the index of a partitioned table', async () => {
  const { store, pool, table } = await freshStore();
  await pool.query(`DROP TABLE ${table}`);
  await pool.query(
    `CREATE TABLE ${table} (sid varchar PRIMARY KEY, sess json, expire timestamptz) PARTITION BY HASH (sid)`,
  );
  await store.createTable();
  assert.is((await indexesOf(pool, table)).length, 2);
});

test('an option of createTable that there is not is refused, and nothing is made', async () => {
  const store = storeFor(freshNames());
  for (const wrong of [{ userpath: ['user'] }, { createSchema: true, logged: false }]) {
    const error = await store.createTable(wrong as never).catch((caught) => caught);
    assert.instance(error, TypeError);
    assert.match(error.message, /unknown option "(userpath|logged)". The options are createSchema, unlogged, userPath/);
  }
});

test('a missing schema is an error that says what to do', async () => {
  const store = storeFor(freshNames());
  const error = await store.createTable().catch((caught) => caught);
  assert.match(error.message, /schema does not exist. Create it, or call createTable\(\{ createSchema: true \}\)/);
});

test('where createTableIfMissing can not make the table, a call fails as with any other failure of the database', async () => {
  const store = storeFor(freshNames(), { createTableIfMissing: true });
  const error = await store.get('a').catch((caught) => caught);
  assert.instance(error, SessionStoreError);
  assert.equal([error.code, error.status, error.sqlState], ['DATABASE', 503, '3F000']);
  assert.match(error.message, /schema does not exist/);
});

test('where the search_path has no schema, the error asks for a schemaName', async () => {
  const pool = freshPool({ options: '-c search_path=none' });
  const store = storeFor({ tableName: 'session' }, {}, pool);
  assert.match(
    (await store.createTable().catch((error) => error)).message,
    /search_path has no schema. Set schemaName/,
  );
  assert.match(
    (await store.createTable({ createSchema: true }).catch((error) => error)).message,
    /createSchema needs a schemaName/,
  );
});

test('a sequence of that name is an error, not a table', async () => {
  const { names, pool, table } = await freshSchema();
  await pool.query(`CREATE SEQUENCE ${table}`);
  const error = await storeFor(names, {}, pool)
    .createTable()
    .catch((caught) => caught);
  assert.match(error.message, /the name belongs to something that is not a table/);
});

test('createTable takes a callback first, too', async () => {
  const { names, pool } = await freshSchema();
  const store = storeFor(names, {}, pool);
  assert.is(await new Promise((resolve) => store.createTable(resolve)), null);
  assert.is(await store.length(), 0);
});

test('under repeatable read, ten at once make one index', async () => {
  const { names, pool, table } = await freshStore({ columns: { sess: 'json', expire: 'timestamptz' } });
  const options = '-c default_transaction_isolation=repeatable\\ read';
  const stores = Array.from({ length: 10 }, () => storeFor(names, {}, freshPool({ max: 1, options })));
  await Promise.all(stores.map((store) => store.createTable()));
  assert.is((await indexesOf(pool, table)).length, 2);
});

test('twenty processes that start at once all find their table', async () => {
  for (let round = 0; round < 3; round++) {
    const names = freshNames();
    const stores = Array.from({ length: 20 }, () => storeFor(names, {}, freshPool({ max: 1 })));

    const outcomes = await Promise.allSettled(
      stores.map(async (store, n) => {
        await store.createTable({ createSchema: true });
        await store.set(`s${n}`, session());
      }),
    );

    assert.equal(
      outcomes.filter(({ status }) => status === 'rejected'),
      [],
    );
    assert.is(await stores[0]!.length(), 20);
  }
});

test('with createTableIfMissing, fifty first calls at once from ten processes make one table', async () => {
  const { names, pool, table } = await freshSchema();
  const stores = Array.from({ length: 10 }, () => storeFor(names, { createTableIfMissing: true }));

  await Promise.all(Array.from({ length: 50 }, (_, n) => stores[n % 10]!.set(`s${n}`, session())));

  assert.is(await stores[0]!.length(), 50);
  assert.is((await indexesOf(pool, table)).length, 2);
});

test('createTableIfMissing is tried again after a failure', async () => {
  const names = freshNames();
  const pool = freshPool();
  const store = storeFor(names, { createTableIfMissing: true }, pool);
  const failed = await store.set('a', session()).catch((error) => error);
  assert.match(failed.message, /schema does not exist/);

  await pool.query(`CREATE SCHEMA ${pg.escapeIdentifier(names.schemaName)}`);
  await store.set('a', session());

  assert.is(await store.length(), 1);
});

test('a second table in the same schema works, also where 63 bytes differ in the last one', async () => {
  const { names, pool } = await freshSchema();
  for (const last of ['a', 'b']) {
    const store = storeFor({ ...names, tableName: `${'x'.repeat(62)}${last}` }, { createTableIfMissing: true }, pool);
    await store.set(last, session());
    assert.is(await store.length(), 1);
  }
});

test("a table called as the key of another would be is in nobody's way", async () => {
  const { names, pool } = await freshSchema();
  for (const tableName of ['web_pkey', 'web_expire_idx', 'web']) {
    const store = storeFor({ ...names, tableName }, { createTableIfMissing: true }, pool);
    await store.set('a', session());
    assert.is((await indexesOf(pool, quotedName({ ...names, tableName }))).length, 2);
  }
});

test('createTableIfMissing leaves an existing table as it is', async () => {
  const { names, pool, table } = await freshStore({ columns: { sess: 'json', expire: 'timestamp(6)' } });
  const store = storeFor(names, { createTableIfMissing: true }, pool);

  await store.set('a', session());

  assert.equal(
    (await indexesOf(pool, table)).map(({ column }) => column),
    ['sid'],
  );
});

test('createTable without a schemaName is content with a table further down the search_path', async () => {
  const { store, pool, names } = await freshStore();
  await store.set('a', session());
  await pool.query(`CREATE SCHEMA ${pg.escapeIdentifier(`first ${names.schemaName}`)}`);
  const there = freshPool({ options: searchPath(`first ${names.schemaName}`, names.schemaName) });
  const unqualified = storeFor({ tableName: names.tableName }, {}, there);

  await unqualified.createTable();

  assert.is(await unqualified.length(), 1);
});

test('createTable gives a table of connect-pg-pool the index it lacks', async () => {
  const { store, pool, table } = await freshStore({ columns: { sess: 'json', expire: 'timestamp(6)' } });
  await store.createTable();
  assert.equal(
    (await indexesOf(pool, table)).map(({ column }) => column),
    ['sid', 'expire'],
  );
});

test('createTable knows the index of connect-pg-simple by its column, not by its name', async () => {
  const { store, pool, table } = await freshStore({ columns: { sess: 'json', expire: 'timestamp(6)' } });
  await pool.query(`CREATE INDEX "IDX_session_expire" ON ${table} (expire)`);
  await store.createTable();
  assert.is((await indexesOf(pool, table)).length, 2);
});

test('a view with renamed columns serves as the table', async () => {
  const { names, pool, table } = await freshSchema();
  await pool.query(
    `CREATE TABLE ${table} ("ID" varchar PRIMARY KEY, payload json NOT NULL, valid_until timestamptz NOT NULL)`,
  );
  const view = { ...names, tableName: 'a view' };
  await pool.query(
    `CREATE VIEW ${quotedName(view)} AS SELECT "ID" AS sid, payload AS sess, valid_until AS expire FROM ${table}`,
  );
  const store = storeFor(view, { createTableIfMissing: true }, pool);
  await store.createTable();

  await store.set('a', session({ user: 'ada' }));
  await store.set('a', session({ user: 'bob' }));
  await store.touch('a', session());

  assert.is(((await store.get('a')) as any).user, 'bob');
  assert.is(await store.pruneSessions(), 0);
});

test('createTableIfMissing needs no right to create where the table is there', async () => {
  const { names, pool, table } = await freshStore();
  const { role, clerksPool } = await freshLimitedRole(pool);
  await pool.query(`GRANT USAGE ON SCHEMA ${pg.escapeIdentifier(names.schemaName)} TO ${role}`);
  await pool.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON ${table} TO ${role}`);
  const store = storeFor(names, { createTableIfMissing: true }, clerksPool);

  await store.set('a', session());
  await store.createTable({ createSchema: true }); // which is there, so that no right to create one is needed

  assert.is(await store.length(), 1);
  assert.is(await store.pruneSessions(), 0);
});

test('a role that may not make what is missing is told the grant, which then suffices', async () => {
  const { names, pool } = await freshSchema();
  const { role, clerksPool } = await freshLimitedRole(pool);
  const schema = pg.escapeIdentifier(names.schemaName);
  const store = storeFor(names, { createTableIfMissing: true }, clerksPool);
  const refusal = async (work: Promise<unknown>) => (await failure(work)).message;
  const granted = async (message: string, grant: string) => {
    assert.ok(message.includes(`. Run ${grant}, or `), message);
    await pool.query(grant);
  };

  await granted(await refusal(store.set('a', session())), `GRANT USAGE, CREATE ON SCHEMA ${schema} TO ${role}`);
  await pool.query(`REVOKE USAGE ON SCHEMA ${schema} FROM ${role}`);
  await granted(await refusal(store.createTable()), `GRANT USAGE ON SCHEMA ${schema} TO ${role}`);
  await store.set('a', session());
  assert.is(await store.length(), 1);

  const elsewhere = storeFor(freshNames(), {}, clerksPool);
  const { database } = (await pool.query('SELECT quote_ident(current_database()) AS database')).rows[0];
  await granted(
    await refusal(elsewhere.createTable({ createSchema: true })),
    `GRANT CREATE ON DATABASE ${database} TO ${role}`,
  );
  await elsewhere.createTable({ createSchema: true });
});

test('where the search_path decides, the grant names the schema that it leads to', async () => {
  const { names, pool } = await freshSchema();
  const { role, clerksPool } = await freshLimitedRole(pool);
  const schema = pg.escapeIdentifier(names.schemaName);
  await pool.query(`GRANT USAGE ON SCHEMA ${schema} TO ${role}`);
  await pool.query(`ALTER ROLE ${role} SET search_path = ${schema}`);
  const error = await failure(storeFor({ tableName: 'session' }, {}, clerksPool).createTable());
  assert.ok(error.message.includes(`GRANT CREATE ON SCHEMA ${schema} TO ${role}`), error.message);
  assert.is(error.cause.sqlState, '42501');
});

test("a role that may not make an index on somebody else's table is told whose it is", async () => {
  const { names, pool } = await freshStore();
  const { role, clerksPool } = await freshLimitedRole(pool);
  await pool.query(`GRANT ALL ON SCHEMA ${pg.escapeIdentifier(names.schemaName)} TO ${role}`);
  const { owner } = (await pool.query('SELECT quote_ident(current_user) AS owner')).rows[0];
  const says = `the role ${role} may not create an index on a table that ${owner} owns. Create it as ${owner}`;
  const userPath = ['user', 'id'];
  const admin = createAdmin({ pool: clerksPool, ...names, userPath });
  for (const ask of [() => storeFor(names, {}, clerksPool).createTable({ userPath }), () => admin.createUserIndex()]) {
    assert.is((await failure(ask())).message, says);
  }
});
