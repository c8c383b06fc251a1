// The class that express-session calls.
import type { IDatabaseConnection } from '@pgtyped/runtime';
import { type SessionData, Store } from 'express-session';
import type { Pool } from 'pg';
import { answer, type Callback } from './answer.js';
import { onPool } from './connection.js';
import { Expiry } from './expiry.js';
import { handleOf } from './handle.js';
import { type CreateTableOptions, checkOptions, choosePool, type StoreOptions } from './options.js';
import { type Fields, fieldsOf, parse, textOf } from './payload.js';
import { defaultJitter, Pruner } from './pruner.js';
import { clearSessions, countSessions, listSessions } from './queries/admin.js';
import { replaceSession } from './replace.js';
import { Rows } from './rows.js';
import { createTable, tableExists } from './schema.js';
import {
  applyChanges,
  type Changes,
  changesOf,
  isSameCookie,
  othersChanges,
  type Row,
  type Snapshot,
  Snapshots,
} from './snapshot.js';
import { bindTable, type TableNames } from './table.js';
import { Turns } from './turns.js';

type CreateSession = Store['createSession'];
type Change = (session: SessionData) => void;
type Touching = { ttl: number; cookie: string | undefined; during: GoneEvent['during'] };
type Saving = { fields: Fields; ttl: number; snapshot?: Snapshot };

/** A write found its session gone, destroyed or expired, and left it so. */
export interface GoneEvent {
  /** SHA-256 of the session id, in hexadecimal. */
  handle: string;
  /** What was asked of the store. */
  during: 'set' | 'touch';
}

/** A save found that others had changed the session since it was loaded, and laid its changes over theirs. */
export interface ConflictEvent {
  /** SHA-256 of the session id, in hexadecimal. */
  handle: string;
  /** The top-level keys that the others had changed. */
  keys: string[];
  /** Those among them that this save changed too: there the others' values are lost. `update()` would have lost nothing. */
  overwritten: string[];
}

/**
 * Sessions in a PostgreSQL table.
 *
 * Every method takes a callback last or, without one, returns a promise. A callback is called exactly once, later, and
 * outside any try or promise of the store's. A promise whose rejection nobody asks for goes to `errorLog`. What is asked
 * for one session is done in that order.
 *
 * Emits `gone` with a {@link GoneEvent} and `conflict` with a {@link ConflictEvent}.
 */
export class PgSessionStore extends Store {
  readonly #pool: Pool;
  readonly #ownPool: boolean;
  readonly #names: TableNames;
  readonly #connection: IDatabaseConnection;
  readonly #expiry: Expiry;
  readonly #pruner: Pruner;
  readonly #rows: Rows;
  readonly #turns = new Turns();
  readonly #snapshots: Snapshots | undefined;
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
    this.#expiry = new Expiry(checked);
    this.#snapshots = checked.concurrency === 'overwrite' ? undefined : new Snapshots();
    this.#disableTouch = checked.disableTouch ?? false;
    this.#createTableIfMissing = checked.createTableIfMissing ?? false;
    this.#errorLog = checked.errorLog ?? logToConsole;
    ({ pool: this.#pool, own: this.#ownPool } = choosePool(checked));
    const { batch = true, prepare = true } = checked;
    this.#connection = bindTable(onPool(this.#pool, { prepare }), this.#names);
    this.#rows = new Rows(() => this.#ready(), { batch });
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
      const before = this.#turns.seen(sid);
      if (before) await before;
      const row = await this.#rows.read(sid);
      const session = row ? this.#toSession(row) : null;
      if (row && session) {
        const mayShorten = this.#expiry.mayShorten(session, row.ttl);
        const expiresAt = performance.now() + row.ttl * 1000;
        this.#snapshots?.read(session, { sid, text: row.sess, mayShorten, expiresAt });
      }
      return session;
    });
  }

  /** express-session's: the Session of a request, from what `get` handed out. */
  override createSession(...args: Parameters<CreateSession>): ReturnType<CreateSession> {
    const session = this.makeSession(...args);
    this.#snapshots?.loaded(args[1], session);
    return session;
  }

  /** How express-session makes a Session. */
  protected makeSession(...args: Parameters<CreateSession>): ReturnType<CreateSession> {
    return super.createSession(...args);
  }

  /**
   * Writes the session as it is at the time of the call.
   *
   * A Session that express-session loaded, or saved before, is an update of the row it was read from, and never makes one:
   * the top-level keys that were added, changed or removed are laid over what others have saved in the meantime; where there
   * are none it is a touch; a session that is gone stays gone, which is no error. Anything else is written as it is.
   *
   * @throws {SessionStoreError} CONFLICT, when others changed the session before every attempt of five seconds
   */
  override set(sid: string, session: SessionData): Promise<void>;
  override set(sid: string, session: SessionData, callback: Callback<void> | undefined): void;
  override set(sid: string, session: SessionData, callback?: Callback<void>) {
    return this.#answer(callback, async () => {
      const fields = fieldsOf(session);
      const ttl = this.#expiry.secondsToLive(session);
      await this.#turns.take(sid, async () => {
        const snapshot = this.#snapshots?.of(sid, session);
        if (snapshot) await this.#save(sid, session, { fields, ttl, snapshot });
        else await this.#write(sid, session, { fields, ttl });
      });
    });
  }

  /** Moves the expiry of a live session, and nothing else. A session that is gone stays gone: that is no error. */
  override touch(sid: string, session: SessionData): Promise<void>;
  override touch(sid: string, session: SessionData, callback: Callback<void> | undefined): void;
  override touch(sid: string, session: SessionData, callback?: Callback<void>) {
    return this.#answer(callback, async () => {
      if (this.#disableTouch) return;
      const ttl = this.#expiry.secondsToLive(session);
      const cookie = fieldsOf({ cookie: session.cookie }).get('cookie');
      await this.#turns.take(sid, () => this.#touch(sid, session, { ttl, cookie, during: 'touch' }), { isTouch: true });
    });
  }

  /**
   * Reads the session, changes it and replaces it, and does so again when another request was faster: nothing that two
   * updates of one session do is lost. Its expiry stays, unless the cookie decides it and `change` alters the cookie.
   *
   * @param change changes the session that it is given, in place. It may be called several times, each time with what is
   * stored then, and must not be async
   * @returns the session as it is stored now, or null where none lives: then `change` was not called
   * @throws {SessionStoreError} CONFLICT, when others changed the session before every attempt of five seconds
   */
  update(sid: string, change: Change): Promise<SessionData | null>;
  update(sid: string, change: Change, callback: Callback<SessionData | null>): void;
  update(sid: string, change: Change, callback?: Callback<SessionData | null>) {
    return this.#answer(callback, async () => {
      if (typeof change !== 'function') throw new TypeError('update: give a function that changes the session');
      return this.#turns.take(sid, () => this.#update(sid, change));
    });
  }

  /** Deletes the session. One that is not there is no error. */
  override destroy(sid: string): Promise<void>;
  override destroy(sid: string, callback: Callback<void> | undefined): void;
  override destroy(sid: string, callback?: Callback<void>) {
    return this.#answer(callback, async () => {
      await this.#turns.take(sid, () => this.#rows.destroy(sid));
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
    return this.#answer(callback, () => createTable(this.#pool, this.#names, options ?? {}));
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

  /** The first save of a Session, and any of another object. */
  async #write(sid: string, session: SessionData, { fields, ttl }: Saving): Promise<void> {
    const text = textOf(fields);
    await this.#rows.write({ sid, payload: text, ttl });
    this.#snapshots?.saved(sid, session, fields, { text, fields, ttl });
  }

  /** A save of a Session that was loaded, or saved before. */
  async #save(sid: string, session: SessionData, { fields, ttl, snapshot }: Required<Saving>): Promise<void> {
    const changes = changesOf(snapshot.base, fields);
    const shortening = mayShorten(snapshot, fields.get('cookie'));
    if (changes.size === 0) return this.#touch(sid, session, { ttl, cookie: fields.get('cookie'), during: 'set' });
    let others: Changes = new Map();
    const change = (row: Row) => {
      if (row !== snapshot.row) others = othersChanges(snapshot.row, row);
      const merged = applyChanges(row.fields, changes, fields);
      const cookieIsMine = isSameCookie(merged.get('cookie'), fields.get('cookie'));
      return cookieIsMine
        ? { fields: merged, ttl, mayShorten: shortening }
        : { fields: merged, ttl: 0, mayShorten: false }; // how long it lives is the other's to say
    };
    const row = await replaceSession(this.#rows, sid, change, snapshot.row);
    if (!row) return this.#tell('gone', { handle: handleOf(sid), during: 'set' });
    this.#snapshots?.saved(sid, session, fields, row);
    if (others.size > 0) {
      const keys = [...others.keys()];
      this.#tell('conflict', { handle: handleOf(sid), keys, overwritten: keys.filter((key) => changes.has(key)) });
    }
  }

  async #touch(sid: string, session: SessionData, { ttl, cookie, during }: Touching): Promise<void> {
    const snapshot = this.#snapshots?.of(sid, session);
    if (snapshot && !this.#expiry.isWorthATouch(ttl, snapshot.expiresAt)) return;
    const isThere = await this.#rows.touch({ sid, ttl, mayShorten: mayShorten(snapshot, cookie) });
    if (!isThere) this.#tell('gone', { handle: handleOf(sid), during });
    else if (snapshot) snapshot.expiresAt = performance.now() + ttl * 1000;
  }

  async #update(sid: string, change: Change): Promise<SessionData | null> {
    let changed: SessionData | null = null;
    const row = await replaceSession(this.#rows, sid, ({ text, ttl = 0 }) => {
      changed = this.#toSession({ sess: text, ttl });
      if (!changed) return undefined;
      const before = fieldsOf(changed);
      const returned: unknown = change(changed);
      if (typeof Object(returned).then === 'function') {
        Promise.resolve(returned).catch(() => {}); // the error below says it all
        throw new TypeError('update: the function must not be async. Do before it what takes time');
      }
      const fields = fieldsOf(changed);
      const isCookieChanged = before.get('cookie') !== fields.get('cookie'); // its expires, too: it was not a request
      if (!isCookieChanged && changesOf(before, fields).size === 0) return undefined;
      return isCookieChanged && this.#expiry.isTheCookies
        ? { fields, ttl: this.#expiry.secondsToLive(changed), mayShorten: true }
        : { fields, ttl, mayShorten: false };
    });
    return row && changed;
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

  /** Later and outside any promise of ours, as callbacks are: what a listener throws is no failure of the write. */
  #tell(event: 'gone', details: GoneEvent): void;
  #tell(event: 'conflict', details: ConflictEvent): void;
  #tell(event: string, details: object): void {
    process.nextTick(() => this.emit(event, details));
  }

  #answer<T>(callback: Callback<T> | undefined, work: () => Promise<T>): Promise<T> | undefined {
    return answer(callback, work(), (error) =>
      this.#log('A call of the session store failed and nobody waited for it:', error),
    );
  }
}

/** A request that did not change the cookie must not undo the longer life that another has given the session. */
const mayShorten = (snapshot: Snapshot | undefined, cookie: string | undefined): boolean =>
  snapshot === undefined || snapshot.mayShorten || !isSameCookie(snapshot.base.get('cookie'), cookie);

/** The stack and no more: an error of pg's pool carries the whole client with it. */
function logToConsole(message: string, error: unknown): void {
  console.error(message, error instanceof Error ? error.stack : error);
}
