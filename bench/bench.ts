// npm run bench [-- --rounds 5] [--ms 400] [--json FILE]   This store beside connect-pg-simple, connect-redis and MemoryStore,
// in turn, in one run, on a PostgreSQL that waits for its disk. Fails where a floor is missed.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import type { Store } from 'express-session';
import pg from 'pg';
import { startLocalServer } from '../dev/local-postgres.js';
import { MEMORY, OURS, OURS_UNLOGGED, openContender, REDIS, SIMPLE, versionOf } from './contenders.js';
import { startRedis, whyNoRedis } from './redis.js';
import { startRequestApp } from './requests.js';
import { median, OPERATIONS, type Operation, rate } from './store-level.js';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    ms: { type: 'string', default: '400' },
    json: { type: 'string' },
  },
});
const [rounds, ms] = [Number(values.rounds), Number(values.ms)];
const AT_ONCE = [1, 16, 128];
const LONE_ROUNDS = 7;

/** What each must reach at least, as a multiple of the other's calls a second. */
interface Floor {
  simple?: number;
  redis?: number;
  memory?: number;
}
const FLOORS: Record<string, Floor> = {
  'get, 128 at once': { simple: 5.5, redis: 1.5 },
  'get, 16 at once': { simple: 3, redis: 1 },
  'set, 128 at once': { simple: 3, redis: 0.5 },
  'set, 128 at once, UNLOGGED': { redis: 0.8 },
  'load, change, save, 128 at once': { simple: 3, redis: 0.6 },
  'touch, 128 at once': { simple: 5 },
  'get, 1 at once': { simple: 0.95 },
  'set, 1 at once': { simple: 0.95 },
  'touch, 1 at once': { simple: 0.95 },
  'request that reads, 64 connections': { simple: 2.7, redis: 1, memory: 1 },
  'request that writes, 64 connections': { simple: 1.8, redis: 0.85 },
};

const dataDir = mkdtempSync(path.join(os.tmpdir(), 'bench-'));
const noRedis = whyNoRedis();
const redis = noRedis === undefined ? await startRedis() : undefined;
const server = await startLocalServer({ dataDir, database: 'bench' });
const pool = new pg.Pool({ connectionString: server.url, max: 10 });
pool.on('error', () => {}); // at an interrupt the server may go first
const results: Record<string, Record<string, number>> = {};
try {
  for (const setting of ['fsync', 'synchronous_commit', 'full_page_writes']) {
    const { rows } = await pool.query(`SHOW ${setting}`);
    if (rows[0][setting] !== 'on')
      throw new Error(`${setting} is ${rows[0][setting]}: the server must wait for its disk`);
  }
  await measureCalls();
  await measureRequests();
} finally {
  await pool.end();
  await Promise.all([server.stop(), redis?.stop()]);
  rmSync(dataDir, { recursive: true, force: true });
}
report();
process.exit(); // the clients of Redis stay open

async function measureCalls(): Promise<void> {
  const names = [OURS, OURS_UNLOGGED, SIMPLE, ...(redis ? [REDIS] : []), MEMORY];
  const stores = new Map<string, Store>();
  for (const name of names) stores.set(name, await openContender(name, pool, redis?.port));
  for (const operation of OPERATIONS) {
    for (const atOnce of AT_ONCE) {
      const row = `${operation}, ${atOnce} at once`;
      const taking = [...stores].filter(([name]) => name !== OURS_UNLOGGED || operation === 'set');
      await take(row, atOnce === 1 ? LONE_ROUNDS : rounds, taking, ([, store]) =>
        rate(store, operation as Operation, atOnce, ms),
      );
    }
  }
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
    await take(`request that ${what}, 64 connections`, rounds, [...apps], ([, app]) => app.rate(at, ms * 3));
  }
  await Promise.all([...apps.values()].map((app) => app.stop()));
}

/** The medians of several rounds, each of which takes all in turn. The first round is not counted. */
async function take<T>(
  row: string,
  count: number,
  all: [string, T][],
  measure: (one: [string, T]) => Promise<number>,
): Promise<void> {
  const samples = new Map<string, number[]>(all.map(([name]) => [name, []]));
  for (let round = 0; round <= count; round++) {
    for (const one of all) {
      const perSecond = await measure(one);
      if (round > 0) samples.get(one[0])!.push(perSecond);
    }
  }
  results[row] = Object.fromEntries([...samples].map(([name, taken]) => [name, median(taken)]));
}

function report(): void {
  const unlogged = results['set, 128 at once']?.[OURS_UNLOGGED];
  if (unlogged !== undefined)
    results['set, 128 at once, UNLOGGED'] = { ...results['set, 128 at once'], [OURS]: unlogged };
  const thousands = (perSecond: number | undefined) => (perSecond === undefined ? '' : (perSecond / 1000).toFixed(1));
  let missed = 0;
  const against = (row: string, name: string, floor: number | undefined): string => {
    const { [OURS]: ours, [name]: theirs } = results[row]!;
    if (ours === undefined || theirs === undefined) return '';
    const ratio = ours / theirs;
    if (floor === undefined) return ratio.toFixed(2);
    if (ratio < floor) missed++;
    return `${ratio.toFixed(2)} ${ratio < floor ? '**missed**' : 'of'} ${floor}`;
  };
  console.log(`| thousands a second | ${OURS} | ${SIMPLE} | ${REDIS} | ${MEMORY} | to simple | to redis | to memory |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |`);
  for (const [row, by] of Object.entries(results)) {
    const { simple, redis: toRedis, memory } = FLOORS[row] ?? {};
    const ratios = [against(row, SIMPLE, simple), against(row, REDIS, toRedis), against(row, MEMORY, memory)];
    console.log(
      `| ${[row, ...[OURS, SIMPLE, REDIS, MEMORY].map((name) => thousands(by[name])), ...ratios].join(' | ')} |`,
    );
  }
  const versions = ['pg', 'express', 'express-session', SIMPLE].map((name) => `${name} ${versionOf(name)}`);
  const others = Object.entries(redis?.versions ?? {}).map(([name, version]) => `${name} ${version}`);
  console.log(`\nNode ${process.versions.node}, ${[...versions, ...others].join(', ')}. ${os.cpus().length} cores.`);
  if (noRedis !== undefined) console.log(`Without connect-redis: ${noRedis}.`);
  if (values.json) writeFileSync(values.json, `${JSON.stringify(results, null, 2)}\n`);
  console.log(missed > 0 ? `${missed} floors missed` : 'all floors reached');
  process.exitCode = missed > 0 ? 1 : 0;
}
