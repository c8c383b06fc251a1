// npm run bench [-- --full] [--rounds 5] [--ms 400] [--json FILE] [--docs]
//   Compares this store with connect-pg-simple, connect-redis and MemoryStore, in turns, in one
//   run, on a PostgreSQL that waits for its disk. Exits with 1 if a ratio is below its minimum.
//   --full  also measures 512 calls at once, and runs at-rest.ts, scale.ts, table-layout.ts and
//           prune.ts
//   --docs  writes the figures and the chart into docs/
//
// npm run bench -- --against DIR [--only PART] [--rounds ROUNDS] [--ms 400] [--json FILE]
//   Compares this tree's build with the build in DIR, another checkout of this package. Builds this
//   tree first, and DIR if it has no dist/. Exits with 1 if an operation of this tree is slower.
//   --only  measures only the operations with PART in their name
//
// npm run bench -- --cpu   Measures the CPU of each call: see cpu.ts, which runs instead
//
// --rounds and --ms  rounds per figure, and milliseconds per measurement
// --json             writes all figures as JSON
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { AGAINST_ROUNDS, compareBuilds, reportOf, slowerOperations } from './support/against.js';
import { build } from './support/build.js';
import { drawChart, type Figures } from './support/chart.js';
import { tableOf, writeDocs } from './support/docs-tables.js';
import { median, OPERATIONS } from './support/load.js';
import { startServer } from './support/postgres.js';
import { startRedis, whyNoRedis } from './support/redis.js';
import { startRequestApp } from './support/requests.js';
import { type StoreProcess, startStore } from './support/store-process.js';
import {
  MEMORY,
  OURS,
  OURS_RELAXED,
  OURS_UNLOGGED,
  REDIS,
  REDIS_EVERYSEC,
  SIMPLE,
  versionOf,
} from './support/stores.js';

if (process.argv.includes('--cpu')) await import('./cpu.js'); // which exits

const { values } = parseArgs({
  options: {
    against: { type: 'string' },
    only: { type: 'string' },
    rounds: { type: 'string' },
    ms: { type: 'string', default: '400' },
    full: { type: 'boolean', default: false },
    json: { type: 'string' },
    docs: { type: 'boolean', default: false },
  },
});
const ms = Number(values.ms);
const rounds = Number(values.rounds ?? (values.against === undefined ? 5 : AGAINST_ROUNDS));
if (!(rounds >= 1 && ms >= 1)) throw new Error('--rounds and --ms must be positive numbers');
if (values.against !== undefined) await compareAndExit(values.against);

const AT_ONCE = values.full ? [1, 16, 128, 512] : [1, 16, 128];
const SCRIPTS = ['at-rest', 'scale', 'table-layout', 'prune'];
const STORES = [OURS, SIMPLE, REDIS, MEMORY];
const CHART = new URL('../docs/performance.svg', import.meta.url);
const ROUNDS_ALONE = 7;

/** The rows in which stores with other settings are measured too. */
const SPECIAL_ROWS: Record<string, string[]> = {
  [OURS_UNLOGGED]: ['set, 128 at once'],
  [OURS_RELAXED]: ['set, 128 at once', 'load, change, save, 128 at once'],
  [REDIS_EVERYSEC]: ['set, 128 at once', 'load, change, save, 128 at once'],
};

/** The least that calls per second of this store / of another store may be. */
const MIN_RATIOS: Record<string, Record<string, number>> = {
  'get, 1 at once': { [SIMPLE]: 1.05 },
  'get, 16 at once': { [SIMPLE]: 3, [REDIS]: 1.2 },
  'get, 128 at once': { [SIMPLE]: 5.5, [REDIS]: 1.5 },
  'set, 1 at once': { [SIMPLE]: 1.05 },
  'set, 128 at once': { [SIMPLE]: 3, [REDIS]: 0.6 },
  'set, 128 at once, UNLOGGED': { [REDIS]: 0.8 },
  'load, change, save, 1 at once': { [SIMPLE]: 1 },
  'load, change, save, 128 at once': { [SIMPLE]: 3, [REDIS]: 0.6 },
  'touch, 1 at once': { [SIMPLE]: 1.2 },
  'touch, 128 at once': { [SIMPLE]: 5 },
  'request that reads, 64 connections': { [SIMPLE]: 2.7, [REDIS]: 1, [MEMORY]: 1 },
  'request that writes, 64 connections': { [SIMPLE]: 1.8, [REDIS]: 0.85 },
};

build();
const noRedis = whyNoRedis();
const redis = noRedis === undefined ? await startRedis() : undefined;
const everysec = redis && (await startRedis({ appendonly: 'yes', appendfsync: 'everysec' }));
const server = await startServer();
const results: Record<string, Record<string, number>> = {};
try {
  await measureCalls();
  await measureRequests();
} finally {
  await Promise.all([server.stop(), redis?.stop(), everysec?.stop()]);
}
const text = report();
const figures: Figures = { versions: versions(), cores: os.cpus().length, calls: results };
console.log(text);
if (noRedis !== undefined) console.log(`connect-redis was not measured: ${noRedis}.`);
if (values.docs) writeDocs('calls', text);
if (values.docs) writeFileSync(CHART, `${await drawChart(figures)}\n`);
const tooSlow = ratiosBelowMinimum();
console.log(`\n${tooSlow.join('\n') || 'no ratio is below its minimum'}`);
const others = values.full ? Object.fromEntries(SCRIPTS.map((name) => [name, runScript(name)])) : {};
if (values.json) writeFileSync(values.json, `${JSON.stringify({ ...figures, ...others }, null, 2)}\n`);
process.exit(tooSlow.length > 0 ? 1 : 0); // the Redis clients are still open

async function compareAndExit(dir: string): Promise<never> {
  const compared = await compareBuilds({ dir, only: values.only, rounds, ms });
  const slower = slowerOperations(compared);
  console.log(`${reportOf(compared)}\n\n${slower.join('\n') || 'no operation is slower'}`);
  if (values.json) writeFileSync(values.json, `${JSON.stringify(compared, null, 2)}\n`);
  process.exit(slower.length > 0 ? 1 : 0);
}

async function measureCalls(): Promise<void> {
  const names = [OURS, OURS_UNLOGGED, OURS_RELAXED, SIMPLE, ...(redis ? [REDIS, REDIS_EVERYSEC] : []), MEMORY];
  const stores = new Map<string, StoreProcess>();
  for (const name of names) {
    const redisPort = name === REDIS_EVERYSEC ? everysec?.port : redis?.port;
    stores.set(name, await startStore({ name, url: server.url, redisPort }));
  }
  for (const operation of OPERATIONS) {
    for (const atOnce of AT_ONCE) {
      const row = `${operation}, ${atOnce} at once`;
      const measured = [...stores].filter(([name]) => STORES.includes(name) || SPECIAL_ROWS[name]?.includes(row));
      await measureRow(row, atOnce === 1 ? ROUNDS_ALONE : rounds, measured, async ([, store]) => {
        return (await store.run({ operation, atOnce, ms })).measured.rate;
      });
      const { [OURS_UNLOGGED]: unlogged, [OURS_RELAXED]: relaxed, [REDIS_EVERYSEC]: synced, ...others } = results[row]!;
      results[row] = others;
      if (unlogged !== undefined) results[`${row}, UNLOGGED`] = { ...others, [OURS]: unlogged };
      if (relaxed === undefined) continue;
      results[`${row}, a crash may lose a second`] = {
        [OURS]: relaxed,
        ...(synced !== undefined && { [REDIS]: synced }),
      };
    }
  }
  await Promise.all([...stores.values()].map((store) => store.stop()));
}

async function measureRequests(): Promise<void> {
  const names = [OURS, SIMPLE, ...(redis ? [REDIS] : []), MEMORY];
  const apps = new Map(
    await Promise.all(
      names.map(async (name) => {
        return [name, await startRequestApp({ name, url: server.url, redisPort: redis?.port })] as const;
      }),
    ),
  );
  for (const [what, at] of [
    ['reads', '/read'],
    ['writes', '/write'],
  ] as const) {
    await measureRow(
      `request that ${what}, 64 connections`,
      rounds,
      [...apps],
      async ([, app]) => (await app.load(at, 1)).rate,
    );
  }
  await Promise.all([...apps.values()].map((app) => app.stop()));
}

/** Measures the stores in turns and takes the median of each. The first round is the warm-up. */
async function measureRow<T>(
  row: string,
  rounds: number,
  stores: [string, T][],
  measure: (store: [string, T]) => Promise<number>,
): Promise<void> {
  const samples = new Map<string, number[]>(stores.map(([name]) => [name, []]));
  for (let round = 0; round <= rounds; round++) {
    for (const store of stores) {
      const perSecond = await measure(store);
      if (round > 0) samples.get(store[0])!.push(perSecond);
    }
  }
  results[row] = Object.fromEntries([...samples].map(([name, rates]) => [name, median(rates)]));
}

function report(): string {
  const thousands = (perSecond: number | undefined) => (perSecond === undefined ? '' : (perSecond / 1000).toFixed(1));
  const rows = Object.entries(results).map(([row, by]) => [
    row.replace('touch', 'unthrottled touch'),
    ...STORES.map((name) => thousands(by[name])),
    ...[SIMPLE, REDIS].map((name) => ratioTo(row, name)?.toFixed(2) ?? ''),
  ]);
  const all = Object.entries(versions()).map(([name, version]) => `${name} ${version}`);
  return `${all.join(', ')}, ${os.cpus().length} cores shared by client and servers. Thousands per second:

${tableOf(['', ...STORES, 'this / simple', 'this / redis'], rows)}`;
}

function ratiosBelowMinimum(): string[] {
  return Object.entries(MIN_RATIOS).flatMap(([row, minima]) =>
    Object.entries(minima).flatMap(([name, minimum]) => {
      const ratio = ratioTo(row, name);
      if (ratio === undefined || ratio >= minimum) return [];
      return [`too slow: ${row}: ${ratio.toFixed(2)} times ${name}, minimum ${minimum}`];
    }),
  );
}

function ratioTo(row: string, name: string): number | undefined {
  const { [OURS]: ours, [name]: theirs } = results[row] ?? {};
  return ours && theirs && ours / theirs;
}

function versions(): Record<string, string> {
  const packages = ['pg', 'express', 'express-session', SIMPLE].map((name) => [name, versionOf(name)]);
  const { node } = process.versions;
  return { node, PostgreSQL: server.version, ...Object.fromEntries(packages), ...redis?.versions };
}

/** Runs another script of this folder, which prints its tables. Returns what it measured. */
function runScript(name: string): unknown {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'bench-'));
  const json = path.join(dir, 'figures.json');
  const script = fileURLToPath(new URL(`${name}.ts`, import.meta.url));
  console.log();
  try {
    execFileSync(process.execPath, ['--import', 'tsx', script, '--json', json, ...(values.docs ? ['--docs'] : [])], {
      stdio: 'inherit',
    });
    return JSON.parse(readFileSync(json, 'utf8'));
  } finally {
    rmSync(dir, { recursive: true });
  }
}
