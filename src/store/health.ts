// What the store reports about itself.
import type { Pool } from 'pg';
import type { SessionStoreError, SessionStoreErrorCode } from '../errors.js';
import type { StoreMethod } from './in-flight-calls.js';

/** Whether the store works, for a readiness probe. */
export interface Health {
  /** Whether the table can be read. */
  ok: boolean;
  /** Milliseconds of the round trip, with the time to connect if a connection was needed. */
  latencyMs: number;
  /** The pool's connections, its idle connections, and the checkouts that wait for one. */
  pool: { total: number; idle: number; waiting: number };
  /** Whether writes fail at once, because the database has been read-only for 3 seconds or more. */
  readOnly: boolean;
  /** Why the table cannot be read. */
  error?: SessionStoreError;
}

/** Counters since the store was created. */
export interface Stats {
  /**
   * Calls of the store's methods, without those that were refused as `CLOSED` or because of
   * `maxWaiting`. Those that were refused because of `maxWaitingBytes` count.
   */
  calls: number;
  /** `calls`, by method. */
  callsByMethod: Record<StoreMethod, number>;
  /**
   * Failed calls by the code of the error, with refused ones and failed `health` checks. `OTHER`:
   * the error is not a {@link SessionStoreError}, such as a TypeError for a session that JSON
   * cannot hold.
   */
  errorsByCode: Record<SessionStoreErrorCode | 'OTHER', number>;
  /** Statements that served several calls. */
  batches: number;
  /** Saves that were merged with the changes of another request. */
  merges: number;
  /** Writes that found their session gone. */
  gone: number;
  /** Reads of a live row that does not hold a session. */
  unreadable: number;
  /** Statements that were sent again. */
  retries: number;
  /** Expired sessions that were deleted. */
  pruned: number;
  /** Sessions that were moved from the store of the option `oldStore`. */
  moved: number;
  /** When the last one was moved. Undefined if none was. */
  lastMovedAt: Date | undefined;
}

export function healthOf(pool: Pool, latencyMs: number, readOnly: boolean, error: unknown): Health {
  const { totalCount: total, idleCount: idle, waitingCount: waiting } = pool;
  const health = { latencyMs, pool: { total, idle, waiting }, readOnly };
  return error === null ? { ok: true, ...health } : { ok: false, ...health, error: error as SessionStoreError };
}
