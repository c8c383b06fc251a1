// The rows of sessions: one call a session. Calls of the same kind share a statement.
import type { IDatabaseConnection, PreparedQuery } from '@pgtyped/runtime';
import { hasSqlState, refused } from '../errors.js';
import * as queries from '../generated/session.js';
import { binaryArray } from '../postgres/binary-array.js';
import type { PoolConnection, QueryResult } from '../postgres/connection.js';
import type { Deadline } from '../postgres/deadline.js';
import { ReadOnlyState } from '../postgres/read-only.js';
import { type Retry, retry } from '../postgres/retry.js';
import { FEATURE_NOT_SUPPORTED, UNDEFINED_TABLE, UNFIT_SID } from '../sql-states.js';
import { Batcher } from './batcher.js';
import { Distribution, withChecks } from './distribution.js';
import type { TableEnsurer } from './ensure-table.js';
import { LOCK_TIMEOUT, type LockWaits, SHORT_LOCK_TIMEOUT, untilUnlocked } from './lock-waits.js';
import { type TableNames, type TableQuery, tableBinder, tableQuery } from './names.js';
import { isUsualSid } from './sid-type.js';

/** A live row. A class, for the reason given at `QueuedCall`. */
export class LiveRow {
  constructor(
    readonly sess: string,
    readonly secondsLeft: number,
  ) {}
}

export interface TouchItem {
  sid: string;
  /** Seconds to live. */
  ttl: number;
  /** Whether the row may expire earlier than before. */
  mayShorten: boolean;
}

export interface SetItem {
  sid: string;
  payload: string;
  /** Seconds to live. */
  ttl: number;
}

export interface ReplaceItem extends SetItem, TouchItem {
  /** The payload that the row must still hold. */
  loaded: string;
}

export interface SessionRowsOptions {
  connection: PoolConnection;
  /** Those of the pool. */
  lockWaits: LockWaits;
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

/** A generated query with its parameters. */
interface Bound {
  query: PreparedQuery<any, any>;
  params: unknown;
}

const bound = <Params>(query: PreparedQuery<Params, any>, params: Params): Bound => ({ query, params });

/** A kind of call, with its statement for one session and that for a batch. */
interface Kind<Item, Result> {
  /**
   * @param lockTimeout in milliseconds. Undefined, for one item only, if it may wait for its row
   * @param mayRelax whether the statement can turn `synchronous_commit` off
   */
  statement(items: Item[], lockTimeout: number | undefined, mayRelax: boolean): Bound;
  /** The result of each item, from the rows of the statement. */
  results(items: Item[], rows: any[]): Result[];
  /** Whether it writes, and so waits for rows that others have locked. Default: true. */
  writes?: boolean;
  /** About how many bytes an item adds. Default: 100. */
  bytes?: (item: Item) => number;
  /** Default: true. */
  idempotent?: boolean;
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
  readonly readOnly = new ReadOnlyState();
  readonly #read: Retry = { idempotent: true, onRetry: this.#onRetry };
  /** For `run()`, if the statement writes. */
  readonly write: Retry = { ...this.#read, readOnly: this.readOnly };

  constructor(options: SessionRowsOptions) {
    const { names, relaxed } = options;
    this.#options = options;
    this.#bind = tableBinder(names);
    this.#distribution = new Distribution(names, (send, deadline) => this.run(send, deadline), relaxed);
    this.get = this.#caller(getKind());
    this.set = this.#caller(setKind(relaxed));
    this.replace = this.#caller(replaceKind(relaxed));
    this.touch = this.#caller(TOUCH);
    this.destroyQuietly = this.#caller(DESTROY);
    this.destroy =
      options.channel === undefined ? this.destroyQuietly : this.#caller(destroyAndNotify(options.channel));
  }

  /** Runs a statement of the table until the deadline, retried if that can help. */
  async run<T>(send: (db: IDatabaseConnection) => Promise<T>, deadline: Deadline, options = this.#read): Promise<T> {
    const { tableEnsurer } = this.#options;
    if (tableEnsurer && !tableEnsurer.isReady) await this.#ensureTable(tableEnsurer, deadline);
    const query = async (text: string, values: unknown[]): Promise<QueryResult> => {
      const result = await this.#query(text, values, deadline, options);
      if (!this.#isSidChecked) await this.#check(result, deadline);
      return result;
    };
    return send(this.#bind({ query }));
  }

  /** Like `run`, for the statements of requests, which are sent most often. */
  #send<Item, Result>(
    kind: Kind<Item, Result>,
    items: Item[],
    lockTimeout: number | undefined,
    deadline: Deadline,
    options: Retry,
  ): Promise<Result[]> {
    const { tableEnsurer } = this.#options;
    const isTableKnown = this.#isSidChecked && this.#distribution.isKnown && (!tableEnsurer || tableEnsurer.isReady);
    if (!isTableKnown) return this.#sendFirst(kind, items, lockTimeout, deadline, options);
    const { query, params } = kind.statement(items, lockTimeout, !this.#distribution.isDistributed);
    const { text, order } = this.#tableQuery(query);
    return this.#query(text, valuesOf(params, order), deadline, options).then(({ rows }) => kind.results(items, rows));
  }

  /** Like `#send`, and also creates or checks the table. */
  async #sendFirst<Item, Result>(
    kind: Kind<Item, Result>,
    items: Item[],
    lockTimeout: number | undefined,
    deadline: Deadline,
    options: Retry,
  ): Promise<Result[]> {
    const { tableEnsurer } = this.#options;
    if (tableEnsurer && !tableEnsurer.isReady) await this.#ensureTable(tableEnsurer, deadline);
    const { isDistributed } = this.#distribution;
    const { query, params } = kind.statement(items, lockTimeout, !isDistributed);
    const { text, order } = this.#tableQuery(query);
    const sent = isDistributed ? text : withChecks(text);
    try {
      const result = await this.#query(sent, valuesOf(params, order), deadline, options);
      await this.#check(result, deadline);
      return kind.results(items, result.rows);
    } catch (error) {
      if (isDistributed || !hasSqlState(error, FEATURE_NOT_SUPPORTED)) throw error;
      if (!this.#distribution.isKnown) await this.#distribution.learn(deadline);
      if (!this.#distribution.isDistributed) throw error;
      return this.#send(kind, items, lockTimeout, deadline, options); // Citus refuses the checks of a write
    }
  }

  #tableQuery(query: PreparedQuery<any, any>): TableQuery<any> {
    const known = this.#queries.get(query);
    if (known) return known;
    const made = tableQuery(query, this.#options.names);
    this.#queries.set(query, made);
    return made;
  }

  #query(text: string, values: unknown[], deadline: Deadline, retry: Retry): Promise<QueryResult> {
    return this.#options.connection.query(text, values, { deadline, retry, repair: this.repair });
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
    const { batch, lockWaits } = this.#options;
    const retryLone: Retry = writes ? { ...this.write, idempotent } : this.#read;
    const retryBatch: Retry = { ...retryLone, rolledBack: false }; // its parts are sent instead
    const sendMany = (items: Item[], deadline: Deadline, lockTimeout: number) => {
      if (items.length > 1) this.count.batches++;
      return this.#send(kind, items, lockTimeout, deadline, retryBatch);
    };
    const sendLone = (items: Item[], deadline: Deadline, lockTimeout: number | undefined) =>
      this.#send(kind, items, lockTimeout, deadline, retryLone);
    const sendOne = async (items: Item[], deadline: Deadline, isLocked: boolean): Promise<Result[]> => {
      if (!lockWaits.tryEnter()) {
        return untilUnlocked(lockWaits, isLocked, (lockTimeout) => sendLone(items, deadline, lockTimeout));
      }
      try {
        return await sendLone(items, deadline, undefined);
      } finally {
        lockWaits.leave();
      }
    };
    const sendAlone = (items: Item[], deadline: Deadline, isLocked: boolean) =>
      writes ? sendOne(items, deadline, isLocked) : sendLone(items, deadline, undefined);
    const callAlone = async (item: Item, deadline: Deadline) => (await sendAlone([item], deadline, false))[0]!;
    const batcher = new Batcher<Item, Result>({
      send(items, deadline, stage) {
        if (items.length === 1 && stage !== 'part') return sendAlone(items, deadline, stage === 'alone');
        const isShort = stage === 'part' || lockWaits.waiting > 0;
        return sendMany(items, deadline, isShort ? SHORT_LOCK_TIMEOUT : LOCK_TIMEOUT);
      },
      sidOf: (item) => (typeof item === 'string' ? item : item.sid),
      bytes,
      runPart: (work) => lockWaits.run(work, { isPart: true }),
    });
    const distribution = this.#distribution;
    return (item, deadline) => {
      if (distribution.isStale) void distribution.learn(deadline).catch(ignore); // a later call tries again
      return batch && !distribution.isDistributed ? batcher.call(item, deadline) : callAlone(item, deadline);
    };
  }
}

const valuesOf = (params: any, order: PropertyKey[]): unknown[] => order.map((name) => params[name]);

const ignore = () => {};

function getKind(): Kind<string, LiveRow | undefined> {
  let bytesOfRow = 1000; // the mean of the last batch
  return {
    writes: false,
    bytes: () => bytesOfRow,
    statement: (sids) =>
      sids.length === 1
        ? bound(queries.getSession, { sid: sids[0]! })
        : bound(queries.getSessions, { sids: padded(sids) }),
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

const column = <Item, Key extends keyof Item>(items: Item[], key: Key): Item[Key][] => items.map((item) => item[key]);

const noResults = () => [];

const setKind = (relaxed: boolean): Kind<SetItem, unknown> => ({
  bytes: ({ payload }) => payload.length,
  results: noResults,
  statement: (items, lockTimeout, mayRelax) =>
    lockTimeout === undefined
      ? bound(relaxed && mayRelax ? queries.setSessionRelaxed : queries.setSession, items[0]!)
      : bound(queries.setSessions, {
          sids: column(items, 'sid'),
          payloads: binaryArray('json', column(items, 'payload')),
          ttls: column(items, 'ttl'),
          lockTimeout: `${lockTimeout}ms`,
          relaxed,
        }),
});

const replaceKind = (relaxed: boolean): Kind<ReplaceItem, boolean> => ({
  idempotent: false,
  bytes: ({ payload, loaded }) => payload.length + loaded.length,
  results: areAmong,
  statement: (items, lockTimeout, mayRelax) =>
    lockTimeout === undefined
      ? bound(relaxed && mayRelax ? queries.replaceSessionRelaxed : queries.replaceSession, items[0]!)
      : bound(queries.replaceSessions, {
          sids: column(items, 'sid'),
          loaded: binaryArray('text', column(items, 'loaded')),
          payloads: binaryArray('json', column(items, 'payload')),
          ttls: column(items, 'ttl'),
          mayShorten: column(items, 'mayShorten'),
          lockTimeout: `${lockTimeout}ms`,
          relaxed,
        }),
});

const TOUCH: Kind<TouchItem, boolean> = {
  results: areAmong,
  statement(items, lockTimeout, mayRelax) {
    if (lockTimeout === undefined)
      return bound(mayRelax ? queries.touchSessionRelaxed : queries.touchSession, items[0]!);
    return bound(queries.touchSessions, {
      sids: column(items, 'sid'),
      ttls: column(items, 'ttl'),
      mayShorten: column(items, 'mayShorten'),
      lockTimeout: `${lockTimeout}ms`,
      relaxed: true,
    });
  },
};

const DESTROY: Kind<string, unknown> = {
  results: noResults,
  statement: (sids, lockTimeout) =>
    lockTimeout === undefined
      ? bound(queries.destroySession, { sid: sids[0]! })
      : bound(queries.destroySessions, { sids, lockTimeout: `${lockTimeout}ms` }),
};

const destroyAndNotify = (channel: string): Kind<string, unknown> => ({
  results: noResults,
  statement: (sids, lockTimeout) =>
    bound(queries.destroySessionsAndNotify, {
      sids,
      channel,
      lockTimeout: lockTimeout === undefined ? null : `${lockTimeout}ms`,
    }),
});

function areAmong(items: { sid: string }[], found: { sid: string }[]): boolean[] {
  const sids = new Set(column(found, 'sid'));
  return items.map(({ sid }) => sids.has(sid));
}
