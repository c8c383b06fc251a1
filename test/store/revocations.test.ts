// Revocations: a session that one process deletes is an event in all processes.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import * as assert from 'uvu/assert';
import { createAdmin } from '../../src/admin/admin.js';
import { PgSessionStore, type StoreOptions } from '../../src/index.js';
import { RevocationListener, type RevocationListenerOptions } from '../../src/store/revocation-listener.js';
import { revocationChannel, type TableNames } from '../../src/table/names.js';
import { cli } from '../support/cli.js';
import { compiled } from '../support/compiled.js';
import { freshPool, freshStore, isCitus, OPTIONS, session } from '../support/fresh-store.js';
import { onEnd, suite } from '../support/harness.js';
import { pgbouncer, startPgBouncer } from '../support/pgbouncer.js';
import { TcpProxy } from '../support/proxy.js';

const test = suite('revocations');

/** Collects the revocation events of a store. */
function recordEvents(store: PgSessionStore) {
  const received: string[] = [];
  const chunks: number[] = [];
  let resyncs = 0;
  store.on('revoked', ({ handles }) => {
    received.push(...handles);
    chunks.push(handles.length);
  });
  store.on('resync', () => resyncs++);
  return {
    chunks,
    /** Waits for this many handles, and returns and forgets all received ones. */
    async handles(count: number) {
      while (received.length < count) await sleep(5);
      return received.splice(0).sort();
    },
    async resyncs(count: number) {
      while (resyncs < count) await sleep(5);
      return resyncs;
    },
  };
}

/** Creates a store that is already listening. */
async function freshListener({ pool = freshPool(), ...options }: StoreOptions & { pool?: pg.Pool } = {}) {
  const fresh = await freshStore({ pool });
  const store = new PgSessionStore({
    pool,
    ...fresh.names,
    pruneSessionInterval: false,
    revocations: true,
    ...OPTIONS,
    ...options,
  });
  onEnd(() => store.close());
  const events = recordEvents(store);
  await events.resyncs(1);
  return { ...fresh, store, events };
}

/** Starts a process with a store on this table. `next` returns the next line that it prints. */
function startListener(names: TableNames, ...args: string[]) {
  const child = spawn(
    process.execPath,
    ['--enable-source-maps', compiled('test/support/listener.ts'), JSON.stringify(names), ...args],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  onEnd(() => child.kill());
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  return { child, next: async () => JSON.parse((await lines.next()).value) };
}

/** Listens to the channel of a table. Returns a function that waits for this many messages. */
async function recordMessages(names: TableNames): Promise<(count: number) => Promise<string[]>> {
  const client = new pg.Client(process.env.TEST_SERVER_URL);
  await client.connect();
  onEnd(() => client.end());
  const messages: string[] = [];
  client.on('notification', ({ payload }) => messages.push(payload!));
  await client.query(`LISTEN ${revocationChannel(names)}`);
  return async (count) => {
    while (messages.length < count) await sleep(5);
    return messages.sort();
  };
}

const handlesOf = (store: PgSessionStore, ...sids: string[]) => sids.map((sid) => store.handle(sid)).sort();
const sessionOf = (user: string) => session({ passport: { user } });

test('another process receives the revocations of the store, the admin and the command line', async () => {
  const { store, pool, names, events } = await freshListener();
  const admin = createAdmin({ pool, ...names });
  const other = startListener(names);
  assert.is(await other.next(), 'resync');
  const location = ['--schema', names.schemaName, '--table', names.tableName];
  const deletions: [name: string, work: () => Promise<unknown>, sids: string[]][] = [
    ['destroy', () => store.destroy('a'), ['a']],
    ['clear', () => store.clear(), ['a', 'b', 'c']],
    ['revoke', () => admin.revoke(store.handle('b')), ['b']],
    ['revoke with the user', () => admin.revoke(store.handle('b'), { user: 'ada' }), ['b']],
    ['revokeUser', () => admin.revokeUser('ada'), ['a', 'b']],
    ['revokeUser with except', () => admin.revokeUser('ada', { except: store.handle('a') }), ['b']],
    ['revokeAll', () => admin.revokeAll(), ['a', 'b', 'c']],
    ['connect-pg-typed revoke', () => cli(['revoke', '--user', 'ada', ...location]), ['a', 'b']],
  ];
  for (const [name, work, sids] of deletions) {
    for (const [sid, user] of Object.entries({ a: 'ada', b: 'ada', c: 'bob' })) await store.set(sid, sessionOf(user));
    await work();
    const { handles } = await other.next();
    assert.equal(handles.sort(), handlesOf(store, ...sids), name);
    assert.equal(await events.handles(sids.length), handlesOf(store, ...sids), `${name}, in the process of the store`);
  }
  other.child.stdin.end();
  assert.equal(await once(other.child, 'exit'), [0, null]);
});

test('sessions that are destroyed together are revoked together, once each', async () => {
  const { store, events } = await freshListener();
  const sids = Array.from({ length: 50 }, (_, n) => `session ${n}`);
  await Promise.all(sids.map((sid) => store.set(sid, session())));
  await Promise.all(sids.map((sid) => store.destroy(sid)));
  assert.equal(await events.handles(50), handlesOf(store, ...sids));
  const areBatched = OPTIONS.batch !== false && !isCitus; // there, the server of the app must notify for each
  assert.ok(events.chunks.length <= (areBatched ? 10 : 50), `${events.chunks.length} messages`);
});

test('the store and the admin send the same handles with hashed ids', async () => {
  const { store, pool, names, events } = await freshListener({ hashIds: true });
  const admin = createAdmin({ pool, ...names, hashIds: true });
  await Promise.all(['a', 'b', 'c'].map((sid) => store.set(sid, session({ passport: { user: 'ada' } }))));

  await store.destroy('a');
  assert.equal(await events.handles(1), [store.handle('a')]);
  assert.is(await admin.revoke(store.handle('b')), true);
  assert.equal(await events.handles(1), [store.handle('b')]);
  assert.is(await admin.revokeUser('ada'), 1);
  assert.equal(await events.handles(1), [store.handle('c')]);
});

test('revokeUser() splits 1000 handles into messages that PostgreSQL accepts', async () => {
  const { store, pool, names, events } = await freshListener();
  const messages = await recordMessages(names);
  const sids = Array.from({ length: 1000 }, (_, n) => `session ${n}`);
  await Promise.all(sids.map((sid) => store.set(sid, sessionOf('ada'))));
  assert.is(await createAdmin({ pool, ...names }).revokeUser('ada'), 1000);
  assert.equal(await events.handles(1000), handlesOf(store, ...sids));
  assert.equal(events.chunks.sort(), [120, 120, 120, 120, 120, 120, 120, 120, 40]);
  assert.is(Math.max(...(await messages(9)).map(({ length }) => length)), 7799);
});

test('a notification does not contain a session id', async () => {
  const { store, pool, names, events } = await freshListener();
  const messages = await recordMessages(names);
  const admin = createAdmin({ pool, ...names });
  const sids = ['secret 1', 'secret 2', 'secret 3', 'secret 4'];
  for (const sid of sids) await store.set(sid, sessionOf('ada'));
  await store.destroy(sids[0]!);
  await admin.revoke(store.handle(sids[1]!));
  await admin.revokeUser('ada', { except: store.handle(sids[3]!) });
  await store.clear();
  await events.handles(4);
  await store.close();
  assert.equal(await messages(4), handlesOf(store, ...sids));
});

test('a missing session, a pruned session and a plain DELETE send no notification', async () => {
  const { store, pool, table, names, events } = await freshListener();
  for (const sid of ['plain', 'expired', 'last']) await store.set(sid, session());
  await pool.query(`UPDATE ${table} SET expire = now() - interval '1 s' WHERE sid = 'expired'`);
  const messages = await recordMessages(names);
  await store.destroy('missing');
  assert.is(await createAdmin({ pool, ...names }).revoke(store.handle('missing')), false);
  assert.is(await store.pruneSessions(), 1);
  await pool.query(`DELETE FROM ${table} WHERE sid = 'plain'`);
  await store.destroy('last');
  assert.equal(await events.handles(1), handlesOf(store, 'last'));
  assert.equal(await messages(1), handlesOf(store, 'last'));
});

test('the upgrade of a row to its hashed id sends no notification', async () => {
  const { store, pool, names, events } = await freshListener({ hashIds: 'upgrade', concurrency: 'overwrite' });
  const old = new PgSessionStore({ pool, ...names, pruneSessionInterval: false });
  for (const sid of ['a', 'b']) await old.set(sid, session());
  await Promise.all(['a', 'b'].map((sid) => store.set(sid, session({ n: 1 }))));
  assert.is(await store.length(), 2);
  await store.destroy('b');
  assert.equal(await events.handles(1), handlesOf(store, 'b'));
});

test('a store without the option sends no notification and does not listen', async () => {
  const { store, pool, names } = await freshStore({ pool: freshPool({ max: 2 }) });
  const messages = await recordMessages(names);
  const events = recordEvents(store);
  for (const sid of ['a', 'b', 'c']) await store.set(sid, session());
  await Promise.all([store.destroy('a'), store.destroy('b')]);
  await store.clear();
  assert.is(await createAdmin({ pool, ...names }).revokeAll(), 0);
  await pool.query('SELECT pg_notify($1, $2)', [revocationChannel(names), 'the end']);
  assert.equal(await messages(1), ['the end']);
  assert.equal(events.chunks, []);
  assert.is((await pool.query('SELECT pg_listening_channels()')).rowCount, 0);
});

test('each table has a channel with a different name', async () => {
  const { names, events } = await freshListener();
  const other = await freshListener();
  await other.store.set('a', session());
  await other.store.destroy('a');
  assert.is((await other.events.handles(1)).length, 1);
  assert.equal(events.chunks, []);
  const channels = [names, { tableName: names.tableName }, { schemaName: names.schemaName }, {}].map(revocationChannel);
  assert.is(new Set(channels).size, 4);
  assert.is(revocationChannel({}), revocationChannel({ tableName: 'session' }));
});

test('a destroy() that is rolled back sends no notification', async () => {
  const { store, pool, table, events } = await freshListener();
  for (const sid of ['a', 'b']) await store.set(sid, session());
  const refuse = table.replace(/"$/, ' refuse"');
  await pool.query(`CREATE FUNCTION ${refuse}() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''no''; END'`);
  await pool.query(`CREATE CONSTRAINT TRIGGER refuse AFTER DELETE ON ${table} DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (OLD.sid = 'a') EXECUTE FUNCTION ${refuse}()`);
  await store.destroy('a').then(
    () => assert.unreachable(),
    () => {},
  );
  await store.destroy('b');
  assert.equal(await events.handles(1), handlesOf(store, 'b'));
});

test('the store ignores notifications that are not handles', async () => {
  const { store, pool, names, events } = await freshListener();
  const messages = ['', 'nonsense', `${'0'.repeat(64)} or not`, 'F'.repeat(64), store.handle('a')];
  for (const message of messages) await pool.query('SELECT pg_notify($1, $2)', [revocationChannel(names), message]);
  assert.equal(await events.handles(2), ['0'.repeat(64), store.handle('a')].sort());
});

test('the store continues to emit events after an event listener throws', async () => {
  const { store, events } = await freshListener();
  const thrown = new Promise((resolve) => process.setUncaughtExceptionCaptureCallback(resolve));
  onEnd(() => process.setUncaughtExceptionCaptureCallback(null));
  store.once('revoked', () => {
    throw new Error('thrown by the listener');
  });
  for (const sid of ['a', 'b']) await store.set(sid, session());
  await store.destroy('a');
  assert.match(String(await thrown), 'thrown by the listener');
  await store.destroy('b');
  assert.is((await events.handles(2)).length, 2);
});

/** Creates a store that listens through a proxy. Its pool does not use the proxy. */
async function freshProxiedListener() {
  const proxy = await TcpProxy.start();
  const logged: string[] = [];
  const errorLog = (message: string) => logged.push(message);
  const fresh = await freshListener({ revocations: { connectionString: proxy.url }, errorLog });
  return { ...fresh, proxy, logged };
}

test('the store reconnects after its connection breaks and emits "resync"', async () => {
  const { store, proxy, events, logged } = await freshProxiedListener();
  for (const sid of ['missed', 'received']) await store.set(sid, session());

  await proxy.set('refuse');
  await store.destroy('missed');
  await sleep(500);
  await proxy.set('pass');
  await events.resyncs(2);
  await store.destroy('received');

  assert.equal(await events.handles(1), handlesOf(store, 'received'));
  assert.is(await events.resyncs(2), 2);
  assert.equal(logged, ['Failed to listen for revocations:']);
});

test('the store reconnects after the server ends its connection', async () => {
  const pool = freshPool({ application_name: `listener ${process.pid}` });
  const { store, names, events } = await freshListener({ pool, errorLog: () => {} });
  await store.set('a', session());
  const { rowCount } = await pool.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1 AND query = $2`,
    [`listener ${process.pid}`, `LISTEN ${revocationChannel(names)}`],
  );
  assert.is(rowCount, 1);
  await events.resyncs(2);
  await store.destroy('a');
  assert.is((await events.handles(1)).length, 1);
});

/** Starts a listener without a store, to check its connection more often than every 30 s. */
function startRevocationListener(
  options: Partial<RevocationListenerOptions> & Pick<RevocationListenerOptions, 'config'>,
  names: TableNames = {},
) {
  const events = { resyncs: 0, errors: [] as unknown[] };
  const revocations = new RevocationListener(revocationChannel(names), {
    timeoutMs: 300,
    onRevoked: () => {},
    onResync: () => events.resyncs++,
    onError: (error) => events.errors.push(error),
    ...options,
  });
  onEnd(() => revocations.close());
  return { events, revocations };
}

test('the listener detects a connection that broke without an error', async () => {
  const proxy = await TcpProxy.start();
  const { events } = startRevocationListener({ config: { connectionString: proxy.url }, checkMs: 100 });
  while (events.resyncs < 1) await sleep(5);
  await sleep(500);
  assert.is(events.resyncs, 1); // it keeps a working connection
  proxy.forgetAll();
  while (events.resyncs < 2) await sleep(5);
  assert.is(events.errors.length, 1);
});

test('the listener backs off from a server that fails, and times out on a silent one', async () => {
  let tries = 0;
  let isSilent = false;
  const server = net.createServer((socket) => {
    tries++;
    socket.on('error', () => {}).resume();
    if (!isSilent) socket.resetAndDestroy();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as net.AddressInfo;
  const { events, revocations } = startRevocationListener({ config: { host: '127.0.0.1', port } });
  onEnd(() => server.close());
  await sleep(1500);
  // The pauses between the tries are about 75, 150, 300, 600 and 1,200 ms.
  assert.ok(tries >= 4 && tries <= 6, `${tries} tries`);

  isSilent = true;
  const before = tries;
  while (tries < before + 2) await sleep(5);
  assert.is(events.resyncs, 0);
  assert.is(events.errors.length, 1);
  await revocations.close();
});

test('close() ends the connection, also during a connect or a retry', async () => {
  const { store, pool, names } = await freshListener();
  const listeners = async () =>
    (await pool.query('SELECT FROM pg_stat_activity WHERE query = $1', [`LISTEN ${revocationChannel(names)}`]))
      .rowCount;
  assert.is(await listeners(), 1);
  await store.close();
  while ((await listeners()) !== 0) await sleep(5);

  const proxy = await TcpProxy.start();
  for (const mode of ['black hole', 'refuse'] as const) {
    await proxy.set(mode);
    const { revocations, events } = startRevocationListener({
      config: { connectionString: proxy.url },
      timeoutMs: 60_000,
    });
    await sleep(200);
    await revocations.close();
    assert.is(events.resyncs, 0);
  }
});

test('the listener does not keep the process alive', async () => {
  const { names } = await freshStore();
  const idle = startListener(names, 'idle');
  assert.equal(await once(idle.child, 'exit'), [0, null]);
});

test('close() ends before the process, though nothing else keeps it alive', async () => {
  const { names } = await freshStore();
  const other = startListener(names);
  assert.is(await other.next(), 'resync');
  other.child.stdin.end();
  assert.is(await other.next(), 'closed');
});

test('the process survives the end of its connection', async () => {
  const { names, pool } = await freshStore();
  const other = startListener(names);
  assert.is(await other.next(), 'resync');
  await pool.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = $1', [
    `LISTEN ${revocationChannel(names)}`,
  ]);
  assert.is(await other.next(), 'resync');
  assert.is(other.child.exitCode, null);
});

if (pgbouncer) {
  test('the store listens on a direct connection past PgBouncer', async () => {
    const pool = freshPool({ connectionString: await startPgBouncer() });
    const revocations = { connectionString: process.env.TEST_SERVER_URL! };
    const { store, events } = await freshListener({ pool, revocations });
    await store.set('a', session());
    await store.destroy('a');
    assert.equal(await events.handles(1), handlesOf(store, 'a'));
  });
} else {
  console.log('left out, because pgbouncer is not installed: the store listens on a direct connection past PgBouncer');
}
