// Which objects are a pool, and what to give instead of another object.
import type { Rule } from '../errors.js';

/**
 * The members of a `pg.Pool` that this package uses. `pg.native.Pool` and the pools of
 * `@neondatabase/serverless` and `@vercel/postgres` have them too. A `pg.Client` does not.
 */
export interface PoolLike {
  connect(callback: (error: Error | undefined, client: ClientLike | undefined) => void): void;
  on(event: 'error', listener: (error: Error) => void): unknown;
  off(event: 'error', listener: (error: Error) => void): unknown;
  readonly totalCount: number;
  readonly idleCount: number;
  readonly waitingCount: number;
}

/** A client of a pool. */
export interface ClientLike {
  query(query: { text: string; values?: unknown[] }): Promise<{ rows: unknown[]; rowCount: number | null }>;
  release(error?: Error | boolean): void;
}

/** Any value, as an object to look for members in. */
type Members = Record<string, unknown>;

export const isPool = (value: unknown): value is PoolLike =>
  typeof value === 'object' && hasMethods(value, 'connect', 'on') && 'totalCount' in (value as Members);

const MAKE_POOL = 'Make a pg.Pool for the store: new pg.Pool({ connectionString })';

/** The methods that only this library has, its name, and what to do instead. Default: MAKE_POOL. */
const LIBRARIES: [methods: string[], name: string, advice?: string][] = [
  [['oneOrNone', 'manyOrNone'], 'a pg-promise database', 'Pass its pool: db.$pool'],
  [
    ['createQueryRunner', 'initialize'],
    'a TypeORM DataSource',
    'After initialize(), pass its pool: dataSource.driver.master',
  ],
  [['selectFrom', 'getExecutor'], 'a Kysely database', 'Pass the pg.Pool that its PostgresDialect uses'],
  [['raw', 'from', 'transaction'], 'Knex'], // a function, as postgres.js
  [['getQueryInterface'], 'Sequelize'],
  [['$connect', '$disconnect'], 'a Prisma client'],
  [['unsafe', 'begin', 'end'], 'postgres.js'],
  [['exec', 'execProtocol'], 'PGlite, which has no pool', 'Make a pg.Pool for @electric-sql/pglite-socket'],
];

/** What to give instead of another library's object. Undefined if it is not known. */
export function libraryAdvice(value: unknown): string | undefined {
  if (hasMethods(value, 'select', 'insert', 'execute') && '$client' in (value as Members)) {
    const { $client } = value as Members;
    if (isPool($client)) return 'This is a Drizzle database. Pass its pool: db.$client';
    return `This is a Drizzle database without a pg.Pool. ${MAKE_POOL}`;
  }
  const [, name, advice = MAKE_POOL] = LIBRARIES.find(([methods]) => hasMethods(value, ...methods)) ?? [];
  return name && `This is ${name}. ${advice}`;
}

/** What to give instead of a value that is not a pool. Undefined if it is not known. */
function poolAdvice(value: unknown): string | undefined {
  if (typeof value === 'string') return 'To connect by a connection string, use conString';
  if (hasMethods(value, 'then')) return 'This is a promise. Await it first';
  const advice = libraryAdvice(value);
  if (advice) return advice;
  if (hasMethods(value, 'connect', 'query')) return `A client is a single connection. ${MAKE_POOL}`;
  const { prototype, Pool } = Object(value) as Members;
  if (hasMethods(prototype, 'connect', 'query') || typeof Pool === 'function') return MAKE_POOL;
  if (['connectionString', 'host', 'database'].some((key) => key in Object(value))) {
    return 'To give the configuration of a pool, use conObject';
  }
  return undefined;
}

export const POOL_RULE: Rule = ['a pg.Pool', isPool, { isSecret: true, advise: poolAdvice }];

function hasMethods(value: unknown, ...names: string[]): boolean {
  return names.every((name) => typeof (Object(value) as Members)[name] === 'function');
}
