// The dynamic-identifier layer: the queries in sql/ are written against a stand-in, users have names of their own.
import { createHash } from 'node:crypto';
import type { IDatabaseConnection } from '@pgtyped/runtime';
import type { Queryable } from '../postgres/connection.js';

/** Where the sessions are. */
export interface TableNames {
  /** The table's schema. Default: none, so that the connection's `search_path` decides. */
  schemaName?: string | undefined;
  /** The table. Default: `session`. A dot is part of the name. */
  tableName?: string | undefined;
}

const MAX_BYTES = 63; // NAMEDATALEN - 1: PostgreSQL would cut a longer name off, and so might meet another table

/**
 * A connection for the generated queries, on which they find the table under its configured name:
 *
 * ```ts
 * await countSessions.run(undefined, bindTable(pool, { schemaName: 'web', tableName: 'user sessions' }));
 * ```
 *
 * The text of each statement is made once for each call of `bindTable` and remembered, so keep what it returns. In a
 * transaction of your own the queries' time is that of its BEGIN, as ever in PostgreSQL: keep it short.
 *
 * @param connection where the statements go: a `pg.Pool`, or a `pg.Client` for a transaction of your own
 * @param names schema and table, by PostgreSQL's rules: any character but NUL, at most 63 bytes of UTF-8
 * @throws {TypeError} when a name is empty, too long, or no text that PostgreSQL can hold, and for any other key than these two
 */
export function bindTable(connection: Queryable, names: TableNames = {}): IDatabaseConnection {
  return tableBinder(names)(connection);
}

/** `bindTable` for any number of connections, which share the texts. */
export function tableBinder(names: TableNames): (connection: Queryable) => IDatabaseConnection {
  const bound = boundNames(names);
  const texts = new Map<string, string>();

  return (connection) => ({
    async query(statement, values) {
      let text = texts.get(statement);
      if (text === undefined) {
        text = nameTable(statement, bound);
        if (texts.size < 64) texts.set(statement, text); // `-> (...)` expansions make a text for each length
      }
      const { rows, rowCount } = await connection.query(text, values);
      return { rows, rowCount: rowCount ?? 0 };
    },
  });
}

/** A statement against the stand-in, under the configured names. */
export const statementFor = (statement: string, names: TableNames): string => nameTable(statement, boundNames(names));

/**
 * The `key` of `pruneSessions` for a table: its pruners are those with this advisory lock. So it must come from the same names
 * everywhere; with and without its schema, one table has two keys.
 *
 * @returns 64 bits of a hash, in decimal
 */
export function pruneKey({ schemaName, tableName = 'session' }: TableNames): string {
  const name = JSON.stringify(['connect-pg-typed prune', schemaName ?? null, tableName]);
  return createHash('sha256').update(name).digest().readBigInt64BE().toString();
}

/**
 * The `channel` of a table, on which is said what is revoked: for `revokeUser` and its like, and for a LISTEN of one's own.
 * As `pruneKey`, it must come from the same names everywhere.
 *
 * @returns a name that needs no quotes
 */
export function revocationChannel({ schemaName, tableName = 'session' }: TableNames): string {
  const name = JSON.stringify(['connect-pg-typed revoked', schemaName ?? null, tableName]);
  return `ss_revoked_${createHash('sha256').update(name).digest('hex').slice(0, 32)}`;
}

interface BoundNames {
  schema: string | undefined;
  table: string;
}

function boundNames(names: TableNames): BoundNames {
  const unknown = Object.keys(names).find((key) => key !== 'schemaName' && key !== 'tableName');
  if (typeof names !== 'object' || unknown !== undefined) {
    throw new TypeError(
      `give the table as { schemaName, tableName }${unknown === undefined ? '' : `: there is no ${unknown}`}`,
    );
  }
  const { schemaName, tableName = 'session' } = names;
  const schema = schemaName === undefined ? undefined : quote('schemaName', schemaName);
  const table = quote('tableName', tableName);
  if (schema === undefined && tableName.startsWith('ss__')) {
    throw new TypeError(`tableName: '${tableName}' begins with ss__, which the queries use: give its schemaName too`);
  }
  return { schema, table: schema === undefined ? table : `${schema}.${table}` };
}

function quote(option: string, name: string): string {
  const faults: [fault: string, found: boolean][] = [
    ['is no string', typeof name !== 'string'],
    ['is empty', name === ''],
    ['contains NUL', String(name).includes('\0')],
    ['contains half a surrogate pair', !String(name).isWellFormed()],
    [`is longer than ${MAX_BYTES} bytes`, Buffer.byteLength(String(name)) > MAX_BYTES],
  ];
  const [fault] = faults.find(([, found]) => found) ?? [];
  if (fault) {
    throw new TypeError(`${option} ${fault}: PostgreSQL takes names of 1 to ${MAX_BYTES} bytes of UTF-8 without NUL`);
  }
  return `"${name.replaceAll('"', '""')}"`;
}

// A plain replacement is enough, since a test parses every query and sees that this spelling stands only for a relation.
// In one pass and through a function: a name may hold the stand-in's, or "$&". pgtyped leaves spaces where comments stood.
function nameTable(statement: string, { schema, table }: BoundNames): string {
  const named = (_: string, relation?: string): string => {
    if (relation) return table;
    if (schema === undefined) throw new TypeError('give a schemaName: this statement is about a schema');
    return schema;
  };
  return statement.replace(/"session_store"(\."session")?/g, named).trim();
}

/** The names as the values that the catalog's queries take. */
export const catalogNames = ({ schemaName, tableName = 'session' }: TableNames) => ({
  schemaName: schemaName ?? null,
  tableName,
});
