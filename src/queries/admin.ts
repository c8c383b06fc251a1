/** Types generated for queries found in "sql/admin.sql" */
import { PreparedQuery } from '@pgtyped/runtime';

export type NumberOrString = number | string;

/** 'ListSessions' parameters type */
export type ListSessionsParams = void;

/** 'ListSessions' return type */
export interface ListSessionsResult {
  sess: string;
  sid: string;
  ttl: number;
}

/** 'ListSessions' query type */
export interface ListSessionsQuery {
  params: ListSessionsParams;
  result: ListSessionsResult;
}

const listSessionsIR: any = {"usedParamSet":{},"params":[],"statement":"SELECT\n  t.sid,\n  t.sess::text AS \"sess!\",\n  extract(epoch FROM t.expire::timestamptz)::float8 - extract(epoch FROM now())::float8 AS \"ttl!\"\nFROM \"session_store\".\"session\" AS t\nWHERE t.expire > now()\nORDER BY t.sid"};

/**
 * Query generated from SQL:
 * ```
 * SELECT
 *   t.sid,
 *   t.sess::text AS "sess!",
 *   extract(epoch FROM t.expire::timestamptz)::float8 - extract(epoch FROM now())::float8 AS "ttl!"
 * FROM "session_store"."session" AS t
 * WHERE t.expire > now()
 * ORDER BY t.sid
 * ```
 */
export const listSessions = new PreparedQuery<ListSessionsParams,ListSessionsResult>(listSessionsIR);


/** 'CountSessions' parameters type */
export type CountSessionsParams = void;

/** 'CountSessions' return type */
export interface CountSessionsResult {
  count: number;
}

/** 'CountSessions' query type */
export interface CountSessionsQuery {
  params: CountSessionsParams;
  result: CountSessionsResult;
}

const countSessionsIR: any = {"usedParamSet":{},"params":[],"statement":"SELECT count(*)::int AS \"count!\"\nFROM \"session_store\".\"session\" AS t\nWHERE t.expire > now()"};

/**
 * Query generated from SQL:
 * ```
 * SELECT count(*)::int AS "count!"
 * FROM "session_store"."session" AS t
 * WHERE t.expire > now()
 * ```
 */
export const countSessions = new PreparedQuery<CountSessionsParams,CountSessionsResult>(countSessionsIR);


/** 'ClearSessions' parameters type */
export type ClearSessionsParams = void;

/** 'ClearSessions' return type */
export type ClearSessionsResult = void;

/** 'ClearSessions' query type */
export interface ClearSessionsQuery {
  params: ClearSessionsParams;
  result: ClearSessionsResult;
}

const clearSessionsIR: any = {"usedParamSet":{},"params":[],"statement":"DELETE FROM \"session_store\".\"session\" AS t                                                                                                                                                                                                                                                                                                                                                                 "};

/**
 * Query generated from SQL:
 * ```
 * DELETE FROM "session_store"."session" AS t                                                                                                                                                                                                                                                                                                                                                                 
 * ```
 */
export const clearSessions = new PreparedQuery<ClearSessionsParams,ClearSessionsResult>(clearSessionsIR);


/** 'PruneSessions' parameters type */
export interface PruneSessionsParams {
  batch: number;
  key: NumberOrString;
}

/** 'PruneSessions' return type */
export type PruneSessionsResult = void;

/** 'PruneSessions' query type */
export interface PruneSessionsQuery {
  params: PruneSessionsParams;
  result: PruneSessionsResult;
}

const pruneSessionsIR: any = {"usedParamSet":{"key":true,"batch":true},"params":[{"name":"key","required":true,"transform":{"type":"scalar"},"locs":[{"a":69,"b":73}]},{"name":"batch","required":true,"transform":{"type":"scalar"},"locs":[{"a":298,"b":304}]}],"statement":"WITH ss__leader AS MATERIALIZED (\n  SELECT pg_try_advisory_xact_lock(:key!) AS ok\n)\nDELETE FROM \"session_store\".\"session\" AS t\nWHERE t.sid = ANY(ARRAY(\n  SELECT s.sid\n  FROM \"session_store\".\"session\" AS s\n  WHERE (SELECT l.ok FROM ss__leader AS l) AND s.expire <= now()\n  ORDER BY s.expire\n  LIMIT :batch!::int\n)) AND t.expire <= now()                                                                                  "};

/**
 * Query generated from SQL:
 * ```
 * WITH ss__leader AS MATERIALIZED (
 *   SELECT pg_try_advisory_xact_lock(:key!) AS ok
 * )
 * DELETE FROM "session_store"."session" AS t
 * WHERE t.sid = ANY(ARRAY(
 *   SELECT s.sid
 *   FROM "session_store"."session" AS s
 *   WHERE (SELECT l.ok FROM ss__leader AS l) AND s.expire <= now()
 *   ORDER BY s.expire
 *   LIMIT :batch!::int
 * )) AND t.expire <= now()                                                                                  
 * ```
 */
export const pruneSessions = new PreparedQuery<PruneSessionsParams,PruneSessionsResult>(pruneSessionsIR);


/** 'MakeUnlogged' parameters type */
export type MakeUnloggedParams = void;

/** 'MakeUnlogged' return type */
export type MakeUnloggedResult = void;

/** 'MakeUnlogged' query type */
export interface MakeUnloggedQuery {
  params: MakeUnloggedParams;
  result: MakeUnloggedResult;
}

const makeUnloggedIR: any = {"usedParamSet":{},"params":[],"statement":"ALTER TABLE \"session_store\".\"session\" SET UNLOGGED"};

/**
 * Query generated from SQL:
 * ```
 * ALTER TABLE "session_store"."session" SET UNLOGGED
 * ```
 */
export const makeUnlogged = new PreparedQuery<MakeUnloggedParams,MakeUnloggedResult>(makeUnloggedIR);


