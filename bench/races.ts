// npm run races [-- --rounds 1000] [--url URL] [--json FILE]   Races requests with one session against each other, in two
// processes, on this store and on others. Fails when this one loses or revives anything.
import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { startLocalServer } from '../dev/postgres/local-postgres.js';
import { makeTable, PREDECESSORS, quotedName, versionOf } from '../test/support/stores.js';
import type { AppOptions } from './support/races-app.js';
import { type Apps, SCENARIOS, type Scenario } from './support/races-scenarios.js';
import { startRedis, whyNoRedis } from './support/redis.js';

const OURS = 'connect-pg-typed';
const STORES = [OURS, ...PREDECESSORS, 'connect-redis', 'MemoryStore'] as const;
type Name = (typeof STORES)[number];
type Counts = Partial<Record<Name, number>>;
interface Row {
  scenario: string;
  rounds: number;
  wrong: Counts;
}

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '1000' }, url: { type: 'string' }, json: { type: 'string' } },
});
const asked = Number(values.rounds);
if (!Number.isInteger(asked) || asked < 1) throw new Error('--rounds must be a positive whole number');

let cleaning: Promise<void> | undefined;
const begun = performance.now();
const noRedis = whyNoRedis();
const redis = noRedis === undefined ? await startRedis() : undefined;
const dataDir = mkdtempSync(path.join(os.tmpdir(), 'races-')); // a cluster that waits for its disk, as a real one does
const local = values.url === undefined ? await startLocalServer({ dataDir }) : undefined;
const url = values.url ?? local!.url;
const pool = new pg.Pool({ connectionString: url });
pool.on('error', () => {}); // at an interrupt the server may go first
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => cleanUp().finally(() => process.exit(1)));
}
const rows: Row[] = SCENARIOS.map(({ title, limit = asked }) => ({
  scenario: title,
  rounds: Math.min(limit, asked),
  wrong: {},
}));
const stores = STORES.filter((name) => redis || name !== 'connect-redis');
let versions: Record<string, string>;
try {
  versions = await versionsInUse();
  for (const name of stores) {
    const started = performance.now();
    await race(name);
    console.log(`${name}: ${Math.round((performance.now() - started) / 1000)} s`);
  }
} finally {
  await cleanUp();
}

const seconds = Math.round((performance.now() - begun) / 1000);
console.log(`
${table()}

Rounds that went wrong. Each has a session of its own and requests in two processes; MemoryStore, which two can't share,
has one process. Blank: not tried. Saves are made to fail by renaming the table.
${noRedis === undefined ? '' : `Without connect-redis: ${noRedis}.\n`}`);
const inUse = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
console.log(`${inUse.join(', ')}. ${os.cpus().length} cores, ${seconds} s.`);
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify({ versions, seconds, rows }, null, 2)}\n`);
const complaints = SCENARIOS.flatMap(complaintsOf);
for (const complaint of complaints) console.error(complaint);
process.exitCode = complaints.length > 0 ? 1 : 0;

function cleanUp(): Promise<void> {
  cleaning ??= (async () => {
    await Promise.all([pool.end(), redis?.stop(), local?.stop()]);
    rmSync(dataDir, { recursive: true, force: true });
  })();
  return cleaning;
}

/** All scenarios with one store. */
async function race(name: Name): Promise<void> {
  const place = { pool, schemaName: `races ${randomBytes(4).toString('hex')}`, tableName: 'session' };
  const inTable = name !== 'connect-redis' && name !== 'MemoryStore';
  if (inTable) await makeTable(name, place);
  const { schemaName, tableName } = place;
  const options: AppOptions = { store: name, url, schemaName, tableName, redisPort: redis?.port };
  const apps = await Promise.all(Array.from({ length: name === 'MemoryStore' ? 1 : 2 }, () => startApp(options)));
  const [first, second = first] = apps.map(({ base }) => base) as [string, string?];
  try {
    for (const [index, scenario] of SCENARIOS.entries()) {
      if (scenario.savesFail && !inTable) continue;
      if (scenario.mendsPrevious && name !== OURS) continue;
      if (scenario.savesFail) await pool.query(`ALTER TABLE ${quotedName(place)} RENAME TO elsewhere`);
      rows[index]!.wrong[name] = await countWrong(scenario, rows[index]!.rounds, [first, second]);
      if (scenario.savesFail) {
        await pool.query(`ALTER TABLE ${quotedName({ ...place, tableName: 'elsewhere' })} RENAME TO session`);
      }
    }
  } catch (error) {
    throw new Error(`${name} did not get through`, { cause: error });
  } finally {
    await Promise.all(apps.map(stopApp));
    if (inTable) await pool.query(`DROP SCHEMA ${pg.escapeIdentifier(schemaName)} CASCADE`);
  }
}

async function countWrong(scenario: Scenario, rounds: number, [first, second]: [string, string]): Promise<number> {
  let next = 0;
  let wrong = 0;
  const work = async () => {
    while (next < rounds) {
      const apps: Apps = next++ % 2 ? { one: first, other: second } : { one: second, other: first };
      const failed = await scenario.round(apps).catch((error) => {
        throw new Error(scenario.title, { cause: error });
      });
      if (failed) wrong++;
    }
  };
  await Promise.all(Array.from({ length: scenario.atOnce }, work));
  return wrong;
}

/** What fails the run: a count of ours, and a scenario that shows nothing because nobody fails in it. */
function complaintsOf({ title, beyondStores, mendsPrevious }: Scenario, index: number): string[] {
  const { rounds, wrong } = rows[index]!;
  const complaints: string[] = [];
  const ours = wrong[OURS]!;
  if (!beyondStores && ours > 0) complaints.push(`${OURS} went wrong in ${ours} of ${rounds} rounds: ${title}`);
  const { [OURS]: before = 0, ...others } = mendsPrevious ? rows[index - 1]!.wrong : wrong;
  if (Math.max(mendsPrevious ? before : 0, ...Object.values(others)) === 0) {
    complaints.push(`shows nothing, since it goes wrong nowhere: ${title}`);
  }
  return complaints;
}

async function startApp(options: AppOptions): Promise<{ base: string; child: ChildProcess }> {
  const child = fork(fileURLToPath(new URL('support/races-app.ts', import.meta.url)), [JSON.stringify(options)]);
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the app on ${options.store} ended with ${code}`);
  });
  const [port] = await Promise.race([once(child, 'message'), ended]);
  return { base: `http://127.0.0.1:${port}`, child };
}

async function stopApp({ child }: { child: ChildProcess }): Promise<void> {
  if ((child.exitCode ?? child.signalCode) !== null) return;
  const gone = once(child, 'exit');
  if (child.connected) child.disconnect();
  await gone;
}

async function versionsInUse(): Promise<Record<string, string>> {
  const { rows: settings } = await pool.query('SHOW server_version');
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  const installed = [...PREDECESSORS, 'express', 'express-session', 'pg'];
  return {
    Node: process.versions.node,
    PostgreSQL: settings[0].server_version,
    [OURS]: version,
    ...Object.fromEntries(installed.map((name) => [name, versionOf(name)])),
    ...redis?.versions,
  };
}

function table(): string {
  const line = (cells: (string | number)[]) => `| ${cells.join(' | ')} |`;
  const body = rows.map(({ scenario, rounds, wrong }) =>
    line([scenario, rounds, ...stores.map((name) => wrong[name] ?? '')]),
  );
  return [line(['', 'rounds', ...stores]), line(['---', ...[...'.', ...stores].map(() => '---:')]), ...body].join('\n');
}
