// Makes the table.
import type { Pool } from 'pg';
import { checkNames, refused } from '../errors.js';
import { makeUnlogged } from '../generated/admin.js';
import { findSchema, findTable, lockForCreation } from '../generated/catalog.js';
import * as schema from '../generated/schema.js';
import * as userIndex from '../generated/user-index.js';
import { inTransaction, onPool, type Queryable } from '../postgres/connection.js';
import { storedPath } from '../session/user-path.js';
import { sayingWhatLacks } from './missing-grants.js';
import { bindTable, catalogNames, type TableNames } from './names.js';
import { hasUserIndex, readingSessions, withUserPath } from './user-index.js';

// "cpgtyped" in ASCII: one lock for all that is created in a database, since two tables may share a schema.
const CREATION_LOCK = BigInt.asIntN(64, 0x6370677479706564n).toString();

/**
 * Whether the statements would find a table, a view or the like under these names.
 *
 * @param deadline in milliseconds of `performance.now()`
 */
export async function tableExists(pool: Pool, names: TableNames, deadline: number): Promise<boolean> {
  return (await findTable.run(catalogNames(names), bindTable(onPool(pool)(deadline), names))).length > 0;
}

/**
 * Makes what is missing of the schema (when asked), the table and its indexes; leaves alone what is there. Safe when many
 * processes call it at once.
 *
 * @param deadline in milliseconds of `performance.now()`; Infinity for as long as it takes to build an index
 */
export async function createTable(
  pool: Pool,
  names: TableNames,
  options: CreateTableOptions,
  deadline = Infinity,
): Promise<void> {
  checkNames(options, ['createSchema', 'unlogged', 'userPath']);
  const { createSchema, unlogged, userPath } = options;
  const { schemaName } = names;
  const path = userPath && storedPath(userPath);
  if (createSchema && schemaName === undefined) throw new TypeError('createSchema: there is no schemaName to create');
  const work = inTransaction(pool, deadline, async (client) => {
    const connection = bindTable(client, names);
    await lockForCreation.run({ key: CREATION_LOCK }, connection);
    if (createSchema && schemaName !== undefined && !(await findSchema.run({ schemaName }, connection)).length) {
      await schema.createSchema.run(undefined, connection);
    }
    let [table] = await findTable.run(catalogNames(names), connection);
    if (!table) {
      await schema.createTable.run(undefined, connection);
      if (unlogged) await makeUnlogged.run(undefined, connection);
      [table] = await findTable.run(catalogNames(names), connection);
    }
    if (table?.isTable && !table.hasExpireIndex) await schema.createExpireIndex.run(undefined, connection);
    if (table?.isTable && path && !(await hasUserIndex(path, names, client))) {
      await userIndex.createUserIndex.run(undefined, bindTable(withUserPath(path, client), names));
    }
    return table;
  });
  const table = await readingSessions(sayingWhatLacks(work, pool, names, deadline)).catch((error) => {
    if (error.sqlState !== '3F000') throw error;
    const whatToDo =
      schemaName === undefined
        ? 'there is no schema in the search_path: give a schemaName'
        : 'the schema does not exist: create it, or call createTable({ createSchema: true })';
    throw refused(whatToDo, error);
  });
  if (!table) throw refused('something that is no table has the name: give another tableName');
}

/** What createTable would make, in words. */
export async function missingParts(
  pool: Pool,
  names: TableNames,
  { createSchema, userPath }: CreateTableOptions,
): Promise<string[]> {
  const path = userPath && storedPath(userPath);
  const connection = onPool(pool)(Infinity);
  const bound = bindTable(connection, names);
  const { schemaName } = names;
  const [table] = await findTable.run(catalogNames(names), bound);
  const isTable = table?.isTable ?? true;
  const parts: [what: string, isMissing: boolean][] = [
    ['the schema', createSchema === true && !(await findSchema.run({ schemaName: schemaName! }, bound)).length],
    ['the table', !table],
    ['the index on expire', isTable && !table?.hasExpireIndex],
    ['the index on the user', isTable && path !== undefined && !(await hasUserIndex(path, names, connection))],
  ];
  return parts.filter(([, isMissing]) => isMissing).map(([what]) => what);
}

/** The statements by which createTable makes all there is to make. */
export async function tableStatements(
  names: TableNames,
  { createSchema, unlogged, userPath }: CreateTableOptions,
): Promise<string[]> {
  const statements: string[] = [];
  const recorder: Queryable = {
    async query(text) {
      statements.push(`${text};`);
      return { rows: [], rowCount: 0 };
    },
  };
  const bound = bindTable(recorder, names);
  if (createSchema) await schema.createSchema.run(undefined, bound);
  await schema.createTable.run(undefined, bound);
  if (unlogged) await makeUnlogged.run(undefined, bound);
  await schema.createExpireIndex.run(undefined, bound);
  if (userPath)
    await userIndex.createUserIndex.run(undefined, bindTable(withUserPath(storedPath(userPath), recorder), names));
  return statements;
}

/** How `createTable` goes about it. */

export interface CreateTableOptions {
  /** Create the schema too, where it is missing. Default: false. */
  createSchema?: boolean;
  /**
   * Make the table UNLOGGED, where it makes one: writes do not wait for the disk, **a crash of the server empties the table**,
   * which signs everybody out, and standbys do not have it. A restart in good order keeps the sessions, as does a crash of
   * the app. This is about the durability of a Redis without persistence. Default: false.
   */
  unlogged?: boolean;
  /**
   * Make an index on what stands at this path of the sessions, such as `['passport', 'user']`, by which `find` and
   * `revokeUser` of connect-pg-typed/admin find a user's. Every save then keeps it up to date. Default: none.
   */
  userPath?: readonly string[];
}
