import type { Pool } from 'pg';
import pg from 'pg';
import { refused, sqlStateOf } from '../errors.js';
import { findUserIndex } from '../generated/catalog.js';
import * as userIndex from '../generated/user-index.js';
import { onPool, type Queryable } from '../postgres/connection.js';
import { storedPath, UNREADABLE, type UserPath } from '../session/user-path.js';
import { sayingWhatLacks } from './missing-grants.js';
import { bindTable, catalogNames, type TableNames } from './names.js';

/** Work that reads inside the sessions: one that PostgreSQL can't read breaks it for all, which is to be said in words. */
export function readingSessions<T>(work: Promise<T>): Promise<T> {
  return work.catch((error) => {
    if (!UNREADABLE.test(error.sqlState ?? sqlStateOf(error) ?? '')) throw error;
    const whatToDo =
      'PostgreSQL cannot read one of the sessions: another store wrote \\u0000 or half a surrogate pair into it,' +
      ' or it is no JSON. verify() and `connect-pg-typed doctor` say how to find it';
    throw refused(whatToDo, error);
  });
}

/** Makes the index by which a user's sessions are found, where there is none. Writers don't wait for it. */
export async function createUserIndex(pool: Pool, names: TableNames, userPath: UserPath): Promise<void> {
  const path = storedPath(userPath);
  const connection = onPool(pool)(Infinity); // building an index takes its time
  if (await hasUserIndex(path, names, connection)) return;
  const bound = bindTable(withUserPath(path, connection), names);
  const work = concurrently(
    () => userIndex.createUserIndexConcurrently.run(undefined, bound),
    () => userIndex.createUserIndex.run(undefined, bound),
  );
  await readingSessions(sayingWhatLacks(work, pool, names, Infinity));
}

/** Makes an index while sessions go on being saved or, since that can't be on a partitioned table, while they wait. */
export async function concurrently(make: () => Promise<unknown>, makeAlone: () => Promise<unknown>): Promise<void> {
  await make().catch((error) => {
    if (error.sqlState !== '0A000') throw error;
    return makeAlone();
  });
}

/** Whether there is a whole index at this path. */
export const hasUserIndex = async (path: string[], names: TableNames, connection: Queryable): Promise<boolean> =>
  (await findUserIndex.run({ ...catalogNames(names), userPath: path }, bindTable(connection, names))).length > 0;
export const PATH_STAND_IN = "'{ss__userPath}'";
/** The path in place of its stand-in: the last one, since the table's name may hold the like. */
export const withUserPath = (path: string[], connection: Queryable): Queryable => ({
  query(text, values) {
    const at = text.lastIndexOf(PATH_STAND_IN);
    const keys = path.map((key) => `"${key.replace(/["\\]/g, '\\$&')}"`);
    const literal = pg.escapeLiteral(`{${keys.join(',')}}`);
    return connection.query(text.slice(0, at) + literal + text.slice(at + PATH_STAND_IN.length), values);
  },
});
