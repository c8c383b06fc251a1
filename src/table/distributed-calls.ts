// The calls of one kind for a table that Citus distributes: batched by shard, and limited by
// worker.
import { databaseFailed, hasSqlState } from '../errors.js';
import { getSession } from '../generated/session.js';
import { findLocked } from '../generated/shards.js';
import type { Deadline } from '../postgres/deadline.js';
import type { Retry } from '../postgres/retry.js';
import { FEATURE_NOT_SUPPORTED, LOCK_NOT_AVAILABLE, QUERY_CANCELED } from '../sql-states.js';
import { Batcher, type Outcome } from './batcher.js';
import { type Bound, bound, type Kind, type LockedRow, sidOf } from './kind.js';
import { SHORT_LOCK_TIMEOUT, untilUnlocked } from './lock-waits.js';
import type { SessionTable } from './session-table.js';
import type { Shard, Shards } from './shards.js';
import type { Worker } from './worker.js';

export interface DistributedOptions {
  /** Whether calls may share a statement. */
  batch: boolean;
  /** For a statement for one call. */
  retryLone: Retry;
  /** For a batch, and for a part of one that failed. */
  retryBatch: Retry;
}

const MAX_WRITES = 64; // in a statement: its rows are locked together

export class DistributedCalls<Item extends string | { sid: string }, Result> {
  readonly #kind: Kind<Item, Result>;
  readonly #table: SessionTable;
  readonly #options: DistributedOptions;
  /** One for each shard: a statement for several of them waits for one after another. */
  #batchers = new Map<Shard, Batcher<Item, Result>>();
  #shards: Shards | undefined;

  constructor(kind: Kind<Item, Result>, table: SessionTable, options: DistributedOptions) {
    this.#kind = kind;
    this.#table = table;
    this.#options = options;
  }

  async call(item: Item, deadline: Deadline): Promise<Result> {
    const { shards } = this.#table.distribution;
    const shard = shards?.of(sidOf(item));
    if (!this.#options.batch || !this.#kind.ofShard || !shard) return this.#sendOne(item, deadline, shard?.worker);
    if (shards !== this.#shards) {
      this.#shards = shards;
      this.#batchers = new Map(); // the old ones send what they hold
    }
    let batcher = this.#batchers.get(shard);
    if (!batcher) {
      batcher = this.#batcher(shard.worker);
      this.#batchers.set(shard, batcher);
    }
    return batcher.call(item, deadline);
  }

  /** For a batch that was formed before the store knew that the table is distributed. */
  async sendEach(items: Item[], deadline: Deadline): Promise<Outcome<Result>[]> {
    return items.map((item) => this.call(item, deadline));
  }

  #batcher(worker: Worker): Batcher<Item, Result> {
    const { bytes, reads } = this.#kind;
    let metLock = false; // whether the last batch that failed had waited for a lock
    return new Batcher<Item, Result>({
      send: async (items, deadline, stage) => {
        if (items.length > 1) {
          return this.#sendMany(items, deadline, worker).catch((error) => {
            metLock = hasSqlState(error, LOCK_NOT_AVAILABLE);
            throw error;
          });
        }
        const item = items[0]!;
        if (stage !== 'part') return [await this.#sendOne(item, deadline, worker, stage === 'alone')];
        const { retryBatch } = this.#options;
        if (reads) return [await this.#sendLone(item, deadline, worker, retryBatch)];
        const sent = await this.#attempt(item, deadline, worker, metLock, retryBatch);
        if (!sent) throw databaseFailed(LOCKED);
        return [sent.result];
      },
      sidOf,
      bytes,
      runPart: (work) => worker.lockWaits.run(work, { isPart: true }),
      whenFree: (start) => worker.whenFree(start),
      ...(!reads && { maxItems: MAX_WRITES, parts: MAX_WRITES }),
    });
  }

  /** Items with a locked row are sent alone. */
  async #sendMany(items: Item[], deadline: Deadline, worker: Worker): Promise<Outcome<Result>[]> {
    const kind = this.#kind;
    const limited = kind.reads || kind.skipsLocked ? undefined : items[0];
    try {
      const rows = await this.#run(kind.ofShard!(items), this.#options.retryBatch, deadline, worker, limited);
      this.#table.count.batches++;
      const results = kind.results(items, rows);
      const locked = new Set(kind.skipsLocked ? lockedIn(rows) : []);
      if (locked.size === 0) return results;
      return items.map((item, n) =>
        locked.has(sidOf(item)) ? this.#sendOne(item, deadline, worker, true) : results[n]!,
      );
    } catch (error) {
      if (hasSqlState(error, FEATURE_NOT_SUPPORTED)) this.#table.distribution.shardMoved(); // it was split
      throw hasSqlState(error, QUERY_CANCELED) ? databaseFailed(LOCKED) : error;
    }
  }

  /**
   * @param worker undefined if it is not known
   * @param isLocked whether the row was locked just now
   */
  async #sendOne(item: Item, deadline: Deadline, worker?: Worker, isLocked = false): Promise<Result> {
    const { retryLone } = this.#options;
    if (!worker || this.#kind.reads) return this.#sendLone(item, deadline, worker);
    if (!worker.tryEnter()) {
      return untilUnlocked(worker.lockWaits, isLocked, (lockTimeout) =>
        this.#attempt(item, deadline, worker, lockTimeout === SHORT_LOCK_TIMEOUT, retryLone),
      );
    }
    try {
      return await this.#sendLone(item, deadline, worker);
    } finally {
      worker.leave();
    }
  }

  /** A write may wait for its row until the deadline. */
  async #sendLone(
    item: Item,
    deadline: Deadline,
    worker: Worker | undefined,
    retry = this.#options.retryLone,
  ): Promise<Result> {
    const rows = await this.#run(this.#kind.one(item, false), retry, deadline, worker);
    return this.#kind.results([item], rows)[0]!;
  }

  /** Sends a write without waiting for its row. Resolves with undefined if the row is locked. */
  async #attempt(item: Item, deadline: Deadline, worker: Worker, mayBeLocked: boolean, retry: Retry) {
    const kind = this.#kind;
    const isLocked = () => this.#isLocked(item, deadline, worker);
    if (kind.oneUnlocked) {
      const rows = await this.#run(kind.oneUnlocked(item), retry, deadline, worker);
      return rows.length === 0 && (await isLocked()) ? undefined : { result: kind.results([item], rows)[0]! };
    }
    if (mayBeLocked && (await isLocked())) return undefined;
    try {
      const rows = await this.#run(kind.one(item, false), retry, deadline, worker, item);
      return { result: kind.results([item], rows)[0]! };
    } catch (error) {
      if (hasSqlState(error, QUERY_CANCELED)) return undefined;
      throw error;
    }
  }

  /** Asks the server. This costs less than to send a statement that waits, and to cancel it. */
  async #isLocked(item: Item, deadline: Deadline, worker: Worker): Promise<boolean> {
    const statement = bound(findLocked, { sid: sidOf(item) });
    return (await this.#run(statement, this.#options.retryLone, deadline, worker)).length > 0;
  }

  /** @param limited one of the items, if the statement is cancelled when it waits for a lock */
  async #run(statement: Bound, retry: Retry, deadline: Deadline, worker?: Worker, limited?: Item): Promise<any[]> {
    const table = this.#table;
    if (!worker) return (await table.send(statement, deadline, retry)).rows;
    const { warmClients, lockTimeout: afterMs } = worker;
    // Citus connects a new client to the worker, which may take longer than a lock. A read lets it
    // do so.
    const warmUp = limited === undefined ? undefined : bound(getSession, { sid: sidOf(limited) });
    const cancel = warmUp && { afterMs, warmUp };
    const { rows } = await worker.run(
      (runPause) => table.send(statement, deadline, retry, { cancel, warmClients, runPause }),
      deadline,
    );
    return rows;
  }
}

const LOCKED = { severity: 'ERROR', code: LOCK_NOT_AVAILABLE, message: 'a row was locked for too long' };

const lockedIn = (rows: LockedRow[]): string[] => rows.filter(({ isLocked }) => isLocked).map(({ sid }) => sid);
