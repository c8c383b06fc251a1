// Calls for a table that Citus distributes share statements by shard, and do not wait for each
// other's rows.
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import * as assert from 'uvu/assert';
import { PgSessionStore, type StoreOptions } from '../../src/index.js';
import { citusSuite, citusTable, nodes } from '../support/citus.js';
import { freshPool, loadSession, session } from '../support/fresh-store.js';
import { onEnd } from '../support/harness.js';
import { failure } from '../support/limited-role.js';

const test = citusSuite('calls of distributed tables', { timeout: 60_000 });
const url = process.env.TEST_CITUS_URL!;
const databaseName = url && new URL(url).pathname.slice(1);

/** The statements that the new clients of this pool send, with their values. */
function statementsOf(pool: pg.Pool) {
  const sent: { text: string; values: unknown[] }[] = [];
  pool.on('connect', (client) => {
    const { query } = client;
    const recorded = (...args: unknown[]) => {
      sent.push(args[0] as (typeof sent)[number]);
      return Reflect.apply(query, client, args);
    };
    Object.assign(client, { query: recorded });
  });
  return sent;
}

type Names = Awaited<ReturnType<typeof citusTable>>['names'];

function storeOn(names: Names, options: StoreOptions = {}, connectionString = url) {
  const pool = freshPool({ connectionString });
  const sent = statementsOf(pool);
  const store = new PgSessionStore({
    pool,
    ...names,
    pruneSessionInterval: false,
    touchAfter: 0,
    timeout: 30, // Citus connects each new backend to each worker, which takes long on a busy machine
    ...options,
  });
  onEnd(() => store.close());
  return { store, sent, pool };
}

const SIDS = Array.from({ length: 128 }, (_, n) => `session ${n}`);

/** A store with these sessions, which knows how its table is distributed. */
async function filledStore(shards: number, options: StoreOptions = {}) {
  const { pool, names, table } = await citusTable(shards);
  const made = storeOn(names, options);
  await Promise.all(SIDS.map((sid) => made.store.set(sid, session({ views: 0 }))));
  await Promise.all(SIDS.map((sid) => made.store.get(sid)));
  return { ...made, admin: pool, names, table };
}

test('calls at once share statements, each for sessions of one shard', async () => {
  const { store, sent, admin, table } = await filledStore(4);
  const shardOf = async (sid: string) =>
    (await admin.query('SELECT get_shard_id_for_distribution_column($1, $2::text) AS shard', [table, sid])).rows[0]
      .shard;
  const loaded = await Promise.all(SIDS.map((sid) => loadSession(store, sid)));
  const calls: Record<string, () => Promise<unknown>[]> = {
    get: () => SIDS.map((sid) => store.get(sid)),
    set: () => SIDS.map((sid) => store.set(sid, session({ views: 1 }))),
    touch: () => loaded.map((one) => store.touch(one.id, one)),
    save: () => loaded.map((one) => store.set(one.id, Object.assign(one, { views: 2 }))),
  };
  for (const [name, start] of Object.entries(calls)) {
    sent.length = 0;
    await Promise.all(start());
    assert.ok(sent.length <= SIDS.length / 2, `${name}: ${sent.length} statements`);
    for (const { values } of sent) {
      const sids = values.flat().filter((value) => /^session \d+$/.test(String(value)));
      assert.ok(sids.length > 0, name);
      assert.is(new Set(await Promise.all(sids.map((sid) => shardOf(String(sid))))).size, 1, name);
    }
  }
  for (const sid of SIDS) assert.is((await store.get(sid))!.views, 2);
});

/** Locks the rows of these sessions until the returned function is called. */
async function lock(admin: pg.Pool, table: string, sids: string[]): Promise<() => Promise<void>> {
  const client = await admin.connect();
  await client.query('BEGIN');
  await client.query(`SELECT FROM ${table} WHERE sid = ANY($1) FOR UPDATE`, [sids]);
  let isLocked = true;
  const unlock = async () => {
    if (isLocked) await client.query('COMMIT').finally(() => client.release());
    isLocked = false;
  };
  onEnd(unlock);
  return unlock;
}

for (const batch of [true, false]) {
  test(`a locked row holds only its own calls, with batch: ${batch}`, async () => {
    const { store, admin, table } = await filledStore(1, { batch }); // so that all are of one shard
    const loaded = await Promise.all(SIDS.map((sid) => loadSession(store, sid)));
    const calls: Record<string, () => Promise<unknown>[]> = {
      touch: () => loaded.map((one) => store.touch(one.id, one)),
      save: () => loaded.map((one) => store.set(one.id, Object.assign(one, { views: 1 }))),
      set: () => SIDS.map((sid) => store.set(sid, session({ views: 2 }))),
      update: () => SIDS.map((sid) => store.update(sid, (found) => found.views++)),
      destroy: () => SIDS.map((sid) => store.destroy(sid)),
    };
    for (const [name, start] of Object.entries(calls)) {
      const unlock = await lock(admin, table, ['session 7']);
      let isDone = false;
      const started = start();
      const others = started.filter((_, n) => n !== 7);
      const locked = started[7]!.then(() => (isDone = true));
      const startedAt = performance.now();
      await Promise.all(others);
      assert.ok(performance.now() - startedAt < 5000, `${name}: others took ${performance.now() - startedAt} ms`);
      assert.is(isDone, false, name);
      await unlock();
      await locked;
      if (name === 'update') for (const sid of SIDS) assert.ok([3, 4].includes((await store.get(sid))!.views), name);
    }
    assert.is(await store.length(), 0);
  });
}

test('many locked rows do not stop the other sessions', async () => {
  const { store, admin, table } = await filledStore(1);
  const isLocked = (sid: string) => sid.startsWith('session 1');
  const unlock = await lock(admin, table, SIDS.filter(isLocked));
  const held = SIDS.filter(isLocked).flatMap((sid) => [store.update(sid, (found) => found.views++), store.get(sid)]);
  await sleep(300);
  const startedAt = performance.now();
  await Promise.all(SIDS.filter((sid) => !isLocked(sid)).map((sid) => store.update(sid, (found) => found.views++)));
  assert.ok(performance.now() - startedAt < 5000, `${performance.now() - startedAt} ms`);
  await unlock();
  await Promise.all(held);
  for (const sid of SIDS) assert.is((await store.get(sid))!.views, 1, sid);
});

test('saves that are sent alone, of locked rows, do not stop the other sessions', async () => {
  const { store, admin, table } = await filledStore(1);
  const [locked, free] = [SIDS.slice(0, 8), SIDS.slice(8)];
  const add = (sid: string) => store.update(sid, (found) => found.views++);
  const unlock = await lock(admin, table, locked);
  const held: Promise<unknown>[] = [];
  for (const sid of locked) {
    held.push(add(sid));
    await sleep(250); // after 200 ms, the next call does not wait for it
  }
  const startedAt = performance.now();
  await Promise.all(free.map(add));
  assert.ok(performance.now() - startedAt < 5000, `${performance.now() - startedAt} ms`);
  await unlock();
  await Promise.all(held);
  for (const sid of SIDS) assert.is((await store.get(sid))!.views, 1, sid);
});

test('clients that are new, and so slow, are not dropped', async () => {
  const { names } = await filledStore(4);
  const pool = freshPool({ connectionString: url, max: 20 }); // together they take about half a second
  const { store } = storeOn(names, { pool, batch: false });
  await store.set('session', session()); // the store learns how the table is distributed
  let dropped = 0;
  pool.on('remove', () => dropped++);
  await Promise.all(SIDS.map((sid) => store.touch(sid, session())));
  assert.is(dropped, 0);
});

/** How many deadlocks all nodes have seen. */
async function deadlocks(admin: pg.Pool): Promise<number> {
  await sleep(1100); // PostgreSQL counts them up to a second late
  const sql = "SELECT pg_stat_clear_snapshot()::text || deadlocks FROM pg_stat_database WHERE datname = 'app'";
  const { rows } = await admin.query('SELECT result FROM run_command_on_all_nodes($1)', [
    sql.replace('app', databaseName),
  ]);
  return rows.reduce((sum, { result }) => sum + Number(result), 0);
}

test('reads are answered while a write pauses before its next attempt', async () => {
  const { names } = await citusTable(4);
  const options = '-c default_transaction_read_only=on';
  const pool = freshPool({ connectionString: url, options, max: 2 }); // one statement at a time for a worker
  const store = new PgSessionStore({ pool, ...names, pruneSessionInterval: false, timeout: 2 });
  onEnd(() => store.close());
  await store.get('session');
  const startedAt = performance.now();
  const written = failure(store.set('session', session({})));
  await sleep(100); // so that it is sent first
  await Promise.all(SIDS.map((sid) => store.get(sid))); // some are on the same worker
  const readMs = performance.now() - startedAt;
  assert.match((await written).message, /read-only|in time/);
  const writeMs = performance.now() - startedAt;
  assert.ok(writeMs > 1500 && readMs < writeMs / 2, `the write took ${writeMs} ms, the reads ${readMs} ms`);
});

test('six stores on all nodes write batches of the same sessions, without a deadlock', async () => {
  const { names, admin } = await filledStore(4);
  const before = await deadlocks(admin);
  const urls = await nodes(admin);
  const stores = Array.from({ length: 6 }, (_, n) => storeOn(names, {}, urls[n % urls.length]).store);
  const touched = (await Promise.all(stores.map((store) => loadSession(store, SIDS[0]!)))).length;
  assert.is(touched, 6);
  const rounds = 10;
  const shuffled = () => SIDS.toSorted(() => Math.random() - 0.5);
  const run = async (store: PgSessionStore) => {
    for (let round = 0; round < rounds; round++) {
      await Promise.all(shuffled().map((sid) => store.touch(sid, session())));
      await Promise.all(shuffled().map((sid) => store.set(`${sid} new`, session())));
      await Promise.all(
        shuffled()
          .slice(0, 32)
          .map((sid) => store.update(sid, (found) => found.views++)),
      );
    }
  };
  await Promise.all(stores.map(run));
  let views = 0;
  for (const sid of SIDS) views += (await stores[0]!.get(sid))!.views;
  assert.is(views, 6 * rounds * 32);
  for (const store of stores) assert.is(store.stats().gone, 0);
  assert.is(await deadlocks(admin), before);
});

test('a destroyed session is notified on the node of the client', async () => {
  const { store } = await filledStore(4, { revocations: true });
  const revoked: unknown[] = [];
  store.on('revoked', (event) => revoked.push(event));
  await store.destroy('session 1');
  while (revoked.length === 0) await sleep(10);
});

test('a shard that was split is noticed, and no call fails', async () => {
  const { store, admin, table, sent } = await filledStore(2);
  await admin.query(
    `SELECT citus_split_shard_by_split_points(s.shardid, ARRAY['-1000000000'], ARRAY[p.nodeid, p.nodeid]::int[], 'block_writes')
     FROM pg_dist_shard s, LATERAL (SELECT n.nodeid FROM pg_dist_placement p JOIN pg_dist_node n USING (groupid) WHERE p.shardid = s.shardid) p
     WHERE s.logicalrelid = $1::regclass AND s.shardminvalue::int < -1000000000`,
    [table],
  );
  for (let round = 0; round < 2; round++) {
    await Promise.all(SIDS.map((sid) => store.touch(sid, session())));
    await Promise.all(SIDS.map((sid) => store.update(sid, (found) => found.views++)));
    await sleep(1100);
  }
  for (const sid of SIDS) assert.is((await store.get(sid))!.views, 2);
  sent.length = 0;
  await Promise.all(SIDS.map((sid) => store.touch(sid, session())));
  assert.ok(sent.length <= SIDS.length / 2, `${sent.length} statements`);
});

test('a table with timestamps without a time zone is refused, and a DateStyle that is not ISO', async () => {
  const columns = 'sid varchar PRIMARY KEY, sess json NOT NULL, expire timestamp NOT NULL';
  for (const how of [4, 'reference'] as const) {
    const { names } = await citusTable(how, columns);
    const { store } = storeOn(names);
    for (const call of [() => store.set('a', session()), () => store.touch('a', session())]) {
      assert.match((await failure(call())).message, /expire has no time zone.*`npx connect-pg-typed migrate`/);
    }
  }
  const { names } = await citusTable(4);
  const { store } = storeOn(names, {}, `${url}?options=-c%20datestyle%3DGerman`);
  assert.match((await failure(store.set('a', session()))).message, /DateStyle is 'German, DMY'.*ALTER ROLE/);
});
