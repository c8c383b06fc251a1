// Sends statements to the session table, and creates and checks it at first use.
import type { IDatabaseConnection, PreparedQuery } from '@pgtyped/runtime';
import type { Pool } from 'pg';
import { hasSqlState } from '../errors.js';
import type { PoolConnection, QueryResult } from '../postgres/connection.js';
import type { Deadline } from '../postgres/deadline.js';
import { ReadOnlyState } from '../postgres/read-only.js';
import { type Retry, type RunPause, retry } from '../postgres/retry.js';
import { FEATURE_NOT_SUPPORTED, UNDEFINED_TABLE, UNFIT_SID } from '../sql-states.js';
import { Distribution, withChecks } from './distribution.js';
import type { TableEnsurer } from './ensure-table.js';
import type { Bound } from './kind.js';
import { type TableNames, type TableQuery, tableBinder, tableQuery, withRows } from './names.js';
import { isUsualSid } from './sid-type.js';

export interface SessionTableOptions {
  pool: Pool;
  /** To the pool. */
  connection: PoolConnection;
  names: TableNames;
  /** Creates the table if it is missing. Undefined if the store must not. */
  tableEnsurer: TableEnsurer | undefined;
  /** Fails if the store does not support the table's sid column. */
  checkSid: (deadline: Deadline) => Promise<void>;
  /** Whether a set or a replacement does not wait for the disk. */
  relaxed: boolean;
}

/** What a worker of a distributed table demands of a statement. */
interface Limits {
  /** Default: it is cancelled at the deadline. */
  cancel?: { afterMs: number; warmUp: Bound } | undefined;
  warmClients?: WeakSet<object>;
  /** Runs each pause before it is sent again. */
  runPause?: RunPause;
}

const NO_LIMITS: Limits = {};

export class SessionTable {
  /** Statements that served several calls, and statements that were sent again. */
  readonly count = { batches: 0, retries: 0 };
  readonly readOnly = new ReadOnlyState();
  readonly read: Retry = { idempotent: true, onRetry: () => void this.count.retries++ };
  readonly write: Retry = { ...this.read, readOnly: this.readOnly };
  readonly distribution: Distribution;
  readonly #connection: PoolConnection;
  readonly #names: TableNames;
  readonly #tableEnsurer: TableEnsurer | undefined;
  readonly #checkSid: (deadline: Deadline) => Promise<void>;
  readonly #bind: ReturnType<typeof tableBinder>;
  readonly #queries = new Map<PreparedQuery<any, any>, TableQuery<any>>();
  #isSidChecked = false;

  constructor({ pool, connection, names, tableEnsurer, checkSid, relaxed }: SessionTableOptions) {
    this.#connection = connection;
    this.#names = names;
    this.#tableEnsurer = tableEnsurer;
    this.#checkSid = checkSid;
    this.#bind = tableBinder(names);
    this.distribution = new Distribution({ names, pool, relaxed, run: (send, deadline) => this.run(send, deadline) });
  }

  /** A connection whose statements are sent once, each until the deadline. */
  connect(deadline: Deadline): IDatabaseConnection {
    return this.#bind(this.#connection.until(deadline, this.repair));
  }

  /** Runs a statement until the deadline, and retries it. For one that writes, pass `write`. */
  async run<T>(
    send: (db: IDatabaseConnection) => Promise<T>,
    deadline: Deadline,
    retry: Retry = this.read,
  ): Promise<T> {
    if (!this.#isReady) await this.#ensureTable(deadline); // else no pause: calls of one tick keep their order
    const query = async (text: string, values: unknown[]): Promise<QueryResult> => {
      const result = await this.#connection.query(text, values, { deadline, retry, repair: this.repair });
      if (!this.#isSidChecked) await this.#check(result, deadline);
      return result;
    };
    return send(this.#bind({ query }));
  }

  /** Like `run`, for the statements of requests, which are sent most often. */
  send(statement: Bound, deadline: Deadline, retry: Retry, limits = NO_LIMITS): Promise<QueryResult> {
    const { text, values } = this.#textOf(statement);
    if (!this.isKnown) return this.#sendFirst(text, values, deadline, retry);
    const { cancel, warmClients, runPause } = limits;
    return this.#connection.query(text, values, {
      deadline,
      retry: runPause ? { ...retry, runPause } : retry,
      repair: this.repair,
      cancel: cancel && { afterMs: cancel.afterMs, warmUp: this.#textOf(cancel.warmUp) },
      warmClients,
    });
  }

  /** Whether the table exists and has been checked, as far as is known. */
  get isKnown(): boolean {
    return this.#isSidChecked && this.distribution.isKnown && this.#isReady;
  }

  get #isReady(): boolean {
    return this.#tableEnsurer?.isReady ?? true;
  }

  /** Whether Citus distributes the table. */
  async isDistributed(deadline: Deadline): Promise<boolean> {
    if (!this.distribution.isKnown) await this.distribution.learn(deadline);
    return this.distribution.isDistributed;
  }

  /** Whether Citus refused the checks of a first write. If so, it learns the distribution. */
  async isRefusedByCitus(error: unknown, deadline: Deadline): Promise<boolean> {
    return hasSqlState(error, FEATURE_NOT_SUPPORTED) && this.isDistributed(deadline);
  }

  /** Creates a missing table, if the store may. Explains an error that the type of sid causes. */
  readonly repair = async (error: unknown, deadline: Deadline): Promise<boolean> => {
    if (hasSqlState(error, ...UNFIT_SID)) await this.#checkSid(deadline);
    if (!this.#tableEnsurer || !hasSqlState(error, UNDEFINED_TABLE)) return false;
    await this.#tableEnsurer.runAgain(deadline);
    return true;
  };

  async #sendFirst(text: string, values: unknown[], deadline: Deadline, retry: Retry): Promise<QueryResult> {
    if (!this.#isReady) await this.#ensureTable(deadline);
    const sent = this.distribution.isDistributed ? text : withChecks(text);
    const result = await this.#connection.query(sent, values, { deadline, retry, repair: this.repair });
    await this.#check(result, deadline);
    return result;
  }

  async #ensureTable(deadline: Deadline): Promise<void> {
    await retry(async () => this.#tableEnsurer?.run(deadline), deadline, this.read);
  }

  /**
   * Checks the type of sid in the server's description of the first results, and whether the server
   * has Citus. This costs no statement. PostgreSQL would accept some types, and then find another
   * session or none.
   */
  async #check(result: QueryResult, deadline: Deadline): Promise<void> {
    const isUsual = isUsualSid(result);
    if (isUsual === false) await this.#checkSid(deadline);
    if (isUsual !== undefined) this.#isSidChecked = true;
    const { citus } = (result.rows[0] ?? {}) as { citus?: string | null };
    if (citus === null) this.distribution.isKnown = true;
    else if (citus !== undefined) await this.distribution.learn(deadline);
  }

  #textOf({ query, params }: Bound): { text: string; values: unknown[] } {
    let known = this.#queries.get(query);
    if (!known) {
      known = tableQuery(query, this.#names);
      this.#queries.set(query, known);
    }
    const { text, order } = known;
    if (!Array.isArray(params)) return { text, values: valuesOf(params, order) };
    return {
      text: withRows(text, order.length, params.length),
      values: params.flatMap((row) => valuesOf(row, order)),
    };
  }
}

const valuesOf = (params: any, order: PropertyKey[]): unknown[] => order.map((name) => params[name]);
