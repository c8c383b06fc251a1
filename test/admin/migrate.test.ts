// migrate() changes an older table into today's. Its sessions expire at the same instant as before.
import pg from 'pg';
import * as assert from 'uvu/assert';
import { createAdmin } from '../../src/admin/admin.js';
import { migrate } from '../../src/admin/migrate.js';
import { freshDatabase } from '../support/fresh-database.js';
import {
  cookieFor,
  freshNames,
  freshPool,
  freshStore,
  session,
  untilBlocked,
  useAdministrator,
} from '../support/fresh-store.js';
import { onEnd, suite } from '../support/harness.js';
import { invalid } from '../support/invalid.js';
import { makeStore, makeTable, quotedName, type StoreName, sessionFor } from '../support/stores.js';

const test = suite('migrate', { timeout: 60_000 });
useAdministrator();

const oldTable = (pool?: pg.Pool) =>
  freshStore({ columns: { sess: 'json', expire: 'timestamp(6)' }, ...(pool && { pool }) });

/** The type of expire, and the first key of each index. */
async function shapeOf(pool: pg.Pool, table: string) {
  const { rows } = await pool.query(
    `SELECT format_type(a.atttypid, NULL) AS type, ARRAY(SELECT pg_get_indexdef(i.indexrelid, 1, true) FROM pg_index i
       WHERE i.indrelid = a.attrelid ORDER BY 1) AS keys
     FROM pg_attribute a WHERE a.attrelid = $1::regclass AND a.attname = 'expire'`,
    [table],
  );
  return rows[0];
}
const today = { type: 'timestamp with time zone', keys: ['expire', 'sid'] };

for (const name of ['connect-pg-simple', 'connect-pg-pool'] as StoreName[]) {
  test(`migrate() repairs the table of ${name}, and that store still works on the table`, async () => {
    const place = { pool: freshPool(), ...freshNames() };
    await makeTable(name, place);
    const quoted = (text: string) => (name === 'connect-pg-pool' ? text.replaceAll('"', '""') : text);
    const names = { schemaName: quoted(place.schemaName), tableName: quoted(place.tableName) };
    const old = makeStore(name, { ...place, ...names });
    onEnd(() => old.close());
    const set = (sid: string) => new Promise((resolve) => old.set(sid, sessionFor(600), resolve));
    await set('a');

    const { pool, ...placeNames } = place;
    await migrate({ pool, names: placeNames });

    const admin = createAdmin(place);
    assert.equal(await admin.doctor(), []);
    const { sessions } = await admin.list();
    assert.ok(sessions.length === 1 && Math.abs(sessions[0]!.secondsLeft - 600) < 5);
    await set('b');
    assert.is(await admin.count(), 2);
    assert.equal(await migrate({ pool, names: placeNames }), []);
  });
}

test('migrate() keeps when sessions expire if they were written under the given timeZone', async () => {
  const { store, names, table } = await oldTable(freshPool({ options: '-c TimeZone=America/New_York' }));
  await store.set('a', session({}, cookieFor(600)));
  const pool = freshPool({ options: '-c TimeZone=Asia/Kolkata' });
  const steps = await migrate({ pool, names }, { timeZone: 'America/New_York' });
  assert.equal(steps, ['expire as timestamptz, with TimeZone America/New_York', 'the index on expire']);
  const [entry] = (await createAdmin({ pool, ...names }).list()).sessions;
  assert.ok(Math.abs(entry!.secondsLeft - 600) < 5);
  assert.equal(await shapeOf(pool, table), today);
});

test("migrate() without a timeZone uses the connection's TimeZone", async () => {
  const pool = freshPool({ options: '-c TimeZone=Asia/Kolkata' });
  const { store, names } = await oldTable(pool);
  await store.set('a', session({}, cookieFor(600)));
  assert.equal((await migrate({ pool, names }))[0], 'expire as timestamptz, with TimeZone Asia/Kolkata');
  assert.ok(Math.abs((await createAdmin({ pool, ...names }).list()).sessions[0]!.secondsLeft - 600) < 5);
});

test('migrate() asks for a timeZone when a role has another TimeZone', async () => {
  const { database, url } = await freshDatabase(); // migrate() in other tests must not find this role
  const { pool, names, table } = await oldTable(freshPool({ connectionString: url }));
  const role = `migrant ${process.pid}`;
  await pool.query(`CREATE ROLE "${role}"`);
  onEnd(() => pool.query(`DROP ROLE "${role}"`));
  await pool.query(`ALTER ROLE "${role}" IN DATABASE ${database} SET TimeZone = 'Asia/Tokyo'`);
  const error = await migrate({ pool, names }).catch((caught: Error) => caught);
  assert.instance(error, TypeError);
  assert.match((error as Error).message, `${role} Asia/Tokyo`);
  assert.match((error as Error).message, /--time-zone/);
  assert.is((await shapeOf(pool, table)).type, 'timestamp without time zone');
});

test('migrate() creates the index of users if a userPath is given', async () => {
  const { pool, names, table } = await freshStore();
  assert.equal(await migrate({ pool, names }, { userPath: ['user', 'id'] }), ['the index on the user']);
  assert.equal((await shapeOf(pool, table)).keys, ["(sess #>> '{user,id}'::text[])", 'expire', 'sid']);
  assert.equal(await migrate({ pool, names }, { userPath: ['user', 'id'] }), []);
});

test('migrate() changes a partitioned table', async () => {
  const { pool, names, table } = await oldTable();
  await pool.query(`DROP TABLE ${table}`);
  await pool.query(
    `CREATE TABLE ${table} (sid varchar PRIMARY KEY, sess json, expire timestamp) PARTITION BY HASH (sid)`,
  );
  await migrate({ pool, names });
  assert.equal(await shapeOf(pool, table), today);
});

test('migrate() and doctor() say that a sid that divides a table into partitions cannot change', async () => {
  const { pool, names, table } = await freshStore();
  await pool.query(`DROP TABLE ${table}`);
  await pool.query(`CREATE TABLE ${table} (sid uuid PRIMARY KEY, sess json NOT NULL, expire timestamptz NOT NULL)
    PARTITION BY HASH (sid)`);
  await pool.query(`CREATE INDEX ON ${table} (expire)`);
  const advice =
    /^The type of sid cannot change in a table of partitions or shards. Create a new table with sid varchar/;
  const error = await migrate({ pool, names }).catch((caught) => caught);
  assert.ok(error instanceof TypeError);
  assert.match(error.message, advice);
  const [finding, ...more] = await createAdmin({ pool, ...names }).doctor();
  assert.equal([finding!.code, finding!.sql, more], ['unsupported-sid', [], []]);
  assert.match(finding!.advice, advice);
});

test('migrate() says why a sid that a view uses cannot change', async () => {
  const { pool, names, table } = await freshStore();
  await pool.query(`ALTER TABLE ${table} ALTER COLUMN sid TYPE char(40)`);
  await pool.query(`CREATE VIEW ${table.replace(/"$/, ' view"')} AS SELECT sid FROM ${table}`);
  const error = await migrate({ pool, names }).catch((caught) => caught);
  assert.match(error.message, /cannot alter type of a column used by a view or rule/);
});

test('migrate() refuses a view', async () => {
  const { pool, names, table } = await freshStore();
  const tableName = `${names.tableName} view`;
  await pool.query(`CREATE VIEW ${quotedName({ ...names, tableName })} AS SELECT * FROM ${table}`);
  const error = await migrate({ pool, names: { ...names, tableName } }).catch((caught) => caught);
  assert.ok(error instanceof TypeError);
  assert.match(error.message, /^the name belongs to something that is not a table. Set another tableName \(--table\)$/);
});

test('migrate() with dryRun lists the same steps and changes nothing', async () => {
  const { pool, names, table } = await oldTable();
  const before = await shapeOf(pool, table);
  const steps = await migrate({ pool, names }, { dryRun: true, timeZone: 'UTC', userPath: ['user'] });
  assert.equal(steps, ['expire as timestamptz, with TimeZone UTC', 'the index on expire', 'the index on the user']);
  assert.equal(await shapeOf(pool, table), before);
});

test('migrate() explains a missing table, an unknown time zone and a wrong userPath', async () => {
  const { pool, names } = await oldTable();
  const message = (promise: Promise<unknown>) => promise.then(String, (error: Error) => error.message);
  assert.match(await message(migrate({ pool, names: freshNames() })), /relation .* does not exist/);
  const onMars = () => message(migrate({ pool, names }, { timeZone: 'Mars/Olympus', dryRun: true }));
  assert.match(await onMars(), /PostgreSQL does not know Mars\/Olympus/);
  await migrate({ pool, names });
  assert.match(await onMars(), /PostgreSQL does not know Mars\/Olympus/);
  assert.match(await message(migrate({ pool, names }, { userPath: invalid('user') })), /userPath must be an array/);
});

test('migrate() gives up on a table in use after two seconds, before a call of the store times out', async () => {
  const { store, pool, names, table } = await oldTable();
  const other = await pool.connect();
  await other.query('BEGIN');
  await other.query(`SELECT FROM ${table}`);
  const failed = migrate({ pool, names }).catch((error: Error) => error);
  await untilBlocked(pool);

  await store.set('a', session());

  assert.match(((await failed) as Error).message, /the table was in use for 2 s, so nothing was changed/);
  await other.query('COMMIT');
  other.release();
  assert.equal(await shapeOf(pool, table), { type: 'timestamp without time zone', keys: ['sid'] });
});

test('set() saves sessions while migrate() creates the index on expire', async () => {
  const { store, pool, names, table } = await freshStore({ columns: { sess: 'json', expire: 'timestamptz' } });
  const other = await pool.connect();
  await other.query('BEGIN');
  await other.query(`UPDATE ${table} SET expire = expire WHERE sid = 'none'`); // the index waits for this transaction
  const migrated = migrate({ pool, names });
  await untilBlocked(pool);
  await store.set('a', session());
  await other.query('COMMIT');
  other.release();
  await migrated;
  assert.equal(await shapeOf(pool, table), today);
});

test('migrate() creates an index although the server accepts no connection for its progress', async () => {
  const { pool: made, names, table } = await freshStore();
  let clients = 0;
  class Client extends pg.Client {
    constructor(config?: pg.ClientConfig) {
      super(++clients === 1 ? config : { ...config, connectionString: 'postgres://127.0.0.1:1/none' });
    }
  }
  const pool = freshPool({ max: 2, Client } as pg.PoolConfig);
  await migrate({ pool, names }, { userPath: ['user'], onProgress() {} });
  assert.ok(clients > 1);
  assert.is((await shapeOf(made, table)).keys.length, 3);
});

test('migrate() calls onProgress while it creates an index', async () => {
  const { pool, names, table } = await freshStore();
  await pool.query(`INSERT INTO ${table} SELECT n, ('{"user":"' || n || '","pad":"' || repeat('x', 500) || '"}')::json,
    now() + interval '1 h' FROM generate_series(1, 200000) AS n`);
  const calls: [number, number][] = [];
  await migrate({ pool, names }, { userPath: ['user'], onProgress: (done, total) => calls.push([done, total]) });
  assert.ok(calls.length > 0);
  assert.ok(calls.every(([done, total]) => total > 0 && done >= 0));
});
