// A client of the pool for as long as it takes and no longer than the deadline, given back whole.
import { createHash } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Pool, PoolClient } from 'pg';
import { databaseFailed, type SessionStoreError, sqlStateOf, timedOut } from '../errors.js';
import { cancel } from './cancel.js';
import { Checkout, onTime } from './client-queue.js';

/** Statements that end by a deadline, in milliseconds of `performance.now()`. */
export type Until = (deadline: number) => Queryable;

/**
 * Each statement on a client of its own.
 *
 * @param prepare whether the server shall keep the statements by a name, which saves it from parsing and planning them anew.
 * Poolers in transaction mode may not know such names: the first complaint ends it for good, and costs the caller nothing.
 * @param connectMs milliseconds that the pool may take to connect a client
 */
export function onPool(pool: Pool, { prepare = false, connectMs = Infinity } = {}): Until {
  const names = new Map<string, string>();
  let isNamed = prepare;
  const checkout = new Checkout(pool, connectMs);
  return (deadline) => ({
    query: (text, values) =>
      withClient(checkout, deadline, async (client, drop) => {
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
  });
}

const CACHED_PLAN = '0A000'; // feature_not_supported: "cached plan must not change result type"
export const UNKNOWN_NAME = /^(26000|42P05)$/; // invalid_sql_statement_name, duplicate_prepared_statement

/** The same in every process, and short enough for PostgreSQL and pg. */
const nameOf = (text: string): string => `ss_${createHash('sha256').update(text).digest('base64url').slice(0, 22)}`;

/** All that `work` does in one transaction: committed when it ends, rolled back when it fails. */
export function inTransaction<T>(pool: Pool, deadline: number, work: (client: PoolClient) => Promise<T>): Promise<T> {
  return withClient(new Checkout(pool), deadline, async (client) => {
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
 * ends the process unless somebody listens. A client that is late is cut off, so that nothing it was given arrives later.
 */
export async function withClient<T>(
  checkout: Checkout,
  deadline: number,
  work: (client: PoolClient, drop: (error: Error) => void) => Promise<T>,
): Promise<T> {
  let lost: Error | undefined;
  let isLate = false;
  const drop = (error: Error) => {
    lost = error;
  };
  const client = await checkout.client(deadline, drop);
  const timer = onTime(deadline, () => {
    isLate = true;
    cutOff(client);
  });
  try {
    return await work(client, drop);
  } catch (error) {
    const failed = isLate ? timedOut(error) : databaseFailed(error);
    if (!answeredByServer(failed)) lost ??= failed;
    throw failed;
  } finally {
    clearTimeout(timer);
    client.off('error', drop);
    client.release(lost);
  }
}

/** Ends the connection at once: what still lies in a buffer is dropped. The server is asked to stop what it does for it. */
function cutOff(client: PoolClient): void {
  const { stream } = (client as unknown as { connection?: { stream: Socket } }).connection ?? {};
  if (!stream) return void client.end().catch(() => {}); // of pg-native, which lets nobody at its socket
  cancel(client);
  try {
    stream.resetAndDestroy();
  } catch {
    // no TCP: a unix socket, or TLS
  }
  stream.destroy(); // without waiting for what is still to be sent
}

/**
 * The server said no, and its connection goes on: any error of its own but those of a connection that ends (08, 57P), or that
 * leads to a server which has become a standby (25006).
 */
const answeredByServer = ({ sqlState }: SessionStoreError): boolean =>
  sqlState !== undefined && !/^(08|57P|25006)/.test(sqlState);
/** What a pool, a client and a transaction have in common: `pg.Pool`, `pg.Client` and `pg.PoolClient` all fit. */

export interface Queryable {
  query(text: string, values: unknown[]): Promise<{ rows: unknown[]; rowCount: number | null }>;
}
