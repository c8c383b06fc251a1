// pg's private fields that the project uses. Checked with pg 8.12 and 8.23; pg-native lacks them.
import type { Socket } from 'node:net';
import pg, { type Client, type Pool, type PoolClient } from 'pg';

/** Undefined for a client of pg-native. */
export const socketOf = (client: Client | PoolClient): Socket | undefined =>
  (client as unknown as { connection?: { stream: Socket } }).connection?.stream;

/** The pool's clients that are still connecting, each with its socket. */
export function connectingClients(pool: Pool): { client: object; socket: Socket }[] {
  const { _clients: clients = [] } = pool as unknown as { _clients?: ConnectingClient[] };
  return clients
    .filter(({ _connecting }) => _connecting)
    .map((client) => ({ client, socket: client.connection.stream }));
}

interface ConnectingClient {
  _connecting: boolean;
  connection: { stream: Socket };
}

/** What a cancel request needs. The key is null until the client has connected. */
export const cancelKeyOf = (client: PoolClient): CancelKey => client as unknown as CancelKey;

interface CancelKey {
  host: string;
  port: number;
  processID: number | null;
  secretKey: number | null;
}

/** A connection that can send a cancel request. It is never encrypted. */
export const cancelConnection = (): CancelConnection =>
  new pg.Connection({ ssl: false }) as unknown as CancelConnection;

interface CancelConnection {
  stream: Socket;
  connect(portOrPath: number | string, host?: string): void;
  cancel(processID: number, secretKey: number): void;
  on(event: 'connect' | 'error', listener: () => void): void;
}

/** The part of pg's Connection that sends the messages of the extended query protocol. */
export interface PgConnection {
  stream: { cork?(): void; uncork?(): void };
  /** The texts of the prepared statements, by name. */
  parsedStatements: Record<string, string>;
  parse(message: { name: string; text: string; types: number[] }): void;
  describe(message: { type: 'S'; name: string }): void;
  bind(message: { portal: string; statement: string; values: unknown[] }): void;
  execute(message: { portal: string; rows: number }): void;
  sync(): void;
}

/** Undefined for pg-native, and for a client in pg's pipeline mode, which takes no queries of our own. */
export function protocolOf(client: Client | PoolClient): PgConnection | undefined {
  const { connection, pipeline } = client as unknown as { connection?: PgConnection; pipeline?: boolean };
  return connection?.parsedStatements && !pipeline ? connection : undefined;
}
