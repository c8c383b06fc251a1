// Deletes expired sessions: a timer, its jitter, one pruner among many processes.
import type { IDatabaseConnection } from '@pgtyped/runtime';
import type { SessionStoreError } from '../errors.js';
import { pruneSessions } from '../generated/admin.js';
import { pruneKey, type TableNames } from '../table/names.js';

export interface PrunerOptions {
  /** Milliseconds from one pruning to the next; undefined: only when asked. */
  intervalMs: number | undefined;
  /** The next delay in milliseconds, from the interval's. */
  jitter: (delayMs: number) => number;
  /** Rows that one statement deletes at most. */
  batchSize: number;
  onError: (error: unknown) => void;
  /** Milliseconds that one statement may take. */
  timeoutMs: number;
  /** Told after each statement how many rows it deleted. */
  onBatch?: ((rows: number) => void) | undefined;
}

/** Half the interval to one and a half of it, so that many processes don't prune at the same moment. */
export const defaultJitter = (delayMs: number): number => Math.ceil(delayMs * (0.5 + Math.random()));

const CANCELED = '57014'; // query_canceled
const LONGEST_TIMER = 2 ** 31 - 1; // milliseconds; Node fires a longer one at once

export class Pruner {
  readonly #connection: (deadline: number) => Promise<IDatabaseConnection>;
  readonly #key: string;
  readonly #options: PrunerOptions;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<number> | undefined;
  #stopped = false;

  /** Rows that it has deleted so far. */
  pruned = 0;

  /** @param connection until a deadline in milliseconds of `performance.now()` */
  constructor(
    connection: (deadline: number) => Promise<IDatabaseConnection>,
    names: TableNames,
    options: PrunerOptions,
  ) {
    this.#connection = connection;
    this.#key = pruneKey(names);
    this.#options = options;
    this.#arm();
  }

  /** Prunes until nothing is left, and sets the timer anew. Calls while one is under way share it. Answers with the rows. */
  prune(): Promise<number> {
    this.#running ??= this.#pruneAll().finally(() => {
      this.#running = undefined;
      this.#arm();
    });
    return this.#running;
  }

  /** No more timer. Waits for the pruning that is under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#running?.catch(() => {}); // whoever asked for it has the error
  }

  async #pruneAll(): Promise<number> {
    clearTimeout(this.#timer);
    let batch = this.#options.batchSize;
    let pruned = 0;
    let since = Number.NEGATIVE_INFINITY;
    while (!this.#stopped) {
      try {
        const connection = await this.#connection(performance.now() + this.#options.timeoutMs);
        const gone = await pruneSessions.run({ key: this.#key, batch, since }, connection);
        if (gone.length === 0) break; // fewer than a batch says nothing: somebody may have taken one of its rows
        pruned += gone.length;
        this.pruned += gone.length;
        this.#options.onBatch?.(gone.length);
        for (const { expired } of gone) since = Math.max(since, expired - 0.001); // a double is not exact to the microsecond
      } catch (error) {
        const { code, sqlState } = error as SessionStoreError;
        const tookTooLong = code === 'TIMEOUT' || sqlState === CANCELED; // by the statement_timeout
        if (!tookTooLong || batch === 1) throw error;
        batch = Math.ceil(batch / 2);
      }
    }
    return pruned;
  }

  #arm(): void {
    const { intervalMs } = this.#options;
    clearTimeout(this.#timer);
    if (intervalMs === undefined || this.#stopped) return;
    const delayMs = Math.min(this.#jittered(intervalMs), LONGEST_TIMER);
    this.#timer = setTimeout(() => this.prune().catch(this.#options.onError), delayMs);
    this.#timer.unref();
  }

  /** The interval itself where the user's function fails, or answers with what setTimeout takes for "at once". */
  #jittered(intervalMs: number): number {
    try {
      const delayMs = this.#options.jitter(intervalMs);
      if (delayMs > 0) return delayMs;
      throw new TypeError(`it must answer with a positive number of milliseconds, not ${delayMs}`);
    } catch (error) {
      this.#options.onError(new Error('pruneSessionRandomizedInterval failed', { cause: error }));
      return intervalMs;
    }
  }
}
