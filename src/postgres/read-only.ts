// Makes writes fail at once while the database stays read-only, instead of retrying each one.
import { clock } from '../clock.js';
import { hasSqlState, refused, type SessionStoreError } from '../errors.js';
import { READ_ONLY_SQL_TRANSACTION } from '../sql-states.js';

/** How long to retry, in milliseconds: a failover takes about two seconds. */
export const READ_ONLY_PATIENCE_MS = 3000;

const PROBE_MS = 1000; // from one probe to the next
const PROBE_ATTEMPTS = 2; // the pool may hold connections from the time when the database was read-only
const STALE_MS = 3000; // after so long without a failed write, the database may have recovered
const FORGET_MS = 60_000; // after so long, a failed write begins another outage

/** Whether the database accepts writes, as far as a store's own writes have shown. */
export class ReadOnlyState {
  /** The first failure since the last success, and the last one. */
  #since: number | undefined;
  #lastFailureAt = 0;
  #cause: unknown;
  #nextProbeAt = 0;

  /** Whether writes fail at once. */
  get isReadOnly(): boolean {
    if (this.#since === undefined) return false; // first: each write comes here
    const now = clock();
    return now - this.#lastFailureAt <= STALE_MS && now - this.#since >= READ_ONLY_PATIENCE_MS;
  }

  /**
   * Called before a write.
   *
   * @throws if the database has been read-only for longer than a failover takes. One write a second
   *   passes, as a probe
   */
  check(): void {
    if (!this.isReadOnly) return;
    const now = clock();
    if (now < this.#nextProbeAt) throw this.#refusal();
    this.#nextProbeAt = now + PROBE_MS;
  }

  succeeded(): void {
    this.#since = undefined;
    this.#cause = undefined;
  }

  /**
   * Called with the error of each attempt of a write.
   *
   * @throws if another attempt would come too late
   */
  failed(error: unknown, attempts: number): void {
    if (!hasSqlState(error, READ_ONLY_SQL_TRANSACTION)) return;
    const now = clock();
    if (now - this.#lastFailureAt > FORGET_MS) this.#since = undefined;
    this.#lastFailureAt = now;
    this.#since ??= now;
    this.#cause = error;
    if (this.isReadOnly && attempts >= PROBE_ATTEMPTS) throw this.#refusal();
  }

  #refusal(): SessionStoreError {
    return refused(
      'the database is read-only: saves fail at once, until one that the store sends each second succeeds',
      this.#cause,
    );
  }
}
