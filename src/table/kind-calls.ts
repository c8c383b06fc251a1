// The calls of one kind for one table: alone, or batched with others, and limited by pool if they
// write.
import type { Pool } from 'pg';
import { clock } from '../clock.js';
import { hasSqlState } from '../errors.js';
import type { Deadline } from '../postgres/deadline.js';
import type { Retry } from '../postgres/retry.js';
import { LOCK_NOT_AVAILABLE } from '../sql-states.js';
import { Batcher, type Outcome, type Stage } from './batcher.js';
import { DistributedCalls } from './distributed-calls.js';
import { type Bound, type Kind, sidOf } from './kind.js';
import { LOCK_TIMEOUT, LockWaits, SHORT_LOCK_TIMEOUT, untilUnlocked } from './lock-waits.js';
import type { SessionTable } from './session-table.js';

export class KindCalls<Item extends string | { sid: string }, Result> {
  readonly #kind: Kind<Item, Result>;
  readonly #table: SessionTable;
  readonly #retryLone: Retry;
  readonly #retryBatch: Retry;
  readonly #lockWaits: LockWaits;
  readonly #distributed: DistributedCalls<Item, Result>;
  readonly #batcher: Batcher<Item, Result> | undefined;

  /** @param batch whether calls may share a statement */
  constructor(kind: Kind<Item, Result>, table: SessionTable, pool: Pool, batch: boolean) {
    this.#kind = kind;
    this.#table = table;
    this.#lockWaits = LockWaits.of(pool);
    this.#retryLone = kind.reads ? table.read : { ...table.write, idempotent: kind.idempotent ?? true };
    this.#retryBatch = { ...this.#retryLone, rolledBack: false }; // its parts are sent instead
    this.#distributed = new DistributedCalls(kind, table, {
      batch,
      retryLone: this.#retryLone,
      retryBatch: this.#retryBatch,
    });
    if (!batch) return;
    this.#batcher = new Batcher<Item, Result>({
      send: (items, deadline, stage) => this.#sendBatch(items, deadline, stage),
      sidOf,
      bytes: kind.bytes,
      runPart: (work) => this.#lockWaits.run(work, { isPart: true }),
    });
  }

  /** Each call of a request comes through here, so this makes no promise of its own. */
  readonly call = (item: Item, deadline: Deadline): Promise<Result> => {
    const { distribution } = this.#table;
    if (distribution.isStale) void distribution.learn(deadline).catch(ignore); // a later call tries again
    if (distribution.isDistributed) return this.#distributed.call(item, deadline);
    return this.#batcher ? this.#batcher.call(item, deadline) : this.#callAlone(item, deadline);
  };

  async #callAlone(item: Item, deadline: Deadline): Promise<Result> {
    const [result] = await this.#sendAlone([item], deadline, false);
    return result!;
  }

  #sendBatch(items: Item[], deadline: Deadline, stage: Stage): Promise<Outcome<Result>[]> {
    if (items.length === 1 && stage !== 'part') return this.#sendAlone(items, deadline, stage === 'alone');
    if (items.length > 1) this.#table.count.batches++;
    const isShort = stage === 'part' || this.#lockWaits.waiting > 0;
    const statement = this.#kind.many(items, isShort ? SHORT_LOCK_TIMEOUT : LOCK_TIMEOUT);
    return this.#send(items, statement, deadline, this.#retryBatch);
  }

  /** @param isLocked whether the row of the one item was locked just now */
  #sendAlone(items: Item[], deadline: Deadline, isLocked: boolean): Promise<Outcome<Result>[]> {
    return this.#kind.reads ? this.#sendLone(items, deadline) : this.#sendWrite(items, deadline, isLocked);
  }

  async #sendWrite(items: Item[], deadline: Deadline, isLocked: boolean): Promise<Outcome<Result>[]> {
    if (!this.#lockWaits.tryEnter()) {
      return untilUnlocked(this.#lockWaits, isLocked, (lockTimeout) => this.#attempt(items, deadline, lockTimeout));
    }
    try {
      return await this.#sendLone(items, deadline);
    } finally {
      this.#lockWaits.leave();
    }
  }

  /** A write may wait for its row until the deadline. */
  #sendLone(items: Item[], deadline: Deadline): Promise<Outcome<Result>[]> {
    return this.#send(items, this.#kind.one(items[0]!, true), deadline, this.#retryLone);
  }

  /** Resolves with undefined if the row is locked. */
  async #attempt(items: Item[], deadline: Deadline, lockTimeout: number) {
    const sentAt = clock();
    try {
      return { result: await this.#send(items, this.#kind.many(items, lockTimeout), deadline, this.#retryLone) };
    } catch (error) {
      // An earlier error does not come from the lock_timeout, but from a trigger.
      if (!hasSqlState(error, LOCK_NOT_AVAILABLE) || clock() - sentAt < lockTimeout) throw error;
      return undefined;
    }
  }

  #send(items: Item[], statement: Bound, deadline: Deadline, retry: Retry): Promise<Outcome<Result>[]> {
    const table = this.#table;
    if (table.distribution.isDistributed) return this.#distributed.sendEach(items, deadline); // it was not, a moment ago
    const isFirst = !table.isKnown;
    const sent = table.send(statement, deadline, retry).then(({ rows }) => this.#kind.results(items, rows));
    if (!isFirst) return sent;
    return sent.catch(async (error) => {
      if (await table.isRefusedByCitus(error, deadline)) return this.#distributed.sendEach(items, deadline);
      throw error;
    });
  }
}

const ignore = () => {};
