// Moves a session from the app's old store when a request first asks for it.
import type { SessionData, Store } from 'express-session';
import { clock } from '../clock.js';
import { describe, SessionStoreError } from '../errors.js';
import { deleteMovedSession, insertMissingSession } from '../generated/session.js';
import type { Deadline } from '../postgres/deadline.js';
import { type Codec, loadKeys } from '../session/codec.js';
import { expiresOf, numberOf, secondsOfCookie, setExpires } from '../session/cookie.js';
import type { Expiry } from '../session/expiry.js';
import { storedId } from '../session/handle.js';
import type { Lifetime } from '../session/lifetime.js';
import type { LiveRow, TouchItem } from '../table/kind.js';
import type { RowsById, SessionRows } from '../table/session-rows.js';
import { escapingMissing } from '../table/untranslatable.js';
import type { Log } from './error-log.js';

const GIVE_UP = 0.9; // of the time to the deadline, so that the caller learns which store was slow

/** The option `oldStore`, which `readThrough` makes. */
export interface OldStore {
  /** The store that `readThrough` got. */
  readonly store: Pick<Store, 'get' | 'destroy' | 'clear'>;
}

/** An `OldStore`. It makes the class, so that only apps that move sessions bundle the class. */
export type OldStoreRows = OldStore & ((options: ReadThroughOptions) => ReadThroughRows);

/** The parts of the store that a move needs. */
interface ReadThroughOptions {
  rows: RowsById;
  table: Pick<SessionRows, 'run' | 'write'>;
  /** Whether the table holds the hashes of ids. */
  isHashed: boolean;
  codec: Codec;
  expiry: Expiry;
  lifetime: Lifetime | undefined;
  log: Log;
}

/**
 * The option `oldStore`. A session that is not in the table is looked up in the old store, stored
 * in the table with its remaining life, and destroyed in the old store. `destroy` and `clear` reach
 * both stores. If the old store fails or does not answer, a call that needs it fails with code
 * `OLD_STORE`.
 *
 * @param store any express-session store. It stays open after `close()`
 * @throws {TypeError} if it has no functions `get` and `destroy`
 */
export function readThrough(store: OldStore['store']): OldStore {
  const { get, destroy } = Object(store);
  if (typeof get !== 'function' || typeof destroy !== 'function') {
    throw new TypeError(`readThrough() needs the old express-session store, got ${describe(store, true)}`);
  }
  const rowsOf = (options: ReadThroughOptions) => new ReadThroughRows(store, options);
  return Object.assign(rowsOf, { store }) satisfies OldStoreRows;
}

/** The rows of a store with an old store. For a session in both, the row in the table wins. */
export class ReadThroughRows implements RowsById {
  readonly set: RowsById['set'];
  readonly replace: RowsById['replace'];
  readonly #oldStore: OldStore['store'];
  readonly #options: ReadThroughOptions;
  moved = 0;
  lastMovedAt: Date | undefined;

  constructor(oldStore: OldStore['store'], options: ReadThroughOptions) {
    this.#oldStore = oldStore;
    this.#options = options;
    this.set = options.rows.set;
    this.replace = options.rows.replace; // it needs a payload that was read from the table
  }

  async get(sid: string, deadline: Deadline): Promise<LiveRow | undefined> {
    return (await this.#options.rows.get(sid, deadline)) ?? this.#move(sid, deadline);
  }

  async touch(item: TouchItem, deadline: Deadline): Promise<boolean> {
    const { rows } = this.#options;
    if (await rows.touch(item, deadline)) return true;
    return (await this.#move(item.sid, deadline)) !== undefined && rows.touch(item, deadline);
  }

  /**
   * The old store first. Then a process that is moving the session finds that the old store has
   * lost it, or has inserted its row before this method deletes the row.
   */
  async destroy(sid: string, deadline: Deadline): Promise<void> {
    try {
      await this.#destroyOld(sid, deadline);
    } finally {
      await this.#options.rows.destroy(sid, deadline);
    }
  }

  async clear(deadline: Deadline): Promise<void> {
    await this.#ask(deadline, (oldStore, callback) => oldStore.clear!(callback));
  }

  /** Resolves with the live row. If another process moved it, that one destroys the old copy. */
  async #move(sid: string, deadline: Deadline): Promise<LiveRow | undefined> {
    const { rows, log } = this.#options;
    const session = await this.#getOld(sid, deadline);
    const isMoved = session ? await this.#insert(sid, session, deadline) : false;
    const row = await rows.get(sid, deadline); // also without a session: it may have moved since the first read
    if (!session || (row !== undefined) !== isMoved) return row;
    if (row && !(await this.#isStillThere(sid, row, deadline))) {
      await rows.destroy(sid, deadline); // a destroy reached the old store before the row was here
      return undefined;
    }
    try {
      await this.#destroyOld(sid, deadline);
    } catch (error) {
      log('Failed to destroy a session in the old store:', error);
    }
    if (isMoved) {
      this.moved++;
      this.lastMovedAt = new Date();
    }
    return row;
  }

  /** If the old store fails, the move is undone: the session may have been destroyed there. */
  async #isStillThere(sid: string, { sess: loaded }: LiveRow, deadline: Deadline): Promise<boolean> {
    const { table } = this.#options;
    try {
      return Boolean(await this.#getOld(sid, deadline));
    } catch (error) {
      const params = { sid: this.#storedId(sid), loaded };
      await table.run((db) => deleteMovedSession.run(params, db), deadline, table.write);
      throw error;
    }
  }

  #storedId(sid: string): string {
    return this.#options.isHashed ? storedId(sid) : sid;
  }

  async #insert(sid: string, session: SessionData, deadline: Deadline): Promise<boolean> {
    const { table, codec, lifetime } = this.#options;
    const ttl = this.#secondsToLive(session);
    if (ttl === 0) return false;
    await loadKeys(codec, deadline);
    const json = codec.jsonOf(session);
    const stamped = lifetime ? lifetime.stamp(json, session) : json;
    const inserted = await escapingMissing(codec.charset, () => {
      const item = { sid: this.#storedId(sid), payload: codec.encode(sid, stamped), ttl };
      return table.run((db) => insertMissingSession.run(item, db), deadline, table.write);
    });
    return inserted.length > 0;
  }

  #secondsToLive(session: SessionData): number {
    const age = numberOf(Object(session.cookie).originalMaxAge);
    // Most stores do not store the cookie when they touch a session. So a date in the past may be
    // an old one.
    if (expiresOf(session.cookie)! <= Date.now() && age! > 0) setExpires(session, Date.now() + age!);
    const { expiry, lifetime } = this.#options;
    const lifeLeft = lifetime?.secondsLeft(session) ?? Infinity;
    return Math.min(expiry.secondsToLive(session), secondsOfCookie(session) ?? Infinity, lifeLeft);
  }

  #getOld(sid: string, deadline: Deadline): Promise<SessionData | null | undefined> {
    return this.#ask(deadline, (oldStore, callback) => oldStore.get(sid, callback));
  }

  #destroyOld(sid: string, deadline: Deadline): Promise<unknown> {
    return this.#ask(deadline, (oldStore, callback) => oldStore.destroy(sid, callback));
  }

  #ask<T>(
    deadline: Deadline,
    call: (oldStore: OldStore['store'], callback: (error?: any, result?: T) => void) => unknown,
  ) {
    let timer: NodeJS.Timeout;
    return new Promise<T | undefined>((resolve, reject) => {
      const fail = (what: string, cause?: unknown) =>
        reject(new SessionStoreError('OLD_STORE', `the old session store ${what}`, { cause }));
      const failed = (cause: unknown) => fail('failed. The cause is its error', cause);
      timer = setTimeout(fail, (deadline - clock()) * GIVE_UP, 'did not answer in time');
      const callback = (error?: any, result?: T) => {
        if (!error) resolve(result);
        else if (error.code === 'ENOENT' && error.syscall !== 'connect')
          resolve(undefined); // no such session: session-file-store
        else failed(error);
      };
      // Only the callback counts. A promise may resolve before it, but it may also reject instead.
      (async () => call(this.#oldStore, callback))().catch(failed);
    }).finally(() => clearTimeout(timer));
  }
}
