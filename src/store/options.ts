// What the store can be told, and what is wrong with what it was told.

import type { Pool, PoolConfig } from 'pg';
import { isConnectionString } from '../postgres/connect.js';
import type { Encryption } from '../session/encryption.js';
import type { Ttl } from '../session/expiry.js';
import type { Serializer } from '../session/serializer.js';
import type { HashIds } from '../table/hashed-rows.js';

export interface StoreOptions {
  /** The pool that the app uses for the rest, too. The store never ends it. **Recommended.** */
  pool?: Pool | undefined;
  /** Connection string for a pool of the store's own, which `close()` ends. Default: the environment's `DATABASE_URL`. */
  conString?: string | undefined;
  /** `pg.Pool` configuration for a pool of the store's own. Default: none; the `PG*` variables then say where to connect. */
  conObject?: PoolConfig | undefined;
  /** The table's schema. Default: none, so that the connection's `search_path` decides. */
  schemaName?: string | undefined;
  /** The table. Default: `session`. */
  tableName?: string | undefined;
  /**
   * How long a session lives after its last use, in seconds, or a function of the session that says so. Wins over the
   * cookie. Default: the time to the cookie's `expires`, and a day (86,400) where the cookie has none.
   */
  ttl?: Ttl | undefined;
  /**
   * Seconds that a session may live from its birth on, whatever keeps it alive; `regenerate` makes a new one. Sessions from
   * before this option are born with their first save. By the clock of the app's server. Default: no limit.
   */
  lifetime?: number | undefined;
  /**
   * What becomes of a save when another request has changed the session since this one loaded it. `'merge'`: the top-level
   * keys that this request changed are laid over the other's, and a session that is gone stays gone. `'overwrite'`: the last
   * save wins as a whole, as in other stores. Default: `'merge'`.
   */
  concurrency?: 'merge' | 'overwrite' | undefined;
  /**
   * Seconds by which a touch must move the expiry to be written at all; 0 for always, as with `concurrency: 'overwrite'`.
   * Default: the smaller of 60 and a tenth of the session's life span.
   */
  touchAfter?: number | undefined;
  /**
   * Keep the SHA-256 of each session id in the table, so that nobody who reads the table, a dump or the server's log has an id.
   * `'upgrade'` writes hashes, and finds sessions whose id is in the table, too, at the price of a second look: for the time
   * until `connect-pg-typed migrate --hash-ids` has been run. `true` never sends an id to the server. Default: false.
   */
  hashIds?: HashIds | undefined;
  /** Keys by which the sessions are encrypted at rest. Default: they are not. */
  encryption?: Encryption | undefined;
  /** What makes a text of a session, and back. Default: JSON. */
  serializer?: Serializer | undefined;
  /** Let calls that come while a statement is under way share the next one. Default: true. */
  batch?: boolean | undefined;
  /**
   * Let the server keep the statements under names. Behind a pooler that does not know them the store finds out and goes on
   * without. Default: true.
   */
  prepare?: boolean | undefined;
  /**
   * Seconds within which every call is answered, if need be with an error; waiting for a connection and trying again count.
   * Not for `pruneSessions`, where they are those of one batch, nor for `createTable`. At most 600. Default: 5.
   */
  timeout?: number | undefined;
  /** Calls that may be under way at once; more fail at once, with code `OVERLOADED`. Default: 10,000. */
  maxWaiting?: number | undefined;
  /** Create the table at first use where it is missing. Needs a role that may. Default: false. */
  createTableIfMissing?: boolean | undefined;
  /** Leave the expiry alone when a session is read but not changed. Default: false. */
  disableTouch?: boolean | undefined;
  /** Seconds from one pruning of expired sessions to the next, or false for none of its own. Default: 60. */
  pruneSessionInterval?: number | false | undefined;
  /**
   * False for pruning exactly at the interval, or a function from the interval to the next delay, both in milliseconds.
   * Default: a random delay from half to one and a half of the interval.
   */
  pruneSessionRandomizedInterval?: boolean | ((delayMs: number) => number) | undefined;
  /** Expired sessions that one statement deletes at most; the pruner sends statements until none is left. Default: 1000. */
  pruneBatchSize?: number | undefined;
  /**
   * Say which sessions this store deletes, and emit `revoked` for those that any process says were: `true` listens on one
   * more connection like those of the pool, `{ connectionString }` on a direct one, where the pool's go through a pooler in
   * transaction mode. Default: false.
   */
  revocations?: boolean | { connectionString: string } | undefined;
  /** Told of errors that reach no callback and no promise. Default: `console.error`. */
  errorLog?: ((message: string, error?: unknown) => void) | undefined;
}

const LONGEST_TIMEOUT = 600; // seconds: more would be meant as milliseconds

const isFunction = (value: unknown) => typeof value === 'function';
export const isObject = (value: unknown) => typeof value === 'object' && value !== null;
export const isText = (value: unknown) => typeof value === 'string';
const isBoolean = (value: unknown) => typeof value === 'boolean';
const isKeyList = (value: unknown) =>
  Array.isArray(value) && value.length > 0 && value.every((key) => isText(key) || key instanceof Uint8Array);
const isPositive = (value: unknown) => typeof value === 'number' && value > 0 && value < Infinity;

const RULES: Record<keyof StoreOptions, [what: string, holds: (value: unknown) => boolean]> = {
  pool: [
    'a pg.Pool',
    (value) => isObject(value) && isFunction((value as Pool).connect) && 'totalCount' in (value as Pool),
  ],
  conString: ['a connection string, such as postgres://user:password@host/database', isConnectionString],
  conObject: ['an object with the configuration of a pg.Pool', isObject],
  schemaName: ['a string', isText],
  tableName: ['a string', isText],
  ttl: ['a number of seconds, or a function of the session', (value) => typeof value === 'number' || isFunction(value)],
  lifetime: ['a positive number of seconds', isPositive],
  concurrency: ["'merge' or 'overwrite'", (value) => value === 'merge' || value === 'overwrite'],
  touchAfter: ['a number of seconds, or 0', (value) => value === 0 || isPositive(value)],
  hashIds: ["true, false or 'upgrade'", (value) => isBoolean(value) || value === 'upgrade'],
  encryption: [
    'an object { keys, userPath, allowPlaintext } with a list of keys',
    (value) =>
      isObject(value) &&
      Object.keys(value as object).every((key) => /^(keys|userPath|allowPlaintext)$/.test(key)) &&
      isKeyList((value as Encryption).keys) &&
      [undefined, true, false].includes((value as Encryption).allowPlaintext),
  ],
  serializer: [
    'an object with the functions stringify and parse',
    (value) =>
      isObject(value) && isFunction((value as Serializer).stringify) && isFunction((value as Serializer).parse),
  ],
  batch: ['true or false', isBoolean],
  prepare: ['true or false', isBoolean],
  timeout: [
    'a positive number of seconds, at most 600',
    (value) => isPositive(value) && (value as number) <= LONGEST_TIMEOUT,
  ],
  maxWaiting: ['a positive whole number', (value) => Number.isInteger(value) && isPositive(value)],
  createTableIfMissing: ['true or false', isBoolean],
  disableTouch: ['true or false', isBoolean],
  pruneSessionInterval: [
    'a positive number of seconds, or false for never',
    (value) => value === false || isPositive(value),
  ],
  pruneSessionRandomizedInterval: [
    'true, false, or a function of the delay in milliseconds',
    (value) => isBoolean(value) || isFunction(value),
  ],
  pruneBatchSize: [
    'a positive whole number',
    (value) => Number.isInteger(value) && isPositive(value) && (value as number) < 2 ** 31,
  ],
  revocations: [
    'true, false, or { connectionString }, such as that of a direct connection past a pooler',
    (value) =>
      isBoolean(value) ||
      (isObject(value) &&
        Object.keys(value as object).join() === 'connectionString' &&
        isConnectionString((value as { connectionString: unknown }).connectionString)),
  ],
  errorLog: ['a function (message, error) => void', isFunction],
};

/** The options as they were given, without those that are undefined or null. Throws a TypeError that says what to do. */
export function checkOptions(given: StoreOptions): StoreOptions {
  if (!isObject(given)) throw new TypeError('the options must be an object, such as { pool }');
  if (isFunction((given as Pool).connect)) throw new TypeError('give the pool as an option: { pool }');
  const options = Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined && value !== null),
  );
  for (const [name, value] of Object.entries(options)) {
    if (name === 'pgPromise')
      throw new TypeError('there is no option pgPromise: give `pool: pgp.$pool`, where pgp is that same object');
    if (!Object.hasOwn(RULES, name))
      throw new TypeError(`there is no option ${name}; there are ${Object.keys(RULES).join(', ')}`);
    const [what, holds] = RULES[name as keyof StoreOptions];
    if (!holds(value)) throw new TypeError(`${name} must be ${what}, not ${describe(value)}`);
  }
  if ('pool' in given && ![options.pool, options.conString, options.conObject].some((way) => way !== undefined)) {
    throw new TypeError(`pool is ${given.pool}: make it before the store, or leave the option out`);
  }
  return splitLegacyName(options);
}

const warn = (code: string, message: string) => process.emitWarning(message, { type: 'ConnectPgTypedWarning', code });

/** connect-pg-simple and connect-pg-pool took a schema in tableName: 'web"."session'. */
function splitLegacyName(options: StoreOptions): StoreOptions {
  const { schemaName, tableName } = options;
  if (schemaName !== undefined || !tableName?.includes('.')) return options;
  const [schema, table, ...more] = tableName.split('"."');
  if (table === undefined || more.length > 0) {
    warn(
      'CONNECT_PG_TYPED_DOT',
      `tableName: '${tableName}' is a table with a dot in its name; for a schema there is schemaName`,
    );
    return options;
  }
  const meant = `schemaName: '${schema}', tableName: '${table}'`;
  warn('CONNECT_PG_TYPED_LEGACY_NAME', `tableName: '${tableName}' is taken for ${meant}: write it so`);
  return { ...options, schemaName: schema, tableName: table };
}

/** Never the value of a string or an object, which may hold a password. */
function describe(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (value === '') return 'an empty string';
  return Array.isArray(value) ? 'an array' : `of the type ${value?.constructor?.name ?? typeof value}`;
}
