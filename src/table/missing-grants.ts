// After PostgreSQL refused to create something: says which grant is missing, or which role can do
// it.
import { hasSqlState, refused } from '../errors.js';
import { type FindGrantsResult, findGrants } from '../generated/catalog.js';
import type { Deadline } from '../postgres/deadline.js';
import { INSUFFICIENT_PRIVILEGE } from '../sql-states.js';
import { connectTable, type TableLocation } from './location.js';
import { catalogNames } from './names.js';

/**
 * Wraps work that creates a schema, a table or an index. If the role lacks a grant, the error names
 * it.
 */
export function explainMissingGrants<T>(work: Promise<T>, location: TableLocation, deadline: Deadline): Promise<T> {
  return work.catch(async (error) => {
    if (!hasSqlState(error, INSUFFICIENT_PRIVILEGE)) throw error;
    const [grants] = await findGrants.run(catalogNames(location.names), connectTable(location, deadline));
    const advice = adviceFor(grants!);
    throw advice === undefined ? error : refused(advice, error);
  });
}

/** The names are quoted if needed, so that the advice can be run as it is. */
function adviceFor({ role, database, schema, missingGrants, owner }: FindGrantsResult): string | undefined {
  const grant = (what: string) => `Run GRANT ${what} TO ${role}, or use a role that has it`;
  if (schema === null) {
    return `the role ${role} may not create the schema. ${grant(`CREATE ON DATABASE ${database}`)}`;
  }
  if (owner !== null && owner !== role) {
    return `the role ${role} may not create an index on a table that ${owner} owns. Create it as ${owner}`;
  }
  if (missingGrants.length === 0) return undefined;
  return `the role ${role} may not create the table. ${grant(`${missingGrants.join(', ')} ON SCHEMA ${schema}`)}`;
}
