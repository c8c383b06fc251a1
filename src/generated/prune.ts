/** Types generated for queries found in "sql/prune.sql" */
import { PreparedQuery } from '@pgtyped/runtime';

export type DateOrString = Date | string;

export type NumberOrString = number | string;

export type stringArray = (string)[];

/** 'PruneSessions' parameters type */
export interface PruneSessionsParams {
  batch: number;
  key: NumberOrString;
  lockTimeout?: string | null | void;
  since?: number | null | void;
  withIds?: boolean | null | void;
}

/** 'PruneSessions' return type */
export interface PruneSessionsResult {
  expired: number;
  sid: string | null;
}

/** 'PruneSessions' query type */
export interface PruneSessionsQuery {
  params: PruneSessionsParams;
  result: PruneSessionsResult;
}

const pruneSessionsIR: any = {"usedParamSet":{"key":true,"lockTimeout":true,"since":true,"batch":true,"withIds":true},"params":[{"name":"key","required":true,"transform":{"type":"scalar"},"locs":[{"a":84,"b":88}]},{"name":"lockTimeout","required":false,"transform":{"type":"scalar"},"locs":[{"a":219,"b":230}]},{"name":"since","required":false,"transform":{"type":"scalar"},"locs":[{"a":605,"b":610}]},{"name":"batch","required":true,"transform":{"type":"scalar"},"locs":[{"a":667,"b":673}]},{"name":"withIds","required":false,"transform":{"type":"scalar"},"locs":[{"a":764,"b":771}]}],"statement":"WITH ss__leader AS MATERIALIZED (\n  SELECT\n    pg_catalog.pg_try_advisory_xact_lock(:key!) AS ok,\n    pg_catalog.set_config('extra_float_digits', '1', true) AS digits,\n    pg_catalog.set_config('lock_timeout', coalesce(:lockTimeout, pg_catalog.current_setting('lock_timeout')), true) AS lock_timeout\n), ss__deleted AS MATERIALIZED (\n  DELETE FROM \"session_store\".\"session\" AS t\n  WHERE t.sid OPERATOR(pg_catalog.=) ANY(ARRAY(\n    SELECT s.sid\n    FROM \"session_store\".\"session\" AS s\n    WHERE (SELECT l.ok FROM ss__leader AS l) AND s.expire <= now()\n      AND s.expire >= pg_catalog.to_timestamp(coalesce(:since::float8, '-Infinity'))\n    ORDER BY s.expire\n    LIMIT :batch!::int\n  )) AND (t.expire <= now()) IS TRUE\n  RETURNING t.sid, t.expire\n)\nSELECT CASE WHEN :withIds THEN d.sid END AS sid, extract(epoch FROM d.expire::timestamptz)::float8 AS \"expired!\"\nFROM ss__deleted AS d                                                                                                                                                                                                                                                                  "};

/**
 * Query generated from SQL:
 * ```
 * WITH ss__leader AS MATERIALIZED (
 *   SELECT
 *     pg_catalog.pg_try_advisory_xact_lock(:key!) AS ok,
 *     pg_catalog.set_config('extra_float_digits', '1', true) AS digits,
 *     pg_catalog.set_config('lock_timeout', coalesce(:lockTimeout, pg_catalog.current_setting('lock_timeout')), true) AS lock_timeout
 * ), ss__deleted AS MATERIALIZED (
 *   DELETE FROM "session_store"."session" AS t
 *   WHERE t.sid OPERATOR(pg_catalog.=) ANY(ARRAY(
 *     SELECT s.sid
 *     FROM "session_store"."session" AS s
 *     WHERE (SELECT l.ok FROM ss__leader AS l) AND s.expire <= now()
 *       AND s.expire >= pg_catalog.to_timestamp(coalesce(:since::float8, '-Infinity'))
 *     ORDER BY s.expire
 *     LIMIT :batch!::int
 *   )) AND (t.expire <= now()) IS TRUE
 *   RETURNING t.sid, t.expire
 * )
 * SELECT CASE WHEN :withIds THEN d.sid END AS sid, extract(epoch FROM d.expire::timestamptz)::float8 AS "expired!"
 * FROM ss__deleted AS d                                                                                                                                                                                                                                                                  
 * ```
 */
export const pruneSessions = new PreparedQuery<PruneSessionsParams,PruneSessionsResult>(pruneSessionsIR);


/** 'LockPrune' parameters type */
export interface LockPruneParams {
  key: NumberOrString;
}

/** 'LockPrune' return type */
export interface LockPruneResult {
  ok: boolean;
  propagated: string | null;
}

/** 'LockPrune' query type */
export interface LockPruneQuery {
  params: LockPruneParams;
  result: LockPruneResult;
}

const lockPruneIR: any = {"usedParamSet":{"key":true},"params":[{"name":"key","required":true,"transform":{"type":"scalar"},"locs":[{"a":46,"b":50}]}],"statement":"SELECT\n  pg_catalog.pg_try_advisory_xact_lock(:key!) AS \"ok!\",\n  pg_catalog.set_config('citus.propagate_set_commands', 'local', true) AS propagated                                                                                                                                                                                                                     "};

/**
 * Query generated from SQL:
 * ```
 * SELECT
 *   pg_catalog.pg_try_advisory_xact_lock(:key!) AS "ok!",
 *   pg_catalog.set_config('citus.propagate_set_commands', 'local', true) AS propagated                                                                                                                                                                                                                     
 * ```
 */
export const lockPrune = new PreparedQuery<LockPruneParams,LockPruneResult>(lockPruneIR);


/** 'ListExpired' parameters type */
export interface ListExpiredParams {
  batch: number;
  kept: stringArray;
  key: NumberOrString;
  since?: DateOrString | null | void;
}

/** 'ListExpired' return type */
export interface ListExpiredResult {
  expired: number;
  sid: string;
}

/** 'ListExpired' query type */
export interface ListExpiredQuery {
  params: ListExpiredParams;
  result: ListExpiredResult;
}

const listExpiredIR: any = {"usedParamSet":{"key":true,"since":true,"kept":true,"batch":true},"params":[{"name":"key","required":true,"transform":{"type":"scalar"},"locs":[{"a":80,"b":84}]},{"name":"since","required":false,"transform":{"type":"scalar"},"locs":[{"a":299,"b":304}]},{"name":"kept","required":true,"transform":{"type":"scalar"},"locs":[{"a":377,"b":382}]},{"name":"batch","required":true,"transform":{"type":"scalar"},"locs":[{"a":418,"b":424}]}],"statement":"WITH ss__leader AS MATERIALIZED (\n  SELECT pg_catalog.pg_try_advisory_xact_lock(:key!) AS ok\n)\nSELECT s.sid, extract(epoch FROM s.expire::timestamptz)::float8 AS \"expired!\"\nFROM \"session_store\".\"session\" AS s\nWHERE (SELECT l.ok FROM ss__leader AS l) AND s.expire <= now()\n  AND s.expire >= coalesce(:since::timestamptz, '-infinity')\n  AND NOT (s.sid OPERATOR(pg_catalog.=) ANY(:kept!::text[]))\nORDER BY s.expire\nLIMIT :batch!::int                                                        "};

/**
 * Query generated from SQL:
 * ```
 * WITH ss__leader AS MATERIALIZED (
 *   SELECT pg_catalog.pg_try_advisory_xact_lock(:key!) AS ok
 * )
 * SELECT s.sid, extract(epoch FROM s.expire::timestamptz)::float8 AS "expired!"
 * FROM "session_store"."session" AS s
 * WHERE (SELECT l.ok FROM ss__leader AS l) AND s.expire <= now()
 *   AND s.expire >= coalesce(:since::timestamptz, '-infinity')
 *   AND NOT (s.sid OPERATOR(pg_catalog.=) ANY(:kept!::text[]))
 * ORDER BY s.expire
 * LIMIT :batch!::int                                                        
 * ```
 */
export const listExpired = new PreparedQuery<ListExpiredParams,ListExpiredResult>(listExpiredIR);


/** 'PruneListed' parameters type */
export interface PruneListedParams {
  lockTimeout?: string | null | void;
  sids: stringArray;
}

/** 'PruneListed' return type */
export interface PruneListedResult {
  sid: string;
}

/** 'PruneListed' query type */
export interface PruneListedQuery {
  params: PruneListedParams;
  result: PruneListedResult;
}

const pruneListedIR: any = {"usedParamSet":{"lockTimeout":true,"sids":true},"params":[{"name":"lockTimeout","required":false,"transform":{"type":"scalar"},"locs":[{"a":92,"b":103}]},{"name":"sids","required":true,"transform":{"type":"scalar"},"locs":[{"a":260,"b":265}]}],"statement":"WITH ss__settings AS MATERIALIZED (\n  SELECT pg_catalog.set_config('lock_timeout', coalesce(:lockTimeout, pg_catalog.current_setting('lock_timeout')), true)\n)\nDELETE FROM \"session_store\".\"session\" AS t\nUSING ss__settings\nWHERE t.sid OPERATOR(pg_catalog.=) ANY(:sids!) AND (t.expire <= now()) IS TRUE\nRETURNING t.sid"};

/**
 * Query generated from SQL:
 * ```
 * WITH ss__settings AS MATERIALIZED (
 *   SELECT pg_catalog.set_config('lock_timeout', coalesce(:lockTimeout, pg_catalog.current_setting('lock_timeout')), true)
 * )
 * DELETE FROM "session_store"."session" AS t
 * USING ss__settings
 * WHERE t.sid OPERATOR(pg_catalog.=) ANY(:sids!) AND (t.expire <= now()) IS TRUE
 * RETURNING t.sid
 * ```
 */
export const pruneListed = new PreparedQuery<PruneListedParams,PruneListedResult>(pruneListedIR);


