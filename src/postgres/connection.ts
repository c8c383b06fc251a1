// Runs statements on the clients of a pool, each until a deadline that includes the checkout.
import { createHash } from 'node:crypto';
import type { Pool, PoolClient } from 'pg';
import { databaseFailed, hasSqlState, type SessionStoreError, timedOut } from '../errors.js';
import {
  CONNECTION_LOST,
  FEATURE_NOT_SUPPORTED,
  READ_ONLY_SQL_TRANSACTION,
  UNDEFINED_FUNCTION,
  UNKNOWN_STATEMENT_NAME,
} from '../sql-states.js';
import { cancel } from './cancel.js';
import type { Deadline } from './deadline.js';
import { connectingClients, socketOf } from './pg-internals.js';
import { queryableOf, RESULT_TYPES } from './result-types.js';
import { markUnsent, pauseBeforeRetry, type Retry } from './retry.js';

/**
 * What a pool, a client and a transaction have in common: `pg.Pool`, `pg.Client`, `pg.PoolClient`.
 */
export interface Queryable {
  query(text: string, values: unknown[]): Promise<QueryResult>;
}

export interface QueryResult {
  rows: unknown[];
  rowCount: number | null;
  /** The columns, as the server describes them. */
  fields?: { name: string; dataTypeID: number }[];
}

/**
 * Called with the error of a statement. Resolves with whether it has repaired the cause, so that the
 * statement can be sent again. May throw a better error.
 */
export type Repair = (error: unknown, deadline: Deadline) => Promise<boolean>;

export interface ConnectionOptions {
  /**
   * Whether to use prepared statements. They are turned off at a pooler that does not support them.
   * Default: false.
   */
  prepare?: boolean;
  /** Milliseconds that the pool may take to connect a client. Default: Infinity. */
  connectMs?: number;
}

/** Calls `discard` if the client must not be used again. */
type Work<T> = (client: PoolClient, discard: (error: Error) => void) => Promise<T>;

/** A pool, seen as a place to run statements. */
export class PoolConnection {
  readonly #clients: ClientQueue;
  readonly #names = new Map<string, string>();
  #prepare: boolean;

  constructor(pool: Pool, { prepare = false, connectMs = Infinity }: ConnectionOptions = {}) {
    this.#clients = new ClientQueue(pool, connectMs);
    this.#prepare = prepare;
  }

  /**
   * A connection for a single call: each statement runs until the deadline, and is retried if
   * `retry` is given, or `repair` has repaired what made it fail.
   */
  until(deadline: Deadline, retry?: Retry, repair?: Repair): Queryable {
    return new Statement(this, deadline, retry, repair);
  }

  /** Runs one statement on a client of the pool. */
  run(text: string, values: unknown[], deadline: Deadline): Promise<QueryResult> {
    return this.withClient(deadline, async (client, discard) => {
      if (!this.#prepare) return client.query({ text, values, types: RESULT_TYPES });
      try {
        return await client.query({ name: this.#nameOf(text), text, values, types: RESULT_TYPES });
      } catch (error) {
        if (hasSqlState(error, ...UNKNOWN_STATEMENT_NAME)) this.#prepare = false;
        // "cached plan must not change result type", or an operator that the new type of a column does not
        // have: the table was altered.
        else if (hasSqlState(error, FEATURE_NOT_SUPPORTED, UNDEFINED_FUNCTION)) discard(error as Error);
        else throw error;
        return client.query({ text, values, types: RESULT_TYPES });
      }
    });
  }

  /** Runs `work` in a transaction: commits if it succeeds, rolls back if it fails. */
  transaction<T>(deadline: Deadline, work: (client: Queryable) => Promise<T>): Promise<T> {
    return this.withClient(deadline, async (client) => {
      // READ COMMITTED, to see what was committed while a statement waited for a lock.
      await client.query('BEGIN ISOLATION LEVEL READ COMMITTED');
      try {
        const result = await work(queryableOf(client));
        await client.query('COMMIT');
        return result;
      } catch (error) {
        await client.query('ROLLBACK').catch(() => client.end()); // so that the pool drops the client
        throw error;
      }
    });
  }

  /**
   * Runs `work` with a client, and returns the client to the pool. `pool.query()` would close the
   * connection after any SQL error. At the deadline the client's connection is destroyed, so that
   * nothing is sent later.
   */
  async withClient<T>(deadline: Deadline, work: Work<T>): Promise<T> {
    let failure: Error | undefined;
    let isLate = false;
    const discard = (error: Error) => {
      failure = error;
    };
    const client = await this.#clients.take(deadline, discard);
    const timer = atDeadline(deadline, () => {
      isLate = true;
      destroyConnection(client);
    });
    try {
      return await work(client, discard);
    } catch (error) {
      const failed = isLate ? timedOut(error) : databaseFailed(error);
      if (!isConnectionUsable(failed)) failure ??= failed;
      throw failed;
    } finally {
      clearTimeout(timer);
      client.off('error', discard);
      client.release(failure);
    }
  }

  /** The same name in each process, within PostgreSQL's 63 bytes. */
  #nameOf(text: string): string {
    let name = this.#names.get(text);
    if (name === undefined) {
      name = `ss_${createHash('sha256').update(text).digest('base64url').slice(0, 22)}`;
      this.#names.set(text, name);
    }
    return name;
  }
}

/** A statement, its deadline and how to retry it: the connection that a generated query runs on. */
class Statement implements Queryable {
  constructor(
    readonly connection: PoolConnection,
    readonly deadline: Deadline,
    readonly retry: Retry | undefined,
    readonly repair: Repair | undefined,
  ) {}

  /**
   * Has a loop of its own, as `retry()` does, so that a statement that succeeds passes no further
   * function.
   */
  async query(text: string, values: unknown[]): Promise<QueryResult> {
    const { retry, deadline } = this;
    const readOnly = retry?.readOnly;
    const startedAt = performance.now();
    let isRepaired = false;
    readOnly?.check();
    for (let attempts = 1; ; attempts++) {
      try {
        const result = await this.connection.run(text, values, deadline);
        readOnly?.succeeded();
        return result;
      } catch (error) {
        if (this.repair && !isRepaired) {
          isRepaired = await this.repair(error, deadline);
          if (isRepaired) continue;
        }
        if (!retry) throw error;
        readOnly?.failed(error, attempts);
        await pauseBeforeRetry(error, { ...retry, attempts, startedAt, deadline });
        retry.onRetry?.();
      }
    }
  }
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
    // a Unix socket, or TLS
  }
  socket.destroy();
}

/**
 * Whether the connection can be used again: the server answered, and is neither stopping nor a
 * standby.
 */
const isConnectionUsable = ({ sqlState }: SessionStoreError): boolean =>
  sqlState !== undefined && !CONNECTION_LOST.test(sqlState) && sqlState !== READ_ONLY_SQL_TRANSACTION;

/** A class, so that V8 keeps it out of the old generation while it is short-lived. */
class Checkout {
  timer: NodeJS.Timeout | undefined;

  constructor(
    /** Added to the client in the moment in which the pool stops listening to it. */
    readonly onError: (error: Error) => void,
    readonly resolve: (client: PoolClient) => void,
    readonly reject: (error: unknown) => void,
  ) {}
}

/**
 * The checkouts that wait for a client. pg-pool cannot cancel a waiting checkout, so this class
 * keeps the queue, and asks the pool for at most as many clients as it can have.
 */
class ClientQueue {
  readonly #pool: Pool;
  readonly #connectMs: number;
  readonly #waiting = new Set<Checkout>();
  readonly #connectingSince = new WeakMap<object, number>();
  readonly #max: number;
  #requested = 0;

  constructor(pool: Pool, connectMs: number) {
    this.#pool = pool;
    this.#connectMs = connectMs;
    this.#max = pool.options?.max ?? 10; // pg's default, for a pool without options
  }

  /**
   * @param onError an error listener for the client. Without one, a lost connection would end the
   *   process
   */
  take(deadline: Deadline, onError: (error: Error) => void): Promise<PoolClient> {
    if (deadline <= performance.now()) return Promise.reject(timedOut());
    return new Promise((resolve, reject) => {
      const checkout = new Checkout(onError, resolve, reject);
      checkout.timer = atDeadline(deadline, () => {
        this.#waiting.delete(checkout);
        reject(timedOut());
      });
      this.#waiting.add(checkout);
      this.#destroyStuckConnections();
      this.#request();
    });
  }

  #request(): void {
    while (this.#requested < Math.min(this.#waiting.size, this.#max)) {
      this.#requested++;
      // The callback runs at once. A promise would be too late for an error right after connecting.
      this.#pool.connect((error, client) => {
        this.#requested--;
        const [first] = this.#waiting;
        if (first) this.#settle(first, error, client);
        else client?.release();
        this.#request();
      });
    }
  }

  #settle(checkout: Checkout, error: Error | undefined, client: PoolClient | undefined): void {
    this.#waiting.delete(checkout);
    clearTimeout(checkout.timer);
    if (client) {
      client.on('error', checkout.onError);
      checkout.resolve(client);
    } else {
      const failed = databaseFailed(error);
      markUnsent(failed);
      checkout.reject(failed);
    }
  }

  /**
   * A pool without `connectionTimeoutMillis` waits forever for a server that accepts a connection
   * and does not answer. Such connections could fill the pool, so this method destroys them.
   */
  #destroyStuckConnections(): void {
    const pool = this.#pool;
    if (pool.idleCount > 0 || pool.totalCount < this.#max) return;
    const now = performance.now();
    for (const { client, socket } of connectingClients(pool)) {
      const since = this.#connectingSince.get(client) ?? now;
      this.#connectingSince.set(client, since);
      if (now - since > this.#connectMs) socket.destroy();
    }
  }
}

const atDeadline = (deadline: Deadline, action: () => void): NodeJS.Timeout | undefined =>
  deadline < Infinity ? setTimeout(action, Math.max(deadline - performance.now(), 0)) : undefined;
