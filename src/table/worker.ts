// Keeps the calls for one server of a distributed table from holding all connections of a pool.
import type { Pool } from 'pg';
import { clock } from '../clock.js';
import { timedOut } from '../errors.js';
import { type Deadline, Expiring } from '../postgres/deadline.js';
import type { RunPause } from '../postgres/retry.js';
import { LOCK_TIMEOUT, LockWaits } from './lock-waits.js';

const byPool = new WeakMap<Pool, Map<number, Worker>>();
const SLOWER_THAN_USUAL = 4;
const STEP = 0.1;

/**
 * A server that holds shards. All stores on the pool share it. Its statements use at most half of
 * the pool's connections, so that a server that does not answer stops no other one's.
 */
export class Worker {
  /** For this server: they leave half of its connections to other calls. */
  readonly lockWaits: LockWaits;
  /** The clients that Citus has connected to this server. */
  readonly warmClients = new WeakSet<object>();
  /** For all servers together: many of them could hold the whole pool. */
  readonly #ofPool: LockWaits;
  readonly #max: number;
  readonly #waiting = new Set<() => void>();
  #running = 0;
  #usualMs = 0; // about the median of the statements that succeeded

  /** @param id of Citus's group of nodes */
  static of(pool: Pool, id: number): Worker {
    const workers = byPool.get(pool) ?? new Map<number, Worker>();
    byPool.set(pool, workers);
    const worker = workers.get(id) ?? new Worker(pool);
    workers.set(id, worker);
    return worker;
  }

  private constructor(pool: Pool) {
    const maxConnections = pool.options?.max ?? 10; // pg's default
    this.#max = Math.max(Math.floor(maxConnections / 2), 1);
    this.lockWaits = new LockWaits(this.#max);
    this.#ofPool = LockWaits.of(pool);
  }

  /** Whether one more lone write may wait for its row. If true, `leave()` must follow. */
  tryEnter(): boolean {
    if (this.#max === 1 || !this.lockWaits.tryEnter()) return false;
    if (this.#ofPool.tryEnter()) return true;
    this.lockWaits.leave();
    return false;
  }

  leave(): void {
    this.#ofPool.leave();
    this.lockWaits.leave();
  }

  /**
   * Milliseconds after which a statement is taken to wait for a lock: at least four times the
   * usual, so that no statement of a slow server is cancelled.
   */
  get lockTimeout(): number {
    return Math.max(LOCK_TIMEOUT, SLOWER_THAN_USUAL * this.#usualMs);
  }

  /** Calls `start` when a statement can be sent. It must send one at once, by `run`, or none. */
  whenFree(start: () => void): void {
    if (this.#running < this.#max) start();
    else this.#waiting.add(start);
  }

  /**
   * Runs `work`, which sends one statement, when a connection may be used for it. A statement that
   * pauses before its next attempt must let others run, by `runPause`.
   */
  async run<T>(work: (runPause: RunPause) => Promise<T>, deadline: Deadline): Promise<T> {
    await this.#takeTurn(deadline);
    let isRunning = true;
    const runPause: RunPause = async (pause) => {
      isRunning = false;
      this.#endTurn();
      await pause();
      await this.#takeTurn(deadline);
      isRunning = true;
    };
    const startedAt = clock();
    try {
      const result = await work(runPause);
      const isSlower = clock() - startedAt > this.#usualMs;
      this.#usualMs = isSlower ? this.#usualMs * (1 + STEP) + STEP : this.#usualMs * (1 - STEP);
      return result;
    } finally {
      if (isRunning) this.#endTurn();
    }
  }

  #takeTurn(deadline: Deadline): Promise<void> | undefined {
    if (this.#running < this.#max) {
      this.#running++;
      return;
    }
    return new Promise((resolve, reject) => {
      const start = () => {
        this.#running++;
        resolve();
      };
      new Turn(this.#waiting, start, reject, deadline).watch();
    });
  }

  #endTurn(): void {
    this.#running--;
    for (const start of this.#waiting) {
      if (this.#running >= this.#max) return;
      this.#waiting.delete(start);
      start();
    }
  }
}

/** The wait of a statement for a connection, which ends at its deadline. */
class Turn extends Expiring {
  constructor(
    readonly queue: Set<() => void>,
    readonly start: () => void,
    readonly reject: (error: unknown) => void,
    deadline: Deadline,
  ) {
    super(deadline);
    queue.add(this.#start);
  }

  readonly #start = (): void => {
    this.unwatch();
    this.start();
  };

  protected expire(): void {
    this.queue.delete(this.#start);
    this.reject(timedOut());
  }
}
