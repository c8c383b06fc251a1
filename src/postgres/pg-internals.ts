// pg's private fields that the project uses. Checked with pg 8.12 and 8.23; pg-native lacks them.
import type { Socket } from 'node:net';
import pg, { type Client, type ClientBase, type ClientConfig, type Pool, type PoolClient, type Submittable } from 'pg';

/** Undefined for a client of pg-native. */
export const socketOf = (client: ClientBase): Socket | undefined =>
  (client as unknown as { connection?: { stream: Socket } }).connection?.stream;

/** Destroys the socket at once. Neon's, a WebSocket, would wait for an answer of the server. */
export function destroySocket(socket: Socket): void {
  socket.destroy();
  emitClose(socket);
}

/**
 * Called after a client has left its pool. Neon's driver waits for its connection to end even if it
 * has ended already, and the pool would not open another one.
 */
export const emitClose = (socket: Socket | undefined): void => {
  if (socket && typeof socket.resetAndDestroy !== 'function') socket.emit('close');
};

/** Makes a client of the pool's class, or of pg if that class has no socket, as in pg-native. */
export function createClient(config: ClientConfig, pool: object = {}): Client {
  const { Client = pg.Client } = pool as { Client?: typeof pg.Client };
  const client = new Client(config);
  return socketOf(client) ? client : new pg.Client(config);
}

/** The pool's clients that are still connecting, each with its socket. Not those of pg-native. */
export function connectingClients(pool: Pool): { client: object; socket: Socket }[] {
  const { _clients: clients = [] } = pool as unknown as { _clients?: ConnectingClient[] };
  return clients
    .filter(({ _connecting, connection }) => _connecting && connection)
    .map((client) => ({ client, socket: client.connection!.stream }));
}

interface ConnectingClient {
  _connecting: boolean;
  connection?: { stream: Socket };
}

const CANCEL_TIMEOUT_MS = 1000;

/**
 * Asks the server to cancel the client's statement (PostgreSQL's documentation, "Canceling Requests
 * in Progress"). The request may come too late, and failures are ignored. It is not encrypted, even
 * if the client's connection is: its key can only cancel statements of this one connection.
 */
export function cancel(client: PoolClient): void {
  const { host, port, processID, secretKey, connection } = client as unknown as CancellableClient;
  if (processID == null || secretKey == null) return;
  // A connection of the same kind: a WebSocket for Neon's driver.
  const canceller: CancelConnection = Reflect.construct(connection.constructor, [{ ssl: false }]);
  canceller.on('connect', () => canceller.cancel(processID, secretKey)); // the server closes it
  canceller.on('error', () => {});
  canceller.stream.setTimeout?.(CANCEL_TIMEOUT_MS, () => canceller.stream.destroy());
  if (host.startsWith('/')) canceller.connect(`${host}/.s.PGSQL.${port}`);
  else canceller.connect(port, host);
  canceller.stream.unref();
}

interface CancellableClient {
  host: string;
  port: number;
  /** Null until the client has connected, and undefined for pg-native, as `secretKey`. */
  processID?: number | null;
  secretKey?: number | null;
  connection: object;
}

interface CancelConnection {
  /** Neon's has no setTimeout(). */
  stream: Socket & { setTimeout?: Socket['setTimeout'] };
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

/** Undefined for pg-native, and in pg's pipeline mode, which takes no queries of our own. */
export function protocolOf(client: Client | PoolClient): PgConnection | undefined {
  const { connection, pipeline } = client as unknown as { connection?: PgConnection; pipeline?: boolean };
  return connection?.parsedStatements && !pipeline ? connection : undefined;
}

/** Sends a query of our own class, also in pipeline mode. The client must not run another one. */
export function submitAlone<T extends Submittable>(client: ClientBase, query: T): T {
  const piped = client as ClientBase & { pipeline?: boolean };
  const { pipeline = false } = piped;
  piped.pipeline = false;
  try {
    return client.query(query);
  } finally {
    piped.pipeline = pipeline;
  }
}
