/** Types generated for queries found in "sql/admin.sql" */
import { PreparedQuery } from '@pgtyped/runtime';

export type DateOrString = Date | string;

export type NumberOrString = number | string;

export type stringArray = (string)[];

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

const countSessionsIR: any = {"usedParamSet":{},"params":[],"statement":"SELECT count(*)::int AS \"count!\"\nFROM \"session_store\".\"session\" AS t\nWHERE t.expire > now()                                                                                                                                                                                                                                                                "};

/**
 * Query generated from SQL:
 * ```
 * SELECT count(*)::int AS "count!"
 * FROM "session_store"."session" AS t
 * WHERE t.expire > now()                                                                                                                                                                                                                                                                
 * ```
 */
export const countSessions = new PreparedQuery<CountSessionsParams,CountSessionsResult>(countSessionsIR);


/** 'ListSessionsAfter' parameters type */
export interface ListSessionsAfterParams {
  expire: DateOrString;
  handle: string;
  limit: number;
}

/** 'ListSessionsAfter' return type */
export interface ListSessionsAfterResult {
  expire: string;
  handle: string;
  sess: string;
  ttl: number;
}

/** 'ListSessionsAfter' query type */
export interface ListSessionsAfterQuery {
  params: ListSessionsAfterParams;
  result: ListSessionsAfterResult;
}

const listSessionsAfterIR: any = {"usedParamSet":{"expire":true,"handle":true,"limit":true},"params":[{"name":"expire","required":true,"transform":{"type":"scalar"},"locs":[{"a":399,"b":406},{"a":575,"b":582}]},{"name":"handle","required":true,"transform":{"type":"scalar"},"locs":[{"a":598,"b":605}]},{"name":"limit","required":true,"transform":{"type":"scalar"},"locs":[{"a":641,"b":647}]}],"statement":"SELECT\n  CASE WHEN starts_with(t.sid, 'sha256:') THEN substr(t.sid, 8) ELSE encode(sha256(convert_to(t.sid, 'UTF8')), 'hex') END AS \"handle!\",\n  t.sess::text AS \"sess!\",\n  extract(epoch FROM t.expire::timestamptz)::float8 - extract(epoch FROM now())::float8 AS \"ttl!\",\n  to_json(t.expire::timestamptz) #>> '{}' AS \"expire!\"\nFROM \"session_store\".\"session\" AS t\nWHERE t.expire > now() AND t.expire >= :expire!::timestamptz\n  AND (t.expire::timestamptz, CASE WHEN starts_with(t.sid, 'sha256:') THEN substr(t.sid, 8) ELSE encode(sha256(convert_to(t.sid, 'UTF8')), 'hex') END) > (:expire!::timestamptz, :handle!::text)\nORDER BY t.expire, 1\nLIMIT :limit!::int                                                                                                                                                                                                                                                "};

/**
 * Query generated from SQL:
 * ```
 * SELECT
 *   CASE WHEN starts_with(t.sid, 'sha256:') THEN substr(t.sid, 8) ELSE encode(sha256(convert_to(t.sid, 'UTF8')), 'hex') END AS "handle!",
 *   t.sess::text AS "sess!",
 *   extract(epoch FROM t.expire::timestamptz)::float8 - extract(epoch FROM now())::float8 AS "ttl!",
 *   to_json(t.expire::timestamptz) #>> '{}' AS "expire!"
 * FROM "session_store"."session" AS t
 * WHERE t.expire > now() AND t.expire >= :expire!::timestamptz
 *   AND (t.expire::timestamptz, CASE WHEN starts_with(t.sid, 'sha256:') THEN substr(t.sid, 8) ELSE encode(sha256(convert_to(t.sid, 'UTF8')), 'hex') END) > (:expire!::timestamptz, :handle!::text)
 * ORDER BY t.expire, 1
 * LIMIT :limit!::int                                                                                                                                                                                                                                                
 * ```
 */
export const listSessionsAfter = new PreparedQuery<ListSessionsAfterParams,ListSessionsAfterResult>(listSessionsAfterIR);


/** 'FindSessions' parameters type */
export interface FindSessionsParams {
  userPath: stringArray;
  users: stringArray;
}

/** 'FindSessions' return type */
export interface FindSessionsResult {
  handle: string;
  sess: string;
  ttl: number;
}

/** 'FindSessions' query type */
export interface FindSessionsQuery {
  params: FindSessionsParams;
  result: FindSessionsResult;
}

const findSessionsIR: any = {"usedParamSet":{"userPath":true,"users":true},"params":[{"name":"userPath","required":true,"transform":{"type":"scalar"},"locs":[{"a":327,"b":336}]},{"name":"users","required":true,"transform":{"type":"scalar"},"locs":[{"a":352,"b":358}]}],"statement":"SELECT\n  CASE WHEN starts_with(t.sid, 'sha256:') THEN substr(t.sid, 8) ELSE encode(sha256(convert_to(t.sid, 'UTF8')), 'hex') END AS \"handle!\",\n  t.sess::text AS \"sess!\",\n  extract(epoch FROM t.expire::timestamptz)::float8 - extract(epoch FROM now())::float8 AS \"ttl!\"\nFROM \"session_store\".\"session\" AS t\nWHERE t.sess::json #>> :userPath!::text[] = ANY(:users!::text[]) AND t.expire > now()\nORDER BY t.expire DESC, 1                                                                      "};

/**
 * Query generated from SQL:
 * ```
 * SELECT
 *   CASE WHEN starts_with(t.sid, 'sha256:') THEN substr(t.sid, 8) ELSE encode(sha256(convert_to(t.sid, 'UTF8')), 'hex') END AS "handle!",
 *   t.sess::text AS "sess!",
 *   extract(epoch FROM t.expire::timestamptz)::float8 - extract(epoch FROM now())::float8 AS "ttl!"
 * FROM "session_store"."session" AS t
 * WHERE t.sess::json #>> :userPath!::text[] = ANY(:users!::text[]) AND t.expire > now()
 * ORDER BY t.expire DESC, 1                                                                      
 * ```
 */
export const findSessions = new PreparedQuery<FindSessionsParams,FindSessionsResult>(findSessionsIR);


/** 'ShowSession' parameters type */
export interface ShowSessionParams {
  handle: string;
}

/** 'ShowSession' return type */
export interface ShowSessionResult {
  handle: string;
  sess: string;
  ttl: number;
}

/** 'ShowSession' query type */
export interface ShowSessionQuery {
  params: ShowSessionParams;
  result: ShowSessionResult;
}

const showSessionIR: any = {"usedParamSet":{"handle":true},"params":[{"name":"handle","required":true,"transform":{"type":"scalar"},"locs":[{"a":432,"b":439}]}],"statement":"SELECT\n  CASE WHEN starts_with(t.sid, 'sha256:') THEN substr(t.sid, 8) ELSE encode(sha256(convert_to(t.sid, 'UTF8')), 'hex') END AS \"handle!\",\n  t.sess::text AS \"sess!\",\n  extract(epoch FROM t.expire::timestamptz)::float8 - extract(epoch FROM now())::float8 AS \"ttl!\"\nFROM \"session_store\".\"session\" AS t\nWHERE CASE WHEN starts_with(t.sid, 'sha256:') THEN substr(t.sid, 8) ELSE encode(sha256(convert_to(t.sid, 'UTF8')), 'hex') END = :handle! AND t.expire > now()                                                                                                         "};

/**
 * Query generated from SQL:
 * ```
 * SELECT
 *   CASE WHEN starts_with(t.sid, 'sha256:') THEN substr(t.sid, 8) ELSE encode(sha256(convert_to(t.sid, 'UTF8')), 'hex') END AS "handle!",
 *   t.sess::text AS "sess!",
 *   extract(epoch FROM t.expire::timestamptz)::float8 - extract(epoch FROM now())::float8 AS "ttl!"
 * FROM "session_store"."session" AS t
 * WHERE CASE WHEN starts_with(t.sid, 'sha256:') THEN substr(t.sid, 8) ELSE encode(sha256(convert_to(t.sid, 'UTF8')), 'hex') END = :handle! AND t.expire > now()                                                                                                         
 * ```
 */
export const showSession = new PreparedQuery<ShowSessionParams,ShowSessionResult>(showSessionIR);


/** 'RevokeSession' parameters type */
export interface RevokeSessionParams {
  handle: string;
}

/** 'RevokeSession' return type */
export type RevokeSessionResult = void;

/** 'RevokeSession' query type */
export interface RevokeSessionQuery {
  params: RevokeSessionParams;
  result: RevokeSessionResult;
}

const revokeSessionIR: any = {"usedParamSet":{"handle":true},"params":[{"name":"handle","required":true,"transform":{"type":"scalar"},"locs":[{"a":171,"b":178}]}],"statement":"DELETE FROM \"session_store\".\"session\" AS t\nWHERE CASE WHEN starts_with(t.sid, 'sha256:') THEN substr(t.sid, 8) ELSE encode(sha256(convert_to(t.sid, 'UTF8')), 'hex') END = :handle!"};

/**
 * Query generated from SQL:
 * ```
 * DELETE FROM "session_store"."session" AS t
 * WHERE CASE WHEN starts_with(t.sid, 'sha256:') THEN substr(t.sid, 8) ELSE encode(sha256(convert_to(t.sid, 'UTF8')), 'hex') END = :handle!
 * ```
 */
export const revokeSession = new PreparedQuery<RevokeSessionParams,RevokeSessionResult>(revokeSessionIR);


/** 'RevokeSessionOfUser' parameters type */
export interface RevokeSessionOfUserParams {
  handle: string;
  userPath: stringArray;
  users: stringArray;
}

/** 'RevokeSessionOfUser' return type */
export type RevokeSessionOfUserResult = void;

/** 'RevokeSessionOfUser' query type */
export interface RevokeSessionOfUserQuery {
  params: RevokeSessionOfUserParams;
  result: RevokeSessionOfUserResult;
}

const revokeSessionOfUserIR: any = {"usedParamSet":{"userPath":true,"users":true,"handle":true},"params":[{"name":"userPath","required":true,"transform":{"type":"scalar"},"locs":[{"a":66,"b":75}]},{"name":"users","required":true,"transform":{"type":"scalar"},"locs":[{"a":91,"b":97}]},{"name":"handle","required":true,"transform":{"type":"scalar"},"locs":[{"a":234,"b":241}]}],"statement":"DELETE FROM \"session_store\".\"session\" AS t\nWHERE t.sess::json #>> :userPath!::text[] = ANY(:users!::text[]) AND CASE WHEN starts_with(t.sid, 'sha256:') THEN substr(t.sid, 8) ELSE encode(sha256(convert_to(t.sid, 'UTF8')), 'hex') END = :handle!"};

/**
 * Query generated from SQL:
 * ```
 * DELETE FROM "session_store"."session" AS t
 * WHERE t.sess::json #>> :userPath!::text[] = ANY(:users!::text[]) AND CASE WHEN starts_with(t.sid, 'sha256:') THEN substr(t.sid, 8) ELSE encode(sha256(convert_to(t.sid, 'UTF8')), 'hex') END = :handle!
 * ```
 */
export const revokeSessionOfUser = new PreparedQuery<RevokeSessionOfUserParams,RevokeSessionOfUserResult>(revokeSessionOfUserIR);


/** 'RevokeUser' parameters type */
export interface RevokeUserParams {
  except?: string | null | void;
  userPath: stringArray;
  users: stringArray;
}

/** 'RevokeUser' return type */
export type RevokeUserResult = void;

/** 'RevokeUser' query type */
export interface RevokeUserQuery {
  params: RevokeUserParams;
  result: RevokeUserResult;
}

const revokeUserIR: any = {"usedParamSet":{"userPath":true,"users":true,"except":true},"params":[{"name":"userPath","required":true,"transform":{"type":"scalar"},"locs":[{"a":66,"b":75}]},{"name":"users","required":true,"transform":{"type":"scalar"},"locs":[{"a":91,"b":97}]},{"name":"except","required":false,"transform":{"type":"scalar"},"locs":[{"a":251,"b":257}]}],"statement":"DELETE FROM \"session_store\".\"session\" AS t\nWHERE t.sess::json #>> :userPath!::text[] = ANY(:users!::text[])\n  AND CASE WHEN starts_with(t.sid, 'sha256:') THEN substr(t.sid, 8) ELSE encode(sha256(convert_to(t.sid, 'UTF8')), 'hex') END IS DISTINCT FROM :except                                                                                                                             "};

/**
 * Query generated from SQL:
 * ```
 * DELETE FROM "session_store"."session" AS t
 * WHERE t.sess::json #>> :userPath!::text[] = ANY(:users!::text[])
 *   AND CASE WHEN starts_with(t.sid, 'sha256:') THEN substr(t.sid, 8) ELSE encode(sha256(convert_to(t.sid, 'UTF8')), 'hex') END IS DISTINCT FROM :except                                                                                                                             
 * ```
 */
export const revokeUser = new PreparedQuery<RevokeUserParams,RevokeUserResult>(revokeUserIR);


/** 'SessionStats' parameters type */
export interface SessionStatsParams {
  schemaName?: string | null | void;
  tableName: string;
}

/** 'SessionStats' return type */
export interface SessionStatsResult {
  deadRows: number;
  expired: number;
  indexBytes: number;
  largestBytes: number | null;
  live: number;
  meanBytes: number | null;
  newest: number | null;
  oldest: number | null;
  overdue: number | null;
  tableBytes: number;
}

/** 'SessionStats' query type */
export interface SessionStatsQuery {
  params: SessionStatsParams;
  result: SessionStatsResult;
}

const sessionStatsIR: any = {"usedParamSet":{"tableName":true,"schemaName":true},"params":[{"name":"tableName","required":true,"transform":{"type":"scalar"},"locs":[{"a":263,"b":273}]},{"name":"schemaName","required":false,"transform":{"type":"scalar"},"locs":[{"a":331,"b":341},{"a":417,"b":427}]}],"statement":"WITH ss__tables AS MATERIALIZED (\n  SELECT coalesce(p.relid::oid, c.oid) AS oid\n  FROM pg_catalog.pg_class AS c\n  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace\n  LEFT JOIN LATERAL pg_catalog.pg_partition_tree(c.oid) AS p ON true\n  WHERE c.relname = :tableName! AND c.relkind IN ('r', 'p', 'v', 'f') AND\n    CASE WHEN :schemaName::text IS NULL THEN pg_catalog.pg_table_is_visible(c.oid) ELSE n.nspname = :schemaName END\n)\nSELECT\n  (count(*) FILTER (WHERE t.expire > now()))::int AS \"live!\",\n  (count(*) FILTER (WHERE t.expire <= now()))::int AS \"expired!\",\n  avg(pg_column_size(t.sess))::float8 AS \"meanBytes\",\n  max(pg_column_size(t.sess)) AS \"largestBytes\",\n  extract(epoch FROM (min(t.expire) FILTER (WHERE t.expire > now()))::timestamptz)::float8\n    - extract(epoch FROM now())::float8 AS \"oldest\",\n  extract(epoch FROM (max(t.expire) FILTER (WHERE t.expire > now()))::timestamptz)::float8\n    - extract(epoch FROM now())::float8 AS \"newest\",\n  extract(epoch FROM now())::float8\n    - extract(epoch FROM (min(t.expire) FILTER (WHERE t.expire <= now()))::timestamptz)::float8 AS \"overdue\",\n  (SELECT coalesce(sum(pg_table_size(s.oid)), 0)::float8 FROM ss__tables AS s) AS \"tableBytes!\",\n  (SELECT coalesce(sum(pg_indexes_size(s.oid)), 0)::float8 FROM ss__tables AS s) AS \"indexBytes!\",\n  (SELECT coalesce(sum(pg_stat_get_dead_tuples(s.oid)), 0)::float8 FROM ss__tables AS s) AS \"deadRows!\"\nFROM \"session_store\".\"session\" AS t"};

/**
 * Query generated from SQL:
 * ```
 * WITH ss__tables AS MATERIALIZED (
 *   SELECT coalesce(p.relid::oid, c.oid) AS oid
 *   FROM pg_catalog.pg_class AS c
 *   JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
 *   LEFT JOIN LATERAL pg_catalog.pg_partition_tree(c.oid) AS p ON true
 *   WHERE c.relname = :tableName! AND c.relkind IN ('r', 'p', 'v', 'f') AND
 *     CASE WHEN :schemaName::text IS NULL THEN pg_catalog.pg_table_is_visible(c.oid) ELSE n.nspname = :schemaName END
 * )
 * SELECT
 *   (count(*) FILTER (WHERE t.expire > now()))::int AS "live!",
 *   (count(*) FILTER (WHERE t.expire <= now()))::int AS "expired!",
 *   avg(pg_column_size(t.sess))::float8 AS "meanBytes",
 *   max(pg_column_size(t.sess)) AS "largestBytes",
 *   extract(epoch FROM (min(t.expire) FILTER (WHERE t.expire > now()))::timestamptz)::float8
 *     - extract(epoch FROM now())::float8 AS "oldest",
 *   extract(epoch FROM (max(t.expire) FILTER (WHERE t.expire > now()))::timestamptz)::float8
 *     - extract(epoch FROM now())::float8 AS "newest",
 *   extract(epoch FROM now())::float8
 *     - extract(epoch FROM (min(t.expire) FILTER (WHERE t.expire <= now()))::timestamptz)::float8 AS "overdue",
 *   (SELECT coalesce(sum(pg_table_size(s.oid)), 0)::float8 FROM ss__tables AS s) AS "tableBytes!",
 *   (SELECT coalesce(sum(pg_indexes_size(s.oid)), 0)::float8 FROM ss__tables AS s) AS "indexBytes!",
 *   (SELECT coalesce(sum(pg_stat_get_dead_tuples(s.oid)), 0)::float8 FROM ss__tables AS s) AS "deadRows!"
 * FROM "session_store"."session" AS t
 * ```
 */
export const sessionStats = new PreparedQuery<SessionStatsParams,SessionStatsResult>(sessionStatsIR);


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


