// A client of the pool for as long as it takes, given back whole.
import { createHash } from 'node:crypto';
import type { Pool, PoolClient } from 'pg';
import { SessionStoreError, sqlStateOf } from './errors.js';
import type { Queryable } from './table.js';

/**
 * Each statement on a client of its own.
 *
 * @param prepare whether the server shall keep the statements by a name, which saves it from parsing and planning them anew.
 * Poolers in transaction mode may not know such names: the first complaint ends it for good, and costs the caller nothing.
 */
export function onPool(pool: Pool, { prepare = false } = {}): Queryable {
  const names = new Map<string, string>();
  let isNamed = prepare;
  return {
    query: (text, values) =>
      withClient(pool, async (client, drop) => {
        if (!isNamed) return client.query(text, values);
        const name = names.get(text) ?? nameOf(text);
        names.set(text, name);
        try {
          return await client.query({ name, text, values });
        } catch (error) {
          const sqlState = sqlStateOf(error);
          if (sqlState === CACHED_PLAN)
            drop(error as Error); // the table was altered: this connection's names are stale
          else if (UNKNOWN_NAME.test(sqlState ?? '')) isNamed = false;
          else throw error;
          return client.query(text, values);
        }
      }),
  };
}

const CACHED_PLAN = '0A000'; // feature_not_supported: "cached plan must not change result type"
const UNKNOWN_NAME = /^(26000|42P05)$/; // invalid_sql_statement_name, duplicate_prepared_statement

/** The same in every process, and short enough for PostgreSQL and pg. */
const nameOf = (text: string): string => `ss_${createHash('sha256').update(text).digest('base64url').slice(0, 22)}`;

/** All that `work` does in one transaction: committed when it ends, rolled back when it fails. */
export function inTransaction<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  return withClient(pool, async (client) => {
    await client.query('BEGIN ISOLATION LEVEL READ COMMITTED'); // to see what was committed while it waited for a lock
    try {
      const result = await work(client);
      await client.query('COMMIT');
      return result;
    } catch (error) {
      await client.query('ROLLBACK').catch(() => client.end()); // what can't be rolled back must not be used again
      throw error;
    }
  });
}

/**
 * pool.query would close the connection after any SQL error, and a client that loses its server while it is checked out
 * ends the process unless somebody listens.
 */
async function withClient<T>(
  pool: Pool,
  work: (client: PoolClient, drop: (error: Error) => void) => Promise<T>,
): Promise<T> {
  const client = await pool.connect().catch((error) => {
    throw failure(error);
  });
  let lost: Error | undefined;
  const drop = (error: Error) => {
    lost = error;
  };
  client.on('error', drop);
  try {
    return await work(client, drop);
  } catch (error) {
    const failed = failure(error);
    if (!answeredByServer(failed)) lost ??= failed;
    throw failed;
  } finally {
    client.off('error', drop);
    client.release(lost);
  }
}

const failure = (cause: unknown) =>
  new SessionStoreError('DATABASE', `the session store's database failed: ${(cause as Error).message || cause}`, {
    cause,
  });

/** The server said no, and its connection goes on: any error of its own but those of a connection that ends (08, 57P). */
const answeredByServer = ({ sqlState }: SessionStoreError): boolean =>
  sqlState !== undefined && !/^(08|57P)/.test(sqlState);
