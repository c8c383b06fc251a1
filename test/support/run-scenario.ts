// node --import tsx test/support/run-scenario.ts <store> [exit] Runs in its own process the calls
// that end the process with some of the stores. Prints the results as a line of JSON.
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { callStore, makeStore, makeTable, type StoreName, secondsLeft, sessionFor } from './stores.js';

const name = process.argv[2] as StoreName;
const connectionString = process.env.TEST_SERVER_URL!;
const observer = new pg.Pool({ connectionString, max: 1 }); // works even if the store's pool is broken
let opened = 0;

/** Opens a store with a session 'a', on a pool with one connection and no error listener. */
async function open(options: object = {}) {
  const names = { schemaName: `alone ${process.pid} ${++opened}`, tableName: 'user sessions' };
  await makeTable(name, { ...names, pool: observer });
  const pool = new pg.Pool({ connectionString, max: 1 });
  const store = makeStore(name, { ...names, pool }, { errorLog: () => {}, ...options });
  await callStore(store, 'set', 'a', sessionFor(100));
  return { store, pool, left: () => secondsLeft(store, { ...names, pool: observer }, 'a') };
}
/** True if the store does as the test says. Otherwise what it does instead. */
export type Outcome = true | string;
type OpenedStore = Awaited<ReturnType<typeof open>>;

let onUncaught: (error: Error) => void;
process.on('uncaughtException', (error) => onUncaught(error));
/** The next uncaught error. */
const uncaught = () =>
  new Promise<string>((resolve) => {
    onUncaught = (error) => resolve(`ends the process: ${error.message}`);
  });

/**
 * Makes a call. Returns the uncaught error that it causes, or true when the store has answered
 * three later calls.
 */
async function outcomeOf({ store }: OpenedStore, call: () => unknown): Promise<Outcome> {
  const broken = uncaught();
  call();
  for (let turn = 0; turn < 3; turn++) {
    const answered = callStore(store, 'get', 'missing').then(() => true);
    const outcome = await Promise.race([broken, answered, sleep(5000, 'never calls back')]);
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
  const next = callStore(store, 'get', 'missing').then((): Outcome => true);
  const nextCall = await Promise.race([next, sleep(5000, 'never calls back')]);
  return {
    calls,
    nextCall,
    row: await left().then(
      (): Outcome => true,
      () => 'the session is deleted',
    ),
  };
}

async function circularSession() {
  const opened = await open();
  const session: Record<string, unknown> = { ...sessionFor(100) };
  session.itself = session;
  let result = 'never calls back' as Outcome;
  const outcome = await outcomeOf(opened, () => {
    callStore(opened.store, 'set', 'a', session).then(
      () => {
        result = 'no error';
      },
      (error) => {
        result = error.message === 'throws' ? 'throws' : true;
      },
    );
  });
  return outcome === true ? result : outcome;
}

async function idleConnectionDies() {
  const { pool } = await open();
  const { rows } = await pool.query('SELECT pg_backend_pid() AS pid');
  const removed = new Promise((resolve) => pool.once('remove', resolve)); // events.once() would also listen to 'error'
  const outcome = Promise.race<Outcome>([uncaught(), removed.then(() => nextTurn(true))]);
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

export type ScenarioResults = Awaited<ReturnType<typeof runScenarios>>;

async function runScenarios() {
  return {
    set: await withoutCallback('set', 'a', sessionFor(1000)),
    touch: await withoutCallback('touch', 'a', sessionFor(1000)),
    destroy: await withoutCallback('destroy', 'a'),
    throwing: await throwingCallback(),
    circularSession: await circularSession(),
    ...(name !== 'MemoryStore' && { idleConnectionDies: await idleConnectionDies(), clockAhead: await clockAhead() }),
  };
}

/**
 * Ends the pool but does not close the store, and prints whether the process then exits by itself.
 */
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
  await runScenarios().then(
    (results) => console.log(JSON.stringify(results)),
    (error) => {
      console.error(error);
      process.exitCode = 1;
    },
  );
  process.exit();
}
