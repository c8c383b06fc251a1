// A prepared statement that each connection describes once.
import pg from 'pg';
import * as assert from 'uvu/assert';
import { PreparedStatement } from '../../src/postgres/prepared-statement.js';
import { freshPool, freshStore, session } from '../support/fresh-store.js';
import { suite } from '../support/harness.js';

const test = suite('prepared statement');

/** A client of a pool with one connection, which the test releases. */
const openClient = (config: pg.PoolConfig = {}) => freshPool({ max: 1, ...config }).connect();

function run(client: pg.PoolClient, text: string, values: unknown[] = [], name = text.slice(0, 63)) {
  return new Promise<PreparedStatement>((resolve, reject) => {
    const answered = (error: Error | undefined, result: unknown) =>
      error ? reject(error) : resolve(result as PreparedStatement);
    client.query(new PreparedStatement(name, text, values, answered));
  });
}

/** Records the messages that a client sends. */
function recordSent(client: pg.PoolClient): string[] {
  const sent: string[] = [];
  const { connection } = client as unknown as { connection: Record<string, (...args: unknown[]) => void> };
  for (const name of ['parse', 'describe', 'bind', 'execute', 'sync']) {
    const send = connection[name]!;
    connection[name] = function (...args) {
      sent.push(name);
      send.apply(this, args);
    };
  }
  return sent;
}

test('it is parsed and described once, and returns the same each time', async () => {
  const client = await openClient();
  const sent = recordSent(client);
  const text = 'SELECT $1::int4 AS one, $2::text[] AS two, $3::bool AS three, $4::text AS four';
  for (let n = 0; n < 3; n++) {
    const { rows, rowCount, fields } = await run(client, text, [n, ['a"\\', '{,}'], true, null]);
    assert.equal(rows, [{ one: n, two: ['a"\\', '{,}'], three: true, four: null }]);
    assert.is(rowCount, 1);
    assert.equal(
      fields.map(({ name, dataTypeID }) => [name, dataTypeID]),
      [
        ['one', 23],
        ['two', 1009],
        ['three', 16],
        ['four', 25],
      ],
    );
  }
  const again = ['bind', 'execute', 'sync'];
  assert.equal(sent, ['parse', 'describe', ...again, ...again, ...again]);
  client.release();
});

test('it sends each kind of value as it is', async () => {
  const client = await openClient();
  const values: [type: string, value: unknown][] = [
    ['text', 'a "quoted" \\ text, {} é 😀'],
    ['text', ''],
    ['text', null],
    ['float8', -0.1],
    ['float8', Infinity],
    ['int4', 2 ** 31 - 1],
    ['bool', false],
    ['text[]', ['NULL', 'null', '', ' ', 'a,b', '"', '\\', '{x}', 'é😀', null]],
    ['text[]', []],
  ];
  for (const [type, value] of values) {
    assert.equal((await run(client, `SELECT $1::${type} AS one`, [value], 'same'.concat(type))).rows, [{ one: value }]);
  }
  const ofNumbers = 'SELECT $1::float8[]::text AS one, $2::bool[]::text AS two, $3::bytea::text AS three';
  assert.equal((await run(client, ofNumbers, [[1.5, -2], [true, false], Buffer.from('ab')])).rows, [
    { one: '{1.5,-2}', two: '{t,f}', three: '\\x6162' },
  ]);
  assert.equal((await run(client, 'SELECT $1::text AS one', [undefined])).rows, [{ one: null }]);
  client.release();
});

test('it counts the rows of each kind of statement', async () => {
  const client = await openClient();
  await client.query('CREATE TEMP TABLE counted (n int)');
  const counts: Record<string, number | null> = {
    'INSERT INTO counted SELECT generate_series(1, 5)': 5,
    'UPDATE counted SET n = n + 1 WHERE n > 2': 3,
    'SELECT n FROM counted': 5,
    'DELETE FROM counted': 5,
    'DELETE FROM counted WHERE false': 0,
    'LISTEN counted': null,
  };
  for (const [text, count] of Object.entries(counts)) assert.is((await run(client, text)).rowCount, count, text);
  client.release();
});

test('it uses a statement that pg itself has prepared on the connection', async () => {
  const client = await openClient();
  await client.query({ name: 'same', text: 'SELECT 1 AS one', values: [] });
  assert.equal((await run(client, 'SELECT 1 AS one', [], 'same')).rows, [{ one: 1 }]);
  assert.equal((await client.query({ name: 'same', text: 'SELECT 1 AS one', values: [] })).rows, [{ one: 1 }]);
  client.release();
});

test('after an error, the client can be used at once, and the statement again', async () => {
  const client = await openClient();
  const text = 'SELECT 1 / $1::int4 AS one';
  for (let round = 0; round < 2; round++) {
    const error = await run(client, text, [0]).catch((failed) => failed);
    assert.is(error.code, '22012');
    assert.equal((await run(client, text, [1])).rows, [{ one: 1 }]);
  }
  assert.is((await run(client, 'SELECT broken').catch((failed) => failed)).code, '42703');
  assert.equal((await run(client, text, [1])).rows, [{ one: 1 }]);
  client.release();
});

test('each call is answered once if the connection is lost', async () => {
  const client = await openClient();
  client.on('error', () => {});
  const running = run(client, 'SELECT pg_sleep(10)').catch((failed) => failed);
  const queued = run(client, 'SELECT 1').catch((failed) => failed);
  (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
  for (const call of [running, queued]) assert.match((await call).message, /^Connection terminated/);
  client.release(true);
});

for (const [what, config] of Object.entries({
  'a pool in pipeline mode': { pipeline: true } as pg.PoolConfig,
  'a pool with a query_timeout': { query_timeout: 5000 },
})) {
  test(`the store works with ${what}`, async () => {
    const { store } = await freshStore({ pool: freshPool(config) });
    await store.set('a', session({ n: 1 }));
    assert.is((await store.get('a'))!.n, 1);
    const many = await Promise.all(Array.from({ length: 20 }, () => store.get('a')));
    assert.is(many.filter((found) => found!.n === 1).length, 20);
    await store.destroy('a');
    assert.is(await store.get('a'), null);
  });
}

test('a query_timeout of the pool ends a call', async () => {
  const pool = freshPool();
  const impatient = freshPool({ query_timeout: 300 });
  const { store, names } = await freshStore({ pool: impatient });
  await store.set('a', session());
  const locker = await pool.connect();
  await locker.query(
    `BEGIN; LOCK TABLE ${pg.escapeIdentifier(names.schemaName)}.${pg.escapeIdentifier(names.tableName)}`,
  );
  const error = await store.get('a').catch((failed) => failed);
  assert.match(error.message, /Query read timeout/);
  await locker.query('ROLLBACK');
  locker.release();
  assert.ok(await store.get('a'));
});
