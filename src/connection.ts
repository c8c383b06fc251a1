// A client of the pool for as long as it takes, given back whole.
import type { Pool, PoolClient } from 'pg';
import { SessionStoreError } from './errors.js';
import type { Queryable } from './table.js';

/** Each statement on a client of its own. */
export function onPool(pool: Pool): Queryable {
  return { query: (text, values) => withClient(pool, (client) => client.query(text, values)) };
}

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
async function withClient<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect().catch((error) => {
    throw failure(error);
  });
  let lost: Error | undefined;
  const onError = (error: Error) => {
    lost = error;
  };
  client.on('error', onError);
  try {
    return await work(client);
  } catch (error) {
    const failed = failure(error);
    if (!answeredByServer(failed)) lost ??= failed;
    throw failed;
  } finally {
    client.off('error', onError);
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
