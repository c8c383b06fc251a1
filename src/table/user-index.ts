// The index that finds a user's sessions.
import type { IDatabaseConnection } from '@pgtyped/runtime';
import pg from 'pg';
import { hasSqlState, refused } from '../errors.js';
import { findUserIndex } from '../generated/catalog.js';
import * as changes from '../generated/schema-changes.js';
import { PoolConnection, type Queryable } from '../postgres/connection.js';
import { storablePath, type UserPath } from '../session/user-path.js';
import { FEATURE_NOT_SUPPORTED, UNREADABLE_PAYLOAD } from '../sql-states.js';
import { connectTable, type TableLocation } from './location.js';
import { explainMissingGrants } from './missing-grants.js';
import { catalogNames, type TableNames, tableBinder } from './names.js';

/**
 * Wraps work that reads inside payloads. One payload that PostgreSQL cannot read fails the whole
 * statement.
 */
export function explainUnreadable<T>(work: Promise<T>): Promise<T> {
  return work.catch((error) => {
    if (!hasSqlState(error, ...UNREADABLE_PAYLOAD)) throw error;
    const advice =
      'PostgreSQL cannot read one of the sessions: another program wrote \\u0000, half a surrogate pair or invalid JSON. ' +
      '`connect-pg-typed doctor` and admin.doctor() say how to find it';
    throw refused(advice, error);
  });
}

/** Creates the index if it is missing. Sessions can be saved meanwhile. */
export async function createUserIndex(location: TableLocation, userPath: UserPath): Promise<void> {
  const { pool, names } = location;
  const path = storablePath(userPath);
  if (await hasUserIndex(path, names, connectTable(location))) return;
  const db = tableBinder(names)(withUserPath(path, new PoolConnection(pool).until(Infinity)));
  const work = concurrentlyIfPossible(
    () => changes.createUserIndexConcurrently.run(undefined, db),
    () => changes.createUserIndex.run(undefined, db),
  );
  await explainUnreadable(explainMissingGrants(work, location, Infinity));
}

/**
 * Creates an index without blocking writers. On a partitioned table PostgreSQL cannot: there it
 * blocks them.
 */
export async function concurrentlyIfPossible(
  createConcurrently: () => Promise<unknown>,
  create: () => Promise<unknown>,
): Promise<void> {
  await createConcurrently().catch((error) => {
    if (!hasSqlState(error, FEATURE_NOT_SUPPORTED)) throw error;
    return create();
  });
}

/** Whether there is a valid index on the text at this path. */
export const hasUserIndex = async (path: string[], names: TableNames, db: IDatabaseConnection): Promise<boolean> =>
  (await findUserIndex.run({ ...catalogNames(names), userPath: path }, db)).length > 0;

const PATH_STAND_IN = "'{ss__userPath}'";

/**
 * Puts the path in place of its stand-in: the last one, since the table's name may contain the same
 * text.
 */
export const withUserPath = (path: string[], connection: Queryable): Queryable => ({
  query(text, values) {
    const at = text.lastIndexOf(PATH_STAND_IN);
    const keys = path.map((key) => `"${key.replace(/["\\]/g, '\\$&')}"`);
    const literal = pg.escapeLiteral(`{${keys.join(',')}}`);
    return connection.query(text.slice(0, at) + literal + text.slice(at + PATH_STAND_IN.length), values);
  },
});
