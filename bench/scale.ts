// node --import tsx bench/scale.ts [--json FILE] [--docs]
//   Measures the start of a process, the memory of waiting calls, and calls per second by the size
//   of the table and the calls at once. pgbench gives the baseline. --docs writes the tables into
//   docs/performance.md.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Store } from 'express-session';
import { quotedName } from '../test/support/stores.js';
import { build } from './support/build.js';
import { tableOf, writeDocs } from './support/docs-tables.js';
import { median, OPERATIONS, quantile, run } from './support/load.js';
import { bytesPerWaitingCall, WAITING } from './support/memory.js';
import { CLIENTS, pgbenchRate } from './support/pgbench.js';
import { startServer } from './support/postgres.js';
import { fillTable, SESSIONS } from './support/sessions.js';
import { startup } from './support/startup.js';
import { OURS, openFilledStore, SIMPLE } from './support/stores.js';

const { values } = parseArgs({
  options: { json: { type: 'string' }, docs: { type: 'boolean', default: false } },
});
const ROWS = [1000, SESSIONS, 100_000, 1_000_000];
const AT_ONCE = [1, 16, 128, 512];
const ROUNDS = 3;
const MS = 300;
const MEASURED = OPERATIONS.filter((operation) => operation === 'get' || operation === 'load, change, save');
const METHODS = ['get', 'set', 'touch'] as const;

interface Sample {
  store: string;
  operation: string;
  rows: number;
  atOnce: number;
  /** Calls per second. */
  rate: number;
  /** Milliseconds per call. */
  median: number;
  p99: number;
}

build();
const server = await startServer({ max_wal_size: '8GB' });
const sessionsOf = (name: string) => quotedName({ schemaName: `bench ${name}`, tableName: 'session' });
try {
  const stores = new Map<string, Store>();
  for (const name of [OURS, SIMPLE]) stores.set(name, await openFilledStore(name, server.pool, undefined));

  const baseline = pgbenchRate(server.url, sessionsOf(OURS), 5);
  const started = Object.fromEntries(
    [
      [OURS, new URL('../dist/esm/index.js', import.meta.url).href],
      [SIMPLE, SIMPLE],
    ].map(([name, module]) => [name, startup(server.url, module!, `bench ${name}`)]),
  );
  const waiting: Record<string, Record<string, number>> = {};
  for (const [name, store] of stores) {
    waiting[name] = {};
    for (const method of METHODS) waiting[name][method] = await bytesPerWaitingCall(store, server.pool, method);
  }
  const scale = await measureScale(stores);

  const names = Object.keys(started);
  const line = (label: string, cell: (name: string) => string) => [label, ...names.map(cell)];
  const text = [
    baseline === undefined
      ? 'No baseline: pgbench is not on the PATH.'
      : `pgbench, prepared, ${CLIENTS} clients: ${thousands(baseline)} thousand sessions read per second.`,
    tableOf(
      ['', ...names],
      [
        line('import, ms', (name) => started[name]!.imported.toFixed(1)),
        line('first get (connects), ms', (name) => started[name]!.first.toFixed(1)),
        line('second get, ms', (name) => started[name]!.second.toFixed(1)),
        ...METHODS.map((method) =>
          line(`${WAITING.toLocaleString('en')} waiting ${method} calls, MB`, (name) =>
            ((waiting[name]![method]! * WAITING) / 1e6).toFixed(1),
          ),
        ),
      ],
    ),
    scaleTable(scale),
  ].join('\n\n');
  console.log(text);
  if (values.docs) writeDocs('more', text);
  const json = { postgres: server.version, baseline, startup: started, waiting, scale };
  if (values.json) writeFileSync(values.json, `${JSON.stringify(json, null, 2)}\n`);
} finally {
  await server.stop();
}

async function measureScale(stores: Map<string, Store>): Promise<Sample[]> {
  const samples: Sample[] = [];
  let filled = 0;
  for (const name of stores.keys()) await server.pool.query(`TRUNCATE ${sessionsOf(name)}`);
  for (const rows of ROWS) {
    for (const name of stores.keys()) {
      await fillTable(server.pool, sessionsOf(name), { from: filled, to: rows });
      await server.pool.query(`VACUUM ANALYZE ${sessionsOf(name)}`);
    }
    filled = rows;
    for (const operation of MEASURED) {
      for (const atOnce of AT_ONCE) {
        const samplesOf = new Map(
          [...stores.keys()].map((name) => [name, { rates: [] as number[], times: [] as number[][] }]),
        );
        for (let round = 0; round <= ROUNDS; round++) {
          for (const [name, store] of stores) {
            const { rate, times } = await run(store, operation, { atOnce, ms: MS, sessions: rows });
            if (round === 0) continue; // the warm-up
            samplesOf.get(name)!.rates.push(rate);
            samplesOf.get(name)!.times.push(times);
          }
        }
        for (const [store, { rates, times }] of samplesOf) {
          const all = times.flat();
          const latency = { median: median(all), p99: quantile(all, 0.99) };
          samples.push({ store, operation, rows, atOnce, rate: median(rates), ...latency });
        }
      }
    }
  }
  return samples;
}

/** Each cell: thousands of calls per second (milliseconds per call: median / 99 %). */
function scaleTable(samples: Sample[]): string {
  const sample = (store: string, operation: string, atOnce: number, rows: number) =>
    samples.find((one) => {
      return one.store === store && one.operation === operation && one.atOnce === atOnce && one.rows === rows;
    })!;
  const lines = MEASURED.flatMap((operation) =>
    AT_ONCE.map((atOnce) => [
      `${operation}, ${atOnce} at once`,
      ...ROWS.map((rows) => {
        const { rate, median, p99 } = sample(OURS, operation, atOnce, rows);
        return `${thousands(rate)} (${median.toFixed(1)} / ${p99.toFixed(1)})`;
      }),
      thousands(sample(SIMPLE, operation, atOnce, ROWS.at(-1)!).rate),
    ]),
  );
  const sizes = ROWS.map((rows) => `${rows.toLocaleString('en')} rows`);
  return tableOf(['', ...sizes, `${SIMPLE}, ${sizes.at(-1)}`], lines);
}

function thousands(perSecond: number): string {
  return (perSecond / 1000).toFixed(1);
}
