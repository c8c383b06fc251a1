// Prunes at an interval, and at most once at a time.
import type { IDatabaseConnection } from '@pgtyped/runtime';
import type { Deadline } from '../postgres/deadline.js';
import type { TableLocation } from '../table/location.js';
import { type OnExpired, prune } from '../table/prune.js';
import type { KeptEvent } from './events.js';

export interface PruneTimerOptions {
  /** Milliseconds from one prune to the next. Undefined: only when asked. */
  intervalMs: number | undefined;
  /** Returns the next delay in milliseconds, from the interval's. */
  jitter: (delayMs: number) => number;
  /** Rows that one statement deletes at most. */
  batchSize: number;
  /** Milliseconds that one statement may take. */
  timeoutMs: number;
  onError: (error: unknown) => void;
  /** Whether Citus distributes the table. Rejects if its servers would read other times. */
  isDistributed: (deadline: Deadline) => Promise<boolean>;
  /** Called after a prune with the sessions that it could not delete, if there are any. */
  onKept: (kept: KeptEvent[]) => void;
  /** Returns the listener for deleted sessions. Undefined: a prune does not ask for their ids. */
  onExpired: () => OnExpired | undefined;
}

/**
 * Half the interval to one and a half of it, so that many processes do not prune at the same
 * moment.
 */
export const defaultJitter = (delayMs: number): number => Math.ceil(delayMs * (0.5 + Math.random()));

const MAX_TIMER_MS = 2 ** 31 - 1; // Node fires a longer timer at once

export class PruneTimer {
  readonly #connect: (deadline: Deadline) => Promise<IDatabaseConnection>;
  readonly #location: TableLocation;
  readonly #options: PruneTimerOptions;
  readonly #stopping = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<number> | undefined;

  /** Rows deleted so far. */
  pruned = 0;

  constructor(
    connect: (deadline: Deadline) => Promise<IDatabaseConnection>,
    location: TableLocation,
    options: PruneTimerOptions,
  ) {
    this.#connect = connect;
    this.#location = location;
    this.#options = options;
    this.#schedule();
  }

  /**
   * Prunes until no expired session is left, and resolves with the number of rows. Calls at the
   * same time share one run.
   */
  prune(): Promise<number> {
    clearTimeout(this.#timer);
    this.#running ??= this.#prune().finally(() => {
      this.#running = undefined;
      this.#schedule();
    });
    return this.#running;
  }

  /** Stops the timer, and waits for the prune that is in flight. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    clearTimeout(this.#timer);
    await this.#running?.catch(() => {}); // its caller gets the error
  }

  async #prune(): Promise<number> {
    const { batchSize, timeoutMs, isDistributed, onKept, onExpired } = this.#options;
    const connect = () => this.#connect(performance.now() + timeoutMs);
    const onBatch = (rows: number) => {
      this.pruned += rows;
    };
    const kept: KeptEvent[] = [];
    try {
      return await prune(connect, this.#location, {
        batchSize,
        timeoutMs,
        isDistributed: await isDistributed(performance.now() + timeoutMs),
        onBatch,
        onKept: (handle, error) => kept.push({ handle, error }),
        onExpired: onExpired(),
        signal: this.#stopping.signal,
      });
    } finally {
      if (kept.length > 0) onKept(kept);
    }
  }

  #schedule(): void {
    const { intervalMs, onError } = this.#options;
    clearTimeout(this.#timer);
    if (intervalMs === undefined || this.#stopping.signal.aborted) return;
    const delayMs = Math.min(this.#delay(intervalMs), MAX_TIMER_MS);
    this.#timer = setTimeout(() => this.prune().catch(onError), delayMs).unref();
  }

  /**
   * Falls back to the interval if the app's function throws, or does not return a positive number.
   */
  #delay(intervalMs: number): number {
    try {
      const delayMs = this.#options.jitter(intervalMs);
      if (delayMs > 0) return delayMs;
      throw new TypeError(`it must return a positive number of milliseconds, not ${delayMs}`);
    } catch (error) {
      this.#options.onError(new Error('pruneSessionRandomizedInterval failed', { cause: error }));
      return intervalMs;
    }
  }
}
