// The examples run and do what their documents say.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import * as assert from 'uvu/assert';
import { WebSocket } from 'ws';
import { createAdmin } from '../../src/admin/admin.js';
import { revocationChannel } from '../../src/table/names.js';
import { Browser } from '../support/app.js';
import { freshStore, session } from '../support/fresh-store.js';
import { onEnd, suite } from '../support/harness.js';
import { statusOf } from '../support/status-of.js';

const test = suite('examples', { timeout: 60_000 });

const signOut = (...args: string[]) =>
  promisify(execFile)(process.execPath, ['--import', 'tsx', 'examples/sign-out-user.ts', ...args], {
    env: { ...process.env, DATABASE_URL: process.env.TEST_SERVER_URL },
  });

test('sign-out-user signs out only the given user', async () => {
  const { store, names } = await freshStore();
  for (const [sid, user] of Object.entries({ a: 'ada', b: 'bob', c: 'ada' })) await store.set(sid, session({ user }));

  const { stdout } = await signOut('ada', '--schema', names.schemaName, '--table', names.tableName);

  assert.is(stdout, 'ada: sessions deleted: 2, sessions left in the table: 1\n');
  assert.equal(await store.all(), [session({ user: 'bob' })]);
});

test('sign-out-user without a user prints its usage and exits with 2', async () => {
  const failed = await signOut().catch((error) => error);
  assert.is(failed.code, 2);
  assert.match(failed.stderr, /^Usage:/);
});

/** Starts the WebSocket server as a process, and returns its address. */
async function startWebSockets({ schemaName, tableName }: { schemaName: string; tableName: string }) {
  const args = ['--import', 'tsx', 'examples/websockets/server.ts', '--schema', schemaName, '--table', tableName];
  const env = { ...process.env, DATABASE_URL: process.env.TEST_SERVER_URL };
  const server = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  onEnd(() => server.kill());
  const [line] = await once(server.stdout, 'data');
  return String(line).trim();
}

/** Opens a socket of this browser's session, and waits for the server's first message. */
async function openSocket(address: string, { cookie }: Browser) {
  const socket = new WebSocket(address.replace('http', 'ws'), { headers: cookie ? { cookie } : {} });
  onEnd(() => socket.terminate());
  const closed = once(socket, 'close');
  closed.catch(() => {}); // rejects if the socket does not open
  await once(socket, 'message');
  return { socket, closed };
}

test('websockets closes only the sockets of the session, in each process', async () => {
  const { pool, names, table } = await freshStore();
  const [one, other] = await Promise.all([startWebSockets(names), startWebSockets(names)]);
  const listening = [`LISTEN ${revocationChannel(names)}`];
  while ((await pool.query('SELECT FROM pg_stat_activity WHERE query = $1', listening)).rowCount! < 2) await sleep(10);
  const socketsOf = async (user: string) => {
    const browser = new Browser(one);
    await browser.post(`/sign-in/${user}`);
    return { browser, sockets: await Promise.all([one, other].map((address) => openSocket(address, browser))) };
  };
  const [{ browser: ada, sockets: adas }, { sockets: bobs }, { sockets: cys }] = await Promise.all([
    socketsOf('ada'),
    socketsOf('bob'),
    socketsOf('cy'),
  ]);

  await ada.post('/sign-out');
  for (const { closed } of adas) assert.equal((await closed).map(String), ['4001', 'signed out']);
  for (const { socket } of bobs) assert.is(socket.readyState, WebSocket.OPEN);

  assert.is(await createAdmin({ pool, ...names, userPath: ['user'] }).revokeUser('bob'), 1);
  for (const { closed } of bobs) assert.equal((await closed).map(String), ['4001', 'signed out']);

  for (const { socket } of cys) assert.is(socket.readyState, WebSocket.OPEN);
  await pool.query(`DELETE FROM ${table}`); // does not notify the servers
  await pool.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = $1', listening);
  for (const { closed } of cys) assert.equal((await closed).map(String), ['4001', 'signed out']);
});

test('websockets refuses requests and sockets of other sites, and ignores a forged notification', async () => {
  const { store, pool, names } = await freshStore();
  const address = await startWebSockets(names);
  const { host, port } = new URL(address);
  const post = (headers: object) => statusOf(`${address}/sign-in/ada`, { method: 'POST', headers: { ...headers } });
  for (const [headers, status] of [
    [{}, 200],
    [{ origin: address }, 200],
    [{ host: `LOCALHOST:${port}`, origin: `http://localhost:${port}` }, 200],
    [{ origin: 'https://example.com' }, 403],
    [{ origin: `http://127.0.0.1:${Number(port) + 1}` }, 403],
    [{ origin: `https://${host}` }, 403],
    [{ origin: 'null' }, 403],
    [{ host: 'example.com' }, 403],
    [{ host: `example.com:${port}`, origin: `http://example.com:${port}` }, 403],
    [{ host: `127.0.0.1.example.com:${port}` }, 403],
  ] as const) {
    assert.is(await post(headers), status, JSON.stringify(headers));
  }
  assert.is(await statusOf(`${address}/`, { headers: { host: 'example.com' } }), 403);

  const browser = new Browser(address);
  await browser.post('/sign-in/ada');
  const open = async (headers: Record<string, string>) => {
    const socket = new WebSocket(address.replace('http', 'ws'), { headers: { cookie: browser.cookie, ...headers } });
    onEnd(() => socket.terminate());
    return once(socket, 'message').then(
      () => 'open',
      (error) => error.message,
    );
  };
  assert.is(await open({ origin: address }), 'open');
  for (const headers of [{ origin: 'https://example.com' }, { origin: 'null' }, { host: 'example.com' }]) {
    assert.match(await open(headers as Record<string, string>), /403/, JSON.stringify(headers));
  }

  const { socket, closed } = await openSocket(address, browser);
  const forged = store.handle(decodeURIComponent(browser.cookie!).split('s:')[1]!.split('.')[0]!);
  await pool.query('SELECT pg_notify($1, $2)', [revocationChannel(names), forged]);
  await pool.query('SELECT pg_notify($1, $2)', [
    revocationChannel(names),
    `x ${forged.toUpperCase()} ${'0'.repeat(64)}`,
  ]);
  await sleep(500);
  assert.is(socket.readyState, WebSocket.OPEN);
  await browser.post('/sign-out');
  assert.equal((await closed).map(String), ['4001', 'signed out']);
});

test('websockets refuses a socket without a signed-in session', async () => {
  const { names } = await freshStore();
  const refused = await openSocket(await startWebSockets(names), new Browser('')).catch((error) => error);
  assert.match(refused.message, /401/);
});

test('typed-queries counts the sessions of each tenant on a table with another name', async () => {
  for (const sess of ['json', 'jsonb', 'text'] as const) {
    const { store, names } = await freshStore({ columns: { sess, expire: 'timestamptz' } });
    for (const [sid, tenant] of Object.entries({ a: 'acme', b: 'umbrella', c: 'acme', d: 'initech' }))
      await store.set(sid, session({ tenant }));
    const args = ['--schema', names.schemaName, '--table', names.tableName, 'acme', 'umbrella', 'nobody'];
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--import', 'tsx', 'examples/typed-queries/tenants.ts', ...args],
      { env: { ...process.env, DATABASE_URL: process.env.TEST_SERVER_URL } },
    );
    assert.is(stdout, 'acme 2\numbrella 1\n');
  }
});

test('docs/typed-queries.md shows the files of typed-queries', () => {
  const document = readFileSync('docs/typed-queries.md', 'utf8');
  for (const file of ['sql/sessionsByTenant.sql', 'pgtyped.config.json'])
    assert.ok(document.includes(`\n${readFileSync(`examples/typed-queries/${file}`, 'utf8')}\`\`\``), file);
  const { scripts } = JSON.parse(readFileSync('examples/typed-queries/package.json', 'utf8'));
  for (const [name, script] of Object.entries(scripts))
    assert.ok(document.includes(`"${name}": ${JSON.stringify(script)}`));
});
