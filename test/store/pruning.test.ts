// Pruning deletes only expired sessions, in batches, in one process at a time.
import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type pg from 'pg';
import * as assert from 'uvu/assert';
import { pruneSessions } from '../../src/generated/prune.js';
import { PgSessionStore, type SessionStoreError } from '../../src/index.js';
import { defaultJitter } from '../../src/store/prune-timer.js';
import { bindTable, pruneKey } from '../../src/table/names.js';
import { compiled, writeProgram } from '../support/compiled.js';
import { freshPool, freshStore, lockRows, OPTIONS, PARTITIONS, session, untilBlocked } from '../support/fresh-store.js';
import { suite } from '../support/harness.js';

const test = suite('pruning', { timeout: 30_000 });

/** Inserts this many expired and live sessions. */
async function insertSessions(pool: pg.Pool, table: string, { expired = 0, live = 0 }) {
  await pool.query(
    `INSERT INTO ${table} SELECT 'expired ' || n, '{"cookie":{}}', now() - interval '1 s' * n FROM generate_series(1, $1::int) n`,
    [expired],
  );
  await pool.query(
    `INSERT INTO ${table} SELECT 'live ' || n, '{"cookie":{}}', now() + interval '1 h' FROM generate_series(1, $1::int) n`,
    [live],
  );
}

/** Makes a store with a statement_timeout. The pool that makes the table has none. */
async function storeWithin(timeoutMs: number) {
  const { pool: otherPool, table, names } = await freshStore();
  const pool = freshPool({ options: `-c statement_timeout=${timeoutMs}` });
  const store = new PgSessionStore({ pool, ...names, pruneSessionInterval: false, ...OPTIONS });
  return { store, otherPool, table };
}

/** A jitter function that records its argument, and returns `result` or the argument. */
const recording =
  (intervals: number[], result?: number) =>
  (delayMs: number): number => {
    intervals.push(delayMs);
    return result ?? delayMs;
  };

const storedSids = async (pool: pg.Pool, table: string) =>
  (await pool.query(`SELECT sid FROM ${table} ORDER BY sid`)).rows.map(({ sid }) => sid);

test('pruneSessions() deletes only expired sessions and returns their number', async () => {
  const { store, pool, table } = await freshStore();
  await insertSessions(pool, table, { expired: 3, live: 2 });

  assert.is(await store.pruneSessions(), 3);

  assert.equal(await storedSids(pool, table), ['live 1', 'live 2']);
});

test('pruneSessions() passes the number to a callback', async () => {
  const { store, pool, table } = await freshStore();
  await insertSessions(pool, table, { expired: 3 });
  const result = await new Promise((resolve) => store.pruneSessions((...args) => resolve(args)));
  assert.equal(result, [null, 3]);
});

test('pruneSessions() sends batches until no expired session is left', async () => {
  const { store, pool, table } = await freshStore({ pruneBatchSize: 10 });
  await store.set('live', session()); // the first call asks whether Citus distributes the table
  await insertSessions(pool, table, { expired: 35 });
  let statements = 0;
  pool.on('acquire', () => statements++);

  assert.is(await store.pruneSessions(), 35);

  assert.is(statements, 5); // the last one finds no row
});

test('pruneSessions() returns 0 while another process prunes', async () => {
  const pool = freshPool();
  const { store, table, names } = await freshStore({ pool });
  await insertSessions(pool, table, { expired: 5 });
  const other = await pool.connect();
  await other.query('BEGIN');
  const first = await pruneSessions.runWithCounts({ key: pruneKey(names), batch: 5 }, bindTable(other, names));
  assert.is(first.rowCount, 5);

  assert.is(await store.pruneSessions(), 0); // without waiting for locked rows

  await other.query('ROLLBACK');
  other.release();
  assert.is(await store.pruneSessions(), 5);
});

test('pruneSessions() keeps a session that is touched while it runs', async () => {
  const { store, pool, table } = await freshStore();
  await insertSessions(pool, table, { expired: 1 });
  const toucher = await pool.connect();
  await toucher.query('BEGIN');
  await toucher.query(`UPDATE ${table} SET expire = now() + interval '1 h'`);

  const pruning = store.pruneSessions();
  await untilBlocked(pool);
  await toucher.query('COMMIT');
  toucher.release();

  assert.is(await pruning, 0);
  assert.is(await store.length(), 1);
});

test('pruneSessions() continues when another client deletes a row of a batch', async () => {
  const { store, pool, table } = await freshStore({ pruneBatchSize: 10 });
  await insertSessions(pool, table, { expired: 50 });
  const other = await pool.connect();
  await other.query('BEGIN');
  await other.query(`DELETE FROM ${table} WHERE sid = 'expired 49'`);

  const pruning = store.pruneSessions();
  await untilBlocked(pool);
  await other.query('COMMIT');
  other.release();

  assert.is(await pruning, 49);
});

test('pruneSessions() halves a batch until it fits into the statement_timeout', async () => {
  const { store, otherPool, table } = await storeWithin(200);
  await insertSessions(otherPool, table, { expired: 16 });
  await otherPool.query(`CREATE FUNCTION ${table.replace(/"$/, ' slow"')}() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN PERFORM pg_sleep(0.02); RETURN OLD; END'`); // 16 rows are 320 ms
  await otherPool.query(`CREATE TRIGGER slow BEFORE DELETE ON ${table} FOR EACH ROW
    EXECUTE FUNCTION ${table.replace(/"$/, ' slow"')}()`);

  assert.is(await store.pruneSessions(), 16);
  assert.is((await storedSids(otherPool, table)).length, 0);
});

test('pruneSessions() fails when a single session takes longer than the statement_timeout', async () => {
  const { store, otherPool, table } = await storeWithin(100);
  await insertSessions(otherPool, table, { expired: 2 });
  await otherPool.query(`CREATE FUNCTION ${table.replace(/"$/, ' stuck"')}() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN PERFORM pg_sleep(1); RETURN OLD; END'`);
  await otherPool.query(`CREATE TRIGGER stuck BEFORE DELETE ON ${table} FOR EACH ROW
    EXECUTE FUNCTION ${table.replace(/"$/, ' stuck"')}()`);
  assert.is((await store.pruneSessions().catch((error) => error)).sqlState, '57014');
});

test('pruning one table does not lock a table of another schema or name', () => {
  const keys = [{}, { schemaName: 'a' }, { schemaName: 'b' }, { tableName: 'b' }, { schemaName: 'a', tableName: 'b' }];
  assert.is(new Set(keys.map(pruneKey)).size, keys.length);
});

test('pruneSessions() keeps live sessions in a hash-partitioned table', async () => {
  const { store, pool, table } = await freshStore();
  await pool.query(`DROP TABLE ${table}`);
  await pool.query(
    `CREATE TABLE ${table} (sid varchar PRIMARY KEY, sess json, expire timestamptz) PARTITION BY HASH (sid)`,
  );
  for (let n = 0; n < 4; n++) {
    const partition = table.replace(/"$/, ` ${n}"`);
    await pool.query(`CREATE TABLE ${partition} PARTITION OF ${table} FOR VALUES WITH (MODULUS 4, REMAINDER ${n})`);
  }
  await insertSessions(pool, table, { expired: 50, live: 100 });

  assert.is(await store.pruneSessions(), 50);

  assert.is(await store.length(), 100);
});

test('pruneSessions() deletes 40,000 sessions under a statement_timeout of one second', async () => {
  const { store, otherPool, table } = await storeWithin(1000);
  await insertSessions(otherPool, table, { expired: 40_000, live: 10 });
  await otherPool.query(
    `UPDATE ${table} SET sess = json_build_object('cookie', '{}'::json, 'text', repeat('x', 1000))`,
  );

  assert.is(await store.pruneSessions(), 40_000);

  assert.is((await storedSids(otherPool, table)).length, 10);
});

test('a batch deletes by id even if the planner expects no expired session', async () => {
  const { pool, table, names } = await freshStore();
  if (PARTITIONS === 1) await pool.query(`ALTER TABLE ${table} SET (autovacuum_enabled = off)`);
  await insertSessions(pool, table, { live: 3000 });
  await pool.query(`ANALYZE ${table}`);
  await insertSessions(pool, table, { expired: 3000 });
  let plan = '';
  const explaining = {
    async query(text: string, values: unknown[]) {
      plan = JSON.stringify((await pool.query(`EXPLAIN (FORMAT JSON) ${text}`, values)).rows);
      return { rows: [], rowCount: 0 };
    },
  };

  await pruneSessions.run({ key: pruneKey(names), batch: 1000 }, bindTable(explaining, names));

  assert.is(plan.match(/_expire_idx"/g)?.length, PARTITIONS, plan); // the scan for expired sessions
});

test('pruneSessions() deletes 35 sessions with the same expiry in batches of 10', async () => {
  const { store, pool, table } = await freshStore({ pruneBatchSize: 10 });
  await insertSessions(pool, table, { expired: 35 });
  await pool.query(`UPDATE ${table} SET expire = '2001-02-03 04:05:06.789123Z'`);
  assert.is(await store.pruneSessions(), 35);
});

test('each batch starts after the last one, and the next pruning starts at the beginning', async () => {
  const { store, pool, table } = await freshStore({ pruneBatchSize: 10 });
  await insertSessions(pool, table, { expired: 20 });
  const starts: number[] = [];
  const watched = new WeakSet();
  pool.on('acquire', (client) => {
    if (watched.has(client)) return;
    watched.add(client);
    const { query } = client;
    Object.assign(client, {
      query(...args: [string | pg.QueryConfig]) {
        const [statement] = args; // the test's own statements have no values
        const values = typeof statement === 'string' ? [] : (statement.values ?? []);
        starts.push(...values.filter((value) => typeof value === 'number' && value !== 10));
        return Reflect.apply(query, client, args);
      },
    });
  });

  await store.pruneSessions();
  await insertSessions(pool, table, { expired: 1 });
  assert.is(await store.pruneSessions(), 1);

  const [first, second, third, next] = starts;
  assert.equal([first, next], [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY]);
  assert.ok(Math.abs(third! - second! - 10) < 0.1, `${starts}`); // ten sessions, one second apart
});

test('concurrent calls of pruneSessions() share one pruning', async () => {
  const { store, pool, table } = await freshStore({ pruneBatchSize: 5 });
  await insertSessions(pool, table, { expired: 20 });
  assert.equal(await Promise.all([store.pruneSessions(), store.pruneSessions()]), [20, 20]);
});

test('the timer first prunes after one jittered interval', async () => {
  const delays: number[] = [];
  const { pool, table, names } = await freshStore();
  await insertSessions(pool, table, { expired: 2 });
  const store = new PgSessionStore({
    pool,
    ...names,
    pruneSessionInterval: 60,
    pruneSessionRandomizedInterval: recording(delays, 300),
  });
  assert.equal(delays, [60_000]);
  await sleep(100);
  assert.is((await storedSids(pool, table)).length, 2);

  while (delays.length < 2) await sleep(20);

  assert.is((await storedSids(pool, table)).length, 0);
  await store.close();
});

test('pruneSessions() restarts the timer', async () => {
  const delays: number[] = [];
  const { store } = await freshStore({
    pruneSessionInterval: 60,
    pruneSessionRandomizedInterval: recording(delays),
  });
  await store.pruneSessions();
  assert.is(delays.length, 2);
});

test('pruneSessions() fails with CLOSED after close(), and the timer stops', async () => {
  const delays: number[] = [];
  const { store, pool, table } = await freshStore({
    pruneSessionInterval: 60,
    pruneSessionRandomizedInterval: recording(delays),
  });
  await insertSessions(pool, table, { expired: 2 });
  await store.close();

  assert.is((await store.pruneSessions().catch((error) => error)).code, 'CLOSED');
  assert.is((await storedSids(pool, table)).length, 2);
  assert.is(delays.length, 1);
});

test('close() stops a long pruning after the current batch and waits for it', async () => {
  const { store, pool, table } = await freshStore({ pruneBatchSize: 1 });
  await insertSessions(pool, table, { expired: 100 });
  const unlock = await lockRows(pool, table);
  const pruning = store.pruneSessions();
  await untilBlocked(pool);

  const closed = store.close().then(() => 'closed');
  assert.is(await Promise.race([closed, sleep(50, 'waiting')]), 'waiting');
  await unlock();

  await closed;
  assert.is(pool.idleCount, pool.totalCount);
  assert.is(await pruning, 1);
});

test('the timer logs a failed pruning and tries again', async () => {
  const logged: unknown[][] = [];
  const { store, pool, table } = await freshStore({
    pruneSessionInterval: 0.02,
    pruneSessionRandomizedInterval: false,
    errorLog: (...args) => logged.push(args),
  });
  await pool.query(`DROP TABLE ${table}`);

  while (logged.length < 2) await sleep(10);

  assert.is(logged[1]![0], 'Failed to prune sessions:');
  assert.is((logged[1]![1] as SessionStoreError).sqlState, '42P01');
  await store.close();
});

for (const [fault, jitter] of Object.entries({
  'returns NaN': () => Number.NaN,
  throws: () => {
    throw new TypeError('expected a positive number of milliseconds, not NaN');
  },
}))
  test(`the timer logs an error and keeps its interval when the jitter function ${fault}`, async () => {
    const logged: unknown[][] = [];
    const { pool, table } = await freshStore({
      pruneSessionInterval: 60,
      pruneSessionRandomizedInterval: jitter,
      errorLog: (...args) => logged.push(args),
    });
    await insertSessions(pool, table, { expired: 1 });
    await sleep(50);
    assert.is((await storedSids(pool, table)).length, 1);
    assert.match((logged[0]![1] as Error).cause!.toString(), /positive number of milliseconds, not NaN/);
  });

test('the default interval is 60 s, with a jitter between 30 s and 90 s', async () => {
  const intervals: number[] = [];
  const { store } = await freshStore({
    pruneSessionInterval: undefined,
    pruneSessionRandomizedInterval: recording(intervals),
  });
  await store.close();
  assert.equal(intervals, [60_000]);

  const delays = Array.from({ length: 1000 }, () => defaultJitter(60_000));
  assert.ok(delays.every((delay) => delay >= 30_000 && delay <= 90_000));
  assert.ok(Math.max(...delays) - Math.min(...delays) > 50_000);
});

test('the timer does not prune at once with an interval of a month', async () => {
  const { pool, table } = await freshStore({
    pruneSessionInterval: 30 * 86_400,
    pruneSessionRandomizedInterval: false,
  });
  await insertSessions(pool, table, { expired: 1 });
  await sleep(50);
  assert.is((await storedSids(pool, table)).length, 1);
});

test('the timer does not keep the process alive', async () => {
  const program = `
    import { PgSessionStore } from ${JSON.stringify(compiled('src/index.ts'))};
    new PgSessionStore({ conString: process.env.TEST_SERVER_URL, pruneSessionInterval: 3600 });`;
  await promisify(execFile)(process.execPath, [writeProgram(program)], { timeout: 10_000 });
});
