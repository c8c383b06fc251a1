// Compares this tree's build with another build of the package: in one process, in turns, on one
// PostgreSQL.
import { existsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Store } from 'express-session';
import pg from 'pg';
import { quotedName } from '../../test/support/stores.js';
import { build } from './build.js';
import { tableOf } from './docs-tables.js';
import { type Measured, median, OWN_OPERATIONS, quantile, run } from './load.js';
import { startServer } from './postgres.js';
import { fillTable, SESSIONS } from './sessions.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const AGAINST_ROUNDS = 15;
const AT_ONCE = [1, 16, 128];
/** V8 still optimizes the code after 5000 calls. */
const WARM_UP = { calls: 10_000, ms: 5000 };
const POOL_SIZE = 10;
/** An operation is slower if both of its ratios are below this. */
const MIN_RATIO = 0.97;
/** Noise can lower both: a slower operation is measured again. The last measurement counts. */
const MAX_MEASUREMENTS = 3;
const CASES = OWN_OPERATIONS.flatMap((operation) =>
  AT_ONCE.map((atOnce) => ({ name: `${operation}, ${atOnce} at once`, operation, atOnce })),
);
type Case = (typeof CASES)[number];

export interface AgainstOptions {
  /** The other checkout. */
  dir: string;
  /** Measures only the operations whose name contains this text. Default: all. */
  only?: string | undefined;
  rounds: number;
  /** Milliseconds of each measurement. */
  ms: number;
}

export interface Comparison {
  name: string;
  /** Calls per second: medians, and the median of the rounds' ratios this / other. */
  rate: { this: number; other: number; ratio: number };
  /** CPU in microseconds per call: lower quartiles, and their ratio other / this. */
  cpu: { this: number; other: number; ratio: number };
  rounds: Record<'this' | 'other', { rate: number; cpu: number }>[];
}

export interface Against {
  versions: Record<string, string>;
  cores: number;
  other: string;
  comparisons: Comparison[];
}

/** A build of the package with its own pool and table. */
interface Build {
  pool: pg.Pool;
  table: string;
  store: Store;
}

export async function compareBuilds({ dir, only = '', rounds, ms }: AgainstOptions): Promise<Against> {
  const cases = CASES.filter(({ name }) => name.includes(only));
  if (cases.length === 0)
    throw new Error(`--only "${only}" matches none of: ${CASES.map(({ name }) => name).join('; ')}`);
  const other = path.resolve(dir);
  if (!existsSync(path.join(other, 'package.json'))) throw new Error(`${other} must be a checkout of the package`);
  build();
  if (!existsSync(entryOf(other))) build(other);

  // Autovacuum or a checkpoint would disturb one of the builds.
  const server = await startServer({ autovacuum: 'off', max_wal_size: '8GB' });
  const openPool = () => new pg.Pool({ connectionString: server.url, max: POOL_SIZE });
  const [pool, otherPool] = [openPool(), openPool()];
  try {
    const builds = [await openBuild(ROOT, 'this', pool), await openBuild(other, 'other', otherPool)];
    const comparisons: Comparison[] = [];
    for (const one of cases) {
      let comparison: Comparison;
      let measurements = 0;
      do {
        console.error(`measuring ${one.name}${measurements > 0 ? ' again' : ''}`);
        comparison = await compare(one, builds, { rounds, ms });
      } while (isSlower(comparison) && ++measurements < MAX_MEASUREMENTS);
      comparisons.push(comparison);
    }
    const versions = { node: process.versions.node, PostgreSQL: server.version };
    return { versions, cores: os.cpus().length, other, comparisons };
  } finally {
    await Promise.all([pool.end(), otherPool.end()]);
    await server.stop();
  }
}

export function reportOf({ versions, cores, other, comparisons }: Against): string {
  const numbers = ({ this: ours, other: theirs, ratio }: Comparison['rate'], digits: number) => [
    ours.toFixed(digits),
    theirs.toFixed(digits),
    ratio.toFixed(3),
  ];
  const rows = comparisons.map(({ name, rate, cpu }) => [name, ...numbers(rate, 0), ...numbers(cpu, 1)]);
  const heads = [
    '',
    'this, calls/s',
    'other, calls/s',
    'this / other',
    'this, CPU µs',
    'other, CPU µs',
    'other / this',
  ];
  const all = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return `${all.join(', ')}, ${cores} cores shared by client and server. Other: ${other}
A ratio above 1 means that this tree is better. CPU is per call, of the Node process.

${tableOf(heads, rows)}`;
}

export function slowerOperations({ comparisons }: Against): string[] {
  return comparisons.filter(isSlower).map(({ name, rate, cpu }) => {
    return `slower: ${name}: calls/s ${rate.ratio.toFixed(3)}, CPU ${cpu.ratio.toFixed(3)} (minimum ${MIN_RATIO})`;
  });
}

function isSlower({ rate, cpu }: Comparison): boolean {
  return rate.ratio < MIN_RATIO && cpu.ratio < MIN_RATIO;
}

function entryOf(root: string): string {
  return path.join(root, 'dist/esm/index.js');
}

async function openBuild(root: string, name: string, pool: pg.Pool): Promise<Build> {
  const { PgSessionStore } = await import(pathToFileURL(entryOf(root)).href);
  const names = { schemaName: `bench ${name}`, tableName: 'session' };
  await pool.query(`CREATE SCHEMA ${pg.escapeIdentifier(names.schemaName)}`);
  const store = new PgSessionStore({ pool, ...names, pruneSessionInterval: false });
  await store.createTable();
  const table = quotedName(names);
  await fillTable(pool, table, { to: SESSIONS });
  return { pool, table, store };
}

async function compare(
  { name, operation, atOnce }: Case,
  builds: Build[],
  { rounds, ms }: { rounds: number; ms: number },
): Promise<Comparison> {
  const measure = async ({ store, pool, table }: Build, until: { ms?: number; calls?: number }): Promise<Measured> => {
    if (operation !== 'destroy') return run(store, operation, { atOnce, ...until });
    let next = 0;
    const measured = await run(store, operation, { atOnce, ...until, calls: SESSIONS, nextSession: () => next++ });
    await fillTable(pool, table, { to: next });
    return measured;
  };
  for (const one of builds) {
    await measure(one, WARM_UP);
    await one.pool.query(`VACUUM ANALYZE ${one.table}`);
  }
  const taken: Comparison['rounds'] = [];
  for (let round = 0; round < rounds; round++) {
    const both: Measured[] = [];
    for (const which of round % 2 ? [1, 0] : [0, 1]) both[which] = await measure(builds[which]!, { ms });
    const [ours, theirs] = both.map(({ rate, cpu }) => ({ rate, cpu }));
    taken.push({ this: ours!, other: theirs! });
  }
  const of = (which: 'this' | 'other', what: 'rate' | 'cpu') => taken.map((one) => one[which][what]);
  const cpu = { this: quantile(of('this', 'cpu'), 0.25), other: quantile(of('other', 'cpu'), 0.25) };
  return {
    name,
    rate: {
      this: median(of('this', 'rate')),
      other: median(of('other', 'rate')),
      ratio: median(taken.map((one) => one.this.rate / one.other.rate)),
    },
    cpu: { ...cpu, ratio: cpu.other / cpu.this },
    rounds: taken,
  };
}
