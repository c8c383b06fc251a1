// Ends calls, checkouts and statements at their deadlines. One timer serves all of them.
import { clock } from '../clock.js';

/** When a call fails, in milliseconds of `clock()`. Infinity means no limit. */
export type Deadline = number;

/** Something that ends at its deadline. */
export abstract class Expiring {
  static readonly #watched = new Set<Expiring>();
  static #timer: NodeJS.Timeout | undefined;
  static #timerAt = Infinity;

  constructor(readonly deadline: Deadline) {}

  /** Called once, soon after the deadline. */
  protected abstract expire(): void;

  /** Expires at the deadline, unless `unwatch` is called before. */
  watch(): void {
    if (this.deadline === Infinity) return;
    Expiring.#watched.add(this);
    if (this.deadline < Expiring.#timerAt) Expiring.#setTimer(this.deadline);
  }

  /** It may be called more than once, and without `watch`. */
  unwatch(): void {
    Expiring.#watched.delete(this);
  }

  /** It does not keep the process alive: the sockets of what it watches do. */
  static #setTimer(at: Deadline): void {
    clearTimeout(Expiring.#timer);
    Expiring.#timerAt = at;
    const ms = Math.ceil(at - clock());
    Expiring.#timer = setTimeout(Expiring.#expireLate, Math.min(Math.max(ms, 1), MAX_TIMER_MS)).unref();
  }

  static readonly #expireLate = (): void => {
    const now = clock();
    let next = Infinity;
    Expiring.#timerAt = Infinity; // so that expire() may watch others
    for (const one of Expiring.#watched) {
      if (one.deadline > now) {
        next = Math.min(next, one.deadline);
      } else {
        one.unwatch();
        one.expire();
      }
    }
    if (next < Expiring.#timerAt) Expiring.#setTimer(next);
  };
}

export const MAX_TIMER_MS = 2 ** 31 - 1; // setTimeout() fires at once for more
