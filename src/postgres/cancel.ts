// Asks the server to cancel the statement of a client.
import type { PoolClient } from 'pg';
import { cancelConnection, cancelKeyOf } from './pg-internals.js';

const TIMEOUT_MS = 1000;

/**
 * Sends a cancel request on a connection of its own (PostgreSQL's documentation, "Canceling
 * Requests in Progress"). It may come too late, and failures are ignored. The request is not
 * encrypted, even if the client's connection is: its key can only cancel statements of this one
 * connection.
 */
export function cancel(client: PoolClient): void {
  const { host, port, processID, secretKey } = cancelKeyOf(client);
  if (processID == null || secretKey == null) return;
  const connection = cancelConnection(client);
  connection.on('connect', () => connection.cancel(processID, secretKey)); // the server closes it
  connection.on('error', () => {});
  connection.stream.setTimeout?.(TIMEOUT_MS, () => connection.stream.destroy());
  if (host.startsWith('/')) connection.connect(`${host}/.s.PGSQL.${port}`);
  else connection.connect(port, host);
  connection.stream.unref();
}
