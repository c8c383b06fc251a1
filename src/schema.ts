// Makes the table.
import type { Pool } from 'pg';
import { inTransaction, onPool } from './connection.js';
import type { CreateTableOptions } from './options.js';
import { makeUnlogged } from './queries/admin.js';
import { findSchema, findTable, lockForCreation } from './queries/catalog.js';
import * as schema from './queries/schema.js';
import { bindTable, type TableNames } from './table.js';

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
 * Makes what is missing of the schema (when asked), the table and the index on `expire`; leaves alone what is there. Safe
 * when many processes call it at once.
 *
 * @param deadline in milliseconds of `performance.now()`; Infinity for as long as it takes to build an index
 */
export async function createTable(
  pool: Pool,
  names: TableNames,
  { createSchema, unlogged }: CreateTableOptions,
  deadline = Infinity,
): Promise<void> {
  const { schemaName } = names;
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
    return table;
  });
  const table = await work.catch((error) => {
    if (error.sqlState !== '3F000') throw error;
    const whatToDo =
      schemaName === undefined
        ? 'there is no schema in the search_path: give a schemaName'
        : 'the schema does not exist: create it, or call createTable({ createSchema: true })';
    throw new Error(whatToDo, { cause: error });
  });
  if (!table) throw new Error('something that is no table has the name: give another tableName');
}

const catalogNames = ({ schemaName, tableName = 'session' }: TableNames) => ({
  schemaName: schemaName ?? null,
  tableName,
});
