// Opens the stores that the benchmarks compare, each with 10,000 sessions of about 1 kB.
import { createRequire } from 'node:module';
import session, { type Store } from 'express-session';
import type pg from 'pg';
import type { StoreOptions } from '../../src/index.js';
import { makeStore, makeTable, quotedName } from '../../test/support/stores.js';
import { importBuild } from './build.js';
import { redisStore } from './redis.js';
import { SESSIONS, sessionOf, sidOf } from './sessions.js';

export const OURS = 'connect-pg-typed';
export const OURS_UNLOGGED = 'connect-pg-typed, UNLOGGED';
/** A crash may lose the last second of both. */
export const OURS_RELAXED = 'connect-pg-typed, synchronousCommit: false';
export const REDIS_EVERYSEC = 'connect-redis, appendfsync everysec';
export const SIMPLE = 'connect-pg-simple';
export const REDIS = 'connect-redis';
export const MEMORY = 'MemoryStore';

/**
 * Creates the store and fills it. Each table is created as the store's documentation says.
 *
 * @param options more options for connect-pg-typed
 */
export async function openFilledStore(
  name: string,
  pool: pg.Pool,
  redisPort: number | undefined,
  options: StoreOptions = {},
): Promise<Store> {
  const location = { pool, schemaName: `bench ${name}`, tableName: 'session' };
  if (name === REDIS || name === REDIS_EVERYSEC) {
    const { makeStore } = await redisStore(redisPort!);
    return fill(makeStore());
  }
  if (name === MEMORY) return fill(new session.MemoryStore());
  const { PgSessionStore } = await importBuild();
  await makeTable(name === SIMPLE ? SIMPLE : OURS, location);
  if (name === OURS_UNLOGGED) await pool.query(`ALTER TABLE ${quotedName(location)} SET UNLOGGED`);
  const more = name === OURS_RELAXED ? { synchronousCommit: false } : {};
  const store =
    name === SIMPLE
      ? makeStore(SIMPLE, location)
      : new PgSessionStore({ ...location, pruneSessionInterval: false, touchAfter: 0, ...more, ...options });
  await fill(store);
  await pool.query(`VACUUM ANALYZE ${quotedName(location)}`);
  return store;
}

async function fill(store: Store): Promise<Store> {
  for (let n = 0; n < SESSIONS; n += 500) {
    await Promise.all(Array.from({ length: 500 }, (_, i) => call(store, 'set', sidOf(n + i), sessionOf(n + i))));
  }
  return store;
}

type Method = 'get' | 'set' | 'touch' | 'destroy' | 'update';

/** Calls a method with a callback, as express-session does. */
export const call = (store: Store, method: Method, ...args: unknown[]): Promise<unknown> =>
  new Promise((resolve, reject) => {
    (store as unknown as Record<Method, (...all: unknown[]) => void>)[method](
      ...args,
      (error: unknown, result: unknown) => (error ? reject(error) : resolve(result)),
    );
  });

export const load = (store: Store, sid: string): Promise<any> =>
  new Promise((resolve, reject) => {
    store.load(sid, (error, loaded) => (loaded ? resolve(loaded) : reject(error ?? new Error(`no session ${sid}`))));
  });

const require = createRequire(import.meta.url);
export const versionOf = (name: string): string => require(`${name}/package.json`).version;
