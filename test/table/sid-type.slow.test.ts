// Tables with a sid of another type than varchar.
import { randomUUID } from 'node:crypto';
import * as assert from 'uvu/assert';
import { createAdmin } from '../../src/admin/admin.js';
import { migrate } from '../../src/admin/migrate.js';
import { PgSessionStore, SessionStoreError, type StoreOptions } from '../../src/index.js';
import { freshDatabase } from '../support/fresh-database.js';
import { freshNames, freshPool, OPTIONS, session, useAdministrator } from '../support/fresh-store.js';
import { onEnd, suite } from '../support/harness.js';
import { failure } from '../support/limited-role.js';
import { quotedName } from '../support/stores.js';

const test = suite('sid type', { timeout: 60_000 });
useAdministrator();

const CASELESS = 'CREATE COLLATION caseless (provider = icu, locale = $$und-u-ks-level2$$, deterministic = false)';

/** Creates a table with this sid column, in a database of its own if that has to be prepared. */
async function tableWith(sid: string, ...prepare: string[]) {
  const names = freshNames();
  const pool = freshPool(prepare.length > 0 ? { connectionString: (await freshDatabase()).url } : {});
  for (const statement of prepare) await pool.query(statement);
  const table = quotedName(names);
  await pool.query(`CREATE SCHEMA "${names.schemaName.replaceAll('"', '""')}"`);
  await pool.query(`CREATE TABLE ${table} (sid ${sid} PRIMARY KEY, sess json NOT NULL, expire timestamptz NOT NULL)`);
  await pool.query(`CREATE INDEX ON ${table} (expire)`);
  const storeWith = (options: StoreOptions = {}) => {
    const store = new PgSessionStore({ pool, ...names, pruneSessionInterval: false, ...options });
    onEnd(() => store.close());
    return store;
  };
  return { pool, names, table, storeWith };
}

const ID = 'Zx8_9-aBcDeFgHiJkLmNoPqRsTuVwXyZ'; // 32 characters, as express-session's
const makeId = (n: number) => `${ID.slice(0, -2)}${10 + n}`;
const makeUuid = () => randomUUID();

interface Unfit {
  sid: string;
  prepare?: string[];
  id?: (n: number) => string;
}

const unfit: Unfit[] = [
  { sid: 'uuid', id: makeUuid },
  { sid: 'uuid DEFAULT md5(random()::text)::uuid', id: makeUuid },
  { sid: 'char(64)' },
  { sid: 'char(32)' },
  { sid: 'bpchar' },
  { sid: 'name' },
  { sid: 'bytea' },
  { sid: 'bytea DEFAULT $$x$$' },
  { sid: 'bigint', id: (n) => String(n) },
  { sid: 'citext', prepare: ['CREATE EXTENSION citext'] },
  { sid: 'varchar COLLATE caseless', prepare: [CASELESS] },
  { sid: 'id', prepare: [CASELESS, 'CREATE DOMAIN id AS text COLLATE caseless'] },
  { sid: 'id', prepare: ['CREATE DOMAIN id AS uuid'], id: makeUuid },
  { sid: 'id', prepare: ['CREATE DOMAIN padded AS char(40)', 'CREATE DOMAIN id AS padded CHECK (value > $$$$)'] },
];

for (const { sid, prepare = [], id = makeId } of unfit) {
  const what = [...prepare.slice(-1), sid].join('; ');
  test(`a store refuses sid as ${what}, doctor finds it, and migrate keeps the sessions`, async () => {
    const { pool, names, table, storeWith } = await tableWith(sid, ...prepare);
    const ids = Array.from({ length: 12 }, (_, n) => id(n));
    for (const [n, one] of ids.entries()) {
      await pool.query(`INSERT INTO ${table} VALUES ($1, $2, now() + interval '1 hour')`, [one, session({ n })]);
    }
    const advice =
      /^(sid has|PostgreSQL found a session under another id).*`npx connect-pg-typed migrate` makes it varchar/;
    const refuse = async (work: Promise<unknown>) => {
      const error = await failure(work);
      assert.instance(error, SessionStoreError);
      assert.match(error.message, advice);
      for (const one of ids) assert.not.match(error.message, one);
    };
    await refuse(storeWith().set(id(50), session()));
    const batched = storeWith();
    const outcomes = await Promise.allSettled(ids.map((one) => batched.set(one, session({ n: 0 }))));
    for (const { status } of outcomes) assert.is(status, 'rejected');
    const isCaseless = /caseless/.test(what); // the description of a row does not name a collation
    if (!isCaseless) {
      await refuse(storeWith().get(ids[0]!));
      const reader = storeWith();
      for (const { status } of await Promise.allSettled(ids.map((one) => reader.get(one)))) {
        assert.is(status, 'rejected');
      }
      await refuse(storeWith({ batch: false, prepare: false }).touch(ids[0]!, session()));
    } else {
      await refuse(storeWith().get(ids[0]!.toLowerCase()));
    }

    await pool.query(`UPDATE ${table} SET sess = '{"cookie":{},"n":1}'`);
    const admin = createAdmin({ pool, ...names });
    const findings = await admin.doctor();
    assert.equal(
      findings.map(({ code, severity }) => [code, severity]),
      [['unsupported-sid', 'error']],
    );
    const store = storeWith();
    await failure(store.set(id(51), session()));
    if (/DEFAULT|domain/i.test(what)) for (const statement of findings[0]!.sql) await pool.query(statement);
    else assert.match((await migrate({ pool, names }))[0]!, /^sid as varchar instead of /);

    assert.equal(await migrate({ pool, names }), []);
    assert.equal(await admin.doctor(), []);
    for (const one of [storeWith(), store]) {
      const found = await Promise.all(ids.map((one_) => one.get(one_)));
      assert.ok(found.every((row) => row !== null));
      await Promise.all(ids.map((one_, n) => one.set(one_, session({ n }))));
      assert.is(((await one.get(ids[11]!)) as { n?: number } | null)?.n, 11);
    }
  });
}

const fit: Unfit[] = [
  { sid: 'text' },
  { sid: 'varchar' },
  { sid: 'varchar(255)' },
  { sid: 'varchar(71)' },
  { sid: 'varchar COLLATE "C"' },
  { sid: 'text COLLATE "und-x-icu"' },
  { sid: 'id', prepare: ['CREATE DOMAIN id AS text'] },
  { sid: 'id', prepare: ['CREATE DOMAIN id AS varchar(128) CHECK (value <> $$$$)'] },
  { sid: 'id', prepare: ['CREATE DOMAIN id0 AS text COLLATE "C"', 'CREATE DOMAIN id AS id0 NOT NULL'] },
];

for (const { sid, prepare = [] } of fit) {
  test(`a store works with sid as ${[...prepare.slice(-1), sid].join('; ')}, alone, in batches and with hashes`, async () => {
    const { pool, names, storeWith } = await tableWith(sid, ...prepare);
    for (const options of [{}, { batch: false }, { hashIds: true }] as StoreOptions[]) {
      const store = storeWith({ ...OPTIONS, ...options });
      const ids = Array.from({ length: 12 }, (_, n) => makeId(n));
      await store.set(makeId(50), session());
      await Promise.all(ids.map((one, n) => store.set(one, session({ n }))));
      assert.ok((await Promise.all(ids.map((one) => store.get(one)))).every((row) => row !== null));
      await Promise.all(ids.map((one) => store.touch(one, session())));
      await store.update(ids[0]!, (one) => Object.assign(one, { n: 7 }));
      await Promise.all([...ids, makeId(50)].map((one) => store.destroy(one)));
      assert.is(await store.length(), 0);
    }
    assert.equal(await createAdmin({ pool, ...names, hashIds: true }).doctor(), []);
    assert.equal(await migrate({ pool, names }), []);
  });
}

for (const [sid, hashIds] of [
  ['varchar(20)', false],
  ['varchar(64)', true],
] as const) {
  test(`a save says that sid is too short if it is ${sid} and hashIds is ${hashIds}, and migrate repairs it`, async () => {
    const { pool, names, storeWith } = await tableWith(sid);
    const store = storeWith({ hashIds });
    const error = await failure(store.set(ID, session()));
    const [length, command] = hashIds ? [71, 'migrate --hash-ids'] : [32, 'migrate'];
    const problem = `^sid has the type character varying\\(\\d+\\), but an id has ${length} characters`;
    assert.match(error.message, new RegExp(`${problem}.*\`npx connect-pg-typed ${command}\` makes it varchar`));
    const [finding] = await createAdmin({ pool, ...names, hashIds }).doctor();
    assert.equal([finding!.code, finding!.severity], ['unsupported-sid', 'error']);
    assert.match(finding!.advice, `Run \`connect-pg-typed ${command}\`, or this`);
    await migrate({ pool, names }, { hashIds });
    await store.set(ID, session());
    assert.ok(await store.get(ID));
    assert.equal(await createAdmin({ pool, ...names, hashIds }).doctor(), []);
  });
}

test('migrate makes sid a varchar and hashes it in one run', async () => {
  const { pool, names, storeWith } = await tableWith('uuid');
  const id = randomUUID();
  await pool.query(`INSERT INTO ${quotedName(names)} VALUES ($1, '{"cookie":{}}', 'tomorrow')`, [id]);
  const error = await failure(storeWith({ hashIds: true }).set(id, session()));
  assert.match(error.message, '`npx connect-pg-typed migrate --hash-ids` makes it varchar');
  const steps = ['sid as varchar instead of uuid', 'the hash of all session ids'];
  assert.equal(await migrate({ pool, names }, { hashIds: true, dryRun: true }), steps);
  assert.equal(await migrate({ pool, names }, { hashIds: true }), steps);
  assert.ok(await storeWith({ hashIds: true }).get(id));
});

test('the first calls of a store send no more statements than the later ones', async () => {
  const { names } = await tableWith('varchar');
  const pool = freshPool();
  let sent = 0;
  pool.on('connect', (client) => {
    const { query } = client;
    const counted = (...args: unknown[]) => {
      sent++;
      return Reflect.apply(query, client, args);
    };
    Object.assign(client, { query: counted });
  });
  const store = new PgSessionStore({ pool, ...names, pruneSessionInterval: false });
  onEnd(() => store.close());
  await store.set(ID, session());
  await store.get(ID);
  await store.set(ID, session());
  assert.is(sent, 3);
});
