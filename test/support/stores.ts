// Makes each of the four stores that the tests compare: this one, its two predecessors, and
// express-session's MemoryStore.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import session, { type SessionData } from 'express-session';
import pg from 'pg';
import connectPgTyped from '../../src/index.js';
import { createTable } from '../../src/table/create-table.js';
import { administrator, DISTRIBUTED, distributeIfCitus } from './fresh-store.js';

const require = createRequire(import.meta.url); // the predecessors are CommonJS without types

export const PREDECESSORS = ['connect-pg-simple', 'connect-pg-pool'] as const;
export const STORES = ['connect-pg-typed', ...PREDECESSORS, 'MemoryStore'] as const;
export type StoreName = (typeof STORES)[number];

/** Any of the stores: the tests call methods that only some of them have. */
export type AnyStore = session.Store & Record<string, any>;

export interface TestTable {
  pool: pg.Pool;
  schemaName: string;
  tableName: string;
}

/** Makes a store that does not prune by itself, unless the options turn pruning on. */
export function makeStore(name: StoreName, { pool, ...names }: TestTable, options: object = {}): AnyStore {
  const all = { pool, pruneSessionInterval: false as const, ...names, ...options };
  switch (name) {
    case 'connect-pg-typed':
      return new (connectPgTyped(session))(all);
    case 'MemoryStore':
      return new session.MemoryStore();
    default:
      return new (require(name)(session))(all);
  }
}

export const quotedName = ({ schemaName, tableName }: Omit<TestTable, 'pool'>) =>
  `${pg.escapeIdentifier(schemaName)}.${pg.escapeIdentifier(tableName)}`;

export async function makeSchema({ pool, schemaName }: TestTable): Promise<void> {
  await pool.query(`CREATE SCHEMA IF NOT EXISTS ${pg.escapeIdentifier(schemaName)}`);
}

/** Creates the table as the store's own documentation says. */
export async function makeTable(name: StoreName, table: TestTable): Promise<void> {
  const { pool, schemaName, tableName } = table;
  if (name === 'MemoryStore') return;
  await makeSchema(table);
  if (name === 'connect-pg-typed') {
    await createTable({ pool: administrator(pool), names: { schemaName, tableName } }, DISTRIBUTED);
  } else {
    const sql = readFileSync(require.resolve(`${name}/table.sql`), 'utf8');
    await pool.query(sql.replaceAll('"session"', () => quotedName(table)));
    await distributeIfCitus(pool, quotedName(table));
  }
}

/** The installed version of a package. */
export const versionOf = (packageName: string): string => require(`${packageName}/package.json`).version;

/** Makes a session with a cookie that lives `seconds`, or until the browser closes if null. */
export function sessionFor(seconds: number | null, data: object = {}): SessionData {
  const cookie = new session.Cookie();
  if (seconds !== null) cookie.maxAge = seconds * 1000;
  cookie.originalMaxAge = seconds === null ? null : seconds * 1000;
  return { cookie, ...data };
}

/** Calls a method of the store with a callback, and returns a promise of its result. */
export async function callStore(store: AnyStore, method: string, ...args: unknown[]): Promise<any> {
  if (typeof store[method] !== 'function') throw new Error(`has no ${method}()`);
  return new Promise((resolve, reject) => {
    try {
      store[method](...args, (error: unknown, result: unknown) => (error ? reject(error) : resolve(result)));
    } catch (error) {
      reject(new Error('throws', { cause: error }));
    }
  });
}

/**
 * The seconds until the session expires, by its row or, in MemoryStore, by its cookie. Infinity if
 * it never expires.
 */
export async function secondsLeft(store: AnyStore, table: TestTable, sid: string): Promise<number> {
  if (store instanceof session.MemoryStore) {
    const { expires } = JSON.parse((store as AnyStore).sessions[sid]).cookie ?? {};
    return expires ? (Date.parse(expires) - Date.now()) / 1000 : Number.POSITIVE_INFINITY;
  }
  const { rows } = await table.pool.query(
    `SELECT extract(epoch FROM expire::timestamptz - now())::float8 AS left FROM ${quotedName(table)} WHERE sid = $1`,
    [sid],
  );
  if (!rows[0]) throw new Error('the session is lost');
  return rows[0].left;
}
