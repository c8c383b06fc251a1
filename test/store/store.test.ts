// The contract of the methods: their results, their callbacks and their errors.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Request } from 'express';
import type pg from 'pg';
import * as assert from 'uvu/assert';
import { PgSessionStore, type SessionStoreError } from '../../src/index.js';
import { compiled, writeProgram } from '../support/compiled.js';
import { cookieFor, freshPool, freshStore, OPTIONS, session, storedId, untilBlocked } from '../support/fresh-store.js';
import { onEnd, suite } from '../support/harness.js';
import { invalid } from '../support/invalid.js';
import { quotedName } from '../support/stores.js';

const test = suite('store');

test('get() returns the session that set() saved', async () => {
  const { store } = await freshStore();
  await store.set('a', session({ user: 'ada' }));
  assert.equal(await store.get('a'), session({ user: 'ada' }));
});

for (const batch of [true, false])
  test(`clear() deletes the session of an earlier set() of the same tick, not that of a later one, with batch: ${batch}`, async () => {
    const { store } = await freshStore({ pool: freshPool({ max: 1 }), batch });
    await store.length(); // the first statement also checks the table
    await Promise.all([store.set('a', session()), store.clear()]);
    assert.is(await store.length(), 0);
    await Promise.all([store.clear(), store.set('a', session())]);
    assert.is(await store.length(), 1);
  });

test('a second set() replaces the session of the first', async () => {
  const { store } = await freshStore();
  await store.set('a', session({ user: 'ada', role: 'admin' }));
  await store.set('a', session({ user: 'bob' }));
  assert.equal(await store.get('a'), session({ user: 'bob' }));
});

test('each get() returns a new object', async () => {
  const { store } = await freshStore();
  await store.set('a', session());
  const [one, other] = await Promise.all([store.get('a'), store.get('a')]);
  assert.is.not(one, other);
});

test('set() saves the session as it was at the time of the call', async () => {
  const { store } = await freshStore();
  const sess = session({ user: 'ada' });
  const setting = store.set('a', sess);
  Object.assign(sess, { user: 'changed' });
  await setting;
  assert.is((await store.get('a'))!.user, 'ada');
});

test('all() returns the live sessions in the order of their ids, length() counts them, and clear() deletes all', async () => {
  const { store, pool, table } = await freshStore();
  for (const sid of ['c', 'b', 'a']) await store.set(sid, session({ sid }));
  await pool.query(`UPDATE ${table} SET expire = now() WHERE sid = $1`, [storedId('b')]);

  assert.is(await store.length(), 2);
  assert.equal(
    (await store.all()).map((sess) => sess.sid),
    ['a', 'c'].sort((one, other) => (storedId(one) < storedId(other) ? -1 : 1)),
  );

  await store.clear();
  assert.is((await pool.query(`SELECT 1 FROM ${table}`)).rows.length, 0);
});

test('a session survives a restart of the app', async () => {
  const { store, names } = await freshStore();
  await store.set('a', session({ user: 'ada' }));
  await store.close();

  const restarted = new PgSessionStore({ pool: freshPool(), ...names, pruneSessionInterval: false, ...OPTIONS });

  assert.is((await restarted.get('a'))!.user, 'ada');
});

type Call = (store: PgSessionStore, callback: (...args: unknown[]) => void) => unknown;
const methods = {
  get: (store, callback) => store.get('a', callback),
  set: (store, callback) => store.set('a', session(), callback),
  touch: (store, callback) => store.touch('a', session(), callback),
  destroy: (store, callback) => store.destroy('a', callback),
  all: (store, callback) => store.all(callback),
  length: (store, callback) => store.length(callback),
  clear: (store, callback) => store.clear(callback),
  pruneSessions: (store, callback) => store.pruneSessions(callback),
  createTable: (store, callback) => store.createTable({}, callback),
  close: (store, callback) => store.close(callback),
} satisfies Record<string, Call>;

/** The arguments of each callback. Checks that none comes before the method returns. */
async function callbacksOf(call: Call, store: PgSessionStore): Promise<unknown[][]> {
  const calls: unknown[][] = [];
  const first = new Promise((resolve) => {
    const returned = call(store, (...args) => {
      calls.push(args);
      resolve(undefined);
    });
    assert.is(returned, undefined);
    assert.is(calls.length, 0);
  });
  await first;
  await sleep(20); // time for a second callback
  return calls;
}

const results: Record<string, unknown> = {
  get: session({ user: 'ada' }),
  all: [session({ user: 'ada' })],
  length: 1,
  pruneSessions: 0,
};

for (const [name, call] of Object.entries<Call>(methods)) {
  test(`${name}() calls back once with its result, after it returned`, async () => {
    const { store } = await freshStore();
    await store.set('a', session({ user: 'ada' }));
    assert.equal(await callbacksOf(call, store), [[null, results[name]]]);
  });

  if (name === 'close' || name === 'createTable') continue;
  test(`${name}() calls back once with the error of the database`, async () => {
    const { store, pool, table } = await freshStore();
    await pool.query(`DROP TABLE ${table}`);
    const calls = await callbacksOf(call, store);
    assert.is(calls.length, 1);
    assert.is((calls[0]![0] as SessionStoreError).sqlState, '42P01');
    assert.is(calls[0]!.length, 1);
  });

  test(`errorLog gets the error of ${name}() without a callback and without a handler of the promise`, async () => {
    const logged: unknown[][] = [];
    const { store, pool, table } = await freshStore({ errorLog: (...args) => logged.push(args) });
    await pool.query(`DROP TABLE ${table}`);

    call(store, invalid(undefined));
    while (logged.length === 0) await sleep(5);

    assert.is((logged[0]![1] as SessionStoreError).sqlState, '42P01');
  });
}

test('errorLog does not get an error that the caller handles', async () => {
  const logged: unknown[][] = [];
  const { store, pool, table } = await freshStore({ errorLog: (...args) => logged.push(args) });
  await pool.query(`DROP TABLE ${table}`);

  const error = await store.get('a').catch((error) => error);
  await sleep(20);

  assert.is(error.sqlState, '42P01');
  assert.equal(logged, []);
});

test('get() calls back with (null, null) if there is no such session', async () => {
  const { store } = await freshStore();
  assert.equal(await callbacksOf(methods.get, store), [[null, null]]);
});

test('touch() and destroy() of a missing session succeed and do not create it', async () => {
  const { store } = await freshStore();
  await store.touch('a', session());
  await store.destroy('a');
  assert.is(await store.length(), 0);
});

test('an errorLog that throws does not end the process, and console.error gets both errors', async () => {
  const printed: unknown[][] = [];
  const { error } = console;
  console.error = (...args) => printed.push(args);
  onEnd(() => Object.assign(console, { error }));
  const { store, pool, table } = await freshStore({
    errorLog() {
      throw new Error('no log');
    },
  });
  await pool.query(`DROP TABLE ${table}`);

  void store.destroy('a');
  while (printed.length < 2) await sleep(5);

  assert.match(String(printed), /errorLog failed:,Error: no log/);
  assert.match(String(printed), /failed without a handler:,SessionStoreError: the database failed: relation/);
});

test('a method returns a promise if its callback is not a function', async () => {
  const { store } = await freshStore();
  await store.set('a', session(), invalid(5));
  const getting: unknown = store.get('a', invalid(true));
  assert.ok(await getting);
});

test('set() calls back with an Error if toJSON throws null', async () => {
  const { store } = await freshStore();
  const toJSON = () => {
    throw null;
  };
  const error = await new Promise((resolve) => store.set('a', session({ toJSON }), resolve));
  assert.instance(error, Error);
});

test('set() fails if the session is not an object', async () => {
  const { store } = await freshStore();
  for (const given of ['text', ['array'], 7, null, undefined]) {
    const error = await store.set('a', invalid(given)).catch((error) => error);
    assert.match(String(error), /^TypeError: cannot store the session: it must be an object$/);
  }
  await store.createTable(invalid(null));
  assert.is(await store.get('a'), null);
});

test('a callback that throws is called once, causes an uncaughtException, and does not change a session', async () => {
  const { store, names } = await freshStore();
  await store.set('a', session({ user: 'ada' }));
  const program = `
    import { PgSessionStore } from ${JSON.stringify(compiled('src/index.ts'))};
    const store = new PgSessionStore({ conString: process.env.TEST_SERVER_URL, pruneSessionInterval: false, ...${JSON.stringify(names)} });
    const calls = [], uncaught = [];
    process.on('uncaughtException', (error, origin) => uncaught.push(error.message + ' ' + origin));
    const boom = (name) => () => { calls.push(name); throw new Error(name); };
    store.get('a', boom('get'));
    store.set('b', { cookie: {} }, boom('set'));
    store.touch('a', { cookie: {} }, boom('touch'));
    store.destroy('c', boom('destroy'));
    store.set('d', null, boom('error'));
    while (uncaught.length < 5) await new Promise((resolve) => setTimeout(resolve, 5));
    await new Promise((resolve) => setTimeout(resolve, 50));
    console.log(JSON.stringify([calls.sort(), uncaught.sort()]));
    await store.close();`;
  const { stdout } = await promisify(execFile)(process.execPath, [writeProgram(program)]);

  const calls = ['destroy', 'error', 'get', 'set', 'touch'];
  assert.equal(JSON.parse(stdout), [calls, calls.map((name) => `${name} uncaughtException`)]);
  assert.is((await store.get('a'))!.user, 'ada');
});

const applicationName = () => `victim ${process.pid} ${Math.random()}`;

/** Makes the server close the connections with this application_name. */
async function killConnections(pool: pg.Pool, application: string) {
  await pool.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1', [application]);
}

test('the process survives the loss of an idle connection, and the next call opens another', async () => {
  const logged: unknown[][] = [];
  const { store, pool: admin, names } = await freshStore();
  await store.set('a', session({ user: 'ada' }));
  const conObject = { connectionString: process.env.TEST_SERVER_URL!, application_name: applicationName() };
  const own = new PgSessionStore({
    conObject,
    ...names,
    pruneSessionInterval: false,
    ...OPTIONS,
    errorLog: (...args) => logged.push(args),
  });
  onEnd(() => own.close());
  await own.get('a');

  await killConnections(admin, conObject.application_name);
  while (logged.length === 0) await sleep(5);

  assert.match(String(logged[0]), /An idle connection of the pool failed/);
  assert.is((await own.get('a'))!.user, 'ada');
});

test('the default errorLog prints the error with console.error, without the client that pg adds to it', async () => {
  const { pool: admin, names } = await freshStore();
  const conObject = { connectionString: process.env.TEST_SERVER_URL!, application_name: applicationName() };
  const own = new PgSessionStore({ conObject, ...names, pruneSessionInterval: false, ...OPTIONS });
  onEnd(() => own.close());
  const printed: unknown[][] = [];
  const { error } = console;
  console.error = (...args) => printed.push(args);
  onEnd(() => Object.assign(console, { error }));
  await own.get('a');

  await killConnections(admin, conObject.application_name);
  while (printed.length === 0) await sleep(5);

  assert.is(printed[0]![0], 'An idle connection of the pool failed:');
  assert.match(String(printed[0]![1]), /^error: terminating connection due to administrator command\n {4}at /);
});

test('a call retries on another connection when its connection is lost', async () => {
  const { store, pool: admin, names } = await freshStore();
  await store.set('a', session());
  const application = applicationName();
  const pool = freshPool({ application_name: application, max: 1 });
  const other = new PgSessionStore({ pool, ...names, pruneSessionInterval: false, ...OPTIONS });
  const locker = await admin.connect();
  await locker.query('BEGIN');
  await locker.query(`LOCK TABLE ${quotedName(names)}`);

  const reading = other.get('a');
  await once(pool, 'acquire');
  await killConnections(admin, application);
  await once(pool, 'acquire');
  await locker.query('ROLLBACK');
  locker.release();

  assert.ok(await reading);
  assert.is(other.stats().retries, 1);
});

/** pg keeps the socket in private fields. */
type ClientWithSocket = pg.PoolClient & { connection: { stream: Socket } };

test('a broken socket fails the call in flight and does not end the process', async () => {
  const { store, pool: admin, names, table } = await freshStore();
  const pool = freshPool({ max: 1 });
  const clients: pg.PoolClient[] = [];
  pool.on('connect', (client) => clients.push(client));
  const other = new PgSessionStore({ pool, ...names, pruneSessionInterval: false, ...OPTIONS });
  const locker = await admin.connect();
  await locker.query('BEGIN');
  await locker.query(`LOCK TABLE ${table}`);

  const reading = other.get('a').catch((error) => error);
  await untilBlocked(admin);
  (clients[0] as ClientWithSocket).connection.stream.destroy(new Error('the socket broke'));

  assert.is((await reading).cause.message, 'the socket broke');
  await locker.query('ROLLBACK');
  locker.release();
  assert.is(await other.get('a'), null);
  assert.is(await store.get('a'), null);
});

test('an error of the database does not close the connection', async () => {
  const { store, pool, table } = await freshStore({ pool: freshPool({ max: 1 }) });
  const backend = async () => (await pool.query('SELECT pg_backend_pid() AS pid')).rows[0].pid;
  const before = await backend();
  await pool.query(`DROP TABLE ${table}`);

  await store.get('a').catch(() => {});

  assert.is(await backend(), before);
});

test('createTable() does not leave a transaction open when it fails', async () => {
  const { pool, names } = await freshStore({ pool: freshPool({ max: 1 }) });
  const store = new PgSessionStore({ pool, ...names, schemaName: 'none such', pruneSessionInterval: false });
  await store.createTable().catch(() => {});
  const { rows } = await pool.query('SELECT now() = statement_timestamp() AS alone FROM pg_sleep(0.01)');
  assert.equal(rows, [{ alone: true }]);
});

test('errorLog gets the error when express-session calls destroy() without a callback', async () => {
  const logged: unknown[][] = [];
  const { store, pool, table } = await freshStore({ errorLog: (...args) => logged.push(args) });
  const request = invalid<Request>({ sessionID: 'a', sessionStore: store });
  const loaded = store.createSession(request, session({}, cookieFor(60)));
  await pool.query(`DROP TABLE ${table}`);

  loaded.destroy(invalid(undefined));
  while (logged.length === 0) await sleep(5);

  assert.match(String(logged[0]![0]), /failed without a handler/);
});
