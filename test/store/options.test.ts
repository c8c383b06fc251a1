// The options of the store and their checks.
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import * as assert from 'uvu/assert';
import connectPgTyped, { PgSessionStore } from '../../src/index.js';
import { freshPool, freshStore, session } from '../support/fresh-store.js';
import { onEnd, suite } from '../support/harness.js';
import { invalid } from '../support/invalid.js';

const test = suite('options');

const wrong: [what: string, options: object, message: RegExp][] = [
  ['a number instead of the options', invalid(5), /options must be an object, such as \{ pool \}/],
  ['an unknown option', { tabelName: 'x' }, /unknown option "tabelName"\. Did you mean tableName\?$/],
  ['a pgPromise without a pool', { pgPromise: {} }, /pgPromise must be the database object of pg-promise.*\$pool/],
  ['the library as pgPromise', { pgPromise: () => {} }, /pgPromise must be the database object of pg-promise/],
  ['a pgPromise and a conString', { pgPromise: { $pool: new pg.Pool() }, conString: 'pg://x' }, /pass only one of/],
  [
    'a client as the pool',
    { pool: new pg.Client() },
    /pool must be a pg\.Pool, got an object of the class Client\. A client is a single connection\. Make a pg\.Pool/,
  ],
  [
    'a string as the pool',
    { pool: 'postgres://x' },
    /pool must be a pg\.Pool, got a string\. To connect by a connection string, use conString/,
  ],
  ['a pool instead of the options', new pg.Pool(), /pass the pool as an option: \{ pool \}/],
  ['an undefined pool', { pool: undefined }, /pool is undefined. Create it before the store/],
  [
    'a conString that is not a URL',
    { conString: 'localhost/app' },
    /conString is not a postgres:\/\/ URL\. Write postgres:/,
  ],
  ['a timeout of 0', { timeout: 0 }, /timeout must be a positive number of seconds, at most 600, got 0/],
  [
    'a timeout in milliseconds',
    { timeout: 5000 },
    /timeout must be a positive number of seconds, at most 600, got 5000/,
  ],
  ['a maxWaiting of 0', { maxWaiting: 0 }, /maxWaiting must be a positive integer, got 0/],
  ['a maxWaitingBytes of 0', { maxWaitingBytes: 0 }, /maxWaitingBytes must be a positive integer, got 0/],
  ['a maxWaiting of 0.5', { maxWaiting: 0.5 }, /maxWaiting must be a positive integer, got 0.5/],
  ['a number as conString', { conString: 5 }, /conString must be a postgres:\/\/ URL, got 5/],
  ['an empty conString', { conString: '' }, /conString must be a postgres:\/\/ URL, got an empty string\. Write/],
  ['a string as conObject', { conObject: 'x' }, /conObject must be an object/],
  [
    'a pool and a conString',
    { pool: new pg.Pool(), conString: 'postgres://x' },
    /one of pool, conString and conObject/,
  ],
  ['a number as schemaName', { schemaName: 5 }, /schemaName must be a string, got 5/],
  ['an empty tableName', { tableName: '' }, /tableName is empty/],
  ['a string as ttl', { ttl: '60' }, /ttl must be a number of seconds, or a function of the session/],
  ['a lifetime of 0', { lifetime: 0 }, /lifetime must be a positive number of seconds, got 0/],
  [
    'an encryption without keys',
    { encryption: {} },
    /encryption must be an object \{ keys, userPath, allowPlaintext \} with an array/,
  ],
  [
    'a serializer without stringify',
    { serializer: JSON.parse },
    /serializer must be an object with the functions stringify/,
  ],
  ['an unknown word as hashIds', { hashIds: 'yes' }, /hashIds must be true, false or 'upgrade', got 'yes'/],
  ['an unknown word as concurrency', { concurrency: 'last' }, /concurrency must be 'merge' or 'overwrite', got 'last'/],
  ['a string as mergeWithin', { mergeWithin: 'data' }, /mergeWithin must be an array of top-level keys .*, got 'data'/],
  ['the cookie in mergeWithin', { mergeWithin: ['cookie'] }, /mergeWithin must be an array .* other than 'cookie'/],
  ['a number in mergeWithin', { mergeWithin: [1] }, /mergeWithin must be an array of top-level keys/],
  ['a string as createTableIfMissing', { createTableIfMissing: 'yes' }, /createTableIfMissing must be true or false/],
  ['a number as disableTouch', { disableTouch: 1 }, /disableTouch must be true or false, got 1/],
  ['a pruneSessionInterval of 0', { pruneSessionInterval: 0 }, /positive number of seconds, or false for never, got 0/],
  ['a pruneSessionInterval of NaN', { pruneSessionInterval: Number.NaN }, /positive number of seconds/],
  ['true as pruneSessionInterval', { pruneSessionInterval: true }, /positive number of seconds/],
  [
    'a number as pruneSessionRandomizedInterval',
    { pruneSessionRandomizedInterval: 5 },
    /pruneSessionRandomizedInterval must be true, false/,
  ],
  ['a pruneBatchSize of 0', { pruneBatchSize: 0 }, /pruneBatchSize must be a positive integer, got 0/],
  ['a pruneBatchSize of 1.5', { pruneBatchSize: 1.5 }, /pruneBatchSize must be a positive integer, got 1.5/],
  ['a string as revocations', { revocations: 'yes' }, /revocations must be true, false, or \{ connectionString \}/],
  [
    'revocations without a connectionString',
    { revocations: {} },
    /revocations must be true, false, or \{ connectionString \}/,
  ],
  [
    'revocations with a connectionString that is not a URL',
    { revocations: { connectionString: 'db' } },
    /revocations must be true, false/,
  ],
  [
    'revocations with an unknown key',
    { revocations: { connectionString: 'postgres://x', ssl: true } },
    /revocations must be true, false, or \{ connectionString \}/,
  ],
  [
    'revocations with a pool without connection options',
    { pool: { connect() {}, on() {}, totalCount: 0 }, revocations: true },
    /revocations: this pool does not say where it connects. Use \{ connectionString \}/,
  ],
  ['an object as errorLog', { errorLog: console }, /errorLog must be a function/],
];

for (const [what, options, message] of wrong) {
  test(`the constructor throws a TypeError that says what to do for ${what}`, () => {
    const needsPool =
      typeof options === 'object' &&
      !(options instanceof pg.Pool) &&
      !Object.keys(options).some((key) => /^(pool|con)/.test(key));
    const construct = () => new PgSessionStore(needsPool ? { pool: freshPool(), ...options } : options);
    assert.throws(construct, (error: unknown) => error instanceof TypeError && message.test(error.message));
  });
}

/** Sets these environment variables, and deletes all others that say where to connect. */
function setEnvironment(variables: Record<string, string>) {
  const before = { ...process.env };
  for (const name of Object.keys(process.env)) if (/^(PG|DATABASE_URL)/.test(name)) delete process.env[name];
  Object.assign(process.env, variables);
  onEnd(() => {
    for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
    Object.assign(process.env, before);
  });
}

test('the constructor throws a TypeError that says what to do without a pool and a connection', () => {
  setEnvironment({});
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
  test(`the store makes a pool from ${what}, and close() ends it`, async () => {
    const { names, pool } = await freshStore();
    const PGAPPNAME = `own pool ${process.pid} ${Math.random()}`;
    setEnvironment({ ...variables(), PGAPPNAME });
    const connections = async () =>
      (await pool.query('SELECT FROM pg_stat_activity WHERE application_name = $1', [PGAPPNAME])).rowCount;
    const store = new PgSessionStore({ ...options(), ...names });
    await store.set('a', session());
    assert.is(await connections(), 1);

    await store.close();

    while ((await connections()) !== 0) await sleep(5);
  });
}

/** Spellings of the test server's connection string that pg accepts. */
const spellings: [what: string, spell: (parts: URL) => string][] = [
  ...['pg', 'tcp', 'POSTGRES', 'PostgreSQL', 'postgresql', 'pgsql', 'postgres+ssl'].map(
    (scheme): [string, (parts: URL) => string] => [
      `${scheme}://`,
      ({ href }) => href.replace(/^postgres(ql)?/, () => scheme),
    ],
  ),
  [
    'the host as a parameter',
    ({ hostname, port, pathname, username, password }) =>
      `pg://${pathname}?host=${hostname}&port=${port}&user=${username}&password=${password}`,
  ],
];

for (const [what, spell] of spellings) {
  test(`the store connects to a conString with ${what}`, async () => {
    const { names } = await freshStore();
    for (const [options, variables] of [
      [{ conString: spell(url()) }, {}],
      [{}, { DATABASE_URL: spell(url()) }],
    ]) {
      setEnvironment(variables as Record<string, string>);
      const store = new PgSessionStore({ ...options, ...names });
      onEnd(() => store.close());
      await store.set('a', session());
      assert.is(await store.length(), 1);
    }
  });
}

/** A connection string, and what pg makes of it. */
const sockets: [conString: string, parts: Partial<pg.Client>][] = [
  ['/var/run/postgresql app', { host: '/var/run/postgresql', database: 'app' }],
  ['socket:/var/run/postgresql?db=app', { host: '/var/run/postgresql', database: 'app' }],
  ['pg:///app?host=/var/run/postgresql', { host: '/var/run/postgresql', database: 'app' }],
  ['postgres://%2Fvar%2Frun%2Fpostgresql/app', { host: '/var/run/postgresql', database: 'app' }],
  ['postgres:///app', { database: 'app' }],
  ['postgres://ada@[::1]:5433/app', { host: '::1', port: 5433, user: 'ada', database: 'app' }],
  ['postgres://ada:p ss@localhost/my app', { password: 'p ss', database: 'my app' }],
];
for (const [conString, parts] of sockets) {
  test(`the store accepts the conString ${conString}`, async () => {
    const store = new PgSessionStore({ conString, pruneSessionInterval: false });
    onEnd(() => store.close());
    const client = new pg.Client(conString);
    for (const [name, value] of Object.entries(parts)) assert.is(client[name as 'host'], value);
  });
}

test('a conString that names a missing certificate file gets the error of the file', () => {
  const construct = () => new PgSessionStore({ conString: 'postgres://localhost/app?sslrootcert=/none.pem' });
  assert.throws(construct, (error: NodeJS.ErrnoException) => error.code === 'ENOENT' && error.path === '/none.pem');
});

const SECRET = 'pass#word';
for (const conString of [
  `mysql://ada:${SECRET}@host/app`,
  `redis://:${SECRET}@host`,
  `https://ada:${SECRET}@host/app`,
  `ada:${SECRET}@host/app`,
  `localhost:5432/${SECRET}`,
  `postgres://ada:${SECRET}@host:5432/app`,
  `postgres://ada:x@host:${SECRET}/app`,
  `postgres://ada:%E0%A4%A-${SECRET}@host/app`,
]) {
  test(`the constructor refuses ${conString} without printing the password`, () => {
    setEnvironment({ DATABASE_URL: conString });
    for (const options of [{}, { conString }, { pool: freshPool(), revocations: { connectionString: conString } }]) {
      const construct = () => new PgSessionStore(options);
      assert.throws(construct, (error: Error) => error instanceof TypeError && !error.message.includes(SECRET));
      assert.throws(construct, /(conString|DATABASE_URL) is not a postgres:\/\/ URL|connection past a pooler/);
    }
  });
}

test('a conObject that pg cannot parse throws at once, without printing the password', () => {
  const conObject = { connectionString: `postgres://ada:${SECRET}@host/app` };
  const construct = () => new PgSessionStore({ conObject });
  assert.throws(construct, /^conObject\.connectionString is not a postgres:\/\/ URL/);
  assert.throws(construct, (error: Error) => !error.message.includes(SECRET));
});

test('pgPromise uses the $pool of that object, and does not end it', async () => {
  const { names, pool } = await freshStore();
  const { store } = {
    store: new PgSessionStore({ pgPromise: { $pool: pool, any() {} } as object as never, ...names }),
  };
  await store.set('a', session());
  await store.close();
  assert.is((await pool.query('SELECT 1')).rowCount, 1);
});

for (const count of [11, 100]) {
  test(`${count} stores on one pool cause no warning, and each reports a lost connection until it is closed`, async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => warnings.push(warning);
    process.on('warning', onWarning);
    onEnd(() => process.off('warning', onWarning));
    const pool = new pg.Pool();
    const logged = new Set<number>();
    const stores = Array.from({ length: count }, (_, n) => new PgSessionStore({ pool, errorLog: () => logged.add(n) }));
    pool.emit('error', new Error('lost'), undefined as never);
    assert.is(logged.size, count);

    await Promise.all(stores.slice(1).map((store) => store.close()));
    logged.clear();
    pool.emit('error', new Error('lost'), undefined as never);
    assert.equal([...logged], [0]);
    await stores[0]!.close();
    assert.is(pool.listenerCount('error'), 0);
    const again = new PgSessionStore({ pool, errorLog: () => logged.add(-1) });
    pool.emit('error', new Error('lost'), undefined as never);
    assert.ok(logged.has(-1));
    await again.close();
    await sleep(1);
    assert.equal(warnings, []);
  });
}

test("close() removes only the store's listeners from the app's pool, and does not end it", async () => {
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

test('undefined and null mean the default of an option', async () => {
  const options = { ttl: undefined, conString: null, pruneBatchSize: null, errorLog: null };
  const { store } = await freshStore(invalid(options));
  await store.set('a', session());
  assert.is(await store.length(), 1);
});

test('connectPgTyped() returns PgSessionStore for the same copy of express-session', async () => {
  const { default: expressSession } = await import('express-session');
  assert.is(connectPgTyped(expressSession), PgSessionStore);
});

test('connectPgTyped() throws without express-session', () => {
  for (const given of [undefined, {}, () => {}])
    assert.throws(() => connectPgTyped(invalid(given)), /connectPgTyped\(session\)/);
});

test('a constructor that throws does not leave a listener on the pool', () => {
  const pool = freshPool();
  const before = pool.listenerCount('error');
  for (const wrong of [{ tableName: '' }, { ttl: 0 }, { pruneBatchSize: 0 }]) {
    assert.throws(() => new PgSessionStore({ pool, ...wrong }));
  }
  assert.is(pool.listenerCount('error'), before);
});

test('a dot in tableName is part of the name, and without a schemaName the store warns', async () => {
  const warned = new Promise<Error>((resolve) => process.once('warning', resolve));
  const store = new PgSessionStore({ pool: freshPool(), tableName: 'web.session' });
  onEnd(() => store.close());
  assert.match(
    (await warned).message,
    /'web.session' names a table with a dot in its name. To name a schema, use schemaName/,
  );
});

for (const [option, inMilliseconds, inSeconds] of [
  ['pruneSessionInterval', 900_000, 900],
  ['touchAfter', 90_000, 60],
  ['lifetime', 86_400_000, 86_400 * 30],
] as const) {
  test(`the store warns if ${option} seems to be in milliseconds`, async () => {
    const warned: string[] = [];
    const onWarning = ({ message }: Error) => void warned.push(message);
    process.on('warning', onWarning);
    onEnd(() => process.off('warning', onWarning));
    for (const value of [inSeconds, inMilliseconds]) {
      onEnd(() => store.close());
      const store = new PgSessionStore({ pool: freshPool(), [option]: value });
    }
    await sleep(1);
    assert.is(warned.length, 1);
    assert.match(warned[0]!, new RegExp(`^${option} is ${inMilliseconds} seconds, .* meant as milliseconds\\?$`));
  });
}

test('an error shows a wrong value only if it cannot be a secret', () => {
  const SECRET = 'hunter2';
  const messageOf = (options: object) => {
    try {
      new PgSessionStore({ pool: freshPool(), ...options });
    } catch (error) {
      return (error as Error).message;
    }
    return 'no error';
  };
  for (const options of [
    { encryption: SECRET },
    { revocations: SECRET },
    { pool: SECRET },
    { conObject: SECRET },
    { batch: `postgres://ada:${SECRET}@host/app` },
    { hashIds: `password=${SECRET}` },
    { errorLog: { password: SECRET } },
  ]) {
    assert.match(messageOf(invalid(options)), / must be .*, got /);
    assert.not.match(messageOf(invalid(options)), new RegExp(SECRET));
  }
  assert.match(messageOf({ batch: 'no\u001b[2J' }), /batch must be true or false, got 'no\\u\{1b\}\[2J'/);
  assert.match(messageOf({ hashIds: 'x'.repeat(1000) }), /hashIds must be .*, got a string$/);
});

test('the error for a wrong option does not contain the password', () => {
  const construct = () => new PgSessionStore({ pool: invalid({ password: 'secret' }) });
  assert.throws(construct, (error: Error) => !/secret/.test(error.message));
});
