// node --import tsx bench/prune.ts [--rows 1000000] [--seconds 60] [--json FILE] [--docs]
//   Prunes ROWS expired sessions from a table with as many live ones, for at most SECONDS, while
//   others read and write. Measures the time per batch and the latency of the others. --docs writes
//   the table into docs/performance.md.
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { pruneSessions } from '../src/generated/prune.js';
import { getSessions } from '../src/generated/session.js';
import type { Queryable } from '../src/postgres/connection.js';
import { bindTable } from '../src/table/names.js';
import { makeStore, makeTable, quotedName } from '../test/support/stores.js';
import { tableOf, writeDocs } from './support/docs-tables.js';
import { median, quantile } from './support/load.js';
import { startServer } from './support/postgres.js';
import { fillTable, sessionOf, sidOf } from './support/sessions.js';
import { call, OURS } from './support/stores.js';

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '1000000' },
    seconds: { type: 'string', default: '60' },
    json: { type: 'string' },
    docs: { type: 'boolean', default: false },
  },
});
const rows = Number(values.rows);
const maxMs = Number(values.seconds) * 1000;
const BATCH = 1000; // the store's default
const READERS = 4;
const PAUSE_MS = 5;
const QUIET_MS = 10_000; // reads without pruning, before and after

interface Case {
  autovacuum: 'on' | 'off';
  /** Whether an open transaction keeps vacuum from removing the deleted rows. */
  oldSnapshot: boolean;
  /** Whether the planner's statistics are older than the first expired session. */
  oldStatistics: boolean;
}
const CASES: Record<string, Case> = {
  'autovacuum on': { autovacuum: 'on', oldSnapshot: false, oldStatistics: false },
  'autovacuum off': { autovacuum: 'off', oldSnapshot: false, oldStatistics: false },
  'autovacuum off, old statistics': { autovacuum: 'off', oldSnapshot: false, oldStatistics: true },
  'autovacuum on, old snapshot open': { autovacuum: 'on', oldSnapshot: true, oldStatistics: false },
};
type Phase = 'before' | 'during' | 'after';
interface Latency {
  median: number;
  p99: number;
  longest: number;
}
/** Times in milliseconds. */
interface Measured {
  pruned: number;
  ms: number;
  batches: { median: number; last: number; longest: number };
  reads: Record<Phase, Latency>;
  /** Writes of rows that are in the current batch or in the next one. */
  writes: Latency;
  /** Planning a read of many sessions: the planner reads the start of the index on `expire`. */
  planning: { before: number; after: number };
}
type Result = Case & Measured & { name: string };

const server = await startServer({ autovacuum_naptime: '1s', max_wal_size: '8GB' });
const location = { schemaName: 'bench', tableName: 'session' };
const table = quotedName(location);
const results: Result[] = [];
try {
  for (const [name, conditions] of Object.entries(CASES)) {
    const result = { name, ...conditions, ...(await measure(conditions)) };
    console.error(JSON.stringify(result));
    results.push(result);
  }
} finally {
  await server.stop();
}
const text = report();
console.log(text);
if (values.docs) writeDocs('prune', text);
if (values.json)
  writeFileSync(values.json, `${JSON.stringify({ postgres: server.version, rows, results }, null, 2)}\n`);

function report(): string {
  const line = (label: string, cell: (result: Result) => string) => [label, ...results.map(cell)];
  const reads = (phase: Phase) =>
    line(`read ${phase} pruning, ms: median / 99 % / longest`, ({ reads }) => latencyText(reads[phase]));
  return tableOf(
    ['', ...results.map(({ name }) => name)],
    [
      line('pruned', ({ pruned, ms }) => `${pruned.toLocaleString('en')} in ${(ms / 1000).toFixed(0)} s`),
      line('batch, ms: median', ({ batches }) => short(batches.median)),
      line('last 20 batches, ms: median', ({ batches }) => short(batches.last)),
      line('longest batch, ms', ({ batches }) => short(batches.longest)),
      ...(['before', 'during', 'after'] as const).map(reads),
      line('write of a row in a batch, ms: median / 99 % / longest', ({ writes }) => latencyText(writes)),
      line('planning a read before and after, ms', ({ planning }) => {
        return `${planning.before.toFixed(2)}, ${planning.after.toFixed(2)}`;
      }),
    ],
  );
}

async function measure({ autovacuum, oldSnapshot, oldStatistics }: Case): Promise<Measured> {
  await server.pool.query(`DROP TABLE IF EXISTS ${table}`);
  await makeTable(OURS, { pool: server.pool, ...location });
  await server.pool.query(`ALTER TABLE ${table} SET (autovacuum_enabled = off)`);
  await fillTable(server.pool, table, { to: rows });
  if (oldStatistics) await server.pool.query(`ANALYZE ${table}`);
  const expire = `now() - interval '1 day' + n * interval '1 ms'`;
  await fillTable(server.pool, table, { from: rows, to: 2 * rows, expire });
  await server.pool.query(`VACUUM ${oldStatistics ? '' : '(ANALYZE)'} ${table}`);
  await server.pool.query('CHECKPOINT');
  await server.pool.query(`ALTER TABLE ${table} SET (autovacuum_enabled = ${autovacuum})`);
  const holder = await server.pool.connect();
  if (oldSnapshot) await holder.query(`BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM ${table} LIMIT 1`);

  const pool = new pg.Pool({ connectionString: server.url });
  const store = makeStore(OURS, { pool, ...location });
  let phase: Phase | undefined;
  const reads: Record<Phase, number[]> = { before: [], during: [], after: [] };
  const writes: number[] = [];
  const times: number[] = [];
  let pruned = 0;
  const repeat = async (work: () => Promise<void>) => {
    while (phase) {
      await work();
      await sleep(PAUSE_MS);
    }
  };
  phase = 'before';
  const readers = Array.from({ length: READERS }, () =>
    repeat(async () => {
      const [begun, during] = [performance.now(), phase!];
      const sid = sidOf(Math.floor(Math.random() * rows));
      if (!(await call(store, 'get', sid))) throw new Error('a live session is missing');
      reads[during].push(performance.now() - begun);
    }),
  );
  const writer = repeat(async () => {
    if (phase !== 'during') return;
    const begun = performance.now();
    const next = rows + pruned + Math.floor(Math.random() * BATCH);
    await call(store, 'set', sidOf(next), sessionOf(next));
    writes.push(performance.now() - begun);
  });
  const others = Promise.all([...readers, writer]);
  others.catch(() => {}); // awaited below

  const planning = { before: await planningTime(), after: 0 };
  await sleep(QUIET_MS);
  phase = 'during';
  const begun = performance.now();
  const connection = bindTable(server.pool, location);
  let since = Number.NEGATIVE_INFINITY;
  for (let count = 1; count > 0 && performance.now() < begun + maxMs; pruned += count) {
    const sent = performance.now();
    const deleted = await pruneSessions.run({ key: '1', batch: BATCH, since }, connection);
    count = deleted.length;
    for (const { expired } of deleted) since = Math.max(since, expired - 0.001);
    if (count > 0) times.push(performance.now() - sent);
  }
  const ms = performance.now() - begun;
  phase = 'after';
  planning.after = await planningTime();
  await sleep(QUIET_MS);
  phase = undefined;
  await others;
  await store.close();
  await pool.end();
  await holder.query('ROLLBACK');
  holder.release();
  const batches = { median: median(times), last: median(times.slice(-20)), longest: quantile(times, 1) };
  return {
    pruned,
    ms,
    batches,
    reads: { before: latency(reads.before), during: latency(reads.during), after: latency(reads.after) },
    writes: latency(writes),
    planning,
  };
}

function latency(ms: number[]): Latency {
  return { median: median(ms), p99: quantile(ms, 0.99), longest: quantile(ms, 1) };
}

async function planningTime(): Promise<number> {
  const times: number[] = [];
  const explaining: Queryable = {
    async query(text, params) {
      const { rows: plans } = await server.pool.query(`EXPLAIN (SUMMARY, FORMAT JSON) ${text}`, params);
      times.push(plans[0]['QUERY PLAN'][0]['Planning Time']);
      return { rows: [], rowCount: 0 };
    },
  };
  const sids = Array.from({ length: 64 }, (_, n) => sidOf(n));
  for (let n = 0; n < 9; n++) await getSessions.run({ sids }, bindTable(explaining, location));
  return median(times);
}

function latencyText({ median, p99, longest }: Latency): string {
  return [median, p99, longest].map(short).join(' / ');
}

function short(ms: number): string {
  return ms < 10 ? ms.toFixed(1) : ms.toFixed(0);
}
