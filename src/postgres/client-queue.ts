// Clients of a pool for those that wait, each until its deadline.
import type { Socket } from 'node:net';
import type { Pool, PoolClient } from 'pg';
import { databaseFailed, timedOut } from '../errors.js';

type OnError = (error: Error) => void;

interface Waiter {
  /** Listens to the client from the moment in which the pool no longer does. */
  onError: OnError;
  resolve: (client: PoolClient) => void;
  reject: (error: unknown) => void;
  timer: NodeJS.Timeout | undefined;
}

const unsent = new WeakSet<object>();

/** Whether the failed statement may have reached the server, so that nobody knows whether it was done. */
export const mayBeDone = (error: object): boolean => !unsent.has(error);

/**
 * The pool can't be told that somebody no longer waits, and would keep his place for ever. So the line is here: the pool is
 * asked for as many clients as it can have, and each goes to whoever has waited longest then.
 */
export class Checkout {
  readonly #pool: Pool;
  readonly #connectMs: number;
  readonly #waiting = new Set<Waiter>();
  readonly #seenConnecting = new WeakMap<ConnectingClient, number>();
  readonly #most: number;
  #asked = 0;

  /** @param connectMs milliseconds that the pool may take to connect a client */
  constructor(pool: Pool, connectMs = Infinity) {
    this.#pool = pool;
    this.#connectMs = connectMs;
    this.#most = pool.options?.max ?? 10; // pg's own default, for a pool that does not say
  }

  /**
   * @param deadline in milliseconds of `performance.now()`
   * @param onError listens to the client; without anybody who does, a client that loses its server ends the process
   */
  client(deadline: number, onError: OnError): Promise<PoolClient> {
    if (deadline <= performance.now()) return Promise.reject(timedOut()); // its call has been answered
    return new Promise((resolve, reject) => {
      const waiter: Waiter = { onError, resolve, reject, timer: undefined };
      waiter.timer = onTime(deadline, () => this.#giveUp(waiter));
      this.#waiting.add(waiter);
      this.#dropStuck();
      this.#ask();
    });
  }

  #ask(): void {
    while (this.#asked < Math.min(this.#waiting.size, this.#most)) {
      this.#asked++;
      // With a callback, since a promise would come a moment too late for an error that comes with the connection.
      this.#pool.connect((error, client) => {
        this.#asked--;
        const [first] = this.#waiting;
        if (first) this.#answer(first, error, client);
        else client?.release();
        this.#ask();
      });
    }
  }

  #answer(waiter: Waiter, error: Error | undefined, client: PoolClient | undefined): void {
    this.#waiting.delete(waiter);
    clearTimeout(waiter.timer);
    if (client) {
      client.on('error', waiter.onError);
      waiter.resolve(client);
    } else {
      const failed = databaseFailed(error);
      unsent.add(failed);
      waiter.reject(failed);
    }
  }

  #giveUp(waiter: Waiter): void {
    this.#waiting.delete(waiter);
    waiter.reject(timedOut());
  }

  /**
   * A pool without `connectionTimeoutMillis` waits for ever for a server that takes a connection and says nothing, and with as
   * many of them as it may have clients it would never have another.
   */
  #dropStuck(): void {
    const pool: Pool & { _clients?: ConnectingClient[] } = this.#pool;
    if (pool.idleCount > 0 || pool.totalCount < this.#most) return;
    const now = performance.now();
    for (const client of pool._clients ?? []) {
      if (!client._connecting) continue;
      const since = this.#seenConnecting.get(client) ?? now;
      this.#seenConnecting.set(client, since);
      if (now - since > this.#connectMs) client.connection.stream.destroy();
    }
  }
}

/** @param deadline in milliseconds of `performance.now()`; Infinity takes no timer */
export const onTime = (deadline: number, end: () => void): NodeJS.Timeout | undefined =>
  deadline < Infinity ? setTimeout(end, Math.max(deadline - performance.now(), 0)) : undefined;

interface ConnectingClient {
  _connecting: boolean;
  connection: { stream: Socket };
}
