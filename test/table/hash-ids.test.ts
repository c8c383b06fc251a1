// hashIds: who reads the table has no session id, also while rows in clear are on their way under their hash.
import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import * as assert from 'uvu/assert';
import { createAdmin } from '../../src/admin/admin.js';
import { migrate } from '../../src/admin/migrate.js';
import { type HashIds, PgSessionStore } from '../../src/index.js';
import { freshPool, freshStore, loadSession, newSession, session } from '../support/fresh-store.js';
import { onEnd, suite } from '../support/harness.js';

const test = suite('hash-ids', { timeout: 60_000 });

/** Stores with and without hashes on one table, and what its sid column holds. */
async function fresh(options: Parameters<typeof freshStore>[0] = {}) {
  const { store: clear, pool, names, table } = await freshStore({ hashIds: false, touchAfter: 0, ...options });
  const withIds = (hashIds: HashIds) => {
    const store = new PgSessionStore({ pool, ...names, pruneSessionInterval: false, touchAfter: 0, hashIds });
    onEnd(() => store.close());
    return store;
  };
  const ids = async () => (await pool.query(`SELECT sid FROM ${table} ORDER BY 1`)).rows.map(({ sid }) => sid);
  return { clear, upgrading: withIds('upgrade'), hashed: withIds(true), pool, names, table, ids };
}

const user = async (store: PgSessionStore, sid: string) => ((await store.get(sid)) as any)?.user;
const stored = (store: PgSessionStore, sid: string) => `sha256:${store.handle(sid)}`;

/** All values that clients of the pool send while this runs. */
async function valuesOf(pool: pg.Pool, work: () => Promise<unknown>): Promise<string> {
  const sent: unknown[] = [];
  const watch = (client: pg.PoolClient) => {
    const { query } = client;
    client.query = ((...args: any[]) => {
      sent.push(args[1], args[0]?.values, args[0]?.text ?? args[0]);
      return (query as any).apply(client, args);
    }) as never;
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

test('with true, every call works and none sends an id', async () => {
  const { hashed, pool, ids } = await fresh();
  const sid = 'a-secret-id';
  const sent = await valuesOf(pool, async () => {
    await hashed.set(sid, newSession(hashed, sid, { user: 'ada' }) as never);
    const loaded = await loadSession(hashed, sid);
    loaded.user = 'bob';
    await hashed.set(sid, loaded as never);
    loaded.cookie.maxAge = 120_000;
    await hashed.touch(sid, loaded as never);
    await hashed.update(sid, (found: any) => void found.user.toUpperCase());
    await Promise.all([hashed.get(sid), hashed.get(`${sid} 2`), hashed.get(`${sid} 3`)]);
    assert.is(await user(hashed, sid), 'bob');
    assert.equal(await ids(), [stored(hashed, sid)]);
    assert.is((await hashed.all()).length, 1);
    await hashed.destroy(sid);
  });
  assert.equal(await ids(), []);
  assert.ok(sent.includes(stored(hashed, sid)));
  assert.not.ok(sent.includes(sid));
});

for (const hashIds of [true, 'upgrade'] as const) {
  test(`with ${hashIds}, a stolen hash that is presented as an id finds nothing`, async () => {
    const { clear, hashed, upgrading, ids } = await fresh();
    const store = hashIds === true ? hashed : upgrading;
    await store.set('a', session({ user: 'ada' }));
    const [stolen] = await ids();
    assert.is(await store.get(stolen), null);
    await store.touch(stolen, session());
    await store.destroy(stolen);
    assert.is(await user(store, 'a'), 'ada');
    assert.is(await user(clear, stolen), 'ada'); // as it would be without hashes
  });

  test(`with ${hashIds}, ids that nobody can have got cost no query`, async () => {
    const { hashed, upgrading, pool } = await fresh();
    const store = hashIds === true ? hashed : upgrading;
    const sent = await valuesOf(pool, async () => {
      for (const sid of ['', 'x'.repeat(1025)]) {
        assert.is(await store.get(sid), null);
        await store.touch(sid, session());
        await store.destroy(sid);
        const refused = await store.set(sid, session()).catch((error) => error);
        assert.instance(refused, TypeError);
        assert.match(refused.message, /a session id must have 1 to 1024 characters, not/);
      }
    });
    assert.is(sent, '[]');
  });
}

test("with 'upgrade', a session in clear is found, and goes on under its hash when it is saved or touched", async () => {
  const { clear, upgrading, ids } = await fresh();
  for (const sid of ['saved', 'touched', 'updated', 'set anew']) await clear.set(sid, session({ user: sid }));
  for (const sid of await ids()) assert.is(await user(upgrading, sid), sid);

  const saved = await loadSession(upgrading, 'saved');
  saved.user = 'changed';
  await upgrading.set('saved', saved as never);
  await upgrading.touch('touched', (await loadSession(upgrading, 'touched')) as never);
  await upgrading.update('updated', (found: any) => {
    found.user = 'changed';
  });
  await upgrading.set('set anew', session({ user: 'changed' }));

  const all = ['saved', 'touched', 'updated', 'set anew'];
  assert.equal(await ids(), all.map((sid) => stored(upgrading, sid)).sort());
  assert.equal(await Promise.all(all.map((sid) => user(upgrading, sid))), ['changed', 'touched', 'changed', 'changed']);
  assert.is(upgrading.stats().gone, 0);
});

test("with 'upgrade', of a session under both forms the hashed one wins, and destroy removes both", async () => {
  const { clear, hashed, upgrading, ids } = await fresh();
  await clear.set('a', session({ user: 'old' }));
  await hashed.set('a', session({ user: 'new' }));
  assert.is(await user(upgrading, 'a'), 'new');
  await upgrading.touch('a', session());
  assert.is((await ids()).length, 2);

  await upgrading.destroy('a');

  assert.equal(await ids(), []);
});

test("with 'upgrade', an expired row under the hash does not hide a live one in clear, nor keep it from moving", async () => {
  const { clear, hashed, upgrading, pool, table, ids } = await fresh();
  await hashed.set('a', session({ user: 'old' }));
  await pool.query(`UPDATE ${table} SET expire = now() - interval '1 s'`);
  await clear.set('a', session({ user: 'new' }));
  assert.is(await user(upgrading, 'a'), 'new');
  await upgrading.touch('a', session());
  assert.equal(await ids(), [stored(upgrading, 'a')]);
  assert.is(await user(upgrading, 'a'), 'new');
});

test("with 'upgrade', a session that is gone under both forms stays gone", async () => {
  const { clear, upgrading, ids } = await fresh();
  await clear.set('a', session({ user: 'ada' }));
  const loaded = await loadSession(upgrading, 'a');
  await upgrading.destroy('a');
  loaded.user = 'bob';
  await upgrading.set('a', loaded as never);
  await upgrading.touch('a', loaded as never);
  assert.equal(await ids(), []);
  assert.is(upgrading.stats().gone, 2);
});

test("with 'upgrade', no session is missed or doubled while others move it", async () => {
  const { clear, upgrading, hashed, ids } = await fresh();
  const sids = Array.from({ length: 200 }, () => randomBytes(12).toString('base64url'));
  await Promise.all(sids.map((sid) => clear.set(sid, session({ user: sid }))));
  const missed: string[] = [];
  const work = sids.map(async (sid) => {
    const seen = await Promise.all([
      user(upgrading, sid),
      upgrading.touch(sid, session()).then(() => user(upgrading, sid)),
      upgrading.update(sid, (found: any) => Object.assign(found, { views: 1 })).then((found: any) => found?.user),
      user(upgrading, sid),
    ]);
    missed.push(...seen.filter((found) => found !== sid));
  });
  await Promise.all(work);
  assert.equal(missed, []);
  assert.equal(await ids(), sids.map((sid) => stored(hashed, sid)).sort());
});

test("with 'upgrade', a session that is moved between the two looks is found by a third", async () => {
  const { clear, upgrading, pool, names } = await fresh({ pool: freshPool({ max: 1 }) });
  await clear.set('a', session({ user: 'ada' }));
  const elsewhere = freshPool();
  const client = await pool.connect();
  const { query } = client;
  client.query = (async (...args: any[]) => {
    if (args[0]?.values?.[0] === 'a') await migrate({ pool: elsewhere, names: names }, { hashIds: true });
    return (query as any).apply(client, args);
  }) as never;
  client.release();
  assert.is(await user(upgrading, 'a'), 'ada');
});

test('where the server moves no key, sessions are taken and put in one transaction', async () => {
  const { clear, upgrading, pool, table, names, ids } = await fresh();
  const name = `"${names.schemaName.replaceAll('"', '""')}".stay`;
  await pool.query(`CREATE FUNCTION ${name}() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'no key is moved' USING ERRCODE = '0A000'; END $$`);
  await pool.query(`CREATE TRIGGER stay BEFORE UPDATE OF sid ON ${table} FOR EACH ROW EXECUTE FUNCTION ${name}()`);
  for (const sid of ['a', 'b', 'c']) await clear.set(sid, session({ user: 'ada' }));
  const before = (await pool.query(`SELECT sess::text FROM ${table}`)).rows;
  await pool.query(
    `INSERT INTO ${table} SELECT sid, '{"cookie":{}}', now() - interval '1 s' FROM unnest($1::text[]) AS sid`,
    [
      ['a', 'b'].map((sid) => stored(upgrading, sid)), // expired, and in the way of the live ones
    ],
  );

  await upgrading.touch('a', session());
  await migrate({ pool, names }, { hashIds: true });

  assert.equal(await ids(), ['a', 'b', 'c'].map((sid) => stored(upgrading, sid)).sort());
  const after = (await pool.query(`SELECT sess::text FROM ${table}`)).rows;
  assert.equal(
    after.map(({ sess }) => sess),
    before.map(({ sess }) => sess),
  );
  for (const sid of ['a', 'b', 'c']) assert.is(await user(upgrading, sid), 'ada');
});

test('migrate brings all under their hashes in batches, twins too, and again there is nothing to do', async () => {
  const { clear, hashed, pool, table, names, ids } = await fresh();
  await pool.query(`INSERT INTO ${table} SELECT 's' || n, '{"cookie":{}}', now() + (n / 600) * interval '1 h'
    FROM generate_series(1, 1800) AS n`);
  await clear.set('newer under its hash', session({ user: 'old' }));
  await hashed.set('newer under its hash', session({ user: 'new' }));
  await hashed.set('expired under its hash', session({ user: 'old' }));
  await pool.query(`UPDATE ${table} SET expire = now() - interval '1 s' WHERE sid = $1`, [
    stored(hashed, 'expired under its hash'),
  ]);
  await clear.set('expired under its hash', session({ user: 'new' }));
  assert.equal(await migrate({ pool, names }, { hashIds: true, dryRun: true }), ['the hash of 1802 session ids']);
  const told: [number, number][] = [];

  const sent = await valuesOf(pool, () =>
    migrate({ pool, names }, { hashIds: true, onProgress: (done, total) => told.push([done, total]) }),
  );

  assert.ok(told.length >= 4 && told.every(([, total]) => total === 1802));
  assert.not.ok(/"s\d+"|newer under/.test(sent));
  const found = await ids();
  assert.is(found.length, 1802);
  assert.ok(found.every((sid) => /^sha256:[0-9a-f]{64}$/.test(sid)));
  assert.ok(found.includes(stored(hashed, 's1700')));
  for (const sid of ['newer under its hash', 'expired under its hash']) assert.is(await user(hashed, sid), 'new');
  assert.equal(await migrate({ pool, names }, { hashIds: true }), []);
});

test('the admin knows sessions under either form by the same handle', async () => {
  const { clear, hashed, pool, names } = await fresh();
  const admin = createAdmin({ pool, ...names });
  await clear.set('a', session({ passport: { user: 'ada' } }));
  await hashed.set('b', session({ passport: { user: 'ada' } }));
  const handles = [clear.handle('a'), clear.handle('b')];
  const given = (entries: { handle: string }[]) => entries.map(({ handle }) => handle).sort();
  assert.equal(given((await admin.list()).sessions), [...handles].sort());
  assert.equal(given(await admin.find('ada')), [...handles].sort());
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
