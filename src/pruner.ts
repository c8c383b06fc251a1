// Deletes expired sessions: a timer, its jitter, one pruner among many processes.
import { createHash } from 'node:crypto';
import type { IDatabaseConnection } from '@pgtyped/runtime';
import { pruneSessions } from './queries/admin.js';
import type { TableNames } from './table.js';

export interface PrunerOptions {
  /** Milliseconds from one pruning to the next; undefined: only when asked. */
  intervalMs: number | undefined;
  /** The next delay in milliseconds, from the interval's. */
  jitter: (delayMs: number) => number;
  /** Rows that one statement deletes at most. */
  batchSize: number;
  onError: (error: unknown) => void;
}

/** Half the interval to one and a half of it, so that many processes don't prune at the same moment. */
export const defaultJitter = (delayMs: number): number => Math.ceil(delayMs * (0.5 + Math.random()));

const LONGEST_TIMER = 2 ** 31 - 1; // milliseconds; Node fires a longer one at once

export class Pruner {
  readonly #connection: () => Promise<IDatabaseConnection>;
  readonly #key: string;
  readonly #options: PrunerOptions;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<number> | undefined;
  #stopped = false;

  constructor(connection: () => Promise<IDatabaseConnection>, names: TableNames, options: PrunerOptions) {
    this.#connection = connection;
    this.#key = lockKey(names);
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
    const stoppedBefore = this.#stopped; // what is asked for after a stop is done, what was under way is cut short
    const connection = await this.#connection();
    const { batchSize } = this.#options;
    let pruned = 0;
    for (let rows = batchSize; rows === batchSize && this.#stopped === stoppedBefore; pruned += rows) {
      ({ rowCount: rows } = await pruneSessions.runWithCounts({ key: this.#key, batch: batchSize }, connection));
    }
    return pruned;
  }

  #arm(): void {
    const { intervalMs, jitter, onError } = this.#options;
    clearTimeout(this.#timer);
    if (intervalMs === undefined || this.#stopped) return;
    let delayMs = jitter(intervalMs);
    if (!(delayMs > 0)) {
      // NaN too, which setTimeout takes for "at once"
      onError(
        new TypeError(
          `pruneSessionRandomizedInterval must answer with a positive number of milliseconds, not ${delayMs}`,
        ),
      );
      delayMs = intervalMs;
    }
    this.#timer = setTimeout(() => this.prune().catch(onError), Math.min(delayMs, LONGEST_TIMER));
    this.#timer.unref();
  }
}

/** The advisory lock of this table's pruners: 64 bits of a hash of its name, in decimal. */
function lockKey({ schemaName, tableName }: TableNames): string {
  const name = JSON.stringify(['connect-pg-typed prune', schemaName ?? null, tableName ?? 'session']);
  return createHash('sha256').update(name).digest().readBigInt64BE().toString();
}
