// Batches calls: calls that arrive while a statement of the same kind is in flight are sent
// together in the next one.
import { AsyncResource } from 'node:async_hooks';
import { clock } from '../clock.js';
import { hasSqlState, timedOut } from '../errors.js';
import type { Deadline } from '../postgres/deadline.js';
import { LOCK_NOT_AVAILABLE, ROLLED_BACK } from '../sql-states.js';
import { mayConcernOneItem } from './batch-errors.js';
import { RefusedRows } from './refused-rows.js';

/**
 * `part`: the items are a part of a failed batch. The statement is not retried, and does not wait
 * long for locks. `alone`: the item was alone in such a part, and met a lock or was rolled back.
 */
export type Stage = 'first' | 'part' | 'alone';

/** The result of an item, or a promise of it if the item was sent alone after all. */
export type Outcome<Result> = Result | Promise<Result>;

/** A kind of statement that can serve many calls. */
export interface BatchStatement<Item, Result> {
  /**
   * Sends one statement for all items. Resolves with the results in the order of the items.
   */
  send(items: Item[], deadline: Deadline, stage: Stage): Promise<Outcome<Result>[]>;
  sidOf(item: Item): string;
  /** About how many bytes an item adds to the statement or its result. */
  bytes(item: Item): number;
  /** Runs `work`, which sends a part of a failed batch, when a connection may be used for it. */
  runPart(work: () => Promise<void>): Promise<void>;
  /**
   * Calls `start`, which takes queued calls and sends them, when a connection may be used for a
   * batch. Default: at once.
   */
  whenFree?(start: () => void): void;
  /** Items that a statement may have. Default: 512. */
  maxItems?: number;
  /** Into how many parts a failed batch is divided. Default: 4. */
  parts?: number;
}

/**
 * A class, because V8 moves object literals to the old generation once many of them have survived.
 * It keeps the async context of the call, for the batch that the call begins.
 */
class QueuedCall<Item, Result> extends AsyncResource {
  constructor(
    readonly item: Item,
    readonly deadline: Deadline,
    readonly resolve: (result: Outcome<Result>) => void,
    readonly reject: (error: unknown) => void,
  ) {
    super('connect-pg-typed');
  }
}

interface Batch {
  sentAt: number;
  items: number;
}

const MAX_ITEMS = 512;
const MAX_BYTES = 1_048_576;
const MAX_IN_FLIGHT = 2; // the server runs one while Node prepares the other; more than two gained nothing
const MIN_ITEMS_TO_HALVE = 12; // with fewer items, each half costs about as much as the whole
const PARTS = 4; // of a failed batch. Halves need as many statements, and take twice as long
const RESOLVED = Promise.resolve(); // its then() is faster than queueMicrotask()
const SLOW_MS = 200; // a statement that takes longer no longer blocks the queue

/**
 * Sends a lone call at once. Queued calls are sent when a statement returns. The only timer lets
 * them pass statements that are slow.
 */
export class Batcher<Item, Result> {
  readonly #statement: BatchStatement<Item, Result>;
  readonly #refused = new RefusedRows();
  #queue: QueuedCall<Item, Result>[] = [];
  /** The batches in flight that block the queue: slow ones are removed. */
  readonly #inFlight: Batch[] = [];
  #itemsInFlight = 0;
  #lastWasBatch = false;
  #isFlushScheduled = false;
  #isWaiting = false; // for a connection
  #slowTimer: NodeJS.Timeout | undefined;

  constructor(statement: BatchStatement<Item, Result>) {
    this.#statement = statement;
  }

  /**
   * Sends the item, alone or in a batch. An item that is still queued at its deadline is not sent.
   */
  call(item: Item, deadline: Deadline): Promise<Result> {
    return new Promise((resolve, reject) => {
      const call = new QueuedCall(item, deadline, resolve, reject);
      if (this.#refused.has(this.#statement.sidOf(item))) {
        void this.#send([call]);
        return;
      }
      this.#queue.push(call);
      if (this.#isFlushScheduled) return;
      if (!this.#canSend()) {
        this.#watchSlow();
        return;
      }
      this.#isFlushScheduled = true;
      // After a batch, waits for the calls that its results cause. Otherwise, for those of the same
      // tick.
      if (this.#lastWasBatch) setImmediate(this.#flush);
      else void RESOLVED.then(this.#flush);
    });
  }

  /** Allows a second batch in flight, unless it would be small: each statement has a fixed cost. */
  #canSend(): boolean {
    if (this.#isWaiting) return false;
    if (this.#inFlight.length === 0) return this.#queue.length > 0;
    return this.#inFlight.length < MAX_IN_FLIGHT && this.#queue.length >= this.#itemsInFlight / 2;
  }

  readonly #flush = (): void => {
    this.#isFlushScheduled = false;
    this.#queue = rejectLate(this.#queue);
    while (this.#canSend()) {
      this.#isWaiting = true;
      if (this.#statement.whenFree) this.#statement.whenFree(this.#sendNext);
      else this.#sendNext();
    }
  };

  readonly #sendNext = (): void => {
    this.#isWaiting = false;
    if (this.#statement.whenFree) this.#queue = rejectLate(this.#queue); // it may have waited
    if (this.#queue.length === 0) return;
    const calls = this.#nextBatch();
    const batch = { sentAt: clock(), items: calls.length };
    this.#lastWasBatch = calls.length > 1;
    this.#inFlight.push(batch);
    this.#itemsInFlight += batch.items;
    void this.#send(calls, 'first', batch);
  };

  /** Returns whether the batch was still blocking the queue. */
  #unblock(batch: Batch): boolean {
    const at = this.#inFlight.indexOf(batch);
    if (at < 0) return false;
    this.#inFlight.splice(at, 1);
    this.#itemsInFlight -= batch.items;
    return true;
  }

  #watchSlow(): void {
    this.#slowTimer ??= setTimeout(() => {
      this.#slowTimer = undefined;
      const now = clock();
      for (const batch of [...this.#inFlight]) if (now - batch.sentAt >= SLOW_MS) this.#unblock(batch);
      this.#flush();
      if (this.#queue.length > 0) this.#watchSlow();
    }, SLOW_MS).unref(); // the socket of the slow statement keeps the process alive
  }

  #nextBatch(): QueuedCall<Item, Result>[] {
    const { length } = this.#queue;
    const isHalved = this.#inFlight.length === 0 && length >= MIN_ITEMS_TO_HALVE;
    const { maxItems = MAX_ITEMS } = this.#statement;
    const max = Math.min(isHalved ? Math.ceil(length / MAX_IN_FLIGHT) : length, maxItems);
    let count = 0;
    for (let bytes = 0; count < max; count++) {
      bytes += this.#statement.bytes(this.#queue[count]!.item);
      if (count > 0 && bytes > MAX_BYTES) break;
    }
    if (count < length) return this.#queue.splice(0, count);
    const all = this.#queue;
    this.#queue = [];
    return all;
  }

  /** In the async context of the first call, so that a tracer shows the statement in a request. */
  #send(calls: QueuedCall<Item, Result>[], stage: Stage = 'first', batch?: Batch): Promise<void> {
    return calls[0]!.runInAsyncScope(this.#sendNow, this, calls, stage, batch);
  }

  async #sendNow(calls: QueuedCall<Item, Result>[], stage: Stage, batch?: Batch): Promise<void> {
    let deadline = 0;
    for (const call of calls) deadline = Math.max(deadline, call.deadline);
    try {
      const items = calls.map(({ item }) => item);
      const results = await this.#statement.send(items, deadline, stage);
      if (calls.length === 1) this.#refused.delete(this.#statement.sidOf(items[0]!));
      for (const [n, { resolve }] of calls.entries()) resolve(results[n]!);
    } catch (error) {
      const isOfOneItem = mayConcernOneItem(error);
      if (calls.length > 1 && isOfOneItem) return this.#sendParts(calls);
      const isLocked = hasSqlState(error, LOCK_NOT_AVAILABLE, ...ROLLED_BACK);
      if (stage === 'part' && isLocked) return void this.#send(calls, 'alone');
      if (isOfOneItem && !isLocked) this.#refused.add(this.#statement.sidOf(calls[0]!.item));
      for (const { reject } of calls) reject(error);
    } finally {
      if (batch && this.#unblock(batch)) this.#flush();
    }
  }

  /** Does not wait for the parts: a locked row must not block the queue. */
  #sendParts(calls: QueuedCall<Item, Result>[]): void {
    const size = Math.ceil(calls.length / (this.#statement.parts ?? PARTS));
    for (let from = 0; from < calls.length; from += size) {
      const part = calls.slice(from, from + size);
      void this.#statement.runPart(async () => {
        const inTime = rejectLate(part);
        if (inTime.length > 0) await this.#send(inTime, 'part');
      });
    }
  }
}

/** Rejects the calls that are past their deadline, and returns the others. */
function rejectLate<Item, Result>(calls: QueuedCall<Item, Result>[]): QueuedCall<Item, Result>[] {
  const now = clock();
  const isLate = ({ deadline }: { deadline: Deadline }) => deadline <= now;
  if (!calls.some(isLate)) return calls;
  for (const { reject } of calls.filter(isLate)) reject(timedOut());
  return calls.filter((call) => !isLate(call));
}
