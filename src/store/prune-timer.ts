// Prunes at an interval, and at most once at a time.
import type { IDatabaseConnection } from '@pgtyped/runtime';
import { clock } from '../clock.js';
import { type Deadline, MAX_TIMER_MS } from '../postgres/deadline.js';
import type { TableLocation } from '../table/location.js';
import { prune } from '../table/prune.js';
import type { SessionRows } from '../table/session-rows.js';
import type { Log } from './error-log.js';
import type { Events, KeptEvent } from './events.js';

export interface PruneTimerOptions {
  connect: (deadline: Deadline) => Promise<IDatabaseConnection>;
  location: TableLocation;
  rows: Pick<SessionRows, 'isDistributed'>;
  /** Milliseconds from one prune to the next. Undefined: only when asked. */
  intervalMs: number | undefined;
  /** Returns the next delay in milliseconds, from the interval's. */
  jitter: (delayMs: number) => number;
  /** Rows that one statement deletes at most. */
  batchSize: number;
  /** Milliseconds that one statement may take. */
  timeoutMs: number;
  events: Events;
  log: Log;
}

const MAX_LOGGED_HANDLES = 100;

/**
 * Half the interval to one and a half of it, so that many processes do not prune at the same
 * moment.
 */
export const defaultJitter = (delayMs: number): number => Math.ceil(delayMs * (0.5 + Math.random()));

export class PruneTimer {
  readonly #options: PruneTimerOptions;
  readonly #stopping = new AbortController();
  readonly #onError = (error: unknown) => this.#options.log('Failed to prune sessions:', error);
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<number> | undefined;

  /** Rows deleted so far. */
  pruned = 0;

  constructor(options: PruneTimerOptions) {
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
    const { connect, location, rows, batchSize, timeoutMs, events } = this.#options;
    const kept: KeptEvent[] = [];
    try {
      return await prune(() => connect(clock() + timeoutMs), location, {
        batchSize,
        timeoutMs,
        isDistributed: await rows.isDistributed(clock() + timeoutMs),
        onBatch: (deleted) => {
          this.pruned += deleted;
        },
        onKept: (handle, error) => kept.push({ handle, error }),
        // Without a listener, the statements need not return the ids.
        onExpired: events.isListenedTo('expired') ? (handles) => events.emitLater('expired', { handles }) : undefined,
        signal: this.#stopping.signal,
      });
    } finally {
      if (kept.length > 0) this.#reportKept(kept);
    }
  }

  #reportKept(kept: KeptEvent[]): void {
    const { events, log } = this.#options;
    if (events.isListenedTo('kept')) {
      for (const event of kept) events.emitLater('kept', event);
      return;
    }
    const handles = kept.slice(0, MAX_LOGGED_HANDLES).map(({ handle }) => handle);
    const more = kept.length > handles.length ? ` and ${kept.length - handles.length} more` : '';
    log(`Pruning could not delete ${kept.length} expired sessions: ${handles.join(', ')}${more}`, kept[0]!.error);
  }

  #schedule(): void {
    const { intervalMs } = this.#options;
    if (intervalMs === undefined || this.#stopping.signal.aborted) return;
    const delayMs = Math.min(this.#delay(intervalMs), MAX_TIMER_MS);
    this.#timer = setTimeout(() => this.prune().catch(this.#onError), delayMs).unref();
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
      this.#onError(new Error('pruneSessionRandomizedInterval failed', { cause: error }));
      return intervalMs;
    }
  }
}
