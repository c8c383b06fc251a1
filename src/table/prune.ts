// Deletes all expired sessions of a table, in batches, and passes those that cannot be deleted.
import type { IDatabaseConnection } from '@pgtyped/runtime';
import { clock } from '../clock.js';
import { hasSqlState, KEPT, refused, SessionStoreError } from '../errors.js';
import { listExpired, lockPrune, pruneListed, pruneSessions } from '../generated/prune.js';
import { PoolConnection } from '../postgres/connection.js';
import { handleOfRow } from '../session/handle.js';
import { LOCK_NOT_AVAILABLE, QUERY_CANCELED } from '../sql-states.js';
import { mayConcernOneItem } from './batch-errors.js';
import type { TableLocation } from './location.js';
import { pruneKey, tableBinder } from './names.js';

/** Rows that one statement deletes at most, unless an option says otherwise. */
export const DEFAULT_PRUNE_BATCH = 1000;

const LOCK_TIMEOUT = '1s'; // for a batch
const SHORT_LOCK_TIMEOUT = '100ms'; // to find the locked rows of a batch that failed
const MAX_STUCK_MS = 30_000; // how long rows may be locked or slow, one after another, until the run fails

/** Called with an expired session that cannot be deleted, and the reason. */
export type OnKept = (handle: string, error: SessionStoreError) => void;

/** Called with the handles of expired sessions that were deleted. */
export type OnExpired = (handles: string[]) => void;

export interface PruneOptions {
  /** Rows that one statement deletes at most. */
  batchSize: number;
  /** Called after each statement with the number of rows that it deleted. */
  onBatch?: ((rows: number) => void) | undefined;
  /** Called once for each session. */
  onKept?: OnKept | undefined;
  /** Called after each statement that deleted sessions, with their handles. */
  onExpired?: OnExpired | undefined;
  /** Stops after the statement that is in flight. */
  signal?: AbortSignal;
  /** Whether Citus distributes the table. */
  isDistributed: boolean;
  /** Milliseconds for a statement. Default: no limit. */
  timeoutMs?: number;
}

type Connect = () => Promise<IDatabaseConnection>;

/**
 * Prunes until no expired session is left that can be deleted. A batch that takes too long is tried
 * again with half as many rows.
 *
 * @param connect called before each statement
 * @returns the number of deleted rows. 0 can also mean that another process holds the prune lock
 */
export async function prune(connect: Connect, location: TableLocation, options: PruneOptions): Promise<number> {
  return new PruneRun(connect, location, options).run();
}

interface ExpiredRow {
  sid: string;
  /** In seconds since 1970. */
  expired: number;
}

class PruneRun {
  readonly #connect: Connect;
  readonly #location: TableLocation;
  readonly #key: string;
  readonly #options: PruneOptions;
  /** The run has dealt with all sessions that expired earlier. */
  #since = Number.NEGATIVE_INFINITY;
  /** Sessions that cannot be deleted, with their expiry, if `#since` does not exclude them. */
  readonly #kept = new Map<string, number>();
  #pruned = 0;
  #prunedAt = clock();
  #tooSlow: SessionStoreError | undefined;

  constructor(connect: Connect, location: TableLocation, options: PruneOptions) {
    this.#connect = connect;
    this.#location = location;
    this.#key = pruneKey(location.names);
    this.#options = options;
  }

  async run(): Promise<number> {
    const { batchSize } = this.#options;
    let batch = batchSize;
    while (!this.#isStopped) {
      let nextBatch = batch;
      try {
        if (await this.#pruneBatch(batch)) continue;
      } catch (error) {
        if (isTimeout(error) && batch > 1) {
          batch = Math.ceil(batch / 2);
          continue;
        }
        if (!isPassable(error)) throw error;
        nextBatch = batchSize;
      }
      if (!(await this.#pruneListed(batch))) break;
      batch = nextBatch;
    }
    if (this.#pruned === 0 && this.#tooSlow) throw this.#tooSlow; // not a matter of single rows
    return this.#pruned;
  }

  get #isStopped(): boolean {
    return this.#options.signal?.aborted ?? false;
  }

  /** Returns whether it deleted a whole batch. If not, earlier expired sessions may be left. */
  async #pruneBatch(batch: number): Promise<boolean> {
    const withIds = this.#options.onExpired !== undefined;
    const params = { key: this.#key, batch, since: this.#since, lockTimeout: LOCK_TIMEOUT, withIds };
    const deleted = await this.#send((db) => pruneSessions.run(params, db), LOCK_TIMEOUT);
    this.#deleted(deleted);
    if (deleted.length < batch) return false;
    for (const { expired } of deleted) this.#pass(expired);
    return true;
  }

  /** Resolves with no rows if another process holds the prune lock. */
  async #send<Row>(statement: (db: IDatabaseConnection) => Promise<Row[]>, lockTimeout: string): Promise<Row[]> {
    if (!this.#options.isDistributed) return statement(await this.#connect());
    const { pool, names } = this.#location;
    const deadline = clock() + (this.#options.timeoutMs ?? Infinity);
    return new PoolConnection(pool).transaction(deadline, async (client) => {
      const db = tableBinder(names)(client);
      const [lock] = await lockPrune.run({ key: this.#key }, db);
      if (!lock!.ok) return [];
      await client.query(`SET LOCAL lock_timeout = '${lockTimeout}'`, []); // for the servers with the rows too
      return statement(db);
    });
  }

  /** Deletes the next sessions by their ids. Returns whether there were any. */
  async #pruneListed(batch: number): Promise<boolean> {
    const rows = await this.#list(batch);
    const last = rows.at(-1);
    if (!last) return false;
    const open = new Map(rows.map((row) => [row.sid, row]));
    await this.#delete(rows, open);
    if (this.#isStopped) return false;
    if (open.size > 0) {
      for (const { sid } of await this.#list(batch)) {
        const row = open.get(sid);
        if (row) this.#keep(row, refused(KEPT));
      }
    }
    this.#pass(last.expired);
    for (const [sid, expired] of this.#kept) if (expired < this.#since - 0.002) this.#kept.delete(sid);
    return true;
  }

  async #list(batch: number): Promise<ExpiredRow[]> {
    const since = Number.isFinite(this.#since) ? new Date(this.#since * 1000) : null; // a Date has milliseconds
    return listExpired.run({ key: this.#key, batch, since, kept: [...this.#kept.keys()] }, await this.#connect());
  }

  /** Deletes the rows, or halves of them if that fails. Removes finished ones from `open`. */
  async #delete(rows: ExpiredRow[], open: Map<string, ExpiredRow>): Promise<void> {
    if (this.#isStopped) return;
    try {
      const params = { sids: rows.map(({ sid }) => sid), lockTimeout: SHORT_LOCK_TIMEOUT };
      const deleted = await this.#send((db) => pruneListed.run(params, db), SHORT_LOCK_TIMEOUT);
      this.#deleted(deleted);
      for (const { sid } of deleted) open.delete(sid);
    } catch (error) {
      if (!isPassable(error)) throw error;
      const isStuck = clock() - this.#prunedAt > MAX_STUCK_MS;
      if (isStuck && (isTimeout(error) || hasSqlState(error, LOCK_NOT_AVAILABLE))) throw error;
      if (rows.length > 1) {
        const middle = rows.length >> 1;
        await this.#delete(rows.slice(0, middle), open);
        await this.#delete(rows.slice(middle), open);
      } else {
        if (isTimeout(error)) this.#tooSlow = error;
        this.#keep(rows[0]!, error);
        open.delete(rows[0]!.sid);
      }
    }
  }

  /** @param rows with their sid if `onExpired` is given */
  #deleted(rows: { sid: string | null }[]): void {
    if (rows.length === 0) return;
    this.#pruned += rows.length;
    this.#prunedAt = clock();
    const { onBatch, onExpired } = this.#options;
    onBatch?.(rows.length);
    onExpired?.(rows.map(({ sid }) => handleOfRow(sid!)));
  }

  #keep({ sid, expired }: ExpiredRow, error: SessionStoreError): void {
    this.#kept.set(sid, expired);
    this.#options.onKept?.(handleOfRow(sid), error);
  }

  #pass(expired: number): void {
    this.#since = Math.max(this.#since, expired - 0.001); // a double has no exact microseconds
  }
}

/** Whether the others may be deleted if one row is passed. */
const isPassable = (error: unknown): error is SessionStoreError => mayConcernOneItem(error) || isTimeout(error);

/** Past the deadline, or past the server's statement_timeout. */
const isTimeout = (error: unknown): error is SessionStoreError =>
  (error instanceof SessionStoreError && error.code === 'TIMEOUT') || hasSqlState(error, QUERY_CANCELED);
