// What operators do with sessions, as typed functions: find, list, revoke, prune, count.
import type { IDatabaseConnection } from '@pgtyped/runtime';
import type { SessionData } from 'express-session';
import type { Pool } from 'pg';
import { checkMethodOptions, checkNames, checkOption, describe, type Rule, type SessionStoreError } from '../errors.js';
import * as queries from '../generated/admin.js';
import { clearSessionsAndNotify, countSessions, destroySessionsAndNotify } from '../generated/session.js';
import { isPool, libraryAdvice, POOL_RULE, type PoolLike } from '../postgres/pool.js';
import { CODEC_RULES, type Codec, keysDeadline, loadKeys, makeCodec } from '../session/codec.js';
import type { Encryption } from '../session/encryption.js';
import { Expiry } from '../session/expiry.js';
import { HANDLE, HASH_IDS_RULE, type HashIds, hashedId } from '../session/handle.js';
import { removeCreatedAt } from '../session/lifetime.js';
import { AsyncSerializerError, type Serializer } from '../session/serializer.js';
import { PASSPORT, storablePath, type UserPath } from '../session/user-path.js';
import { checkedDistribution, connectForTimes } from '../table/distribution.js';
import { connectTable, type TableLocation } from '../table/location.js';
import { revocationChannel, type TableNames } from '../table/names.js';
import { TRUST_OWNER_RULE, trustedOwners } from '../table/owner.js';
import { DEFAULT_PRUNE_BATCH, prune } from '../table/prune.js';
import { escapingMissing } from '../table/untranslatable.js';
import { createUserIndex, explainUnreadable } from '../table/user-index.js';
import { doctor } from './doctor.js';
import type { Finding, FindingCode, Severity } from './finding.js';
import { readStats, type SessionStats } from './stats.js';

export type { Admin, Finding, FindingCode, SessionStats, Severity, UserPath };

/**
 * Options of `createAdmin`, which throws a `TypeError` if an option is unknown or has a wrong
 * value.
 */
export interface AdminOptions extends TableNames {
  /** The `pg.Pool` for all statements. The admin never ends it. */
  pool: PoolLike;
  /**
   * The path to the user in a session, as Passport or the app's own login stores it.
   *
   * @default the `userPath` of `encryption`, else `['passport', 'user']`
   */
  userPath?: UserPath | undefined;
  /**
   * The store's `hashIds`. With `true`, `show` and `revoke` use the primary key instead of reading
   * all session ids. With `false` or `'upgrade'`, they find hashed and unhashed ids.
   *
   * @default `false`
   */
  hashIds?: HashIds | undefined;
  /**
   * The store's `encryption`.
   *
   * @default sessions are not encrypted
   */
  encryption?: Encryption | undefined;
  /**
   * The store's `serializer`.
   *
   * @default JSON
   */
  serializer?: Serializer | undefined;
  /**
   * The role that may own the table, or several such roles: see the store's `trustOwner`. Only
   * `doctor` uses it.
   *
   * @default no other role
   */
  trustOwner?: string | readonly string[] | undefined;
}

/** A live session, without its id. */
export interface SessionEntry {
  /**
   * The SHA-256 of the session id, in hexadecimal. It names the session and is not a credential.
   */
  handle: string;
  /**
   * The user at the `userPath`, as the text in the row, which `find` and `revokeUser` accept. Null
   * if there is none.
   */
  user: string | null;
  /** When the session expires. Null if it never does. */
  expiresAt: Date | null;
  /** Seconds until the session expires. */
  secondsLeft: number;
  /**
   * The session, or null if the row does not hold one. `cookie.expires` is when the row expires.
   */
  session: SessionData | null;
}

export interface SessionPage {
  /** First to expire first. */
  sessions: SessionEntry[];
  /**
   * The `after` of the next page. Null on the last page. It holds an expiry and a handle, no id.
   */
  next: string | null;
}

interface SessionRow {
  handle: string;
  sess: string;
  secondsLeft: number;
  /** Seconds since 1970. Infinity if it never expires. */
  expiresAt: number;
}

/** The parameters of each query about a user. */
interface OfUser {
  userPath: string[];
  users: string[];
}

const CALLBACK_RULE: Rule = ['a function', (value) => typeof value === 'function'];

const RULES: Record<string, Rule> = {
  pool: POOL_RULE,
  hashIds: HASH_IDS_RULE,
  ...CODEC_RULES,
  trustOwner: TRUST_OWNER_RULE,
};
const CURSOR = /^([-+:.\dT]+|infinity)\/([0-9a-f]{64})$/;
const BEGINNING = '-infinity/';
const MAX_INT = 2 ** 31 - 1; // of PostgreSQL

/**
 * Creates an admin for a session table:
 *
 * ```ts
 * const admin = createAdmin({ pool, userPath: ['user', 'id'] });
 * await admin.revokeUser(42); // signed out everywhere
 * ```
 *
 * @throws {TypeError} if the pool is missing, an option is unknown, or a name is not valid
 */
export function createAdmin(options: AdminOptions): Admin {
  return new Admin(options);
}

/**
 * Each method rejects with a `SessionStoreError` if the database fails, and with a `TypeError` for
 * wrong parameters, such as `{ except: undefined }`. Methods about a user read inside the sessions.
 * They need an index at the `userPath` to be fast (see `createUserIndex`), and fail if PostgreSQL
 * cannot read one of the sessions. Stores with the option `revocations` are notified of revoked
 * sessions.
 */
class Admin {
  readonly #location: TableLocation;
  readonly #givenPath: UserPath | undefined;
  readonly #userPath: UserPath;
  readonly #storablePath: string[];
  readonly #channel: string;
  readonly #db: IDatabaseConnection;
  readonly #isHashed: boolean;
  readonly #mayBeHashed: boolean;
  readonly #codec: Codec;

  constructor(options: AdminOptions) {
    const advice = libraryAdvice(options) ?? (isPool(options) ? 'Pass the pool as an option: { pool }' : undefined);
    if (advice) throw new TypeError(`createAdmin() needs a pool: createAdmin({ pool }). ${advice}`);
    checkNames(Object(options), [
      'pool',
      'schemaName',
      'tableName',
      'userPath',
      'hashIds',
      'encryption',
      'serializer',
      'trustOwner',
    ]);
    const { pool, schemaName, tableName, userPath, hashIds, encryption, serializer, trustOwner } = Object(
      options,
    ) as AdminOptions;
    if (pool === undefined || pool === null) {
      throw new TypeError('createAdmin() needs a pool: createAdmin({ pool }), with a pg.Pool');
    }
    for (const [name, rule] of Object.entries(RULES)) {
      const value = options[name as keyof AdminOptions] ?? undefined;
      if (value !== undefined) checkOption(name, value, rule);
    }
    this.#location = {
      pool: pool as Pool,
      names: { schemaName, tableName },
      trustedOwners: trustedOwners(trustOwner ?? undefined),
    };
    this.#givenPath = userPath;
    this.#userPath = userPath ?? encryption?.userPath ?? PASSPORT;
    this.#isHashed = hashIds === true;
    this.#mayBeHashed = Boolean(hashIds);
    this.#codec = makeCodec({ encryption: encryption && { ...encryption, userPath: this.#userPath }, serializer });
    this.#storablePath = storablePath(this.#userPath);
    this.#channel = revocationChannel(this.#location.names);
    this.#db = connectForTimes(this.#location);
  }

  /** Counts the live sessions. */
  async count(): Promise<number> {
    const [row] = await countSessions.run(undefined, this.#db);
    return row!.count;
  }

  /**
   * Lists the live sessions, a page at a time.
   *
   * @param page `after`: the `next` of the previous page, default: the first page. `limit`: the
   *   maximum number of sessions, default: 100
   */
  async list(page: { after?: string | null; limit?: number } = {}): Promise<SessionPage> {
    checkMethodOptions(page, ['after', 'limit'], ['after']);
    const { after = null, limit = 100 } = page;
    checkCount('limit', limit);
    if (after !== null && (typeof after !== 'string' || !CURSOR.test(after)))
      throw new TypeError('after (--after) must be the next of another page');
    const [expire, handle] = (after ?? BEGINNING).split('/') as [string, string];
    const found = await queries.listSessionsAfter.run(
      { expire, handle, limit: Math.min(limit + 1, MAX_INT) },
      this.#db,
    );
    const rows = found.slice(0, limit);
    const last = found.length > limit ? rows.at(-1) : undefined;
    return { sessions: await this.#entries(rows), next: last ? `${last.expire}/${last.handle}` : null };
  }

  /**
   * Finds the live sessions of a user, last to expire first.
   *
   * @param user the value at the `userPath`. A number equals its digits
   */
  async find(user: string | number | bigint): Promise<SessionEntry[]> {
    const rows = await this.#ofUser(user, (params) => queries.findSessions.run(params, this.#db));
    return this.#entries(rows.sort((one, other) => other.secondsLeft - one.secondsLeft));
  }

  /**
   * Gets the live session with this handle, or null. Without `hashIds: true` it reads all session
   * ids.
   */
  async show(handle: string): Promise<SessionEntry | null> {
    checkHandle(handle);
    const rows = this.#isHashed
      ? await queries.showHashedSession.run({ sid: hashedId(handle) }, this.#db)
      : await queries.showSession.run({ handle }, this.#db);
    return (await this.#entries(rows))[0] ?? null;
  }

  /**
   * Deletes the session with this handle, and returns whether there was one. It reads all session
   * ids, unless `hashIds` is true or `user` is given.
   *
   * @param options `user`: only delete the session if it belongs to this user, found by the index
   */
  async revoke(handle: string, options: { user?: string | number | bigint } = {}): Promise<boolean> {
    checkMethodOptions(options, ['user']);
    const { user } = options;
    const channel = this.#channel;
    checkHandle(handle);
    if (user === undefined && this.#isHashed) {
      return (await destroySessionsAndNotify.run({ sids: [hashedId(handle)], channel }, this.#db)).length > 0;
    }
    if (user === undefined) {
      return (await queries.revokeSession.run({ handle, channel }, this.#db)).length > 0;
    }
    const revoke = (params: OfUser) => queries.revokeSessionOfUser.run({ ...params, handle, channel }, this.#db);
    return (await this.#ofUser(user, revoke)).length > 0;
  }

  /**
   * Deletes all sessions of a user, in one statement, and returns their number. It counts expired
   * sessions that are not pruned yet. A request that saves one of the sessions later does not
   * revive it.
   *
   * @param options `except`: the handle of a session to keep
   */
  async revokeUser(user: string | number | bigint, options: { except?: string } = {}): Promise<number> {
    checkMethodOptions(options, ['except']);
    const except = options.except === undefined ? null : checkHandle(options.except);
    const channel = this.#channel;
    const revoke = (params: OfUser) => queries.revokeUser.run({ ...params, except, channel }, this.#db);
    return (await this.#ofUser(user, revoke)).reduce((sum, { revoked }) => sum + revoked, 0);
  }

  /**
   * Deletes all sessions, and returns their number. It counts expired sessions that are not pruned
   * yet.
   */
  async revokeAll(): Promise<number> {
    const [row] = await clearSessionsAndNotify.run({ channel: this.#channel }, this.#db);
    return row!.deleted;
  }

  /**
   * Deletes all expired sessions, in batches, and returns their number. Returns 0 if another
   * process holds the prune lock. Passes sessions that cannot be deleted.
   *
   * @param options `batchSize`: rows of one statement at most, default: 1000. `onBatch`: called
   *   after each statement with the number of rows that it deleted. `onKept`: called once for each
   *   session that cannot be deleted, with its handle and the error. `onExpired`: called after each
   *   statement that deleted sessions, with their handles
   */
  async prune(
    options: {
      batchSize?: number;
      onBatch?: (rows: number) => void;
      onKept?: (handle: string, error: SessionStoreError) => void;
      onExpired?: (handles: string[]) => void;
    } = {},
  ): Promise<number> {
    checkMethodOptions(options, ['batchSize', 'onBatch', 'onKept', 'onExpired']);
    const { batchSize = DEFAULT_PRUNE_BATCH, ...callbacks } = options;
    checkCount('batchSize', batchSize);
    for (const [name, callback] of Object.entries(callbacks)) checkOption(name, callback, CALLBACK_RULE);
    const db = connectTable(this.#location);
    const isDistributed = (await checkedDistribution(this.#location.names, db)) !== undefined;
    return prune(async () => db, this.#location, { ...callbacks, batchSize, isDistributed });
  }

  /** Counts and measures the sessions and their table. Reads the whole table, but no payload. */
  async stats(): Promise<SessionStats> {
    return readStats(this.#location);
  }

  /**
   * Creates the index that finds a user's sessions, if it is missing. Sessions can be saved
   * meanwhile, so it cannot run in a transaction. If it fails, it may leave an invalid index, which
   * `doctor` finds.
   */
  createUserIndex(): Promise<void> {
    return createUserIndex(this.#location, this.#userPath);
  }

  /**
   * Finds what is wrong with the table, and what to do, errors first. Returns an empty array if all
   * is well. The table of another store gives warnings if it works as it is.
   * PostgreSQL describes each query on this table, and the result is compared with the description
   * from when the query was compiled. Reads the whole table, and changes nothing. Expects an index
   * of users only if `userPath` was given.
   */
  doctor(): Promise<Finding[]> {
    return doctor(this.#location, { userPath: this.#givenPath, isHashed: this.#mayBeHashed });
  }

  /** Runs a query about a user. */
  async #ofUser<T>(user: unknown, run: (params: OfUser) => Promise<T[]>): Promise<T[]> {
    await loadKeys(this.#codec, keysDeadline(), [], true); // a user has a hash for each key
    const { charset } = this.#codec;
    const work = escapingMissing(charset, () => {
      const userPath = this.#storablePath.map((key) => charset.escape(key));
      return run({ userPath, users: this.#codec.userTexts(user) });
    });
    return explainUnreadable(work);
  }

  async #entries(rows: SessionRow[]): Promise<SessionEntry[]> {
    await loadKeys(this.#codec, keysDeadline(), rows);
    return rows.map((row) => this.#entry(row));
  }

  #entry({ handle, sess, secondsLeft, expiresAt }: SessionRow): SessionEntry {
    const session = this.#sessionIn(handle, sess, secondsLeft);
    const user = session && this.#codec.userIn(sess, session, this.#userPath);
    return {
      handle,
      user,
      expiresAt: Number.isFinite(expiresAt) ? new Date(expiresAt * 1000) : null,
      secondsLeft,
      session,
    };
  }

  #sessionIn(handle: string, sess: string, secondsLeft: number): SessionData | null {
    try {
      const session = this.#codec.decode(handle, sess, (same) => same);
      removeCreatedAt(session);
      if (session.cookie) BY_COOKIE.restoreExpires(session, secondsLeft);
      return session;
    } catch (error) {
      if (error instanceof AsyncSerializerError) throw error;
      return null;
    }
  }
}

const BY_COOKIE = new Expiry({});

function checkCount(name: string, count: number): void {
  if (Number.isInteger(count) && count > 0 && count <= MAX_INT) return;
  throw new TypeError(`${name} must be a positive integer, got ${describe(count)}`);
}

function checkHandle(handle: string): string {
  if (typeof handle === 'string' && HANDLE.test(handle)) return handle;
  throw new TypeError(
    'a handle must have 64 hexadecimal digits, from list(), find() or store.handle(req.sessionID). It is not a user',
  );
}
