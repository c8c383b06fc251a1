// Makes the table.
import pg, { type Pool } from 'pg';
import { refused } from '../errors.js';
import { makeUnlogged } from '../generated/admin.js';
import { findSchema, findTable, findUserIndex, lockForCreation } from '../generated/catalog.js';
import * as schema from '../generated/schema.js';
import * as userIndex from '../generated/user-index.js';
import { inTransaction, onPool } from '../postgres/connection.js';
import { readingSessions, storedPath, type UserPath } from '../session/user-path.js';
import { type CreateTableOptions, checkNames } from '../store/options.js';
import { sayingWhatLacks } from './missing-grants.js';
import { bindTable, type Queryable, type TableNames } from './names.js';

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

/** Makes the index by which a user's sessions are found, where there is none. Writers don't wait for it. */
export async function createUserIndex(pool: Pool, names: TableNames, userPath: UserPath): Promise<void> {
  const path = storedPath(userPath);
  const connection = onPool(pool)(Infinity); // building an index takes its time
  if (await hasUserIndex(path, names, connection)) return;
  const bound = bindTable(withUserPath(path, connection), names);
  const work = concurrently(
    () => userIndex.createUserIndexConcurrently.run(undefined, bound),
    () => userIndex.createUserIndex.run(undefined, bound),
  );
  await readingSessions(sayingWhatLacks(work, pool, names, Infinity));
}

/** Makes an index while sessions go on being saved or, since that can't be on a partitioned table, while they wait. */
export async function concurrently(make: () => Promise<unknown>, makeAlone: () => Promise<unknown>): Promise<void> {
  await make().catch((error) => {
    if (error.sqlState !== '0A000') throw error;
    return makeAlone();
  });
}

/** Whether there is a whole index at this path. */
export const hasUserIndex = async (path: string[], names: TableNames, connection: Queryable): Promise<boolean> =>
  (await findUserIndex.run({ ...catalogNames(names), userPath: path }, bindTable(connection, names))).length > 0;

const PATH_STAND_IN = "'{ss__userPath}'";

/** The path in place of its stand-in: the last one, since the table's name may hold the like. */
const withUserPath = (path: string[], connection: Queryable): Queryable => ({
  query(text, values) {
    const at = text.lastIndexOf(PATH_STAND_IN);
    const keys = path.map((key) => `"${key.replace(/["\\]/g, '\\$&')}"`);
    const literal = pg.escapeLiteral(`{${keys.join(',')}}`);
    return connection.query(text.slice(0, at) + literal + text.slice(at + PATH_STAND_IN.length), values);
  },
});

/** The names as the values that the catalog's queries take. */
export const catalogNames = ({ schemaName, tableName = 'session' }: TableNames) => ({
  schemaName: schemaName ?? null,
  tableName,
});
