// What can be given as a pool: the pools of several libraries, and what to do with their other
// objects.
import { Pool as NeonPool } from '@neondatabase/serverless';
import { createPool as createVercelPool } from '@vercel/postgres';
import { drizzle } from 'drizzle-orm/node-postgres';
import { drizzle as drizzleOnPostgresJs } from 'drizzle-orm/postgres-js';
import knex from 'knex';
import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import pgPromise from 'pg-promise';
import postgres from 'postgres';
import { Sequelize } from 'sequelize';
import { DataSource } from 'typeorm';
import * as assert from 'uvu/assert';
import { createAdmin } from '../../src/admin/admin.js';
import { PgSessionStore } from '../../src/index.js';
import type { PoolLike } from '../../src/postgres/pool.js';
import { bindTable } from '../../src/queries.js';
import { administrator, freshPool, freshStore, session } from '../support/fresh-store.js';
import { onEnd, suite } from '../support/harness.js';
import { invalid } from '../support/invalid.js';

const test = suite('pool');

const URL = 'postgres://ada:secret@localhost/app';
const pool = new pg.Pool();
const dataSource = new DataSource({ type: 'postgres', url: URL });

const others: [what: string, given: unknown, advice: RegExp][] = [
  ['a Drizzle database on pg', drizzle(pool), /Drizzle database\. Pass its pool: db\.\$client$/],
  ['a Drizzle database on postgres.js', drizzleOnPostgresJs(postgres(URL)), /without a pg\.Pool\. Make a pg\.Pool/],
  [
    'a Kysely database',
    new Kysely({ dialect: new PostgresDialect({ pool }) }),
    /the pg\.Pool that its PostgresDialect/,
  ],
  ['Knex', knex({ client: 'pg' }), /Knex\. Make a pg\.Pool/],
  ['a TypeORM DataSource', dataSource, /pass its pool: dataSource\.driver\.master$/],
  ['Sequelize', new Sequelize(URL, { logging: false }), /Sequelize\. Make a pg\.Pool/],
  ['postgres.js', postgres(URL), /postgres\.js\. Make a pg\.Pool/],
  ['a pg-promise database', pgPromise({ noWarnings: true })(URL), /Pass its pool: db\.\$pool$/],
  // The packages of the next two are large. They are told by these methods.
  ['a Prisma client', { $connect() {}, $disconnect() {}, $queryRaw() {} }, /Prisma client\. Make a pg\.Pool/],
  ['PGlite', { exec() {}, execProtocol() {}, query() {} }, /PGlite.*pglite-socket/],
];

for (const [what, given, advice] of others) {
  test(`the store, the admin and bindTable() say what to pass instead of ${what}`, () => {
    const calls = [
      () => new PgSessionStore({ pool: invalid(given) }),
      () => new PgSessionStore(invalid(given)),
      () => createAdmin({ pool: invalid(given) }),
      () => createAdmin(invalid(given)),
      () => bindTable(invalid(given)),
    ];
    for (const call of calls) {
      assert.throws(call, (error: unknown) => error instanceof TypeError && advice.test(error.message));
      assert.throws(call, (error: Error) => !error.message.includes('secret'));
    }
  });
}

for (const [what, given, advice] of [
  [
    'a pg.Client',
    new pg.Client(),
    /got an object of the class Client\. A client is a single connection\. Make a pg\.Pool/,
  ],
  ['a promise of a pool', Promise.resolve(pool), /Await it first/],
  ['the class pg.Pool', pg.Pool, /Make a pg\.Pool/],
  ['the module pg', pg, /Make a pg\.Pool/],
  ['the configuration of a pool', { host: 'localhost' }, /use conObject/],
  ['a connection string', URL, /got a string\. To connect by a connection string, use conString/],
] as const) {
  test(`the store and the admin say what to pass instead of ${what} as the pool`, () => {
    for (const call of [
      () => new PgSessionStore({ pool: invalid(given) }),
      () => createAdmin({ pool: invalid(given) }),
    ]) {
      assert.throws(call, (error: unknown) => error instanceof TypeError && advice.test(error.message));
    }
  });
}

test('the pools of Drizzle and of TypeORM keep sessions', async () => {
  const { names } = await freshStore();
  const source = new DataSource({ type: 'postgres', url: process.env.TEST_SERVER_URL! });
  await source.initialize();
  try {
    const ofDrizzle = drizzle(new pg.Pool({ connectionString: process.env.TEST_SERVER_URL! })).$client;
    onEnd(() => ofDrizzle.end());
    for (const given of [ofDrizzle, (source.driver as object as { master: pg.Pool }).master]) {
      const store = new PgSessionStore({ pool: given, ...names });
      await store.set('a', session({ views: 1 }));
      assert.is((await store.get('a'))?.views, 1);
      await store.close();
    }
  } finally {
    await source.destroy();
  }
});

test('each new connection asks an asynchronous password again', async () => {
  const { names } = await freshStore();
  const { hostname: host, port, username, password, pathname } = new globalThis.URL(process.env.TEST_SERVER_URL!);
  let asked = 0;
  const config = {
    connectionString: undefined,
    host,
    port: Number(port || 5432),
    max: 1,
    user: decodeURIComponent(username),
    database: decodeURIComponent(pathname.slice(1)),
    async password() {
      asked++;
      return decodeURIComponent(password);
    },
  };
  const given = administrator(freshPool(config));
  const store = new PgSessionStore({ pool: given, ...names, pruneSessionInterval: false });
  onEnd(() => store.close());
  await store.set('a', session({ views: 1 }));
  (await given.connect()).release(true);
  assert.is((await store.get('a'))?.views, 1);
  assert.is(asked, 2);
});

/** Compiles. Nothing calls it. */
export function typesOfPools(): PoolLike[] {
  // @ts-expect-error: a client is not a pool
  new PgSessionStore({ pool: new pg.Client() });
  // @ts-expect-error: a string is not a pool
  new PgSessionStore({ pool: URL });
  // @ts-expect-error: a database of another library is not a pool
  new PgSessionStore({ pool: drizzle(pool) });
  new PgSessionStore({ pool: drizzle(pool).$client });
  createAdmin({ pool: new NeonPool({}) });
  bindTable(new NeonPool({}));
  return [new pg.Pool(), new pg.native!.Pool(), new NeonPool({}), createVercelPool()];
}
