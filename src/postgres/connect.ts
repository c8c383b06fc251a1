// Chooses the pool: the app's, or one made from a connection string, a configuration or the
// environment.
import pg, { type Pool, type PoolConfig } from 'pg';

export interface PoolOptions {
  pool?: Pool | undefined;
  conString?: string | undefined;
  conObject?: PoolConfig | undefined;
  /** Seconds that a pool of our own waits for a connection. */
  timeout: number;
}

const PG_VARIABLES = ['PGHOST', 'PGPORT', 'PGDATABASE', 'PGUSER'];

export const isConnectionString = (value: unknown): boolean =>
  typeof value === 'string' && /^(postgres(ql)?:\/\/|socket:|\/)/.test(value);

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
 * @throws {TypeError} if several of `pool`, `conString` and `conObject` are given, or no database
 *   is
 */
export function choosePool({ pool, conString, conObject, timeout }: PoolOptions): { pool: Pool; own: boolean } {
  if ([pool, conString, conObject].filter((given) => given !== undefined).length > 1) {
    throw new TypeError('pass only one of pool, conString and conObject');
  }
  if (pool) return { pool, own: false };
  const config = conObject ?? connectionConfig(conString);
  if (!config) {
    throw new TypeError(
      'no database given. Pass pool, conString or conObject, or set DATABASE_URL or the PG* variables',
    );
  }
  return { pool: new pg.Pool({ connectionTimeoutMillis: timeout * 1000, ...config }), own: true };
}
