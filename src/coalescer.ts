// Many calls, one statement: calls that arrive while a statement of their kind is under way leave together as the next.

import { timedOut } from './errors.js';

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

/** A class, as `Call` is one. */
class Waiting<Item, Answer> {
  constructor(
    readonly item: Item,
    readonly deadline: number,
    readonly resolve: (answer: Answer) => void,
    readonly reject: (error: unknown) => void,
  ) {}
}

const MOST_ITEMS = 512;
const MOST_BYTES = 1_048_576;
const SLOW_MS = 200; // a statement that takes longer keeps no others waiting

/**
 * A lone call leaves at once. Nothing waits on a timer: what waits leaves when a statement comes back.
 *
 * @param atOnce statements of this kind that may be under way at the same time
 */
export class Coalescer<Item, Answer> {
  readonly #statement: Statement<Item, Answer>;
  readonly #atOnce: number;
  #waiting: Waiting<Item, Answer>[] = [];
  /** Those that keep others waiting: how many, and when each left. */
  readonly #underWay = new Set<{ since: number }>();
  #leaving = false;
  #slowTimer: NodeJS.Timeout | undefined;

  constructor(statement: Statement<Item, Answer>, atOnce: number) {
    this.#statement = statement;
    this.#atOnce = atOnce;
  }

  /** @param deadline in milliseconds of `performance.now()`: an item that still waits then is not sent */
  call(item: Item, deadline: number): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#waiting.push(new Waiting(item, deadline, resolve, reject));
      if (this.#leaving) return;
      if (this.#underWay.size >= this.#atOnce) {
        this.#slowTimer ??= setTimeout(() => this.#passSlow(), SLOW_MS);
        return;
      }
      this.#leaving = true;
      queueMicrotask(() => this.#leave()); // with the calls that are made in the same breath
    });
  }

  #leave(): void {
    this.#leaving = false;
    this.#dropLate();
    while (this.#waiting.length > 0 && this.#underWay.size < this.#atOnce) {
      const sent = { since: performance.now() };
      this.#underWay.add(sent);
      void this.#send(this.#batch()).then(() => {
        if (this.#underWay.delete(sent)) this.#leave();
      });
    }
  }

  /** Lets those that wait pass the statements that have taken long. */
  #passSlow(): void {
    this.#slowTimer = undefined;
    const now = performance.now();
    for (const sent of this.#underWay) if (now - sent.since >= SLOW_MS) this.#underWay.delete(sent);
    this.#leave();
    if (this.#waiting.length > 0) this.#slowTimer = setTimeout(() => this.#passSlow(), SLOW_MS);
  }

  #dropLate(): void {
    const now = performance.now();
    const isLate = ({ deadline }: { deadline: number }) => deadline <= now;
    if (!this.#waiting.some(isLate)) return;
    for (const { reject } of this.#waiting.filter(isLate)) reject(timedOut());
    this.#waiting = this.#waiting.filter((one) => !isLate(one));
  }

  #batch(): Waiting<Item, Answer>[] {
    let count = 0;
    for (let bytes = 0; count < Math.min(this.#waiting.length, MOST_ITEMS); count++) {
      bytes += this.#statement.bytes(this.#waiting[count]!.item);
      if (count > 0 && bytes > MOST_BYTES) break;
    }
    if (count === this.#waiting.length) {
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
