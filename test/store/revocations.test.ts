// Revocation that is heard: what is deleted in one process is told in all.
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
import { freshPool, freshStore, OPTIONS, session } from '../support/fresh-store.js';
import { onEnd, suite } from '../support/harness.js';
import { pgbouncer, startPgBouncer } from '../support/pgbouncer.js';
import { TcpProxy } from '../support/proxy.js';

const test = suite('revocations');

/** What a store tells of revocations. */
function listening(store: PgSessionStore) {
  const heard: string[] = [];
  const chunks: number[] = [];
  let resyncs = 0;
  store.on('revoked', ({ handles }) => {
    heard.push(...handles);
    chunks.push(handles.length);
  });
  store.on('resync', () => resyncs++);
  return {
    chunks,
    /** All that was heard, once it is so many. */
    async handles(count: number) {
      while (heard.length < count) await sleep(5);
      return heard.splice(0).sort();
    },
    async resyncs(count: number) {
      while (resyncs < count) await sleep(5);
      return resyncs;
    },
  };
}

/** A store that listens already. */
async function freshListener({ pool = freshPool(), ...options }: StoreOptions = {}) {
  const made = await freshStore({ pool });
  const store = new PgSessionStore({
    pool,
    ...made.names,
    pruneSessionInterval: false,
    revocations: true,
    ...OPTIONS,
    ...options,
  });
  onEnd(() => store.close());
  const ear = listening(store);
  await ear.resyncs(1);
  return { ...made, store, ear };
}

/** A process with a store on this table, and the lines that it prints. */
function startHearer(names: TableNames, ...args: string[]) {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', 'test/support/listener.ts', JSON.stringify(names), ...args],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  onEnd(() => child.kill());
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  return { child, next: async () => JSON.parse((await lines.next()).value) };
}

/** The messages on the channel of a table, as the server sends them; once there are so many, all of them. */
async function overhear(names: TableNames): Promise<(count: number) => Promise<string[]>> {
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
const ofUser = (user: string) => session({ passport: { user } });

test('another process hears what the store, the admin and the command line delete', async () => {
  const { store, pool, names, ear } = await freshListener();
  const admin = createAdmin({ pool, ...names });
  const other = startHearer(names);
  assert.is(await other.next(), 'resync');
  const where = ['--schema', names.schemaName, '--table', names.tableName];
  const ways: [way: string, work: () => Promise<unknown>, sids: string[]][] = [
    ['destroy', () => store.destroy('a'), ['a']],
    ['clear', () => store.clear(), ['a', 'b', 'c']],
    ['revoke', () => admin.revoke(store.handle('b')), ['b']],
    ['revoke with the user', () => admin.revoke(store.handle('b'), { user: 'ada' }), ['b']],
    ['revokeUser', () => admin.revokeUser('ada'), ['a', 'b']],
    ['revokeUser with except', () => admin.revokeUser('ada', { except: store.handle('a') }), ['b']],
    ['revokeAll', () => admin.revokeAll(), ['a', 'b', 'c']],
    ['connect-pg-typed revoke', () => cli(['revoke', '--user', 'ada', ...where]), ['a', 'b']],
  ];
  for (const [way, work, sids] of ways) {
    for (const [sid, user] of Object.entries({ a: 'ada', b: 'ada', c: 'bob' })) await store.set(sid, ofUser(user));
    await work();
    const { handles } = await other.next();
    assert.equal(handles.sort(), handlesOf(store, ...sids), way);
    assert.equal(await ear.handles(sids.length), handlesOf(store, ...sids), `${way}, in its own process`);
  }
  other.child.stdin.end();
  assert.equal(await once(other.child, 'exit'), [0, null]);
});

test('what is destroyed at once is told at once, each once', async () => {
  const { store, ear } = await freshListener();
  const sids = Array.from({ length: 50 }, (_, n) => `session ${n}`);
  await Promise.all(sids.map((sid) => store.set(sid, session())));
  await Promise.all(sids.map((sid) => store.destroy(sid)));
  assert.equal(await ear.handles(50), handlesOf(store, ...sids));
  assert.ok(ear.chunks.length <= (OPTIONS.batch === false ? 50 : 10), `${ear.chunks.length} messages`);
});

test('with hashed ids the same handles are told, by the store and by the admin', async () => {
  const { store, pool, names, ear } = await freshListener({ hashIds: true });
  const admin = createAdmin({ pool, ...names, hashIds: true });
  await Promise.all(['a', 'b', 'c'].map((sid) => store.set(sid, session({ passport: { user: 'ada' } }))));

  await store.destroy('a');
  assert.equal(await ear.handles(1), [store.handle('a')]);
  assert.is(await admin.revoke(store.handle('b')), true);
  assert.equal(await ear.handles(1), [store.handle('b')]);
  assert.is(await admin.revokeUser('ada'), 1);
  assert.equal(await ear.handles(1), [store.handle('c')]);
});

test('a thousand handles come in messages that the server takes', async () => {
  const { store, pool, names, ear } = await freshListener();
  const messages = await overhear(names);
  const sids = Array.from({ length: 1000 }, (_, n) => `session ${n}`);
  await Promise.all(sids.map((sid) => store.set(sid, ofUser('ada'))));
  assert.is(await createAdmin({ pool, ...names }).revokeUser('ada'), 1000);
  assert.equal(await ear.handles(1000), handlesOf(store, ...sids));
  assert.equal(ear.chunks.sort(), [120, 120, 120, 120, 120, 120, 120, 120, 40]);
  assert.is(Math.max(...(await messages(9)).map(({ length }) => length)), 7799);
});

test('no id is on the wire', async () => {
  const { store, pool, names, ear } = await freshListener();
  const messages = await overhear(names);
  const admin = createAdmin({ pool, ...names });
  const sids = ['secret 1', 'secret 2', 'secret 3', 'secret 4'];
  for (const sid of sids) await store.set(sid, ofUser('ada'));
  await store.destroy(sids[0]!);
  await admin.revoke(store.handle(sids[1]!));
  await admin.revokeUser('ada', { except: store.handle(sids[3]!) });
  await store.clear();
  await ear.handles(4);
  await store.close();
  assert.equal(await messages(4), handlesOf(store, ...sids));
});

test('nothing is said of a session that was not there, of an expired one that is pruned, and by a plain DELETE', async () => {
  const { store, pool, table, names, ear } = await freshListener();
  for (const sid of ['plain', 'expired', 'last']) await store.set(sid, session());
  await pool.query(`UPDATE ${table} SET expire = now() - interval '1 s' WHERE sid = 'expired'`);
  const messages = await overhear(names);
  await store.destroy('nobody');
  assert.is(await createAdmin({ pool, ...names }).revoke(store.handle('nobody')), false);
  assert.is(await store.pruneSessions(), 1);
  await pool.query(`DELETE FROM ${table} WHERE sid = 'plain'`);
  await store.destroy('last');
  assert.equal(await ear.handles(1), handlesOf(store, 'last'));
  assert.equal(await messages(1), handlesOf(store, 'last'));
});

test('nothing is said of a session that lives on under the hash of its id', async () => {
  const { store, pool, names, ear } = await freshListener({ hashIds: 'upgrade', concurrency: 'overwrite' });
  const old = new PgSessionStore({ pool, ...names, pruneSessionInterval: false });
  for (const sid of ['a', 'b']) await old.set(sid, session());
  await Promise.all(['a', 'b'].map((sid) => store.set(sid, session({ n: 1 }))));
  assert.is(await store.length(), 2);
  await store.destroy('b');
  assert.equal(await ear.handles(1), handlesOf(store, 'b'));
});

test('a store without the option says nothing and listens to nothing', async () => {
  const { store, pool, names } = await freshStore({ pool: freshPool({ max: 2 }) });
  const messages = await overhear(names);
  const ear = listening(store);
  for (const sid of ['a', 'b', 'c']) await store.set(sid, session());
  await Promise.all([store.destroy('a'), store.destroy('b')]);
  await store.clear();
  assert.is(await createAdmin({ pool, ...names }).revokeAll(), 0);
  await pool.query('SELECT pg_notify($1, $2)', [revocationChannel(names), 'the end']);
  assert.equal(await messages(1), ['the end']);
  assert.equal(ear.chunks, []);
  assert.is((await pool.query('SELECT pg_listening_channels()')).rowCount, 0);
});

test('other tables are other channels', async () => {
  const { names, ear } = await freshListener();
  const other = await freshListener();
  await other.store.set('a', session());
  await other.store.destroy('a');
  assert.is((await other.ear.handles(1)).length, 1);
  assert.equal(ear.chunks, []);
  const channels = [names, { tableName: names.tableName }, { schemaName: names.schemaName }, {}].map(revocationChannel);
  assert.is(new Set(channels).size, 4);
  assert.is(revocationChannel({}), revocationChannel({ tableName: 'session' }));
});

test('what is rolled back was never said', async () => {
  const { store, pool, table, ear } = await freshListener();
  for (const sid of ['a', 'b']) await store.set(sid, session());
  await pool.query(`CREATE FUNCTION pg_temp.refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''no''; END'`);
  await pool.query(`CREATE CONSTRAINT TRIGGER refuse AFTER DELETE ON ${table} DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (OLD.sid = 'a') EXECUTE FUNCTION pg_temp.refuse()`);
  await store.destroy('a').then(
    () => assert.unreachable(),
    () => {},
  );
  await store.destroy('b');
  assert.equal(await ear.handles(1), handlesOf(store, 'b'));
});

test('what is no handle is not passed on', async () => {
  const { store, pool, names, ear } = await freshListener();
  const messages = ['', 'nonsense', `${'0'.repeat(64)} or not`, 'F'.repeat(64), store.handle('a')];
  for (const message of messages) await pool.query('SELECT pg_notify($1, $2)', [revocationChannel(names), message]);
  assert.equal(await ear.handles(2), ['0'.repeat(64), store.handle('a')].sort());
});

test('a listener that throws ends nothing but itself', async () => {
  const { store, ear } = await freshListener();
  const thrown = new Promise((resolve) => process.setUncaughtExceptionCaptureCallback(resolve));
  onEnd(() => process.setUncaughtExceptionCaptureCallback(null));
  store.once('revoked', () => {
    throw new Error('of the listener');
  });
  for (const sid of ['a', 'b']) await store.set(sid, session());
  await store.destroy('a');
  assert.match(String(await thrown), 'of the listener');
  await store.destroy('b');
  assert.is((await ear.handles(2)).length, 2);
});

/** A store that listens through a proxy, and calls by a pool that does not. */
async function freshProxied() {
  const proxy = await TcpProxy.start();
  const logged: string[] = [];
  const errorLog = (message: string) => logged.push(message);
  const made = await freshListener({ revocations: { connectionString: proxy.url }, errorLog });
  return { ...made, proxy, logged };
}

test('a connection that breaks is made anew, and then resync says that something may have been missed', async () => {
  const { store, proxy, ear, logged } = await freshProxied();
  for (const sid of ['missed', 'heard']) await store.set(sid, session());

  await proxy.set('refuse');
  await store.destroy('missed');
  await sleep(500);
  await proxy.set('pass');
  await ear.resyncs(2);
  await store.destroy('heard');

  assert.equal(await ear.handles(1), handlesOf(store, 'heard'));
  assert.is(await ear.resyncs(2), 2);
  assert.equal(logged, ['Failed to listen for revocations:']);
});

test('a connection that the server ends is made anew', async () => {
  const pool = freshPool({ application_name: `listener ${process.pid}` });
  const { store, names, ear } = await freshListener({ pool, errorLog: () => {} });
  await store.set('a', session());
  const { rowCount } = await pool.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1 AND query = $2`,
    [`listener ${process.pid}`, `LISTEN ${revocationChannel(names)}`],
  );
  assert.is(rowCount, 1);
  await ear.resyncs(2);
  await store.destroy('a');
  assert.is((await ear.handles(1)).length, 1);
});

/** Hears without a store, so that tests need not wait for half a minute. */
function hear(
  options: Partial<RevocationListenerOptions> & Pick<RevocationListenerOptions, 'config'>,
  names: TableNames = {},
) {
  const told = { resyncs: 0, errors: [] as unknown[] };
  const revocations = new RevocationListener(revocationChannel(names), {
    timeoutMs: 300,
    onRevoked: () => {},
    onResync: () => told.resyncs++,
    onError: (error) => told.errors.push(error),
    ...options,
  });
  onEnd(() => revocations.close());
  return { told, revocations };
}

test('a connection that was cut in silence is found out', async () => {
  const proxy = await TcpProxy.start();
  const { told } = hear({ config: { connectionString: proxy.url }, checkMs: 100 });
  while (told.resyncs < 1) await sleep(5);
  await sleep(500);
  assert.is(told.resyncs, 1); // one that works is kept
  proxy.forgetAll();
  while (told.resyncs < 2) await sleep(5);
  assert.is(told.errors.length, 1);
});

test('a server that is ill is tried less and less often, and one that says nothing is left in time', async () => {
  let tries = 0;
  let isSilent = false;
  const server = net.createServer((socket) => {
    tries++;
    socket.on('error', () => {}).resume();
    if (!isSilent) socket.resetAndDestroy();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as net.AddressInfo;
  const { told, revocations } = hear({ config: { host: '127.0.0.1', port } });
  onEnd(() => server.close());
  await sleep(1500);
  assert.ok(tries >= 4 && tries <= 6, `${tries} tries`); // at 0 ms, and after pauses of about 75, 150, 300, 600 and 1,200

  isSilent = true;
  const before = tries;
  while (tries < before + 2) await sleep(5);
  assert.is(told.resyncs, 0);
  assert.is(told.errors.length, 1);
  await revocations.close();
});

test('close() ends the connection, also one that is only being made or tried again', async () => {
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
    const { revocations, told } = hear({ config: { connectionString: proxy.url }, timeoutMs: 60_000 });
    await sleep(200);
    await revocations.close();
    assert.is(told.resyncs, 0);
  }
});

test('it keeps no process alive', async () => {
  const { names } = await freshStore();
  const idle = startHearer(names, 'idle');
  assert.equal(await once(idle.child, 'exit'), [0, null]);
});

test('neither an end of its connection nor a server that is not there ends the process', async () => {
  const { names, pool } = await freshStore();
  const other = startHearer(names);
  assert.is(await other.next(), 'resync');
  await pool.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = $1', [
    `LISTEN ${revocationChannel(names)}`,
  ]);
  assert.is(await other.next(), 'resync');
  assert.is(other.child.exitCode, null);
});

if (pgbouncer) {
  test('a connection of its own leads past a pooler', async () => {
    const pool = freshPool({ connectionString: await startPgBouncer() });
    const revocations = { connectionString: process.env.TEST_SERVER_URL! };
    const { store, ear } = await freshListener({ pool, revocations });
    await store.set('a', session());
    await store.destroy('a');
    assert.equal(await ear.handles(1), handlesOf(store, 'a'));
  });
} else {
  console.log('left out, since there is no pgbouncer on the PATH: a connection of its own leads past a pooler');
}
