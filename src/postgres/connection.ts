// Runs statements on the clients of a pool, each until a deadline that includes the checkout.
import { createHash } from 'node:crypto';
import type { Pool, PoolClient } from 'pg';
import { clock } from '../clock.js';
import { hasSqlState, type SessionStoreError } from '../errors.js';
import { FEATURE_NOT_SUPPORTED, UNDEFINED_FUNCTION, UNKNOWN_STATEMENT_NAME } from '../sql-states.js';
import { textsOf } from './binary-array.js';
import { Checkout, ClientQueue } from './client-queue.js';
import type { Deadline } from './deadline.js';
import { cancel, socketOf } from './pg-internals.js';
import { canPrepare, PreparedStatement } from './prepared-statement.js';
import { queryableOf, RESULT_TYPES } from './result-types.js';
import { pauseBeforeRetry, type Retry } from './retry.js';

/** The method that pools and clients share: `pg.Pool`, `pg.Client`, `pg.PoolClient`. */
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
 * Called with the error of a statement. Resolves with whether it has repaired the cause, so that
 * the statement can be sent again. May throw a better error.
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

export interface StatementOptions {
  deadline: Deadline;
  /** Default: it is sent once. */
  retry?: Retry | undefined;
  repair?: Repair | undefined;
  /** Default: it is cancelled at the deadline. */
  cancel?: CancelOptions | undefined;
  /** Gets the client of a statement that succeeded. */
  warmClients?: WeakSet<object> | undefined;
}

/** When a statement is cancelled, because it waits for a lock. */
export interface CancelOptions {
  afterMs: number;
  /** What a client runs before, if it is not in `warmClients`. Its time does not count. */
  warmUp: { text: string; values: unknown[] };
}

export class PoolConnection {
  readonly #clients: ClientQueue;
  readonly #names = new Map<string, string>();
  #prepare: boolean;

  constructor(pool: Pool, { prepare = false, connectMs = Infinity }: ConnectionOptions = {}) {
    this.#clients = new ClientQueue(pool, connectMs);
    this.#prepare = prepare;
  }

  query(text: string, values: unknown[], options: StatementOptions): Promise<QueryResult> {
    return new Promise((resolve, reject) => {
      new Statement(this, this.#clients, text, values, options, resolve, reject).send();
    });
  }

  /** A connection for generated queries: each of them runs with these options. */
  until(deadline: Deadline, repair?: Repair): Queryable {
    return { query: (text, values) => this.query(text, values, { deadline, repair }) };
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
        await client.query('ROLLBACK').catch(() => void client.end().catch(() => {})); // so that the pool drops it
        throw error;
      }
    });
  }

  /**
   * Runs `work` with a client, and returns the client to the pool. `pool.query()` would close the
   * connection after any SQL error.
   */
  withClient<T>(deadline: Deadline, work: (client: PoolClient) => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#clients.take(new ClientWork(this.#clients, deadline, work, resolve, reject));
    });
  }

  /**
   * The name under which clients prepare the statement: the same in each process, within
   * PostgreSQL's 63 bytes. Undefined without prepared statements.
   */
  nameOf(text: string): string | undefined {
    if (!this.#prepare) return undefined;
    let name = this.#names.get(text);
    if (name === undefined) {
      name = `ss_${createHash('sha256').update(text).digest('base64url').slice(0, 22)}`;
      this.#names.set(text, name);
    }
    return name;
  }

  /** Called when a pooler does not know a name. */
  stopPreparing(): void {
    this.#prepare = false;
  }
}

/** A statement with all its attempts. It uses callbacks: each promise costs a lone call CPU. */
class Statement extends Checkout {
  /** An error after which the client must not be used again, although it answered. */
  #failure: Error | undefined;
  #attempts = 0;
  #isRepaired = false;
  #cancelTimer: NodeJS.Timeout | undefined;
  readonly #startedAt = clock();

  constructor(
    readonly connection: PoolConnection,
    queue: ClientQueue,
    readonly text: string,
    readonly values: unknown[],
    readonly options: StatementOptions,
    readonly resolve: (result: QueryResult) => void,
    readonly reject: (error: unknown) => void,
  ) {
    super(queue, options.deadline);
    options.retry?.readOnly?.check();
  }

  send(): void {
    this.#attempts++;
    this.queue.take(this);
  }

  protected use(client: PoolClient): void {
    this.#failure = undefined;
    const name = this.connection.nameOf(this.text);
    const { cancel: limit, warmClients } = this.options;
    if (!limit) {
      this.#submit(name);
      return;
    }
    const submitLimited = () => {
      this.#cancelTimer = setTimeout(() => this.#cancel(), limit.afterMs);
      this.#submit(name);
    };
    if (!warmClients || warmClients.has(client)) {
      submitLimited();
      return;
    }
    const { text, values } = limit.warmUp;
    void client.query({ text, values }, (error) => (error ? this.fail(this.releaseFailed(error)) : submitLimited()));
  }

  /** The request, or that of Citus to a worker, may come late and cancel the next statement. */
  #cancel(): void {
    this.#failure = CANCELLED;
    cancel(this.client!);
  }

  #submit(name: string | undefined): void {
    const { text, client } = this;
    const values = socketOf(client!) ? this.values : this.values.map(textsOf);
    const answered = (error: Error | undefined, result: QueryResult): void => {
      if (this.#cancelTimer) clearTimeout(this.#cancelTimer);
      if (!error) this.#succeed(result);
      else if (name !== undefined && this.#canSubmitUnnamed(error)) this.#submit(undefined);
      else this.fail(this.releaseFailed(error, this.#failure));
    };
    if (name !== undefined && canPrepare(client!, values))
      client!.query(new PreparedStatement(name, text, values, answered));
    else void client!.query({ ...(name !== undefined && { name }), text, values, types: RESULT_TYPES }, answered);
  }

  #canSubmitUnnamed(error: Error): boolean {
    if (hasSqlState(error, ...UNKNOWN_STATEMENT_NAME)) {
      this.connection.stopPreparing();
      return true;
    }
    // "cached plan must not change result type", or an operator that the new type of a column does
    // not have: the table was altered.
    if (!hasSqlState(error, FEATURE_NOT_SUPPORTED, UNDEFINED_FUNCTION)) return false;
    this.#failure = error;
    return true;
  }

  #succeed(result: QueryResult): void {
    this.options.warmClients?.add(this.client!);
    this.release(this.#failure);
    this.options.retry?.readOnly?.succeeded();
    this.resolve(result);
  }

  fail(error: SessionStoreError): void {
    this.#beforeRetry(error).then(() => this.send(), this.reject);
  }

  /** Resolves when another attempt may help. Throws the error for the caller if none can. */
  async #beforeRetry(error: SessionStoreError): Promise<void> {
    const { deadline, retry, repair } = this.options;
    if (repair && !this.#isRepaired) {
      this.#isRepaired = await repair(error, deadline);
      if (this.#isRepaired) return;
    }
    if (!retry) throw error;
    retry.readOnly?.failed(error, this.#attempts);
    await pauseBeforeRetry(error, retry, { attempts: this.#attempts, startedAt: this.#startedAt, deadline });
    retry.onRetry?.();
  }
}

const CANCELLED = new Error('the statement was cancelled');

class ClientWork<T> extends Checkout {
  constructor(
    queue: ClientQueue,
    deadline: Deadline,
    readonly work: (client: PoolClient) => Promise<T>,
    readonly resolve: (result: T) => void,
    readonly fail: (error: SessionStoreError) => void,
  ) {
    super(queue, deadline);
  }

  protected use(client: PoolClient): void {
    void this.work(client).then(
      (result) => {
        this.release();
        this.resolve(result);
      },
      (error) => this.fail(this.releaseFailed(error)),
    );
  }
}
