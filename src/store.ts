// The class that express-session calls.
import type { IDatabaseConnection } from '@pgtyped/runtime';
import { type SessionData, Store } from 'express-session';
import type { Pool } from 'pg';
import { onPool } from './connection.js';
import { Expiry } from './expiry.js';
import { type CreateTableOptions, checkOptions, choosePool, type StoreOptions } from './options.js';
import { parse, stringify } from './payload.js';
import { defaultJitter, Pruner } from './pruner.js';
import { clearSessions, countSessions, listSessions } from './queries/admin.js';
import { destroySessions, readSessions, touchSessions, writeSessions } from './queries/session.js';
import { createTable, tableExists } from './schema.js';
import { bindTable, type TableNames } from './table.js';

type Callback<T> = (error: any, result?: T) => void;

/**
 * Sessions in a PostgreSQL table.
 *
 * Every method takes a callback last or, without one, returns a promise. A callback is called exactly once, later, and
 * outside any try or promise of the store's. A promise whose rejection nobody asks for goes to `errorLog`.
 */
export class PgSessionStore extends Store {
  readonly #pool: Pool;
  readonly #ownPool: boolean;
  readonly #names: TableNames;
  readonly #connection: IDatabaseConnection;
  readonly #expiry: Expiry;
  readonly #pruner: Pruner;
  readonly #disableTouch: boolean;
  readonly #createTableIfMissing: boolean;
  readonly #errorLog: (message: string, error?: unknown) => void;
  #tableReady: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  /**
   * @throws {TypeError} that says what to do: an option that there is not or of the wrong type, a name that PostgreSQL
   * can't hold, a ttl that is no positive number, nothing to connect to
   */
  constructor(options: StoreOptions = {}) {
    super();
    const checked = checkOptions(options);
    const { schemaName, tableName, pruneSessionInterval = 60, pruneSessionRandomizedInterval: jitter = true } = checked;
    this.#names = { schemaName, tableName };
    this.#expiry = new Expiry(checked.ttl);
    this.#disableTouch = checked.disableTouch ?? false;
    this.#createTableIfMissing = checked.createTableIfMissing ?? false;
    this.#errorLog = checked.errorLog ?? logToConsole;
    ({ pool: this.#pool, own: this.#ownPool } = choosePool(checked));
    this.#connection = bindTable(onPool(this.#pool), this.#names);
    this.#pruner = new Pruner(() => this.#ready(), this.#names, {
      intervalMs: pruneSessionInterval === false ? undefined : pruneSessionInterval * 1000,
      jitter: jitter === true ? defaultJitter : jitter || ((delayMs) => delayMs),
      batchSize: checked.pruneBatchSize ?? 1000,
      onError: (error) => this.#log('Failed to prune sessions:', error),
    });
    this.#pool.on('error', this.#onPoolError);
  }

  /**
   * The live session with this id, or null: none, expired, or a row that holds no session. `cookie.expires` is a Date (a
   * browser session's is null or false), and without a `ttl` option it is when the row expires.
   */
  override get(sid: string): Promise<SessionData | null>;
  override get(sid: string, callback: Callback<SessionData | null>): void;
  override get(sid: string, callback?: Callback<SessionData | null>) {
    return this.#answer(callback, async () => {
      const [row] = await readSessions.run({ sids: [sid] }, await this.#ready());
      return row ? this.#toSession(row) : null;
    });
  }

  /** Writes the session, new or not, as it is at the time of the call. */
  override set(sid: string, session: SessionData): Promise<void>;
  override set(sid: string, session: SessionData, callback: Callback<void> | undefined): void;
  override set(sid: string, session: SessionData, callback?: Callback<void>) {
    return this.#answer(callback, async () => {
      const row = { sids: [sid], payloads: [stringify(session)], ttls: [this.#expiry.secondsToLive(session)] };
      await writeSessions.run(row, await this.#ready());
    });
  }

  /** Moves the expiry of a live session, and nothing else. A session that is gone stays gone: that is no error. */
  override touch(sid: string, session: SessionData): Promise<void>;
  override touch(sid: string, session: SessionData, callback: Callback<void> | undefined): void;
  override touch(sid: string, session: SessionData, callback?: Callback<void>) {
    return this.#answer(callback, async () => {
      if (this.#disableTouch) return;
      await touchSessions.run({ sids: [sid], ttls: [this.#expiry.secondsToLive(session)] }, await this.#ready());
    });
  }

  /** Deletes the session. One that is not there is no error. */
  override destroy(sid: string): Promise<void>;
  override destroy(sid: string, callback: Callback<void> | undefined): void;
  override destroy(sid: string, callback?: Callback<void>) {
    return this.#answer(callback, async () => {
      await destroySessions.run({ sids: [sid] }, await this.#ready());
    });
  }

  /** All live sessions, in memory at once. */
  override all(): Promise<SessionData[]>;
  override all(callback: Callback<SessionData[]>): void;
  override all(callback?: Callback<SessionData[]>) {
    return this.#answer(callback, async () => {
      const rows = await listSessions.run(undefined, await this.#ready());
      return rows.map((row) => this.#toSession(row)).filter((session) => session !== null);
    });
  }

  /** How many sessions live. */
  override length(): Promise<number>;
  override length(callback: Callback<number>): void;
  override length(callback?: Callback<number>) {
    return this.#answer(callback, async () => {
      const [row] = await countSessions.run(undefined, await this.#ready());
      return row!.count;
    });
  }

  /** Deletes all sessions. */
  override clear(): Promise<void>;
  override clear(callback: Callback<void> | undefined): void;
  override clear(callback?: Callback<void>) {
    return this.#answer(callback, async () => {
      await clearSessions.run(undefined, await this.#ready());
    });
  }

  /**
   * Deletes all expired sessions and answers with their number. The next automatic pruning comes an interval later. 0 may
   * also mean that another process is pruning.
   */
  pruneSessions(): Promise<number>;
  pruneSessions(callback: Callback<number>): void;
  pruneSessions(callback?: Callback<number>) {
    return this.#answer(callback, () => this.#pruner.prune());
  }

  /**
   * Makes the table, its index on `expire` and, with `createSchema`, the schema, as far as they are missing. Safe when many
   * processes do so at once. Building the index on a large table that has none keeps writers waiting.
   */
  createTable(options?: CreateTableOptions): Promise<void>;
  createTable(callback: Callback<void>): void;
  createTable(options: CreateTableOptions, callback: Callback<void>): void;
  createTable(options: CreateTableOptions | Callback<void> = {}, callback?: Callback<void>) {
    if (typeof options === 'function') return this.#answer(options, () => createTable(this.#pool, this.#names, {}));
    return this.#answer(callback, () => createTable(this.#pool, this.#names, options));
  }

  /** Stops pruning, takes the store's listener off the pool, and ends the pool if it is the store's own. */
  close(): Promise<void>;
  close(callback: Callback<void>): void;
  close(callback?: Callback<void>) {
    this.#closing ??= this.#close();
    return this.#answer(callback, () => this.#closing!);
  }

  async #close(): Promise<void> {
    await this.#pruner.stop();
    // The store's own pool keeps its listener: a server that stops now may still cut off what end() did not wait for.
    if (this.#ownPool) await this.#pool.end();
    else this.#pool.off('error', this.#onPoolError);
  }

  readonly #onPoolError = (error: Error) => this.#log('An idle connection of the pool failed:', error);

  /** The connection, once the table is there. What failed is tried again by the next call. */
  async #ready(): Promise<IDatabaseConnection> {
    if (this.#createTableIfMissing) {
      this.#tableReady ??= this.#ensureTable().catch((error) => {
        this.#tableReady = undefined;
        throw error;
      });
      await this.#tableReady;
    }
    return this.#connection;
  }

  async #ensureTable(): Promise<void> {
    if (!(await tableExists(this.#pool, this.#names))) await createTable(this.#pool, this.#names, {});
  }

  /** A session without a cookie, as a script may write one, gets that of a browser session: express-session needs one. */
  #toSession({ sess, ttl }: { sess: string; ttl: number }): SessionData | null {
    try {
      const session = parse(sess);
      if (typeof session.cookie !== 'object' || session.cookie === null) session.cookie = { originalMaxAge: null };
      this.#expiry.restoreExpires(session, ttl);
      return session;
    } catch (error) {
      this.#log('Found a row that is no session:', error);
      return null;
    }
  }

  /** Whatever the user's errorLog does, it must not end the process. */
  #log(message: string, error: unknown): void {
    const errorLog = this.#errorLog; // called without the store as its this
    try {
      errorLog(message, error);
    } catch (failure) {
      logToConsole('errorLog failed:', failure);
      logToConsole(message, error);
    }
  }

  #answer<T>(callback: Callback<T> | undefined, work: () => Promise<T>): Promise<T> | undefined {
    const answer = work();
    if (typeof callback === 'function') {
      answer.then(
        (result) => process.nextTick(callback, null, result),
        (error) => process.nextTick(callback, error ?? new Error(`the session store failed with ${error}`)),
      );
      return undefined;
    }
    return new Answer<T>(answer, (error) =>
      this.#log('A call of the session store failed and nobody waited for it:', error),
    );
  }
}

/** The stack and no more: an error of pg's pool carries the whole client with it. */
function logToConsole(message: string, error: unknown): void {
  console.error(message, error instanceof Error ? error.stack : error);
}

/** A promise that has a handler from the start, which is told of a rejection that nobody else asked for. */
class Answer<T> extends Promise<T> {
  static override readonly [Symbol.species] = Promise;
  #awaited = false;

  constructor(answer: Promise<T>, onUnheard: (error: unknown) => void) {
    super((resolve) => resolve(answer));
    super.then(undefined, (error) => {
      if (!this.#awaited) onUnheard(error);
    });
  }

  // biome-ignore lint/suspicious/noThenProperty: a promise has one, and being asked through it is what counts
  override then<A = T, B = never>(
    onResult?: ((value: T) => A | PromiseLike<A>) | null,
    onError?: ((reason: any) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.#awaited = true;
    return super.then(onResult, onError);
  }
}
