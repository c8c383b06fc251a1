// Is the table what the compiled queries expect, and does anything about it bite? Here is looked; findings.ts judges.
import type { PreparedQuery } from '@pgtyped/runtime';
import type { Pool, PoolClient } from 'pg';
import { sqlStateOf } from '../errors.js';
import * as admin from '../generated/admin.js';
import { descriptions } from '../generated/descriptions.js';
import * as doctor from '../generated/doctor.js';
import * as session from '../generated/session.js';
import { Checkout } from '../postgres/client-queue.js';
import { onPool, type Queryable, UNKNOWN_NAME, withClient } from '../postgres/connection.js';
import { type Description, describe } from '../postgres/describe-statement.js';
import { storedPath, type UserPath } from '../session/user-path.js';
import { tableStatements } from '../table/create-table.js';
import { bindTable, catalogNames, type TableNames } from '../table/names.js';
import { hasUserIndex } from '../table/user-index.js';
import { type Finding, findingsOf, type Misfit, missingTable, UNREADABLE } from './findings.js';

const QUERIES: Record<string, PreparedQuery<any, unknown>> = { ...session, ...admin };

/**
 * What is wrong with the table; nothing when all is well. It reads the whole table, and changes nothing.
 *
 * @param userPath where an index of users is expected; without one, nobody looks for it
 */
export async function verify(pool: Pool, names: TableNames, userPath?: UserPath): Promise<Finding[]> {
  const connection = onPool(pool)(Infinity);
  const bound = bindTable(connection, names);
  const [table] = await doctor.inspectTable.run(catalogNames(names), bound);
  if (!table) return [missingTable(await tableStatements(names, { createSchema: names.schemaName !== undefined }))];

  const misfits = table.maySeeSchema
    ? await withClient(new Checkout(pool), Infinity, (client) => misfitsOf(client, names))
    : [];
  const canRead = table.maySeeSchema && !table.missingGrants.includes('SELECT') && misfits.length === 0;
  const [sessions] = canRead ? await doctor.inspectSessions.run({ unreadable: UNREADABLE }, bound) : [];
  return findingsOf(names, {
    table,
    sessions,
    misfits,
    timeZones: await doctor.findTimeZones.run(undefined, bound),
    isIndexUnused: canRead && table.liveRows >= LARGE && (await prunesByScan(connection, names)),
    areNamesRefused: canRead && (await areNamesRefused(pool, names)),
    userPath,
    lacksUserIndex:
      userPath !== undefined && table.isTable && !(await hasUserIndex(storedPath(userPath), names, connection)),
  });
}

/** The queries that the server describes otherwise than it did when they were compiled, or not at all. */
async function misfitsOf(client: PoolClient, names: TableNames): Promise<Misfit[]> {
  const nameTypes = (oids: number[]) => doctor.nameTypes.run({ oids }, bindTable(client));
  let described: Description | undefined;
  const describing = bindTable(
    {
      async query(text) {
        described = await describe(client, text, nameTypes);
        return { rows: [], rowCount: 0 };
      },
    },
    names,
  );
  const misfits: Misfit[] = [];
  for (const [query, prepared] of Object.entries(QUERIES)) {
    try {
      await prepared.run({}, describing);
      const reason = differenceOf(described!, descriptions[query]!);
      if (reason) misfits.push({ query, reason });
    } catch (error) {
      if (sqlStateOf(error) === undefined) throw error; // not the server's word on the statement
      misfits.push({ query, reason: (error as Error).message });
    }
  }
  return misfits;
}

/** What differs, in words. Any text is as good as another: old tables have varchar, others text. */
function differenceOf(found: Description, expected: Description): string | undefined {
  const plain = (types: string[]) =>
    types.map((type) => type.replace(/^character varying/, 'text')).join(', ') || 'none';
  const sides: [what: string, found: string, expected: string][] = [
    ['parameters', plain(found.parameters), plain(expected.parameters)],
    [
      'columns',
      ...([found, expected].map(({ columns }) => plain(columns.map(([, type]) => type))) as [string, string]),
    ],
  ];
  const differing = sides.find(([, one, other]) => one !== other);
  return differing && `its ${differing[0]} are ${differing[1]} here, and ${differing[2]} when it was compiled`;
}

const LARGE = 10_000; // rows: with fewer, the server may well be quicker without the index

/** Whether the server, asked now how it would prune, would read the table from end to end. */
async function prunesByScan(connection: Queryable, names: TableNames): Promise<boolean> {
  let plan = '';
  const explaining: Queryable = {
    async query(text, values) {
      plan = JSON.stringify(await connection.query(`EXPLAIN (FORMAT JSON) ${text}`, values));
      return { rows: [], rowCount: 0 };
    },
  };
  const prune = { key: '0', batch: 1000, since: null };
  const isKnown = await admin.pruneSessions.run(prune, bindTable(explaining, names)).then(
    () => true,
    (error) => {
      if (sqlStateOf(error) !== '42501') throw error;
      return false; // without the right to delete, which is a finding of its own
    },
  );
  return isKnown && /"Node Type":"Seq Scan"[^{}]*"Alias":"s"/.test(plan); // where it looks for them
}

/**
 * Whether something between us and the server loses, or mixes up, what connections have prepared under names: two connections,
 * which a pooler may lead to one of the server's, prepare under one name, and the first comes back to it.
 */
async function areNamesRefused(pool: Pool, names: TableNames): Promise<boolean> {
  if ((pool.options?.max ?? 10) < 2) return false;
  const name = `ss_doctor_${process.pid}_${Date.now()}`;
  const isRefused = async (client: PoolClient): Promise<boolean> => {
    const named = { query: (text: string, values: unknown[]) => client.query({ name, text, values }) };
    const asked = session.readSession.run({ sid: '' }, bindTable(named, names));
    return asked.then(
      () => false,
      (error) => {
        if (UNKNOWN_NAME.test(sqlStateOf(error) ?? '')) return true;
        throw error;
      },
    );
  };
  return withClient(new Checkout(pool), Infinity, async (one) => {
    if (await isRefused(one)) return true;
    return (await withClient(new Checkout(pool), Infinity, isRefused)) || isRefused(one);
  });
}
