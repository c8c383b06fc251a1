// A store on a schema and table of its own, under names that are as ugly as PostgreSQL allows.
import { setTimeout as sleep } from 'node:timers/promises';
import expressSession, { type Session, type SessionData, type Store } from 'express-session';
import pg from 'pg';
import { PgSessionStore, type StoreOptions } from '../../src/index.js';
import { handleOf, hashedId } from '../../src/session/handle.js';
import { createTable } from '../../src/table/create-table.js';
import { onEnd } from './harness.js';
import { quotedName } from './stores.js';

/** Options for every store of the tests, beside their own: TEST_STORE_OPTIONS, as JSON. */
export const OPTIONS: StoreOptions = JSON.parse(process.env.TEST_STORE_OPTIONS ?? '{}');

/** What stands in the sid column for this id, under those options. */
export const storedId = (sid: string): string => (OPTIONS.hashIds ? hashedId(handleOf(sid)) : sid);

let made = 0;

/** A schema and a table that no other test uses: upper case, spaces, dots, quotes, `$&`, a reserved word, not ASCII. */
export function freshNames() {
  const unique = `${process.pid} ${++made}`;
  return { schemaName: `Web."$& ${unique}`, tableName: `user "sessions" $' é ${unique}` };
}

/**
 * A pool on the test server that is ended with the test. Its name is this process's: other files use the same database. Under
 * TEST_LEAST_RIGHTS its clients, which the stores take, may do no more than the README grants; what it is asked by `query` is
 * the test's own, and the administrator's.
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

/** For a file about what makes and alters tables: all pools of its tests are the administrator's. */
export const useAdministrator = () => delete process.env.TEST_STORE_URL;

/** The administrator's pool behind this one, for a store that makes or alters something. */
export const administrator = (pool: pg.Pool): pg.Pool => administrators.get(pool) ?? pool;

function openPool(config: pg.PoolConfig): pg.Pool {
  const pool = new pg.Pool({ application_name: `test ${process.pid}`, ...config });
  pool.on('error', () => {}); // the server ends idle connections in some tests
  onEnd(() => pool.end());
  return pool;
}

/** Connection options under which unqualified names are looked for in these schemas. */
export const searchPath = (...schemas: string[]): string =>
  `-c search_path=${schemas.map(pg.escapeIdentifier).join(',').replace(/[\\ ]/g, '\\$&')}`;

/** How many connections wait for a lock: this process's, or those of pools with this one's name. */
export async function lockWaiters(pool: pg.Pool): Promise<number> {
  const { rowCount } = await pool.query(
    "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name = current_setting('application_name')",
  );
  return rowCount!;
}

/** Until some connection waits for a lock. */
export async function untilBlocked(pool: pg.Pool) {
  while ((await lockWaiters(pool)) === 0) await sleep(5);
}

interface Fresh {
  /** Column types of a table made by hand, as the predecessors did. Default: the table that createTable() makes. */
  columns?: { sess: 'json' | 'jsonb' | 'text'; expire: string };
  pool?: pg.Pool;
}

/** The store, its pool, and its table's quoted name for statements of the test's own. It prunes only when asked. */
export async function freshStore({ columns, pool = freshPool(), ...options }: Fresh & StoreOptions = {}) {
  const names = freshNames();
  const store = new PgSessionStore({ pool, ...names, pruneSessionInterval: false, ...OPTIONS, ...options });
  onEnd(() => store.close());
  const table = quotedName(names);
  if (columns) {
    await pool.query(`CREATE SCHEMA ${pg.escapeIdentifier(names.schemaName)}`);
    await pool.query(`CREATE TABLE ${table} (sid varchar NOT NULL COLLATE "default" PRIMARY KEY,
      sess ${columns.sess} NOT NULL, expire ${columns.expire} NOT NULL)`);
  } else {
    await createTable({ pool: administrator(pool), names: names }, { createSchema: true });
  }
  return { store, pool, names, table };
}

/** A session as a script would write one: browser cookie unless an expiry is given. */
export function session(data: object = {}, cookie: object = {}): SessionData {
  return {
    cookie: { originalMaxAge: null, expires: null, httpOnly: true, path: '/', ...cookie },
    ...data,
  } as SessionData;
}

/** The Session that express-session makes for a request that brings this id along. */
export function loadSession(store: Store, sid: string): Promise<Session & Record<string, any>> {
  return new Promise((resolve, reject) => {
    store.load(sid, (error, loaded) =>
      loaded
        ? resolve(loaded as Session & Record<string, any>)
        : reject(error ?? new Error(`there is no session ${sid}`)),
    );
  });
}

/** The Session that express-session makes for a request that brings none. */
export function newSession(store: Store, sid: string, data: object = {}, maxAge: number | null = 60_000) {
  const fresh = new (expressSession as any).Session({ sessionID: sid, sessionStore: store }, data);
  fresh.cookie = new expressSession.Cookie();
  fresh.cookie.maxAge = maxAge;
  return fresh as Session & Record<string, any>;
}

/** The statements that the client of a pool of one was given while this ran, each by its first word. */
export async function statementsOf(pool: pg.Pool, work: () => Promise<unknown>): Promise<string[]> {
  const client = await pool.connect();
  const statements: string[] = [];
  const { query } = client;
  client.query = ((...args: [any]) => {
    statements.push(/\b(INSERT|UPDATE|DELETE)\b/.exec(args[0].text ?? args[0])?.[0] ?? 'SELECT');
    return (query as any).apply(client, args);
  }) as never;
  client.release();
  await work();
  client.query = query;
  return statements;
}

/** A cookie that lives for so many seconds from now. */
export const cookieFor = (seconds: number) => ({
  originalMaxAge: seconds * 1000,
  expires: new Date(Date.now() + seconds * 1000),
});
