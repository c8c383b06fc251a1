// What to grant, or who to be, where the server refused to make something.
import type { Pool } from 'pg';
import { refused, sqlStateOf } from '../errors.js';
import { type FindRightsResult, findRights } from '../generated/catalog.js';
import { onPool } from '../postgres/connection.js';
import { bindTable, type TableNames } from './names.js';

const REFUSED = '42501'; // insufficient_privilege

/**
 * Work that makes a schema, a table or an index. Where the server refuses, the error says what to do.
 *
 * @param deadline in milliseconds of `performance.now()`
 */
export function sayingWhatLacks<T>(work: Promise<T>, pool: Pool, names: TableNames, deadline: number): Promise<T> {
  return work.catch(async (error) => {
    if ((error.sqlState ?? sqlStateOf(error)) !== REFUSED) throw error;
    const { schemaName = null, tableName = 'session' } = names;
    const [rights] = await findRights.run({ schemaName, tableName }, bindTable(onPool(pool)(deadline)));
    const whatToDo = inWords(rights!);
    throw whatToDo === undefined ? error : refused(whatToDo, error);
  });
}

/** Names come quoted where they need it, so that what is advised can be run as it stands. */
function inWords({ role, database, schema, missingGrants, owner }: FindRightsResult): string | undefined {
  const grant = (what: string) => `GRANT ${what} TO ${role}, or let a role make it that may`;
  if (schema === null) return `the role ${role} may not make the schema: ${grant(`CREATE ON DATABASE ${database}`)}`;
  if (owner !== null && owner !== role) {
    return `the role ${role} may not make an index on the table, which is ${owner}'s: make it as ${owner}`;
  }
  if (missingGrants.length === 0) return undefined;
  return `the role ${role} may not make the table: ${grant(`${missingGrants.join(', ')} ON SCHEMA ${schema}`)}`;
}
