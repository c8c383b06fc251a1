// npm run bench -- --cpu [--only PART] [--rounds 27] [--ms 150] [--profile DIR] [--json FILE]
//   [--docs]
//   The CPU of each call and of each request, in this process or the app's and in the server's
//   processes, for each store in turns. The figure is the lower quartile of many short rounds:
//   noise only adds.
//   --only     measures only the rows with PART in their name
//   --profile  writes a CPU profile of this store's calls, one file for each row, into DIR
import { mkdirSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { build } from './support/build.js';
import { tableOf, writeDocs } from './support/docs-tables.js';
import { OPERATIONS, quantile } from './support/load.js';
import { startServer } from './support/postgres.js';
import { cpuOfTree, hasProcessCpu } from './support/process-cpu.js';
import { startRedis, whyNoRedis } from './support/redis.js';
import { startRequestApp } from './support/requests.js';
import { type StoreProcess, startStore } from './support/store-process.js';
import { OURS, REDIS, SIMPLE } from './support/stores.js';

const { values } = parseArgs({
  options: {
    cpu: { type: 'boolean' },
    only: { type: 'string', default: '' },
    rounds: { type: 'string', default: '27' },
    ms: { type: 'string', default: '150' },
    profile: { type: 'string' },
    json: { type: 'string' },
    docs: { type: 'boolean', default: false },
  },
});
const rounds = Number(values.rounds);
const ms = Number(values.ms);
if (!(rounds >= 1 && ms >= 1)) throw new Error('--rounds and --ms must be positive numbers');

/** Of one store in one round. CPU in microseconds per call, times in milliseconds. */
interface Round {
  node: number;
  server: number;
  rate: number;
  p99: number;
}
type Figures = Record<string, Record<string, Round>>;

const AT_ONCE = [1, 16, 128];
const WARM_UP_MS = 2000; // V8 still optimizes the code after 5,000 calls
const REQUEST_SECONDS = 1;
const figures: Figures = {};

build();
const noRedis = whyNoRedis();
const redis = noRedis === undefined ? await startRedis() : undefined;
const server = await startServer({ autovacuum: 'off', max_wal_size: '8GB' });
const pids: Record<string, number | undefined> = { [OURS]: server.pid, [SIMPLE]: server.pid, [REDIS]: redis?.pid };
const names = [OURS, SIMPLE, ...(redis ? [REDIS] : [])];
try {
  await measureCalls();
  await measureRequests();
} finally {
  await Promise.all([server.stop(), redis?.stop()]);
}
const text = report();
console.log(text);
if (noRedis !== undefined) console.log(`connect-redis was not measured: ${noRedis}.`);
if (!hasProcessCpu) console.log('The CPU of the servers and of requests was not measured: this system has no /proc.');
if (values.docs) writeDocs('cpu', text);
if (values.json) writeFileSync(values.json, `${JSON.stringify(figures, null, 2)}\n`);
process.exit(); // the Redis clients are still open

async function measureCalls(): Promise<void> {
  const stores = new Map<string, StoreProcess>();
  for (const name of names) {
    stores.set(name, await startStore({ name, url: server.url, redisPort: redis?.port }));
  }
  for (const atOnce of AT_ONCE) {
    for (const operation of OPERATIONS) {
      const row = `${operation}, ${atOnce} at once`;
      await measureRow(row, rounds, async (name, { isWarmUp, isLast }) => {
        const isProfiled = isLast && name === OURS && values.profile !== undefined;
        const before = serverCpu(pids[name]);
        const load = { operation, atOnce, ms: isWarmUp ? WARM_UP_MS : ms, isProfiled };
        const { measured, profile } = await stores.get(name)!.run(load);
        const { cpu: node, rate, times } = measured;
        if (profile) writeProfile(row, profile);
        return { node, server: (serverCpu(pids[name]) - before) / times.length, rate, p99: quantile(times, 0.99) };
      });
    }
  }
  await Promise.all([...stores.values()].map((store) => store.stop()));
}

/** The CPU of the app: that of the load generator does not count. */
async function measureRequests(): Promise<void> {
  if (!hasProcessCpu) return;
  const options = { url: server.url, redisPort: redis?.port };
  const apps = new Map<string, Awaited<ReturnType<typeof startRequestApp>>>();
  for (const name of names) apps.set(name, await startRequestApp({ name, ...options }));
  for (const [row, at] of [
    ['request that reads, 64 connections', '/read'],
    ['request that writes, 64 connections', '/write'],
  ] as const) {
    await measureRow(row, Math.ceil(rounds / 3), async (name) => {
      const app = apps.get(name)!;
      const before = { node: cpuOfTree(app.pid), server: serverCpu(pids[name]) };
      const { rate, requests, p99 } = await app.load(at, REQUEST_SECONDS);
      const node = (cpuOfTree(app.pid) - before.node) / requests;
      return { node, server: (serverCpu(pids[name]) - before.server) / requests, rate, p99 };
    });
  }
  await Promise.all([...apps.values()].map((app) => app.stop()));
}

function serverCpu(pid: number | undefined): number {
  return hasProcessCpu && pid ? cpuOfTree(pid) : Number.NaN;
}

/**
 * Measures the stores in turns. The first round is the warm-up, and the last one is only for
 * profiles.
 */
async function measureRow(
  row: string,
  rounds: number,
  measure: (name: string, round: { isWarmUp: boolean; isLast: boolean }) => Promise<Round>,
): Promise<void> {
  if (!row.includes(values.only)) return;
  const samples = new Map<string, Round[]>(names.map((name) => [name, []]));
  for (let round = 0; round <= rounds + 1; round++) {
    for (const name of round % 2 === 0 ? names : [...names].reverse()) {
      const measured = await measure(name, { isWarmUp: round === 0, isLast: round > rounds });
      if (round > 0 && round <= rounds) samples.get(name)!.push(measured);
    }
  }
  figures[row] = Object.fromEntries(
    [...samples].map(([name, all]) => {
      const take = (key: keyof Round, share: number) =>
        quantile(
          all.map((one) => one[key]),
          share,
        );
      const cpu = { node: take('node', 0.25), server: take('server', 0.25) };
      return [name, { ...cpu, rate: take('rate', 0.5), p99: take('p99', 0.5) }];
    }),
  );
}

function writeProfile(row: string, profile: object): void {
  mkdirSync(values.profile!, { recursive: true });
  writeFileSync(path.join(values.profile!, `${row.replaceAll(/\W+/g, '-')}.cpuprofile`), JSON.stringify(profile));
}

function report(): string {
  const heads = ['', ...names.map((name) => `${name}: Node + server, µs`)];
  const others = names.filter((name) => name !== OURS);
  const ratios = others.flatMap((name) => ['Node', 'rate', 'p99'].map((what) => `${what}, to ${name}`));
  const rows = Object.entries(figures).map(([row, by]) => {
    const ours = by[OURS]!;
    return [
      row,
      ...names.map((name) => `${by[name]!.node.toFixed(0)} + ${by[name]!.server.toFixed(0)}`),
      ...others.flatMap((name) =>
        (['node', 'rate', 'p99'] as const).map((key) => (ours[key] / by[name]![key]).toFixed(2)),
      ),
    ];
  });
  return `${os.cpus().length} cores shared by client and servers. Microseconds of CPU per call, and ratios this / other:

${tableOf([...heads, ...ratios], rows)}`;
}
