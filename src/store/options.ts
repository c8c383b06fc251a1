// The options of the store, their docstrings and their checks.
import type { PoolConfig } from 'pg';
import { checkOption, didYouMean, type Rule } from '../errors.js';
import { connectionStringError, isConnectionString } from '../postgres/connect.js';
import { isPool, libraryAdvice, POOL_RULE, type PoolLike } from '../postgres/pool.js';
import { CODEC_RULES } from '../session/codec.js';
import type { Encryption } from '../session/encryption.js';
import type { Ttl } from '../session/expiry.js';
import { HASH_IDS_RULE, type HashIds } from '../session/handle.js';
import { MERGE_WITHIN_RULE } from '../session/merge-within.js';
import type { Serializer } from '../session/serializer.js';
import { TRUST_OWNER_RULE } from '../table/owner.js';
import { splitLegacyName, warnOfMilliseconds } from './option-warnings.js';
import type { OldStore } from './read-through.js';

/**
 * Options of `PgSessionStore`. All are optional, but the store needs a database: pass one of
 * `pool`, `conString` and `conObject`, or set `DATABASE_URL` or the `PG*` variables. `null` and
 * `undefined` stand for the default, except for `pool`. The constructor throws a `TypeError` that
 * says what to do if an option is unknown or has a wrong value.
 */
export interface StoreOptions {
  /**
   * The `pg.Pool` that the app also uses for its own queries. **Recommended.** The store never ends
   * it. The pools of `pg.native`, Neon and Vercel also work. `pool: undefined` or `null` throws a
   * `TypeError`, unless `conString`, `conObject` or `pgPromise` is set: the app must create the
   * pool before the store.
   *
   * @category Connection
   * @default a pool of the store, made from `conString`, `conObject` or the environment
   */
  pool?: PoolLike | undefined;
  /**
   * The database object of pg-promise, for apps that used this option of connect-pg-simple. The
   * store uses its `$pool` as `pool`, and never ends it.
   *
   * @category Connection
   * @default none
   */
  pgPromise?: { $pool: unknown } | undefined;
  /**
   * The connection string of a pool that the store makes, such as
   * `postgres://user:password@host/database`. The store accepts what `pg` accepts, with the schemes
   * `postgres`, `postgresql`, `pg`, `tcp` and `socket`, and `/socket/folder database`. `close()`
   * ends this pool.
   *
   * @category Connection
   * @default the environment variable `DATABASE_URL`
   */
  conString?: string | undefined;
  /**
   * The `pg.Pool` configuration of a pool that the store makes. `close()` ends this pool. Without
   * `connectionTimeoutMillis`, the pool waits `timeout` seconds for a connection.
   *
   * @category Connection
   * @default the `PG*` environment variables, if `DATABASE_URL` is not set
   */
  conObject?: PoolConfig | undefined;
  /**
   * The table's schema: 1 to 63 bytes of UTF-8.
   *
   * @category Table
   * @default the connection's `search_path` decides
   */
  schemaName?: string | undefined;
  /**
   * The table's name: 1 to 63 bytes of UTF-8. A dot is part of the name: for the table `session` in
   * the schema `web`, set `schemaName` too. Without `schemaName`, a name with a dot causes a
   * warning, `web"."session` is read as a schema and a table, and a name must not begin with
   * `ss__`.
   *
   * @category Table
   * @default `'session'`
   */
  tableName?: string | undefined;
  /**
   * The store that the app used before, as `readThrough(store)`. Sessions move from it when
   * requests ask for them. If it fails, a call that needs it fails with code `OLD_STORE`. See
   * [migrating](migrating.md#from-any-other-store).
   *
   * @category Table
   * @default none
   */
  oldStore?: OldStore | undefined;
  /**
   * Seconds that a session lives after its last use, or a function that returns them for a session.
   * It wins over the cookie. The number must be positive and at most 1e11: otherwise the
   * constructor throws a `TypeError`, or the call fails with one if a function returned it. The
   * store warns of a number that seems to be milliseconds: more than 400 days, the longest life of
   * a cookie, or 10 days or more that are a multiple of 60,000 and not of 86,400, such as
   * 3,600,000. If the number equals the cookie's `maxAge`, the store reads it as milliseconds and
   * warns once: the session lives as long as its cookie. A cookie with a negative age ends its
   * session.
   *
   * @category Expiry
   * @default the time until the cookie's `expires`; 86,400 seconds (a day) if the cookie has none
   */
  ttl?: Ttl | undefined;
  /**
   * Seconds that a session may live after its creation, however often it is used. A positive
   * number, measured by the clock of the app's server. `req.session.regenerate` starts a new
   * session. If you add this option later, the seconds of an existing session count from its next
   * save. With this option, `set` and `touch` of an object that the store did not return read the
   * row first: the object may be a copy of a session, and a copy keeps its creation time.
   *
   * @category Expiry
   * @default no limit
   */
  lifetime?: number | undefined;
  /**
   * What a save does if another request has changed the session since this request loaded it.
   * `'merge'` writes only the top-level keys that this request changed, and a deleted session stays
   * deleted. `'overwrite'` writes the whole session, as other stores do.
   *
   * @category Saving
   * @default `'merge'`
   */
  concurrency?: 'merge' | 'overwrite' | undefined;
  /**
   * Top-level keys that hold objects. A save writes only the values in these objects that this
   * request changed. Some libraries keep all data in one key: for express-openid-connect, use
   * `['data']`. The option has no effect on a key with another value than an object, with a
   * `serializer`, and with `concurrency: 'overwrite'`.
   *
   * @category Saving
   * @default `[]`
   */
  mergeWithin?: readonly string[] | undefined;
  /**
   * Whether a save waits until PostgreSQL has written it to the disk. With `false` the store turns
   * `synchronous_commit` off for the statements of `set` and `update`. They are faster, and a crash
   * of the server may lose the saves of the last 0.6 seconds, with the default `wal_writer_delay`.
   * PostgreSQL never keeps a part of a save. `destroy`, `clear` and revocations always wait, and so
   * make all earlier saves safe. A touch never waits, unless Citus distributes the table. On such a
   * table, `false` makes calls fail: set `synchronous_commit` on the workers instead.
   *
   * @category Saving
   * @default `true`
   */
  synchronousCommit?: boolean | undefined;
  /**
   * The store writes a touch only if it moves the expiry by at least this many seconds. With `0` it
   * writes every touch, as it always does with `concurrency: 'overwrite'`.
   *
   * @category Expiry
   * @default 60 seconds, or a tenth of the session's life span if that is less
   */
  touchAfter?: number | undefined;
  /**
   * Whether the table holds the SHA-256 of each session id instead of the id. Then the table, a
   * dump and the server's log do not reveal a session id. `true` never sends an id to PostgreSQL.
   * `'upgrade'` also finds rows with an unhashed id, at the price of a second statement: use it
   * until `connect-pg-typed migrate --hash-ids` has run. With either, `set` fails with a
   * `TypeError` if a session id is empty or longer than 1024 characters.
   *
   * @category Security
   * @default `false`
   */
  hashIds?: HashIds | undefined;
  /**
   * The keys that encrypt sessions at rest.
   *
   * @category Security
   * @default sessions are not encrypted
   */
  encryption?: Encryption | undefined;
  /**
   * Two functions that turn a session into text and back.
   *
   * @category Saving
   * @default JSON
   */
  serializer?: Serializer | undefined;
  /**
   * Whether calls share statements: calls that arrive while a statement of the same kind is in
   * flight are sent together in the next one. With `false`, each call sends its own statement.
   *
   * @category Calls and statements
   * @default `true`
   */
  batch?: boolean | undefined;
  /**
   * Whether the store uses named prepared statements. If a pooler does not support them, the store
   * notices the error, repeats the statement without a name and uses no names from then on.
   *
   * @category Calls and statements
   * @default `true`
   */
  prepare?: boolean | undefined;
  /**
   * Seconds after which a call fails with code `TIMEOUT`. They include the wait for a connection
   * and all retries. More than 0 and at most 600. They do not apply to `createTable`, and apply to
   * each batch of `pruneSessions` instead of the whole call.
   *
   * @category Calls and statements
   * @default `5` (seconds)
   */
  timeout?: number | undefined;
  /**
   * The number of calls that may be in flight at once. One session may have a tenth of them,
   * rounded up. A further call fails at once with code `OVERLOADED`. A positive whole number.
   *
   * @category Calls and statements
   * @default `10000` (calls)
   */
  maxWaiting?: number | undefined;
  /**
   * The number of bytes of JSON, in UTF-8, that the saves in flight may hold. The saves of one
   * session may hold a tenth of them. A further save fails at once with code `OVERLOADED`. A save
   * that is the only one never fails for its size. A positive whole number below 2^31.
   *
   * @category Calls and statements
   * @default `268435456` (bytes, which is 256 MiB)
   */
  maxWaitingBytes?: number | undefined;
  /**
   * Whether the store creates the table if a call finds that it does not exist: the first call, or
   * a later one if the table was dropped meanwhile. The role needs the right to create it. If this
   * fails, the call fails, and the next call tries again.
   *
   * @category Table
   * @default `false`
   */
  createTableIfMissing?: boolean | undefined;
  /**
   * The role that may own the table, or several such roles. A table's triggers run with the rights
   * of the role that writes to it. So `createTable` and `createTableIfMissing` refuse the table of
   * an unknown owner. Known owners are the store's role, the roles it belongs to, superusers, the
   * owners of the schema and of the database, and the roles in this option.
   *
   * @category Security
   * @default no other role
   */
  trustOwner?: string | readonly string[] | undefined;
  /**
   * Whether `touch` never moves the expiry: then a request that reads a session without changing it
   * does not extend the session's life. A changed cookie is still stored.
   *
   * @category Expiry
   * @default `false`
   */
  disableTouch?: boolean | undefined;
  /**
   * Seconds between two automatic prunings, each of which deletes the expired sessions. `false`
   * turns them off. A positive number.
   *
   * @category Pruning
   * @default `60` (seconds)
   */
  pruneSessionInterval?: number | false | undefined;
  /**
   * Whether the delay between two prunings is random, so that many processes do not prune at the
   * same moment. `true`: between 0.5 and 1.5 times `pruneSessionInterval`. `false`:
   * exactly `pruneSessionInterval`. A function gets the interval and returns the next delay, both
   * in milliseconds. If it throws or does not return a positive number, the store calls `errorLog`
   * and uses the interval.
   *
   * @category Pruning
   * @default `true`
   */
  pruneSessionRandomizedInterval?: boolean | ((delayMs: number) => number) | undefined;
  /**
   * The number of expired sessions that one statement deletes at most. The store sends statements
   * until no expired session is left that can be deleted, and halves the number if a statement
   * times out. A positive whole number below 2^31.
   *
   * @category Pruning
   * @default `1000` (sessions)
   */
  pruneBatchSize?: number | undefined;
  /**
   * Whether the store notifies other processes of the sessions that it deletes, and emits `revoked`
   * for the sessions that any process deletes. Pruning does not notify. `true` listens on one more
   * connection, made with the pool's configuration. `{ connectionString }` listens on that
   * connection: use it if the pool connects through a pooler in transaction mode, which does not
   * pass notifications on.
   *
   * @category Events and errors
   * @default `false`
   */
  revocations?: boolean | { connectionString: string } | undefined;
  /**
   * Called with a message and an error if no callback and no promise can receive the error:
   *
   * - a failed pruning, a failed refresh of `encryption.keys`, or a failed `destroy` in the old
   *   store
   * - a lost idle connection, a broken connection of `revocations`, or a rejected promise that
   *   nothing handles
   * - an unreadable row while `unreadable` has no listener, or sessions that pruning could not
   *   delete while `kept` has no listener
   *
   * If the function throws, `console.error` gets both errors.
   *
   * @category Events and errors
   * @default `console.error`
   */
  errorLog?: ((message: string, error?: unknown) => void) | undefined;
}

const MAX_TIMEOUT = 600; // seconds. A larger number is probably meant as milliseconds

const isFunction = (value: unknown) => typeof value === 'function';
const isObject = (value: unknown) => typeof value === 'object' && value !== null;
const isText = (value: unknown) => typeof value === 'string';
const isBoolean = (value: unknown) => typeof value === 'boolean';
const isPositive = (value: unknown): value is number => typeof value === 'number' && value > 0 && value < Infinity;
const isPositiveInteger = (value: unknown) => Number.isInteger(value) && isPositive(value) && value < 2 ** 31;

const RULES: Record<keyof StoreOptions, Rule> = {
  pool: POOL_RULE,
  pgPromise: [
    'the database object of pg-promise, which has a $pool',
    (value) => isObject(value) && isPool((value as { $pool: unknown }).$pool),
    { isSecret: true },
  ],
  conString: ['a postgres:// URL', isConnectionString],
  conObject: ['an object with the configuration of a pg.Pool', isObject, { isSecret: true }],
  schemaName: ['a string', isText],
  tableName: ['a string', isText],
  oldStore: ['readThrough(store)', (value) => isFunction(value) && 'store' in Object(value), { isSecret: true }],
  ttl: ['a number of seconds, or a function of the session', (value) => typeof value === 'number' || isFunction(value)],
  lifetime: ['a positive number of seconds', isPositive],
  concurrency: ["'merge' or 'overwrite'", (value) => value === 'merge' || value === 'overwrite'],
  mergeWithin: MERGE_WITHIN_RULE,
  synchronousCommit: ['true or false', isBoolean],
  touchAfter: ['a number of seconds, or 0', (value) => value === 0 || isPositive(value)],
  hashIds: HASH_IDS_RULE,
  ...CODEC_RULES,
  batch: ['true or false', isBoolean],
  prepare: ['true or false', isBoolean],
  timeout: ['a positive number of seconds, at most 600', (value) => isPositive(value) && value <= MAX_TIMEOUT],
  maxWaiting: ['a positive integer', isPositiveInteger],
  maxWaitingBytes: ['a positive integer', isPositiveInteger],
  createTableIfMissing: ['true or false', isBoolean],
  trustOwner: TRUST_OWNER_RULE,
  disableTouch: ['true or false', isBoolean],
  pruneSessionInterval: [
    'a positive number of seconds, or false for never',
    (value) => value === false || isPositive(value),
  ],
  pruneSessionRandomizedInterval: [
    'true, false, or a function of the delay in milliseconds',
    (value) => isBoolean(value) || isFunction(value),
  ],
  pruneBatchSize: ['a positive integer', isPositiveInteger],
  revocations: [
    'true, false, or { connectionString } for a direct connection past a pooler',
    (value) =>
      isBoolean(value) ||
      (isObject(value) &&
        Object.keys(value as object).join() === 'connectionString' &&
        isConnectionString((value as { connectionString: unknown }).connectionString)),
    { isSecret: true },
  ],
  errorLog: ['a function (message, error) => void', isFunction],
};

/**
 * The options without those that are undefined or null.
 *
 * @throws {TypeError} if an option is unknown or has the wrong type
 */
export function checkOptions(given: StoreOptions): StoreOptions {
  if (isPool(given)) throw new TypeError('pass the pool as an option: { pool }');
  const advice = libraryAdvice(given) ?? '';
  if (advice || !isObject(given)) {
    throw new TypeError(`the options must be an object, such as { pool }. ${advice}`.trimEnd());
  }
  const options = Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined && value !== null),
  );
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(RULES, name)) throw new TypeError(unknownOption(name));
    if (name === 'conString' && !isConnectionString(value)) throw connectionStringError(name, value);
    checkOption(name, value, RULES[name as keyof StoreOptions]);
  }
  const { pool, pgPromise, conString, conObject } = options;
  if ('pool' in given && ![pool, pgPromise, conString, conObject].some((way) => way !== undefined)) {
    throw new TypeError(`pool is ${given.pool}. Create it before the store, or omit the option`);
  }
  warnOfMilliseconds(options);
  return splitLegacyName(options);
}

function unknownOption(name: string): string {
  const names = Object.keys(RULES);
  return `unknown option "${name}"${didYouMean(name, names) || `. The options are ${names.join(', ')}`}`;
}
