// Starts a real PostgreSQL server from a folder of binaries, also as root. It stops when this
// process ends.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import * as fs from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { completeLinks, isOpenToAll, npmServer, systemServer } from './postgres-binaries.js';

const run = promisify(execFile);

export interface LocalServer {
  url: string;
  /** The folder of the cluster. */
  dataDir: string;
  /** Stops the server; a throwaway cluster is deleted. */
  stop(): Promise<void>;
}

export interface LocalServerOptions {
  /**
   * The folder of the server's programs. Default: the npm package's, else the one installed on the
   * machine.
   */
  home?: string;
  /**
   * The folder of a cluster to keep. Default: a throwaway cluster that does not survive a crash.
   */
  dataDir?: string;
  /** Default: a free port. */
  port?: number;
  /** The database in the url. It is created if it is missing. Default: app. */
  database?: string;
  /** More settings of the server, each as `name=value`. */
  settings?: string[];
  /** Called with the text that the server writes into its log. */
  onLog?: (text: string) => void;
}

// Outlives this process. When its stdin closes, because this process ended in any way, it stops the
// server and deletes the scratch folder.
const KEEPER = `scratch=$1; shift; exec 3<&0; "$@" 3<&- & pid=$!
{ cat <&3 >/dev/null; kill -INT $pid; } 2>/dev/null & watch=$!
wait $pid; rc=$?; kill $watch 2>/dev/null; rm -rf "$scratch"; exit $rc`;

export async function startLocalServer(options: LocalServerOptions = {}, tries = 5): Promise<LocalServer> {
  const { dataDir, database = 'app' } = options;
  let home = options.home ?? npmServer() ?? systemServer();
  if (!home) throw new Error('no PostgreSQL server found. npm has none for this machine, and none is installed');
  await completeLinks(home);
  if (dataDir && existsSync(dataDir) && !existsSync(path.join(dataDir, 'PG_VERSION')) && readdirSync(dataDir).length) {
    throw new Error(`${path.resolve(dataDir)} holds other things than a PostgreSQL cluster. Name an empty folder`);
  }

  const scratch = await fs.mkdtemp(path.join(os.tmpdir(), 'pg-local-'));
  const data = dataDir ? path.resolve(dataDir) : path.join(scratch, 'data');
  await fs.mkdir(path.dirname(data), { recursive: true }); // separate, because new parents must not get the mode 0700
  await fs.mkdir(data, { recursive: true, mode: 0o700 });
  const secret = path.join(scratch, 'secret');
  await fs.writeFile(secret, 'postgres', { mode: 0o600 });

  const user = serverUser();
  if (user.uid !== undefined) {
    if (!isOpenToAll(path.join(home, 'bin'))) {
      await fs.cp(home, path.join(scratch, 'pg'), { recursive: true, verbatimSymlinks: true });
      home = path.join(scratch, 'pg'); // that user may not enter the folder of the checkout
    }
    await run('chown', ['-R', `${user.uid}:${user.gid}`, scratch, data]);
  }
  const inherited = Object.entries(process.env).filter(([name]) => !/^(PG|LC_)/.test(name));
  const as = { ...user, cwd: '/', env: { ...Object.fromEntries(inherited), LC_ALL: 'C' } };

  if (!existsSync(path.join(data, 'PG_VERSION'))) {
    const cluster = ['--pgdata', data, '--username=postgres', `--pwfile=${secret}`, '--auth=scram-sha-256'];
    const text = ['--encoding=UTF8', '--locale=C'];
    const initdb = run(path.join(home, 'bin/initdb'), [...cluster, ...text, ...(dataDir ? [] : ['--no-sync'])], as);
    await initdb.catch(async (error) => {
      await fs.rm(scratch, { recursive: true, force: true }); // the keeper, which deletes it later, does not run yet
      throw error;
    });
  }
  const port = options.port ?? (await freePort());
  const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'log_timezone=UTC', `port=${port}`];
  if (!dataDir) settings.push('fsync=off', 'synchronous_commit=off', 'full_page_writes=off');
  settings.push(...(options.settings ?? []));
  const server = [path.join(home, 'bin/postgres'), '-D', data, ...settings.flatMap((setting) => ['-c', setting])];
  const keeper = spawn('/bin/sh', ['-c', KEEPER, 'keeper', scratch, ...server], {
    ...as,
    detached: true,
    stdio: ['pipe', 'ignore', 'pipe'],
  });

  const failure = await failureToStart(keeper, options.onLog);
  if (failure !== undefined) {
    keeper.stdin.destroy();
    const isPortTaken = options.port === undefined && failure.includes('already in use');
    if (isPortTaken && tries > 1) return startLocalServer(options, tries - 1);
    throw new Error(`PostgreSQL did not start:\n${failure}`);
  }
  for (const handle of [keeper, keeper.stdin, keeper.stderr] as { unref?(): void }[]) handle.unref?.();

  const url = (name: string) => `postgres://postgres:postgres@127.0.0.1:${port}/${name}`;
  await createDatabase(url('postgres'), database);
  return {
    url: url(database),
    dataDir: data,
    async stop() {
      keeper.ref();
      const exited = keeper.exitCode === null ? once(keeper, 'exit') : undefined;
      keeper.stdin.destroy();
      await exited;
    },
  };
}

/**
 * PostgreSQL refuses to run as root, so root runs it as another user. Other users run it as
 * themselves.
 */
export function serverUser(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const lines = readFileSync('/etc/passwd', 'utf8').split('\n');
  const users = lines.map((line) => line.split(':'));
  const user = users.find(([name]) => name === 'postgres') ?? users.find(([name]) => name === 'nobody');
  if (!user) throw new Error('cannot run PostgreSQL as root, and the users "postgres" and "nobody" do not exist');
  return { uid: Number(user[2]), gid: Number(user[3]) };
}

export async function freePort(): Promise<number> {
  const probe = net.createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as net.AddressInfo;
  await promisify(probe.close.bind(probe))();
  return port;
}

/** The log of a server that exited before it was ready, or undefined when the server is ready. */
function failureToStart(keeper: ChildProcess, onLog?: (text: string) => void): Promise<string | undefined> {
  let log = '';
  return new Promise((resolve) => {
    keeper.stderr!.setEncoding('utf8').on('data', (text: string) => {
      onLog?.(text);
      if (log.length < 1e5) log += text;
      if (/ready to accept (read.only )?connections/.test(log)) resolve(undefined);
    });
    keeper.once('exit', () => resolve(log));
  });
}

async function createDatabase(url: string, database: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [database]);
  if (!rowCount) await client.query(`CREATE DATABASE ${client.escapeIdentifier(database)}`);
  await client.end();
}
