// Many calls, one statement: calls that arrive while a statement of their kind is under way leave together as the next.

import { timedOut } from '../errors.js';

/** A kind of statement that can serve many calls. */
export interface Statement<Item, Answer> {
  /**
   * Sends one statement for all of these and answers in their order.
   *
   * @param deadline when nobody waits any more, in milliseconds of `performance.now()`
   */
  send(items: Item[], deadline: number): Promise<Answer[]>;
  /** Bytes that an item adds to what is sent or fetched, roughly. */
  bytes(item: Item): number;
  /** Whether a statement of several items failed because of one of them, so that each is to be tried alone. */
  failsForOne(error: unknown): boolean;
}

/** A class, as `Call` in calls.ts is one. */
class Waiting<Item, Answer> {
  constructor(
    readonly item: Item,
    readonly deadline: number,
    readonly resolve: (answer: Answer) => void,
    readonly reject: (error: unknown) => void,
  ) {}
}

const MOST_ITEMS = 512;
const AT_ONCE = 2; // the server works on one while we do on the other; more brought nothing more
const WORTH_HALVING = 12; // items: of fewer than this, each half would cost about as much as the whole
const MOST_BYTES = 1_048_576;
const SLOW_MS = 200; // a statement that takes longer keeps no others waiting

interface Sent {
  since: number;
  items: number;
}

/**
 * A lone call leaves at once. What waits leaves when a statement comes back; a timer only lets it pass statements that are slow.
 */
export class Coalescer<Item, Answer> {
  readonly #statement: Statement<Item, Answer>;
  #waiting: Waiting<Item, Answer>[] = [];
  /** Those that keep others waiting. */
  readonly #underWay = new Set<Sent>();
  #itemsUnderWay = 0;
  #isBusy = false;
  #leaving = false;
  #slowTimer: NodeJS.Timeout | undefined;

  constructor(statement: Statement<Item, Answer>) {
    this.#statement = statement;
  }

  /** @param deadline in milliseconds of `performance.now()`: an item that still waits then is not sent */
  call(item: Item, deadline: number): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#waiting.push(new Waiting(item, deadline, resolve, reject));
      if (this.#leaving) return;
      if (!this.#mayLeave()) {
        this.#watchSlow();
        return;
      }
      this.#leaving = true;
      if (this.#isBusy)
        setImmediate(() => this.#leave()); // with all that follow from what was just answered
      else queueMicrotask(() => this.#leave()); // with the calls that are made in the same breath
    });
  }

  /** A second at once, but none of a few: each has its price. */
  #mayLeave(): boolean {
    if (this.#underWay.size === 0) return this.#waiting.length > 0;
    return this.#underWay.size < AT_ONCE && this.#waiting.length >= this.#itemsUnderWay / 2;
  }

  #leave(): void {
    this.#leaving = false;
    this.#dropLate();
    while (this.#mayLeave()) {
      const batch = this.#batch();
      const sent = { since: performance.now(), items: batch.length };
      this.#isBusy = batch.length > 1;
      this.#underWay.add(sent);
      this.#itemsUnderWay += sent.items;
      void this.#send(batch).then(() => {
        if (this.#forget(sent)) this.#leave();
      });
    }
  }

  /** It keeps nobody waiting any more. */
  #forget(sent: Sent): boolean {
    if (!this.#underWay.delete(sent)) return false;
    this.#itemsUnderWay -= sent.items;
    return true;
  }

  #watchSlow(): void {
    this.#slowTimer ??= setTimeout(() => {
      this.#slowTimer = undefined;
      this.#passSlow();
      if (this.#waiting.length > 0) this.#watchSlow();
    }, SLOW_MS).unref(); // the statement that it watches keeps the process
  }

  /** Lets those that wait pass the statements that have taken long. */
  #passSlow(): void {
    const now = performance.now();
    for (const sent of this.#underWay) if (now - sent.since >= SLOW_MS) this.#forget(sent);
    this.#leave();
  }

  #dropLate(): void {
    const now = performance.now();
    const isLate = ({ deadline }: { deadline: number }) => deadline <= now;
    if (!this.#waiting.some(isLate)) return;
    for (const { reject } of this.#waiting.filter(isLate)) reject(timedOut());
    this.#waiting = this.#waiting.filter((one) => !isLate(one));
  }

  #batch(): Waiting<Item, Answer>[] {
    const { length } = this.#waiting;
    const halved = this.#underWay.size === 0 && length >= WORTH_HALVING ? Math.ceil(length / AT_ONCE) : length;
    const most = Math.min(halved, MOST_ITEMS);
    let count = 0;
    for (let bytes = 0; count < most; count++) {
      bytes += this.#statement.bytes(this.#waiting[count]!.item);
      if (count > 0 && bytes > MOST_BYTES) break;
    }
    if (count === length) {
      const all = this.#waiting;
      this.#waiting = [];
      return all;
    }
    return this.#waiting.splice(0, count);
  }

  async #send(batch: Waiting<Item, Answer>[]): Promise<void> {
    let deadline = 0;
    for (const one of batch) deadline = Math.max(deadline, one.deadline);
    try {
      const answers = await this.#statement.send(
        batch.map(({ item }) => item),
        deadline,
      );
      for (const [n, { resolve }] of batch.entries()) resolve(answers[n]!);
    } catch (error) {
      if (batch.length > 1 && this.#statement.failsForOne(error)) {
        for (const one of batch) void this.#send([one]); // nobody waits for whom a lock keeps waiting
      } else {
        for (const { reject } of batch) reject(error);
      }
    }
  }
}
