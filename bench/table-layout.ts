// node --import tsx bench/table-layout.ts [--rows 10000,1000000] [--json FILE] [--docs]
//   Measures what touches and saves cost the table, by its fillfactor and its index on `expire`.
//   The defaults of createTable come from here. --docs writes the tables into docs/performance.md.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { pruneSessions } from '../src/generated/prune.js';
import { bindTable } from '../src/table/names.js';
import { makeStore, makeTable, quotedName } from '../test/support/stores.js';
import { tableOf, writeDocs } from './support/docs-tables.js';
import { median, run } from './support/load.js';
import { startServer } from './support/postgres.js';
import { fillTable } from './support/sessions.js';
import { OURS } from './support/stores.js';

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '10000,1000000' },
    json: { type: 'string' },
    docs: { type: 'boolean', default: false },
  },
});

const FILLFACTORS = { btree: [100, 90, 70], none: [100, 70], brin: [100, 70] };
const VARIANTS = Object.entries(FILLFACTORS).flatMap(([index, all]) =>
  all.map((fillfactor) => ({ index, fillfactor })),
);
const CALLS = { touch: 100_000, 'load, change, save': 50_000 };
type Operation = keyof typeof CALLS;
type Variant = (typeof VARIANTS)[number];
interface Sizes {
  heap: number;
  indexes: number;
}
interface Cost {
  /** Calls per second. */
  rate: number;
  /** Percentage of updates that changed no index. */
  hot: number;
  /** Bytes of WAL per call. */
  wal: number;
  /** Full-page images per call: the first change of a page after a checkpoint writes one. */
  pages: number;
  /** Bytes. */
  before: Sizes;
  after: Sizes;
}
interface Measured {
  costs: Record<Operation, Cost>;
  /** Milliseconds per batch: the median, and the last batch, which finds nothing. */
  prune: { batch: number; empty: number };
}
type Result = Variant & Measured & { rows: number };
const EXPIRED = 5000;
const BATCH = 1000;

// The run does in seconds what a site does in minutes, so autovacuum must run more often, too.
const server = await startServer({ autovacuum_naptime: '1s', max_wal_size: '8GB' });
const location = { schemaName: 'bench', tableName: 'session' };
const table = quotedName(location);
const results: Result[] = [];
try {
  for (const rows of values.rows.split(',').map(Number)) {
    for (const variant of VARIANTS) {
      const result = { rows, ...variant, ...(await measure(rows, variant)) };
      console.error(JSON.stringify(result));
      results.push(result);
    }
  }
} finally {
  await server.stop();
}
const text = report();
console.log(text);
if (values.docs) writeDocs('table', text);
if (values.json) writeFileSync(values.json, `${JSON.stringify({ postgres: server.version, results }, null, 2)}\n`);

function report(): string {
  const heads = ['', 'index', 'fillfactor', 'HOT, %', 'WAL, bytes', 'whole pages in it', 'table, MB', 'indexes, MB'];
  const updates = (Object.keys(CALLS) as Operation[]).flatMap((operation) =>
    results.map(({ rows, index, fillfactor, costs }) => {
      const { hot, wal, pages, before, after } = costs[operation];
      return [
        ...[`${operation}, ${rows.toLocaleString('en')} rows`, index, fillfactor],
        ...[hot.toFixed(1), wal.toFixed(0), pages.toFixed(2)],
        ...[`${mb(before.heap)} to ${mb(after.heap)}`, `${mb(before.indexes)} to ${mb(after.indexes)}`],
      ];
    }),
  );
  const prunes = results.map(({ rows, index, fillfactor, prune }) => {
    return [`${rows.toLocaleString('en')} rows`, index, fillfactor, prune.batch.toFixed(1), prune.empty.toFixed(1)];
  });
  return [
    tableOf(heads, updates),
    tableOf(['', 'index', 'fillfactor', `a batch of ${BATCH}, ms`, 'one that finds nothing, ms'], prunes),
  ].join('\n\n');
}

/** Measures on a new table. Each measurement starts right after a checkpoint. */
async function measure(rows: number, { index, fillfactor }: Variant): Promise<Measured> {
  await server.pool.query(`DROP TABLE IF EXISTS ${table}`);
  await makeTable(OURS, { pool: server.pool, ...location });
  await server.pool.query(`ALTER TABLE ${table} SET (fillfactor = ${fillfactor})`);
  await server.pool.query('DROP INDEX bench.session_expire_idx');
  await fillTable(server.pool, table, { to: rows });
  if (index !== 'none') await server.pool.query(`CREATE INDEX ON ${table} USING ${index} (expire)`);
  const costs: Partial<Measured['costs']> = {};
  for (const operation of Object.keys(CALLS) as Operation[]) costs[operation] = await cost(operation, rows);
  return { costs: costs as Measured['costs'], prune: await pruneTimes() };
}

/** Measures calls of a store, 128 at once. */
async function cost(operation: Operation, rows: number): Promise<Cost> {
  await server.pool.query(`VACUUM ANALYZE ${table}`);
  await server.pool.query('CHECKPOINT');
  const calls = CALLS[operation];
  const pool = new pg.Pool({ connectionString: server.url, application_name: 'calls' });
  const store = makeStore(OURS, { pool, ...location }, { touchAfter: 0 });
  const [before, start] = [await sizes(), await counters()];
  const { rate } = await run(store, operation, { atOnce: 128, calls, sessions: rows });
  await store.close();
  await pool.end();
  await untilBackendsExit(); // a backend adds its counts when it exits
  const [after, end] = [await sizes(), await counters()];
  return {
    rate,
    hot: (100 * (end.hot - start.hot)) / (end.updates - start.updates),
    wal: (end.wal - start.wal) / calls,
    pages: (end.pages - start.pages) / calls,
    before,
    after,
  };
}

async function sizes(): Promise<Sizes> {
  const { rows } = await server.pool.query(
    'SELECT pg_relation_size($1::regclass)::float8 AS heap, pg_indexes_size($1::regclass)::float8 AS indexes',
    [table],
  );
  return rows[0];
}

async function counters(): Promise<{ updates: number; hot: number; wal: number; pages: number }> {
  const { rows } = await server.pool.query(
    `SELECT t.n_tup_upd::float8 AS updates, t.n_tup_hot_upd::float8 AS hot, w.wal_fpi::float8 AS pages,
      (pg_current_wal_insert_lsn() - '0/0')::float8 AS wal
     FROM pg_stat_user_tables t, pg_stat_wal w WHERE t.relid = $1::regclass`,
    [table],
  );
  return rows[0];
}

async function untilBackendsExit(): Promise<void> {
  for (;;) {
    const { rows } = await server.pool.query(`SELECT FROM pg_stat_activity WHERE application_name = 'calls'`);
    if (rows.length === 0) return;
  }
}

async function pruneTimes(): Promise<Measured['prune']> {
  await server.pool.query(
    `UPDATE ${table} SET expire = now() - random() * interval '1 minute'
     WHERE sid IN (SELECT sid FROM ${table} ORDER BY random() LIMIT ${EXPIRED})`,
  );
  await server.pool.query(`ANALYZE ${table}`);
  const times: number[] = [];
  const connection = bindTable(server.pool, location);
  for (let pruned = BATCH; pruned > 0; ) {
    const begun = performance.now();
    pruned = (await pruneSessions.runWithCounts({ key: '1', batch: BATCH }, connection)).rowCount;
    times.push(performance.now() - begun);
  }
  const empty = times.pop()!;
  return { batch: median(times), empty };
}

function mb(bytes: number): string {
  return (bytes / 1e6).toFixed(bytes < 1e8 ? 1 : 0);
}
