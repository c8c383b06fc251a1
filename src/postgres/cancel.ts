// Asks the server to stop what it does for a client that nobody waits for any more.
import pg, { type PoolClient } from 'pg';

const PATIENCE_MS = 1000;

/**
 * On a connection of its own, as the protocol has it (PostgreSQL's documentation, section "Canceling Requests in Progress"). It
 * may come too late, or not at all, and nobody is told. It is sent in clear where the client's connection is encrypted, too:
 * its key is good for nothing but this one connection, which is at its end.
 */
export function cancel(client: PoolClient): void {
  const { host, port, processID, secretKey } = client as unknown as Cancelable;
  if (processID === null || secretKey === null) return;
  const connection = new pg.Connection({ ssl: false }) as unknown as Connection;
  connection.on('connect', () => connection.cancel(processID, secretKey)); // the server then closes it
  connection.on('error', () => {});
  connection.stream.setTimeout(PATIENCE_MS, () => connection.stream.destroy());
  if (host.startsWith('/')) connection.connect(`${host}/.s.PGSQL.${port}`);
  else connection.connect(port, host);
  connection.stream.unref();
}

// pg has no types for these.
interface Cancelable {
  host: string;
  port: number;
  processID: number | null;
  secretKey: number | null;
}
interface Connection {
  stream: import('node:net').Socket;
  connect(portOrPath: number | string, host?: string): void;
  cancel(processID: number, secretKey: number): void;
  on(event: 'connect' | 'error', listener: () => void): void;
}
