// What operators ask, as typed functions: find, list, revoke, prune, count.
import type { IDatabaseConnection } from '@pgtyped/runtime';
import type { SessionData } from 'express-session';
import type { Pool } from 'pg';
import { checkNames } from '../errors.js';
import * as queries from '../generated/admin.js';
import { destroySessionsAloud, readSession } from '../generated/session.js';
import { onPool } from '../postgres/connection.js';
import { makeVault, type Vault } from '../session/codec.js';
import type { Encryption } from '../session/encryption.js';
import { Expiry } from '../session/expiry.js';
import { HANDLE, hashedId } from '../session/handle.js';
import { BIRTH } from '../session/lifetime.js';
import type { Serializer } from '../session/serializer.js';
import { PASSPORT, storedPath, type UserPath, userOf } from '../session/user-path.js';
import { checkOptions } from '../store/options.js';
import { Pruner } from '../store/prune-timer.js';
import type { HashIds } from '../table/hashed-rows.js';
import { bindTable, catalogNames, revocationChannel, type TableNames } from '../table/names.js';
import { createUserIndex, readingSessions } from '../table/user-index.js';
import { verify } from './doctor.js';
import type { Finding } from './findings.js';

export type { Admin, Finding, UserPath };

export interface AdminOptions extends TableNames {
  /** The pool to ask by. It is never ended. **Required.** */
  pool: Pool;
  /** Where a session says whose it is. Default: `['passport', 'user']`, as Passport has it. */
  userPath?: UserPath | undefined;
  /** The store's. With true, `show` and `revoke` need no scan; without, sessions are found under either form. Default: false. */
  hashIds?: HashIds | undefined;
  /** The store's, whose `userPath` is the default of the admin's. Default: none. */
  encryption?: Encryption | undefined;
  /** The store's. Default: JSON. */
  serializer?: Serializer | undefined;
}

/** A live session, without its id. */
export interface SessionEntry {
  /** SHA-256 of the session id, in hexadecimal: a name for the session that is no credential. */
  handle: string;
  /** What stands at the `userPath`, as text; null where nothing does. */
  user: string | null;
  /** Seconds left to live. */
  ttl: number;
  /** The session, or null where the row holds none. Its `cookie.expires` is when the row expires. */
  session: SessionData | null;
}

export interface SessionPage {
  /** Those that expire first come first. */
  sessions: SessionEntry[];
  /** The `after` of the next page; null at the end. It holds an expiry and a handle, no id. */
  next: string | null;
}

/** Counts are of rows, sizes in bytes as stored, times in seconds. Null where there is no session to say it of. */
export interface SessionStats {
  live: number;
  /** Rows that wait to be pruned. */
  expired: number;
  meanBytes: number | null;
  largestBytes: number | null;
  /** Seconds left to the live session that expires first, */
  oldest: number | null;
  /** and to the one that expires last. */
  newest: number | null;
  /** Seconds since the expired row that has waited longest expired. */
  overdue: number | null;
  tableBytes: number;
  indexBytes: number;
  /** Rows that are deleted but not vacuumed yet, as the server's statistics have it. */
  deadRows: number;
}

const CURSOR = /^([-+:.\dT]+|infinity)\/([0-9a-f]{64})$/;
const BEGINNING = '-infinity/';

/**
 * The admin's view of a session table:
 *
 * ```ts
 * const admin = createAdmin({ pool, userPath: ['user', 'id'] });
 * await admin.revokeUser(42); // signed out everywhere
 * ```
 *
 * @throws {TypeError} that says what to do: no pool, an option that there is not, a name that PostgreSQL can't hold
 */
export function createAdmin(options: AdminOptions): Admin {
  return new Admin(options);
}

/**
 * Every method rejects with a `SessionStoreError` when the database fails, and with a `TypeError` when it is asked wrongly.
 * What concerns a user reads inside the sessions: it takes an index at the `userPath` to be fast, see `createUserIndex`, and
 * rejects where PostgreSQL can't read one of the sessions. What is revoked is heard by stores with the option `revocations`.
 */
class Admin {
  readonly #pool: Pool;
  readonly #names: TableNames;
  readonly #givenPath: UserPath | undefined;
  readonly #userPath: UserPath;
  readonly #storedPath: string[];
  readonly #channel: string;
  readonly #connection: IDatabaseConnection;
  readonly #isHashed: boolean;
  readonly #vault: Vault;

  constructor(options: AdminOptions) {
    checkNames(Object(options), ['pool', 'schemaName', 'tableName', 'userPath', 'hashIds', 'encryption', 'serializer']);
    const { pool, schemaName, tableName, userPath, hashIds, encryption, serializer } = Object(options) as AdminOptions;
    if (typeof pool?.connect !== 'function' || !('totalCount' in pool)) {
      throw new TypeError('give the pool as an option: createAdmin({ pool }), where pool is a pg.Pool');
    }
    this.#pool = pool;
    this.#names = { schemaName, tableName };
    checkOptions({ hashIds, encryption, serializer });
    this.#givenPath = userPath;
    this.#userPath = userPath ?? encryption?.userPath ?? PASSPORT;
    this.#isHashed = hashIds === true;
    this.#vault = makeVault({ encryption: encryption && { ...encryption, userPath: this.#userPath }, serializer });
    this.#storedPath = storedPath(this.#userPath);
    this.#channel = revocationChannel(this.#names);
    this.#connection = bindTable(onPool(pool)(Infinity), this.#names);
  }

  /** How many sessions live. */
  async count(): Promise<number> {
    const [row] = await queries.countSessions.run(undefined, this.#connection);
    return row!.count;
  }

  /**
   * A page of the live sessions.
   *
   * @param page `after`: the `next` of the page before, default: none; `limit`: sessions at most, default: 100
   */
  async list(page: { after?: string | null; limit?: number } = {}): Promise<SessionPage> {
    checkNames(page, ['after', 'limit']);
    const { after = null, limit = 100 } = page;
    if (!Number.isInteger(limit) || limit < 1 || limit >= 2 ** 31) {
      throw new TypeError('limit must be a positive whole number');
    }
    if (after !== null && !CURSOR.test(after)) throw new TypeError('after must be the next of another page');
    const [expire, handle] = (after ?? BEGINNING).split('/') as [string, string];
    const rows = await queries.listSessionsAfter.run({ expire, handle, limit }, this.#connection);
    const last = rows.length === limit ? rows.at(-1) : undefined;
    return { sessions: rows.map((row) => this.#entry(row)), next: last ? `${last.expire}/${last.handle}` : null };
  }

  /**
   * The live sessions of a user, those that expire last coming first.
   *
   * @param user what stands at the `userPath`; a number and its digits are the same
   */
  async find(user: string | number | bigint): Promise<SessionEntry[]> {
    const asked = { userPath: this.#storedPath, users: this.#vault.storedUsers(user) };
    const rows = await readingSessions(queries.findSessions.run(asked, this.#connection));
    return rows.map((row) => this.#entry(row));
  }

  /** The live session with this handle, or null. It takes a scan of all session ids, since the table does not hold handles. */
  async show(handle: string): Promise<SessionEntry | null> {
    checkHandle(handle);
    if (this.#isHashed) {
      const [row] = await readSession.run({ sid: hashedId(handle) }, this.#connection);
      return row ? this.#entry({ handle, sess: row.sess ?? '', ttl: row.ttl ?? 0 }) : null;
    }
    const [row] = await queries.showSession.run({ handle }, this.#connection);
    return row ? this.#entry(row) : null;
  }

  /**
   * Deletes the session with this handle, and answers whether there was one. It takes a scan of all session ids, but not
   * with its `user`, who is looked for by the index, and whose it must be.
   */
  async revoke(handle: string, options: { user?: string | number | bigint } = {}): Promise<boolean> {
    checkNames(options, ['user']);
    const { user } = options;
    checkHandle(handle);
    if (user === undefined && this.#isHashed) {
      const asked = { sids: [hashedId(handle)], channel: this.#channel };
      return (await destroySessionsAloud.run(asked, this.#connection)).length > 0;
    }
    if (user === undefined) {
      return (await queries.revokeSession.run({ handle, channel: this.#channel }, this.#connection)).length > 0;
    }
    const asked = { userPath: this.#storedPath, users: this.#vault.storedUsers(user), handle, channel: this.#channel };
    return (await readingSessions(queries.revokeSessionOfUser.run(asked, this.#connection))).length > 0;
  }

  /**
   * Deletes all sessions of a user but the one whose handle is `except`, and answers with their number, among which may be
   * expired ones. In one statement: what other requests save meanwhile does not survive it, since a session that is gone stays
   * gone.
   */
  async revokeUser(user: string | number | bigint, options: { except?: string | undefined } = {}): Promise<number> {
    checkNames(options, ['except']);
    const { except } = options;
    const kept = except === undefined ? null : checkHandle(except);
    const asked = {
      userPath: this.#storedPath,
      users: this.#vault.storedUsers(user),
      except: kept,
      channel: this.#channel,
    };
    const [row] = await readingSessions(queries.revokeUser.run(asked, this.#connection));
    return row!.revoked;
  }

  /** Deletes all sessions, and answers with their number, among which may be expired ones. */
  async revokeAll(): Promise<number> {
    const [row] = await queries.revokeAll.run({ channel: this.#channel }, this.#connection);
    return row!.revoked;
  }

  /**
   * Deletes all expired sessions, in batches, and answers with their number. 0 may also mean that another process is pruning.
   *
   * @param how `batchSize`: rows of one statement at most, default: 1000; `onBatch`: told how many each statement deleted
   */
  async prune(how: { batchSize?: number; onBatch?: (rows: number) => void } = {}): Promise<number> {
    checkNames(how, ['batchSize', 'onBatch']);
    const { batchSize = 1000, onBatch } = how;
    const options = {
      intervalMs: undefined,
      jitter: Number,
      batchSize,
      onError: () => {},
      timeoutMs: Infinity,
      onBatch,
    };
    return new Pruner(async () => this.#connection, this.#names, options).prune();
  }

  /** Counts and sizes. It reads the whole table, but no payload. */
  async stats(): Promise<SessionStats> {
    const [row] = await queries.sessionStats.run(catalogNames(this.#names), this.#connection);
    return row!;
  }

  /**
   * Makes the index by which a user's sessions are found, if there is none. Sessions can be saved meanwhile, so it can't be done
   * in a transaction; where it fails, an invalid index may be left that `verify` finds.
   */
  createUserIndex(): Promise<void> {
    return createUserIndex(this.#pool, this.#names, this.#userPath);
  }

  /**
   * What is wrong with the table, each with what to do; nothing when all is well. It asks the server to describe each query of
   * the request path and the admin on this table, and compares that with what it said when they were compiled. It reads the whole
   * table, and changes nothing. The index of users is looked for only where a `userPath` was given.
   */
  verify(): Promise<Finding[]> {
    return verify(this.#pool, this.#names, this.#givenPath);
  }

  #entry({ handle, sess, ttl }: { handle: string; sess: string; ttl: number }): SessionEntry {
    const session = this.#sessionIn(handle, sess, ttl);
    return { handle, user: session && userOf(session, this.#userPath), ttl, session };
  }

  #sessionIn(handle: string, sess: string, ttl: number): SessionData | null {
    try {
      const session = this.#vault.open(handle, sess, itself);
      delete (session as unknown as Record<string, unknown>)[BIRTH];
      if (session.cookie) ROW_DECIDES.restoreExpires(session, ttl);
      return session;
    } catch {
      return null;
    }
  }
}

const itself = (handle: string): string => handle;
const ROW_DECIDES = new Expiry({});

function checkHandle(handle: string): string {
  if (typeof handle === 'string' && HANDLE.test(handle)) return handle;
  throw new TypeError(
    'a handle has 64 hexadecimal digits: take it from list, find or store.handle(req.sessionID). A user is none',
  );
}
