// Keeps statements that wait for locked rows from holding all connections of a pool.
import { AsyncResource } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import { backoffMs } from '../postgres/retry.js';

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
      // In the async context of this call, though another one's end may start it.
      const start = AsyncResource.bind(() => {
        this.#short++;
        work()
          .then(resolve, reject)
          .finally(() => {
            this.#short--;
            this.#startNext();
          });
      });
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

/** Milliseconds after which a statement for several rows gives up on a locked one. */
export const LOCK_TIMEOUT = 200;

/** The same for a statement that follows a failed one, or while a call waits for a locked row. */
export const SHORT_LOCK_TIMEOUT = 20;

const FIRST_PAUSE_MS = 20;
const MAX_PAUSE_MS = 200;

/**
 * Sends a lone write again until its row is unlocked. Between the attempts the call does not hold a
 * connection.
 *
 * @param isLocked whether the row was locked just now
 * @param attempt gives up on a locked row, and resolves with undefined
 */
export async function untilUnlocked<T>(
  lockWaits: LockWaits,
  isLocked: boolean,
  attempt: (lockTimeout: number) => Promise<{ result: T } | undefined>,
): Promise<T> {
  const first = isLocked ? undefined : await attempt(lockWaits.waiting > 0 ? SHORT_LOCK_TIMEOUT : LOCK_TIMEOUT);
  if (first) return first.result;
  lockWaits.waiting++;
  try {
    for (let failures = 1; ; failures++) {
      await sleep(backoffMs(failures, FIRST_PAUSE_MS, MAX_PAUSE_MS));
      const next = await lockWaits.run(() => attempt(SHORT_LOCK_TIMEOUT), { isPart: false });
      if (next) return next.result;
    }
  } finally {
    lockWaits.waiting--;
  }
}
