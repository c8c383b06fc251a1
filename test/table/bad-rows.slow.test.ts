// One row that PostgreSQL refuses, or that others have locked: calls for other rows go on.
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import * as assert from 'uvu/assert';
import { PgSessionStore, type SessionStoreError } from '../../src/index.js';
import {
  freshPool,
  freshStore,
  isCitus,
  loadSession,
  lockRows,
  lockWaiters,
  OPTIONS,
  session,
  statementsOf,
  storedId,
} from '../support/fresh-store.js';
import { onEnd, suite } from '../support/harness.js';
import { freshLimitedRole } from '../support/limited-role.js';
import { quotedName } from '../support/stores.js';

const test = suite('bad rows', { timeout: 30_000 });

const makeSids = (count: number) => Array.from({ length: count }, (_, n) => `session ${n}`);
const KINDS = ['get', 'set', 'save', 'touch', 'destroy', 'update'] as const;
type Kind = (typeof KINDS)[number];
const WRITES = KINDS.filter((kind) => kind !== 'get');

/** Creates sessions, and returns a function that makes a call of this kind for the n-th session. */
async function callsOf(store: PgSessionStore, kind: Kind, sids: string[]) {
  await Promise.all(sids.map((sid) => store.set(sid, session({ sid }))));
  const loaded = await Promise.all(sids.map((sid) => loadSession(store, sid)));
  const calls: Record<Kind, (n: number) => Promise<unknown>> = {
    get: (n) => store.get(sids[n]!),
    set: (n) => store.set(sids[n]!, session({ views: 2 })),
    save: (n) => store.set(sids[n]!, Object.assign(loaded[n]!, { views: 2 })),
    touch: (n) => store.touch(sids[n]!, loaded[n]!),
    destroy: (n) => store.destroy(sids[n]!),
    update: (n) => store.update(sids[n]!, (found) => void Object.assign(found, { views: 2 })),
  };
  return calls[kind];
}

/** The SQLSTATE or the code of each call's error, or 'ok'. */
const outcomesOf = (calls: Promise<unknown>[]): Promise<unknown[]> =>
  Promise.all(
    calls.map((call) =>
      call.then(
        () => 'ok',
        (error: SessionStoreError) => error.sqlState ?? error.code,
      ),
    ),
  );

/**
 * Adds a trigger that refuses writes of one session. Returns a function that sets its SQLSTATE, or
 * turns it off.
 */
async function addTrigger(pool: pg.Pool, table: string, sid: string) {
  const name = table.replace(/"$/, ' poison"');
  const setState = (sqlState: string | undefined) =>
    pool.query(`CREATE OR REPLACE FUNCTION ${name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      ${sqlState ? `RAISE EXCEPTION 'poisoned' USING ERRCODE = '${sqlState}';` : ''}
      RETURN coalesce(NEW, OLD); END $$`);
  await setState(undefined);
  for (const [operation, row] of [
    ['INSERT OR UPDATE', 'NEW'],
    ['DELETE', 'OLD'],
  ]) {
    await pool.query(`CREATE TRIGGER "poison ${row}" BEFORE ${operation} ON ${table} FOR EACH ROW
      WHEN (${row}.sid = '${storedId(sid)}') EXECUTE FUNCTION ${name}()`);
  }
  return setState;
}

const STATES = [
  ...[
    'XX000',
    '38000',
    '39P01',
    'U0001',
    '21000',
    '40001',
    '40P01',
    'HV000',
    '0A000',
    '2F003',
    '3B001',
    '53200',
    '53400',
  ],
  ...[
    '54001',
    '55000',
    '55P03',
    '57014',
    '58030',
    'F0000',
    'P0001',
    'P0004',
    'XX001',
    '23503',
    '22P02',
    '25P02',
    '28000',
  ],
  ...['42501', '42P01', '42703', '42883', '26000', '3D000', '40002', '44000', '99999'],
];

for (const kind of WRITES) {
  test(`if a trigger refuses one of six sessions with any SQLSTATE, only that call of ${kind} fails`, async () => {
    const { store, pool, table } = await freshStore({ touchAfter: 0 });
    const setState = await addTrigger(pool, table, 'session 3');
    for (const sqlState of kind === 'set' ? STATES : STATES.slice(0, 7)) {
      const call = await callsOf(store, kind, makeSids(6));
      await setState(sqlState);
      const outcomes = await outcomesOf([5, 0, 1, 2, 3, 4].map(call)); // the first one is sent alone
      await setState(undefined);
      assert.equal(outcomes, ['ok', 'ok', 'ok', 'ok', sqlState, 'ok'], sqlState);
    }
  });
}

test('if a view fails to read one of six sessions, only that call of get() fails', async () => {
  const { store, pool, names, table } = await freshStore();
  await Promise.all(makeSids(6).map((sid) => store.set(sid, session({ sid }))));
  const check = table.replace(/"$/, ' check"');
  await pool.query(`CREATE FUNCTION ${check}(sid varchar, sess json) RETURNS json LANGUAGE plpgsql AS $$ BEGIN
    IF sid = '${storedId('session 3')}' THEN RAISE EXCEPTION USING ERRCODE = 'XX000'; END IF; RETURN sess; END $$`);
  await pool.query(`ALTER TABLE ${table} RENAME TO kept`);
  const kept = quotedName({ ...names, tableName: 'kept' });
  await pool.query(`CREATE VIEW ${table} AS SELECT sid, ${check}(sid, sess) AS sess, expire FROM ${kept}`);
  const outcomes = await outcomesOf(makeSids(6).map((sid) => store.get(sid)));
  assert.equal(outcomes, ['ok', 'ok', 'ok', 'XX000', 'ok', 'ok']);
});

/** A store on a role with the usual grants. */
async function limitedStore(fresh: Awaited<ReturnType<typeof freshStore>>) {
  const { pool, names, table } = fresh;
  const { role, limitedPool } = await freshLimitedRole(pool);
  await pool.query(`GRANT USAGE ON SCHEMA ${pg.escapeIdentifier(names.schemaName)} TO ${role}`);
  await pool.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON ${table} TO ${role}`);
  const store = new PgSessionStore({ pool: limitedPool, ...names, pruneSessionInterval: false, ...OPTIONS });
  onEnd(() => store.close());
  return { store, role };
}

test('if row-level security refuses one of six sessions, only that call of set() fails', async () => {
  const fresh = await freshStore();
  const { store } = await limitedStore(fresh);
  const { pool, table } = fresh;
  await pool.query(`ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY`);
  await pool.query(`CREATE POLICY mine ON ${table} USING (true) WITH CHECK (sid <> '${storedId('session 3')}')`);
  const outcomes = await outcomesOf(makeSids(6).map((sid) => store.set(sid, session({}))));
  assert.equal(outcomes, ['ok', 'ok', 'ok', '42501', 'ok', 'ok']);
  assert.is(await fresh.store.length(), 5);
});

test('if the role lacks a grant, the store does not send the calls of a batch in parts', async () => {
  const fresh = await freshStore();
  const { store, role } = await limitedStore(fresh);
  await fresh.pool.query(`REVOKE UPDATE ON ${fresh.table} FROM ${role}`);
  const before = store.stats().batches;
  const outcomes = await outcomesOf(makeSids(40).map((sid) => store.set(sid, session({}))));
  assert.equal([...new Set(outcomes)], ['42501']);
  if (OPTIONS.batch !== false) assert.ok(store.stats().batches - before <= 3, `${store.stats().batches - before}`);
});

test('if a trigger always reports a serialization failure for one session, the others do not wait for its retries', async () => {
  const { store, pool, table } = await freshStore();
  const setState = await addTrigger(pool, table, 'session 30');
  const call = await callsOf(store, 'set', makeSids(60));
  await setState('40001');
  const begun = performance.now();
  let refusedAfter = 0;
  const calls = makeSids(60).map((_, n) => call(n));
  const refused = calls[30]!.catch(() => {
    refusedAfter = performance.now() - begun;
  });
  await Promise.all(calls.filter((_, n) => n !== 30));
  const others = performance.now() - begun;
  await refused;
  assert.ok(others < 1000, `${others} ms`);
  assert.is(store.stats().retries, 3);
  assert.ok(refusedAfter > 0);
});

test('if one of 64 sessions is refused, the store sends at most 16 statements', async () => {
  const { store, pool, table } = await freshStore({ pool: freshPool({ max: 1 }) });
  const setState = await addTrigger(pool, table, 'session 30');
  const call = await callsOf(store, 'set', makeSids(64));
  await setState('XX000');
  const sent = await statementsOf(pool, () => outcomesOf(makeSids(64).map((_, n) => call(n))));
  assert.ok(sent.length <= 16, `${sent.length}`);
});

test('a part of a failed batch keeps the deadlines of its calls', async () => {
  const { store, pool, table } = await freshStore({ timeout: 0.4, pool: freshPool({ max: 2 }) });
  const call = await callsOf(store, 'set', makeSids(8));
  const locker = await pool.connect();
  await locker.query(`BEGIN; LOCK TABLE ${table} IN EXCLUSIVE MODE`);
  const outcomes = await outcomesOf(makeSids(8).map((_, n) => call(n)));
  await sleep(200); // the server cancels what was sent
  await locker.query('COMMIT');
  locker.release();
  assert.equal(outcomes, Array(8).fill('TIMEOUT'));
  await sleep(100);
  assert.is((await store.get('session 7'))!.views, undefined);
});

test('a session that was refused does not fail the next batches of others', async () => {
  const { store, pool, table } = await freshStore({ pool: freshPool({ max: 1 }) });
  const setState = await addTrigger(pool, table, 'session 3');
  const sids = makeSids(8);
  const call = await callsOf(store, 'set', sids);
  const sent: number[] = [];
  const outcomes: unknown[][] = [];
  for (const state of ['XX000', 'XX000', undefined, undefined]) {
    await setState(state);
    const round = async () => outcomes.push(await outcomesOf(sids.map((_, n) => call(n))));
    sent.push((await statementsOf(pool, round)).length);
  }
  const refused = sids.map((_, n) => (n === 3 ? 'XX000' : 'ok'));
  const saved = sids.map(() => 'ok');
  assert.equal(outcomes, [refused, refused, saved, saved]);
  const batches = isCitus ? 4 : 1; // one for each shard
  assert.ok(sent[0]! > batches + 1, 'the first batch is sent again in parts');
  assert.equal(sent.slice(1), [batches + 1, batches + 1, batches], 'it is alone until it succeeds');
});

for (const batch of [true, false]) {
  for (const kind of WRITES) {
    test(`ten locked sessions do not keep others from ${kind} and get(), with batch: ${batch}`, async () => {
      const pool = freshPool({ max: 10 });
      const { store, table } = await freshStore({ touchAfter: 0, batch, pool });
      const other = freshPool({ max: 3 });
      const call = await callsOf(store, kind, makeSids(60));
      const unlock = await lockRows(other, table, makeSids(10));
      const locked: Promise<unknown>[] = [];
      for (let n = 0; n < 10; n++) {
        locked.push(call(n));
        await sleep(20);
      }
      await sleep(500);
      const begun = performance.now();
      const free = makeSids(60)
        .map((_, n) => n)
        .slice(10);
      // A get() of a locked session waits for the write before it.
      await Promise.all([...free.map(call), ...free.map((n) => store.get(`session ${n}`))]);
      const ms = performance.now() - begun;
      const waiters = await lockWaiters(other);

      await unlock();
      assert.equal(await outcomesOf(locked), Array(10).fill('ok'));
      assert.ok(ms < 1000, `${ms} ms`);
      assert.ok(waiters >= 1 && waiters <= 5, `${waiters} connections wait for locks`);
    });
  }
}

test('calls of 60 sessions in one batch with ten locked ones succeed for the other 50', async () => {
  const { store, table } = await freshStore();
  const other = freshPool({ max: 3 });
  const call = await callsOf(store, 'set', makeSids(60));
  const unlock = await lockRows(
    other,
    table,
    makeSids(60).filter((_, n) => n % 6 === 3),
  );
  const begun = performance.now();
  const calls = makeSids(60).map((_, n) => call(n));
  await Promise.all(calls.filter((_, n) => n % 6 !== 3));
  const ms = performance.now() - begun;
  assert.ok((await lockWaiters(other)) <= 5);
  await unlock();
  await Promise.all(calls);
  assert.ok(ms < 2000, `${ms} ms`);
});

test('with a pool of two connections, a locked session does not keep others from saving', async () => {
  const { store, table } = await freshStore({ pool: freshPool({ max: 2 }) });
  const other = freshPool({ max: 3 });
  const call = await callsOf(store, 'set', makeSids(20));
  const unlock = await lockRows(other, table, makeSids(5));
  const calls = makeSids(20).map((_, n) => call(n));
  const begun = performance.now();
  await Promise.all(calls.slice(5));
  await Promise.all(
    makeSids(20)
      .slice(5)
      .map((sid) => store.get(sid)),
  );
  const ms = performance.now() - begun;
  await unlock();
  await Promise.all(calls);
  assert.ok(ms < 2000, `${ms} ms`);
});

test('stores on one pool together keep half of its connections free of waits for locks', async () => {
  const pool = freshPool({ max: 10 });
  const fresh = await freshStore({ pool });
  const other = freshPool({ max: 3 });
  const stores = [1, 2, 3].map(
    () => new PgSessionStore({ pool, ...fresh.names, pruneSessionInterval: false, ...OPTIONS }),
  );
  for (const store of stores) onEnd(() => store.close());
  const sids = makeSids(12);
  await Promise.all(sids.map((sid) => fresh.store.set(sid, session({}))));
  await Promise.all(stores.map((store) => store.get(sids[0]!))); // they learn whether Citus distributes the table
  const unlock = await lockRows(other, fresh.table, sids);
  const calls: Promise<unknown>[] = [];
  for (const [n, sid] of sids.entries()) {
    calls.push(stores[n % 3]!.set(sid, session({})));
    await sleep(20);
  }
  await sleep(400);
  const waiters = await lockWaiters(other);
  await unlock();
  await Promise.all(calls);
  assert.ok(waiters <= 5, `${waiters}`);
});
