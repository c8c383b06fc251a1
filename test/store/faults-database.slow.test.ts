// Faults of the database during a call, other than outages.
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import { PoolConnection } from '../../src/postgres/connection.js';
import { isCitus, loadSession, session, storedId } from '../support/fresh-store.js';
import { suite } from '../support/harness.js';
import { openScene } from '../support/outages.js';
import { assertInTime, outcomeOf } from '../support/outcomes.js';
import { until } from '../support/subject.js';

const test = suite('faults of the database', { timeout: 20_000 });
const timeout = 0.5;

test('get() and set() succeed 100 times while pg_terminate_backend ends their connections', async () => {
  const { store, endConnections } = await openScene();
  let isOver = false;
  let rounds = 0;
  const terminations = (async () => {
    // Random pauses: on a loaded machine, 10 ms between two rounds can be too short to connect at
    // all. With Citus, the first statement of a connection connects to a worker too.
    for (; !isOver; await sleep(Math.random() * (isCitus ? 120 : 40))) {
      await endConnections();
      rounds++;
    }
  })();

  const failed: unknown[] = [];
  for (let n = 0; n < 50 || rounds <= 25; n++) {
    const sid = `session ${n}`;
    const set = await outcomeOf('set', () => store.set(sid, session({ n })));
    const get = await outcomeOf('get', async () => assert.is((await store.get(sid))!.n, n));
    failed.push(...[set, get].filter(({ error }) => error));
  }
  isOver = true;
  await terminations;

  assert.equal(failed, []);
});

test('a locked row delays only writes of that row, and set() fails with TIMEOUT', async () => {
  const { store, admin, table, lockWaits } = await openScene({ timeout, touchAfter: 0 });
  await store.set('locked', session({ n: 1 }));
  await store.set('free', session({ n: 1 }));
  const [locked, free] = [await loadSession(store, 'locked'), await loadSession(store, 'free')];
  const client = await admin.connect();
  await client.query('BEGIN');
  await client.query(`SELECT FROM ${table} WHERE sid = $1 FOR UPDATE`, [storedId('locked')]);
  locked.n = 2;
  free.n = 2;

  const [read, late, ...others] = await Promise.all([
    outcomeOf('get', () => store.get('locked')),
    outcomeOf('set', () => store.set('locked', locked)),
    outcomeOf('set', () => store.set('free', free)),
    outcomeOf('set', () => store.set('new', session())),
    outcomeOf('get', () => store.get('free')),
    outcomeOf('destroy', () => store.destroy('missing')),
  ]);
  await until(async () => (await lockWaits()) === 0); // the store canceled the statement
  await client.query('COMMIT');
  client.release();

  assert.is(late!.error?.code, 'TIMEOUT');
  others.push(read!);
  assertInTime([late!, ...others], timeout);
  for (const { method, error } of others) assert.not.ok(error, `${method}: ${error}`);
  await sleep(100);
  assert.is((await store.get('locked'))!.n, 1);
  assert.is((await store.get('free'))!.n, 2);
});

test('set() is retried after its connection ends, and update() fails because it could apply twice', async () => {
  const { store, admin, table, lockWaits, endConnections } = await openScene();
  await store.set('a', session({ n: 1 }));
  const loaded = await loadSession(store, 'a');
  const client = await admin.connect();

  const whileHeld = async (call: () => Promise<unknown>) => {
    await client.query(`BEGIN; SELECT FROM ${table} WHERE sid = '${storedId('a')}' FOR UPDATE`);
    const outcome = outcomeOf('call', call);
    await until(async () => (await lockWaits()) > 0);
    await endConnections();
    await sleep(50);
    await client.query('COMMIT');
    return outcome;
  };
  const saved = await whileHeld(() => store.set('a', Object.assign(loaded, { n: 2 })));
  const updated = await whileHeld(() => store.update('a', (found) => found.n++));
  client.release();

  assert.not.ok(saved.error);
  assert.is(updated.error!.sqlState, '57P01');
  assert.is((await store.get('a'))!.n, 2);
});

test('withClient() times out without a checkout when its deadline has passed', async () => {
  const { store, pool } = await openScene();
  await store.get('a');
  assert.is(pool.idleCount, 1);
  let checkouts = 0;
  pool.on('acquire', () => checkouts++);
  const late = new PoolConnection(pool).withClient(performance.now() - 1, async () => {});
  assert.is((await outcomeOf('client', () => late)).error?.code, 'TIMEOUT');
  assert.is(checkouts, 0);
});

test('20 calls that fail for a missing grant keep the same connection', async () => {
  const { store, pool, admin, table, role } = await openScene({ touchAfter: 0 });
  await store.set('a', session());
  let connections = 0;
  pool.on('connect', () => connections++);
  await admin.query(`REVOKE UPDATE ON ${table} FROM ${role}`);

  for (let n = 0; n < 20; n++) {
    const { error } = await outcomeOf('touch', () => store.touch('a', session()));
    assert.is(error?.code, 'DATABASE');
  }

  assert.is(connections, 0);
  assert.equal([pool.totalCount, pool.idleCount], [1, 1]);
});

test('set() drops a read-only connection to a former primary and succeeds on another connection', async () => {
  const { store, admin, role, endConnections } = await openScene();
  await admin.query(`ALTER ROLE ${role} SET default_transaction_read_only = on`);
  await endConnections();
  await Promise.all(Array.from({ length: 4 }, () => store.length())); // opens read-only connections
  await admin.query(`ALTER ROLE ${role} RESET default_transaction_read_only`);

  await store.set('a', session({ user: 'ada' }));

  assert.is((await store.get('a'))!.user, 'ada');
});
