// The primary is killed behind HAProxy with repmgr, and behind a list of servers in the app.
// Pgpool-II.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import * as assert from 'uvu/assert';
import { freePort } from '../../dev/postgres/local-postgres.js';
import { systemServer } from '../../dev/postgres/postgres-binaries.js';
import { type Counted, countDuring } from '../support/counters.js';
import { freshPool, freshStore } from '../support/fresh-store.js';
import { onEnd, suite } from '../support/harness.js';
import { assertInTime } from '../support/outcomes.js';
import { startPair } from '../support/pair.js';
import { folderOf, installed, runProgram, startProgram, untilOpen } from '../support/programs.js';
import type { Server } from '../support/server.js';

const page = readFileSync('docs/failover.md', 'utf8');
const block = (language: string) => new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'ms').exec(page)![1]!;
const portOf = (url: string) => new URL(url).port;

const haproxy = installed('haproxy');
const repmgr = installed('repmgr');
const repmgrd = installed('repmgrd');
const pgpool = installed('pgpool');
for (const [name, file] of Object.entries({ haproxy, repmgr, repmgrd, pgpool })) {
  if (!file) console.log(`skipped, because ${name} is not installed: a test of docs/failover.md`);
}
const test = suite('failover of docs/failover.md', { timeout: 120_000, mayBeEmpty: true });

/** Starts HAProxy with the page's configuration, in front of these servers. Returns its URL. */
async function startHaproxy(servers: Server[]): Promise<string> {
  const port = await freePort();
  const config = block('haproxy')
    .replace('bind 127.0.0.1:5000', `bind 127.0.0.1:${port}`)
    .replace('10.0.0.1:5432', `127.0.0.1:${portOf(servers[0]!.url)}`)
    .replace('10.0.0.2:5432', `127.0.0.1:${portOf(servers[1]!.url)}`);
  startProgram(haproxy!, ['-db', '-f', `${folderOf({ 'haproxy.cfg': config })}/haproxy.cfg`]);
  await untilOpen(port);
  await sleep(1500); // until its first check of each server, it takes all for up
  return Object.assign(new URL(servers[0]!.url), { port: String(port) }).href;
}

/** Lets the role haproxy log in to the database postgres without a password. */
async function admitHaproxy(servers: Server[]): Promise<void> {
  await servers[0]!.query('CREATE ROLE haproxy LOGIN');
  for (const server of servers) {
    const file = path.join(server.dataDir, 'pg_hba.conf');
    writeFileSync(file, `host postgres haproxy 127.0.0.1/32 trust\n${readFileSync(file, 'utf8')}`);
    await server.query('SELECT pg_reload_conf()');
  }
}

/** Registers both servers, and starts the daemon that promotes the standby. */
async function startRepmgr(servers: Server[], home: string): Promise<void> {
  const folder = folderOf(
    Object.fromEntries(
      servers.map((server, n) => [
        `${n}.conf`,
        `node_id=${n + 1}
node_name='node ${n + 1}'
conninfo='host=127.0.0.1 port=${portOf(server.url)} user=postgres password=postgres dbname=app connect_timeout=2'
data_directory='${server.dataDir}'
pg_bindir='${home}/bin'
failover=automatic
promote_command='${repmgr} standby promote -f FOLDER/${n}.conf'
follow_command='true'
monitor_interval_secs=1
reconnect_attempts=2
reconnect_interval=1
`,
      ]),
    ),
  );
  const run = (n: number, ...command: string[]) => runProgram(repmgr!, ['-f', `${folder}/${n}.conf`, ...command]);
  await run(0, 'primary', 'register');
  await run(1, 'standby', 'register', '--force');
  startProgram(repmgrd!, ['-f', `${folder}/1.conf`, '--daemonize=false', '--no-pid-file']);
}

const HOME = systemServer();

if (haproxy && repmgr && repmgrd && HOME)
  test('behind HAProxy, the app goes on when repmgr has promoted the standby', async () => {
    const { primary, standby } = await startPair({ home: HOME, settings: ['shared_preload_libraries=repmgr'] });
    const servers = [primary, standby];
    await admitHaproxy(servers);
    await startRepmgr(servers, HOME);
    const url = await startHaproxy(servers);
    const connect = () => freshPool({ connectionString: url, max: 4 });
    const { names } = await freshStore({ pool: connect(), errorLog: () => {} });
    const trouble = async () => {
      await primary.kill();
      while ((await standby.query('SELECT pg_is_in_recovery() AS is'))[0].is) await sleep(50);
    };
    report('HAProxy and repmgr', await countDuring(trouble, { connect, names }));
  });

test('with a list of servers in the app, the app goes on when the standby is promoted', async () => {
  const pair = await startPair();
  const given = [pair.standby, pair.primary].map(({ url }) => ({ host: '127.0.0.1', port: Number(portOf(url)) }));
  const program = block('js')
    .replace("import pg from 'pg';", '')
    .replace(/const servers = \[.*?\];/s, '')
    .replace('  Client,', '  Client, ...config,');
  const config = { user: 'postgres', password: 'postgres', database: 'app', max: 4 };
  const connect = () => {
    const pool: pg.Pool = new Function('pg', 'servers', 'config', `${program}; return pool`)(pg, given, config);
    pool.on('error', () => {});
    onEnd(() => pool.end());
    return pool;
  };
  const { names } = await freshStore({ pool: freshPool({ connectionString: pair.primary.url }), errorLog: () => {} });
  const trouble = async () => {
    await pair.primary.kill();
    await sleep(1000);
    await pair.standby.query('SELECT pg_promote()');
  };
  report('a list of servers', await countDuring(trouble, { connect, names }));
});

/** Starts Pgpool-II with the page's settings. */
async function startPgpool(servers: Server[]): Promise<string> {
  const [port, pcpPort] = [await freePort(), await freePort()];
  const config = block('ini')
    .replace('10.0.0.1', '127.0.0.1')
    .replace('10.0.0.2', '127.0.0.1')
    .replace(/(?<=backend_port0 = )\d+/, portOf(servers[0]!.url))
    .replace(/(?<=backend_port1 = )\d+/, portOf(servers[1]!.url));
  const folder = folderOf({
    'pgpool.conf': `${config}
listen_addresses = '127.0.0.1'
port = ${port}
pcp_port = ${pcpPort}
socket_dir = 'FOLDER'
pcp_socket_dir = 'FOLDER'
pid_file_name = 'FOLDER/pgpool.pid'
logdir = 'FOLDER'
`,
    pool_passwd: 'postgres:TEXTpostgres\n',
    'pcp.conf': '',
    'pool_hba.conf': 'host all all 127.0.0.1/32 scram-sha-256\n',
  });
  const files = ['-f', `${folder}/pgpool.conf`, '-a', `${folder}/pool_hba.conf`, '-F', `${folder}/pcp.conf`];
  startProgram(pgpool!, ['-n', ...files]);
  await untilOpen(port);
  return Object.assign(new URL(servers[0]!.url), { port: String(port) }).href;
}

if (pgpool)
  test('behind Pgpool-II, no session is lost, and the app goes on when the standby is promoted', async () => {
    const { primary, standby } = await startPair();
    const url = await startPgpool([primary, standby]);
    const connect = () => freshPool({ connectionString: url, max: 4 });
    const { names } = await freshStore({ pool: freshPool({ connectionString: primary.url }), errorLog: () => {} });
    const trouble = async () => {
      await primary.kill();
      await sleep(1000);
      await standby.query('SELECT pg_promote()');
    };
    report('Pgpool-II', await countDuring(trouble, { connect, names }));
  });

function report(what: string, { outcomes, outageMs }: Counted): void {
  const failed = outcomes.filter(({ error }) => error);
  const seconds = (outageMs / 1000).toFixed(1);
  console.log(`${what}: no write for ${seconds} s, ${failed.length} of ${outcomes.length} calls failed`);
  assertInTime(outcomes, 5);
  assert.ok(outageMs < 15_000, `an outage of ${seconds} s is too long for this test`);
}
