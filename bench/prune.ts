// node --import tsx bench/prune.ts [--rows 1000000] [--json FILE]   Prunes as many expired sessions as there are live ones,
// while others use those: how long a batch takes and holds its locks, and what live reads feel of it.
import { type ChildProcess, fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { type LocalServer, startLocalServer } from '../dev/local-postgres.js';
import { PgSessionStore } from '../src/index.js';
import { pruneSessions } from '../src/queries/admin.js';
import { readSessions } from '../src/queries/session.js';
import { bindTable } from '../src/table.js';
import { sessionFor } from '../test/support/stores.js';

interface Latency {
  calls: number;
  p50: number;
  p99: number;
  max: number;
}
interface Result {
  title: string;
  batchSize: number;
  pruned: number;
  seconds: number;
  /** Milliseconds of the batches: in all, of the first and the last twentieth, and the medians of tenths. */
  batches: { count: number; median: number; max: number; first: number; last: number; tenths: number[] };
  /** Milliseconds of live gets. */
  gets: { before: Latency; during: Latency; after: Latency };
  callsPerSecond: { before: number; during: number };
}
interface Plan {
  when: string;
  /** One batch: milliseconds and pages, in all and of the expire index's scan, and the ways by which it finds its rows. */
  batch: { ms: number; pages: number; scanPages: number; scans: string[] };
  /** Planning a read of 32 sessions: the planner looks for the end of the expire index. */
  read: { ms: number; pages: number };
}
type Phase = 'before' | 'during' | 'after';
interface Setting {
  expired: number;
  /** Whether an old transaction is open, such as a dump's, so that nobody may forget what was deleted. */
  holdSnapshot?: boolean;
  /** Whether the autovacuum may come. */
  vacuum?: boolean;
}

const NAMES = { schemaName: 'bench', tableName: 'session' };
const TABLE = 'bench.session';
const SETTINGS = { shared_buffers: '1GB', max_wal_size: '4GB' }; // as on a small machine of its own
const ON = ['fsync', 'synchronous_commit', 'full_page_writes', 'autovacuum'];
const LOAD = { workers: 16, pauseMs: 16 }; // each asks again 16 ms after it has asked: at most 1,000 calls a second
const KINDS = ['get', 'get', 'get', 'get', 'get', 'get', 'touch', 'update'] as const;
const SESSION = sessionFor(2 * 86_400);
const DEFAULT_BATCH = 1000;
const PROCESSES = 4;

const urlOfParent = process.env.PRUNE_URL;
if (urlOfParent !== undefined) {
  await pruneWhenTold(urlOfParent);
  process.exit();
}

const { values } = parseArgs({ options: { rows: { type: 'string', default: '1000000' }, json: { type: 'string' } } });
const rows = Number(values.rows);
if (!Number.isInteger(rows) || rows < 10_000) throw new Error('--rows must be a whole number from 10000');

let cleaning: Promise<void> | undefined;
const begun = performance.now();
const children: ChildProcess[] = [];
const dataDir = mkdtempSync(path.join(os.tmpdir(), 'prune-')); // a cluster that waits for its disk, as a real one does
let server: LocalServer | undefined = await startLocalServer({ dataDir });
let admin = newPool();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => cleanUp().finally(() => process.exit(1)));
}
const results: Result[] = [];
const plans: Plan[] = [];
let version: string;
let leaders: { pruned: number[]; seconds: number };
try {
  version = await configure();
  await makeTable();
  const few = Math.ceil(rows / 10);
  for (const batchSize of [DEFAULT_BATCH, 100, 10_000]) {
    results.push(await measure('all', batchSize, { expired: rows }));
  }
  results.push(await measure('a tenth, no vacuum', DEFAULT_BATCH, { expired: few, vacuum: false }));
  results.push(await measure('a tenth, old snapshot', DEFAULT_BATCH, { expired: few, holdSnapshot: true }));
  await lookAtPlans(few);
  leaders = await raceForTheLead(few);
} finally {
  await cleanUp();
}

const seconds = Math.round((performance.now() - begun) / 1000);
console.log(`
${rows.toLocaleString('en')} live sessions of about 300 bytes, and as many expired ones, or a tenth as many

${batchTable()}

Milliseconds. First, last: median of the first and the last twentieth of the batches. No vacuum: the autovacuum is off. Old
snapshot: a transaction from before is open, as a dump's is.

${readTable()}

Milliseconds of a live get: median / 99 % / longest. ${LOAD.workers} workers ask for a session each ${LOAD.pauseMs} ms, touch
it or update it.

${planTable()}

One batch, and a read of 32 sessions that is planned anew, while a tenth as many expired sessions as live ones go, without
a vacuum. Pages: 8 kB, read or found in memory.

Four processes at once: ${leaders.pruned.join(' + ')} rows in ${leaders.seconds.toFixed(1)} s.

PostgreSQL ${version} with ${ON.join(', ')} on. ${os.cpus().length} cores, ${seconds} s.`);
if (values.json !== undefined) {
  const all = { version, settings: SETTINGS, seconds, rows, results, plans, leaders };
  writeFileSync(values.json, `${JSON.stringify(all, null, 2)}\n`);
}

function newPool(max = 10): pg.Pool {
  const pool = new pg.Pool({ connectionString: server!.url, max });
  pool.on('error', () => {}); // at an interrupt the server may go first
  return pool;
}

function newStore(pool: pg.Pool, pruneBatchSize = DEFAULT_BATCH): PgSessionStore {
  return new PgSessionStore({ pool, ...NAMES, pruneSessionInterval: false, pruneBatchSize });
}

function cleanUp(): Promise<void> {
  cleaning ??= (async () => {
    for (const process of children) process.kill();
    await admin.end();
    await server?.stop();
    rmSync(dataDir, { recursive: true, force: true });
  })();
  return cleaning;
}

async function configure(): Promise<string> {
  for (const [name, value] of Object.entries(SETTINGS)) await admin.query(`ALTER SYSTEM SET ${name} = '${value}'`);
  await admin.end();
  await server!.stop();
  server = undefined; // should it not come back
  server = await startLocalServer({ dataDir });
  admin = newPool();
  for (const name of ON) {
    const found = await admin.query(`SELECT current_setting('${name}') AS value`);
    if (found.rows[0].value !== 'on') throw new Error(`${name} is off: these figures would mean nothing`);
  }
  return (await admin.query(`SELECT current_setting('server_version') AS version`)).rows[0].version;
}

async function makeTable(): Promise<void> {
  await newStore(admin).createTable({ createSchema: true });
  await insert('live', rows, `now() + interval '1 day' + random() * interval '1 day'`);
}

/** Their order in the table is not that of their expiries, since sessions live as long as they are used. */
async function insert(prefix: string, count: number, expire: string): Promise<void> {
  await admin.query(
    `INSERT INTO ${TABLE} SELECT
      md5('${prefix}' || n),
      ('{"cookie":{"originalMaxAge":86400000,"path":"/"},"data":"' || repeat(md5(n::text), 7) || '"}')::json,
      ${expire}
    FROM generate_series(1, ${count}) AS n`,
  );
}

/** The statistics are of live rows, as they are where pruning is regular. */
async function expireSessions(count: number): Promise<void> {
  await admin.query(`ALTER TABLE ${TABLE} SET (autovacuum_enabled = off)`);
  await admin.query(`VACUUM (ANALYZE) ${TABLE}`);
  await insert('expired', count, `now() - random() * interval '1 day'`);
}

async function measure(title: string, batchSize: number, setting: Setting): Promise<Result> {
  const { expired, holdSnapshot = false, vacuum = true } = setting;
  await expireSessions(expired);
  if (vacuum) await admin.query(`ALTER TABLE ${TABLE} RESET (autovacuum_enabled)`);
  await admin.query('CHECKPOINT');
  const pool = newPool(1);
  const times = timesOf(pool);
  const store = newStore(pool, batchSize);
  const live = liveLoad();
  const dump = await admin.connect();
  try {
    if (holdSnapshot) await dump.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1');
    await sleep(1000); // connections are made
    live.enter('before');
    await sleep(3000);
    live.enter('during');
    const started = performance.now();
    const pruned = await store.pruneSessions();
    const elapsed = (performance.now() - started) / 1000;
    live.enter('after');
    await sleep(3000);
    const { gets, callsPerSecond } = await live.stop();
    await check(expired, pruned);
    const result = { title, batchSize, pruned, seconds: elapsed, batches: summary(times), gets, callsPerSecond };
    console.log(`${title}, batches of ${batchSize}: ${elapsed.toFixed(1)} s`);
    return result;
  } finally {
    await live.stop();
    await dump.query('ROLLBACK');
    dump.release();
    await store.close();
    await pool.end();
  }
}

/** How long each statement of the pool has taken, as it goes. */
function timesOf(pool: pg.Pool): number[] {
  const times: number[] = [];
  pool.on('connect', (client) => {
    const query = client.query.bind(client) as (...args: unknown[]) => Promise<unknown>;
    Object.assign(client, {
      query: async (...args: unknown[]) => {
        const started = performance.now();
        const result = await query(...args);
        times.push(performance.now() - started);
        return result;
      },
    });
  });
  return times;
}

function summary(times: number[]): Result['batches'] {
  const batches = times.slice(0, -1); // the last found nothing
  const twentieth = Math.max(1, Math.floor(batches.length / 20));
  const tenths = Array.from({ length: 10 }, (_, n) =>
    median(batches.slice((n * batches.length) / 10, ((n + 1) * batches.length) / 10)),
  );
  return {
    count: batches.length,
    median: median(batches),
    max: Math.max(...batches),
    first: median(batches.slice(0, twentieth)),
    last: median(batches.slice(-twentieth)),
    tenths,
  };
}

/** Live sessions in use, until it is stopped. Fails when one of them is not there. */
function liveLoad() {
  const pool = newPool();
  const store = newStore(pool);
  const gets: Record<Phase, number[]> = { before: [], during: [], after: [] };
  const calls: Record<Phase, number> = { before: 0, during: 0, after: 0 };
  const lengths: Record<Phase, number> = { before: 0, during: 0, after: 0 };
  let phase: Phase | undefined;
  let entered = 0;
  let missing = 0;
  let stopping: Promise<unknown> | undefined;
  let isStopped = false;
  store.on('gone', () => missing++);

  const enter = (next: Phase | undefined) => {
    if (phase) lengths[phase] = (performance.now() - entered) / 1000;
    phase = next;
    entered = performance.now();
  };
  const work = async (worker: number) => {
    await sleep((LOAD.pauseMs * worker) / LOAD.workers);
    for (let n = 0; !isStopped; n++) {
      const kind = KINDS[(n + worker) % KINDS.length];
      const sid = sidOfLive(1 + Math.floor(Math.random() * rows));
      const started = performance.now();
      const during = phase;
      if (kind === 'get') {
        if (!(await store.get(sid))) missing++;
        if (during) gets[during].push(performance.now() - started);
      } else if (kind === 'touch') {
        await store.touch(sid, SESSION);
      } else if (!(await store.update(sid, (session) => Object.assign(session, { seen: Math.random() })))) {
        missing++;
      }
      if (during) calls[during]++;
      await sleep(Math.max(1, LOAD.pauseMs - (performance.now() - started)));
    }
  };
  const workers = Promise.all(Array.from({ length: LOAD.workers }, (_, worker) => work(worker)));
  workers.catch(() => {}); // stop() tells
  return {
    enter,
    async stop() {
      enter(undefined);
      isStopped = true;
      if (!stopping) {
        stopping = workers;
        await stopping.finally(() => pool.end());
      }
      if (missing > 0) throw new Error(`${missing} calls did not find their live session`);
      const rate = (of: 'before' | 'during') => calls[of] / lengths[of];
      return {
        gets: { before: latency(gets.before), during: latency(gets.during), after: latency(gets.after) },
        callsPerSecond: { before: rate('before'), during: rate('during') },
      };
    },
  };
}

function sidOfLive(n: number): string {
  return createHash('md5').update(`live${n}`).digest('hex');
}

function latency(times: number[]): Latency {
  const sorted = times.sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
  return { calls: sorted.length, p50: at(0.5), p99: at(0.99), max: at(1) };
}

function median(times: number[]): number {
  return [...times].sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? NaN;
}

async function check(expired: number, pruned: number): Promise<void> {
  const found = await admin.query(
    `SELECT count(*) FILTER (WHERE expire > now())::int AS live, count(*)::int AS all FROM ${TABLE}`,
  );
  const { live, all } = found.rows[0];
  if (live !== rows || all !== live || pruned !== expired) {
    throw new Error(`pruned ${pruned} of ${expired}; then there were ${all} rows, ${live} live of ${rows}`);
  }
}

async function lookAtPlans(expired: number): Promise<void> {
  await expireSessions(expired);
  const prune = async (count: number) => {
    for (let n = 0; n < count; n += DEFAULT_BATCH) {
      await pruneSessions.run({ key: '1', batch: DEFAULT_BATCH }, bindTable(admin, NAMES));
    }
  };
  const look = async (when: string) => plans.push({ when, ...(await planNow()) });
  await look('nothing is pruned');
  await prune(expired / 2);
  await look('half is pruned');
  await prune(expired * 0.4);
  await look('nine tenths are pruned');
  await admin.query(`VACUUM ${TABLE}`);
  await look('after a vacuum');
  await prune(expired * 0.1);
}

async function planNow(): Promise<Omit<Plan, 'when'>> {
  const client = await admin.connect();
  let plan: any;
  const explaining = bindTable(
    {
      async query(text, values) {
        const { rows } = await client.query(`EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${text}`, values);
        plan = rows[0]['QUERY PLAN'][0];
        return { rows: [], rowCount: 0 };
      },
    },
    NAMES,
  );
  const sids = Array.from({ length: 32 }, (_, n) => sidOfLive(n + 1));
  try {
    for (let n = 0; n < 3; n++) await readSessions.run({ sids }, explaining); // the first looks up the catalog
    const read = { ms: plan['Planning Time'], pages: pagesOf(plan.Planning ?? {}) };
    await pruneSessions.run({ key: '1', batch: DEFAULT_BATCH }, explaining);
    const scans = nodesOf(plan.Plan).filter((node) => /Scan/.test(node['Node Type']) && node['Relation Name']);
    const ofExpire = scans.find((node) => /expire/.test(node['Index Name']));
    const batch = {
      ms: plan['Execution Time'],
      pages: pagesOf(plan.Plan),
      scanPages: pagesOf(ofExpire ?? {}),
      scans: scans.map((node) => [node['Node Type'], node['Index Name']].filter(Boolean).join(' ')),
    };
    return { batch, read };
  } finally {
    client.release();
  }
}

function nodesOf(plan: any): any[] {
  return [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];
}

function pagesOf(node: any): number {
  return (node['Shared Hit Blocks'] ?? 0) + (node['Shared Read Blocks'] ?? 0);
}

/** Several processes try at once. Between two batches of the one that leads another may take over, and the first then stops. */
async function raceForTheLead(expired: number): Promise<{ pruned: number[]; seconds: number }> {
  await expireSessions(expired);
  const env = { ...process.env, PRUNE_URL: server!.url };
  for (let n = 0; n < PROCESSES; n++) children.push(fork(fileURLToPath(import.meta.url), { env }));
  await Promise.all(children.map(answerOf));
  const started = performance.now();
  const answers = Promise.all(children.map(answerOf));
  for (const process of children) process.send('go');
  const pruned = (await answers) as number[];
  const elapsed = (performance.now() - started) / 1000;
  await check(
    expired,
    pruned.reduce((sum, count) => sum + count, 0),
  );
  return { pruned, seconds: elapsed };
}

async function answerOf(child: ChildProcess): Promise<unknown> {
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`a pruner ended with ${code}`);
  });
  ended.catch(() => {}); // it does end, when it has answered
  const [answer] = await Promise.race([once(child, 'message'), ended]);
  return answer;
}

async function pruneWhenTold(connectionString: string): Promise<void> {
  const pool = new pg.Pool({ connectionString });
  const store = newStore(pool);
  await store.length(); // it is connected
  process.send!('ready');
  await once(process, 'message');
  const pruned = await store.pruneSessions();
  await new Promise((resolve) => process.send!(pruned, resolve));
  await store.close();
  await pool.end();
}

function asTable(heads: string[], body: string[][]): string {
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`;
  return [line(heads), line(heads.map((_, n) => (n === 0 ? '---' : '---:'))), ...body.map(line)].join('\n');
}

function batchTable(): string {
  const heads = ['pruned', 'batch size', 'seconds', 'batches', 'median', 'longest', 'first', 'last'];
  return asTable(
    heads,
    results.map(({ title, batchSize, seconds, batches }) => {
      const times = [batches.median, batches.max, batches.first, batches.last].map((time) => time.toFixed(1));
      return [title, String(batchSize), seconds.toFixed(1), String(batches.count), ...times];
    }),
  );
}

function readTable(): string {
  const cell = ({ p50, p99, max }: Latency) => [p50, p99, max].map((time) => time.toFixed(1)).join(' / ');
  return asTable(
    ['pruned', 'batch size', 'before', 'during', 'after', 'calls/s before', 'during'],
    results.map(({ title, batchSize, gets, callsPerSecond: { before, during } }) => [
      title,
      String(batchSize),
      ...[gets.before, gets.during, gets.after].map(cell),
      before.toFixed(0),
      during.toFixed(0),
    ]),
  );
}

function planTable(): string {
  return asTable(
    ['', 'batch ms', 'pages', 'of the scan by expire', 'by', 'planning a read ms', 'pages'],
    plans.map(({ when, batch, read }) => [
      when,
      batch.ms.toFixed(1),
      String(batch.pages),
      String(batch.scanPages),
      batch.scans.join(', '),
      read.ms.toFixed(2),
      String(read.pages),
    ]),
  );
}
