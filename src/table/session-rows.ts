// The rows of sessions: one call a session. Calls of the same kind share a statement.
import type { IDatabaseConnection, PreparedQuery } from '@pgtyped/runtime';
import type { Pool } from 'pg';
import { hasSqlState, refused } from '../errors.js';
import * as queries from '../generated/session.js';
import type { PoolConnection, QueryResult, StatementOptions } from '../postgres/connection.js';
import type { Deadline } from '../postgres/deadline.js';
import { ReadOnlyState } from '../postgres/read-only.js';
import { type Retry, retry } from '../postgres/retry.js';
import { FEATURE_NOT_SUPPORTED, UNDEFINED_TABLE, UNFIT_SID } from '../sql-states.js';
import { Batcher, type Outcome } from './batcher.js';
import { DistributedCalls, type Limits } from './distributed-calls.js';
import { Distribution, type DistributionOptions, withChecks } from './distribution.js';
import type { TableEnsurer } from './ensure-table.js';
import {
  type Bound,
  bound,
  type Kind,
  LiveRow,
  type ReplaceItem,
  type SetItem,
  sidOf,
  type TouchItem,
} from './kind.js';
import { attemptOf, LOCK_TIMEOUT, LockWaits, SHORT_LOCK_TIMEOUT, untilUnlocked } from './lock-waits.js';
import { type TableNames, type TableQuery, tableBinder, tableQuery, withRows } from './names.js';
import { isUsualSid } from './sid-type.js';
import { DESTROY, destroyAndNotify, replaceKind, setKind, TOUCH } from './writes.js';

export interface SessionRowsOptions {
  pool: Pool;
  /** To the pool. */
  connection: PoolConnection;
  names: TableNames;
  /** Creates the table if it is missing. Undefined if the store must not. */
  tableEnsurer: TableEnsurer | undefined;
  /** Fails if the store does not support the table's sid column. */
  checkSid: (deadline: Deadline) => Promise<void>;
  /** Whether calls may share a statement. */
  batch: boolean;
  /** Whether a set or a replacement does not wait for the disk. */
  relaxed: boolean;
  /** The channel that is notified of destroyed sessions. */
  channel: string | undefined;
}

/** One call, for one session. */
type Call<Item, Result> = (item: Item, deadline: Deadline) => Promise<Result>;

interface Sending<Result> {
  statement: Bound;
  resultOf: (rows: any[]) => Result;
  limits?: Limits;
}

/** The calls of requests, by session id. */
export type RowsById = Pick<SessionRows, 'get' | 'set' | 'replace' | 'touch' | 'destroy'>;

export class SessionRows {
  /** Resolves with the live row, if there is one. */
  readonly get: Call<string, LiveRow | undefined>;
  /** Inserts or overwrites the row. */
  readonly set: Call<SetItem, unknown>;
  /**
   * Compare and swap: resolves with whether a live row held the loaded payload. It is not
   * idempotent.
   */
  readonly replace: Call<ReplaceItem, boolean>;
  /** Moves the expiry of a live row: resolves with whether there is one. */
  readonly touch: Call<TouchItem, boolean>;
  /** Deletes the row, and notifies the channel if there is one. */
  readonly destroy: Call<string, unknown>;
  /** Deletes a row without notifying listeners: its session was copied to another id. */
  readonly destroyQuietly: Call<string, unknown>;
  /** Statements that served several calls, and statements that were sent again. */
  readonly count = { batches: 0, retries: 0 };
  readonly #options: SessionRowsOptions;
  readonly #bind: ReturnType<typeof tableBinder>;
  readonly #queries = new Map<PreparedQuery<any, any>, TableQuery<any>>();
  readonly #onRetry = () => void this.count.retries++;
  #isSidChecked = false;
  readonly #distribution: Distribution;
  readonly #touch: Call<TouchItem, boolean>;
  readonly readOnly = new ReadOnlyState();
  readonly #read: Retry = { idempotent: true, onRetry: this.#onRetry };
  /** For `run()`, if the statement writes. */
  readonly write: Retry = { ...this.#read, readOnly: this.readOnly };

  constructor(options: SessionRowsOptions) {
    const { names, pool, relaxed } = options;
    this.#options = options;
    this.#bind = tableBinder(names);
    const run: DistributionOptions['run'] = (send, deadline) => this.run(send, deadline);
    this.#distribution = new Distribution({ names, pool, relaxed, run });
    this.get = this.#caller(getKind());
    this.set = this.#caller(setKind(relaxed));
    this.replace = this.#caller(replaceKind(relaxed));
    this.#touch = this.#caller(TOUCH);
    this.touch = (item, deadline) =>
      this.#distribution.isDistributed ? this.#touchUnlessGone(item, deadline) : this.#touch(item, deadline);
    this.destroyQuietly = this.#caller(DESTROY);
    this.destroy =
      options.channel === undefined ? this.destroyQuietly : this.#caller(destroyAndNotify(options.channel));
  }

  /** Runs a statement of the table until the deadline, retried if that can help. */
  async run<T>(send: (db: IDatabaseConnection) => Promise<T>, deadline: Deadline, options = this.#read): Promise<T> {
    const { tableEnsurer } = this.#options;
    if (tableEnsurer && !tableEnsurer.isReady) await this.#ensureTable(tableEnsurer, deadline);
    const query = async (text: string, values: unknown[]): Promise<QueryResult> => {
      const result = await this.#query(text, values, { deadline, retry: options });
      if (!this.#isSidChecked) await this.#check(result, deadline);
      return result;
    };
    return send(this.#bind({ query }));
  }

  /** Whether Citus distributes the table. */
  async isDistributed(deadline: Deadline): Promise<boolean> {
    if (!this.#distribution.isKnown) await this.#distribution.learn(deadline);
    return this.#distribution.isDistributed;
  }

  get #isTableKnown(): boolean {
    const { tableEnsurer } = this.#options;
    return this.#isSidChecked && this.#distribution.isKnown && (!tableEnsurer || tableEnsurer.isReady);
  }

  /** Like `run`, for the statements of requests, which are sent most often. */
  #send<Result>({ statement, resultOf, limits }: Sending<Result>, deadline: Deadline, retry: Retry): Promise<Result> {
    const { text, values } = this.#textOf(statement);
    if (!this.#isTableKnown) return this.#sendFirst(text, values, resultOf, deadline, retry);
    const { cancel, warmClients, runPause } = limits ?? NO_LIMITS;
    return this.#query(text, values, {
      deadline,
      retry: runPause ? { ...retry, runPause } : retry,
      cancel: cancel && { afterMs: cancel.afterMs, warmUp: this.#textOf(cancel.warmUp) },
      warmClients,
    }).then(({ rows }) => resultOf(rows));
  }

  /** Like `#send`, and also creates or checks the table. */
  async #sendFirst<Result>(
    text: string,
    values: unknown[],
    resultOf: (rows: unknown[]) => Result,
    deadline: Deadline,
    retry: Retry,
  ): Promise<Result> {
    const { tableEnsurer } = this.#options;
    if (tableEnsurer && !tableEnsurer.isReady) await this.#ensureTable(tableEnsurer, deadline);
    const sent = this.#distribution.isDistributed ? text : withChecks(text);
    const result = await this.#query(sent, values, { deadline, retry });
    await this.#check(result, deadline);
    return resultOf(result.rows);
  }

  /** Whether Citus refused the checks of a first write. If so, it has learned how the table is distributed. */
  async #isRefusedByCitus(error: unknown, deadline: Deadline): Promise<boolean> {
    return hasSqlState(error, FEATURE_NOT_SUPPORTED) && this.isDistributed(deadline);
  }

  #textOf({ query, params }: Bound): { text: string; values: unknown[] } {
    const { text, order } = this.#tableQuery(query);
    if (!Array.isArray(params)) return { text, values: valuesOf(params, order) };
    return {
      text: withRows(text, order.length, params.length),
      values: params.flatMap((row) => valuesOf(row, order)),
    };
  }

  #tableQuery(query: PreparedQuery<any, any>): TableQuery<any> {
    const known = this.#queries.get(query);
    if (known) return known;
    const made = tableQuery(query, this.#options.names);
    this.#queries.set(query, made);
    return made;
  }

  /** Names each option: V8 takes a tenth of a lone get's CPU to copy `options` and read the copy. */
  #query(text: string, values: unknown[], options: StatementOptions): Promise<QueryResult> {
    const { deadline, retry, cancel, warmClients } = options;
    const { repair } = this;
    return this.#options.connection.query(text, values, { deadline, retry, repair, cancel, warmClients });
  }

  async #ensureTable(tableEnsurer: TableEnsurer, deadline: Deadline): Promise<void> {
    await retry(() => tableEnsurer.run(deadline), deadline, this.#read);
  }

  /** Deletes all rows, and notifies the channel if there is one. */
  async clear(deadline: Deadline): Promise<void> {
    const { channel } = this.#options;
    const clear = (db: IDatabaseConnection): Promise<unknown> =>
      channel === undefined
        ? queries.clearSessions.run(undefined, db)
        : queries.clearSessionsAndNotify.run({ channel }, db);
    await this.run(clear, deadline, this.write);
  }

  /** Creates a missing table, if the store may. Explains an error that the type of sid causes. */
  readonly repair = async (error: unknown, deadline: Deadline): Promise<boolean> => {
    const { tableEnsurer, checkSid } = this.#options;
    if (hasSqlState(error, ...UNFIT_SID)) await checkSid(deadline);
    if (!tableEnsurer || !hasSqlState(error, UNDEFINED_TABLE)) return false;
    await tableEnsurer.runAgain(deadline);
    return true;
  };

  /**
   * Checks the type of sid in the server's description of the first results, and whether the server has
   * Citus. This costs no statement. PostgreSQL would accept some types, and then find another session or
   * none.
   */
  async #check(result: QueryResult, deadline: Deadline): Promise<void> {
    const isUsual = isUsualSid(result);
    if (isUsual === false) await this.#options.checkSid(deadline);
    if (isUsual !== undefined) this.#isSidChecked = true;
    const { citus } = (result.rows[0] ?? {}) as { citus?: string | null };
    if (citus === null) this.#distribution.isKnown = true;
    else if (citus !== undefined) await this.#distribution.learn(deadline);
  }

  #caller<Item extends string | { sid: string }, Result>(kind: Kind<Item, Result>): Call<Item, Result> {
    const { writes = true, bytes = () => 100, idempotent = true } = kind;
    const { pool, batch } = this.#options;
    const distribution = this.#distribution;
    const lockWaits = LockWaits.of(pool);
    const retryLone: Retry = writes ? { ...this.write, idempotent } : this.#read;
    const retryBatch: Retry = { ...retryLone, rolledBack: false }; // its parts are sent instead
    const distributed = new DistributedCalls<Item, Result>({
      kind,
      distribution,
      batch,
      send: (statement, as, deadline, limits) => {
        if (as === 'batch') this.count.batches++;
        const retry = as === 'lone' ? retryLone : retryBatch;
        return this.#send({ statement, resultOf: (rows) => rows, limits }, deadline, retry);
      },
    });
    const send = (items: Item[], statement: Bound, deadline: Deadline, retry: Retry): Promise<Outcome<Result>[]> => {
      if (distribution.isDistributed) return distributed.sendEach(items, deadline); // it was not, a moment ago
      const isFirst = !this.#isTableKnown;
      const resultOf = (rows: unknown[]) => kind.results(items, rows);
      const sent = this.#send({ statement, resultOf }, deadline, retry);
      if (!isFirst) return sent;
      return sent.catch(async (error) => {
        if (await this.#isRefusedByCitus(error, deadline)) return distributed.sendEach(items, deadline);
        throw error;
      });
    };
    const sendMany = (items: Item[], deadline: Deadline, lockTimeout: number) => {
      if (items.length > 1) this.count.batches++;
      return send(items, kind.many(items, lockTimeout), deadline, retryBatch);
    };
    const sendLone = (items: Item[], deadline: Deadline, lockTimeout?: number) => {
      const statement = lockTimeout === undefined ? kind.one(items[0]!, true) : kind.many(items, lockTimeout);
      return send(items, statement, deadline, retryLone);
    };
    const sendOne = async (items: Item[], deadline: Deadline, isLocked: boolean): Promise<Outcome<Result>[]> => {
      if (!lockWaits.tryEnter()) {
        const attempt = attemptOf((lockTimeout) => sendLone(items, deadline, lockTimeout));
        return untilUnlocked(lockWaits, isLocked, attempt);
      }
      try {
        return await sendLone(items, deadline);
      } finally {
        lockWaits.leave();
      }
    };
    const sendAlone = (items: Item[], deadline: Deadline, isLocked: boolean) =>
      writes ? sendOne(items, deadline, isLocked) : sendLone(items, deadline);
    const callAlone = async (item: Item, deadline: Deadline) => (await sendAlone([item], deadline, false))[0]!;
    const batcher = new Batcher<Item, Result>({
      send(items, deadline, stage) {
        if (items.length === 1 && stage !== 'part') return sendAlone(items, deadline, stage === 'alone');
        const isShort = stage === 'part' || lockWaits.waiting > 0;
        return sendMany(items, deadline, isShort ? SHORT_LOCK_TIMEOUT : LOCK_TIMEOUT);
      },
      sidOf,
      bytes,
      runPart: (work) => lockWaits.run(work, { isPart: true }),
    });
    return (item, deadline) => {
      if (distribution.isStale) void distribution.learn(deadline).catch(ignore); // a later call tries again
      if (distribution.isDistributed) return distributed.call(item, deadline);
      return batch ? batcher.call(item, deadline) : callAlone(item, deadline);
    };
  }

  /** Touches a distributed table, and reads the row before it says that it is gone. */
  async #touchUnlessGone(item: TouchItem, deadline: Deadline): Promise<boolean> {
    // While Citus moves a shard, a statement may not see its rows.
    for (let touches = 0; touches < MAX_TOUCHES; touches++) {
      if (await this.#touch(item, deadline)) return true;
      if (!(await this.get(item.sid, deadline))) return false;
    }
    return false; // it is about to expire, and the servers' clocks differ
  }
}

const MAX_TOUCHES = 3;

const NO_LIMITS: Limits = {};

const valuesOf = (params: any, order: PropertyKey[]): unknown[] => order.map((name) => params[name]);

const ignore = () => {};

function getKind(): Kind<string, LiveRow | undefined> {
  let bytesOfRow = 1000; // the mean of the last batch
  const many = (sids: string[]) => bound(queries.getSessions, { sids: padded(sids) });
  return {
    writes: false,
    bytes: () => bytesOfRow,
    one: (sid) => bound(queries.getSession, { sid }),
    many,
    ofShard: many,
    results(sids, rows: queries.GetSessionsResult[]) {
      const bySid = new Map<string, LiveRow>();
      let bytes = 0;
      for (const { sid, sess, secondsLeft } of rows) {
        bySid.set(sid, new LiveRow(sess ?? '', secondsLeft ?? 0)); // null only in a table that allows it
        bytes += sess?.length ?? 0;
      }
      if (rows.length > 0) bytesOfRow = bytes / rows.length;
      const live = sids.map((sid) => bySid.get(sid));
      // Two calls may ask for one id, so more live rows than rows are possible, but not fewer.
      if (live.filter((row) => row !== undefined).length < rows.length) throw refused(ANOTHER_ID);
      return live;
    },
  };
}

const ANOTHER_ID =
  'PostgreSQL found a session under another id than the one it was asked for. The type or the collation of sid does ' +
  'not hold each id as it is. `npx connect-pg-typed migrate` makes it varchar, and keeps the sessions';

const PLANNER_ARRAY_ESTIMATE = 10;

/**
 * Pads the array to ten ids: PostgreSQL assumes ten elements, and replans for shorter arrays (four
 * ids: 25 % slower).
 */
function padded(sids: string[]): string[] {
  const missing = Math.max(PLANNER_ARRAY_ESTIMATE - sids.length, 0);
  return missing === 0 ? sids : [...sids, ...Array<string>(missing).fill(sids[0]!)];
}
