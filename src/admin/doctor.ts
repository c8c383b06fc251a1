// Checks whether a table fits the compiled queries, and collects the facts that checks.ts judges.
import type { IDatabaseConnection, PreparedQuery } from '@pgtyped/runtime';
import type { Pool, PoolClient } from 'pg';
import { clock } from '../clock.js';
import { hasSqlState, sqlStateOf } from '../errors.js';
import * as admin from '../generated/admin.js';
import { countListeningNodes, measureShards } from '../generated/citus.js';
import { descriptions } from '../generated/descriptions.js';
import * as queries from '../generated/doctor.js';
import * as encrypt from '../generated/encrypt.js';
import * as hashIds from '../generated/hash-ids.js';
import { type PruneSessionsParams, pruneSessions } from '../generated/prune.js';
import * as session from '../generated/session.js';
import * as shards from '../generated/shards.js';
import { PoolConnection, type Queryable } from '../postgres/connection.js';
import { type Description, describeStatement } from '../postgres/describe-statement.js';
import { queryableOf } from '../postgres/result-types.js';
import { storablePath, type UserPath } from '../session/user-path.js';
import { INSUFFICIENT_PRIVILEGE, UNKNOWN_STATEMENT_NAME } from '../sql-states.js';
import { tableStatements } from '../table/create-table.js';
import { readDistribution } from '../table/distribution.js';
import { connectTable, type TableLocation } from '../table/location.js';
import { bindTable, catalogNames, revocationChannel, type TableNames, tableQuery } from '../table/names.js';
import { untrustedOwner } from '../table/owner.js';
import { DEFAULT_PRUNE_BATCH } from '../table/prune.js';
import { findSid, problemOfSid } from '../table/sid-type.js';
import { hasUserIndex } from '../table/user-index.js';
import { findingsOf, missingTable, UNREADABLE } from './checks.js';
import type { Distributed, Finding, QueryMismatch } from './finding.js';
import { plan } from './plans.js';

const QUERIES: Record<string, PreparedQuery<any, unknown>> = {
  ...session,
  ...shards,
  ...admin,
  ...encrypt,
  ...hashIds,
  pruneSessions,
};
/** Citus refuses to change the sid of a row, so the rows are deleted and inserted instead. */
const CHANGES_SIDS = ['rehashSessions'];
const SECOND_CLIENT_MS = 2000;
const MIN_LARGE = 10_000; // rows. In a smaller table or partition, a scan may be faster than the index

/**
 * Finds what is wrong with the table. Reads the whole table, and changes nothing.
 *
 * @param options `userPath`: the path of an index of users. Without it, such an index is not
 *   expected. `isHashed`: whether the store hashes ids
 */
export async function doctor(
  location: TableLocation,
  { userPath, isHashed = false }: { userPath?: UserPath | undefined; isHashed?: boolean } = {},
): Promise<Finding[]> {
  const { pool, names, trustedOwners = [] } = location;
  const db = connectTable(location);
  const [inspected] = await queries.inspectTable.run(catalogNames(names), db);
  if (!inspected) return [missingTable(await tableStatements(names, { createSchema: names.schemaName !== undefined }))];

  const connection = new PoolConnection(pool);
  const sid = await findSid(location);
  const sidProblem = sid && inspected.isTable ? problemOfSid(sid, { isHashed }) : undefined;
  const distribution = await inspectDistribution(names, db);
  const mayRead = inspected.canUseSchema && !inspected.missingGrants.includes('SELECT');
  const [shards] = distribution && mayRead ? await measureShards.run(catalogNames(names), db) : [];
  // The server that the admin is connected to has no rows of a distributed table.
  const table = shards ? { ...inspected, deadRows: shards.deadRows, liveRows: shards.liveRows } : inspected;
  // If a statement cannot be planned for one of these reasons, the reason is a finding.
  const canPlan =
    sidProblem === undefined &&
    table.missingGrants.length === 0 &&
    (!table.isTable || (table.hasKey && table.deferrableKeys.length === 0));
  const isPlanned = (query: string) => canPlan && !(distribution && CHANGES_SIDS.includes(query));
  const mismatches = table.canUseSchema
    ? await connection.withClient(Infinity, (client) => mismatchesOf(client, names, table.sidType, isPlanned))
    : [];
  const isReadable = !(distribution && table.planCacheMode === 'force_generic_plan');
  const canRead = mayRead && mismatches.length === 0 && isReadable;
  const [sessions] = canRead ? await queries.inspectSessions.run({ unreadable: UNREADABLE }, db) : [];
  const isLarge = canRead && (distribution ? table.liveRows : table.rowsOfLargestPartition) >= MIN_LARGE;
  const isUserIndexExpected = userPath !== undefined && table.isTable;
  return findingsOf(names, {
    table,
    sid,
    sidProblem,
    isHashed,
    distribution,
    shards,
    sessions,
    mismatches,
    untrustedOwner: await untrustedOwner(names, trustedOwners, db),
    searchPath: await queries.inspectSearchPath.run({ trusted: [...trustedOwners] }, db),
    timeZones: await queries.findTimeZones.run(undefined, db),
    isIndexUnused: isLarge && (await prunesByScan(connection.until(Infinity), names)),
    arePreparedStatementsLost: canRead && (await arePreparedStatementsLost(pool, names)),
    userPath,
    isUserIndexMissing: isUserIndexExpected && !(await hasUserIndex(storablePath(userPath), names, db)),
  });
}

/** How Citus distributes the table. Undefined if it does not. */
async function inspectDistribution(names: TableNames, db: IDatabaseConnection): Promise<Distributed | undefined> {
  const found = await readDistribution(names, db);
  if (!found) return undefined;
  const [listening] = await countListeningNodes.run({ channel: revocationChannel(names) }, db);
  return { ...found, listeningNodes: listening!.nodes };
}

/**
 * The queries that the server refuses to describe or to plan, or describes otherwise than when they
 * were compiled.
 */
async function mismatchesOf(
  client: PoolClient,
  names: TableNames,
  sidType: string | null,
  isPlanned: (query: string) => boolean,
): Promise<QueryMismatch[]> {
  const nameTypes = (oids: number[]) => queries.nameTypes.run({ oids }, bindTable(queryableOf(client)));
  const mismatches: QueryMismatch[] = [];
  for (const [query, prepared] of Object.entries(QUERIES)) {
    const { text } = tableQuery(prepared, names);
    const compiled = descriptions[query]!;
    try {
      const reason = differenceOf(await describeStatement(client, text, nameTypes), compiled, sidType);
      if (reason) mismatches.push({ query, reason });
      else if (isPlanned(query)) await plan(queryableOf(client), text, compiled.parameters);
    } catch (error) {
      if (sqlStateOf(error) === undefined) throw error; // not about the statement
      mismatches.push({ query, reason: (error as Error).message });
    }
  }
  return mismatches;
}

/**
 * The difference in words. varchar counts as text, which older tables have. So does the type of
 * sid, such as a domain, which another check covers. quote_all_identifiers puts quotes around
 * types.
 */
function differenceOf(found: Description, compiled: Description, sidType: string | null): string | undefined {
  const unquoted = (type: string) => type.replaceAll('"', '');
  const nameOf = (type: string) => (type === sidType ? 'text' : unquoted(type).replace(/^character varying/, 'text'));
  const list = (types: string[]) => types.map(nameOf).join(', ') || 'none';
  const columnTypes = ({ columns }: Description) => columns.map(([, type]) => type);
  const sides: [what: string, found: string, compiled: string][] = [
    ['parameters', list(found.parameters), list(compiled.parameters)],
    ['columns', list(columnTypes(found)), list(columnTypes(compiled))],
  ];
  const different = sides.find(([, one, other]) => one !== other);
  return different && `its ${different[0]} are ${different[1]} here, but were ${different[2]} when it was compiled`;
}

/** Whether the plan for a prune reads the whole table. */
async function prunesByScan(connection: Queryable, names: TableNames): Promise<boolean> {
  const { text, order } = tableQuery(pruneSessions, names);
  const prune: Partial<PruneSessionsParams> = { key: '0', batch: DEFAULT_PRUNE_BATCH };
  let plan = '';
  try {
    const { rows } = await connection.query(
      `EXPLAIN (FORMAT JSON) ${text}`,
      order.map((name) => prune[name] ?? null),
    );
    plan = JSON.stringify(JSON.parse((rows as { 'QUERY PLAN': string }[])[0]!['QUERY PLAN']));
  } catch (error) {
    if (hasSqlState(error, INSUFFICIENT_PRIVILEGE)) return false; // a finding of its own
    throw error;
  }
  // s finds expired rows, s_1 those of a partition. A small partition may be read as a whole.
  const scans = (type: string) => new RegExp(`"Node Type":"${type}"[^{}]*"Alias":"s(_\\d+)?"`).test(plan);
  return scans('Seq Scan') && !scans('(Index|Index Only|Bitmap Heap) Scan');
}

/**
 * Whether a pooler loses prepared statements. Two connections, which the pooler may map to the same
 * server connection, prepare under one name. Then the first uses its statement again.
 */
async function arePreparedStatementsLost(pool: Pool, names: TableNames): Promise<boolean> {
  if ((pool.options?.max ?? 10) < 2) return false;
  const name = `ss_doctor_${process.pid}_${Date.now()}`;
  const { text } = tableQuery(session.getSession, names);
  const isLost = async (client: PoolClient): Promise<boolean> => {
    try {
      await client.query({ name, text, values: [''] });
      return false;
    } catch (error) {
      if (hasSqlState(error, ...UNKNOWN_STATEMENT_NAME)) return true;
      throw error;
    }
  };
  const connection = new PoolConnection(pool);
  return connection.withClient(Infinity, async (first) => {
    if (await isLost(first)) return true;
    // Not forever: others may hold the rest of the pool.
    const second = connection.withClient(clock() + SECOND_CLIENT_MS, isLost);
    return (await second.catch(() => false)) || isLost(first);
  });
}
