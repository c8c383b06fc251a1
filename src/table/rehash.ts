// Moves rows from their session id to its hash.
import type { IDatabaseConnection } from '@pgtyped/runtime';
import { hasSqlState } from '../errors.js';
import {
  deleteExpiredSession,
  deleteUnhashedSession,
  deleteUnhashedSessions,
  insertSession,
  rehashSession,
} from '../generated/hash-ids.js';
import { PoolConnection } from '../postgres/connection.js';
import type { Deadline } from '../postgres/deadline.js';
import { handleOf, hashedId, storedId } from '../session/handle.js';
import { FEATURE_NOT_SUPPORTED, UNIQUE_VIOLATION } from '../sql-states.js';
import type { TableLocation } from './location.js';
import { tableBinder } from './names.js';
import type { SessionRows } from './session-rows.js';

/** Whether the server refuses to update a key, as one with distributed tables does. */
export const isKeyUpdateRefused = (error: unknown): boolean => hasSqlState(error, FEATURE_NOT_SUPPORTED);

/** Moves the live row of this id to its hash, if there is one. */
export async function rehash(
  rows: SessionRows,
  location: TableLocation,
  sid: string,
  deadline: Deadline,
): Promise<void> {
  try {
    await rows.run((db) => rehashSession.run({ sid, hashed: storedId(sid) }, db), deadline, rows.write);
  } catch (error) {
    if (isKeyUpdateRefused(error)) {
      await deleteAndInsert(location, deadline, (db) => deleteUnhashedSession.run({ sid }, db));
    } else if (!hasSqlState(error, UNIQUE_VIOLATION)) {
      throw error; // with a unique violation, another process has just moved it
    }
  }
}

/** Moves a batch of rows by deleting and inserting them. Resolves with their number. */
export const rehashByInsert = (location: TableLocation, batch: number): Promise<number> =>
  deleteAndInsert(location, Infinity, (db) => deleteUnhashedSessions.run({ batch }, db));

interface DeletedRow {
  sid: string;
  sess: string;
  expire: string;
}

/**
 * A live row under the hash is newer and stays. An expired one is deleted, since it is in the way.
 */
function deleteAndInsert(
  { pool, names }: TableLocation,
  deadline: Deadline,
  deleteRows: (db: IDatabaseConnection) => Promise<DeletedRow[]>,
): Promise<number> {
  return new PoolConnection(pool).transaction(deadline, async (client) => {
    const db = tableBinder(names)(client);
    const rows = await deleteRows(db);
    for (const { sid, sess, expire } of rows) {
      const hashed = hashedId(handleOf(sid));
      await deleteExpiredSession.run({ sid: hashed }, db);
      await insertSession.run({ sid: hashed, payload: sess, expire }, db);
    }
    return rows.length;
  });
}
