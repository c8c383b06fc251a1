// Chooses the pool: the app's, or one made from a connection string, a configuration or the
// environment.
import pg, { type Pool, type PoolConfig } from 'pg';
import { describe } from '../errors.js';
import type { PoolLike } from './pool.js';

export interface PoolOptions {
  pool?: PoolLike | undefined;
  pgPromise?: { $pool: unknown } | undefined;
  conString?: string | undefined;
  conObject?: PoolConfig | undefined;
  /** Seconds that a pool of our own waits for a connection. */
  timeout: number;
}

const PG_VARIABLES = ['PGHOST', 'PGPORT', 'PGDATABASE', 'PGUSER'];

/** The schemes under which people know PostgreSQL. pg ignores the scheme, and a typo in it. */
const CONNECTION_STRING = /^(\/|(postgres(ql)?|pg(sql)?|psql|postgis|tcp|socket)(\+[a-z\d]+)?:)/i;

/** Whether pg understands the value, and it does not name another kind of server. */
export const isConnectionString = (value: unknown): boolean =>
  typeof value === 'string' && CONNECTION_STRING.test(value) && isParsable({ connectionString: value });

const CONNECTION_STRING_FORM =
  'postgres://user:password@host/database, with encodeURIComponent() for special characters in the password';

/** What is wrong with a connection string. Shows no part of it: it may hold a password. */
export function connectionStringError(name: string, value: unknown): TypeError {
  const isText = typeof value === 'string' && value !== '';
  const fault = isText ? 'is not a postgres:// URL' : `must be a postgres:// URL, got ${describe(value)}`;
  return new TypeError(`${name} ${fault}. Write ${CONNECTION_STRING_FORM}`);
}

/** pg parses a connection string only when it connects. */
function isParsable(config: PoolConfig): boolean {
  try {
    new pg.Client(config);
    return true;
  } catch (error) {
    if (error instanceof URIError || (error as NodeJS.ErrnoException).code === 'ERR_INVALID_URL') return false;
    throw error; // such as a certificate file that does not exist
  }
}

/**
 * The configuration for a connection string, by default the one in `DATABASE_URL`. Without either,
 * pg reads the `PG*` variables itself. Returns undefined if they are not set either.
 */
export function connectionConfig(conString = process.env.DATABASE_URL || undefined): PoolConfig | undefined {
  if (conString !== undefined) return { connectionString: conString };
  return PG_VARIABLES.some((name) => process.env[name]) ? {} : undefined;
}

/**
 * Chooses the pool, and says whether the store made it and must end it.
 *
 * @throws {TypeError} if several of `pool`, `pgPromise`, `conString` and `conObject` are given, or
 *   no database is, or pg cannot parse the connection string
 */
export function choosePool({ pool, pgPromise, conString, conObject, timeout }: PoolOptions): {
  pool: Pool;
  own: boolean;
} {
  if ([pool, pgPromise, conString, conObject].filter((given) => given !== undefined).length > 1) {
    throw new TypeError('pass only one of pool, conString and conObject (or pgPromise)');
  }
  if (pool) return { pool: pool as Pool, own: false };
  if (pgPromise) return { pool: pgPromise.$pool as Pool, own: false };
  const config = conObject ?? connectionConfig(conString);
  if (!config) {
    throw new TypeError(
      'no database given. Pass pool, conString or conObject, or set DATABASE_URL or the PG* variables',
    );
  }
  const { connectionString } = config;
  if (conObject ? !isParsable(config) : connectionString !== undefined && !isConnectionString(connectionString)) {
    const name = conObject ? 'conObject.connectionString' : 'DATABASE_URL';
    throw connectionStringError(name, connectionString);
  }
  return { pool: new pg.Pool({ connectionTimeoutMillis: timeout * 1000, ...config }), own: true };
}
