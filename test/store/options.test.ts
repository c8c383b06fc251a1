// What the store can be told.
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import * as assert from 'uvu/assert';
import connectPgTyped, { PgSessionStore } from '../../src/index.js';
import { freshPool, freshStore, session } from '../support/fresh-store.js';
import { onEnd, suite } from '../support/harness.js';

const test = suite('options');

const wrong: [what: string, options: object, says: RegExp][] = [
  ['no object', 5 as never, /options must be an object, such as \{ pool \}/],
  ['an unknown name', { tabelName: 'x' }, /unknown option "tabelName"\. Did you mean "tableName"/],
  ['pgPromise', { pgPromise: {} }, /Use `pool: pgp\.\$pool`/],
  ['a client for a pool', { pool: new pg.Client() }, /pool must be a pg\.Pool, not of the type Client/],
  ['a string for a pool', { pool: 'postgres://x' }, /pool must be a pg\.Pool, not of the type String/],
  ['the pool itself', new pg.Pool(), /pass the pool as an option: \{ pool \}/],
  ['a pool that is undefined', { pool: undefined }, /pool is undefined. Create it before the store/],
  ['a conString that is no URL', { conString: 'localhost/app' }, /conString must be a connection string/],
  ['a timeout of 0', { timeout: 0 }, /timeout must be a positive number of seconds, at most 600, not 0/],
  [
    'a timeout in milliseconds',
    { timeout: 5000 },
    /timeout must be a positive number of seconds, at most 600, not 5000/,
  ],
  ['a maxWaiting of 0', { maxWaiting: 0 }, /maxWaiting must be a positive integer, not 0/],
  ['half a call for maxWaiting', { maxWaiting: 0.5 }, /maxWaiting must be a positive integer, not 0.5/],
  ['a number for conString', { conString: 5 }, /conString must be a connection string.*not 5/],
  ['an empty conString', { conString: '' }, /conString must be a connection string.*not an empty string/],
  ['a string for conObject', { conObject: 'x' }, /conObject must be an object/],
  [
    'a pool and a conString',
    { pool: new pg.Pool(), conString: 'postgres://x' },
    /one of pool, conString and conObject/,
  ],
  ['a number for schemaName', { schemaName: 5 }, /schemaName must be a string, not 5/],
  ['an empty tableName', { tableName: '' }, /tableName is empty/],
  ['a ttl as text', { ttl: '60' }, /ttl must be a number of seconds, or a function of the session/],
  ['a lifetime of 0', { lifetime: 0 }, /lifetime must be a positive number of seconds, not 0/],
  ['no keys', { encryption: {} }, /encryption must be an object \{ keys, userPath, allowPlaintext \} with an array/],
  ['half a serializer', { serializer: JSON.parse }, /serializer must be an object with the functions stringify/],
  ['a word for hashIds', { hashIds: 'yes' }, /hashIds must be true, false or 'upgrade', not/],
  ['createTableIfMissing as text', { createTableIfMissing: 'yes' }, /createTableIfMissing must be true or false/],
  ['disableTouch as a number', { disableTouch: 1 }, /disableTouch must be true or false, not 1/],
  ['pruneSessionInterval 0', { pruneSessionInterval: 0 }, /positive number of seconds, or false for never, not 0/],
  ['pruneSessionInterval NaN', { pruneSessionInterval: Number.NaN }, /positive number of seconds/],
  ['pruneSessionInterval true', { pruneSessionInterval: true }, /positive number of seconds/],
  [
    'a jitter that is a number',
    { pruneSessionRandomizedInterval: 5 },
    /pruneSessionRandomizedInterval must be true, false/,
  ],
  ['pruneBatchSize 0', { pruneBatchSize: 0 }, /pruneBatchSize must be a positive integer, not 0/],
  ['pruneBatchSize 1.5', { pruneBatchSize: 1.5 }, /pruneBatchSize must be a positive integer, not 1.5/],
  ['revocations as text', { revocations: 'yes' }, /revocations must be true, false, or \{ connectionString \}/],
  [
    'revocations without a connection',
    { revocations: {} },
    /revocations must be true, false, or \{ connectionString \}/,
  ],
  ['revocations with what is no URL', { revocations: { connectionString: 'db' } }, /revocations must be true, false/],
  [
    'revocations with more',
    { revocations: { connectionString: 'postgres://x', ssl: true } },
    /revocations must be true, false, or \{ connectionString \}/,
  ],
  [
    'revocations with a pool that does not say where it connects',
    { pool: { connect() {}, totalCount: 0 }, revocations: true },
    /revocations: this pool does not say where it connects. Use \{ connectionString \}/,
  ],
  ['errorLog as an object', { errorLog: console }, /errorLog must be a function/],
];

for (const [what, options, says] of wrong) {
  test(`${what} is a TypeError that says what to do`, () => {
    const given =
      typeof options === 'object' &&
      !(options instanceof pg.Pool) &&
      !Object.keys(options).some((key) => /^(pool|con)/.test(key));
    const construct = () => new PgSessionStore((given ? { pool: freshPool(), ...options } : options) as never);
    assert.throws(construct, (error: unknown) => error instanceof TypeError && says.test(error.message));
  });
}

/** The environment with only these variables of those that say where to connect. */
function environment(variables: Record<string, string>) {
  const before = { ...process.env };
  for (const name of Object.keys(process.env)) if (/^(PG|DATABASE_URL)/.test(name)) delete process.env[name];
  Object.assign(process.env, variables);
  onEnd(() => {
    for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
    Object.assign(process.env, before);
  });
}

test('no pool and no connection is a TypeError that says what to do', () => {
  environment({});
  assert.throws(() => new PgSessionStore(), /Pass pool, conString or conObject, or set DATABASE_URL or the PG/);
});

const url = () => new URL(process.env.TEST_SERVER_URL!);
const ways: [what: string, options: () => object, variables: () => Record<string, string>][] = [
  ['conString', () => ({ conString: url().href }), () => ({})],
  ['conObject', () => ({ conObject: { connectionString: url().href, max: 1 } }), () => ({})],
  ['DATABASE_URL', () => ({}), () => ({ DATABASE_URL: url().href })],
  [
    'PG* variables',
    () => ({}),
    () => ({
      PGHOST: url().hostname,
      PGPORT: url().port,
      PGUSER: url().username,
      PGPASSWORD: url().password,
      PGDATABASE: url().pathname.slice(1),
    }),
  ],
];

for (const [what, options, variables] of ways) {
  test(`with ${what} the store has a pool of its own, which close() ends`, async () => {
    const { names, pool } = await freshStore();
    const PGAPPNAME = `pool of its own ${process.pid} ${Math.random()}`;
    environment({ ...variables(), PGAPPNAME });
    const connections = async () =>
      (await pool.query('SELECT FROM pg_stat_activity WHERE application_name = $1', [PGAPPNAME])).rowCount;
    const store = new PgSessionStore({ ...options(), ...names });
    await store.set('a', session());
    assert.is(await connections(), 1);

    await store.close();

    while ((await connections()) !== 0) await sleep(5);
  });
}

test('close() takes only its own listeners off a pool that it was given, and leaves it open', async () => {
  const pool = freshPool();
  const listeners = () => pool.eventNames().map((name) => [name, pool.listenerCount(name)]);
  const before = listeners();
  const store = new PgSessionStore({ pool });
  assert.not.equal(listeners(), before);

  await store.close();
  await store.close();

  assert.equal(listeners(), before);
  assert.is((await pool.query('SELECT 1')).rowCount, 1);
});

test('undefined and null stand for the default', async () => {
  const { store } = await freshStore({
    ttl: undefined,
    conString: null,
    pruneBatchSize: null,
    errorLog: null,
  } as never);
  await store.set('a', session());
  assert.is(await store.length(), 1);
});

test('the factory gives the same class for the same express-session', async () => {
  const { default: expressSession } = await import('express-session');
  assert.is(connectPgTyped(expressSession), PgSessionStore);
});

test('the factory without express-session says what it wants', () => {
  for (const given of [undefined, {}, () => {}])
    assert.throws(() => connectPgTyped(given as never), /connectPgTyped\(session\)/);
});

test('a constructor that throws leaves no listener on the pool', () => {
  const pool = freshPool();
  const before = pool.listenerCount('error');
  for (const wrong of [{ tableName: '' }, { ttl: 0 }, { pruneBatchSize: 0 }]) {
    assert.throws(() => new PgSessionStore({ pool, ...wrong }));
  }
  assert.is(pool.listenerCount('error'), before);
});

test('a dot in tableName without a schemaName warns, and is part of the name', async () => {
  const warned = new Promise<Error>((resolve) => process.once('warning', resolve));
  const store = new PgSessionStore({ pool: freshPool(), tableName: 'web.session' });
  onEnd(() => store.close());
  assert.match(
    (await warned).message,
    /'web.session' names a table with a dot in its name. To name a schema, use schemaName/,
  );
});

test('the error of a wrong option tells no password', () => {
  const construct = () => new PgSessionStore({ pool: { password: 'secret' } } as never);
  assert.throws(construct, (error: Error) => !/secret/.test(error.message));
});
