// What doctor() finds, and the facts from which it does.
import type { InspectSidResult } from '../generated/catalog.js';
import type { FindDistributionResult, MeasureShardsResult } from '../generated/citus.js';
import type {
  FindTimeZonesResult,
  InspectSearchPathResult,
  InspectSessionsResult,
  InspectTableResult,
} from '../generated/doctor.js';
import type { UserPath } from '../session/user-path.js';

/** What `doctor()` can find. */
export type FindingCode =
  | 'missing-table'
  | 'missing-grants'
  | 'unsupported-sid'
  | 'query-fails'
  | 'untrusted-owner'
  | 'late-pg-catalog'
  | 'shared-schema'
  | 'no-key'
  | 'required-column'
  | 'no-expire-index'
  | 'unused-expire-index'
  | 'invalid-index'
  | 'duplicate-index'
  | 'time-zones-differ'
  | 'no-time-zone'
  | 'unreadable-sessions'
  | 'far-future'
  | 'not-pruned'
  | 'bloat'
  | 'prepared-statements-lost'
  | 'no-user-index'
  | 'generic-plans'
  | 'not-by-sid'
  | 'wrong-times'
  | 'too-many-shards'
  | 'listeners-on-several-nodes';

/**
 * `error`: the store or the admin fails on this table, or may run code of another role. `warning`:
 * both work, but slower than they could, or only under conditions that the finding names.
 */
export type Severity = 'error' | 'warning';

/** A problem, and what to do about it. */
export interface Finding {
  code: FindingCode;
  severity: Severity;
  problem: string;
  advice: string;
  /** The statements for the advice. Empty if there are none. */
  sql: string[];
}

/** A query that would fail on this table, or return other types than it was compiled with. */
export interface QueryMismatch {
  query: string;
  reason: string;
}

/** How Citus distributes a table. */
export interface Distributed extends FindDistributionResult {
  /** On how many servers this role listens for revocations. */
  listeningNodes: number;
}

export interface Facts {
  table: InspectTableResult;
  /** Undefined if there is no such column. */
  sid: InspectSidResult | undefined;
  /** Why the store does not support the type of sid. Undefined if it does. */
  sidProblem: string | undefined;
  /** Whether the app hashes ids. */
  isHashed: boolean;
  /** Undefined if Citus does not distribute the table. */
  distribution: Distributed | undefined;
  /** What the shards hold. Undefined also if the role may not read them. */
  shards: MeasureShardsResult | undefined;
  /** Undefined if the sessions cannot be read. */
  sessions: InspectSessionsResult | undefined;
  mismatches: QueryMismatch[];
  /** The table's owner, if this role does not trust it. */
  untrustedOwner: string | undefined;
  /** The schemas of the search_path, without pg_catalog. */
  searchPath: InspectSearchPathResult[];
  timeZones: FindTimeZonesResult[];
  /** Whether PostgreSQL would prune a large table without its index on expire. */
  isIndexUnused: boolean;
  /** Whether a pooler loses prepared statements. */
  arePreparedStatementsLost: boolean;
  /** Set if an index of users is expected. */
  userPath: UserPath | undefined;
  isUserIndexMissing: boolean;
}
