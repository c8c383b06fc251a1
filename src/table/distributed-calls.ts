// The calls of one kind for a table that Citus distributes: batched by shard, and limited by worker.
import { databaseFailed, hasSqlState } from '../errors.js';
import { getSession } from '../generated/session.js';
import { findLocked } from '../generated/shards.js';
import type { Deadline } from '../postgres/deadline.js';
import type { RunPause } from '../postgres/retry.js';
import { FEATURE_NOT_SUPPORTED, LOCK_NOT_AVAILABLE, QUERY_CANCELED } from '../sql-states.js';
import { Batcher, type Outcome } from './batcher.js';
import type { Distribution } from './distribution.js';
import { type Bound, bound, type Kind, type LockedRow, sidOf } from './kind.js';
import { SHORT_LOCK_TIMEOUT, untilUnlocked } from './lock-waits.js';
import type { Shard, Shards } from './shards.js';
import type { Worker } from './worker.js';

export interface DistributedOptions<Item, Result> {
  kind: Kind<Item, Result>;
  distribution: Distribution;
  /** Whether calls may share a statement. */
  batch: boolean;
  /** Resolves with the rows of the statement. */
  send: (statement: Bound, as: SentAs, deadline: Deadline, limits: Limits) => Promise<unknown[]>;
}

/** What a worker demands of a statement. */
export interface Limits {
  /** Default: it is cancelled at the deadline. */
  cancel?: { afterMs: number; warmUp: Bound } | undefined;
  warmClients?: WeakSet<object>;
  /** Runs each pause before it is sent again. */
  runPause?: RunPause;
}

/** What a statement serves: one call, the only one of a part of a failed batch, or several. */
export type SentAs = 'lone' | 'part' | 'batch';

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
    let metLock = false; // whether the last batch that failed had waited for a lock
    return new Batcher<Item, Result>({
      send: async (items, deadline, stage) => {
        if (items.length > 1) {
          return this.#sendMany(items, deadline, worker).catch((error) => {
            metLock = hasSqlState(error, LOCK_NOT_AVAILABLE);
            throw error;
          });
        }
        if (stage !== 'part') return [await this.#sendOne(items[0]!, deadline, worker, stage === 'alone')];
        const sent = await this.#attempt(items[0]!, deadline, worker, metLock, 'part');
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
      const rows = await this.#run(
        kind.ofShard!(items),
        'batch',
        deadline,
        worker,
        kind.skipsLocked ? undefined : items[0],
      );
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
      const rows = await this.#run(kind.one(item, false), 'lone', deadline, worker);
      return kind.results([item], rows)[0]!;
    };
    if (!worker || kind.writes === false) return sendLone();
    if (!worker.tryEnter()) {
      return untilUnlocked(worker.lockWaits, isLocked, (lockTimeout) =>
        this.#attempt(item, deadline, worker, lockTimeout === SHORT_LOCK_TIMEOUT),
      );
    }
    try {
      return await sendLone();
    } finally {
      worker.leave();
    }
  }

  /** Sends the item without waiting for its row. Resolves with undefined if the row is locked. */
  async #attempt(item: Item, deadline: Deadline, worker: Worker, mayBeLocked: boolean, as: SentAs = 'lone') {
    const { kind } = this.#options;
    const isLocked = () => this.#isLocked(item, deadline, worker);
    if (kind.oneUnlocked) {
      const rows = await this.#run(kind.oneUnlocked(item), as, deadline, worker);
      return rows.length === 0 && (await isLocked()) ? undefined : { result: kind.results([item], rows)[0]! };
    }
    if (mayBeLocked && (await isLocked())) return undefined;
    try {
      const rows = await this.#run(kind.one(item, false), as, deadline, worker, item);
      return { result: kind.results([item], rows)[0]! };
    } catch (error) {
      if (hasSqlState(error, QUERY_CANCELED)) return undefined;
      throw error;
    }
  }

  /** Asks the server. This costs less than to send a statement that waits, and to cancel it. */
  async #isLocked(item: Item, deadline: Deadline, worker: Worker): Promise<boolean> {
    const found = await this.#run(bound(findLocked, { sid: sidOf(item) }), 'lone', deadline, worker);
    return found.length > 0;
  }

  /** @param limited one of the items, if the statement is cancelled when it waits for a locked row */
  async #run(
    statement: Bound,
    as: SentAs,
    deadline: Deadline,
    worker: Worker | undefined,
    limited?: Item,
  ): Promise<any[]> {
    const { kind, send } = this.#options;
    if (!worker) return send(statement, as, deadline, {});
    const { warmClients, lockTimeout: afterMs } = worker;
    const isLimited = limited !== undefined && kind.writes !== false;
    // Citus connects a new client to the worker, which may take longer than a lock. A read lets it do so.
    const cancel = isLimited ? { afterMs, warmUp: bound(getSession, { sid: sidOf(limited) }) } : undefined;
    return worker.run((runPause) => send(statement, as, deadline, { cancel, warmClients, runPause }), deadline);
  }
}

const LOCKED = { severity: 'ERROR', code: LOCK_NOT_AVAILABLE, message: 'a row was locked for too long' };

const lockedIn = ({ skipsLocked = false }: { skipsLocked?: boolean }, rows: LockedRow[]): Set<string> =>
  new Set(rows.filter(({ isLocked }) => skipsLocked && isLocked).map(({ sid }) => sid));
