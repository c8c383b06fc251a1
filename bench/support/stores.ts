// The stores that are measured, each with 10,000 sessions of about a kilobyte.
import { createRequire } from 'node:module';
import session, { type Store } from 'express-session';
import type pg from 'pg';
import { PgSessionStore, type StoreOptions } from '../../src/index.js';
import { makeStore, makeTable, quotedName } from '../../test/support/stores.js';
import { redisStore } from './redis.js';
import { SESSIONS, sessionOf, sidOf } from './sessions.js';

export const OURS = 'connect-pg-typed';
export const OURS_UNLOGGED = 'connect-pg-typed, UNLOGGED';
export const SIMPLE = 'connect-pg-simple';
export const REDIS = 'connect-redis';
export const MEMORY = 'MemoryStore';

/**
 * Makes the store and fills it. Tables are as each store's documentation says to make them.
 *
 * @param options of this store
 */
export async function openContender(
  name: string,
  pool: pg.Pool,
  redisPort: number | undefined,
  options: StoreOptions = {},
): Promise<Store> {
  const place = { pool, schemaName: `bench ${name}`, tableName: 'session' };
  if (name === REDIS) {
    const { makeStore } = await redisStore(redisPort!);
    return filled(makeStore());
  }
  if (name === MEMORY) return filled(new session.MemoryStore());
  await makeTable(name === SIMPLE ? SIMPLE : OURS, place);
  if (name === OURS_UNLOGGED) await pool.query(`ALTER TABLE ${quotedName(place)} SET UNLOGGED`);
  const store =
    name === SIMPLE
      ? makeStore(SIMPLE, place)
      : new PgSessionStore({ ...place, pruneSessionInterval: false, touchAfter: 0, ...options });
  await filled(store);
  await pool.query(`VACUUM ANALYZE ${quotedName(place)}`);
  return store;
}

async function filled(store: Store): Promise<Store> {
  for (let n = 0; n < SESSIONS; n += 500) {
    await Promise.all(Array.from({ length: 500 }, (_, i) => call(store, 'set', sidOf(n + i), sessionOf(n + i))));
  }
  return store;
}

/** A method of a store as a promise. */
export const call = (store: Store, method: 'get' | 'set' | 'touch', ...args: unknown[]): Promise<unknown> =>
  new Promise((resolve, reject) => {
    (store[method] as (...all: unknown[]) => void)(...args, (error: unknown, result: unknown) =>
      error ? reject(error) : resolve(result),
    );
  });

export const load = (store: Store, sid: string): Promise<any> =>
  new Promise((resolve, reject) => {
    store.load(sid, (error, loaded) => (loaded ? resolve(loaded) : reject(error ?? new Error(`no session ${sid}`))));
  });

const require = createRequire(import.meta.url);
export const versionOf = (name: string): string => require(`${name}/package.json`).version;
