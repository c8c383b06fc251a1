// The clients of a pool: a queue of those that wait for one, and what becomes of a client after its
// use.
import { AsyncResource } from 'node:async_hooks';
import type { Pool, PoolClient } from 'pg';
import { clock } from '../clock.js';
import { databaseFailed, type SessionStoreError, timedOut } from '../errors.js';
import { CONNECTION_LOST, READ_ONLY_SQL_TRANSACTION } from '../sql-states.js';
import { type Deadline, Expiring } from './deadline.js';
import { cancel, connectingClients, destroySocket, emitClose, socketOf } from './pg-internals.js';
import { isOfOtherServer, markUnsent } from './retry.js';

type OnClient = (error: Error | undefined, client: PoolClient | undefined) => void;

/** The use of one client, from the wait for it to its return. */
export abstract class Checkout extends Expiring {
  protected client: PoolClient | undefined;
  #isLate = false;
  /** The call's async context, for tracers of `pool.connect()` and `client.query()`. */
  readonly #context = new AsyncResource('connect-pg-typed');

  constructor(
    readonly queue: ClientQueue,
    deadline: Deadline,
  ) {
    super(deadline);
  }

  /** Called with the client. In the end, it must call `release` or `releaseFailed`. */
  protected abstract use(client: PoolClient): void;
  /** Called with the error if there is no client, or if `use` throws. */
  abstract fail(error: SessionStoreError): void;

  request(pool: Pool, onClient: OnClient): void {
    this.#context.runInAsyncScope(pool.connect, pool, onClient);
  }

  start(client: PoolClient): void {
    this.#context.runInAsyncScope(this.#start, this, client);
  }

  #start(client: PoolClient): void {
    this.client = client;
    client.on('error', ignore); // without a listener, a lost connection would end the process
    try {
      this.use(client);
    } catch (error) {
      this.fail(this.releaseFailed(error));
    }
  }

  /** @param failure an error after which the client must not be used again */
  release(failure?: Error): void {
    this.unwatch();
    const client = this.client!;
    this.client = undefined;
    client.off('error', ignore);
    const reason = failure ?? (this.#isLate ? timedOut() : undefined);
    client.release(reason);
    this.queue.request();
    if (reason) emitClose(socketOf(client));
  }

  /** Returns the client after an error, and returns the error for the caller. */
  releaseFailed(error: unknown, failure?: Error): SessionStoreError {
    const failed = this.#isLate ? timedOut(error) : databaseFailed(error);
    this.release(failure ?? (isConnectionUsable(failed) ? undefined : failed));
    return failed;
  }

  /** At the deadline the connection is destroyed, so that nothing is sent later. */
  protected expire(): void {
    this.#isLate = true;
    if (this.client) {
      destroyConnection(this.client);
    } else {
      this.queue.leave(this);
      this.fail(timedOut());
    }
  }
}

const ignore = () => {};

/** Whether the connection can be used again: the server does not stop, and accepts writes. */
function isConnectionUsable(error: SessionStoreError): boolean {
  const { sqlState } = error;
  if (sqlState === undefined || sqlState === READ_ONLY_SQL_TRANSACTION) return false;
  return !CONNECTION_LOST.test(sqlState) || isOfOtherServer(error);
}

/**
 * Destroys the connection without sending what is buffered, and asks the server to cancel the
 * statement.
 */
function destroyConnection(client: PoolClient): void {
  const socket = socketOf(client);
  if (!socket) return void client.end().catch(() => {}); // pg-native
  cancel(client);
  try {
    socket.resetAndDestroy();
  } catch {
    // a Unix socket, TLS, or a WebSocket
  }
  destroySocket(socket);
}

/**
 * pg-pool cannot cancel a waiting checkout, so this class keeps the queue. It asks the pool for as
 * many clients as calls wait, but at most for as many as the pool can have. The call that has
 * waited longest gets the client that comes first.
 */
export class ClientQueue {
  readonly #pool: Pool;
  readonly #connectMs: number;
  readonly #waiting = new Set<Checkout>();
  readonly #connectingSince = new WeakMap<object, number>();
  readonly #max: number;
  /** The requests to the pool, the oldest first, without those that no call needs any more. */
  readonly #requests = new Set<OnClient>();
  #requested = 0; // with those: at most twice as many as the pool can have

  /** @param connectMs milliseconds that the pool may take to connect a client */
  constructor(pool: Pool, connectMs: number) {
    this.#pool = pool;
    this.#connectMs = connectMs;
    this.#max = pool.options?.max ?? 10; // pg's default, for a pool without options
  }

  take(checkout: Checkout): void {
    if (checkout.deadline <= clock()) {
      checkout.fail(timedOut());
      return;
    }
    checkout.watch();
    this.#waiting.add(checkout);
    this.#destroyStuckConnections();
    this.request();
  }

  leave(checkout: Checkout): void {
    this.#waiting.delete(checkout);
    this.request();
  }

  /** Asks for the clients that calls wait for. */
  request(): void {
    // A request that no call needs serves no later call: its connection may get no response.
    for (const oldest of this.#requests) if (this.#requests.size > this.#waiting.size) this.#requests.delete(oldest);
    while (this.#needsClient() && this.#requested < 2 * this.#max) this.#ask();
  }

  #needsClient(): boolean {
    const { idleCount, waitingCount } = this.#pool;
    const { size } = this.#waiting;
    // If a client is idle and nobody waits for one, these requests wait for connections.
    return this.#requests.size < Math.min(size, this.#max) || (size > 0 && idleCount > 0 && waitingCount === 0);
  }

  #ask(): void {
    const [first] = this.#waiting;
    // A callback: a promise would be too late for an error right after connecting.
    const onClient: OnClient = (error, client) => {
      this.#requested--;
      const isNeeded = this.#requests.delete(onClient);
      const [next] = this.#waiting;
      if (next && (client || isNeeded)) this.#settle(next, error, client);
      else client?.release();
      this.request();
    };
    this.#requested++;
    this.#requests.add(onClient);
    try {
      first!.request(this.#pool, onClient);
    } catch (error) {
      this.#requested--; // pg made no client, for example without the file of a certificate
      this.#requests.delete(onClient);
      this.#settle(first!, error as Error, undefined);
    }
  }

  #settle(checkout: Checkout, error: Error | undefined, client: PoolClient | undefined): void {
    this.#waiting.delete(checkout);
    if (client) {
      checkout.start(client);
      return;
    }
    checkout.unwatch();
    const failed = databaseFailed(error);
    markUnsent(failed);
    checkout.fail(failed);
  }

  /**
   * A pool without `connectionTimeoutMillis` waits forever for a server that accepts a connection
   * and does not answer. Such connections could fill the pool, so this method destroys them.
   */
  #destroyStuckConnections(): void {
    const pool = this.#pool;
    if (pool.idleCount > 0 || pool.totalCount < this.#max) return;
    const now = clock();
    for (const { client, socket } of connectingClients(pool)) {
      const since = this.#connectingSince.get(client) ?? now;
      this.#connectingSince.set(client, since);
      if (now - since > this.#connectMs * 0.9) destroySocket(socket); // before a second call waits for it
    }
  }
}
