// What the doctor calls wrong, and what to do about it.
import type { FindTimeZonesResult, InspectSessionsResult, InspectTableResult } from '../generated/doctor.js';
import type { UserPath } from '../session/user-path.js';
import { statementFor, type TableNames } from '../table/names.js';

/** Something that is wrong, and what to do. */
export interface Finding {
  /** In a word, for programs: `no-key`, say. */
  code: string;
  problem: string;
  advice: string;
  /** Statements that do what is advised; none where there are none for it. */
  sql: string[];
}

/** A query that would fail on this table, or answer with something else than its types say. */
export interface Misfit {
  query: string;
  reason: string;
}

export interface Facts {
  table: InspectTableResult;
  /** Undefined where they can't be read. */
  sessions: InspectSessionsResult | undefined;
  misfits: Misfit[];
  timeZones: FindTimeZonesResult[];
  /** Whether a large table is pruned without its index on expire. */
  isIndexUnused: boolean;
  areNamesRefused: boolean;
  /** Whether an index of users is asked for, */
  userPath: UserPath | undefined;
  /** and is not there. */
  lacksUserIndex: boolean;
}

/** An escaped NUL or half a surrogate pair in JSON: a regular expression of PostgreSQL's. */
export const UNREADABLE =
  String.raw`(?<!\\)(\\\\)*\\u(0000|[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F]))` +
  String.raw`|(?<!\\)(?<!\\u[dD][89abAB][0-9a-fA-F]{2})(\\\\)*\\u[dD][c-fC-F]`;

const BLOATED = 10_000; // dead rows for which autovacuum need not have come yet
const TABLE = '"session_store"."session"'; // the stand-in

/** @param statements those that make the table */
export const missingTable = (statements: string[]): Finding => ({
  code: 'missing-table',
  problem: 'there is no such table',
  advice:
    'Name another (schemaName and tableName, or --schema and --table), or make it, as `connect-pg-typed init` does:',
  sql: statements,
});

/** What is wrong, the worst first. */
export function findingsOf(names: TableNames, facts: Facts): Finding[] {
  return CHECKS.map((check) => check(facts))
    .filter((finding) => finding !== undefined)
    .map(({ sql, ...rest }) => ({ ...rest, sql: sql.map((statement) => `${statementFor(statement, names)};`) }));
}

type Check = (facts: Facts) => Finding | undefined;

const CHECKS: Check[] = [
  ({ table: { role, maySeeSchema, missingGrants } }) => {
    if (maySeeSchema && missingGrants.length === 0) return undefined;
    return {
      code: 'missing-grants',
      problem: `the role ${role} may not do all that the store does`,
      advice: 'If it is the role of your app, grant it what it lacks:',
      sql: [
        ...(maySeeSchema ? [] : [`GRANT USAGE ON SCHEMA "session_store" TO ${role}`]),
        ...(missingGrants.length > 0 ? [`GRANT ${missingGrants.join(', ')} ON ${TABLE} TO ${role}`] : []),
      ],
    };
  },

  ({ misfits }) => {
    if (misfits.length === 0) return undefined;
    const reasons = [...new Set(misfits.map(({ reason }) => reason))];
    const queriesOf = (reason: string) =>
      misfits.filter((misfit) => misfit.reason === reason).map(({ query }) => query);
    const column = /column .*?\.?"?(sid|sess|expire)"? .*does not exist/.exec(reasons.join('\n'))?.[1];
    return {
      code: 'query-fails',
      problem: reasons.map((reason) => `${queriesOf(reason).join(', ')}: ${reason}`).join('; '),
      advice: column
        ? `Give the column its name back, or name a view that calls it ${column} as the tableName:`
        : 'The columns must be sid varchar or text, sess json, jsonb or text, and expire timestamptz or timestamp.',
      sql: column ? [`ALTER TABLE ${TABLE} RENAME COLUMN its_name_now TO ${column}`] : [],
    };
  },

  ({ table: { isTable, sidType, hasKey, deferrableKeys } }) => {
    if (!isTable || sidType === null || (hasKey && deferrableKeys.length === 0)) return undefined;
    const newest = 't.sid = newer.sid AND (t.expire, t.ctid) < (newer.expire, newer.ctid)';
    return {
      code: 'no-key',
      problem: hasKey
        ? `sid has a key that is DEFERRABLE, ${deferrableKeys.join(', ')}: no session can be saved`
        : 'sid is neither a primary key nor unique, or only DEFERRABLE: no session can be saved',
      advice: hasKey ? 'Drop it:' : 'Delete all but the newest row of each sid, and make it the key:',
      sql: [
        ...deferrableKeys.map((key) => `ALTER TABLE ${TABLE} DROP CONSTRAINT ${key}`),
        ...(hasKey
          ? []
          : [
              `DELETE FROM ${TABLE} AS t USING ${TABLE} AS newer WHERE ${newest}`,
              `ALTER TABLE ${TABLE} ADD PRIMARY KEY (sid)`,
            ]),
      ],
    };
  },

  ({ table: { demandingColumns }, misfits }) => {
    if (demandingColumns.length === 0 || misfits.length > 0) return undefined;
    return {
      code: 'demanding-column',
      problem: `the store gives no value to ${demandingColumns.join(', ')}, which may not be null: no session can be made`,
      advice: 'Let them be null, or give them a default:',
      sql: demandingColumns.map((column) => `ALTER TABLE ${TABLE} ALTER COLUMN ${column} DROP NOT NULL`),
    };
  },

  ({ table: { isTable, expireType, hasExpireIndex } }) => {
    if (!isTable || expireType === null || hasExpireIndex) return undefined;
    return {
      code: 'no-expire-index',
      problem: 'there is no index on expire: each pruning reads the whole table',
      advice: 'Make it:',
      sql: [`CREATE INDEX CONCURRENTLY ON ${TABLE} (expire)`],
    };
  },

  ({ table: { hasExpireIndex }, isIndexUnused }) => {
    if (!hasExpireIndex || !isIndexUnused) return undefined;
    return {
      code: 'unused-expire-index',
      problem:
        'there is an index on expire, but each pruning would read the whole table: the server takes that for quicker',
      advice: 'Look for enable_indexscan = off, or a high random_page_cost, and let it measure the table anew:',
      sql: [`ANALYZE ${TABLE}`],
    };
  },

  ({ table: { invalidIndexes } }) => {
    if (invalidIndexes.length === 0) return undefined;
    return {
      code: 'invalid-index',
      problem: `an index that was not built to its end is kept up to date and never used: ${invalidIndexes.join(', ')}`,
      advice: 'Drop it, and make it again:',
      sql: invalidIndexes.map((index) => `DROP INDEX CONCURRENTLY ${index}`),
    };
  },

  ({ table: { expireType, timeZone }, timeZones }) => {
    if (expireType !== 'timestamp without time zone') return undefined;
    const others = timeZones.filter((other) => other.timeZone !== timeZone);
    const differing = others.map(({ role, database, timeZone: zone }) =>
      [role && `role ${role}`, database && `database ${database}`, zone].filter(Boolean).join(', '),
    );
    return {
      code: others.length > 0 ? 'time-zones-differ' : 'no-time-zone',
      problem:
        'expire has no time zone, so that sessions end too early or too late for connections under another TimeZone' +
        (others.length > 0 ? `, and there are such: ${differing.join('; ')}; this one, ${timeZone}` : ''),
      advice: "Under the TimeZone of your app's connections (it locks the table; so does `connect-pg-typed migrate`):",
      sql: [`SET TimeZone = '${timeZone}'`, `ALTER TABLE ${TABLE} ALTER COLUMN expire TYPE timestamptz`],
    };
  },

  ({ sessions }) => {
    if (!sessions?.unreadable) return undefined;
    const unreadable = `sess::text ~ '${UNREADABLE}'`;
    return {
      code: 'unreadable-sessions',
      problem: `${sessions.unreadable} sessions hold \\u0000 or half a surrogate pair, by another store: no user can be found, nor an index of users be made`,
      advice: 'Delete them, which signs out whoever has them:',
      sql: [`DELETE FROM ${TABLE} WHERE ${unreadable}`],
    };
  },

  ({ sessions }) => {
    if (!sessions?.farFuture) return undefined;
    return {
      code: 'far-future',
      problem: `${sessions.farFuture} sessions live longer than 400 days, as no cookie does: was a ttl in milliseconds?`,
      advice: 'A ttl is in seconds. Shorten what was written, here to a day:',
      sql: [`UPDATE ${TABLE} SET expire = now() + interval '1 day' WHERE expire > now() + interval '400 days'`],
    };
  },

  ({ sessions }) => {
    if (!sessions?.overdue) return undefined;
    return {
      code: 'not-pruned',
      problem: `${sessions.overdue} sessions expired more than an hour ago and are still there: nobody prunes`,
      advice:
        'Leave pruneSessionInterval to one process at least, or let a timer run `connect-pg-typed prune`. At once:',
      sql: [`DELETE FROM ${TABLE} WHERE expire <= now()`],
    };
  },

  ({ table: { deadRows, liveRows } }) => {
    if (deadRows <= Math.max(BLOATED, liveRows)) return undefined;
    return {
      code: 'bloat',
      problem: `${deadRows} rows are dead and ${liveRows} live: autovacuum does not keep up, or is off`,
      advice: 'Vacuum it, and look for what holds it back, such as an old transaction:',
      sql: [`VACUUM (ANALYZE) ${TABLE}`],
    };
  },

  ({ areNamesRefused }) => {
    if (!areNamesRefused) return undefined;
    return {
      code: 'names-refused',
      problem: 'a pooler in between loses prepared statements: the store finds out at the cost of a call or two',
      advice:
        'Give the store prepare: false, or let the pooler keep them (PgBouncer 1.21: max_prepared_statements). With revocations, give them a connectionString that leads past it.',
      sql: [],
    };
  },

  ({ userPath, lacksUserIndex }) => {
    if (userPath === undefined || !lacksUserIndex) return undefined;
    return {
      code: 'no-user-index',
      problem: `there is no index at ${JSON.stringify(userPath)}: to find a user's sessions all are read`,
      advice: 'Make it by `connect-pg-typed init --user-path`, createTable({ userPath }) or createUserIndex().',
      sql: [],
    };
  },

  ({ userPath, table: { planCacheMode, role } }) => {
    if (userPath === undefined || planCacheMode !== 'force_generic_plan') return undefined;
    return {
      code: 'generic-plans',
      problem: 'plan_cache_mode is force_generic_plan, under which no query uses the index of users',
      advice: 'Leave it to the server:',
      sql: [`ALTER ROLE ${role} SET plan_cache_mode = auto`],
    };
  },
];
