// Creating the table and its indexes.
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import * as assert from 'uvu/assert';
import { createAdmin } from '../../src/admin/admin.js';
import { PgSessionStore, SessionStoreError, type StoreOptions } from '../../src/index.js';
import {
  freshNames,
  freshPool,
  freshStore,
  loadSession,
  searchPath,
  session,
  useAdministrator,
} from '../support/fresh-store.js';
import { onEnd, suite } from '../support/harness.js';
import { invalid } from '../support/invalid.js';
import { failure, freshLimitedRole } from '../support/limited-role.js';
import { quotedName } from '../support/stores.js';

const test = suite('create table', { timeout: 30_000 });
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

/** The indexes of a table, each with its column and whether it is the primary key. */
async function indexesOf(pool: pg.Pool, table: string) {
  const { rows } = await pool.query(
    `SELECT c.relname AS name, pg_get_indexdef(i.indexrelid, 1, true) AS column, i.indisprimary AS key
     FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = $1::regclass ORDER BY key DESC, name`,
    [table],
  );
  return rows;
}

test('createTable() creates a primary key on sid and an index on expire, with default names', async () => {
  const names = { schemaName: `plain ${process.pid}`, tableName: 'session' };
  const pool = freshPool();
  await storeFor(names, {}, pool).createTable({ createSchema: true });

  assert.equal(await indexesOf(pool, quotedName(names)), [
    { name: 'session_pkey', column: 'sid', key: true },
    { name: 'session_expire_idx', column: 'expire', key: false },
  ]);
});

test('createTable() leaves free space in each page for new row versions', async () => {
  const names = { schemaName: `fillfactor ${process.pid}`, tableName: 'session' };
  const pool = freshPool();
  await storeFor(names, {}, pool).createTable({ createSchema: true });
  const { rows } = await pool.query('SELECT reloptions AS options FROM pg_class WHERE oid = $1::regclass', [
    quotedName(names),
  ]);
  assert.equal(rows[0].options, ['fillfactor=70']);
});

test('createTable({ unlogged: true }) creates an unlogged table, and does not change an existing one', async () => {
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

test('a second createTable() changes nothing and loses nothing', async () => {
  const { store, pool, table } = await freshStore();
  await store.set('a', session());
  const before = await indexesOf(pool, table);

  await store.createTable({ createSchema: true });

  assert.equal(await indexesOf(pool, table), before);
  assert.is(await store.length(), 1);
});

test('createTable() creates the index on expire if the existing one is partial or invalid', async () => {
  for (const defect of ['WHERE expire IS NULL', 'INVALID']) {
    const { store, pool, table } = await freshStore({ columns: { sess: 'json', expire: 'timestamptz' } });
    if (defect === 'INVALID') {
      await pool.query(`CREATE INDEX existing ON ${table} (expire)`);
      await pool.query(`UPDATE pg_index SET indisvalid = false WHERE indexrelid = (SELECT max(indexrelid::oid) FROM pg_index
        WHERE indrelid = '${table.replaceAll("'", "''")}'::regclass)`);
    } else {
      await pool.query(`CREATE INDEX existing ON ${table} (expire) ${defect}`);
    }
    const before = await indexesOf(pool, table);
    await store.createTable();
    assert.is((await indexesOf(pool, table)).length, before.length + 1, defect);
  }
});

test('createTable() creates the index of a partitioned table', async () => {
  const { store, pool, table } = await freshStore();
  await pool.query(`DROP TABLE ${table}`);
  await pool.query(
    `CREATE TABLE ${table} (sid varchar PRIMARY KEY, sess json, expire timestamptz) PARTITION BY HASH (sid)`,
  );
  await store.createTable();
  assert.is((await indexesOf(pool, table)).length, 2);
});

test('createTable() rejects an unknown option and creates nothing', async () => {
  const store = storeFor(freshNames());
  for (const wrong of [{ userpath: ['user'] }, { createSchema: true, logged: false }]) {
    const error = await failure(store.createTable(invalid(wrong)));
    assert.instance(error, TypeError);
    assert.match(error.message, /unknown option "(userpath|logged)". The options are createSchema, unlogged, userPath/);
  }
});

test('createTable() fails with an error that says what to do if the schema is missing', async () => {
  const store = storeFor(freshNames());
  const error = await failure(store.createTable());
  assert.match(error.message, /schema does not exist. Create it, or call createTable\(\{ createSchema: true \}\)/);
});

test('a call fails with a SessionStoreError if createTableIfMissing cannot create the table', async () => {
  const store = storeFor(freshNames(), { createTableIfMissing: true });
  const error = await failure(store.get('a'));
  assert.instance(error, SessionStoreError);
  assert.equal([error.code, error.status, error.sqlState], ['DATABASE', 503, '3F000']);
  assert.match(error.message, /schema does not exist/);
});

test('createTable() asks for a schemaName if the search_path has no schema', async () => {
  const pool = freshPool({ options: '-c search_path=none' });
  const store = storeFor({ tableName: 'session' }, {}, pool);
  assert.match((await failure(store.createTable())).message, /search_path has no schema. Set schemaName/);
  assert.match((await failure(store.createTable({ createSchema: true }))).message, /createSchema needs a schemaName/);
});

test('createTable() fails if the name belongs to a sequence', async () => {
  const { names, pool, table } = await freshSchema();
  await pool.query(`CREATE SEQUENCE ${table}`);
  for (const unlogged of [false, true]) {
    const error = await failure(storeFor(names, {}, pool).createTable({ unlogged }));
    assert.match(error.message, /the name belongs to something that is not a table/);
  }
  const { rows } = await pool.query('SELECT relpersistence FROM pg_class WHERE oid = $1::regclass', [table]);
  assert.is(rows[0].relpersistence, 'p', 'the sequence is not unlogged');
});

test('createTable() accepts a callback as its first parameter', async () => {
  const { names, pool } = await freshSchema();
  const store = storeFor(names, {}, pool);
  assert.is(await new Promise((resolve) => store.createTable(resolve)), null);
  assert.is(await store.length(), 0);
});

test('under repeatable read, ten concurrent createTable() calls create one index', async () => {
  const { names, pool, table } = await freshStore({ columns: { sess: 'json', expire: 'timestamptz' } });
  const options = '-c default_transaction_isolation=repeatable\\ read';
  const stores = Array.from({ length: 10 }, () => storeFor(names, {}, freshPool({ max: 1, options })));
  await Promise.all(stores.map((store) => store.createTable()));
  assert.is((await indexesOf(pool, table)).length, 2);
});

test('twenty stores that call createTable() at once all find the table', async () => {
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

test('with createTableIfMissing, fifty concurrent first calls of ten stores create one table', async () => {
  const { names, pool, table } = await freshSchema();
  const stores = Array.from({ length: 10 }, () => storeFor(names, { createTableIfMissing: true }));

  await Promise.all(Array.from({ length: 50 }, (_, n) => stores[n % 10]!.set(`s${n}`, session())));

  assert.is(await stores[0]!.length(), 50);
  assert.is((await indexesOf(pool, table)).length, 2);
});

test('the store retries createTableIfMissing after a failure', async () => {
  const names = freshNames();
  const pool = freshPool();
  const store = storeFor(names, { createTableIfMissing: true }, pool);
  const error = await failure(store.set('a', session()));
  assert.match(error.message, /schema does not exist/);

  await pool.query(`CREATE SCHEMA ${pg.escapeIdentifier(names.schemaName)}`);
  await store.set('a', session());

  assert.is(await store.length(), 1);
});

/**
 * What takes the table away while the app runs, and puts back what createTableIfMissing does not
 * create.
 */
const losses: [what: string, lose: (table: string, schema: string) => string[]][] = [
  ['dropped', (table) => [`DROP TABLE ${table}`]],
  ['renamed', (table) => [`ALTER TABLE ${table} RENAME TO "gone"`]],
  ['dropped with its schema', (_, schema) => [`DROP SCHEMA ${schema} CASCADE`, `CREATE SCHEMA ${schema}`]],
  [
    'moved with its schema',
    (_, schema) => [`ALTER SCHEMA ${schema} RENAME TO "m ${process.pid}"`, `CREATE SCHEMA ${schema}`],
  ],
];
type AnyCall = (store: PgSessionStore) => Promise<unknown>;
const loaded = (store: PgSessionStore) => loadSession(store, 'a');
const afterLoss: [what: string, call: AnyCall, prepare?: AnyCall | undefined, options?: StoreOptions][] = [
  ['get', (store) => store.get('a')],
  ['set', (store) => store.set('a', session())],
  [
    'a merging set',
    (store) => save!(store),
    async (store) => {
      const one = await loaded(store);
      one.n = 2;
      save = () => store.set('a', one);
    },
  ],
  ['touch', (store) => store.touch('a', session())],
  ['update', (store) => store.update('a', (one) => Object.assign(one, { n: 1 }))],
  ['destroy', (store) => store.destroy('a')],
  ['destroy with revocations', (store) => store.destroy('a'), undefined, { revocations: true, errorLog: () => {} }],
  ['all', (store) => store.all()],
  ['length', (store) => store.length()],
  ['clear', (store) => store.clear()],
  ['pruneSessions', (store) => store.pruneSessions()],
  ['a batch of gets', (store) => Promise.all(['a', 'b', 'c', 'd', 'e'].map((sid) => store.get(sid)))],
  ['a batch of sets', (store) => Promise.all(['a', 'b', 'c', 'd', 'e'].map((sid) => store.set(sid, session())))],
  ['get with hashIds', (store) => store.get('a'), undefined, { hashIds: true }],
  ["set with hashIds: 'upgrade'", (store) => store.set('a', session()), undefined, { hashIds: 'upgrade' }],
  [
    'set without batches and prepared statements',
    (store) => store.set('a', session()),
    undefined,
    { batch: false, prepare: false },
  ],
];
let save: AnyCall | undefined;

for (const [what, lose] of losses) {
  test(`with createTableIfMissing, the next call of any kind creates a table that was ${what}`, async () => {
    const calls = what === 'dropped' ? afterLoss : afterLoss.filter((_, n) => n % 5 === 0);
    for (const [call, work, prepare, options] of calls) {
      const { names, pool, table } = await freshSchema();
      const store = storeFor(names, { createTableIfMissing: true, ...options }, pool);
      await Promise.all(['a', 'b', 'c'].map((sid) => store.set(sid, session({ n: 1 }))));
      await prepare?.(store);
      for (const statement of lose(table, pg.escapeIdentifier(names.schemaName))) await pool.query(statement);

      await work(store).catch((error) => assert.unreachable(`${call}: ${error.stack}`));
      assert.is((await indexesOf(pool, table)).length, 2, call);
      assert.ok((await store.health()).ok);
      await store.set('z', session());
      assert.ok(await store.get('z'));
      await pool.query(`DROP SCHEMA IF EXISTS "m ${process.pid}" CASCADE`);
    }
  });
}

test('with createTableIfMissing, many calls at once create a dropped table once, for several stores', async () => {
  const { names, pool, table } = await freshSchema();
  const stores = Array.from({ length: 5 }, () => storeFor(names, { createTableIfMissing: true }, pool));
  await Promise.all(stores.map((store, n) => store.set(`s${n}`, session())));
  await pool.query(`DROP TABLE ${table}`);
  await Promise.all(Array.from({ length: 50 }, (_, n) => stores[n % 5]!.set(`s${n}`, session())));
  assert.is(await stores[0]!.length(), 50);
  assert.is((await indexesOf(pool, table)).length, 2);
});

test('a table that is created again has the index of users and the schema that createTable() made', async () => {
  const names = freshNames();
  const pool = freshPool();
  const store = storeFor(names, { createTableIfMissing: true }, pool);
  await store.createTable({ createSchema: true, userPath: ['user'] });
  await store.set('a', session());
  await pool.query(`DROP SCHEMA ${pg.escapeIdentifier(names.schemaName)} CASCADE`);
  await store.set('a', session());
  assert.is((await indexesOf(pool, quotedName(names))).length, 3);
});

test('with createTableIfMissing, a call fails if the schema is gone, and works when the schema is back', async () => {
  const { names, pool } = await freshSchema();
  const store = storeFor(names, { createTableIfMissing: true }, pool);
  await store.set('a', session());
  await pool.query(`DROP SCHEMA ${pg.escapeIdentifier(names.schemaName)} CASCADE`);
  assert.match((await failure(store.get('a'))).message, /schema does not exist\. Create it/);
  assert.is((await store.health()).ok, false);
  await pool.query(`CREATE SCHEMA ${pg.escapeIdentifier(names.schemaName)}`);
  assert.is(await store.get('a'), null);
});

test('with createTableIfMissing, health() creates the table, so that a readiness probe can succeed', async () => {
  const { names, pool } = await freshSchema();
  const store = storeFor(names, { createTableIfMissing: true }, pool);
  assert.ok((await store.health()).ok);
});

test('with createTableIfMissing, the prune timer creates a dropped table', async () => {
  const { names, pool, table } = await freshSchema();
  const errors: unknown[] = [];
  const options = {
    createTableIfMissing: true,
    pruneSessionInterval: 0.05,
    errorLog: (...args: unknown[]) => errors.push(args),
  };
  const store = storeFor(names, options, pool);
  await store.set('a', session());
  await pool.query(`DROP TABLE ${table}`);
  while ((await pool.query('SELECT to_regclass($1) AS found', [table])).rows[0].found === null) await sleep(10);
  assert.equal(errors, []);
});

test('without createTableIfMissing, a call still fails when the table is gone', async () => {
  const { store, pool, table } = await freshStore();
  await store.set('a', session());
  await pool.query(`DROP TABLE ${table}`);
  assert.match((await failure(store.get('a'))).message, /does not exist\. Create the table with/);
});

test('two tables in one schema work even if only the last of the 63 bytes of their names differs', async () => {
  const { names, pool } = await freshSchema();
  for (const last of ['a', 'b']) {
    const store = storeFor({ ...names, tableName: `${'x'.repeat(62)}${last}` }, { createTableIfMissing: true }, pool);
    await store.set(last, session());
    assert.is(await store.length(), 1);
  }
});

test('createTable() works if other tables have the names that its key and its index would get', async () => {
  const { names, pool } = await freshSchema();
  for (const tableName of ['web_pkey', 'web_expire_idx', 'web']) {
    const store = storeFor({ ...names, tableName }, { createTableIfMissing: true }, pool);
    await store.set('a', session());
    assert.is((await indexesOf(pool, quotedName({ ...names, tableName }))).length, 2);
  }
});

test('createTableIfMissing does not change an existing table', async () => {
  const { names, pool, table } = await freshStore({ columns: { sess: 'json', expire: 'timestamp(6)' } });
  const store = storeFor(names, { createTableIfMissing: true }, pool);

  await store.set('a', session());

  assert.equal(
    (await indexesOf(pool, table)).map(({ column }) => column),
    ['sid'],
  );
});

test('createTable() without a schemaName accepts a table in a later schema of the search_path', async () => {
  const { store, pool, names } = await freshStore();
  await store.set('a', session());
  await pool.query(`CREATE SCHEMA ${pg.escapeIdentifier(`first ${names.schemaName}`)}`);
  const poolWithPath = freshPool({ options: searchPath(`first ${names.schemaName}`, names.schemaName) });
  const unqualified = storeFor({ tableName: names.tableName }, {}, poolWithPath);

  await unqualified.createTable();

  assert.is(await unqualified.length(), 1);
});

test('createTable() adds the missing index to a table of connect-pg-pool', async () => {
  const { store, pool, table } = await freshStore({ columns: { sess: 'json', expire: 'timestamp(6)' } });
  await store.createTable();
  assert.equal(
    (await indexesOf(pool, table)).map(({ column }) => column),
    ['sid', 'expire'],
  );
});

test('createTable() recognizes the index of connect-pg-simple by its column, not by its name', async () => {
  const { store, pool, table } = await freshStore({ columns: { sess: 'json', expire: 'timestamp(6)' } });
  await pool.query(`CREATE INDEX "IDX_session_expire" ON ${table} (expire)`);
  await store.createTable();
  assert.is((await indexesOf(pool, table)).length, 2);
});

test('a view with renamed columns works as the table', async () => {
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

  assert.is((await store.get('a'))!.user, 'bob');
  assert.is(await store.pruneSessions(), 0);
});

test('createTableIfMissing does not need the CREATE privilege if the table exists', async () => {
  const { names, pool, table } = await freshStore();
  const { role, limitedPool } = await freshLimitedRole(pool);
  await pool.query(`GRANT USAGE ON SCHEMA ${pg.escapeIdentifier(names.schemaName)} TO ${role}`);
  await pool.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON ${table} TO ${role}`);
  const store = storeFor(names, { createTableIfMissing: true }, limitedPool);

  await store.set('a', session());
  await store.createTable({ createSchema: true }); // the schema exists, so this needs no privilege either

  assert.is(await store.length(), 1);
  assert.is(await store.pruneSessions(), 0);
});

test('the error for a missing privilege names a grant, and the grant is enough', async () => {
  const { names, pool } = await freshSchema();
  const { role, limitedPool } = await freshLimitedRole(pool);
  const schema = pg.escapeIdentifier(names.schemaName);
  const store = storeFor(names, { createTableIfMissing: true }, limitedPool);
  const runGrantOf = async (work: Promise<unknown>, grant: string) => {
    const { message } = await failure(work);
    assert.ok(message.includes(`. Run ${grant}, or `), message);
    await pool.query(grant);
  };

  await runGrantOf(store.set('a', session()), `GRANT USAGE, CREATE ON SCHEMA ${schema} TO ${role}`);
  await pool.query(`REVOKE USAGE ON SCHEMA ${schema} FROM ${role}`);
  await runGrantOf(store.createTable(), `GRANT USAGE ON SCHEMA ${schema} TO ${role}`);
  await store.set('a', session());
  assert.is(await store.length(), 1);

  const elsewhere = storeFor(freshNames(), {}, limitedPool);
  const { database } = (await pool.query('SELECT quote_ident(current_database()) AS database')).rows[0];
  await runGrantOf(elsewhere.createTable({ createSchema: true }), `GRANT CREATE ON DATABASE ${database} TO ${role}`);
  await elsewhere.createTable({ createSchema: true });
});

test('the grant names the schema in the search_path if there is no schemaName', async () => {
  const { names, pool } = await freshSchema();
  const { role, limitedPool } = await freshLimitedRole(pool);
  const schema = pg.escapeIdentifier(names.schemaName);
  await pool.query(`GRANT USAGE ON SCHEMA ${schema} TO ${role}`);
  await pool.query(`ALTER ROLE ${role} SET search_path = ${schema}`);
  const error = await failure(storeFor({ tableName: 'session' }, {}, limitedPool).createTable());
  assert.ok(error.message.includes(`GRANT CREATE ON SCHEMA ${schema} TO ${role}`), error.message);
  assert.is(error.cause.sqlState, '42501');
});

test('the error names the owner of the table if another role may not create an index on it', async () => {
  const { names, pool } = await freshStore();
  const { role, limitedPool } = await freshLimitedRole(pool);
  await pool.query(`GRANT ALL ON SCHEMA ${pg.escapeIdentifier(names.schemaName)} TO ${role}`);
  const { owner } = (await pool.query('SELECT quote_ident(current_user) AS owner')).rows[0];
  const expected = `the role ${role} may not create an index on a table that ${owner} owns. Create it as ${owner}`;
  const userPath = ['user', 'id'];
  const admin = createAdmin({ pool: limitedPool, ...names, userPath });
  const store = storeFor(names, {}, limitedPool);
  for (const createIndex of [() => store.createTable({ userPath }), () => admin.createUserIndex()]) {
    assert.is((await failure(createIndex())).message, expected);
  }
});
