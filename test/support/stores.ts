// How to make each of the stores that are compared: ours, the two that it succeeds, and express-session's own.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import session, { type SessionData } from 'express-session';
import pg from 'pg';
import connectPgTyped from '../../src/index.js';
import { createTable } from '../../src/table/create-table.js';
import { administrator } from './fresh-store.js';

const require = createRequire(import.meta.url); // the predecessors have no types

export const PREDECESSORS = ['connect-pg-simple', 'connect-pg-pool'] as const;
export const STORES = ['connect-pg-typed', ...PREDECESSORS, 'MemoryStore'] as const;
export type StoreName = (typeof STORES)[number];

/** A store of which nothing is known but what express-session asks for. */
export type AnyStore = session.Store & Record<string, any>;

export interface Place {
  pool: pg.Pool;
  schemaName: string;
  tableName: string;
}

/** The store under test. It prunes only when asked, unless the options say otherwise. */
export function makeStore(name: StoreName, { pool, ...names }: Place, options: object = {}): AnyStore {
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

export const quotedName = ({ schemaName, tableName }: Omit<Place, 'pool'>) =>
  `${pg.escapeIdentifier(schemaName)}.${pg.escapeIdentifier(tableName)}`;

export async function makeSchema({ pool, schemaName }: Place): Promise<void> {
  await pool.query(`CREATE SCHEMA IF NOT EXISTS ${pg.escapeIdentifier(schemaName)}`);
}

/** The table as the store's own documentation says to make it. */
export async function makeTable(name: StoreName, place: Place): Promise<void> {
  const { pool, schemaName, tableName } = place;
  if (name === 'MemoryStore') return;
  await makeSchema(place);
  if (name === 'connect-pg-typed') {
    await createTable({ pool: administrator(pool), names: { schemaName, tableName } }, {});
  } else {
    const sql = readFileSync(require.resolve(`${name}/table.sql`), 'utf8');
    await pool.query(sql.replaceAll('"session"', () => quotedName(place)));
  }
}

/** The version that is installed. */
export const versionOf = (packageName: string): string => require(`${packageName}/package.json`).version;

/** The session of a browser whose cookie lives so many seconds, or until the browser is closed. */
export function sessionFor(seconds: number | null, data: object = {}): SessionData {
  const cookie = new session.Cookie();
  if (seconds !== null) cookie.maxAge = seconds * 1000;
  cookie.originalMaxAge = seconds === null ? null : seconds * 1000;
  return { cookie, ...data };
}

/** A method of the store as a promise. */
export async function callStore(store: AnyStore, method: string, ...args: unknown[]): Promise<any> {
  if (typeof store[method] !== 'function') throw new Error(`has no ${method}()`);
  return new Promise((resolve, reject) => {
    try {
      store[method](...args, (error: unknown, result: unknown) => (error ? reject(error) : resolve(result)));
    } catch (error) {
      reject(new Error('throws', { cause: error })); // instead of calling back
    }
  });
}

/** Seconds that the session has to live: by its row or, in MemoryStore, by its cookie. Infinity: for ever. */
export async function secondsLeft(store: AnyStore, place: Place, sid: string): Promise<number> {
  if (store instanceof session.MemoryStore) {
    const { expires } = JSON.parse((store as AnyStore).sessions[sid]).cookie ?? {};
    return expires ? (Date.parse(expires) - Date.now()) / 1000 : Number.POSITIVE_INFINITY;
  }
  const { rows } = await place.pool.query(
    `SELECT extract(epoch FROM expire::timestamptz - now())::float8 AS left FROM ${quotedName(place)} WHERE sid = $1`,
    [sid],
  );
  if (!rows[0]) throw new Error('the session is lost');
  return rows[0].left;
}
