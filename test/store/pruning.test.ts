// Pruning: only what has expired, in batches, by one process at a time.
import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type pg from 'pg';
import * as assert from 'uvu/assert';
import { pruneSessions } from '../../src/generated/prune.js';
import { PgSessionStore, type SessionStoreError } from '../../src/index.js';
import { defaultJitter } from '../../src/store/prune-timer.js';
import { bindTable, pruneKey } from '../../src/table/names.js';
import { freshPool, freshStore, untilBlocked } from '../support/fresh-store.js';
import { suite } from '../support/harness.js';

const test = suite('pruner', { timeout: 30_000 });

/** So many sessions that expired a while ago, and so many that live. */
async function fill(pool: pg.Pool, table: string, { expired = 0, live = 0 }) {
  await pool.query(
    `INSERT INTO ${table} SELECT 'expired ' || n, '{"cookie":{}}', now() - interval '1 s' * n FROM generate_series(1, $1::int) n`,
    [expired],
  );
  await pool.query(
    `INSERT INTO ${table} SELECT 'live ' || n, '{"cookie":{}}', now() + interval '1 h' FROM generate_series(1, $1::int) n`,
    [live],
  );
}

/** A jitter that remembers which delays it was asked about, and answers with this one. */
const recording =
  (asked: number[], answer?: number) =>
  (delayMs: number): number => {
    asked.push(delayMs);
    return answer ?? delayMs;
  };

const rowsOf = async (pool: pg.Pool, table: string) =>
  (await pool.query(`SELECT sid FROM ${table} ORDER BY sid`)).rows.map(({ sid }) => sid);

test('what has expired is deleted, what lives stays, and the answer is the number', async () => {
  const { store, pool, table } = await freshStore();
  await fill(pool, table, { expired: 3, live: 2 });

  assert.is(await store.pruneSessions(), 3);

  assert.equal(await rowsOf(pool, table), ['live 1', 'live 2']);
});

test('a callback gets the number', async () => {
  const { store, pool, table } = await freshStore();
  await fill(pool, table, { expired: 3 });
  const answer = await new Promise((resolve) => store.pruneSessions((...args) => resolve(args)));
  assert.equal(answer, [null, 3]);
});

test('batches go on until nothing is left', async () => {
  const { store, pool, table } = await freshStore({ pruneBatchSize: 10 });
  await fill(pool, table, { expired: 35 });
  let statements = 0;
  pool.on('acquire', () => statements++);

  assert.is(await store.pruneSessions(), 35);

  assert.is(statements, 5); // the last finds nothing
});

test('while one process prunes, another does not', async () => {
  const pool = freshPool();
  const { store, table, names } = await freshStore({ pool });
  await fill(pool, table, { expired: 5 });
  const one = await pool.connect();
  await one.query('BEGIN');
  const first = await pruneSessions.runWithCounts({ key: pruneKey(names), batch: 5 }, bindTable(one, names));
  assert.is(first.rowCount, 5);

  assert.is(await store.pruneSessions(), 0); // and it neither waits nor scans for what the other has locked

  await one.query('ROLLBACK');
  one.release();
  assert.is(await store.pruneSessions(), 5);
});

test('a session that is touched while it is being pruned stays', async () => {
  const { store, pool, table } = await freshStore();
  await fill(pool, table, { expired: 1 });
  const touching = await pool.connect();
  await touching.query('BEGIN');
  await touching.query(`UPDATE ${table} SET expire = now() + interval '1 h'`);

  const pruning = store.pruneSessions();
  await untilBlocked(pool);
  await touching.query('COMMIT');
  touching.release();

  assert.is(await pruning, 0);
  assert.is(await store.length(), 1);
});

test('pruning goes on where somebody takes a row of a batch', async () => {
  const { store, pool, table } = await freshStore({ pruneBatchSize: 10 });
  await fill(pool, table, { expired: 50 });
  const other = await pool.connect();
  await other.query('BEGIN');
  await other.query(`DELETE FROM ${table} WHERE sid = 'expired 49'`);

  const pruning = store.pruneSessions();
  await untilBlocked(pool);
  await other.query('COMMIT');
  other.release();

  assert.is(await pruning, 49);
});

test('a batch that takes longer than the statement_timeout is halved until it fits', async () => {
  const filling = freshPool();
  const { store, pool, table } = await freshStore({ pool: freshPool({ options: '-c statement_timeout=200' }) });
  await fill(filling, table, { expired: 16 });
  await filling.query(`CREATE FUNCTION ${table.replace(/"$/, ' slow"')}() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN PERFORM pg_sleep(0.02); RETURN OLD; END'`); // 16 rows are 320 ms
  await filling.query(`CREATE TRIGGER slow BEFORE DELETE ON ${table} FOR EACH ROW
    EXECUTE FUNCTION ${table.replace(/"$/, ' slow"')}()`);

  assert.is(await store.pruneSessions(), 16);
  assert.is((await rowsOf(pool, table)).length, 0);
});

test('a single session that takes longer than the statement_timeout is an error, not a loop', async () => {
  const filling = freshPool();
  const { store, table } = await freshStore({ pool: freshPool({ options: '-c statement_timeout=100' }) });
  await fill(filling, table, { expired: 2 });
  await filling.query(`CREATE FUNCTION ${table.replace(/"$/, ' stuck"')}() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN PERFORM pg_sleep(1); RETURN OLD; END'`);
  await filling.query(`CREATE TRIGGER stuck BEFORE DELETE ON ${table} FOR EACH ROW
    EXECUTE FUNCTION ${table.replace(/"$/, ' stuck"')}()`);
  assert.is((await store.pruneSessions().catch((error) => error)).sqlState, '57014');
});

test('tables of one name in two schemas have a pruner each', () => {
  const keys = [{}, { schemaName: 'a' }, { schemaName: 'b' }, { tableName: 'b' }, { schemaName: 'a', tableName: 'b' }];
  assert.is(new Set(keys.map(pruneKey)).size, keys.length);
});

test('live sessions in a hash-partitioned table stay', async () => {
  const { store, pool, table } = await freshStore();
  await pool.query(`DROP TABLE ${table}`);
  await pool.query(
    `CREATE TABLE ${table} (sid varchar PRIMARY KEY, sess json, expire timestamptz) PARTITION BY HASH (sid)`,
  );
  for (let n = 0; n < 4; n++) {
    const part = table.replace(/"$/, ` ${n}"`);
    await pool.query(`CREATE TABLE ${part} PARTITION OF ${table} FOR VALUES WITH (MODULUS 4, REMAINDER ${n})`);
  }
  await fill(pool, table, { expired: 50, live: 100 });

  assert.is(await store.pruneSessions(), 50);

  assert.is(await store.length(), 100);
});

test('a backlog of 40,000 is pruned under a statement_timeout of a second', async () => {
  const { store, pool, table } = await freshStore({ pool: freshPool({ options: '-c statement_timeout=1000' }) });
  const filling = freshPool();
  await fill(filling, table, { expired: 40_000, live: 10 });
  await filling.query(`UPDATE ${table} SET sess = json_build_object('cookie', '{}'::json, 'text', repeat('x', 1000))`);

  assert.is(await store.pruneSessions(), 40_000);

  assert.is((await rowsOf(pool, table)).length, 10);
});

test('a batch is looked for by its ids, also where the planner believes that nothing has expired', async () => {
  const { pool, table, names } = await freshStore();
  await pool.query(`ALTER TABLE ${table} SET (autovacuum_enabled = off)`);
  await fill(pool, table, { live: 3000 });
  await pool.query(`ANALYZE ${table}`);
  await fill(pool, table, { expired: 3000 });
  let plan = '';
  const explaining = {
    async query(text: string, values: unknown[]) {
      plan = JSON.stringify((await pool.query(`EXPLAIN (FORMAT JSON) ${text}`, values)).rows);
      return { rows: [], rowCount: 0 };
    },
  };

  await pruneSessions.run({ key: pruneKey(names), batch: 1000 }, bindTable(explaining, names));

  assert.is(plan.match(/_expire_idx"/g)?.length, 1, plan); // the one that finds what has expired
});

test('sessions that expired in the same microsecond are all pruned, in whatever batches', async () => {
  const { store, pool, table } = await freshStore({ pruneBatchSize: 10 });
  await fill(pool, table, { expired: 35 });
  await pool.query(`UPDATE ${table} SET expire = '2001-02-03 04:05:06.789123Z'`);
  assert.is(await store.pruneSessions(), 35);
});

test('a batch begins where the last one ended, and the next pruning at the beginning', async () => {
  const { store, pool, table } = await freshStore({ pruneBatchSize: 10 });
  await fill(pool, table, { expired: 20 });
  const begun: number[] = [];
  pool.on('acquire', (client) => {
    const query = client.query;
    client.query = ((...args: any[]) => {
      client.query = query;
      const values = args[0].values ?? []; // of the store's statements, not of the test's own
      begun.push(...values.filter((value: unknown) => typeof value === 'number' && value !== 10));
      return query.apply(client, args as any);
    }) as typeof query;
  });

  await store.pruneSessions();
  await fill(pool, table, { expired: 1 });
  assert.is(await store.pruneSessions(), 1);

  const [first, second, third, next] = begun;
  assert.equal([first, next], [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY]);
  assert.ok(Math.abs(third! - second! - 10) < 0.1, `${begun}`); // each batch takes ten sessions, a second apart
});

test('calls at once share one pruning', async () => {
  const { store, pool, table } = await freshStore({ pruneBatchSize: 5 });
  await fill(pool, table, { expired: 20 });
  assert.equal(await Promise.all([store.pruneSessions(), store.pruneSessions()]), [20, 20]);
});

test('the first pruning comes by itself after one jittered interval, and not before', async () => {
  const delays: number[] = [];
  const { pool, table, names } = await freshStore();
  await fill(pool, table, { expired: 2 });
  const store = new PgSessionStore({
    pool,
    ...names,
    pruneSessionInterval: 60,
    pruneSessionRandomizedInterval: recording(delays, 300),
  });
  assert.equal(delays, [60_000]);
  await sleep(100);
  assert.is((await rowsOf(pool, table)).length, 2);

  while (delays.length < 2) await sleep(20);

  assert.is((await rowsOf(pool, table)).length, 0);
  await store.close();
});

test('a pruning by hand sets the timer anew', async () => {
  const delays: number[] = [];
  const { store } = await freshStore({
    pruneSessionInterval: 60,
    pruneSessionRandomizedInterval: recording(delays),
  });
  await store.pruneSessions();
  assert.is(delays.length, 2);
});

test('after close() nothing is pruned any more', async () => {
  const delays: number[] = [];
  const { store, pool, table } = await freshStore({
    pruneSessionInterval: 60,
    pruneSessionRandomizedInterval: recording(delays),
  });
  await fill(pool, table, { expired: 2 });
  await store.close();

  assert.is((await store.pruneSessions().catch((error) => error)).code, 'CLOSED');
  assert.is((await rowsOf(pool, table)).length, 2);
  assert.is(delays.length, 1);
});

test('close() cuts a long pruning short and waits for its last batch', async () => {
  const { store, pool, table } = await freshStore({ pruneBatchSize: 1 });
  await fill(pool, table, { expired: 100 });
  const locking = await pool.connect();
  await locking.query('BEGIN');
  await locking.query(`SELECT 1 FROM ${table} FOR UPDATE`);
  const pruning = store.pruneSessions();
  await untilBlocked(pool);

  const closed = store.close().then(() => 'closed');
  assert.is(await Promise.race([closed, sleep(50, 'waiting')]), 'waiting');
  await locking.query('COMMIT');
  locking.release();

  await closed;
  assert.is(pool.idleCount, pool.totalCount);
  assert.is(await pruning, 1);
});

test('a failed pruning is logged and tried again', async () => {
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

for (const [what, jitter] of Object.entries({
  'that answers with no number': () => Number.NaN,
  'that throws': () => {
    throw new TypeError('it has no positive number of milliseconds, not NaN');
  },
}))
  test(`a jitter ${what} is reported, and the interval holds`, async () => {
    const logged: unknown[][] = [];
    const { pool, table } = await freshStore({
      pruneSessionInterval: 60,
      pruneSessionRandomizedInterval: jitter,
      errorLog: (...args) => logged.push(args),
    });
    await fill(pool, table, { expired: 1 });
    await sleep(50);
    assert.is((await rowsOf(pool, table)).length, 1);
    assert.match((logged[0]![1] as Error).cause!.toString(), /positive number of milliseconds, not NaN/);
  });

test('the default is 60 s, jittered from half to one and a half', async () => {
  const asked: number[] = [];
  const { store } = await freshStore({
    pruneSessionInterval: undefined,
    pruneSessionRandomizedInterval: recording(asked),
  });
  await store.close();
  assert.equal(asked, [60_000]);

  const delays = Array.from({ length: 1000 }, () => defaultJitter(60_000));
  assert.ok(delays.every((delay) => delay >= 30_000 && delay <= 90_000));
  assert.ok(Math.max(...delays) - Math.min(...delays) > 50_000);
});

test('an interval of a month does not become a loop', async () => {
  const { pool, table } = await freshStore({
    pruneSessionInterval: 30 * 86_400,
    pruneSessionRandomizedInterval: false,
  });
  await fill(pool, table, { expired: 1 });
  await sleep(50);
  assert.is((await rowsOf(pool, table)).length, 1);
});

test('the timer keeps no process alive', async () => {
  const program = `
    import { PgSessionStore } from ${JSON.stringify(new URL('../../src/index.ts', import.meta.url).href)};
    new PgSessionStore({ conString: process.env.TEST_SERVER_URL, pruneSessionInterval: 3600 });`;
  await promisify(execFile)(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
    timeout: 10_000,
  });
});
