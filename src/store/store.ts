// The class that express-session calls.
import type { IDatabaseConnection } from '@pgtyped/runtime';
import { type SessionData, Store } from 'express-session';
import type { Pool } from 'pg';
import type { SessionStoreError } from '../errors.js';
import { clearSessions, countSessions, listSessions, revokeAll } from '../generated/admin.js';
import { checkTable } from '../generated/session.js';
import { choosePool } from '../postgres/connect.js';
import { onPool } from '../postgres/connection.js';
import { applyChanges, type Changes, changesOf, isSameCookie, othersChanges, type Row } from '../session/changes.js';
import { makeVault, type Vault } from '../session/codec.js';
import { Expiry } from '../session/expiry.js';
import { handleOf, handleOfRow } from '../session/handle.js';
import { Lifetime, withoutBirth } from '../session/lifetime.js';
import { type Fields, withCookie } from '../session/payload.js';
import { type CreateTableOptions, createTable, tableExists } from '../table/create-table.js';
import { hashedRows, upgradingRows } from '../table/hashed-rows.js';
import { revocationChannel, type TableNames, tableBinder } from '../table/names.js';
import { Rows, type SessionRows } from '../table/session-rows.js';
import { answer, type Callback, type OnEnd } from './callback-or-promise.js';
import { replaceSession } from './compare-and-swap.js';
import { logToConsole } from './error-log.js';
import type { ConflictEvent, GoneEvent, UnreadableEvent } from './events.js';
import { Calls } from './in-flight-calls.js';
import { checkOptions, type StoreOptions } from './options.js';
import { defaultJitter, Pruner } from './prune-timer.js';
import { listenerConfig, Revocations } from './revocation-listener.js';
import { Turns } from './session-queue.js';
import { Reading, type Snapshot, Snapshots } from './snapshots.js';

type CreateSession = Store['createSession'];
type Change = (session: SessionData) => void;
type Touching = { ttl: number; cookie: string | undefined; during: GoneEvent['during']; deadline: number };
type Saving = { fields: Fields; ttl: number; snapshot?: Snapshot; deadline: number };

/** How the store is doing, for a readiness probe. */
export interface Health {
  /** Whether the table could be reached. */
  ok: boolean;
  /** Milliseconds of the one round trip, a connection included where one had to be made. */
  latencyMs: number;
  /** The pool's connections, those of them that nobody uses, and the calls that wait for one. */
  pool: { total: number; idle: number; waiting: number };
  /** Why it could not be reached. */
  error?: SessionStoreError;
}

/** What the store has done since it was made. */
export interface Stats {
  /** Calls of its methods. */
  calls: number;
  /** Statements that served several calls. */
  batches: number;
  /** Saves whose changes were laid over another request's. */
  merges: number;
  /** Writes that found their session gone. */
  gone: number;
  /** Live rows that made no session, each time that one was found. */
  unreadable: number;
  /** Statements that were sent again. */
  retries: number;
  /** Calls that were not answered within `timeout`. */
  timeouts: number;
  /** Expired sessions that were deleted. */
  pruned: number;
}

/**
 * Sessions in a PostgreSQL table.
 *
 * Every method takes a callback last or, without one, returns a promise. A callback is called exactly once, later, and
 * outside any try or promise of the store's. A promise whose rejection nobody asks for goes to `errorLog`. What is asked
 * for one session is done in that order.
 *
 * Every call is answered within the `timeout` option, if need be with a {@link SessionStoreError}, but for `pruneSessions` and
 * `createTable`.
 *
 * Emits `gone` with a {@link GoneEvent}, `conflict` with a {@link ConflictEvent} and `unreadable` with an
 * {@link UnreadableEvent}. With the option `revocations` also `revoked` with a {@link RevokedEvent}, and `resync` whenever it begins
 * to listen, at the start and after its connection has broken: what was said before was not heard.
 */
export class PgSessionStore extends Store {
  readonly #pool: Pool;
  readonly #ownPool: boolean;
  readonly #names: TableNames;
  readonly #connection: (deadline: number) => IDatabaseConnection;
  readonly #calls: Calls;
  readonly #expiry: Expiry;
  readonly #pruner: Pruner;
  readonly #channel: string | undefined;
  readonly #revocations: Revocations | undefined;
  readonly #table: Rows;
  readonly #rows: SessionRows;
  readonly #turns = new Turns();
  readonly #snapshots: Snapshots | undefined;
  readonly #vault: Vault;
  readonly #lifetime: Lifetime | undefined;
  readonly #disableTouch: boolean;
  readonly #createTableIfMissing: boolean;
  readonly #errorLog: (message: string, error?: unknown) => void;
  readonly #told = { conflict: 0, gone: 0, unreadable: 0 };
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
    this.#vault = makeVault(checked);
    this.#snapshots = checked.concurrency === 'overwrite' ? undefined : new Snapshots(this.#vault);
    this.#lifetime = checked.lifetime === undefined ? undefined : new Lifetime(checked.lifetime);
    this.#disableTouch = checked.disableTouch ?? false;
    this.#createTableIfMissing = checked.createTableIfMissing ?? false;
    this.#errorLog = checked.errorLog ?? logToConsole;
    ({ pool: this.#pool, own: this.#ownPool } = choosePool(checked));
    const { batch = true, prepare = true, timeout = 5, maxWaiting = 10_000 } = checked;
    const timeoutMs = timeout * 1000;
    const listener = listenerConfig(checked, this.#pool);
    this.#channel = listener && revocationChannel(this.#names);
    this.#calls = new Calls({ timeoutMs, most: maxWaiting });
    const until = onPool(this.#pool, { prepare, connectMs: timeoutMs });
    const bind = tableBinder(this.#names);
    this.#connection = (deadline) => bind(until(deadline));
    this.#table = new Rows((deadline) => this.#ready(deadline), { batch, channel: this.#channel });
    this.#rows = this.#byIds(checked.hashIds);
    this.#pruner = new Pruner((deadline) => this.#ready(deadline), this.#names, {
      intervalMs: pruneSessionInterval === false ? undefined : pruneSessionInterval * 1000,
      jitter: jitter === true ? defaultJitter : jitter || ((delayMs) => delayMs),
      batchSize: checked.pruneBatchSize ?? 1000,
      onError: (error) => this.#log('Failed to prune sessions:', error),
      timeoutMs,
    });
    this.#pool.on('error', this.#onPoolError);
    this.#revocations =
      listener &&
      new Revocations(this.#channel!, {
        config: listener,
        timeoutMs,
        onRevoked: (handles) => process.nextTick(() => this.emit('revoked', { handles })),
        onResync: () => process.nextTick(() => this.emit('resync')),
        onError: (error) => this.#log('Failed to listen to revocations:', error),
      });
  }

  /**
   * The live session with this id, or null: none, expired, or a row that holds no session. `cookie.expires` is a Date (a
   * browser session's is null or false), and without a `ttl` option it is when the row expires.
   */
  override get(sid: string): Promise<SessionData | null>;
  override get(sid: string, callback: Callback<SessionData | null>): void;
  override get(sid: string, callback?: Callback<SessionData | null>) {
    return this.#answer('get', callback, async (deadline) => {
      const before = this.#turns.seen(sid);
      if (before) await before;
      const row = await this.#rows.read(sid, deadline);
      const session = row ? this.#toSession(sid, row) : null;
      if (row && session) {
        const mayShorten = this.#expiry.mayShorten(session, row.ttl);
        const expiresAt = performance.now() + row.ttl * 1000;
        this.#snapshots?.read(session, new Reading(sid, row.sess, mayShorten, expiresAt));
      }
      return session;
    });
  }

  /** express-session's: the Session of a request, from what `get` handed out. */
  override createSession(...args: Parameters<CreateSession>): ReturnType<CreateSession> {
    const session = this.makeSession(...args);
    this.#snapshots?.loaded(args[1], session);
    this.#lifetime?.pass(args[1], session);
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
   * @throws {SessionStoreError} CONFLICT, when others changed the session before every attempt
   */
  override set(sid: string, session: SessionData): Promise<void>;
  override set(sid: string, session: SessionData, callback: Callback<void> | undefined): void;
  override set(sid: string, session: SessionData, callback?: Callback<void>) {
    return this.#answer('set', callback, async (deadline) => {
      const fields = this.#fieldsOf(session);
      const ttl = this.#secondsToLive(session);
      await this.#turns.take(sid, async () => {
        const snapshot = this.#snapshots?.of(sid, session);
        if (snapshot) await this.#save(sid, session, { fields, ttl, snapshot, deadline });
        else await this.#write(sid, session, { fields, ttl, deadline });
      });
    });
  }

  /** Moves the expiry of a live session, and nothing else. A session that is gone stays gone: that is no error. */
  override touch(sid: string, session: SessionData): Promise<void>;
  override touch(sid: string, session: SessionData, callback: Callback<void> | undefined): void;
  override touch(sid: string, session: SessionData, callback?: Callback<void>) {
    return this.#answer('touch', callback, async (deadline) => {
      if (this.#disableTouch) return;
      const ttl = this.#secondsToLive(session);
      if (this.#turns.isFree(sid) && !this.#isWorthATouch(sid, session, ttl)) return; // most are not
      const cookie = this.#vault.fieldsOf({ cookie: session.cookie }).get('cookie');
      const touching: Touching = { ttl, cookie, during: 'touch', deadline };
      await this.#turns.take(sid, () => this.#touch(sid, session, touching), { isTouch: true });
    });
  }

  /**
   * Reads the session, changes it and replaces it, and does so again when another request was faster: nothing that two
   * updates of one session do is lost. Its expiry stays, unless the cookie decides it and `change` alters the cookie. Where the
   * connection breaks while the session is being replaced, it fails: whether that was done nobody knows, and to do it twice
   * might count twice.
   *
   * @param change changes the session that it is given, in place. It may be called several times, each time with what is
   * stored then, and must not be async
   * @returns the session as it is stored now, or null where none lives: then `change` was not called
   * @throws {SessionStoreError} CONFLICT, when others changed the session before every attempt
   */
  update(sid: string, change: Change): Promise<SessionData | null>;
  update(sid: string, change: Change, callback: Callback<SessionData | null>): void;
  update(sid: string, change: Change, callback?: Callback<SessionData | null>) {
    return this.#answer('update', callback, async (deadline) => {
      if (typeof change !== 'function') throw new TypeError('update: give a function that changes the session');
      return this.#turns.take(sid, () => this.#update(sid, change, deadline));
    });
  }

  /** Deletes the session. One that is not there is no error. */
  override destroy(sid: string): Promise<void>;
  override destroy(sid: string, callback: Callback<void> | undefined): void;
  override destroy(sid: string, callback?: Callback<void>) {
    return this.#answer('destroy', callback, async (deadline) => {
      await this.#turns.take(sid, () => this.#rows.destroy(sid, deadline));
    });
  }

  /** All live sessions, in memory at once. */
  override all(): Promise<SessionData[]>;
  override all(callback: Callback<SessionData[]>): void;
  override all(callback?: Callback<SessionData[]>) {
    return this.#answer('all', callback, async (deadline) => {
      const rows = await this.#table.run((db) => listSessions.run(undefined, db), deadline);
      return rows.map((row) => this.#toSession(row.sid, row, handleOfRow)).filter((session) => session !== null);
    });
  }

  /** How many sessions live. */
  override length(): Promise<number>;
  override length(callback: Callback<number>): void;
  override length(callback?: Callback<number>) {
    return this.#answer('length', callback, async (deadline) => {
      const [row] = await this.#table.run((db) => countSessions.run(undefined, db), deadline);
      return row!.count;
    });
  }

  /** Deletes all sessions. */
  override clear(): Promise<void>;
  override clear(callback: Callback<void> | undefined): void;
  override clear(callback?: Callback<void>) {
    return this.#answer('clear', callback, async (deadline) => {
      const channel = this.#channel;
      const clear = (db: IDatabaseConnection): Promise<unknown> =>
        channel === undefined ? clearSessions.run(undefined, db) : revokeAll.run({ channel }, db);
      await this.#table.run(clear, deadline);
    });
  }

  /**
   * Deletes all expired sessions and answers with their number. The next automatic pruning comes an interval later. 0 may
   * also mean that another process is pruning.
   */
  pruneSessions(): Promise<number>;
  pruneSessions(callback: Callback<number>): void;
  pruneSessions(callback?: Callback<number>) {
    return this.#answer('pruneSessions', callback, () => this.#pruner.prune(), UNLIMITED);
  }

  /** The SHA-256 of the session id, in hexadecimal, by which connect-pg-typed/admin knows a session: it is no credential. */
  handle(sid: string): string {
    if (typeof sid !== 'string') throw new TypeError('handle: give a session id, such as req.sessionID');
    return handleOf(sid);
  }

  /**
   * Makes the table, its index on `expire` and, with `createSchema`, the schema, as far as they are missing. Safe when many
   * processes do so at once. Building the index on a large table that has none keeps writers waiting.
   */
  createTable(options?: CreateTableOptions): Promise<void>;
  createTable(callback: Callback<void>): void;
  createTable(options: CreateTableOptions, callback: Callback<void>): void;
  createTable(options: CreateTableOptions | Callback<void> = {}, callback?: Callback<void>) {
    const [how, done] = typeof options === 'function' ? [{}, options] : [options ?? {}, callback];
    return this.#answer('createTable', done, () => createTable(this.#pool, this.#names, how), UNLIMITED);
  }

  /** Whether the table can be reached, in one cheap round trip. Never fails: that would be an answer, too. */
  health(): Promise<Health>;
  health(callback: Callback<Health>): void;
  health(callback?: Callback<Health>) {
    const begun = performance.now();
    const health = (error: unknown): Health => {
      const { totalCount: total, idleCount: idle, waitingCount: waiting } = this.#pool;
      const latencyMs = performance.now() - begun;
      const pool = { total, idle, waiting };
      return error === null
        ? { ok: true, latencyMs, pool }
        : { ok: false, latencyMs, pool, error: error as SessionStoreError };
    };
    const check = async (deadline: number) => {
      await checkTable.run(undefined, this.#connection(deadline));
    };
    const work = (onEnd: OnEnd<Health>) => this.#calls.run('health', check, (error) => onEnd(null, health(error)));
    return answer(callback, work, this.#onUnheard);
  }

  /** What the store has done since it was made. */
  stats(): Stats {
    const { count: calls, timeouts } = this.#calls;
    const { batches, retries } = this.#table.count;
    const { conflict: merges, gone, unreadable } = this.#told;
    return { calls, batches, merges, gone, unreadable, retries, timeouts, pruned: this.#pruner.pruned };
  }

  /**
   * Waits for what is under way, refuses what comes after with an error of code `CLOSED`, stops pruning and listening, takes the store's
   * listener off the pool, and ends the pool if it is the store's own. May be called again.
   */
  close(): Promise<void>;
  close(callback: Callback<void>): void;
  close(callback?: Callback<void>) {
    this.#closing ??= this.#close();
    const closing = this.#closing;
    return answer(callback, (onEnd: OnEnd<void>) => closing.then(() => onEnd(null), onEnd), this.#onUnheard);
  }

  async #close(): Promise<void> {
    await Promise.all([this.#pruner.stop(), this.#calls.close(), this.#revocations?.close()]);
    // The store's own pool keeps its listener: a server that stops now may still cut off what end() did not wait for.
    if (this.#ownPool) await this.#pool.end();
    else this.#pool.off('error', this.#onPoolError);
  }

  /** Seconds from now on. */
  #secondsToLive(session: SessionData): number {
    const ttl = this.#expiry.secondsToLive(session);
    return this.#lifetime ? Math.min(ttl, this.#lifetime.left(session)) : ttl;
  }

  /** What a session holds, but for what is ours. */
  #fieldsOf(session: SessionData): Fields {
    const fields = this.#vault.fieldsOf(session);
    return this.#lifetime ? withoutBirth(fields) : fields;
  }

  #stamp(fields: Fields, session: SessionData): Fields {
    return this.#lifetime ? this.#lifetime.stamp(fields, session) : fields;
  }

  #byIds(hashIds: StoreOptions['hashIds']): SessionRows {
    if (hashIds === 'upgrade') return upgradingRows(this.#table, { pool: this.#pool, names: this.#names });
    return hashIds ? hashedRows(this.#table) : this.#table;
  }

  /** The first save of a Session, and any of another object. */
  async #write(sid: string, session: SessionData, { fields, ttl, deadline }: Saving): Promise<void> {
    const stamped = this.#stamp(fields, session);
    const text = this.#vault.seal(sid, stamped);
    await this.#rows.write({ sid, payload: text, ttl }, deadline);
    this.#snapshots?.saved(sid, session, fields, { text, fields: stamped, ttl });
  }

  /** A save of a Session that was loaded, or saved before. */
  async #save(sid: string, session: SessionData, saving: Required<Saving>): Promise<void> {
    const { fields, ttl, snapshot, deadline } = saving;
    const cookie = fields.get('cookie');
    const changes = changesOf(snapshot.base, fields);
    const shortening = mayShorten(snapshot, cookie);
    if (changes.size === 0) return this.#touch(sid, session, { ttl, cookie, during: 'set', deadline });
    let others: Changes = new Map();
    const change = (row: Row) => {
      if (row !== snapshot.row) others = othersChanges(snapshot.row, row);
      const merged = this.#stamp(applyChanges(row.fields, changes, fields), session);
      const cookieIsMine = isSameCookie(merged.get('cookie'), cookie);
      return cookieIsMine
        ? { fields: merged, ttl, mayShorten: shortening }
        : { fields: merged, ttl: 0, mayShorten: false }; // how long it lives is the other's to say
    };
    const row = await replaceSession({ rows: this.#rows, vault: this.#vault }, sid, deadline, change, {
      read: snapshot.row,
      twice: true,
    });
    if (!row) return this.#tell('gone', { handle: handleOf(sid), during: 'set' });
    this.#snapshots?.saved(sid, session, fields, row);
    if (others.size > 0) {
      const keys = [...others.keys()];
      this.#tell('conflict', { handle: handleOf(sid), keys, overwritten: keys.filter((key) => changes.has(key)) });
    }
  }

  async #touch(sid: string, session: SessionData, { ttl, cookie, during, deadline }: Touching): Promise<void> {
    if (!this.#isWorthATouch(sid, session, ttl)) return;
    const snapshot = this.#snapshots?.of(sid, session);
    const isThere = await this.#rows.touch({ sid, ttl, mayShorten: mayShorten(snapshot, cookie) }, deadline);
    if (!isThere) this.#tell('gone', { handle: handleOf(sid), during });
    else if (snapshot) snapshot.expiresAt = performance.now() + ttl * 1000;
  }

  #isWorthATouch(sid: string, session: SessionData, ttl: number): boolean {
    const snapshot = this.#snapshots?.of(sid, session);
    return snapshot === undefined || this.#expiry.isWorthATouch(ttl, snapshot.expiresAt);
  }

  async #update(sid: string, change: Change, deadline: number): Promise<SessionData | null> {
    let changed: SessionData | null = null;
    const makeChange = ({ text, ttl = 0 }: Row) => {
      changed = this.#toSession(sid, { sess: text, ttl });
      if (!changed) return undefined;
      const before = this.#fieldsOf(changed);
      const returned: unknown = change(changed);
      if (typeof Object(returned).then === 'function') {
        Promise.resolve(returned).catch(() => {}); // the error below says it all
        throw new TypeError('update: the function must not be async. Do before it what takes time');
      }
      const fields = this.#fieldsOf(changed);
      const isCookieChanged = before.get('cookie') !== fields.get('cookie'); // its expires, too: it was not a request
      if (!isCookieChanged && changesOf(before, fields).size === 0) return undefined;
      const stamped = this.#stamp(fields, changed);
      return isCookieChanged && this.#expiry.isTheCookies
        ? { fields: stamped, ttl: this.#secondsToLive(changed), mayShorten: true }
        : { fields: stamped, ttl, mayShorten: false };
    };
    const row = await replaceSession({ rows: this.#rows, vault: this.#vault }, sid, deadline, makeChange, {
      twice: false,
    });
    return row && changed;
  }

  readonly #onPoolError = (error: Error) => this.#log('An idle connection of the pool failed:', error);

  /** The connection, once the table is there. What failed is tried again by the next call. */
  async #ready(deadline: number): Promise<IDatabaseConnection> {
    if (this.#createTableIfMissing) {
      this.#tableReady ??= this.#ensureTable(deadline).catch((error) => {
        this.#tableReady = undefined;
        throw error;
      });
      await this.#tableReady;
    }
    return this.#connection(deadline);
  }

  async #ensureTable(deadline: number): Promise<void> {
    if (await tableExists(this.#pool, this.#names, deadline)) return;
    await createTable(this.#pool, this.#names, {}, deadline);
  }

  /** @param handle makes a handle of the id, which may be as it stands in a row */
  #toSession(sid: string, { sess, ttl }: { sess: string; ttl: number }, handle = handleOf): SessionData | null {
    try {
      const session = withCookie(this.#vault.open(sid, sess, handle));
      this.#lifetime?.take(session);
      const left = this.#lifetime?.left(session) ?? ttl;
      if (left === 0) return null; // by then the row has expired as well, unless its touches knew of no birth
      this.#expiry.restoreExpires(session, Math.min(ttl, left));
      return session;
    } catch (error) {
      if (this.listenerCount('unreadable') === 0) this.#log('Found a row that is no session:', error);
      this.#tell('unreadable', { handle: handle(sid) });
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
  #tell(event: 'unreadable', details: UnreadableEvent): void;
  #tell(event: 'gone' | 'conflict' | 'unreadable', details: object): void {
    this.#told[event]++;
    process.nextTick(() => this.emit(event, details));
  }

  #answer<T>(
    method: string,
    callback: Callback<T> | undefined,
    work: (deadline: number) => Promise<T>,
    limits?: { unlimited: boolean },
  ): Promise<T> | undefined {
    return answer(callback, (onEnd: OnEnd<T>) => this.#calls.run(method, work, onEnd, limits), this.#onUnheard);
  }

  readonly #onUnheard = (error: unknown) =>
    this.#log('A call of the session store failed and nobody waited for it:', error);
}

const UNLIMITED = { unlimited: true };

/** A request that did not change the cookie must not undo the longer life that another has given the session. */
const mayShorten = (snapshot: Snapshot | undefined, cookie: string | undefined): boolean =>
  snapshot === undefined || snapshot.mayShorten || !isSameCookie(snapshot.base.get('cookie'), cookie);
