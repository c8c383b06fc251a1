// Calls that share a statement: the store sends few statements, and no call affects another.
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import * as assert from 'uvu/assert';
import type { PgSessionStore, SessionStoreError } from '../../src/index.js';
import { Batcher } from '../../src/table/batcher.js';
import {
  freshPool,
  freshStore,
  isCitus,
  loadSession,
  lockRows,
  lockWaiters,
  session,
  statementsOf,
  untilBlocked,
} from '../support/fresh-store.js';
import { suite } from '../support/harness.js';

const test = suite('batcher', { timeout: 20_000 });
const SHARDS = isCitus ? 4 : 1; // each batch is for one of them

const makeSids = (count: number) => Array.from({ length: count }, (_, n) => `session ${n}`);
const viewsOf = async (store: PgSessionStore, sid: string): Promise<unknown> => (await store.get(sid))?.views;

/** Creates a store with sessions of these ids. */
async function filledStore(sids: string[], options: Parameters<typeof freshStore>[0] = {}) {
  const fresh = await freshStore({ touchAfter: 0, ...options });
  await Promise.all(sids.map((sid) => fresh.store.set(sid, session({ sid }))));
  return fresh;
}

test('a hundred concurrent calls share at most three statements, and each call gets its own result', async () => {
  const sids = makeSids(100);
  const { store, pool } = await filledStore(sids, { pool: freshPool({ max: 1 }) });
  const loaded = await Promise.all(sids.map((sid) => loadSession(store, sid)));
  const calls: Record<string, (sid: string, n: number) => Promise<unknown>> = {
    SELECT: async (sid) => assert.is((await store.get(sid))!.sid, sid),
    INSERT: (sid) => store.set(sid, session({ sid })),
    UPDATE: (sid, n) => store.set(sid, Object.assign(loaded[n]!, { cookie: loaded[n]!.cookie, views: n })),
    DELETE: (sid) => store.destroy(sid),
  };
  await Promise.all(sids.map((sid, n) => store.set(sid, Object.assign(loaded[n]!, { views: -1 }))));
  for (const [kind, call] of Object.entries(calls)) {
    if (kind === 'UPDATE') for (const [n, sid] of sids.entries()) loaded[n] = await loadSession(store, sid);
    const sent = await statementsOf(pool, () => Promise.all(sids.map(call)));
    assert.ok(sent.length >= 1 && sent.length <= 3 * SHARDS, `${kind}: ${sent}`);
    assert.equal([...new Set(sent)], [kind]);
  }
  assert.is(await store.length(), 0);
});

test('concurrent reads of one session share a statement, and each read gets a separate object', async () => {
  const { store, pool } = await filledStore(['a'], { pool: freshPool({ max: 1 }) });
  let found: unknown[] = [];
  const sent = await statementsOf(pool, async () => {
    found = await Promise.all(Array.from({ length: 50 }, () => store.get('a')));
  });
  assert.ok(sent.length <= 2, `${sent}`);
  assert.is(new Set(found).size, 50);
});

test('the store sends many calls as two batches, and a few calls as one', async () => {
  const sids = makeSids(64);
  const { store, pool } = await filledStore(sids, { pool: freshPool({ max: 1 }) });
  const read = (count: number) =>
    statementsOf(pool, () => Promise.all(sids.slice(0, count).map((sid) => store.get(sid))));
  assert.is((await read(64)).length, 2 * SHARDS);
  assert.ok((await read(8)).length <= SHARDS);
});

test('a few calls wait for the batch in flight, and half as many as it has do not', async () => {
  const sizes: number[] = [];
  const ends: (() => void)[] = [];
  const batcher = new Batcher<string, string>({
    async send(items) {
      sizes.push(items.length);
      await new Promise<void>((resolve) => ends.push(resolve));
      return items;
    },
    bytes: () => 1,
    sidOf: (item) => item,
    runPart: (work) => work(),
  });
  const deadline = performance.now() + 10_000;
  const call = (count: number) => makeSids(count).map((sid) => batcher.call(sid, deadline));
  const calls = call(10);
  await sleep(0);
  calls.push(...call(4));
  await sleep(0);
  assert.equal(sizes, [10]);
  calls.push(...call(1));
  await sleep(0);
  assert.equal(sizes, [10, 5]);
  for (const end of ends) end();
  await Promise.all(calls);
});

test('two slow statements do not block other calls', async () => {
  const { store, pool, table } = await filledStore(['a', 'b', 'c']);
  const unlock = await lockRows(pool, table, ['a', 'b']);
  const slow: Promise<void>[] = [];
  for (const sid of ['a', 'b']) {
    slow.push(store.set(sid, session({ sid })));
    while ((await lockWaiters(pool)) < slow.length) await sleep(5);
  }
  const begun = performance.now();
  await store.set('c', session({ n: 1 }));
  const ms = performance.now() - begun;
  await unlock();
  await Promise.all(slow);
  assert.ok(ms < 1000, `${ms} ms`);
});

test('the batcher does not send a call that is past its deadline, and does not delay the others', async () => {
  const sent: string[][] = [];
  const ends: (() => void)[] = [];
  const batcher = new Batcher<string, string>({
    async send(items) {
      sent.push(items);
      if (sent.length <= 2) await new Promise<void>((resolve) => ends.push(resolve));
      return items;
    },
    bytes: () => 1,
    sidOf: (item) => item,
    runPart: (work) => work(),
  });
  const now = performance.now();
  const slow = [batcher.call('a', now + 10_000)];
  await sleep(1);
  slow.push(batcher.call('b', now + 10_000));
  await sleep(1);
  const late = batcher.call('late', now + 20).catch((error: SessionStoreError) => error.code);
  const inTime = batcher.call('in time', now + 10_000);
  await sleep(30);
  for (const end of ends) end();
  assert.equal(await Promise.all([late, inTime, ...slow]), ['TIMEOUT', 'in time', 'a', 'b']);
  assert.equal(sent, [['a'], ['b'], ['in time']]);
});

test('with batch: false, the store sends one statement for each call', async () => {
  const sids = makeSids(20);
  const { store, pool } = await filledStore(sids, { batch: false, pool: freshPool({ max: 1 }) });
  const sent = await statementsOf(pool, () => Promise.all(sids.map((sid) => store.get(sid))));
  assert.is(sent.length, 20);
});

test('a batch holds at most 512 calls and about a megabyte', async () => {
  const { store, pool } = await freshStore({ pool: freshPool({ max: 1 }) });
  await store.set('first', session()); // the store learns whether Citus distributes the table
  const sids = makeSids(1200);
  const small = await statementsOf(pool, () => Promise.all(sids.map((sid) => store.set(sid, session({})))));
  const [most, sentAgain] = isCitus ? [64, 24] : [512, 0]; // there, a batch that takes 200 ms is cancelled
  const least = Math.ceil(1200 / most);
  assert.ok(small.length >= least && small.length <= least + 2 * SHARDS + sentAgain, `${small.length}`);
  const text = 'x'.repeat(300_000);
  const large = await statementsOf(pool, () =>
    Promise.all(makeSids(12).map((sid) => store.set(sid, session({ text })))),
  );
  assert.ok(large.length >= 4 && large.length <= 4 + 2 * SHARDS + sentAgain, `${large.length}`);
  const reads = await statementsOf(pool, () => Promise.all(makeSids(12).map((sid) => store.get(sid))));
  const again = await statementsOf(pool, () => Promise.all(makeSids(12).map((sid) => store.get(sid))));
  assert.ok(reads.length <= again.length && again.length >= 4, `${reads.length}, then ${again.length}`);
});

test('a batch does not revive expired sessions, and keeps the changes of other requests', async () => {
  const sids = makeSids(30);
  const { store, pool, table } = await filledStore(sids, { pool: freshPool({ max: 1 }) });
  const gone: unknown[] = [];
  store.on('gone', (event) => gone.push(event.during));
  const [saved, touched] = [
    await Promise.all(sids.map((sid) => loadSession(store, sid))),
    await Promise.all(sids.map((sid) => loadSession(store, sid))),
  ];
  await pool.query(`UPDATE ${table} SET expire = now() WHERE sid = ANY($1)`, [sids.slice(0, 10)]);
  await Promise.all(
    sids.slice(10, 20).map((sid) => store.update(sid, (found) => void Object.assign(found, { theirs: 1 }))),
  );

  const touches = await statementsOf(pool, () => Promise.all(touched.map((one) => store.touch(one.id, one))));
  const saves = await statementsOf(pool, () =>
    Promise.all(saved.map((one) => store.set(one.id, Object.assign(one, { mine: 1 })))),
  );

  assert.ok(touches.length <= 2 * SHARDS && saves.length < (isCitus ? 16 : 10), `${touches}; ${saves}`);
  const found = await Promise.all(sids.map((sid) => store.get(sid)));
  const kinds = found.map((one) => one && [one.sid !== undefined, one.mine, one.theirs]);
  assert.equal(kinds, [
    ...Array(10).fill(null),
    ...Array(10).fill([true, 1, 1]),
    ...Array(10).fill([true, 1, undefined]),
  ]);
  assert.equal(gone, [...Array(10).fill('touch'), ...Array(10).fill('set')]);
});

test('get() sees each save that ended before it, even with 50 other reads in flight', async () => {
  const { store } = await filledStore(['a', ...makeSids(50)]);
  let busy = true;
  const load = Promise.all(
    makeSids(50).map(async (sid) => {
      while (busy) await store.get(sid);
    }),
  );
  for (let views = 1; views <= 200; views++) {
    await store.set('a', session({ views }));
    assert.is(await viewsOf(store, 'a'), views);
  }
  busy = false;
  await load;
});

test('if PostgreSQL refuses one session of a batch, only that call fails', async () => {
  const { store, pool, table } = await freshStore();
  await pool.query(`ALTER TABLE ${table} ADD CHECK (sess::jsonb->>'user' <> 'eve')`);
  const outcomes = await Promise.all(
    makeSids(30).map((sid, n) =>
      store.set(sid, session({ user: n === 17 ? 'eve' : 'ada' })).then(
        () => true,
        (error: SessionStoreError) => error.sqlState,
      ),
    ),
  );
  assert.equal(
    outcomes,
    makeSids(30).map((_, n) => (n === 17 ? '23514' : true)),
  );
  assert.is(await store.length(), 29);
});

test('if PostgreSQL cannot store one id of a batch, only that call fails', async () => {
  const { store } = await filledStore(makeSids(10));
  const outcomes = await Promise.all(
    [...makeSids(10), 'with \0'].map((sid) =>
      store.get(sid).then(
        (found) => found!.sid,
        (error: SessionStoreError) => error.sqlState,
      ),
    ),
  );
  assert.equal(outcomes, [...makeSids(10), '22021']);
});

/** Locks the row of a session in another transaction, and returns a function that unlocks it. */
async function lockRow(pool: pg.Pool, table: string, sid: string) {
  const locker = await pool.connect();
  await locker.query('BEGIN');
  await locker.query(`SELECT FROM ${table} WHERE sid = $1 FOR UPDATE`, [sid]);
  return async () => {
    await locker.query('ROLLBACK');
    locker.release();
  };
}

for (const kind of ['set', 'save', 'touch', 'destroy'] as const) {
  test(`a locked row does not block the ${kind} of other sessions`, async () => {
    const sids = makeSids(60);
    const { store, pool, table } = await filledStore(sids);
    const loaded = await Promise.all(sids.map((sid) => loadSession(store, sid)));
    const unlock = await lockRow(pool, table, 'session 30');
    const done = new Set<string>();
    const call = async (sid: string, n: number) => {
      if (kind === 'set') await store.set(sid, session({ views: 2 }));
      else if (kind === 'save') await store.set(sid, Object.assign(loaded[n]!, { views: 2 }));
      else if (kind === 'touch') await store.touch(sid, loaded[n]!);
      else await store.destroy(sid);
      done.add(sid);
    };
    const begun = performance.now();
    const all = sids.map(call);
    await Promise.all(all.filter((_, n) => n !== 30));
    assert.ok(performance.now() - begun < 1500, `${performance.now() - begun} ms`);
    assert.not.ok(done.has('session 30'));
    await untilBlocked(pool);
    await unlock();
    await Promise.all(all);
    assert.is(await store.length(), kind === 'destroy' ? 0 : 60);
  });
}

test('the store retries a statement a few times after a deadlock', async () => {
  const { store, pool, table } = await freshStore();
  const name = table.replace(/"$/, ' deadlock"');
  await pool.query(`CREATE SEQUENCE ${name}`);
  await pool.query(`CREATE FUNCTION ${name}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
    IF NEW.sid = 'always' OR nextval('${name.replaceAll("'", "''")}') <= 3 THEN RAISE EXCEPTION USING ERRCODE = '40P01'; END IF;
    RETURN NEW; END $$`);
  await pool.query(`CREATE TRIGGER deadlock BEFORE INSERT ON ${table} FOR EACH ROW EXECUTE FUNCTION ${name}()`);
  await store.set('a', session({ views: 1 }));
  assert.is(await viewsOf(store, 'a'), 1);
  const failed = await store.set('always', session({})).catch((error: SessionStoreError) => error);
  assert.is(failed?.sqlState, '40P01');
});

test('if the table is missing, each call of a batch fails, and the store does not send them one by one', async () => {
  const { store, pool, table } = await filledStore(makeSids(20), { pool: freshPool({ max: 1 }) });
  await pool.query(`ALTER TABLE ${table} RENAME TO elsewhere`);
  let states: unknown[] = [];
  const sent = await statementsOf(pool, async () => {
    states = await Promise.all(
      makeSids(20).map((sid) => store.get(sid).catch((error: SessionStoreError) => error.sqlState)),
    );
  });
  assert.equal([...new Set(states)], ['42P01']);
  assert.ok(sent.length <= 2 + SHARDS, `${sent.length}`);
});

test('touches do not wait for the disk and other writes do, alone and in a batch', async () => {
  const { store, pool, table } = await freshStore({
    touchAfter: 0,
    pool: freshPool({ options: '-c synchronous_commit=on' }),
  });
  const audit = table.replace(/"$/, ' audit"');
  await pool.query(`CREATE TABLE ${audit} (operation text, setting text)`);
  await pool.query(`CREATE FUNCTION ${audit}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO ${audit} VALUES (TG_OP, current_setting('synchronous_commit')); RETURN coalesce(NEW, OLD); END $$`);
  await pool.query(`CREATE TRIGGER audit BEFORE INSERT OR UPDATE OR DELETE ON ${table}
    FOR EACH ROW EXECUTE FUNCTION ${audit}()`);
  const settings = async () => {
    const { rows } = await pool.query(`SELECT DISTINCT operation, setting FROM ${audit} ORDER BY 1, 2`);
    await pool.query(`DELETE FROM ${audit}`);
    return rows.map(({ operation, setting }) => `${operation} ${setting}`);
  };
  for (const sids of [['a'], makeSids(10)]) {
    await Promise.all(sids.map((sid) => store.set(sid, session({}))));
    assert.equal(await settings(), ['INSERT on']);
    const loaded = await Promise.all(sids.map((sid) => loadSession(store, sid)));
    await Promise.all(loaded.map((one) => store.touch(one.id, one)));
    assert.equal(await settings(), ['UPDATE off']);
    await Promise.all(loaded.map((one) => store.set(one.id, Object.assign(one, { views: 1 }))));
    assert.equal(await settings(), ['UPDATE on']);
    await Promise.all(sids.map((sid) => store.destroy(sid)));
    assert.equal(await settings(), ['DELETE on']);
  }
});
