import type { IDatabaseConnection } from '@pgtyped/runtime';
import type { Pool } from 'pg';
import type { SessionStoreError } from '../errors.js';
import { dropExpired, moveSession, putSession, takeSession } from '../generated/hash-ids.js';
import { inTransaction } from '../postgres/connection.js';
import { handleOf, hashedId, storedId } from '../session/handle.js';
import { bindTable, type TableNames } from './names.js';
import type { Rows } from './session-rows.js';

/** Whether this is a server that does not let a row move from one key to another, as one of distributed tables. */
export const movesNoKey = ({ sqlState }: SessionStoreError): boolean => sqlState === '0A000'; // feature_not_supported
/** The live session under this id in clear. */
export function takeAndPutOne(pool: Pool, names: TableNames, sid: string, deadline: number): Promise<void> {
  return inTransaction(pool, deadline, async (client) => {
    const db = bindTable(client, names);
    await putAll(await takeSession.run({ sid }, db), db);
  });
}

/** A live session under the hash is the newer and stays, an expired one is in the way and goes. */
export async function putAll(
  rows: { sid: string; sess: string; expire: string }[],
  db: IDatabaseConnection,
): Promise<void> {
  for (const { sid, sess, expire } of rows) {
    const hashed = hashedId(handleOf(sid));
    await dropExpired.run({ sid: hashed }, db);
    await putSession.run({ sid: hashed, payload: sess, expire }, db);
  }
}

/** Nothing where there is no live row under the id. */
export async function moveToHash(rows: Rows, { pool, names }: Place, sid: string, deadline: number): Promise<void> {
  try {
    await rows.run((db) => moveSession.run({ sid, hashed: storedId(sid) }, db), deadline);
  } catch (error) {
    const failed = error as SessionStoreError;
    if (movesNoKey(failed)) await takeAndPutOne(pool, names, sid, deadline);
    else if (failed.sqlState !== TAKEN) throw error;
  }
}
export const TAKEN = '23505'; // unique_violation: somebody else has just moved it
/** Where the table's rows may be. */
export interface Place {
  pool: Pool;
  names: TableNames;
}
