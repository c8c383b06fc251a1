// The identifier layer: puts the configured table name in place of the stand-in that sql/ is
// written against.
import { createHash } from 'node:crypto';
import type { IDatabaseConnection, PreparedQuery } from '@pgtyped/runtime';
import type { Pool } from 'pg';
import { describe } from '../errors.js';
import type { Queryable } from '../postgres/connection.js';
import { libraryAdvice } from '../postgres/pool.js';
import { appQueryableOf } from '../postgres/result-types.js';
import { STAND_INS, standInFaults } from './stand-in.js';

/** The schema and the name of the session table. */
export interface TableNames {
  /**
   * The table's schema: 1 to 63 bytes of UTF-8.
   *
   * @default the connection's `search_path` decides
   */
  schemaName?: string | undefined;
  /**
   * The table's name: 1 to 63 bytes of UTF-8. A dot is part of the name.
   *
   * @default `'session'`
   */
  tableName?: string | undefined;
}

const DEFAULT_TABLE = 'session';
export const MAX_NAME_BYTES = 63; // NAMEDATALEN - 1. PostgreSQL shortens a longer name, which may be another table's
const MAX_TEXTS = 64; // `-> (...)` expansions have a text for each length

/**
 * A connection on which the generated queries use the configured table:
 *
 * ```ts
 * await countSessions.run(undefined, bindTable(pool, { schemaName: 'web', tableName: 'user sessions' }));
 * ```
 *
 * It computes the text of each statement once, so keep the returned connection. In a transaction,
 * PostgreSQL's `now()` is the time of BEGIN: keep the transaction short.
 *
 * @param connection a `pg.Pool`, or a `pg.Client` for a transaction of your own
 * @param names the schema and the table: any characters but NUL, at most 63 bytes of UTF-8 each
 * @throws {TypeError} if a name is empty, too long, or contains NUL or half a surrogate pair, or if
 *   `names` has another key
 */
export function bindTable(connection: Queryable, names: TableNames = {}): IDatabaseConnection {
  const advice = libraryAdvice(connection);
  if (typeof connection?.query !== 'function' || advice) {
    throw new TypeError(
      `bindTable() needs a pg.Pool or a pg.Client, got ${describe(connection, true)}. ${advice ?? ''}`.trimEnd(),
    );
  }
  const isPg = 'getTypeParser' in connection || 'totalCount' in connection;
  return tableBinder(names)(isPg ? appQueryableOf(connection as Pool) : connection);
}

/** Like `bindTable` without its checks, for connections that share the texts of the statements. */
export function tableBinder(names: TableNames): (connection: Queryable) => IDatabaseConnection {
  const bound = boundNames(names);
  const texts = new Map<string, string>();

  return (connection) => ({
    async query(statement, values) {
      let text = texts.get(statement);
      if (text === undefined) {
        text = nameTable(statement, bound);
        if (texts.size < MAX_TEXTS) texts.set(statement, text);
      }
      const { rows, rowCount } = await connection.query(text, values);
      return { rows, rowCount: rowCount ?? 0 };
    },
  });
}

/** A generated query for one table. */
export interface TableQuery<Params> {
  text: string;
  /** The names of its parameters, in their order. */
  order: (keyof Params)[];
}

/**
 * Computes the text of a generated query and the order of its parameters. pgtyped's `run()` would
 * compute both in each call.
 */
export function tableQuery<Params, Row>(query: PreparedQuery<Params, Row>, names: TableNames): TableQuery<Params> {
  let statement = '';
  let order: (keyof Params)[] = [];
  const asNames = new Proxy({}, { get: (_, name) => name }); // the value of each parameter is its name
  // Sends nothing. run() calls query() before it returns.
  void query.run(asNames as Params, {
    async query(text: string, values: (keyof Params)[]) {
      [statement, order] = [text, values];
      return { rows: [], rowCount: 0 };
    },
  });
  return { text: statementFor(statement, names), order };
}

/**
 * The INSERT of one row, for several: pgtyped's own `:rows` cannot compute a column. The parameters
 * of each row follow those of the row before.
 */
export function withRows(text: string, parameters: number, rows: number): string {
  // The last ones: a table's name comes before them. The build replaces line breaks with spaces.
  const from = text.lastIndexOf('VALUES ') + 'VALUES '.length;
  const to = text.lastIndexOf('ON CONFLICT') - 1;
  const row = text.slice(from, to);
  const nth = (_: unknown, n: number) => row.replace(/\$(\d+)/g, (_, number) => `$${n * parameters + Number(number)}`);
  return text.slice(0, from) + Array.from({ length: rows }, nth).join(', ') + text.slice(to);
}

/** A statement with the configured names in place of the stand-in. */
export const statementFor = (statement: string, names: TableNames): string => nameTable(statement, boundNames(names));

/**
 * The `key` of `pruneSessions`: an advisory lock that lets one process prune the table at a time.
 * All processes must use the same names: with and without its schema, a table has two keys.
 *
 * @returns 64 bits of a hash, in decimal
 */
export function pruneKey({ schemaName, tableName = DEFAULT_TABLE }: TableNames): string {
  const name = JSON.stringify(['connect-pg-typed prune', schemaName ?? null, tableName]);
  return createHash('sha256').update(name).digest().readBigInt64BE().toString();
}

/**
 * The `channel` that is notified of revoked sessions: a parameter of `revokeUser` and others, and
 * the name for a LISTEN of your own. All processes must use the same names, as for `pruneKey`.
 *
 * @returns a name that needs no quotes
 */
export function revocationChannel({ schemaName, tableName = DEFAULT_TABLE }: TableNames): string {
  const name = JSON.stringify(['connect-pg-typed revoked', schemaName ?? null, tableName]);
  return `ss_revoked_${createHash('sha256').update(name).digest('hex').slice(0, 32)}`;
}

interface BoundNames {
  schema: string | undefined;
  table: string;
}

function boundNames(names: TableNames): BoundNames {
  if (typeof names !== 'object' || names === null || Array.isArray(names)) throw new TypeError(namesAdvice(names));
  const unknown = Object.keys(names).find((key) => key !== 'schemaName' && key !== 'tableName');
  if (unknown !== undefined) {
    throw new TypeError(`the table must be an object { schemaName, tableName }, without "${unknown}"`);
  }
  const { schemaName, tableName = DEFAULT_TABLE } = names;
  const schema = schemaName === undefined ? undefined : quote('schemaName', schemaName);
  const table = quote('tableName', tableName);
  if (schema === undefined && tableName.startsWith('ss__')) {
    throw new TypeError(`tableName '${tableName}' begins with ss__, like names inside the queries. Set schemaName too`);
  }
  return { schema, table: schema === undefined ? table : `${schema}.${table}` };
}

/** For the names as text, such as 'web.session'. */
function namesAdvice(names: unknown): string {
  const parts = typeof names === 'string' ? names.split('.').map((part) => `'${part.replace(/^"|"$/g, '')}'`) : [];
  const [table = "'session'", schema = "'web'"] = parts.reverse();
  const example = parts.length === 1 ? `{ tableName: ${table} }` : `{ schemaName: ${schema}, tableName: ${table} }`;
  return `the table must be an object, such as ${example}, got ${describe(names)}`;
}

function quote(option: string, name: string): string {
  const faults: [fault: string, found: boolean][] = [
    ['is not a string', typeof name !== 'string'],
    ['is empty', name === ''],
    ['contains NUL', String(name).includes('\0')],
    ['contains half a surrogate pair', !String(name).isWellFormed()],
    [`is longer than ${MAX_NAME_BYTES} bytes`, Buffer.byteLength(String(name)) > MAX_NAME_BYTES],
  ];
  const [fault] = faults.find(([, found]) => found) ?? [];
  if (fault) {
    throw new TypeError(
      `${option} ${fault}. PostgreSQL needs a name of 1 to ${MAX_NAME_BYTES} bytes of UTF-8 without NUL`,
    );
  }
  return `"${name.replaceAll('"', '""')}"`;
}

// A plain replacement is enough: a test parses each query and checks that this text is always a
// relation. It is one pass with a function, since a name may contain the stand-in or "$&". pgtyped
// leaves spaces in place of comments, which trim() removes.
function nameTable(statement: string, { schema, table }: BoundNames): string {
  const named = (_: string, relation?: string): string => {
    if (relation) return table;
    if (schema === undefined) throw new TypeError('this statement needs a schemaName');
    return schema;
  };
  const [fault] = standInFaults(statement, { mustHaveAlias: false });
  if (fault) throw new TypeError(`bindTable() cannot replace the table of this statement: ${fault.message}`);
  return statement.replace(STAND_INS, named).trim();
}

/** The names as parameters of the catalog queries. */
export const catalogNames = ({ schemaName, tableName = DEFAULT_TABLE }: TableNames) => ({
  schemaName: schemaName ?? null,
  tableName,
});
