// The option `hashIds`: the table reveals no session id, and unhashed rows move to their hash.
import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import * as assert from 'uvu/assert';
import { createAdmin } from '../../src/admin/admin.js';
import { migrate } from '../../src/admin/migrate.js';
import { rehashSessions } from '../../src/generated/hash-ids.js';
import { type HashIds, PgSessionStore } from '../../src/index.js';
import { bindTable } from '../../src/table/names.js';
import {
  administrator,
  cookieFor,
  freshPool,
  freshStore,
  isCitus,
  loadSession,
  newSession,
  PARTITIONS,
  session,
  untilBlocked,
} from '../support/fresh-store.js';
import { onEnd, suite } from '../support/harness.js';
import { failure } from '../support/limited-role.js';
import { addTrigger } from '../support/triggers.js';

const test = suite('hash ids', { timeout: 60_000 });

/** Creates a table and three stores on it. `ids` reads its sid column. */
async function fresh(options: Parameters<typeof freshStore>[0] = {}) {
  const { store: unhashed, pool, names, table } = await freshStore({ hashIds: false, touchAfter: 0, ...options });
  const withIds = (hashIds: HashIds) => {
    const store = new PgSessionStore({ pool, ...names, pruneSessionInterval: false, touchAfter: 0, hashIds });
    onEnd(() => store.close());
    return store;
  };
  const ids = async () => (await pool.query(`SELECT sid FROM ${table} ORDER BY 1`)).rows.map(({ sid }) => sid);
  return { unhashed, upgrading: withIds('upgrade'), hashed: withIds(true), pool, names, table, ids };
}

const userOf = async (store: PgSessionStore, sid: string) => (await store.get(sid))?.user;
const storedId = (store: PgSessionStore, sid: string) => `sha256:${store.handle(sid)}`;

/** The arguments of `query` of a pool's client. */
type QueryArguments = [query: string | pg.QueryConfig, ...rest: unknown[]];

/** Returns, as JSON, the texts and values that clients of the pool send during `work`. */
async function valuesOf(pool: pg.Pool, work: () => Promise<unknown>): Promise<string> {
  const sent: unknown[] = [];
  const watch = (client: pg.PoolClient) => {
    const { query } = client;
    Object.assign(client, {
      query(...args: QueryArguments) {
        const [given, values] = args;
        sent.push(values, given instanceof Object ? [given.values, given.text] : given);
        return Reflect.apply(query, client, args);
      },
    });
  };
  const idle = await Promise.all(Array.from({ length: pool.idleCount }, () => pool.connect()));
  for (const client of idle) {
    watch(client);
    client.release();
  }
  pool.on('connect', watch);
  await work();
  return JSON.stringify(sent);
}

test('with hashIds: true, each call works and sends no session id', async () => {
  const { hashed, pool, ids } = await fresh();
  const sid = 'a-secret-id';
  const sent = await valuesOf(pool, async () => {
    await hashed.set(sid, newSession(hashed, sid, { user: 'ada' }));
    const loaded = await loadSession(hashed, sid);
    loaded.user = 'bob';
    await hashed.set(sid, loaded);
    loaded.cookie.maxAge = 120_000;
    await hashed.touch(sid, loaded);
    await hashed.update(sid, (found) => void found.user!.toUpperCase());
    await Promise.all([hashed.get(sid), hashed.get(`${sid} 2`), hashed.get(`${sid} 3`)]);
    assert.is(await userOf(hashed, sid), 'bob');
    assert.equal(await ids(), [storedId(hashed, sid)]);
    assert.is((await hashed.all()).length, 1);
    await hashed.destroy(sid);
  });
  assert.equal(await ids(), []);
  assert.ok(sent.includes(storedId(hashed, sid)));
  assert.not.ok(sent.includes(sid));
});

for (const hashIds of [true, 'upgrade'] as const) {
  test(`with hashIds: ${hashIds}, a stolen hash does not work as a session id`, async () => {
    const { unhashed, hashed, upgrading, ids } = await fresh();
    const store = hashIds === true ? hashed : upgrading;
    await store.set('a', session({ user: 'ada' }));
    const stolen = (await ids())[0]!;
    assert.is(await store.get(stolen), null);
    await store.touch(stolen, session());
    await store.destroy(stolen);
    assert.is(await userOf(store, 'a'), 'ada');
    assert.is(await userOf(unhashed, stolen), 'ada'); // a store without hashIds would accept it
  });

  test(`with hashIds: ${hashIds}, the store sends no query for an empty or too long id`, async () => {
    const { hashed, upgrading, pool } = await fresh();
    const store = hashIds === true ? hashed : upgrading;
    const sent = await valuesOf(pool, async () => {
      for (const sid of ['', 'x'.repeat(1025)]) {
        assert.is(await store.get(sid), null);
        await store.touch(sid, session());
        await store.destroy(sid);
        const error = await failure(store.set(sid, session()));
        assert.instance(error, TypeError);
        assert.match(error.message, /a session id must have 1 to 1024 characters, not/);
      }
    });
    assert.is(sent, '[]');
  });
}

test("with 'upgrade', the store finds an unhashed session, and hashes its id at the next save or touch", async () => {
  const { unhashed, upgrading, ids } = await fresh();
  for (const sid of ['saved', 'touched', 'updated', 'overwritten']) await unhashed.set(sid, session({ user: sid }));
  for (const sid of await ids()) assert.is(await userOf(upgrading, sid), sid);

  const saved = await loadSession(upgrading, 'saved');
  saved.user = 'changed';
  await upgrading.set('saved', saved);
  await upgrading.touch('touched', await loadSession(upgrading, 'touched'));
  await upgrading.update('updated', (found) => {
    found.user = 'changed';
  });
  await upgrading.set('overwritten', session({ user: 'changed' }));

  const all = ['saved', 'touched', 'updated', 'overwritten'];
  assert.equal(await ids(), all.map((sid) => storedId(upgrading, sid)).sort());
  assert.equal(await Promise.all(all.map((sid) => userOf(upgrading, sid))), [
    'changed',
    'touched',
    'changed',
    'changed',
  ]);
  assert.is(upgrading.stats().gone, 0);
});

test("with 'upgrade', a hashed row wins over an unhashed row, and destroy() deletes both", async () => {
  const { unhashed, hashed, upgrading, ids } = await fresh();
  await unhashed.set('a', session({ user: 'old' }));
  await hashed.set('a', session({ user: 'new' }));
  assert.is(await userOf(upgrading, 'a'), 'new');
  await upgrading.touch('a', session());
  assert.is((await ids()).length, 2);

  await upgrading.destroy('a');

  assert.equal(await ids(), []);
});

test("with 'upgrade', an expired hashed row does not hide a live unhashed row, and does not stop its move", async () => {
  const { unhashed, hashed, upgrading, pool, table, ids } = await fresh();
  await hashed.set('a', session({ user: 'old' }));
  await pool.query(`UPDATE ${table} SET expire = now() - interval '1 s'`);
  await unhashed.set('a', session({ user: 'new' }));
  assert.is(await userOf(upgrading, 'a'), 'new');
  await upgrading.touch('a', session());
  assert.equal(await ids(), [storedId(upgrading, 'a')]);
  assert.is(await userOf(upgrading, 'a'), 'new');
});

test("with 'upgrade', a destroyed session stays gone", async () => {
  const { unhashed, upgrading, ids } = await fresh();
  await unhashed.set('a', session({ user: 'ada' }));
  const loaded = await loadSession(upgrading, 'a');
  await upgrading.destroy('a');
  loaded.user = 'bob';
  await upgrading.set('a', loaded);
  await upgrading.touch('a', loaded);
  assert.equal(await ids(), []);
  assert.is(upgrading.stats().gone, 2);
});

test("with 'upgrade', concurrent calls that move a session do not miss or duplicate it", async () => {
  const { unhashed, upgrading, hashed, ids } = await fresh();
  const count = isCitus ? 10 : 200; // there, each move is a transaction of two servers
  const sids = Array.from({ length: count }, () => randomBytes(12).toString('base64url'));
  await Promise.all(sids.map((sid) => unhashed.set(sid, session({ user: sid }))));
  const missed: (string | undefined)[] = [];
  const work = sids.map(async (sid) => {
    const seen = await Promise.all([
      userOf(upgrading, sid),
      upgrading.touch(sid, session()).then(() => userOf(upgrading, sid)),
      upgrading.update(sid, (found) => Object.assign(found, { views: 1 })).then((found) => found?.user),
      userOf(upgrading, sid),
    ]);
    missed.push(...seen.filter((found) => found !== sid));
  });
  await Promise.all(work);
  assert.equal(missed, []);
  assert.equal(await ids(), sids.map((sid) => storedId(hashed, sid)).sort());
});

test("with 'upgrade', get() finds a session that moves to its hash between two reads", async () => {
  const { unhashed, upgrading, pool, names } = await fresh({ pool: freshPool({ max: 1 }) });
  await unhashed.set('a', session({ user: 'ada' }));
  const otherPool = freshPool();
  const client = await pool.connect();
  const { query } = client;
  Object.assign(client, {
    async query(...args: QueryArguments) {
      const [given] = args;
      const isUnhashedRead = given instanceof Object && given.values?.[0] === 'a';
      if (isUnhashedRead) await migrate({ pool: otherPool, names }, { hashIds: true });
      return Reflect.apply(query, client, args);
    },
  });
  client.release();
  assert.is(await userOf(upgrading, 'a'), 'ada');
});

const REFUSE_KEY_UPDATES = `IF NEW.sid <> OLD.sid THEN
  RAISE EXCEPTION 'no key is moved' USING ERRCODE = '0A000'; END IF;`;

test('if the server cannot update keys, the store deletes and inserts each session in one transaction', async () => {
  const { unhashed, upgrading, pool, table, names, ids } = await fresh();
  await addTrigger(pool, table, 'UPDATE', REFUSE_KEY_UPDATES);
  for (const sid of ['a', 'b', 'c']) await unhashed.set(sid, session({ user: 'ada' }));
  const before = (await pool.query(`SELECT sess::text FROM ${table}`)).rows;
  await pool.query(
    `INSERT INTO ${table} SELECT sid, '{"cookie":{}}', now() - interval '1 s' FROM unnest($1::text[]) AS sid`,
    [
      ['a', 'b'].map((sid) => storedId(upgrading, sid)), // expired rows with the keys that the live rows will get
    ],
  );

  await upgrading.touch('a', session());
  await migrate({ pool, names }, { hashIds: true });

  assert.equal(await ids(), ['a', 'b', 'c'].map((sid) => storedId(upgrading, sid)).sort());
  const after = (await pool.query(`SELECT sess::text FROM ${table}`)).rows;
  assert.equal(
    after.map(({ sess }) => sess),
    before.map(({ sess }) => sess),
  );
  for (const sid of ['a', 'b', 'c']) assert.is(await userOf(upgrading, sid), 'ada');
});

test('migrate hashes all ids in batches, even of sessions with two rows, and a second run changes nothing', async () => {
  const { unhashed, hashed, pool, table, names, ids } = await fresh();
  await pool.query(`INSERT INTO ${table} SELECT 's' || n, '{"cookie":{}}', now() + (n / 600) * interval '1 h'
    FROM generate_series(1, 1800) AS n`);
  await unhashed.set('newer hashed row', session({ user: 'old' }));
  await hashed.set('newer hashed row', session({ user: 'new' }));
  await hashed.set('expired hashed row', session({ user: 'old' }));
  await pool.query(`UPDATE ${table} SET expire = now() - interval '1 s' WHERE sid = $1`, [
    storedId(hashed, 'expired hashed row'),
  ]);
  await unhashed.set('expired hashed row', session({ user: 'new' }));
  assert.equal(await migrate({ pool, names }, { hashIds: true, dryRun: true }), ['the hash of 1802 session ids']);
  const progress: [number, number][] = [];

  const sent = await valuesOf(pool, () =>
    migrate({ pool, names }, { hashIds: true, onProgress: (done, total) => progress.push([done, total]) }),
  );

  assert.ok(progress.length >= 4 && progress.every(([, total]) => total === 1802));
  assert.not.ok(/"s\d+"|newer hashed/.test(sent));
  const found = await ids();
  assert.is(found.length, 1802);
  assert.ok(found.every((sid) => /^sha256:[0-9a-f]{64}$/.test(sid)));
  assert.ok(found.includes(storedId(hashed, 's1700')));
  for (const sid of ['newer hashed row', 'expired hashed row']) assert.is(await userOf(hashed, sid), 'new');
  assert.equal(await migrate({ pool, names }, { hashIds: true }), []);
});

test('migrate hashes the ids of rows that never expire or have no expiry', async () => {
  const { pool, table, names, ids } = await fresh({ columns: { sess: 'json', expire: 'timestamptz' } });
  await pool.query(`ALTER TABLE ${table} ALTER COLUMN expire DROP NOT NULL`);
  await pool.query(`INSERT INTO ${table} SELECT n, '{"cookie":{}}', CASE n % 3 WHEN 0 THEN 'infinity'::timestamptz
    WHEN 1 THEN now() + interval '1 h' END FROM generate_series(1, 1500) AS n`);
  await migrate({ pool: administrator(pool), names }, { hashIds: true }); // also creates the index on expire
  assert.ok((await ids()).every((sid) => sid.startsWith('sha256:')));
  assert.is((await ids()).length, 1500);
  assert.equal(await migrate({ pool, names }, { hashIds: true }), []);
});

test('migrate fails if a trigger keeps the ids of rows, and hashes the others', async () => {
  const { unhashed, pool, names, table, ids } = await fresh();
  for (const sid of ['a', 'kept']) await unhashed.set(sid, session());
  await addTrigger(pool, table, 'UPDATE', "IF OLD.sid = 'kept' THEN RETURN NULL; END IF;");
  const error = await migrate({ pool, names }, { hashIds: true }).catch((caught: Error) => caught);
  assert.match(String(error), /session ids stay as they are: a trigger, a rule or row-level security keeps the row/);
  assert.equal(await ids(), ['kept', storedId(unhashed, 'a')]);
});

test('if the server cannot update keys, migrate goes on after a batch of which a row stays, and then fails', async () => {
  const { unhashed, pool, names, table, ids } = await fresh();
  await addTrigger(pool, table, 'UPDATE', REFUSE_KEY_UPDATES);
  await addTrigger(pool, table, 'DELETE', "IF OLD.sid = 'kept' THEN RETURN NULL; END IF;");
  await unhashed.set('kept', session({}, cookieFor(60)));
  await pool.query(`INSERT INTO ${table} SELECT 's' || n, '{"cookie":{}}', now() + interval '1 h'
    FROM generate_series(1, 700) AS n`);
  const error = await migrate({ pool, names }, { hashIds: true }).catch((caught: Error) => caught);
  assert.match(String(error), /session ids stay as they are/);
  const unhashedIds = (await ids()).filter((sid) => !sid.startsWith('sha256:'));
  assert.equal(unhashedIds, ['kept']);
});

for (const revoke of ['revokeUser', 'revoke', 'revoke of a user'] as const) {
  test(`${revoke} deletes a session that moves to its hash meanwhile`, async () => {
    const { unhashed, pool, names, ids } = await fresh();
    await unhashed.set('a', session({ passport: { user: 'ada' } }));
    const client = await pool.connect();
    await client.query('BEGIN');
    await rehashSessions.run({ expire: '-infinity', batch: 10 }, bindTable(client, names));
    const admin = createAdmin({ pool, ...names });
    const handle = unhashed.handle('a');
    const revoked =
      revoke === 'revokeUser'
        ? admin.revokeUser('ada')
        : admin.revoke(handle, revoke === 'revoke' ? {} : { user: 'ada' });
    await untilBlocked(pool);
    await client.query('COMMIT');
    client.release();
    const outcome = await revoked.then(Number, (error) => error.sqlState);
    assert.is(outcome, PARTITIONS === 1 ? 1 : '40001'); // the row moves to another partition
    if (PARTITIONS === 1) assert.equal(await ids(), []);
  });
}

test('the admin uses the same handle for a session, hashed or not', async () => {
  const { unhashed, hashed, pool, names } = await fresh();
  const admin = createAdmin({ pool, ...names });
  await unhashed.set('a', session({ passport: { user: 'ada' } }));
  await hashed.set('b', session({ passport: { user: 'ada' } }));
  const handles = [unhashed.handle('a'), unhashed.handle('b')];
  const handlesOf = (entries: { handle: string }[]) => entries.map(({ handle }) => handle).sort();
  assert.equal(handlesOf((await admin.list()).sessions), [...handles].sort());
  assert.equal(handlesOf(await admin.find('ada')), [...handles].sort());
  const first = await admin.list({ limit: 1 });
  assert.is((await admin.list({ limit: 2, after: first.next })).sessions.length, 1);
  for (const handle of handles) {
    assert.is((await admin.show(handle))?.user, 'ada');
    assert.is(await admin.revokeUser('ada', { except: handle }), handle === handles[0] ? 1 : 0);
    if (handle === handles[0]) await hashed.set('b', session({ passport: { user: 'ada' } }));
    assert.is(await admin.revoke(handle), true);
  }
  assert.is(await admin.count(), 0);
});

test('show() and find() give the same expiresAt with hashed ids', async () => {
  const { hashed, pool, names } = await fresh();
  const admin = createAdmin({ pool, ...names, hashIds: true });
  await hashed.set('a', session({ passport: { user: 'ada' } }));
  const shown = await admin.show(hashed.handle('a'));
  assert.equal(shown!.expiresAt, (await admin.find('ada'))[0]!.expiresAt);
  assert.is(await admin.show(hashed.handle('nobody')), null);
});
