// node --import tsx bench/scale.ts [--json FILE] [--docs]   pgbench as the floor, the start of a process, memory of waiting
// calls, and how the table's size and the calls at once change what a store does.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Store } from 'express-session';
import { quotedName } from '../test/support/stores.js';
import { tableOf, writeDocs } from './support/docs-tables.js';
import { median, OPERATIONS, quantile, run } from './support/load.js';
import { bytesOfWaiting, WAITING } from './support/memory.js';
import { CLIENTS, pgbenchRate } from './support/pgbench.js';
import { startServer } from './support/postgres.js';
import { fillTable, SESSIONS } from './support/sessions.js';
import { startup } from './support/startup.js';
import { OURS, openContender, SIMPLE } from './support/stores.js';

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
  /** Calls a second; milliseconds of a call. */
  rate: number;
  median: number;
  most: number;
}

execFileSync(process.execPath, ['dev/build.mjs'], { cwd: new URL('..', import.meta.url), stdio: 'inherit' });
const server = await startServer({ max_wal_size: '8GB' });
const sessionsOf = (name: string) => quotedName({ schemaName: `bench ${name}`, tableName: 'session' });
try {
  const stores = new Map<string, Store>();
  for (const name of [OURS, SIMPLE]) stores.set(name, await openContender(name, server.pool, undefined));

  const floor = pgbenchRate(server.url, sessionsOf(OURS), 5);
  const started = Object.fromEntries(
    [
      [OURS, new URL('../dist/esm/index.js', import.meta.url).href],
      [SIMPLE, SIMPLE],
    ].map(([name, module]) => [name, startup(server.url, module!, `bench ${name}`)]),
  );
  const waiting: Record<string, Record<string, number>> = {};
  for (const [name, store] of stores) {
    waiting[name] = {};
    for (const method of METHODS) waiting[name][method] = await bytesOfWaiting(store, server.pool, method);
  }
  const scale = await measureScale(stores);

  const names = Object.keys(started);
  const line = (what: string, of: (name: string) => string) => [what, ...names.map(of)];
  const text = [
    floor === undefined
      ? 'Without the floor: there is no pgbench on the PATH.'
      : `pgbench, prepared, ${CLIENTS} clients: ${thousands(floor)} thousand sessions read a second.`,
    tableOf(
      ['', ...names],
      [
        line('import, ms', (name) => started[name]!.imported.toFixed(1)),
        line('first get, which connects, ms', (name) => started[name]!.first.toFixed(1)),
        line('second get, ms', (name) => started[name]!.second.toFixed(1)),
        ...METHODS.map((method) =>
          line(`${WAITING.toLocaleString('en')} waiting calls of ${method}, MB`, (name) =>
            ((waiting[name]![method]! * WAITING) / 1e6).toFixed(1),
          ),
        ),
      ],
    ),
    scaleTable(scale),
  ].join('\n\n');
  console.log(text);
  if (values.docs) writeDocs('more', text);
  const json = { postgres: server.version, floor, startup: started, waiting, scale };
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
        const taken = new Map(
          [...stores.keys()].map((name) => [name, { rates: [] as number[], times: [] as number[][] }]),
        );
        for (let round = 0; round <= ROUNDS; round++) {
          for (const [name, store] of stores) {
            const { rate, times } = await run(store, operation, { atOnce, ms: MS, sessions: rows });
            if (round === 0) continue; // to warm up
            taken.get(name)!.rates.push(rate);
            taken.get(name)!.times.push(times);
          }
        }
        for (const [store, { rates, times }] of taken) {
          const all = times.flat();
          const latency = { median: median(all), most: quantile(all, 0.99) };
          samples.push({ store, operation, rows, atOnce, rate: median(rates), ...latency });
        }
      }
    }
  }
  return samples;
}

/** Thousands a second, and milliseconds of a call: median / 99 %. */
function scaleTable(samples: Sample[]): string {
  const sample = (store: string, operation: string, atOnce: number, rows: number) =>
    samples.find((one) => {
      return one.store === store && one.operation === operation && one.atOnce === atOnce && one.rows === rows;
    })!;
  const lines = MEASURED.flatMap((operation) =>
    AT_ONCE.map((atOnce) => [
      `${operation}, ${atOnce} at once`,
      ...ROWS.map((rows) => {
        const { rate, median, most } = sample(OURS, operation, atOnce, rows);
        return `${thousands(rate)} (${median.toFixed(1)} / ${most.toFixed(1)})`;
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
