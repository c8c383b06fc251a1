// A role that may create objects in a schema of the search_path cannot make another role run them.
import { readFileSync } from 'node:fs';
import pg from 'pg';
import * as assert from 'uvu/assert';
import { createAdmin } from '../../src/admin/admin.js';
import { migrate } from '../../src/admin/migrate.js';
import { PgSessionStore, type StoreOptions } from '../../src/index.js';
import { createTable } from '../../src/table/create-table.js';
import { refusedStatements, texts } from '../support/all-statements.js';
import { freshDatabase } from '../support/fresh-database.js';
import { cookieFor, freshPool, loadSession, searchPath, session } from '../support/fresh-store.js';
import { onEnd, suite } from '../support/harness.js';
import { failure, freshLimitedRole } from '../support/limited-role.js';
import { callsOf, plant } from '../support/planted.js';

const test = suite('planted objects', { timeout: 120_000 });

const CITUS = readFileSync('dev/types/citus.sql', 'utf8');
const ofCitus = [...CITUS.matchAll(/^CREATE (?:TABLE|FUNCTION) pg_catalog\.(\w+)/gm)].map(([, name]) => name);
const LACKS_CITUS = new RegExp(`pg_catalog\\.(${ofCitus.join('|')})\\b.* does not exist`);
const calls = callsOf([...texts.values()]);

test('each function with an argument has its schema in the text of a statement', () => {
  const unqualified = calls.filter(
    ({ kind, schema, name, arity }) =>
      // PostgreSQL adds pg_catalog itself to unnest() with several arguments.
      kind === 'function' && schema !== 'pg_catalog' && arity > 0 && !(name === 'unnest' && arity > 1),
  );
  assert.equal(unqualified, []);
  assert.ok(calls.length > 300);
});

/**
 * A database with planted objects in public, and a pool of another role with public in its
 * search_path behind a schema of its own.
 */
async function planted() {
  const { role: planter } = await freshLimitedRole(freshPool()); // dropped after the database
  const { role, limitedPool } = await freshLimitedRole(freshPool());
  const { url } = await freshDatabase();
  const administrator = freshPool({ connectionString: url, max: 1 });
  await administrator.query(CITUS).catch((error) => {
    if (!/allow_system_table_mods/.test(error.message)) throw error; // PostgreSQL 12, which no supported Citus runs on
  });
  await administrator.query(`GRANT CREATE ON SCHEMA public TO ${planter}`);
  await administrator.query(`CREATE SCHEMA session_store AUTHORIZATION ${role}`);
  const client = await administrator.connect();
  await client.query(`SET ROLE ${planter}`);
  await plant(client, calls);
  await client.query('RESET ROLE');
  client.release();
  const { user, password } = new pg.Client(limitedPool.options as pg.ClientConfig);
  const own = Object.assign(new URL(url), { username: encodeURIComponent(user!), password });
  return freshPool({ connectionString: own.href, options: searchPath('session_store', 'public') });
}

/** Calls each method, alone and in batches. */
async function useEverything(pool: pg.Pool, options: StoreOptions) {
  const logged: unknown[] = [];
  const errorLog = (...args: unknown[]) => logged.push(args);
  const store = new PgSessionStore({
    pool,
    touchAfter: 0,
    revocations: true,
    pruneSessionInterval: false,
    errorLog,
    ...options,
  });
  onEnd(() => store.close());
  await store.createTable({ userPath: ['user'] });
  for (const sids of [['a'], Array.from({ length: 20 }, (_, n) => `session ${n}`)]) {
    await Promise.all(sids.map((sid) => store.set(sid, session({ views: 0, user: 'ada' }))));
    const loaded = await Promise.all(sids.map((sid) => loadSession(store, sid)));
    await Promise.all(loaded.map((one) => store.touch(one.id, one)));
    await Promise.all(loaded.map((one) => store.set(one.id, Object.assign(one, { views: 1 }))));
    await store.update(sids[0]!, (one) => one.views!++);
    assert.is((await store.get(sids[0]!))!.views, 2);
    assert.is(await store.length(), sids.length);
    assert.is((await store.all()).length, sids.length);
    await Promise.all(sids.map((sid) => store.destroy(sid)));
  }
  await store.set('a', session());
  await store.clear();
  for (const n of Array(10).keys()) await store.set(`${n}`, session({ user: `user ${n}` }, cookieFor(60 + n)));
  await pool.query(`UPDATE session SET expire = expire - interval '2 h' WHERE expire > now() + interval '68 s'`);
  const { hashIds, encryption } = options;
  const admin = createAdmin({ pool, userPath: ['user'], hashIds, encryption });
  assert.is((await admin.list({ limit: 3 })).sessions.length, 3);
  assert.is(await admin.count(), (await admin.stats()).live);
  assert.is((await admin.find('user 1')).length, 1);
  assert.is((await admin.show(store.handle('1')))?.user === null, false);
  assert.ok(await admin.revoke(store.handle('1')));
  assert.ok(await admin.revoke(store.handle('2'), { user: 'user 2' }));
  assert.is(await admin.revokeUser('user 3'), 1);
  assert.not.ok((await admin.doctor()).some(({ code }) => code === 'query-fails'));
  await store.pruneSessions();
  await admin.prune();
  assert.is(await admin.revokeAll(), 6);
  await store.close();
  assert.equal(logged, []);
}

const KEY = Buffer.from([...Array(32).keys()]);

test('no method runs what another role has created in a schema of the search_path', async () => {
  const pool = await planted();
  // The overloads win if a statement lets them.
  await createTable({ pool, names: {} }, {});
  for (const statement of [
    'SELECT FROM session WHERE sid = $1',
    'SELECT FROM session WHERE sid = ANY($1)',
    'SELECT x FROM unnest($1::text[]) AS x',
  ]) {
    const error = await failure(
      pool.query(statement, statement.includes('$1)') ? [['a']] : [statement.includes('[]') ? ['a'] : 'a']),
    );
    assert.match(error.message, /^permission denied for function /, statement);
  }
  for (const options of [
    {},
    { batch: false },
    { hashIds: true, encryption: { keys: [KEY], userPath: ['user'] } },
    { hashIds: 'upgrade' },
  ]) {
    await useEverything(pool, options as StoreOptions);
  }

  await pool.query('DROP TABLE session');
  await pool.query('CREATE TABLE session (sid varchar PRIMARY KEY, sess json NOT NULL, expire timestamp NOT NULL)');
  const store = new PgSessionStore({ pool, pruneSessionInterval: false });
  onEnd(() => store.close());
  for (const n of Array(3).keys()) await store.set(`${n}`, session({ user: 'ada' }, cookieFor(60)));
  const where = { pool, names: {} };
  const steps = await migrate(where, {
    userPath: ['user'],
    hashIds: true,
    encryption: { keys: [KEY], allowPlaintext: true, userPath: ['user'] },
    onProgress: () => {},
  });
  assert.is(steps.length, 5);

  await pool.query('DROP TABLE session');
  await pool.query('CREATE TABLE session (sid varchar, sess json, expire timestamptz)');
  const values = `SELECT n % 3, '{"a":"\\u0000"}', now() + interval '1 h' FROM generate_series(1, 9) AS n`;
  await pool.query(`INSERT INTO session ${values}`);
  const advised = (await createAdmin({ pool }).doctor()).flatMap(({ sql }) => sql);
  assert.ok(advised.length > 3);
  for (const statement of advised) await pool.query(statement);
});

test('no statement resolves to what another role has created, on any type of column', async () => {
  const pool = await planted();
  for (const sid of ['varchar', 'text', 'varchar(255)']) {
    for (const sess of ['json', 'jsonb', 'text']) {
      for (const expire of ['timestamptz', 'timestamp', 'timestamp(6)']) {
        await pool.query(
          `CREATE TABLE session (sid ${sid} PRIMARY KEY, sess ${sess} NOT NULL, expire ${expire} NOT NULL)`,
        );
        const refused = Object.entries(await refusedStatements(pool, { schemaName: 'session_store' }));
        const unexpected = refused.filter(([, message]) => !LACKS_CITUS.test(message)); // on 12
        assert.equal(unexpected, [], `${sid}, ${sess}, ${expire}`);
        await pool.query('DROP TABLE session');
      }
    }
  }
});
