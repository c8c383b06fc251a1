// The calls of one kind for a table that Citus distributes: batched by shard, and limited by worker.
import { databaseFailed, hasSqlState } from '../errors.js';
import type { Deadline } from '../postgres/deadline.js';
import { FEATURE_NOT_SUPPORTED, LOCK_NOT_AVAILABLE, QUERY_CANCELED } from '../sql-states.js';
import { Batcher, type Outcome } from './batcher.js';
import type { Distribution } from './distribution.js';
import { type Bound, column, type Kind, type LockedRow, sidOf } from './kind.js';
import { untilUnlocked } from './lock-waits.js';
import type { Shards } from './shards.js';
import type { Worker } from './worker.js';

export interface DistributedOptions<Item, Result> {
  kind: Kind<Item, Result>;
  distribution: Distribution;
  /** Whether calls may share a statement. */
  batch: boolean;
  /**
   * Resolves with the rows of the statement.
   *
   * @param cancelMs milliseconds after which it is cancelled. Undefined: at the deadline
   */
  send: (statement: Bound, isBatch: boolean, deadline: Deadline, cancelMs: number | undefined) => Promise<unknown[]>;
}

const MAX_ITEMS = 64; // in a statement for one shard. Citus plans each anew

export class DistributedCalls<Item extends string | { sid: string }, Result> {
  readonly #options: DistributedOptions<Item, Result>;
  /** By shard, or by worker if the calls only read. */
  #batchers = new Map<unknown, Batcher<Item, Result>>();
  #shards: Shards | undefined;

  constructor(options: DistributedOptions<Item, Result>) {
    this.#options = options;
  }

  async call(item: Item, deadline: Deadline): Promise<Result> {
    const { kind, distribution, batch } = this.#options;
    const { shards } = distribution;
    const shard = shards?.of(sidOf(item));
    if (!batch || !kind.ofShard || !shard) return this.#sendOne(item, deadline, shard?.worker);
    if (shards !== this.#shards) {
      this.#shards = shards;
      this.#batchers = new Map(); // the old ones send what they hold
    }
    const key = kind.writes === false ? shard.worker : shard;
    let batcher = this.#batchers.get(key);
    if (!batcher) {
      batcher = this.#batcher(shard.worker);
      this.#batchers.set(key, batcher);
    }
    return batcher.call(item, deadline);
  }

  /** For a batch that was formed before the store knew that the table is distributed. */
  async sendEach(items: Item[], deadline: Deadline): Promise<Outcome<Result>[]> {
    return items.map((item) => this.call(item, deadline));
  }

  #batcher(worker: Worker): Batcher<Item, Result> {
    const { bytes = () => 100 } = this.#options.kind;
    return new Batcher<Item, Result>({
      send: async (items, deadline, stage) => {
        if (items.length > 1) return this.#sendMany(items, deadline, worker);
        if (stage !== 'part') return [await this.#sendOne(items[0]!, deadline, worker, stage === 'alone')];
        const sent = await this.#attempt(items[0]!, deadline, worker);
        if (!sent) throw databaseFailed(LOCKED);
        return [sent.result];
      },
      sidOf,
      bytes,
      runPart: (work) => worker.lockWaits.run(work, { isPart: true }),
      whenFree: (start) => worker.whenFree(start),
      maxItems: MAX_ITEMS,
      parts: MAX_ITEMS,
    });
  }

  /** Sends those alone whose rows are locked. */
  async #sendMany(items: Item[], deadline: Deadline, worker: Worker): Promise<Outcome<Result>[]> {
    const { kind, distribution } = this.#options;
    try {
      const rows = await this.#run(kind.ofShard!(items), true, deadline, worker);
      const results = kind.results(items, rows);
      const locked = lockedIn(kind, rows);
      if (locked.size === 0) return results;
      return items.map((item, n) =>
        locked.has(sidOf(item)) ? this.#sendOne(item, deadline, worker, true) : results[n]!,
      );
    } catch (error) {
      if (hasSqlState(error, FEATURE_NOT_SUPPORTED)) distribution.shardMoved(); // it was split
      throw hasSqlState(error, QUERY_CANCELED) ? databaseFailed(LOCKED) : error;
    }
  }

  /**
   * @param worker undefined if it is not known
   * @param isLocked whether the row was locked just now
   */
  async #sendOne(item: Item, deadline: Deadline, worker?: Worker, isLocked = false): Promise<Result> {
    const { kind } = this.#options;
    const sendLone = async () => {
      const rows = await this.#run(kind.one(item, false), false, deadline, worker);
      return kind.results([item], rows)[0]!;
    };
    if (!worker || kind.writes === false) return sendLone();
    const { lockWaits } = worker;
    if (!lockWaits.tryEnter()) return untilUnlocked(lockWaits, isLocked, () => this.#attempt(item, deadline, worker));
    try {
      return await sendLone();
    } finally {
      lockWaits.leave();
    }
  }

  /** Resolves with undefined if the row is locked. */
  async #attempt(item: Item, deadline: Deadline, worker: Worker): Promise<{ result: Result } | undefined> {
    const { kind } = this.#options;
    const statement = kind.skipsLocked ? kind.ofShard!([item]) : kind.one(item, false);
    try {
      const rows = await this.#run(statement, false, deadline, worker, true);
      return lockedIn(kind, rows).size > 0 ? undefined : { result: kind.results([item], rows)[0]! };
    } catch (error) {
      if (hasSqlState(error, QUERY_CANCELED)) return undefined;
      throw error;
    }
  }

  /** @param isLimited whether the statement is cancelled if it waits for a locked row, which it does not skip */
  async #run(
    statement: Bound,
    isBatch: boolean,
    deadline: Deadline,
    worker: Worker | undefined,
    isLimited = isBatch,
  ): Promise<any[]> {
    const { kind, send } = this.#options;
    if (!worker) return send(statement, isBatch, deadline, undefined);
    const { writes = true, skipsLocked = false } = kind;
    const cancelMs = isLimited && writes && !skipsLocked ? worker.lockTimeout : undefined;
    return worker.run(() => send(statement, isBatch, deadline, cancelMs), deadline);
  }
}

const LOCKED = { severity: 'ERROR', code: LOCK_NOT_AVAILABLE, message: 'a row was locked for too long' };

function lockedIn({ skipsLocked }: { skipsLocked?: boolean }, rows: LockedRow[]): Set<string> {
  return new Set(
    skipsLocked
      ? column(
          rows.filter(({ isLocked }) => isLocked),
          'sid',
        )
      : [],
  );
}
