// node --import tsx test/support/run-scenario.ts <store> [exit]
// What breaks the process with some of the stores, in a process of its own. Prints what came of it, as a line of JSON.
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { callStore, makeStore, makeTable, type StoreName, secondsLeft, sessionFor } from './stores.js';

const name = process.argv[2] as StoreName;
const connectionString = process.env.TEST_SERVER_URL!;
const observer = new pg.Pool({ connectionString, max: 1 }); // goes on when the store's pool is broken
let made = 0;

/** A store with a session 'a', on a pool of one connection to which nobody listens. */
async function open(options: object = {}) {
  const place = { schemaName: `alone ${process.pid} ${++made}`, tableName: 'user sessions' };
  await makeTable(name, { ...place, pool: observer });
  const pool = new pg.Pool({ connectionString, max: 1 });
  const store = makeStore(name, { ...place, pool }, { errorLog: () => {}, ...options });
  await callStore(store, 'set', 'a', sessionFor(100));
  return { store, pool, left: () => secondsLeft(store, { ...place, pool: observer }, 'a') };
}
type Outcome = true | string;
type Opened = Awaited<ReturnType<typeof open>>;

let onUncaught: (error: Error) => void;
process.on('uncaughtException', (error) => onUncaught(error));
/** The next error that nobody catches. */
const uncaught = () =>
  new Promise<string>((resolve) => {
    onUncaught = (error) => resolve(`ends the process: ${error.message}`);
  });

/** What comes of a call: an error that nobody caught, or true once later calls on the same connection have been answered. */
async function outcomeOf({ store }: Opened, call: () => unknown): Promise<Outcome> {
  const broken = uncaught();
  call();
  for (let turn = 0; turn < 3; turn++) {
    const answered = callStore(store, 'get', 'nobody').then(() => true);
    const outcome = await Promise.race([broken, answered, sleep(5000, 'is never answered')]);
    if (typeof outcome === 'string') return outcome;
    await nextTurn();
  }
  return true;
}

async function withoutCallback(method: string, ...args: unknown[]) {
  const opened = await open();
  const before = await opened.left();
  const outcome = await outcomeOf(opened, () => opened.store[method](...args));
  const after = await opened.left().catch(() => 0);
  return outcome === true && Math.abs(after - before) < 30 ? 'does nothing' : outcome;
}

async function throwingCallback() {
  const { store, left } = await open();
  let calls = 0;
  const thrown = uncaught();
  store.get('a', () => {
    calls++;
    throw new Error('thrown by the app');
  });
  await thrown;
  const next = callStore(store, 'get', 'nobody').then(() => true);
  const goesOn = await Promise.race([next, sleep(5000, 'is never answered')]);
  return {
    calls,
    goesOn,
    row: await left().then(
      () => true,
      () => 'the session is deleted',
    ),
  };
}

async function noJson() {
  const opened = await open();
  const session: Record<string, unknown> = { ...sessionFor(100) };
  session.itself = session;
  let answer = 'is never answered' as Outcome;
  const outcome = await outcomeOf(opened, () => {
    callStore(opened.store, 'set', 'a', session).then(
      () => {
        answer = 'says nothing';
      },
      (error) => {
        answer = error.message === 'throws' ? 'throws' : true;
      },
    );
  });
  return outcome === true ? answer : outcome;
}

async function idleConnectionDies() {
  const { pool } = await open();
  const { rows } = await pool.query('SELECT pg_backend_pid() AS pid');
  const removed = new Promise((resolve) => pool.once('remove', resolve)); // events.once() would listen to 'error', too
  const outcome = Promise.race([uncaught(), removed.then(() => nextTurn(true))]);
  await observer.query('SELECT pg_terminate_backend($1)', [rows[0].pid]);
  return outcome;
}

async function clockAhead() {
  const { store, left } = await open({ ttl: 1000 });
  const { now } = Date;
  Date.now = () => now() + 3_600_000;
  await callStore(store, 'set', 'a', sessionFor(null));
  Date.now = now;
  return left();
}

async function scenarios() {
  const all = {
    set: await withoutCallback('set', 'a', sessionFor(1000)),
    touch: await withoutCallback('touch', 'a', sessionFor(1000)),
    destroy: await withoutCallback('destroy', 'a'),
    throwing: await throwingCallback(),
    noJson: await noJson(),
  };
  if (name === 'MemoryStore') return all;
  return { ...all, idleConnectionDies: await idleConnectionDies(), clockAhead: await clockAhead() };
}

/** Prints whether the process ends by itself, now that the app's pool has ended and its store is left to itself. */
async function exit() {
  const { pool } = await open({ pruneSessionInterval: undefined });
  await Promise.all([pool.end(), observer.end()]);
  process.once('beforeExit', () => console.log(true));
  setInterval(() => {
    const alive = process.getActiveResourcesInfo().filter((resource) => !/Pipe|TTY|File|CloseReq/.test(resource));
    if (alive.length > 0 && alive.every((resource) => resource === 'Timeout')) {
      console.log(JSON.stringify('a timer keeps it alive'));
      process.exit();
    }
  }, 20).unref();
}

if (process.argv[3] === 'exit') {
  await exit();
} else {
  await scenarios().then(
    (results) => console.log(JSON.stringify(results)),
    (error) => {
      console.error(error);
      process.exitCode = 1;
    },
  );
  process.exit();
}
