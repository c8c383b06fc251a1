// Each code block of docs/deploying.md runs. test/package/package.test.ts runs those that bundle,
// and test/long/workers.test.ts the Worker.
import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import * as assert from 'uvu/assert';
import { startLocalServer } from '../../dev/postgres/local-postgres.js';
import { PgSessionStore } from '../../src/index.js';
import { compiled } from '../support/compiled.js';
import { freshNames, freshPool, searchPath, session } from '../support/fresh-store.js';
import { onEnd, suite } from '../support/harness.js';
import { pgbouncer, startPgBouncer } from '../support/pgbouncer.js';

const test = suite('deploying', { timeout: 60_000 });

const page = readFileSync('docs/deploying.md', 'utf8');
const blocks = [...page.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, language, text]) => ({ language, text: text! }));
const used = new Set<string>();

/** The only code block of this language with these words. */
function block(language: string, words: string): string {
  const found = blocks.filter((one) => one.language === language && one.text.includes(words));
  assert.is(found.length, 1, `docs/deploying.md needs one ${language} block with ${words}`);
  used.add(found[0]!.text);
  return found[0]!.text;
}

function scratchFolder(): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'deploying-'));
  onEnd(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** A connection string to an empty schema that only this test uses. */
async function freshSchemaUrl(base = process.env.TEST_SERVER_URL!): Promise<string> {
  const { schemaName } = freshNames();
  await freshPool({ connectionString: base }).query(`CREATE SCHEMA ${pg.escapeIdentifier(schemaName)}`);
  const url = new URL(base);
  url.searchParams.set('options', searchPath(schemaName));
  return url.href;
}

/** Runs shell commands, in which npx starts this package's command line. */
async function shell(script: string, cwd: string, env: NodeJS.ProcessEnv): Promise<string> {
  const bin = path.join(cwd, 'bin');
  mkdirSync(bin);
  writeFileSync(
    path.join(bin, 'npx'),
    `#!/bin/sh\nshift\nexec ${process.execPath} ${compiled('src/cli/main.ts')} "$@"\n`,
  );
  chmodSync(path.join(bin, 'npx'), 0o755);
  const all = { ...process.env, PATH: `${bin}:${process.env.PATH}`, ...env };
  return (await promisify(execFile)('/bin/sh', ['-ec', script], { cwd, env: all })).stdout;
}

/**
 * Runs a program of the page with these values for its free names, and returns its pool and its
 * store.
 */
async function evaluate(
  program: string,
  given: Record<string, unknown>,
): Promise<{ pool: pg.Pool; store?: PgSessionStore }> {
  const names = Object.keys(given);
  const result = ['pool', 'store'].filter((name) => program.includes(`const ${name} =`));
  const body = `${program.replace(/^import .*$/gm, '')}\nreturn { ${result} };`;
  const made = new Function(...names, body)(...Object.values(given));
  onEnd(async () => {
    await made.store?.close();
    if (result.includes('pool')) await made.pool.end();
  });
  return made;
}

const processWith = (env: Record<string, string>) => ({ env });

test('the commands of the release step create the table and check it', async () => {
  const output = await shell(block('sh', 'connect-pg-typed doctor'), scratchFolder(), {
    DATABASE_URL: await freshSchemaUrl(),
  });
  assert.match(output, /^created the table, the index on expire\n.*\nno problem found\n$/s);
});

/**
 * Whether a server accepts new connections. fetch() would keep a connection open, which the server
 * serves.
 */
async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  return once(socket, 'connect').then(
    () => Boolean(socket.destroy()),
    () => false,
  );
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test(`the server, started by the CMD of the Dockerfile, answers a slow request after ${signal} and exits with 0`, async () => {
    const [, command] = /^CMD (.*)$/m.exec(block('dockerfile', 'CMD'))!;
    const [program, file] = JSON.parse(command!);
    const folder = scratchFolder();
    symlinkSync(path.resolve('node_modules'), path.join(folder, 'node_modules'));
    const text = block('js', 'server.close').replace("'connect-pg-typed'", JSON.stringify(compiled('src/index.ts')));
    writeFileSync(path.join(folder, file), text);
    const url = await freshSchemaUrl();
    const pool = freshPool({ connectionString: url });
    await new PgSessionStore({ pool, pruneSessionInterval: false }).createTable();
    const PORT = String(20_000 + (process.pid % 10_000));
    const env = { ...process.env, DATABASE_URL: url, PORT, SESSION_SECRET: 'test' };
    const server = spawn(program, [file], { cwd: folder, env, stdio: 'inherit' });
    onEnd(() => server.kill('SIGKILL'));
    const address = `http://127.0.0.1:${PORT}`;
    while (!(await fetch(`${address}/ready`).catch(() => sleep(50, undefined)))?.ok) assert.is(server.exitCode, null);

    const client = await pool.connect();
    await client.query('BEGIN; LOCK session');
    const slow = fetch(`${address}/theme/dark`, { method: 'POST' });
    const waiting = "SELECT FROM pg_locks WHERE relation = 'session'::regclass AND NOT granted";
    while ((await client.query(waiting)).rowCount === 0) await sleep(10);
    const exited = once(server, 'exit');
    server.kill(signal);
    while (await accepts(Number(PORT))) await sleep(10);
    await client.query('COMMIT');
    client.release();

    const response = await slow;
    assert.equal([response.status, await response.text()], [200, 'dark']);
    assert.equal(await exited, [0, null]);
    assert.is((await pool.query(`SELECT FROM session WHERE sess ->> 'theme' = 'dark'`)).rowCount, 1);
  });
}

test('the configuration for PM2 starts the server of the page', () => {
  const module = { exports: {} as { apps: Record<string, unknown>[] } };
  new Function('module', block('js', 'exec_mode'))(module);
  assert.is(module.exports.apps[0]!.script, JSON.parse(/^CMD (.*)$/m.exec(page)![1]!)[1]);
});

test('the store for a serverless function works on one connection', async () => {
  const program = block('js', 'idleTimeoutMillis');
  const env = { DATABASE_URL: await freshSchemaUrl() };
  const { pool, store } = await evaluate(program, { pg, PgStore: PgSessionStore, process: processWith(env) });
  await store!.createTable();
  await Promise.all(['a', 'b', 'c'].map((sid) => store!.set(sid, session())));
  assert.equal([await store!.length(), pool.totalCount], [3, 1]);
});

test('the store for PgBouncer saves through PgBouncer and listens on PostgreSQL', async () => {
  const DIRECT_URL = await freshSchemaUrl();
  const [{ rows }] = [await freshPool({ connectionString: DIRECT_URL }).query('SELECT current_schema() AS name')];
  const pool = freshPool({ connectionString: pgbouncer ? await startPgBouncer() : DIRECT_URL });
  const PgStore = class extends PgSessionStore {
    constructor(options: object) {
      super({ ...options, schemaName: rows[0].name, pruneSessionInterval: false });
    }
  };
  const { store } = await evaluate(block('js', 'DIRECT_URL'), { PgStore, pool, process: processWith({ DIRECT_URL }) });
  await store!.createTable();
  await store!.set('a', session());
  const revoked = once(store!, 'revoked');
  while ((await freshPool().query("SELECT FROM pg_stat_activity WHERE query LIKE 'LISTEN%'")).rowCount === 0)
    await sleep(10);
  await store!.destroy('a');
  assert.equal((await revoked)[0].handles, [store!.handle('a')]);
});

test('the pool with the certificate authority connects by TLS, and only to its server', async () => {
  const folder = scratchFolder();
  const certificate = (name: string) => {
    const files = [path.join(folder, `${name}.key`), path.join(folder, `${name}.crt`)] as const;
    const names = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1'];
    const how = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...names];
    execFileSync('openssl', [...how, '-keyout', files[0], '-out', files[1]], { stdio: 'ignore' });
    return files;
  };
  const server = await startLocalServer();
  onEnd(() => server.stop());
  const owner = statSync(server.dataDir);
  const [key, ca] = certificate('own');
  for (const [from, to] of [
    [key, 'server.key'],
    [ca, 'server.crt'],
  ] as const) {
    const target = path.join(server.dataDir, to);
    writeFileSync(target, readFileSync(from), { mode: 0o600 });
    chownSync(target, owner.uid, owner.gid);
  }
  const admin = new pg.Client({ connectionString: server.url });
  await admin.connect();
  await admin.query('ALTER SYSTEM SET ssl = on');
  await admin.query('SELECT pg_reload_conf()').finally(() => admin.end());
  const program = block('js', 'DATABASE_CA');
  const connect = async (file: string) => {
    const env = { DATABASE_URL: server.url, DATABASE_CA: file };
    const { pool } = await evaluate(program, { readFileSync, pg, process: processWith(env) });
    pool.on('error', () => {}); // end() does not wait until the server has closed the connections
    return pool.query('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()');
  };
  let first: unknown[] | undefined;
  for (let n = 0; !first && n < 100; n++)
    first = await connect(ca).then(
      ({ rows }) => rows,
      () => sleep(50, undefined),
    ); // until reloaded
  assert.equal(first, [{ ssl: true }]);
  const refused = await connect(certificate('other')[1]).catch((error) => error);
  assert.match(String(refused), /self.signed certificate/);
});

test('the pool for Amazon RDS asks for a password on each new connection', async () => {
  const url = new URL(process.env.TEST_SERVER_URL!);
  let tokens = 0;
  class Signer {
    async getAuthToken() {
      tokens++;
      return decodeURIComponent(url.password);
    }
  }
  const program = block('js', '@aws-sdk/rds-signer')
    .replace("['db.example.com', 5432, 'app']", JSON.stringify([url.hostname, Number(url.port), url.username]))
    .replace("database: 'app'", `database: ${JSON.stringify(url.pathname.slice(1))}`)
    .replace(/ssl: .*/, ''); // the server of the tests has no TLS
  const { pool } = await evaluate(program, { Signer, pg });
  await Promise.all([pool.query('SELECT pg_sleep(0.1)'), pool.query('SELECT pg_sleep(0.1)')]);
  assert.is(tokens, 2);
  const store = new PgSessionStore({ pool, ...freshNames(), revocations: true, pruneSessionInterval: false });
  onEnd(() => store.close());
  await store.createTable({ createSchema: true });
  while (tokens < 3) await sleep(10); // the connection that listens
});

test("the program for Neon's driver works with a pool of the same interface", async () => {
  const env = { DATABASE_URL: await freshSchemaUrl() };
  const given = { Pool: pg.Pool, PgStore: PgSessionStore, process: processWith(env) };
  const { store } = await evaluate(block('js', '@neondatabase/serverless'), given);
  await store!.createTable();
  await store!.set('a', session());
  assert.is(await store!.length(), 1);
});

test('the commands for Prisma, Drizzle, Knex and SQL write a file each', async () => {
  const folder = scratchFolder();
  for (const name of ['prisma', 'src', 'migrations']) mkdirSync(path.join(folder, name));
  await shell(block('sh', '--print prisma'), folder, {});
  for (const [file, words] of [
    ['prisma/schema.prisma', '@@map("session")'],
    ['src/session-table.ts', 'export const session = pgTable('],
    ['migrations/20260101000000_session.js', 'await knex.raw('],
    ['migrations/001_session.sql', 'COMMIT;'],
  ] as const) {
    assert.ok(readFileSync(path.join(folder, file), 'utf8').includes(words), file);
  }
});

test('a test runs each code block of the page', () => {
  const left = blocks.filter(({ text }) => !used.has(text) && !/esbuild|cloudflare:/.test(text));
  assert.equal(left, []);
});
