// Statements that wait for a client of the pool.
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import * as assert from 'uvu/assert';
import { SessionStoreError } from '../../src/errors.js';
import { PoolConnection } from '../../src/postgres/connection.js';
import { freshNames, freshPool } from '../support/fresh-store.js';
import { suite } from '../support/harness.js';
import { failure } from '../support/limited-role.js';

const test = suite('connection');

test('a statement that waited for a client until its deadline is not sent, and the others are', async () => {
  const pool = freshPool({ max: 1 });
  const table = `"waited ${freshNames().tableName.replaceAll('"', '')}"`;
  await pool.query(`CREATE TABLE ${table} (name text)`);
  const connection = new PoolConnection(pool, { prepare: true });
  const insert = (name: string, ms: number) =>
    connection.query(`INSERT INTO ${table} VALUES ($1)`, [name], { deadline: performance.now() + ms });
  const client = await pool.connect();
  const late = ['late 1', 'late 2'].map((name) => insert(name, 50).catch((error) => error.code));
  const others = ['a', 'b', 'c', 'd'].map((name) => insert(name, 5000));
  assert.equal(await Promise.all(late), ['TIMEOUT', 'TIMEOUT']);
  client.release();
  await Promise.all(others);
  const { rows } = await pool.query(`SELECT name FROM ${table} ORDER BY 1`);
  assert.equal(
    rows.map(({ name }) => name),
    ['a', 'b', 'c', 'd'],
  );
  await pool.query(`DROP TABLE ${table}`);
});

test('ten thousand statements that wait for a client end at their deadlines, in less than a second', async () => {
  const pool = freshPool({ max: 1 });
  const connection = new PoolConnection(pool);
  const client = await pool.connect();
  const deadline = performance.now() + 500;
  const codes = await Promise.all(
    Array.from({ length: 10_000 }, (_, n) =>
      connection.query('SELECT 1', [], { deadline: deadline + n / 100 }).catch((error) => error.code),
    ),
  );
  assert.ok(performance.now() - deadline < 1000, `${performance.now() - deadline} ms`);
  assert.is(codes.filter((code) => code === 'TIMEOUT').length, 10_000);
  client.release();
  assert.equal((await connection.query('SELECT 1 AS one', [], { deadline: Infinity })).rows, [{ one: 1 }]);
});

test('a statement is cancelled when it takes too long, and its connection is not used again', async () => {
  const connection = new PoolConnection(freshPool({ max: 1 }), { prepare: true });
  const pid = async () =>
    (await connection.query('SELECT pg_backend_pid() AS pid', [], { deadline: Infinity })).rows[0];
  const before = await pid();
  const begun = performance.now();
  const options = {
    deadline: Infinity,
    cancel: { afterMs: 100, warmUp: { text: '', values: [] } },
  };
  const error = await failure(connection.query('SELECT pg_sleep(5)', [], options));
  assert.is((error as SessionStoreError).sqlState, '57014');
  assert.ok(performance.now() - begun < 2000, `${performance.now() - begun} ms`);
  const next = await pid();
  assert.not.equal(next, before);
  await connection.query('SELECT pg_sleep(0.05)', [], options); // in time
  await connection.query('SELECT pg_sleep(0.2)', [], { deadline: Infinity }); // is not cancelled instead
  assert.equal(await pid(), next);
});

test('a value that only pg can send, such as a Date, is sent as pg sends it', async () => {
  const connection = new PoolConnection(freshPool({ max: 1 }), { prepare: true });
  const select = (type: string, value: unknown) =>
    connection.query(`SELECT to_jsonb($1::${type})::text AS one`, [value], { deadline: Infinity });
  for (const [type, value] of [
    ['timestamptz', new Date()],
    ['timestamptz', new Date(8e14)],
    ['jsonb', { a: 1 }],
    ['text', 'plain'],
  ] as const) {
    for (let n = 0; n < 2; n++) {
      const { rows } = await select(type, value);
      const one = JSON.parse((rows[0] as { one: string }).one);
      if (value instanceof Date) assert.is(one.slice(0, 4), value.toISOString().replace(/^\+0+/, '').slice(0, 4));
      else assert.equal(one, value);
    }
  }
});

test('three calls at once use three connections, of a new pool and of one with three idle clients', async () => {
  const pool = freshPool({ max: 10 });
  const connection = new PoolConnection(pool);
  for (const _ of ['new', 'idle']) {
    const calls = [1, 2, 3].map(() => connection.query('SELECT pg_sleep(0.05)', [], { deadline: Infinity }));
    await Promise.all(calls);
    assert.is(pool.totalCount, 3);
    while (pool.idleCount < 3) await sleep(5); // on a slow machine, two clients may serve three calls
  }
});

test('calls fail only while pg cannot make a client, as when the file of a certificate is missing', async () => {
  let made = 0;
  let isBroken = true;
  class Client extends pg.Client {
    constructor(config?: pg.ClientConfig) {
      made++;
      super(isBroken ? { ...config, connectionString: `${config!.connectionString}?sslrootcert=/none.pem` } : config);
    }
  }
  const pool = freshPool({ max: 2, Client } as pg.PoolConfig);
  const connection = new PoolConnection(pool);
  const query = () =>
    connection.query('SELECT 1', [], { deadline: performance.now() + 1000, retry: { idempotent: true } });
  const errors = await Promise.all([1, 2, 3, 4].map(() => failure(query())));
  for (const error of errors) {
    assert.instance(error, SessionStoreError);
    assert.equal(
      [(error as SessionStoreError).code, /ENOENT.*none\.pem/.test((error as Error).message)],
      ['DATABASE', true],
    );
  }
  assert.ok(made > 4, 'the statements were sent again');
  const retry = { idempotent: true, runPause: () => sleep(150) };
  const late = await failure(connection.query('SELECT 1', [], { deadline: performance.now() + 100, retry }));
  assert.is((late as SessionStoreError).code, 'DATABASE', 'the error is kept if a pause outlasts the deadline');
  const waiting = [1, 2, 3, 4].map(query);
  await sleep(50);
  isBroken = false;
  assert.is((await Promise.all(waiting)).length, 4);
  const held = await Promise.all([pool.connect(), pool.connect()]); // by the app
  const last = query();
  await sleep(50);
  for (const client of held) client.release();
  assert.is((await last).rowCount, 1);
});
