// The store class that express-session calls.
import type { SessionData, Store } from 'express-session';
import { clock } from '../clock.js';
import { checkTable, countSessions, listSessions } from '../generated/session.js';
import { choosePool } from '../postgres/connect.js';
import { PoolConnection } from '../postgres/connection.js';
import type { Deadline } from '../postgres/deadline.js';
import { onPoolError } from '../postgres/pool-errors.js';
import { type Codec, loadKeys, makeCodec } from '../session/codec.js';
import { addCookie } from '../session/cookie.js';
import { Expiry } from '../session/expiry.js';
import { handleOf, handleOfRow } from '../session/handle.js';
import { Lifetime } from '../session/lifetime.js';
import { createTable } from '../table/create-table.js';
import type { CreateTableOptions } from '../table/create-table-options.js';
import { TableEnsurer } from '../table/ensure-table.js';
import { rowsById } from '../table/hashed-rows.js';
import type { TableLocation } from '../table/location.js';
import { revocationChannel } from '../table/names.js';
import { trustedOwners } from '../table/owner.js';
import { DEFAULT_PRUNE_BATCH } from '../table/prune.js';
import { SessionRows } from '../table/session-rows.js';
import { checkSid } from '../table/sid-type.js';
import { type Log, safeErrorLog } from './error-log.js';
import { Events, StoreWithEvents } from './events.js';
import { type Health, healthOf, type Stats } from './health.js';
import {
  type Callback,
  type CallLimits,
  callbackOrPromise,
  InFlightCalls,
  type OnEnd,
  type StoreMethod,
} from './in-flight-calls.js';
import { keyedRows } from './keyed-rows.js';
import { checkOptions, type StoreOptions } from './options.js';
import { defaultJitter, PruneTimer } from './prune-timer.js';
import type { OldStoreRows, ReadThroughRows } from './read-through.js';
import { listenerConfig, RevocationListener } from './revocation-listener.js';
import { Sessions } from './sessions.js';
import { Snapshots } from './snapshots.js';

type CreateSession = Store['createSession'];

/**
 * Stores the sessions of express-session in a PostgreSQL table.
 *
 * Each method takes a callback as its last parameter, or returns a promise without one. A callback
 * is called exactly once, on a later tick, and outside any try or promise of the store. If a
 * promise rejects and has no handler, the error goes to `errorLog`. Calls for one session run in
 * order.
 *
 * Each call ends within the `timeout` option, except `pruneSessions` and `createTable`. It fails
 * with a {@link SessionStoreError}, or a TypeError for wrong parameters.
 *
 * @fires gone {@link GoneEvent}: `set` or `touch` found no live session and wrote nothing.
 * @fires conflict {@link ConflictEvent}: a save merged its changes into those of another request.
 * @fires unreadable {@link UnreadableEvent}: a live row does not hold a session.
 * @fires kept {@link KeptEvent}: pruning could not delete an expired session.
 * @fires expired {@link ExpiredEvent}: pruning deleted expired sessions.
 * @fires revoked {@link RevokedEvent}: a process deleted sessions. Needs the option `revocations`.
 * @fires resync No argument. The store listens for revocations from now on, at the start or after
 *   its connection broke, and missed earlier ones. Needs the option `revocations`.
 */
export class PgSessionStore extends StoreWithEvents {
  readonly #location: TableLocation;
  readonly #tableEnsurer: TableEnsurer | undefined;
  readonly #rows: SessionRows;
  readonly #codec: Codec;
  readonly #oldStore: ReadThroughRows | undefined;
  readonly #sessions: Sessions;
  readonly #calls: InFlightCalls;
  readonly #events: Events;
  readonly #pruneTimer: PruneTimer;
  readonly #listener: RevocationListener | undefined;
  readonly #log: Log;
  readonly #leavePool: () => unknown;
  readonly #onUnhandled = (error: unknown) => this.#log('A call of the session store failed without a handler:', error);
  #closing: Promise<void> | undefined;

  /**
   * @throws {TypeError} if an option is unknown or not valid, or no database is given. The message
   *   says what to do
   */
  constructor(options: StoreOptions = {}) {
    super();
    const checked = checkOptions(options);
    const { schemaName, tableName, batch = true, prepare = true, timeout = 5, maxWaiting = 10_000 } = checked;
    const { pruneSessionInterval = 60, pruneSessionRandomizedInterval: jitter = true } = checked;
    const timeoutMs = timeout * 1000;
    const names = { schemaName, tableName };
    const expiry = new Expiry(checked);
    const codec = makeCodec(checked, (error) => this.#log('Failed to refresh encryption.keys:', error));
    const { pool, own } = choosePool({ ...checked, timeout });
    const listener = listenerConfig(checked.revocations, pool);
    const channel = revocationChannel(names);
    this.#codec = codec;
    this.#location = { pool, names, trustedOwners: trustedOwners(checked.trustOwner) };
    this.#log = safeErrorLog(checked.errorLog);
    this.#events = new Events(this);
    this.#calls = new InFlightCalls(timeoutMs, maxWaiting);
    this.#tableEnsurer = checked.createTableIfMissing ? new TableEnsurer(this.#location) : undefined;
    this.#rows = new SessionRows({
      connection: new PoolConnection(pool, { prepare, connectMs: timeoutMs }),
      pool,
      names,
      tableEnsurer: this.#tableEnsurer,
      checkSid: (deadline) => checkSid(this.#location, deadline, Boolean(checked.hashIds)),
      batch,
      relaxed: checked.synchronousCommit === false,
      channel: listener && channel,
    });
    const shared = {
      rows: keyedRows(rowsById(this.#rows, this.#location, checked.hashIds), codec),
      codec,
      expiry,
      lifetime: checked.lifetime === undefined ? undefined : new Lifetime(checked.lifetime),
      log: this.#log,
    };
    const oldStore = checked.oldStore as OldStoreRows | undefined;
    this.#oldStore = oldStore?.({ ...shared, table: this.#rows, isHashed: Boolean(checked.hashIds) });
    this.#sessions = new Sessions({
      ...shared,
      rows: this.#oldStore ?? shared.rows,
      snapshots: new Snapshots(codec),
      overwrite: checked.concurrency === 'overwrite',
      mergeWithin: checked.mergeWithin ?? [],
      disableTouch: checked.disableTouch ?? false,
      maxWaitingBytes: checked.maxWaitingBytes ?? 2 ** 28,
      events: this.#events,
    });
    this.#pruneTimer = new PruneTimer({
      connect: async (deadline) => {
        await this.#tableEnsurer?.run(deadline);
        return this.#rows.connect(deadline);
      },
      location: this.#location,
      rows: this.#rows,
      intervalMs: pruneSessionInterval === false ? undefined : pruneSessionInterval * 1000,
      jitter: jitter === true ? defaultJitter : jitter || ((delayMs) => delayMs),
      batchSize: checked.pruneBatchSize ?? DEFAULT_PRUNE_BATCH,
      timeoutMs,
      events: this.#events,
      log: this.#log,
    });
    const ignoreErrors = onPoolError(pool, (error) => this.#log('An idle connection of the pool failed:', error));
    // Its own pool keeps the listener: a server that stops can break a connection that end() left.
    this.#leavePool = own ? () => pool.end() : ignoreErrors;
    this.#listener =
      listener &&
      new RevocationListener(channel, {
        config: listener,
        pool,
        timeoutMs,
        onRevoked: (handles) => this.#events.emitLater('revoked', { handles }),
        onResync: () => this.#events.emitLater('resync'),
        onError: (error) => this.#log('Failed to listen for revocations:', error),
      });
  }

  /**
   * Gets a live session, or null if it is missing, expired, or its row does not hold a session.
   * `cookie.expires` is a Date; in a browser session it is null or false. Without a `ttl` option,
   * it is the time when the row expires.
   */
  override get(sid: string): Promise<SessionData | null>;
  override get(sid: string, callback: Callback<SessionData | null>): void;
  override get(sid: string, callback?: Callback<SessionData | null>) {
    return this.#call('get', callback, (deadline) => this.#sessions.get(sid, deadline), { sid });
  }

  /** Called by express-session to make a request's Session from what `get` returned. */
  override createSession(...args: Parameters<CreateSession>): ReturnType<CreateSession> {
    addCookie(args[1]);
    const session = this.makeSession(...args);
    this.#sessions.created(args[1], session);
    return session;
  }

  /** How express-session makes a Session. */
  protected makeSession(...args: Parameters<CreateSession>): ReturnType<CreateSession> {
    return super.createSession(...args);
  }

  /**
   * Saves the session as it is at the time of the call.
   *
   * A Session that express-session loaded or saved before is an update: the top-level keys that it
   * added, changed or removed are merged with what other requests saved meanwhile. Without changes
   * it is a touch. If the session is gone, it stays gone, and the call succeeds. Any other object
   * is written as it is.
   *
   * @throws {SessionStoreError} CONFLICT if other requests changed the session before each attempt
   */
  override set(sid: string, session: SessionData): Promise<void>;
  override set(sid: string, session: SessionData, callback: Callback<void> | undefined): void;
  override set(sid: string, session: SessionData, callback?: Callback<void>) {
    return this.#call('set', callback, (deadline) => this.#sessions.set(sid, session, deadline), { sid });
  }

  /**
   * Moves the expiry of a live session. If the session was loaded and its cookie has changed since,
   * also stores the cookie. If the session is gone, it stays gone, and the call succeeds.
   */
  override touch(sid: string, session: SessionData): Promise<void>;
  override touch(sid: string, session: SessionData, callback: Callback<void> | undefined): void;
  override touch(sid: string, session: SessionData, callback?: Callback<void>) {
    return this.#call('touch', callback, (deadline) => this.#sessions.touch(sid, session, deadline), { sid });
  }

  /**
   * Reads the session, changes it and replaces it, and starts again if another request was faster.
   * So no update loses what another one saved. The expiry stays, unless `change` alters the cookie
   * and the cookie decides it. If the connection is lost during the replacement, the call fails:
   * the replacement may have succeeded, and a second one could count twice.
   *
   * @param change changes the session that it gets, in place. It may be called several times, each
   *   time with the session as stored at that time. It must not be async
   * @returns the session as it is stored now, or null if it is gone. Then `change` was not called
   * @throws {SessionStoreError} CONFLICT if other requests changed the session before each attempt
   */
  update(sid: string, change: (session: SessionData) => void): Promise<SessionData | null>;
  update(sid: string, change: (session: SessionData) => void, callback: Callback<SessionData | null>): void;
  update(sid: string, change: (session: SessionData) => void, callback?: Callback<SessionData | null>) {
    const update = async (deadline: Deadline) => {
      if (typeof change !== 'function') throw new TypeError('update() needs a function that changes the session');
      return this.#sessions.update(sid, change, deadline);
    };
    return this.#call('update', callback, update, { sid });
  }

  /** Deletes the session. It succeeds if there is none. */
  override destroy(sid: string): Promise<void>;
  override destroy(sid: string, callback: Callback<void> | undefined): void;
  override destroy(sid: string, callback?: Callback<void>) {
    return this.#call('destroy', callback, (deadline) => this.#sessions.destroy(sid, deadline), { sid });
  }

  /**
   * Runs `next` as one request, for a framework that does not call `createSession`. In there, a
   * save is an update of what the request got, as `set` describes it for a Session. It does not
   * matter which object the framework makes of it. The first `get` of the request counts. For an
   * object that `get` itself returned, that `get` counts. After a `destroy`, later saves and
   * touches of that id do nothing. A session that the request did not get is written as it is.
   *
   * It uses AsyncLocalStorage. Give each message of a WebSocket its own scope, and call `get` in
   * it.
   *
   * @returns what `next` returns
   */
  requestScope<T>(next: () => T): T {
    if (typeof next !== 'function') throw new TypeError('requestScope() needs a function that handles the request');
    return this.#sessions.requestScope(next);
  }

  /** Lists all live sessions, and holds all of them in memory. */
  override all(): Promise<SessionData[]>;
  override all(callback: Callback<SessionData[]>): void;
  override all(callback?: Callback<SessionData[]>) {
    return this.#call('all', callback, async (deadline) => {
      const rows = await this.#rows.run((db) => listSessions.run(undefined, db), deadline);
      await loadKeys(this.#codec, deadline, rows);
      return rows
        .map((row) => this.#sessions.toSession(row.sid, row, handleOfRow))
        .filter((session) => session !== null);
    });
  }

  /** Counts the live sessions. */
  override length(): Promise<number>;
  override length(callback: Callback<number>): void;
  override length(callback?: Callback<number>) {
    return this.#call('length', callback, async (deadline) => {
      const [row] = await this.#rows.run((db) => countSessions.run(undefined, db), deadline);
      return row!.count;
    });
  }

  /** Deletes all sessions. */
  override clear(): Promise<void>;
  override clear(callback: Callback<void> | undefined): void;
  override clear(callback?: Callback<void>) {
    return this.#call('clear', callback, async (deadline) => {
      // Without an old store, no pause: calls of one tick keep their order.
      if (this.#oldStore) await this.#oldStore.clear(deadline);
      await this.#rows.clear(deadline);
    });
  }

  /**
   * Deletes all expired sessions, and returns their number. The next automatic prune comes an
   * interval later. Returns 0 if another process holds the prune lock. Passes sessions that cannot
   * be deleted, and reports them by the event `kept`.
   */
  pruneSessions(): Promise<number>;
  pruneSessions(callback: Callback<number>): void;
  pruneSessions(callback?: Callback<number>) {
    return this.#call('pruneSessions', callback, () => this.#pruneTimer.prune(), UNLIMITED);
  }

  /**
   * The SHA-256 of the session id, in hexadecimal. connect-pg-typed/admin names sessions by it. It
   * is not a credential.
   */
  handle(sid: string): string {
    if (typeof sid !== 'string') throw new TypeError('handle() needs a session id, such as req.sessionID');
    return handleOf(sid);
  }

  /**
   * Creates the table, its index on `expire` and, with `createSchema`, the schema, if they are
   * missing. Many processes can call it at once. Building the index on a large table blocks
   * writers.
   */
  createTable(options?: CreateTableOptions): Promise<void>;
  createTable(callback: Callback<void>): void;
  createTable(options: CreateTableOptions, callback: Callback<void>): void;
  createTable(options: CreateTableOptions | Callback<void> = {}, callback?: Callback<void>) {
    const [given, done] = typeof options === 'function' ? [{}, options] : [options ?? {}, callback];
    const create = async () => {
      await createTable(this.#location, given);
      if (this.#tableEnsurer) this.#tableEnsurer.options = given;
    };
    return this.#call('createTable', done, create, UNLIMITED);
  }

  /** Checks in one cheap round trip whether the table can be read. The call itself never fails. */
  health(): Promise<Health>;
  health(callback: Callback<Health>): void;
  health(callback?: Callback<Health>) {
    const startedAt = clock();
    const check = async (deadline: Deadline) => {
      await checkTable.run(undefined, this.#rows.connect(deadline));
    };
    const start = (onEnd: OnEnd<Health>) =>
      this.#calls.run('health', check, (error) =>
        onEnd(null, healthOf(this.#location.pool, clock() - startedAt, this.#rows.readOnly.isReadOnly, error)),
      );
    return callbackOrPromise(callback, start, this.#onUnhandled);
  }

  /** Counters since the store was created. */
  stats(): Stats {
    const callsByMethod = { ...this.#calls.callsByMethod };
    const errorsByCode = { ...this.#calls.errorsByCode };
    const calls = Object.values(callsByMethod).reduce((sum, count) => sum + count);
    const { batches, retries } = this.#rows.count;
    const { conflict: merges, gone, unreadable } = this.#events.count;
    const { moved = 0, lastMovedAt } = this.#oldStore ?? {};
    const { pruned } = this.#pruneTimer;
    const others = { batches, merges, gone, unreadable, retries, pruned, moved, lastMovedAt };
    return { calls, callsByMethod, errorsByCode, ...others };
  }

  /**
   * Waits for the calls in flight, and refuses new ones with code `CLOSED`. Stops pruning and
   * listening. Ends the pool if it is the store's own. It may be called again.
   */
  close(): Promise<void>;
  close(callback: Callback<void>): void;
  close(callback?: Callback<void>) {
    this.#closing ??= this.#close();
    const closing = this.#closing;
    const start = (onEnd: OnEnd<void>) => closing.then(() => onEnd(null), onEnd);
    return callbackOrPromise(callback, start, this.#onUnhandled);
  }

  async #close(): Promise<void> {
    await Promise.all([this.#pruneTimer.stop(), this.#calls.close(), this.#listener?.close()]);
    await this.#leavePool();
  }

  #call<T>(
    method: StoreMethod,
    callback: Callback<T> | undefined,
    work: (deadline: Deadline) => Promise<T>,
    limits?: CallLimits,
  ): Promise<T> | undefined {
    const start = (onEnd: OnEnd<T>) => this.#calls.run(method, work, onEnd, limits);
    return callbackOrPromise(callback, start, this.#onUnhandled);
  }
}

const UNLIMITED = { unlimited: true };
