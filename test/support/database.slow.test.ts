// Tests the PostgreSQL servers that the tests, the demo and `npm run types` start.
import { execFile } from 'node:child_process';
import * as fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import * as assert from 'uvu/assert';
import { startLocalServer } from '../../dev/postgres/local-postgres.js';
import { isOpenToAll, npmServer } from '../../dev/postgres/postgres-binaries.js';
import { startDatabase } from './database.js';
import { freshPool } from './fresh-store.js';
import { onEnd, suite } from './harness.js';

const test = suite('database', { timeout: 30_000 });
const isRoot = process.getuid?.() === 0;

/** Makes a new folder TMPDIR until the test ends. All users may write to it. */
async function freshTmp(): Promise<string> {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'database-test-'));
  await fs.chmod(folder, 0o1777);
  const { TMPDIR } = process.env;
  process.env.TMPDIR = folder;
  onEnd(async () => {
    if (TMPDIR === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = TMPDIR;
    await fs.rm(folder, { recursive: true, force: true });
  });
  return folder;
}

async function isReachable(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rowCount } = await client.query('SELECT');
  await client.end();
  return rowCount === 1;
}

test('a server in a folder closed to other users starts, and stop() deletes its files', async () => {
  const tmp = await freshTmp();
  const closed = path.join(tmp, 'closed');
  await fs.mkdir(closed, { mode: 0o700 });
  await fs.cp(npmServer()!, path.join(closed, 'native'), { recursive: true, verbatimSymlinks: true });
  const server = await startLocalServer({ home: path.join(closed, 'native') });
  assert.ok(await isReachable(server.url));

  await server.stop();

  assert.equal(await fs.readdir(tmp), ['closed']);
});

test('startLocalServer() refuses a folder with other files and keeps them', async () => {
  const tmp = await freshTmp();
  await fs.writeFile(path.join(tmp, 'letter.txt'), 'dear');
  const error = await startLocalServer({ dataDir: tmp }).catch((caught) => caught);
  assert.match(error.message, /holds other things than a PostgreSQL cluster/);
  assert.equal(await fs.readdir(tmp), ['letter.txt']);
});

const canSwitchUser = isRoot && isOpenToAll(process.cwd());
if (isRoot && !canSwitchUser) console.log('left out: a server of another user, who may not enter this folder');
if (canSwitchUser) {
  test('a user other than root starts a server', async () => {
    const tmp = await freshTmp();
    const program = `
      import { startLocalServer } from './dev/postgres/local-postgres.ts';
      const server = await startLocalServer();
      console.log(server.url);
      await server.stop();`;
    const args = ['--import', 'tsx', '--input-type=module', '-e', program];
    const { stdout } = await promisify(execFile)(process.execPath, args, {
      uid: 65_534,
      env: { PATH: process.env.PATH, TMPDIR: tmp, HOME: tmp },
    });
    assert.match(stdout, /^postgres:/);
  });
}

/** Sets these environment variables until the test ends. */
function setEnv(variables: Record<string, string>) {
  const { TEST_DATABASE, TEST_DATABASE_URL } = process.env;
  Object.assign(process.env, variables);
  onEnd(() => {
    for (const [name, before] of Object.entries({ TEST_DATABASE, TEST_DATABASE_URL })) {
      if (before === undefined) delete process.env[name];
      else process.env[name] = before;
    }
  });
}

test('startDatabase() creates a database on the server of TEST_DATABASE_URL, and stop() drops it', async () => {
  setEnv({ TEST_DATABASE: 'url', TEST_DATABASE_URL: process.env.TEST_SERVER_URL! });
  const database = await startDatabase();
  const name = new URL(database.url).pathname.slice(1);
  const find = () => freshPool().query('SELECT FROM pg_database WHERE datname = $1', [name]);
  assert.ok(await isReachable(database.url));
  assert.is((await find()).rowCount, 1);

  await database.stop();

  assert.is((await find()).rowCount, 0);
});

test('startDatabase() fails if the chosen database is unreachable or unknown', async () => {
  setEnv({ TEST_DATABASE: '', TEST_DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' });
  assert.match(String(await startDatabase().catch((error) => error)), /ECONNREFUSED/);
  setEnv({ TEST_DATABASE: 'oracle' });
  assert.match(
    String(await startDatabase().catch((error) => error)),
    /TEST_DATABASE must be one of url, container, npm, system/,
  );
});
