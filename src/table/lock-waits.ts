// Keeps statements that wait for locked rows from holding all connections of a pool.
import type { Pool } from 'pg';

const byPool = new WeakMap<Pool, LockWaits>();

/**
 * Lets at most half of a pool's connections wait for locks, shared by all stores on the pool. Two
 * kinds of statements count: lone writes, which wait for their row until the deadline, and
 * statements with a short lock_timeout, which are known to have met a locked or a bad row.
 */
export class LockWaits {
  readonly #max: number;
  readonly #maxLone: number;
  #lone = 0;
  #short = 0;
  readonly #parts: (() => void)[] = [];
  readonly #attempts: (() => void)[] = [];
  /** Calls that wait for a locked row without holding a connection. */
  waiting = 0;

  static of(pool: Pool): LockWaits {
    const waits = byPool.get(pool) ?? new LockWaits(pool.options?.max ?? 10); // pg's default
    byPool.set(pool, waits);
    return waits;
  }

  constructor(maxConnections: number) {
    this.#max = Math.max(Math.floor(maxConnections / 2), 1);
    this.#maxLone = Math.ceil(this.#max / 2); // leaves some for the statements of run()
  }

  /** Whether one more lone write may wait for its row. If true, `leave()` must follow. */
  tryEnter(): boolean {
    if (this.#lone >= this.#maxLone) return false;
    this.#lone++;
    return true;
  }

  leave(): void {
    this.#lone--;
    this.#startNext();
  }

  /**
   * Runs `work`, which sends one statement with a short lock_timeout, when a connection may be used
   * for it. Parts of a batch go first: they may hold calls whose rows are free.
   */
  run<T>(work: () => Promise<T>, { isPart }: { isPart: boolean }): Promise<T> {
    return new Promise((resolve, reject) => {
      const start = () => {
        this.#short++;
        work()
          .then(resolve, reject)
          .finally(() => {
            this.#short--;
            this.#startNext();
          });
      };
      (isPart ? this.#parts : this.#attempts).push(start);
      this.#startNext();
    });
  }

  /** One statement may always run, so that many lone writes cannot stop the others. */
  #startNext(): void {
    while (this.#short === 0 || this.#lone + this.#short < this.#max) {
      const start = this.#parts.shift() ?? this.#attempts.shift();
      if (!start) return;
      start();
    }
  }
}
