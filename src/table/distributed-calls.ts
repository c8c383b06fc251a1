// The calls of one kind for a table that Citus distributes: batched by shard, and limited by worker.
import { databaseFailed, hasSqlState } from '../errors.js';
import { getSession } from '../generated/session.js';
import { findUnlocked } from '../generated/shards.js';
import type { Deadline } from '../postgres/deadline.js';
import { FEATURE_NOT_SUPPORTED, LOCK_NOT_AVAILABLE, QUERY_CANCELED } from '../sql-states.js';
import { Batcher, type Outcome } from './batcher.js';
import type { Distribution } from './distribution.js';
import { type Bound, bound, type Kind, type LockedRow, sidOf } from './kind.js';
import { untilUnlocked } from './lock-waits.js';
import type { Shard, Shards } from './shards.js';
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

const MAX_WRITES = 64; // in a statement: its rows are locked together

export class DistributedCalls<Item extends string | { sid: string }, Result> {
  readonly #options: DistributedOptions<Item, Result>;
  /** One for each shard: a statement for several of them waits for one after another. */
  #batchers = new Map<Shard, Batcher<Item, Result>>();
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
    const { bytes = () => 100, writes = true } = this.#options.kind;
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
      ...(writes && { maxItems: MAX_WRITES, parts: MAX_WRITES }),
    });
  }

  /** Items with a locked row are sent alone. */
  async #sendMany(items: Item[], deadline: Deadline, worker: Worker): Promise<Outcome<Result>[]> {
    const { kind, distribution } = this.#options;
    try {
      const rows = await this.#run(kind.ofShard!(items), true, deadline, worker, !kind.skipsLocked);
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
    // A cancelled statement may have been committed by the worker. So one that is not idempotent is sent only
    // when its row is free.
    if (kind.idempotent === false && (await this.#isLocked(sidOf(item), deadline, worker))) return undefined;
    try {
      const rows = await this.#run(kind.one(item, false), false, deadline, worker, kind.idempotent !== false);
      return { result: kind.results([item], rows)[0]! };
    } catch (error) {
      if (hasSqlState(error, QUERY_CANCELED)) return undefined;
      throw error;
    }
  }

  async #isLocked(sid: string, deadline: Deadline, worker: Worker): Promise<boolean> {
    const [unlocked] = await this.#run(bound(findUnlocked, { sid }), false, deadline, worker);
    if (unlocked) return false;
    const [live] = await this.#run(bound(getSession, { sid }), false, deadline, worker);
    return live !== undefined;
  }

  /** @param isLimited whether the statement is cancelled if it waits for a locked row. Default: false */
  async #run(
    statement: Bound,
    isBatch: boolean,
    deadline: Deadline,
    worker: Worker | undefined,
    isLimited = false,
  ): Promise<any[]> {
    const { kind, send } = this.#options;
    if (!worker) return send(statement, isBatch, deadline, undefined);
    const cancelMs = isLimited && kind.writes !== false ? worker.lockTimeout : undefined;
    return worker.run(() => send(statement, isBatch, deadline, cancelMs), deadline);
  }
}

const LOCKED = { severity: 'ERROR', code: LOCK_NOT_AVAILABLE, message: 'a row was locked for too long' };

const lockedIn = ({ skipsLocked = false }: { skipsLocked?: boolean }, rows: LockedRow[]): Set<string> =>
  new Set(rows.filter(({ isLocked }) => skipsLocked && isLocked).map(({ sid }) => sid));
