// The event `expired`: pruning tells the app which sessions it deleted.
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import * as assert from 'uvu/assert';
import { createAdmin } from '../../src/admin/admin.js';
import { PgSessionStore, type StoreOptions } from '../../src/index.js';
import { handleOf } from '../../src/session/handle.js';
import { cookieFor, freshPool, freshStore, OPTIONS, session, storedId, untilBlocked } from '../support/fresh-store.js';
import { onEnd, suite } from '../support/harness.js';

const test = suite('expired sessions that pruning deletes', { timeout: 30_000 });

const sidsUpTo = (count: number) => Array.from({ length: count }, (_, n) => `expired ${n + 1}`);

/** A store with this many expired sessions and a live one. Collects the handles of each event. */
async function expiredStore(count: number, options: StoreOptions & { pool?: pg.Pool } = {}) {
  const made = await freshStore({ pruneBatchSize: 10, ...options });
  const { pool, table } = made;
  await made.store.set('live', session({}, cookieFor(3600)));
  await insertExpired(pool, table, sidsUpTo(count).map(options.hashIds === false ? String : storedId));
  const events: string[][] = [];
  made.store.on('expired', ({ handles }) => events.push(handles));
  return { ...made, events };
}

const insertExpired = (pool: pg.Pool, table: string, sids: string[]) =>
  pool.query(`INSERT INTO ${table} SELECT sid, '{"cookie":{}}', now() - interval '1 s' FROM unnest($1::text[]) sid`, [
    sids,
  ]);

for (const hashIds of [false, true]) {
  test(`the store emits the handles of each batch that it prunes, with hashIds: ${hashIds}`, async () => {
    const { store, pool, table, events } = await expiredStore(0, { hashIds });
    const stored = await Promise.all(
      sidsUpTo(25).map(async (sid) => {
        await store.set(sid, session({}, cookieFor(3600)));
        return sid;
      }),
    );
    await pool.query(`UPDATE ${table} SET expire = now() - interval '1 s'`);
    await store.set('live', session({}, cookieFor(3600)));

    assert.is(await store.pruneSessions(), 25);
    await sleep(0);

    assert.equal(
      events.map((handles) => handles.length),
      [10, 10, 5],
    );
    assert.equal(events.flat().sort(), stored.map(store.handle).sort());
    assert.is(await store.length(), 1);
  });
}

test('without a listener, the prune statement returns no id', async () => {
  const { store, pool, table } = await expiredStore(5);
  const returned: Promise<pg.QueryResult>[] = [];
  pool.on('acquire', (client) => {
    const { query } = pg.Client.prototype;
    Object.assign(client, {
      query(...args: [string | pg.QueryConfig]) {
        const result = Reflect.apply(query, client, args);
        const [statement] = args;
        const text = typeof statement === 'string' ? statement : statement.text;
        if (text.includes('ss__deleted')) returned.push(result);
        return result;
      },
    });
  });
  const sids = async () => (await Promise.all(returned.splice(0))).flatMap(({ rows }) => rows.map(({ sid }) => sid));

  assert.is(await store.pruneSessions(), 5);
  assert.equal((await sids()).sort(), sidsUpTo(5).map(storedId).sort());

  store.removeAllListeners('expired');
  await insertExpired(pool, table, sidsUpTo(5));
  assert.is(await store.pruneSessions(), 5);
  assert.equal(await sids(), Array(5).fill(null));
});

test('of three stores that prune at once, only the one that deletes a session emits it', async () => {
  const { store, names, events } = await expiredStore(200);
  const others = [1, 2].map(() => {
    const other = new PgSessionStore({ pool: freshPool(), ...names, pruneSessionInterval: false, ...OPTIONS });
    onEnd(() => other.close());
    other.on('expired', ({ handles }) => events.push(handles));
    return other;
  });

  const pruned = await Promise.all([store, ...others].map((one) => one.pruneSessions()));
  await sleep(0);

  assert.is(
    pruned.reduce((sum, count) => sum + count, 0),
    200,
  );
  assert.equal(events.flat().sort(), sidsUpTo(200).map(handleOf).sort());
});

test('the store does not emit a session that is touched while it prunes', async () => {
  const { store, pool, table, events } = await expiredStore(2);
  const [touched] = sidsUpTo(2).map(storedId);
  const toucher = await pool.connect();
  await toucher.query('BEGIN');
  await toucher.query(`UPDATE ${table} SET expire = now() + interval '1 h' WHERE sid = $1`, [touched]);

  const pruning = store.pruneSessions();
  await untilBlocked(pool);
  await toucher.query('COMMIT');
  toucher.release();

  assert.is(await pruning, 1);
  await sleep(0);
  assert.equal(events.flat(), [handleOf('expired 2')]);
});

test('if a trigger keeps a session, the store emits the others once', async () => {
  const { store, pool, table, events } = await expiredStore(25, { errorLog: () => {} });
  const name = table.replace(/"$/, ' keep"');
  const kept = storedId('expired 7');
  await pool.query(`CREATE FUNCTION ${name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF OLD.sid = ${pg.escapeLiteral(kept)} THEN RAISE EXCEPTION 'kept'; END IF; RETURN OLD; END $$`);
  await pool.query(`CREATE TRIGGER keep BEFORE DELETE ON ${table} FOR EACH ROW EXECUTE FUNCTION ${name}()`);

  assert.is(await store.pruneSessions(), 24);
  await sleep(0);

  const others = sidsUpTo(25).filter((sid) => sid !== 'expired 7');
  assert.equal(events.flat().sort(), others.map(handleOf).sort());
});

test('the end of a lifetime is an expiry: the store emits the session', async () => {
  const { store, events } = await expiredStore(0, { lifetime: 0.5, ttl: 3600 });
  await store.set('a', session());
  assert.is(await store.pruneSessions(), 0);
  await sleep(600);

  await store.pruneSessions();
  await sleep(0);

  assert.ok(events.flat().includes(handleOf('a')));
});

test('destroying a session does not emit it as expired', async () => {
  const { store, events } = await expiredStore(0);
  await store.destroy('live');
  await store.pruneSessions();
  await sleep(0);
  assert.equal(events, []);
});

test('admin.prune() passes the handles of each batch to onExpired', async () => {
  const { pool, names } = await expiredStore(25);
  const batches: string[][] = [];
  const onExpired = (handles: string[]) => batches.push(handles);
  assert.is(await createAdmin({ pool, ...names }).prune({ batchSize: 10, onExpired }), 25);
  assert.equal(batches.flat().sort(), sidsUpTo(25).map(handleOf).sort());
  assert.ok(batches.every((handles) => handles.length <= 10));
});
