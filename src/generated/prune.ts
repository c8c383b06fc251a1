/** Types generated for queries found in "sql/prune.sql" */
import { PreparedQuery } from '@pgtyped/runtime';

export type NumberOrString = number | string;

/** 'PruneSessions' parameters type */
export interface PruneSessionsParams {
  batch: number;
  key: NumberOrString;
  since?: number | null | void;
}

/** 'PruneSessions' return type */
export interface PruneSessionsResult {
  expired: number;
}

/** 'PruneSessions' query type */
export interface PruneSessionsQuery {
  params: PruneSessionsParams;
  result: PruneSessionsResult;
}

const pruneSessionsIR: any = {"usedParamSet":{"key":true,"since":true,"batch":true},"params":[{"name":"key","required":true,"transform":{"type":"scalar"},"locs":[{"a":80,"b":84}]},{"name":"since","required":false,"transform":{"type":"scalar"},"locs":[{"a":421,"b":426}]},{"name":"batch","required":true,"transform":{"type":"scalar"},"locs":[{"a":479,"b":485}]}],"statement":"WITH ss__leader AS MATERIALIZED (\n  SELECT pg_catalog.pg_try_advisory_xact_lock(:key!) AS ok, pg_catalog.set_config('extra_float_digits', '1', true) AS digits\n)\nDELETE FROM \"session_store\".\"session\" AS t\nWHERE t.sid OPERATOR(pg_catalog.=) ANY(ARRAY(\n  SELECT s.sid\n  FROM \"session_store\".\"session\" AS s\n  WHERE (SELECT l.ok FROM ss__leader AS l) AND s.expire <= now()\n    AND s.expire >= pg_catalog.to_timestamp(coalesce(:since::float8, '-Infinity'))\n  ORDER BY s.expire\n  LIMIT :batch!::int\n)) AND (t.expire <= now()) IS TRUE\nRETURNING extract(epoch FROM t.expire::timestamptz)::float8 AS \"expired!\""};

/**
 * Query generated from SQL:
 * ```
 * WITH ss__leader AS MATERIALIZED (
 *   SELECT pg_catalog.pg_try_advisory_xact_lock(:key!) AS ok, pg_catalog.set_config('extra_float_digits', '1', true) AS digits
 * )
 * DELETE FROM "session_store"."session" AS t
 * WHERE t.sid OPERATOR(pg_catalog.=) ANY(ARRAY(
 *   SELECT s.sid
 *   FROM "session_store"."session" AS s
 *   WHERE (SELECT l.ok FROM ss__leader AS l) AND s.expire <= now()
 *     AND s.expire >= pg_catalog.to_timestamp(coalesce(:since::float8, '-Infinity'))
 *   ORDER BY s.expire
 *   LIMIT :batch!::int
 * )) AND (t.expire <= now()) IS TRUE
 * RETURNING extract(epoch FROM t.expire::timestamptz)::float8 AS "expired!"
 * ```
 */
export const pruneSessions = new PreparedQuery<PruneSessionsParams,PruneSessionsResult>(pruneSessionsIR);


