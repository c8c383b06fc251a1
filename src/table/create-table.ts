// Creates the table and its indexes.
import pg from 'pg';
import { checkMethodOptions, checkOption, hasSqlState, refused } from '../errors.js';
import { findSchema, findTable, lockForCreation } from '../generated/catalog.js';
import * as schema from '../generated/schema.js';
import { createUserIndex, makeUnlogged } from '../generated/schema-changes.js';
import { PoolConnection, type Queryable } from '../postgres/connection.js';
import type { Deadline } from '../postgres/deadline.js';
import { storablePath } from '../session/user-path.js';
import { INVALID_SCHEMA_NAME } from '../sql-states.js';
import type { CreateTableOptions } from './create-table-options.js';
import { checkDistributed, distribute, distributeStatement, isDistributed } from './distribute.js';
import { assertDistributable } from './distribution.js';
import { indexName } from './index-names.js';
import { connectTable, type TableLocation } from './location.js';
import { explainMissingGrants } from './missing-grants.js';
import { catalogNames, statementFor, type TableNames, tableBinder } from './names.js';
import { assertTrustedOwner, refusedOwner, TRUST_OWNER_RULE, trustedOwners, untrustedOwner } from './owner.js';
import { STAND_IN } from './stand-in.js';
import { explainUnreadable, hasUserIndex, withUserPath } from './user-index.js';

// "cpgtyped" in ASCII. One lock for all tables of a database, since two tables may share a new
// schema.
const CREATION_LOCK = BigInt.asIntN(64, 0x6370677479706564n).toString();

/**
 * Creates the table and its indexes if they are missing, and the schema if asked to. Leaves alone
 * what exists. Many processes can call it at once.
 *
 * @param deadline default: no limit, since building an index can take long
 */
export async function createTable(
  location: TableLocation,
  options: CreateTableOptions,
  deadline: Deadline = Infinity,
): Promise<void> {
  checkMethodOptions(options, ['createSchema', 'unlogged', 'userPath', 'trustOwner', 'distributed']);
  const { names } = location;
  const { createSchema, unlogged, userPath, trustOwner, distributed } = options;
  if (trustOwner !== undefined) checkOption('trustOwner', trustOwner, TRUST_OWNER_RULE);
  if (distributed !== undefined) checkDistributed(distributed);
  const trusted = trustOwner === undefined ? location.trustedOwners : trustedOwners(trustOwner);
  const { schemaName } = names;
  const path = userPath && storablePath(userPath);
  if (createSchema && schemaName === undefined) throw new TypeError('createSchema needs a schemaName');
  const work = new PoolConnection(location.pool).transaction(deadline, async (client) => {
    const db = tableBinder(names)(client);
    await lockForCreation.run({ key: CREATION_LOCK }, db);
    if (createSchema && schemaName !== undefined && !(await findSchema.run({ schemaName }, db)).length) {
      await schema.createSchema.run(undefined, db);
    }
    let [table] = await findTable.run(catalogNames(names), db);
    const isNew = !table;
    if (!table) {
      await schema.createTable.run(undefined, db);
      [table] = await findTable.run(catalogNames(names), db);
    }
    const owner = await untrustedOwner(names, trusted, db);
    if (owner !== undefined || !table) return { table, owner };
    if (isNew && unlogged) await makeUnlogged.run(undefined, db);
    const mustDistribute = distributed !== undefined && !(await isDistributed(names, db));
    if (mustDistribute) assertDistributable(table.expireType); // before an index, which locks the table
    if (table.isTable && !table.hasExpireIndex) await schema.createExpireIndex.run(undefined, db);
    if (table.isTable && path && !(await hasUserIndex(path, names, db))) {
      await createUserIndex.run(undefined, tableBinder(names)(withUserPath(path, client)));
    }
    if (mustDistribute && isNew) await distribute(names, db, { ...distributed, isNew });
    return { table, mustDistribute: mustDistribute && !isNew };
  });
  const { table, owner, mustDistribute } = await explainUnreadable(
    explainMissingGrants(work, location, deadline),
  ).catch((error) => {
    if (!hasSqlState(error, INVALID_SCHEMA_NAME)) throw error;
    const advice =
      schemaName === undefined
        ? 'the search_path has no schema. Set schemaName'
        : 'the schema does not exist. Create it, or call createTable({ createSchema: true })';
    throw refused(advice, error);
  });
  if (owner !== undefined) throw refusedOwner(owner);
  if (!table) throw refused('the name belongs to something that is not a table. Set another tableName');
  if (mustDistribute) await distribute(names, connectTable(location, deadline), { ...distributed, isNew: false });
}

/** What createTable() would create, in words. */
export async function missingParts(
  location: TableLocation,
  { createSchema, userPath, distributed }: CreateTableOptions,
): Promise<string[]> {
  const { names, trustedOwners } = location;
  const path = userPath && storablePath(userPath);
  const db = connectTable(location);
  const [table] = await findTable.run(catalogNames(names), db);
  await assertTrustedOwner(names, trustedOwners, db);
  const isTable = table?.isTable ?? true;
  const isSchemaMissing =
    createSchema === true && !(await findSchema.run({ schemaName: names.schemaName! }, db)).length;
  const mustDistribute = distributed !== undefined && !(await isDistributed(names, db));
  if (table && mustDistribute) assertDistributable(table.expireType);
  const isUserIndexMissing = isTable && path !== undefined && !(await hasUserIndex(path, names, db));
  const parts: [what: string, isMissing: boolean][] = [
    ['the schema', isSchemaMissing],
    ['the table', !table],
    ['the index on expire', isTable && !table?.hasExpireIndex],
    ['the index on the user', isUserIndexMissing],
    ['the shards', mustDistribute],
  ];
  return parts.filter(([, isMissing]) => isMissing).map(([what]) => what);
}

/** The statements of createTable(). They leave what exists alone, so they can run twice. */
export async function tableStatements(
  names: TableNames,
  { createSchema, unlogged, userPath, distributed }: CreateTableOptions,
): Promise<string[]> {
  const statements: string[] = [];
  const recorder: Queryable = {
    async query(text) {
      statements.push(`${text};`);
      return { rows: [], rowCount: 0 };
    },
  };
  const db = tableBinder(names)(recorder);
  if (createSchema) await schema.createSchema.run(undefined, db);
  await schema.createTable.run(undefined, db);
  await schema.createExpireIndex.run(undefined, db);
  if (userPath) {
    await createUserIndex.run(undefined, tableBinder(names)(withUserPath(storablePath(userPath), recorder)));
  }
  if (distributed) {
    statements.push(`${distributeStatement(statementFor(STAND_IN, names), distributed.shardCount)};`);
  }
  const keys = ['expire', 'expr'];
  return statements.map((statement) => {
    if (unlogged && statement.startsWith('CREATE TABLE')) return statement.replace('TABLE', 'UNLOGGED TABLE');
    if (!statement.startsWith('CREATE INDEX')) return statement;
    const name = pg.escapeIdentifier(indexName(names, keys.shift()!));
    return statement.replace('INDEX', () => `INDEX IF NOT EXISTS ${name}`);
  });
}
