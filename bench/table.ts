// node --import tsx bench/table.ts [--rows 10000,1000000] [--json FILE]   What touches and saves cost a table, by its
// fillfactor and its index on `expire`: HOT updates, WAL, size. createTable's defaults come from here.
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import type { IDatabaseConnection } from '@pgtyped/runtime';
import pg from 'pg';
import { type LocalServer, startLocalServer } from '../dev/local-postgres.js';
import { onPool } from '../src/connection.js';
import { pruneSessions } from '../src/queries/admin.js';
import { createExpireIndex, createTable } from '../src/queries/schema.js';
import { replaceSessions, touchSessions } from '../src/queries/session.js';
import { bindTable } from '../src/table.js';

type Kind = 'touch' | 'save' | 'save alone'; // alone: the expiry stays as it was, so no indexed column changes
type Index = 'btree' | 'brin' | 'none';
interface Variant {
  index: Index;
  fillfactor: number;
}
interface Sizes {
  heap: number;
  key: number;
  expire: number;
}
interface Result extends Variant {
  rows: number;
  kind: Kind;
  updates: number;
  seconds: number;
  updatesPerSecond: number;
  /** Microseconds of the backends' CPU for each update; undefined where there is no /proc. */
  cpu: number | undefined;
  /** Percent of the updates that touched no index. */
  hot: number;
  /** Bytes of WAL for each update. */
  wal: number;
  /** Whole pages in the WAL for each update: the first change of a page after a checkpoint costs one. */
  pages: number;
  before: Sizes;
  after: Sizes;
  dead: number;
  vacuums: number;
  /** Milliseconds of a prune that finds nothing, median of three. */
  idlePrune: number;
}
type Counters = Record<'upd' | 'hot' | 'dead' | 'vacuums' | 'lsn' | 'fpi', number>;

const KINDS: Kind[] = ['touch', 'save', 'save alone'];
const BATCH = 32;
const AT_ONCE = 2; // as many as the store sends of a kind
const DAY = 86_400;
const NAMES = { schemaName: 'bench', tableName: 'session' };
const TABLE = 'bench.session';
// As on a small machine of its own. The run does in seconds what a site does in minutes: so does the autovacuum.
const SETTINGS = { shared_buffers: '1GB', max_wal_size: '4GB', autovacuum_naptime: '1s' };
const ON = ['fsync', 'synchronous_commit', 'full_page_writes', 'autovacuum'];

const ALL: Variant[] = (['btree', 'none'] as const).flatMap((index) =>
  [100, 90, 80, 70].map((fillfactor) => ({ index, fillfactor })),
);
const BRIN: Variant[] = [100, 80].map((fillfactor) => ({ index: 'brin', fillfactor }));
const FEW: Variant[] = [
  { index: 'btree', fillfactor: 100 },
  { index: 'btree', fillfactor: 80 },
  { index: 'none', fillfactor: 100 },
  { index: 'none', fillfactor: 80 },
  { index: 'brin', fillfactor: 80 },
];

const { values } = parseArgs({
  options: { rows: { type: 'string', default: '10000,1000000' }, json: { type: 'string' } },
});
const sizes = values.rows.split(',').map(Number);
if (!sizes.every((size) => Number.isInteger(size) && size >= 1000)) {
  throw new Error('--rows must be whole numbers from 1000, with commas between them');
}

let cleaning: Promise<void> | undefined;
const begun = performance.now();
const dataDir = mkdtempSync(path.join(os.tmpdir(), 'table-')); // a cluster that waits for its disk, as a real one does
let server: LocalServer | undefined = await startLocalServer({ dataDir });
let admin = newPool(1);
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => cleanUp().finally(() => process.exit(1)));
}
const results: Result[] = [];
let version: string;
try {
  await configure();
  version = (await one<{ version: string }>(`SELECT current_setting('server_version') AS version`)).version;
  await admin.query('CREATE SCHEMA bench');
  for (const rows of sizes) {
    for (const variant of rows > 100_000 ? FEW : [...ALL, ...BRIN]) await measure(rows, variant);
  }
} finally {
  await cleanUp();
}

const seconds = Math.round((performance.now() - begun) / 1000);
for (const rows of sizes) {
  console.log(`\n${rows.toLocaleString('en')} rows of about 1 kB, batches of ${BATCH}, ${AT_ONCE} at once\n`);
  console.log(table(results.filter((result) => result.rows === rows)));
}
const settings = Object.entries(SETTINGS).map(([name, value]) => `${name} ${value}`);
console.log(`
Each on a new table, right after a checkpoint. "save alone" leaves the expiry as it was. HOT: updates that touched no index.
WAL: bytes an update; pages: whole pages an update among them. Sizes in MB: before > after. Dead: rows that the autovacuum had
left at the end. Idle prune: one that finds nothing.

PostgreSQL ${version} with ${ON.join(', ')} on, ${settings.join(', ')}. ${os.cpus().length} cores, ${seconds} s.`);
if (values.json !== undefined) {
  writeFileSync(values.json, `${JSON.stringify({ version, settings: SETTINGS, seconds, results }, null, 2)}\n`);
}

function newPool(max: number, application_name = 'bench'): pg.Pool {
  const pool = new pg.Pool({ connectionString: server!.url, max, application_name });
  pool.on('error', () => {}); // at an interrupt the server may go first
  return pool;
}

function cleanUp(): Promise<void> {
  cleaning ??= (async () => {
    await admin.end();
    await server?.stop();
    rmSync(dataDir, { recursive: true, force: true });
  })();
  return cleaning;
}

async function configure(): Promise<void> {
  for (const [name, value] of Object.entries(SETTINGS)) await admin.query(`ALTER SYSTEM SET ${name} = '${value}'`);
  await admin.end();
  await server!.stop();
  server = undefined; // should it not come back
  server = await startLocalServer({ dataDir });
  admin = newPool(1);
  for (const name of ON) {
    const { value } = await one<{ value: string }>(`SELECT current_setting('${name}') AS value`);
    if (value !== 'on') throw new Error(`${name} is ${value}: these figures would mean nothing`);
  }
}

async function one<Row>(text: string): Promise<Row> {
  return (await admin.query(text)).rows[0];
}

/** Each kind on a new table. */
async function measure(rows: number, variant: Variant): Promise<void> {
  const { index, fillfactor } = variant;
  for (const kind of KINDS) {
    if (kind === 'save alone' && index !== 'btree') continue; // without the index it makes no difference
    await load(rows, variant);
    const updates = Math.min(10 * rows, kind === 'touch' ? 200_000 : 100_000);
    const result = await run({ rows, kind, updates, ...variant });
    results.push(result);
    console.log(`${rows} rows, ${index}, ${fillfactor}, ${kind}: ${result.seconds.toFixed(1)} s`);
  }
  await admin.query(`DROP TABLE ${TABLE}`);
}

async function load(rows: number, { index, fillfactor }: Variant): Promise<void> {
  const connection = bindTable(admin, NAMES);
  await admin.query(`DROP TABLE IF EXISTS ${TABLE}`);
  await createTable.run(undefined, connection);
  await admin.query(`ALTER TABLE ${TABLE} SET (fillfactor = ${fillfactor}, autovacuum_enabled = off)`);
  await admin.query(
    `INSERT INTO ${TABLE} SELECT
      md5('sid' || n),
      ('{"cookie":{"originalMaxAge":86400000,"httpOnly":true,"path":"/"},"changes":0,"data":"'
        || repeat(md5(n::text), 16 + n % 27) || '"}')::json,
      now() + random() * interval '12 hours' + interval '12 hours'
    FROM generate_series(0, ${rows - 1}) AS n`,
  );
  if (index === 'btree') await createExpireIndex.run(undefined, connection);
  if (index === 'brin') await admin.query(`CREATE INDEX ON ${TABLE} USING brin (expire)`);
  await admin.query(`ALTER TABLE ${TABLE} RESET (autovacuum_enabled)`);
  await admin.query(`VACUUM (ANALYZE) ${TABLE}`);
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex');
}

function sidOf(n: number): string {
  return md5(`sid${n}`);
}

function payloadOf(n: number, changes: number): string {
  const data = md5(String(n)).repeat(16 + (n % 27)); // 512 to 1,344 bytes
  return `{"cookie":{"originalMaxAge":86400000,"httpOnly":true,"path":"/"},"changes":${changes},"data":"${data}"}`;
}

async function run(plan: Variant & { rows: number; kind: Kind; updates: number }): Promise<Result> {
  const { rows, kind, updates } = plan;
  await admin.query('CHECKPOINT');
  const [before, start] = [await sizesNow(), await countersNow()];
  const pool = newPool(AT_ONCE, 'work');
  const connection = bindTable(onPool(pool, { prepare: true }), NAMES);
  const changes = new Uint32Array(rows);
  const batches = Math.ceil(updates / BATCH / AT_ONCE);
  const started = performance.now();
  const work = async (worker: number) => {
    for (let batch = 0; batch < batches; batch++) {
      const picked = new Set<number>(); // each worker has ids of its own, so that it knows what a save finds
      while (picked.size < BATCH) picked.add(Math.floor((Math.random() * rows) / AT_ONCE) * AT_ONCE + worker);
      const ids = [...picked].filter((n) => n < rows);
      const done = kind === 'touch' ? await touch(ids, connection) : await save(ids, changes, kind, connection);
      if (done !== ids.length) throw new Error(`a ${kind} of ${ids.length} sessions found ${done}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, (_, worker) => work(worker)));
  const elapsed = (performance.now() - started) / 1000;
  const cpu = await cpuOfWork();
  await pool.end(); // a backend that ends tells the statistics what it has kept back
  await gone();
  const [after, end] = [await sizesNow(), await countersNow()];
  const updated = end.upd - start.upd;
  return {
    ...plan,
    updates: updated,
    seconds: elapsed,
    updatesPerSecond: updated / elapsed,
    cpu: cpu && (cpu * 1e6) / updated,
    hot: (100 * (end.hot - start.hot)) / updated,
    wal: (end.lsn - start.lsn) / updated,
    pages: (end.fpi - start.fpi) / updated,
    before,
    after,
    dead: end.dead,
    vacuums: end.vacuums - start.vacuums,
    idlePrune: await idlePrune(),
  };
}

async function touch(ids: number[], connection: IDatabaseConnection): Promise<number> {
  const touched = await touchSessions.run(
    {
      sids: ids.map(sidOf),
      ttls: ids.map(() => DAY),
      mayShorten: ids.map(() => false),
      relaxed: true,
      lockTimeout: '200ms',
    },
    connection,
  );
  return touched.length;
}

async function save(ids: number[], changes: Uint32Array, kind: Kind, connection: IDatabaseConnection): Promise<number> {
  const replaced = await replaceSessions.run(
    {
      sids: ids.map(sidOf),
      loaded: ids.map((n) => payloadOf(n, changes[n]!)),
      payloads: ids.map((n) => payloadOf(n, ++changes[n]!)),
      ttls: ids.map(() => (kind === 'save' ? DAY : 0)), // it lives longer already: so it stays
      mayShorten: ids.map(() => false),
      lockTimeout: '200ms',
    },
    connection,
  );
  return replaced.length;
}

async function sizesNow(): Promise<Sizes> {
  const { rows } = await admin.query(
    `SELECT x.size::float8, x.name FROM (
      SELECT pg_relation_size('${TABLE}') AS size, 'heap' AS name
      UNION ALL
      SELECT pg_relation_size(indexrelid), CASE WHEN indisprimary THEN 'key' ELSE 'expire' END
      FROM pg_index WHERE indrelid = '${TABLE}'::regclass
    ) AS x`,
  );
  return { expire: 0, ...Object.fromEntries(rows.map(({ name, size }) => [name, size])) } as Sizes;
}

async function countersNow(): Promise<Counters> {
  return one(
    `SELECT
      t.n_tup_upd::float8 AS upd, t.n_tup_hot_upd::float8 AS hot, t.n_dead_tup::float8 AS dead,
      t.autovacuum_count::float8 AS vacuums,
      (pg_current_wal_insert_lsn() - '0/0')::float8 AS lsn, w.wal_fpi::float8 AS fpi
    FROM pg_stat_user_tables AS t, pg_stat_wal AS w
    WHERE t.relid = '${TABLE}'::regclass`,
  );
}

/** Seconds of CPU that the working backends have used. */
async function cpuOfWork(): Promise<number | undefined> {
  const { rows } = await admin.query(`SELECT pid FROM pg_stat_activity WHERE application_name = 'work'`);
  const stats = rows.map(({ pid }) => `/proc/${pid}/stat`);
  if (!stats.every((file) => existsSync(file))) return undefined;
  const ticks = stats.map((file) => readFileSync(file, 'utf8').split(') ')[1]!.split(' ')); // after the program's name
  return ticks.reduce((sum, fields) => sum + Number(fields[11]) + Number(fields[12]), 0) / 100;
}

async function gone(): Promise<void> {
  for (;;) {
    const { n } = await one<{ n: number }>(
      `SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name = 'work'`,
    );
    if (n === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function idlePrune(): Promise<number> {
  const times: number[] = [];
  for (let n = 0; n < 3; n++) {
    const started = performance.now();
    await pruneSessions.run({ key: '1', batch: 1000 }, bindTable(admin, NAMES));
    times.push(performance.now() - started);
  }
  return times.sort((a, b) => a - b)[1]!;
}

function table(rows: Result[]): string {
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`;
  const mb = (from: number, to: number) => `${(from / 1e6).toFixed(1)} > ${(to / 1e6).toFixed(1)}`;
  const heads = ['', 'index', 'fillfactor', 'HOT %', 'WAL', 'pages', 'updates/s', 'CPU us', 'heap', 'key', 'expire'];
  heads.push('dead', 'vacuums', 'idle prune ms');
  const body = rows.map((row) =>
    line([
      row.kind,
      row.index,
      String(row.fillfactor),
      row.hot.toFixed(1),
      row.wal.toFixed(0),
      row.pages.toFixed(2),
      row.updatesPerSecond.toFixed(0),
      row.cpu?.toFixed(0) ?? '',
      mb(row.before.heap, row.after.heap),
      mb(row.before.key, row.after.key),
      mb(row.before.expire, row.after.expire),
      String(row.dead),
      String(row.vacuums),
      row.idlePrune.toFixed(1),
    ]),
  );
  return [line(heads), line(['---', ...heads.slice(1).map(() => '---:')]), ...body].join('\n');
}
