// A session table that another role made is not used unless the app trusts that role.
import pg from 'pg';
import * as assert from 'uvu/assert';
import { createAdmin } from '../../src/admin/admin.js';
import { PgSessionStore, type StoreOptions } from '../../src/index.js';
import { createTable, missingParts } from '../../src/table/create-table.js';
import { freshDatabase } from '../support/fresh-database.js';
import { freshPool, searchPath, session } from '../support/fresh-store.js';
import { onEnd, suite } from '../support/harness.js';
import { invalid } from '../support/invalid.js';
import { failure, freshLimitedRole } from '../support/limited-role.js';

const test = suite('owner', { timeout: 60_000 });

const COLUMNS = 'sid varchar, sess json NOT NULL, expire timestamptz NOT NULL';

/**
 * The names of two roles without quotes, and a database in which both may create tables in public.
 */
async function fresh({ grants = true, path = ['public'] } = {}) {
  const roles = await Promise.all([freshLimitedRole(freshPool()), freshLimitedRole(freshPool())]);
  const { url, database } = await freshDatabase(); // dropped before the roles
  const superuser = freshPool({ connectionString: url });
  const [app, mallory] = roles.map(({ role, limitedPool }) => {
    const { user, password } = new pg.Client(limitedPool.options as pg.ClientConfig);
    const own = Object.assign(new URL(url), { username: encodeURIComponent(user!), password });
    return { role, name: user!, pool: freshPool({ connectionString: own.href, options: searchPath(...path) }) };
  });
  if (grants) await superuser.query(`GRANT ALL ON SCHEMA public TO ${app!.role}, ${mallory!.role}`);
  return { superuser, app: app!, mallory: mallory!, database };
}

function storeOf(pool: pg.Pool, options: StoreOptions = {}) {
  const store = new PgSessionStore({ pool, createTableIfMissing: true, pruneSessionInterval: false, ...options });
  onEnd(() => store.close());
  return store;
}

const codesOf = async (pool: pg.Pool, options = {}) =>
  (await createAdmin({ pool, ...options }).doctor())
    .filter(({ severity }) => severity === 'error')
    .map(({ code }) => code);

const KINDS: Record<string, string[]> = {
  table: [`CREATE TABLE session (${COLUMNS}, PRIMARY KEY (sid))`],
  'partitioned table': [
    `CREATE TABLE session (${COLUMNS}, PRIMARY KEY (sid)) PARTITION BY HASH (sid)`,
    'CREATE TABLE part PARTITION OF session FOR VALUES WITH (MODULUS 1, REMAINDER 0)',
  ],
  view: [`CREATE TABLE base (${COLUMNS}, PRIMARY KEY (sid))`, 'CREATE VIEW session AS SELECT * FROM base'],
  'foreign table': [`CREATE FOREIGN TABLE session (${COLUMNS}) SERVER away`],
};

for (const [kind, statements] of Object.entries(KINDS)) {
  test(`a ${kind} that another role made before the store is refused`, async () => {
    const { superuser, app, mallory } = await fresh();
    if (kind === 'foreign table') {
      await superuser.query('CREATE FOREIGN DATA WRAPPER away; CREATE SERVER away FOREIGN DATA WRAPPER away');
      await superuser.query(`GRANT USAGE ON FOREIGN SERVER away TO ${mallory.role}`);
    }
    for (const statement of statements) await mallory.pool.query(statement);
    await mallory.pool.query('GRANT ALL ON session TO PUBLIC');

    const refusal = /^the table exists and belongs to the role .* name it in trustOwner/;
    const store = storeOf(app.pool);
    assert.match((await failure(store.set('a', session()))).message, refusal);
    assert.match((await failure(store.get('a'))).message, refusal);
    assert.match((await failure(store.createTable())).message, refusal);
    assert.match((await failure(createTable({ pool: superuser, names: {} }, {}))).message, refusal);
    assert.match((await failure(missingParts({ pool: superuser, names: {} }, {}))).message, refusal);
    if (kind === 'foreign table') return; // its wrapper can do nothing
    assert.ok((await codesOf(app.pool)).includes('untrusted-owner'));
    assert.ok((await codesOf(superuser)).includes('untrusted-owner'));

    assert.not.ok((await codesOf(app.pool, { trustOwner: mallory.name })).includes('untrusted-owner'));
    assert.not.ok((await codesOf(app.pool, { trustOwner: ['x', mallory.name] })).includes('untrusted-owner'));
    await createTable({ pool: superuser, names: {} }, { trustOwner: mallory.name });
    const trusting = storeOf(app.pool, { trustOwner: mallory.name });
    await trusting.set('a', session({ user: 'ada' }));
    assert.is((await trusting.get('a'))?.user, 'ada');
  });
}

test('a table of another role in an earlier schema of the search_path is refused', async () => {
  const { superuser, app, mallory } = await fresh({ path: ['early', 'public'] });
  await createTable({ pool: app.pool, names: { schemaName: 'public' } }, {});
  const store = storeOf(app.pool);
  await store.set('a', session());
  await superuser.query(`CREATE SCHEMA early; GRANT ALL ON SCHEMA early TO ${mallory.role}, ${app.role}`);
  await mallory.pool.query(
    `CREATE TABLE early.session (${COLUMNS}, PRIMARY KEY (sid)); GRANT ALL ON early.session TO PUBLIC`,
  );
  assert.match((await failure(storeOf(app.pool).get('a'))).message, /belongs to the role/);
  assert.equal(await codesOf(app.pool), ['untrusted-owner']);
  assert.equal(await codesOf(app.pool, { schemaName: 'public' }), []);
});

test('a materialized view of another role is refused', async () => {
  const { app, mallory } = await fresh();
  await mallory.pool.query(`CREATE MATERIALIZED VIEW session AS SELECT '' AS sid`);
  assert.match((await failure(storeOf(app.pool).get('a'))).message, /not a table/);
});

test('the table of an administrator is used as before: of a superuser, of the owner of the schema or the database', async () => {
  const { superuser, app, mallory: admin, database } = await fresh({ grants: false });
  const use = async (names: object) => {
    const store = storeOf(app.pool, names);
    await store.set('a', session());
    assert.ok(await store.get('a'));
    assert.equal(await codesOf(app.pool, names), []);
  };
  await createTable({ pool: superuser, names: { schemaName: 'mine' } }, { createSchema: true });
  await superuser.query(`GRANT USAGE ON SCHEMA mine TO ${app.role}`);
  await superuser.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON mine.session TO ${app.role}`);
  await use({ schemaName: 'mine' });
  await superuser.query(`ALTER SCHEMA mine OWNER TO ${admin.role}; ALTER TABLE mine.session OWNER TO ${admin.role}`);
  await use({ schemaName: 'mine' });
  await superuser.query(`ALTER SCHEMA mine OWNER TO CURRENT_USER`);
  assert.equal(await codesOf(app.pool, { schemaName: 'mine' }), ['untrusted-owner']);
  await superuser.query(`ALTER DATABASE ${database} OWNER TO ${admin.role}`);
  onEnd(() => superuser.query(`ALTER DATABASE ${database} OWNER TO CURRENT_USER`));
  await use({ schemaName: 'mine' });
});

test('the table of a role to which the own role belongs, also through another role, is used', async () => {
  const { superuser, app, mallory: owner } = await fresh();
  await createTable({ pool: owner.pool, names: {} }, {});
  assert.match((await failure(storeOf(app.pool).get('a'))).message, /belongs to the role/);
  const group = `"group ${process.pid}"`;
  await superuser.query(`CREATE ROLE ${group} ROLE ${app.role} IN ROLE ${owner.role}`);
  onEnd(() => superuser.query(`DROP ROLE ${group}`));
  assert.is(await storeOf(app.pool).get('a'), null);
  assert.equal(await codesOf(app.pool), []);
});

test('trustOwner must be the name of a role or an array of names', async () => {
  const pool = freshPool();
  for (const trustOwner of ['', [''], 1, {}, true]) {
    const given = { pool, trustOwner: invalid<string>(trustOwner) };
    assert.throws(() => storeOf(pool, given), /^trustOwner must be the name of a role, or an array of names, got /);
    assert.throws(() => createAdmin(given), /^trustOwner must be/);
    assert.match(
      (await failure(storeOf(pool).createTable({ trustOwner: given.trustOwner }))).message,
      /^trustOwner must be/,
    );
  }
});

test('doctor() warns of a schema of the search_path in which other roles may create, and its advice repairs it', async () => {
  const { superuser, app } = await fresh();
  await createTable({ pool: app.pool, names: {} }, {});
  await superuser.query('GRANT CREATE ON SCHEMA public TO PUBLIC');
  const admin = createAdmin({ pool: app.pool });
  const [finding, ...more] = await admin.doctor();
  assert.equal([finding!.code, finding!.severity, more], ['shared-schema', 'warning', []]);
  assert.match(finding!.problem, /: "limited.*", PUBLIC in public\./);
  for (const statement of finding!.sql) await superuser.query(statement);
  assert.equal(await admin.doctor(), []);
});

test('doctor() names a search_path that lists pg_catalog after another schema', async () => {
  const { app } = await fresh();
  await createTable({ pool: app.pool, names: {} }, {});
  const codesWith = async (...path: string[]) => {
    return codesOf(freshPool({ ...app.pool.options, options: searchPath(...path) }));
  };
  assert.equal(await codesWith('public', 'pg_catalog'), ['late-pg-catalog']);
  assert.equal(await codesWith('missing', 'public', 'pg_catalog'), ['late-pg-catalog']);
  assert.equal(await codesWith('pg_catalog', 'public'), []);
  assert.equal(await codesWith('missing', 'pg_catalog', 'public'), []);
  assert.equal(await codesWith('public', 'pg_temp'), []);
});
