// Creates a store with a new schema and table, with names that need quotes and escapes.
import { setTimeout as sleep } from 'node:timers/promises';
import expressSession, { type Session, type SessionData, type Store } from 'express-session';
import pg from 'pg';
import { PgSessionStore, type StoreOptions } from '../../src/index.js';
import { handleOf, hashedId } from '../../src/session/handle.js';
import { createTable } from '../../src/table/create-table.js';
import { onEnd } from './harness.js';
import { openPool as openAnyPool } from './pools.js';
import { quotedName } from './stores.js';

/** Whether all tables are distributed: npm run test:citus. */
export const isCitus = process.env.TEST_DATABASE === 'citus';
const SHARDS = 4;

/** The number of hash partitions of each table: npm run test:partitions. */
export const PARTITIONS = process.env.TEST_PARTITIONS ? 4 : 1;

/** Options of createTable() for a table of the tests. */
export const DISTRIBUTED = isCitus ? { distributed: { shardCount: SHARDS } } : {};

/** Distributes a table that the test has created. `table` is its quoted name. */
export async function distributeIfCitus(pool: pg.Pool, table: string): Promise<void> {
  if (!isCitus) return;
  const sql = "SELECT create_distributed_table($1, 'sid', shard_count => $2::int, colocate_with => 'none')";
  await pool.query(sql, [table, SHARDS]);
}

/** Options that every store of the tests gets, from TEST_STORE_OPTIONS as JSON. */
export const OPTIONS: StoreOptions = JSON.parse(process.env.TEST_STORE_OPTIONS ?? '{}');

/** The value of the sid column for this id under those options. */
export const storedId = (sid: string): string => (OPTIONS.hashIds ? hashedId(handleOf(sid)) : sid);

let tables = 0;

/**
 * Names that no other test uses. They contain upper case, spaces, dots, quotes, `$&`, a reserved
 * word and non-ASCII.
 */
export function freshNames() {
  const unique = `${process.pid} ${++tables}`;
  return { schemaName: `Web."$& ${unique}`, tableName: `user "sessions" $' é ${unique}` };
}

/**
 * A pool on the test server, which ends after the test. Its application_name contains the id of
 * this process, because other test files use the same database.
 *
 * With TEST_LEAST_RIGHTS, its clients have only the grants of docs/security.md. Stores use the
 * clients. The test itself uses `pool.query`, which runs as administrator.
 */
export function freshPool(config: pg.PoolConfig = {}): pg.Pool {
  const own = openPool({ connectionString: process.env.TEST_SERVER_URL!, ...config });
  if (!process.env.TEST_STORE_URL || config.connectionString) return own;
  const pool = openPool({ ...config, connectionString: process.env.TEST_STORE_URL });
  pool.query = own.query.bind(own) as typeof pool.query;
  administrators.set(pool, own);
  return pool;
}

const administrators = new WeakMap<pg.Pool, pg.Pool>();

/** Makes all pools of this file log in as administrator, for tests that create or alter tables. */
export const useAdministrator = () => delete process.env.TEST_STORE_URL;

/** Returns the administrator's pool for this pool, for a store that creates or alters tables. */
export const administrator = (pool: pg.Pool): pg.Pool => administrators.get(pool) ?? pool;

function openPool(config: pg.PoolConfig): pg.Pool {
  const pool = openAnyPool({ application_name: `test ${process.pid}`, ...config });
  pool.on('error', () => {}); // some tests end idle connections
  onEnd(() => pool.end());
  return pool;
}

/** Connection options that set search_path to these schemas. */
export const searchPath = (...schemas: string[]): string =>
  `-c search_path=${schemas.map(pg.escapeIdentifier).join(',').replace(/[\\ ]/g, '\\$&')}`;

/** Counts the connections with this pool's application_name that wait for a lock. */
export async function lockWaiters(pool: pg.Pool): Promise<number> {
  const { rowCount } = await pool.query(
    isCitus
      ? 'SELECT DISTINCT waiting_gpid FROM citus_lock_waits'
      : "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name = current_setting('application_name')",
  );
  return rowCount!;
}

/**
 * Locks the rows of these sessions, or all, in another transaction. Returns a function that unlocks
 * them. In one statement, Citus would lock only rows of one shard.
 */
export async function lockRows(pool: pg.Pool, table: string, sids?: string[]): Promise<() => Promise<void>> {
  const all = async () => (await pool.query(`SELECT sid FROM ${table}`)).rows.map(({ sid }) => sid);
  const locker = await pool.connect();
  await locker.query('BEGIN');
  for (const sid of sids?.map(storedId) ?? (await all())) {
    await locker.query(`SELECT FROM ${table} WHERE sid = $1 FOR UPDATE`, [sid]);
  }
  return async () => {
    await locker.query('ROLLBACK');
    locker.release();
  };
}

/** Resolves when a connection waits for a lock. */
export async function untilBlocked(pool: pg.Pool) {
  while ((await lockWaiters(pool)) === 0) await sleep(5);
}

interface Fresh {
  /** Column types, for a table like those of the older stores. Default: createTable()'s. */
  columns?: { sess: 'json' | 'jsonb' | 'text'; expire: string };
  pool?: pg.Pool;
}

/** Creates a store, which does not prune by itself, and its table. `table` is the quoted name. */
export async function freshStore({ columns, pool = freshPool(), ...options }: Fresh & StoreOptions = {}) {
  const names = freshNames();
  const store = new PgSessionStore({ pool, ...names, pruneSessionInterval: false, ...OPTIONS, ...options });
  onEnd(() => store.close());
  const table = quotedName(names);
  if (columns) {
    await pool.query(`CREATE SCHEMA ${pg.escapeIdentifier(names.schemaName)}`);
    await pool.query(`CREATE TABLE ${table} (sid varchar NOT NULL COLLATE "default" PRIMARY KEY,
      sess ${columns.sess} NOT NULL, expire ${isCitus ? withTimeZone(columns.expire) : columns.expire} NOT NULL)`);
    await distributeIfCitus(pool, table);
  } else {
    if (PARTITIONS > 1) await createPartitions(names);
    await createTable({ pool: administrator(pool), names }, { createSchema: true, ...DISTRIBUTED });
  }
  if (isCitus) onEnd(() => dropSchema(names.schemaName));
  return { store, pool, names, table };
}

/** A table in hash partitions, without its index. */
async function createPartitions(names: { schemaName: string; tableName: string }): Promise<void> {
  const table = quotedName(names);
  const partitions = Array.from(
    { length: PARTITIONS },
    (_, n) => `CREATE TABLE ${table.replace(/"$/, ` ${n}"`)} PARTITION OF ${table}
      FOR VALUES WITH (MODULUS ${PARTITIONS}, REMAINDER ${n})`,
  );
  const client = new pg.Client({ connectionString: process.env.TEST_SERVER_URL! });
  await client.connect();
  const sql = `CREATE SCHEMA ${pg.escapeIdentifier(names.schemaName)};
    CREATE TABLE ${table} (sid varchar PRIMARY KEY, sess json NOT NULL, expire timestamptz NOT NULL)
      PARTITION BY HASH (sid); ${partitions.join(';')}`;
  await client.query(sql).finally(() => client.end());
}

/** The store refuses a distributed table without time zones. */
const withTimeZone = (type: string) => type.replace(/^timestamp\b/, 'timestamptz');

/** Without this, thousands of shards would be left in the database of the cluster. */
async function dropSchema(schemaName: string): Promise<void> {
  const client = new pg.Client({ connectionString: process.env.TEST_SERVER_URL! });
  await client.connect();
  await client.query(`DROP SCHEMA IF EXISTS ${pg.escapeIdentifier(schemaName)} CASCADE`).finally(() => client.end());
}

/** A plain session object. Its cookie has no expiry unless `cookie` sets one. */
export function session(data: object = {}, cookie: object = {}): SessionData {
  return {
    cookie: { originalMaxAge: null, expires: null, httpOnly: true, path: '/', ...cookie },
    ...data,
  } as SessionData;
}

/** Loads the Session that express-session creates for a request with this id. */
export function loadSession(store: Store, sid: string): Promise<Session & Record<string, any>> {
  return new Promise((resolve, reject) => {
    store.load(sid, (error, loaded) =>
      loaded
        ? resolve(loaded as Session & Record<string, any>)
        : reject(error ?? new Error(`session not found: ${sid}`)),
    );
  });
}

/** Creates the Session that express-session creates for a request without a session id. */
export function newSession(store: Store, sid: string, data: object = {}, maxAge: number | null = 60_000) {
  const fresh = Reflect.construct(expressSession.Session, [{ sessionID: sid, sessionStore: store }, data]);
  fresh.cookie = new expressSession.Cookie();
  fresh.cookie.maxAge = maxAge;
  return fresh as Session & Record<string, any>;
}

/** Returns the kind of each statement that `work` sent: INSERT etc. The pool needs `max: 1`. */
export async function statementsOf(pool: pg.Pool, work: () => Promise<unknown>): Promise<string[]> {
  const client = await pool.connect();
  const statements: string[] = [];
  const { query } = client;
  Object.assign(client, {
    query(...args: [string | pg.QueryConfig]) {
      const text = typeof args[0] === 'string' ? args[0] : args[0].text;
      statements.push(/\b(INSERT|(?<!FOR (NO KEY )?)UPDATE|DELETE)\b/.exec(text)?.[0] ?? 'SELECT');
      return Reflect.apply(query, client, args);
    },
  });
  client.release();
  await work();
  client.query = query;
  return statements;
}

/** A cookie that expires in this many seconds. */
export const cookieFor = (seconds: number) => ({
  originalMaxAge: seconds * 1000,
  expires: new Date(Date.now() + seconds * 1000),
});
