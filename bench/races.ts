// npm run races [-- --rounds 1000] [--url URL] [--json FILE]
//   Sends overlapping requests with one session to two processes, with this store and with others,
//   and counts the rounds that go wrong. Exits with 1 if this store loses or revives anything.
//   --url  uses this database. Default: a throwaway PostgreSQL.
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
const rounds = Number(values.rounds);
if (!Number.isInteger(rounds) || rounds < 1)
  throw new Error(`--rounds must be a positive whole number, not ${values.rounds}`);

let cleaning: Promise<void> | undefined;
const begun = performance.now();
const noRedis = whyNoRedis();
const redis = noRedis === undefined ? await startRedis() : undefined;
// A server with its own folder waits for its disk, as servers in production do.
const dataDir = mkdtempSync(path.join(os.tmpdir(), 'races-'));
const local = values.url === undefined ? await startLocalServer({ dataDir }) : undefined;
const url = values.url ?? local!.url;
const pool = new pg.Pool({ connectionString: url });
pool.on('error', () => {}); // after a signal, the server may stop before the pool
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => cleanUp().finally(() => process.exit(1)));
}
const rows: Row[] = SCENARIOS.map(({ title, limit = rounds }) => ({
  scenario: title,
  rounds: Math.min(limit, rounds),
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

The figures are the rounds that went wrong. Each round has a new session, and its requests go to two processes.
Two processes cannot share a MemoryStore, so it has one. Blank: not measured. Saves fail because the table is renamed.
${noRedis === undefined ? '' : `connect-redis was not measured: ${noRedis}.\n`}`);
const inUse = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
console.log(`${inUse.join(', ')}. ${os.cpus().length} cores, ${seconds} s.`);
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify({ versions, seconds, rows }, null, 2)}\n`);
const failures = SCENARIOS.flatMap(failuresOf);
for (const failure of failures) console.error(failure);
process.exitCode = failures.length > 0 ? 1 : 0;

function cleanUp(): Promise<void> {
  cleaning ??= (async () => {
    await Promise.all([pool.end(), redis?.stop(), local?.stop()]);
    rmSync(dataDir, { recursive: true, force: true });
  })();
  return cleaning;
}

/** Runs all scenarios with one store. */
async function race(name: Name): Promise<void> {
  const location = { pool, schemaName: `races ${randomBytes(4).toString('hex')}`, tableName: 'session' };
  const inTable = name !== 'connect-redis' && name !== 'MemoryStore';
  if (inTable) await makeTable(name, location);
  const { schemaName, tableName } = location;
  const options: AppOptions = { store: name, url, schemaName, tableName, redisPort: redis?.port };
  const apps = await Promise.all(Array.from({ length: name === 'MemoryStore' ? 1 : 2 }, () => startApp(options)));
  const [first, second = first] = apps.map(({ base }) => base) as [string, string?];
  try {
    for (const [index, scenario] of SCENARIOS.entries()) {
      if (scenario.savesFail && !inTable) continue;
      if (scenario.fixesPrevious && name !== OURS) continue;
      if (scenario.savesFail) await pool.query(`ALTER TABLE ${quotedName(location)} RENAME TO renamed`);
      rows[index]!.wrong[name] = await countWrong(scenario, rows[index]!.rounds, [first, second]);
      if (scenario.savesFail) {
        await pool.query(`ALTER TABLE ${quotedName({ ...location, tableName: 'renamed' })} RENAME TO session`);
      }
    }
  } catch (error) {
    throw new Error(`a scenario failed with ${name}`, { cause: error });
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
      const wentWrong = await scenario.round(apps).catch((error) => {
        throw new Error(scenario.title, { cause: error });
      });
      if (wentWrong) wrong++;
    }
  };
  await Promise.all(Array.from({ length: scenario.atOnce }, work));
  return wrong;
}

/**
 * The run fails if this store goes wrong, or if no store goes wrong: then the scenario is useless.
 */
function failuresOf({ title, beyondStores, fixesPrevious }: Scenario, index: number): string[] {
  const { rounds, wrong } = rows[index]!;
  const failures: string[] = [];
  const ours = wrong[OURS]!;
  if (!beyondStores && ours > 0) failures.push(`${OURS} went wrong in ${ours} of ${rounds} rounds: ${title}`);
  const { [OURS]: before = 0, ...others } = fixesPrevious ? rows[index - 1]!.wrong : wrong;
  if (Math.max(fixesPrevious ? before : 0, ...Object.values(others)) === 0) {
    failures.push(`the scenario proves nothing, because no store went wrong: ${title}`);
  }
  return failures;
}

async function startApp(options: AppOptions): Promise<{ base: string; child: ChildProcess }> {
  const child = fork(fileURLToPath(new URL('support/races-app.ts', import.meta.url)), [JSON.stringify(options)]);
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the app with ${options.store} exited with code ${code}`);
  });
  const [port] = await Promise.race([once(child, 'message'), ended]);
  return { base: `http://127.0.0.1:${port}`, child };
}

async function stopApp({ child }: { child: ChildProcess }): Promise<void> {
  if ((child.exitCode ?? child.signalCode) !== null) return;
  const exited = once(child, 'exit');
  if (child.connected) child.disconnect();
  await exited;
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
