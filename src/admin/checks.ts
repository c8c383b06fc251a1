// The checks of doctor(): each says what is wrong with a table, and what to do.
import pg from 'pg';
import { problemOfDistribution, problemOfExpire } from '../table/distribution.js';
import { indexName } from '../table/index-names.js';
import { statementFor, type TableNames } from '../table/names.js';
import { optionFor } from '../table/sid-type.js';
import { STAND_IN } from '../table/stand-in.js';
import type { Facts, Finding, Severity } from './finding.js';

type Check = (facts: Facts) => (Omit<Finding, 'severity' | 'sql'> & { sql?: string[] }) | undefined;

/** A regular expression for PostgreSQL: an escaped NUL, or half a surrogate pair, in JSON. */
export const UNREADABLE =
  String.raw`(?<!\\)(\\\\)*\\u(0000|[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F]))` +
  String.raw`|(?<!\\)(?<!\\u[dD][89abAB][0-9a-fA-F]{2})(\\\\)*\\u[dD][c-fC-F]`;

export const NEW_TABLE_ADVICE =
  'The type of sid cannot change in a table of partitions or shards. Create a new table with sid varchar, and copy the sessions.';

const MIN_BLOAT = 10_000; // dead rows. With fewer, autovacuum may just not have run yet
const MAX_SHARDS = 16; // for a worker

// Stand-ins in the statements of a finding: no name and no setting of PostgreSQL can contain NUL.
const SCHEMA = '\0schema';
const TABLE = '\0table';
const TABLE_TEXT = '\0text'; // a text with the table's name
const INDEX = '\0index'; // on expire
const KEY = '\0key'; // on sid

/** @param statements create the table */
export const missingTable = (statements: string[]): Finding => ({
  code: 'missing-table',
  severity: 'error',
  problem: 'the table does not exist',
  advice:
    'Name another table (schemaName and tableName, or --schema and --table), or create it, as ' +
    '`connect-pg-typed init` does:',
  sql: statements,
});

/** The findings, errors first. */
export function findingsOf(names: TableNames, facts: Facts): Finding[] {
  const findings = (checks: Check[], severity: Severity): Finding[] =>
    checks
      .map((check) => check(facts))
      .filter((finding) => finding !== undefined)
      .map(({ code, problem, advice, sql = [] }) => ({
        code,
        severity,
        problem,
        advice,
        sql: sql.map((statement) => `${withNames(statement, names)};`),
      }));
  return [...findings(ERRORS, 'error'), ...findings(WARNINGS, 'warning')];
}

function withNames(statement: string, names: TableNames): string {
  const table = statementFor(STAND_IN, names);
  return statement
    .replaceAll(TABLE, () => table)
    .replaceAll(TABLE_TEXT, () => pg.escapeLiteral(table))
    .replaceAll(INDEX, () => pg.escapeIdentifier(indexName(names, 'expire')))
    .replaceAll(KEY, () => pg.escapeIdentifier(indexName(names, 'sid', 'key')))
    .replaceAll(SCHEMA, () => statementFor('"session_store"', names));
}

/** PostgreSQL cannot do it for the index of a partitioned table. */
const concurrently = (partitionKey: string | null): string => (partitionKey === null ? 'CONCURRENTLY ' : '');

const ERRORS: Check[] = [
  ({ table: { role, canUseSchema, missingGrants } }) => {
    if (canUseSchema && missingGrants.length === 0) return undefined;
    return {
      code: 'missing-grants',
      problem: `the role ${role} lacks privileges that the store needs`,
      advice: 'If it is the role of your app, run:',
      sql: [
        ...(canUseSchema ? [] : [`GRANT USAGE ON SCHEMA ${SCHEMA} TO ${role}`]),
        ...(missingGrants.length > 0 ? [`GRANT ${missingGrants.join(', ')} ON ${TABLE} TO ${role}`] : []),
      ],
    };
  },

  ({ sid, sidProblem, isHashed, table: { partitionKey }, distribution }) => {
    if (!sid || sidProblem === undefined) return undefined;
    if (partitionKey !== null || distribution?.column === 'sid') {
      return { code: 'unsupported-sid', problem: sidProblem, advice: NEW_TABLE_ADVICE };
    }
    const text = sid.isBytea ? "encode(sid, 'escape')" : 'sid::text';
    return {
      code: 'unsupported-sid',
      problem: sidProblem,
      advice: `Run \`connect-pg-typed migrate${optionFor(isHashed)}\`, or this. It locks the table, and keeps the sessions:`,
      sql: [`ALTER TABLE ${TABLE} ALTER COLUMN sid DROP DEFAULT, ALTER COLUMN sid TYPE varchar USING ${text}`],
    };
  },

  ({ mismatches, sidProblem, distribution }) => {
    const isExplained = sidProblem !== undefined || (distribution && problemOfExpire(distribution.expireType));
    if (mismatches.length === 0 || isExplained) return undefined; // fixing that fixes most of them
    const reasons = [...new Set(mismatches.map(({ reason }) => reason))];
    const queriesOf = (reason: string) =>
      mismatches.filter((mismatch) => mismatch.reason === reason).map(({ query }) => query);
    const column = /column .*?\.?"?(sid|sess|expire)"? .*does not exist/.exec(reasons.join('\n'))?.[1];
    return {
      code: 'query-fails',
      problem: reasons.map((reason) => `${queriesOf(reason).join(', ')}: ${reason}`).join('; '),
      advice: column
        ? `Rename the column back, or use as tableName a view that calls it ${column}:`
        : 'The columns must be sid varchar or text, sess json, jsonb or text, and expire timestamptz or timestamp.',
      sql: column ? [`ALTER TABLE ${TABLE} RENAME COLUMN its_name_now TO ${column}`] : [],
    };
  },

  ({ untrustedOwner }) => {
    if (untrustedOwner === undefined) return undefined;
    return {
      code: 'untrusted-owner',
      problem:
        `the table belongs to the role ${JSON.stringify(untrustedOwner)}. It can read and change all sessions, and ` +
        'its triggers run with the rights of each role that writes to the table',
      advice: 'If you trust that role, name it in trustOwner (--trust-owner). Otherwise use another table.',
    };
  },

  ({ searchPath }) => {
    const earlier = searchPath.filter(({ isBeforeCatalog }) => isBeforeCatalog).map(({ schema }) => schema);
    if (earlier.length === 0) return undefined;
    return {
      code: 'late-pg-catalog',
      problem:
        `the search_path lists pg_catalog after ${earlier.join(', ')}, so each statement runs functions and operators ` +
        "of that schema instead of PostgreSQL's own",
      advice:
        'Remove pg_catalog from the search_path of this role, database or connection. PostgreSQL then searches it first.',
    };
  },

  ({ table: { isTable, sidType, hasKey, deferrableKeys, primaryKeyColumns, partitionKey } }) => {
    if (!isTable || sidType === null || (hasKey && deferrableKeys.length === 0)) return undefined;
    if (!hasKey && partitionKey !== null && !partitionKey.endsWith('(sid)')) {
      return {
        code: 'no-key',
        problem: `the table is partitioned by ${partitionKey}, so sid alone is not unique, and no session can be saved`,
        advice: 'Create a new table with PARTITION BY HASH (sid).',
      };
    }
    // Another primary key stays. One on sid was deferrable, and the first statement drops it.
    const isOther = primaryKeyColumns.length > 0 && primaryKeyColumns.join() !== 'sid';
    const isOlder = 't.sid OPERATOR(pg_catalog.=) newer.sid AND (t.expire, t.ctid) < (newer.expire, newer.ctid)';
    return {
      code: 'no-key',
      problem: hasKey
        ? `the key ${deferrableKeys.join(', ')} on sid is DEFERRABLE, so no session can be saved`
        : 'sid has no primary key or unique index that is not DEFERRABLE, so no session can be saved',
      advice: hasKey ? 'Drop it:' : 'Delete all but the newest row of each sid, and add the key:',
      sql: [
        ...deferrableKeys.map((key) => `ALTER TABLE ${TABLE} DROP CONSTRAINT IF EXISTS ${key}`),
        ...(hasKey
          ? []
          : [
              `DELETE FROM ${TABLE} AS t USING ${TABLE} AS newer WHERE ${isOlder}`,
              `ALTER TABLE ${TABLE} ADD ${isOther ? `CONSTRAINT ${KEY} UNIQUE` : 'PRIMARY KEY'} (sid)`,
            ]),
      ],
    };
  },

  ({ table: { requiredColumns, primaryKeyColumns }, mismatches }) => {
    if (requiredColumns.length === 0 || mismatches.length > 0) return undefined;
    const keys = requiredColumns.filter((column) => primaryKeyColumns.includes(column));
    const others = requiredColumns.filter((column) => !keys.includes(column));
    return {
      code: 'required-column',
      problem: `${requiredColumns.join(', ')} must not be null, and the store does not set it, so no session can be saved`,
      advice: [
        ...(keys.length > 0 ? [`${keys.join(', ')} is in the primary key, so give it a default`] : []),
        ...(others.length > 0 ? ['Allow null, or add a default:'] : []),
      ].join('. '),
      sql: others.map((column) => `ALTER TABLE ${TABLE} ALTER COLUMN ${column} DROP NOT NULL`),
    };
  },

  ({ sessions }) => {
    if (!sessions?.unreadable) return undefined;
    const count = sessions.unreadable;
    return {
      code: 'unreadable-sessions',
      problem: `${count} sessions of another store contain \\u0000 or half a surrogate pair, so finding a user fails, and so does an index of users`,
      advice: 'Delete them, which signs out their users:',
      sql: [`DELETE FROM ${TABLE} WHERE sess::text ~${pg.escapeLiteral(UNREADABLE)}`],
    };
  },

  ({ distribution }) => {
    if (distribution?.method !== 'h' || distribution.column === 'sid') return undefined;
    return {
      code: 'not-by-sid',
      problem: `Citus distributes the table by ${distribution.column}, so sid is not unique, and no session can be saved`,
      advice: 'Distribute it by sid:',
      sql: [
        `SELECT undistribute_table(${TABLE_TEXT})`,
        `SELECT create_distributed_table(${TABLE_TEXT}, 'sid', colocate_with => 'none')`,
      ],
    };
  },

  ({ distribution }) => {
    const found = distribution && problemOfDistribution(distribution);
    return found ? { code: 'wrong-times', ...found } : undefined;
  },
];

const WARNINGS: Check[] = [
  ({ searchPath }) => {
    const shared = searchPath.filter(({ creators }) => creators.length > 0);
    if (shared.length === 0) return undefined;
    const list = shared.map(({ schema, creators }) => `${creators.join(', ')} in ${schema}`);
    return {
      code: 'shared-schema',
      problem:
        `other roles may create objects in a schema of the search_path: ${list.join('; ')}. They can create a table ` +
        "or a function that this role's statements then use",
      advice: 'Take the right from them, or name roles that you trust in trustOwner (--trust-owner):',
      sql: shared.map(({ schema, creators }) => `REVOKE CREATE ON SCHEMA ${schema} FROM ${creators.join(', ')}`),
    };
  },

  // Before the next check: its SQL leaves an invalid index of that name alone.
  ({ table: { invalidIndexes, partitionKey } }) => {
    if (invalidIndexes.length === 0) return undefined;
    return {
      code: 'invalid-index',
      problem: `an index is invalid, because building it failed. It slows writes down and is never used: ${invalidIndexes.join(', ')}`,
      advice: 'Drop it, and create it again:',
      sql: invalidIndexes.map((index) => `DROP INDEX ${concurrently(partitionKey)}IF EXISTS ${index}`),
    };
  },

  ({ distribution, table: { isTable, expireType, hasExpireIndex, partitionKey } }) => {
    if (!isTable || expireType === null || hasExpireIndex) return undefined;
    const unlessThere = distribution ? '' : 'IF NOT EXISTS '; // Citus would mark an index that exists invalid
    return {
      code: 'no-expire-index',
      problem: 'expire has no index, so each prune reads the whole table',
      advice: 'Create it:',
      sql: [`CREATE INDEX ${concurrently(partitionKey)}${unlessThere}${INDEX} ON ${TABLE} (expire)`],
    };
  },

  ({ table: { hasExpireIndex }, isIndexUnused }) => {
    if (!hasExpireIndex || !isIndexUnused) return undefined;
    return {
      code: 'unused-expire-index',
      problem: 'PostgreSQL does not use the index on expire, so each prune reads the whole table',
      advice: 'Check for enable_indexscan = off and for a high random_page_cost, and update the statistics:',
      sql: [`ANALYZE ${TABLE}`],
    };
  },

  ({ table: { duplicateIndexes } }) => {
    if (duplicateIndexes.length === 0) return undefined;
    return {
      code: 'duplicate-index',
      problem: `another index does the same as ${duplicateIndexes.join(', ')}, which only slows writes down`,
      advice: 'Drop it:',
      sql: duplicateIndexes.map((index) => `DROP INDEX CONCURRENTLY IF EXISTS ${index}`),
    };
  },

  // Citus: the statement would convert each shard under the TimeZone of its server. See
  // wrong-times.
  ({ distribution, table: { expireType, timeZone }, timeZones: others }) => {
    if (distribution || expireType !== 'timestamp without time zone') return undefined;
    const list = others.map(({ role, database, timeZone: zone }) =>
      [role && `role ${role}`, database && `database ${database}`, zone].filter(Boolean).join(', '),
    );
    return {
      // A warning, because the app may use only one of the others.
      code: others.length > 0 ? 'time-zones-differ' : 'no-time-zone',
      problem:
        'expire has no time zone, so sessions end too early or too late for connections with another TimeZone' +
        (others.length > 0 ? `. There are some: ${list.join('; ')}. This connection has ${timeZone}` : ''),
      advice:
        "Run this with the TimeZone of your app's connections. It locks the table, as `connect-pg-typed migrate` does:",
      sql: [
        `SET TimeZone = ${pg.escapeLiteral(timeZone)}`,
        `ALTER TABLE ${TABLE} ALTER COLUMN expire TYPE timestamptz`,
      ],
    };
  },

  ({ sessions }) => {
    if (!sessions?.farFuture) return undefined;
    return {
      code: 'far-future',
      problem: `${sessions.farFuture} sessions live longer than 400 days, which no cookie does. Was a ttl set in milliseconds?`,
      advice: 'A ttl is in seconds. Shorten the life of these sessions, for example to a day:',
      sql: [`UPDATE ${TABLE} SET expire = now() + interval '1 day' WHERE expire > now() + interval '400 days'`],
    };
  },

  ({ sessions }) => {
    if (!sessions?.overdue) return undefined;
    return {
      code: 'not-pruned',
      problem: `${sessions.overdue} sessions expired more than an hour ago and were not pruned`,
      advice:
        'Set pruneSessionInterval in at least one process, or run `connect-pg-typed prune` by a timer. To prune now:',
      sql: [`DELETE FROM ${TABLE} WHERE expire <= now()`],
    };
  },

  ({ table: { deadRows, liveRows } }) => {
    if (deadRows <= Math.max(MIN_BLOAT, liveRows)) return undefined;
    return {
      code: 'bloat',
      problem: `${deadRows} rows are dead and ${liveRows} are live. Autovacuum is off or does not keep up`,
      advice: 'Vacuum the table, and check what blocks autovacuum, such as an old transaction:',
      sql: [`VACUUM (ANALYZE) ${TABLE}`],
    };
  },

  ({ arePreparedStatementsLost }) => {
    if (!arePreparedStatementsLost) return undefined;
    return {
      code: 'prepared-statements-lost',
      problem: 'a pooler loses prepared statements. The store then stops using them after a failed attempt or two',
      advice:
        'Set prepare: false, or let the pooler keep them (PgBouncer 1.21: max_prepared_statements). ' +
        'The option revocations then needs a connectionString that bypasses the pooler.',
    };
  },

  ({ userPath, isUserIndexMissing }) => {
    if (userPath === undefined || !isUserIndexMissing) return undefined;
    return {
      code: 'no-user-index',
      problem: `there is no index at ${JSON.stringify(userPath)}, so finding a user reads all sessions`,
      advice: `Create it with \`connect-pg-typed migrate --user-path '${JSON.stringify(userPath)}'\` or createUserIndex().`,
    };
  },

  ({ userPath, distribution, table: { planCacheMode, role } }) => {
    if (planCacheMode !== 'force_generic_plan' || (userPath === undefined && !distribution)) return undefined;
    return {
      code: 'generic-plans',
      problem: distribution
        ? 'plan_cache_mode is force_generic_plan, so Citus refuses the statements for several sessions'
        : 'plan_cache_mode is force_generic_plan, so no query uses the index of users',
      advice: 'Reset it:',
      sql: [`ALTER ROLE ${role} SET plan_cache_mode = auto`],
    };
  },

  ({ shards: measured }) => {
    if (!measured || measured.shards <= MAX_SHARDS * measured.workers) return undefined;
    const { shards, workers } = measured;
    return {
      code: 'too-many-shards',
      problem: `the table has ${shards} shards on ${workers} workers: a statement serves the sessions of one shard only`,
      advice: 'Four to eight for each worker that you may add later are enough:',
      sql: [`SELECT alter_distributed_table(${TABLE_TEXT}, shard_count => ${8 * workers})`],
    };
  },

  ({ distribution }) => {
    if (!distribution || distribution.listeningNodes < 2) return undefined;
    return {
      code: 'listeners-on-several-nodes',
      problem:
        `stores listen for revocations on ${distribution.listeningNodes} servers. A revocation reaches only those on ` +
        'the server where it is made',
      advice: 'Give revocations the connectionString of one server in all processes, and revoke on that server.',
    };
  },
];
