// A table that Citus distributes: creating it, and what operators do with it.
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import * as assert from 'uvu/assert';
import { type Admin, createAdmin, type Finding } from '../../src/admin/admin.js';
import { encryptAll } from '../../src/admin/encrypt-all.js';
import { hashAllIds } from '../../src/admin/hash-all-ids.js';
import { migrate } from '../../src/admin/migrate.js';
import { pruneSessions } from '../../src/generated/prune.js';
import { PgSessionStore } from '../../src/index.js';
import { makeCodec } from '../../src/session/codec.js';
import { handleOf } from '../../src/session/handle.js';
import { createTable, missingParts, tableStatements } from '../../src/table/create-table.js';
import { bindTable, pruneKey } from '../../src/table/names.js';
import { citusSuite, citusTable } from '../support/citus.js';
import { freshNames, freshPool, loadSession, lockRows, session } from '../support/fresh-store.js';
import { onEnd } from '../support/harness.js';
import { failure } from '../support/limited-role.js';
import { quotedName } from '../support/stores.js';

const test = citusSuite('distributed tables of operators', { timeout: 120_000 });
const url = process.env.TEST_CITUS_URL!;

/** Names and a pool on the cluster. The schema is dropped after the test. */
function place() {
  const names = freshNames();
  const pool = freshPool({ connectionString: url });
  onEnd(() => pool.query(`DROP SCHEMA IF EXISTS ${pg.escapeIdentifier(names.schemaName)} CASCADE`));
  return { pool, names, table: quotedName(names) };
}

async function shardsOf(pool: pg.Pool, table: string): Promise<number> {
  const { rows } = await pool.query('SELECT count(*)::int AS n FROM pg_dist_shard WHERE logicalrelid = $1::regclass', [
    table,
  ]);
  return rows[0].n;
}

const codes = (findings: Finding[]) => findings.map(({ code }) => code);

test('createTable({ distributed }) distributes a new table, and leaves it alone the next time', async () => {
  const location = place();
  const options = { createSchema: true, distributed: { shardCount: 4 } };
  for (let n = 0; n < 2; n++) await createTable(location, options);
  assert.is(await shardsOf(location.pool, location.table), 4);
  for (const statement of await tableStatements(location.names, options)) await location.pool.query(statement);
  assert.equal(await createAdmin({ pool: location.pool, ...location.names }).doctor(), []);
  for (const shardCount of [1, 0, 1.5, 64_001, '8' as never]) {
    const { message } = await failure(createTable(location, { distributed: { shardCount } }));
    assert.match(message, /^shardCount must be a whole number from 2 to 64000, got /);
  }
});

test('createTable({ distributed }) says what is missing on a server without Citus', async () => {
  const names = freshNames();
  const { message } = await failure(createTable({ pool: freshPool(), names }, { createSchema: true, distributed: {} }));
  assert.match(message, /the server lacks the extension Citus. Run CREATE EXTENSION citus, or/);
});

test('createTable({ distributed }) refuses a timestamp without time zone until migrate() has changed it', async () => {
  const distributed = {};
  const { pool, names, table } = place();
  await createTable({ pool, names }, { createSchema: true });
  await pool.query(`ALTER TABLE ${table} ALTER expire TYPE timestamp`);
  const writer = await pool.connect();
  onEnd(() => writer.release(true));
  await writer.query(`BEGIN; INSERT INTO ${table} VALUES ('a', '{}', now())`); // an index would wait for it
  for (const refuse of [missingParts, createTable]) {
    const refused = failure(refuse({ pool, names }, { distributed, userPath: ['user'] }));
    const { message } = await Promise.race([refused, sleep(5000, { message: 'not refused' })]);
    assert.match(message, /^expire has no time zone, .* `npx connect-pg-typed migrate` makes it timestamptz/);
  }
  await writer.query('ROLLBACK');
  await migrate({ pool, names }, { timeZone: 'UTC' });
  await createTable({ pool, names }, { distributed });
  assert.is(await shardsOf(pool, table), 8);
});

test('createTable({ distributed }) fails if the name belongs to a sequence', async () => {
  const { pool, names, table } = place();
  await pool.query(`CREATE SCHEMA ${pg.escapeIdentifier(names.schemaName)}; CREATE SEQUENCE ${table}`);
  const { message } = await failure(createTable({ pool, names }, { distributed: {} }));
  assert.match(message, /the name belongs to something that is not a table/);
});

test('two processes distribute a table at once', async () => {
  const { pool, names, table } = place();
  await createTable({ pool, names }, { createSchema: true });
  const distributing = [1, 2].map(() => createTable({ pool, names }, { distributed: { shardCount: 4 } }));
  await Promise.all(distributing);
  assert.is(await shardsOf(pool, table), 4);
});

test('a table with sessions is distributed while stores use it, and they lose nothing', async () => {
  const location = place();
  await createTable(location, { createSchema: true });
  const store = new PgSessionStore({
    pool: freshPool({ connectionString: url }),
    ...location.names,
    pruneSessionInterval: false,
    touchAfter: 0,
    timeout: 30,
  });
  onEnd(() => store.close());
  const sids = Array.from({ length: 200 }, (_, n) => `session ${n}`);
  await Promise.all(sids.map((sid) => store.set(sid, session({ views: 0 }))));
  let isDone = false;
  let rounds = 0;
  const load = async () => {
    for (; !isDone || rounds < 10; rounds++) {
      await Promise.all(sids.map((sid) => store.update(sid, (found) => found.views++)));
      await Promise.all(sids.slice(0, 50).map((sid) => store.touch(sid, session())));
    }
  };
  const distributed = createTable(location, { distributed: { shardCount: 4 } }).finally(() => (isDone = true));
  await Promise.all([load(), distributed]);
  assert.is(await shardsOf(location.pool, location.table), 4);
  for (const sid of sids) assert.is((await store.get(sid))!.views, rounds, sid);
  assert.is(store.stats().gone, 0);
});

test('find, list, revoke, prune and stats work', async () => {
  const { pool, names, table } = await citusTable(4);
  const admin: Admin = createAdmin({ pool, ...names, userPath: ['user'] });
  const store = new PgSessionStore({ pool, ...names, pruneSessionInterval: false });
  onEnd(() => store.close());
  const data = 'x'.repeat(2000);
  await Promise.all(
    Array.from({ length: 100 }, (_, n) => store.set(`s${n}`, session({ user: `user ${n % 10}`, data }))),
  );
  assert.is((await admin.find('user 3')).length, 10);
  assert.is(await admin.revokeUser('user 3'), 10);
  assert.is(await admin.revoke(handleOf('s4')), true);
  const first = await admin.list({ limit: 60 });
  const second = await admin.list({ limit: 60, after: first.next! });
  assert.equal([first.sessions.length, second.sessions.length, second.next], [60, 29, null]);
  const { live, tableBytes, indexBytes } = await admin.stats();
  assert.is(live, 89);
  assert.ok(tableBytes > 100 * 100 && indexBytes > 4 * 8192, `${tableBytes} ${indexBytes}`);
  await pool.query(`UPDATE ${table} SET expire = '2000-01-01' WHERE sid = ANY($1)`, [
    Array.from({ length: 50 }, (_, n) => `s${n}`),
  ]);
  const expired = (await admin.stats()).expired;
  assert.is(await admin.prune({ batchSize: 7 }), expired);
  assert.is(await store.length(), 89 - expired);
  while ((await admin.stats()).deadRows === 0) await sleep(500); // PostgreSQL counts them later
});

test('while another process prunes, a prune answers 0 at once, and does not wait for the shards', async () => {
  const { pool, names, table } = await citusTable(4);
  await pool.query(
    `INSERT INTO ${table} SELECT 's' || n, '{"cookie":{}}', '2000-01-01' FROM generate_series(1, 300) AS n`,
  );
  const client = await pool.connect();
  await client.query('BEGIN');
  const params = { key: pruneKey(names), batch: 10, since: null, lockTimeout: null };
  assert.is((await pruneSessions.run(params, bindTable(client, names))).length, 10);
  const admin = createAdmin({ pool: freshPool({ connectionString: url }), ...names });
  await admin.count(); // asks the catalogs
  const begun = performance.now();
  assert.is(await admin.prune({ batchSize: 100 }), 0);
  const ms = performance.now() - begun;
  assert.ok(ms < 500, `${ms} ms: it waited for the lock_timeout of a second`);
  await client.query('ROLLBACK');
  client.release();
  assert.is(await admin.prune({ batchSize: 100 }), 300);
});

test('a prune passes a session that another transaction has locked', async () => {
  const { pool, names, table } = await citusTable(4);
  await pool.query(
    `INSERT INTO ${table} SELECT 's' || n, '{"cookie":{}}', '2000-01-01' FROM generate_series(1, 300) AS n`,
  );
  const unlock = await lockRows(pool, table, ['s7']);
  const kept: string[] = [];
  const admin = createAdmin({ pool: freshPool({ connectionString: url }), ...names });
  assert.is(await admin.prune({ onKept: (handle) => kept.push(handle) }), 299);
  assert.equal(kept, [handleOf('s7')]);
  await unlock();
  assert.is(await admin.prune(), 1);
});

test('a prune that would read other times deletes no live session', async () => {
  const { pool, names, table } = await citusTable(4);
  await pool.query(`INSERT INTO ${table} VALUES ('a', '{"cookie":{}}', '2100-02-01')`);
  const german = freshPool({ connectionString: url, options: '-c datestyle=German' });
  const admin = createAdmin({ pool: german, ...names });
  const store = new PgSessionStore({ pool: german, ...names, pruneSessionInterval: false });
  onEnd(() => store.close());
  const encryption = { keys: ['AAcOFRwjKjE4P0ZNVFtiaXB3foWMk5qhqK+2vcTL0tk='] };
  for (const call of [
    () => store.pruneSessions(),
    () => admin.prune(),
    () => admin.list(),
    () => admin.count(),
    () => admin.find('ada'),
    () => admin.stats(),
    () => hashAllIds({ pool: german, names }, () => {}),
    () => encryptAll({ pool: german, names }, makeCodec({ encryption }), () => {}),
  ]) {
    assert.match((await failure(call())).message, /DateStyle is 'German, DMY'.*ALTER ROLE/);
  }
  assert.is(await createAdmin({ pool, ...names }).count(), 1);
});

test('doctor() finds what is wrong with a distributed table', async () => {
  const { pool, names } = await citusTable(80);
  const doctor = (config: pg.PoolConfig = {}) =>
    createAdmin({ pool: freshPool({ connectionString: url, ...config }), ...names }).doctor();
  assert.equal(codes(await doctor()), ['too-many-shards']);
  assert.equal(codes(await doctor({ options: '-c datestyle=German -c plan_cache_mode=force_generic_plan' })), [
    'wrong-times',
    'generic-plans',
    'too-many-shards',
  ]);
  await pool.query(`ALTER TABLE ${quotedName(names)} RENAME sess TO data`);
  assert.equal(codes(await doctor({ options: '-c datestyle=German' })).slice(0, 2), ['query-fails', 'wrong-times']);
  const other = await citusTable(4, 'sid varchar PRIMARY KEY, sess json NOT NULL, expire timestamp NOT NULL');
  const findings = await createAdmin({ pool: other.pool, ...other.names }).doctor();
  assert.equal(codes(findings), ['wrong-times']);
});

test('migrate() converts the columns of a distributed table, creates indexes, and hashes and encrypts sessions', async () => {
  const { pool, names } = await citusTable(4, 'sid varchar PRIMARY KEY, sess json NOT NULL, expire timestamp NOT NULL');
  await pool.query(
    `INSERT INTO ${quotedName(names)} SELECT 's' || n, '{"cookie":{},"views":1}', '2100-01-01 05:30' FROM generate_series(1, 50) AS n`,
  );
  const encryption = { keys: ['AAcOFRwjKjE4P0ZNVFtiaXB3foWMk5qhqK+2vcTL0tk='] };
  let calls = 0;
  const steps = await migrate(
    { pool, names },
    {
      timeZone: 'Asia/Kolkata',
      userPath: ['user'],
      hashIds: true,
      encryption: { ...encryption, allowPlaintext: true },
      onProgress: () => calls++,
    },
  );
  assert.ok(steps.length >= 4 && calls > 0, `${steps} ${calls}`);
  const { rows } = await pool.query(`SELECT DISTINCT expire = '2100-01-01 00:00Z' AS right FROM ${quotedName(names)}`);
  assert.equal(rows, [{ right: true }]);
  const store = new PgSessionStore({
    pool: freshPool({ connectionString: url }),
    ...names,
    pruneSessionInterval: false,
    hashIds: true,
    encryption,
  });
  onEnd(() => store.close());
  for (let n = 1; n <= 50; n++) assert.is((await loadSession(store, `s${n}`)).views, 1);
});
