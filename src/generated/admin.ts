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

const showSessionIR: any = {"usedParamSet":{"handle":true},"params":[{"name":"handle","required":true,"transform":{"type":"scalar"},"locs":[{"a":432,"b":439}]}],"statement":"SELECT\n  CASE WHEN starts_with(t.sid, 'sha256:') THEN substr(t.sid, 8) ELSE encode(sha256(convert_to(t.sid, 'UTF8')), 'hex') END AS \"handle!\",\n  t.sess::text AS \"sess!\",\n  extract(epoch FROM t.expire::timestamptz)::float8 - extract(epoch FROM now())::float8 AS \"ttl!\"\nFROM \"session_store\".\"session\" AS t\nWHERE CASE WHEN starts_with(t.sid, 'sha256:') THEN substr(t.sid, 8) ELSE encode(sha256(convert_to(t.sid, 'UTF8')), 'hex') END = :handle! AND t.expire > now()                                                                                                                                                                              "};

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
  channel?: string | null | void;
  handle: string;
}

/** 'RevokeSession' return type */
export interface RevokeSessionResult {
  told: string | null;
}

/** 'RevokeSession' query type */
export interface RevokeSessionQuery {
  params: RevokeSessionParams;
  result: RevokeSessionResult;
}

const revokeSessionIR: any = {"usedParamSet":{"handle":true,"channel":true},"params":[{"name":"handle","required":true,"transform":{"type":"scalar"},"locs":[{"a":171,"b":178},{"a":252,"b":259}]},{"name":"channel","required":false,"transform":{"type":"scalar"},"locs":[{"a":200,"b":207},{"a":242,"b":249}]}],"statement":"DELETE FROM \"session_store\".\"session\" AS t\nWHERE CASE WHEN starts_with(t.sid, 'sha256:') THEN substr(t.sid, 8) ELSE encode(sha256(convert_to(t.sid, 'UTF8')), 'hex') END = :handle!\nRETURNING CASE WHEN :channel::text IS NOT NULL THEN pg_notify(:channel, :handle!)::text END AS \"told\""};

/**
 * Query generated from SQL:
 * ```
 * DELETE FROM "session_store"."session" AS t
 * WHERE CASE WHEN starts_with(t.sid, 'sha256:') THEN substr(t.sid, 8) ELSE encode(sha256(convert_to(t.sid, 'UTF8')), 'hex') END = :handle!
 * RETURNING CASE WHEN :channel::text IS NOT NULL THEN pg_notify(:channel, :handle!)::text END AS "told"
 * ```
 */
export const revokeSession = new PreparedQuery<RevokeSessionParams,RevokeSessionResult>(revokeSessionIR);


/** 'RevokeSessionOfUser' parameters type */
export interface RevokeSessionOfUserParams {
  channel?: string | null | void;
  handle: string;
  userPath: stringArray;
  users: stringArray;
}

/** 'RevokeSessionOfUser' return type */
export interface RevokeSessionOfUserResult {
  told: string | null;
}

/** 'RevokeSessionOfUser' query type */
export interface RevokeSessionOfUserQuery {
  params: RevokeSessionOfUserParams;
  result: RevokeSessionOfUserResult;
}

const revokeSessionOfUserIR: any = {"usedParamSet":{"userPath":true,"users":true,"handle":true,"channel":true},"params":[{"name":"userPath","required":true,"transform":{"type":"scalar"},"locs":[{"a":66,"b":75}]},{"name":"users","required":true,"transform":{"type":"scalar"},"locs":[{"a":91,"b":97}]},{"name":"handle","required":true,"transform":{"type":"scalar"},"locs":[{"a":234,"b":241},{"a":315,"b":322}]},{"name":"channel","required":false,"transform":{"type":"scalar"},"locs":[{"a":263,"b":270},{"a":305,"b":312}]}],"statement":"DELETE FROM \"session_store\".\"session\" AS t\nWHERE t.sess::json #>> :userPath!::text[] = ANY(:users!::text[]) AND CASE WHEN starts_with(t.sid, 'sha256:') THEN substr(t.sid, 8) ELSE encode(sha256(convert_to(t.sid, 'UTF8')), 'hex') END = :handle!\nRETURNING CASE WHEN :channel::text IS NOT NULL THEN pg_notify(:channel, :handle!)::text END AS \"told\"                                         "};

/**
 * Query generated from SQL:
 * ```
 * DELETE FROM "session_store"."session" AS t
 * WHERE t.sess::json #>> :userPath!::text[] = ANY(:users!::text[]) AND CASE WHEN starts_with(t.sid, 'sha256:') THEN substr(t.sid, 8) ELSE encode(sha256(convert_to(t.sid, 'UTF8')), 'hex') END = :handle!
 * RETURNING CASE WHEN :channel::text IS NOT NULL THEN pg_notify(:channel, :handle!)::text END AS "told"                                         
 * ```
 */
export const revokeSessionOfUser = new PreparedQuery<RevokeSessionOfUserParams,RevokeSessionOfUserResult>(revokeSessionOfUserIR);


/** 'RevokeUser' parameters type */
export interface RevokeUserParams {
  channel?: string | null | void;
  except?: string | null | void;
  userPath: stringArray;
  users: stringArray;
}

/** 'RevokeUser' return type */
export interface RevokeUserResult {
  messages: number;
  revoked: number;
}

/** 'RevokeUser' query type */
export interface RevokeUserQuery {
  params: RevokeUserParams;
  result: RevokeUserResult;
}

const revokeUserIR: any = {"usedParamSet":{"userPath":true,"users":true,"except":true,"channel":true},"params":[{"name":"userPath","required":true,"transform":{"type":"scalar"},"locs":[{"a":102,"b":111}]},{"name":"users","required":true,"transform":{"type":"scalar"},"locs":[{"a":127,"b":133}]},{"name":"except","required":false,"transform":{"type":"scalar"},"locs":[{"a":289,"b":295}]},{"name":"channel","required":false,"transform":{"type":"scalar"},"locs":[{"a":602,"b":609},{"a":670,"b":677}]}],"statement":"WITH ss__gone AS MATERIALIZED (\n  DELETE FROM \"session_store\".\"session\" AS t\n  WHERE t.sess::json #>> :userPath!::text[] = ANY(:users!::text[])\n    AND CASE WHEN starts_with(t.sid, 'sha256:') THEN substr(t.sid, 8) ELSE encode(sha256(convert_to(t.sid, 'UTF8')), 'hex') END IS DISTINCT FROM :except\n  RETURNING CASE WHEN starts_with(t.sid, 'sha256:') THEN substr(t.sid, 8) ELSE encode(sha256(convert_to(t.sid, 'UTF8')), 'hex') END AS handle\n), ss__chunks AS MATERIALIZED (\n  SELECT g.handle, (row_number() OVER () - 1) / 120 AS chunk\n  FROM ss__gone AS g\n), ss__told AS MATERIALIZED (\n  SELECT pg_notify(:channel, string_agg(c.handle, ' '))\n  FROM ss__chunks AS c\n  WHERE :channel::text IS NOT NULL\n  GROUP BY c.chunk\n)\nSELECT (SELECT count(*) FROM ss__gone)::int AS \"revoked!\", (SELECT count(*) FROM ss__told)::int AS \"messages!\""};

/**
 * Query generated from SQL:
 * ```
 * WITH ss__gone AS MATERIALIZED (
 *   DELETE FROM "session_store"."session" AS t
 *   WHERE t.sess::json #>> :userPath!::text[] = ANY(:users!::text[])
 *     AND CASE WHEN starts_with(t.sid, 'sha256:') THEN substr(t.sid, 8) ELSE encode(sha256(convert_to(t.sid, 'UTF8')), 'hex') END IS DISTINCT FROM :except
 *   RETURNING CASE WHEN starts_with(t.sid, 'sha256:') THEN substr(t.sid, 8) ELSE encode(sha256(convert_to(t.sid, 'UTF8')), 'hex') END AS handle
 * ), ss__chunks AS MATERIALIZED (
 *   SELECT g.handle, (row_number() OVER () - 1) / 120 AS chunk
 *   FROM ss__gone AS g
 * ), ss__told AS MATERIALIZED (
 *   SELECT pg_notify(:channel, string_agg(c.handle, ' '))
 *   FROM ss__chunks AS c
 *   WHERE :channel::text IS NOT NULL
 *   GROUP BY c.chunk
 * )
 * SELECT (SELECT count(*) FROM ss__gone)::int AS "revoked!", (SELECT count(*) FROM ss__told)::int AS "messages!"
 * ```
 */
export const revokeUser = new PreparedQuery<RevokeUserParams,RevokeUserResult>(revokeUserIR);


/** 'RevokeAll' parameters type */
export interface RevokeAllParams {
  channel: string;
}

/** 'RevokeAll' return type */
export interface RevokeAllResult {
  messages: number;
  revoked: number;
}

/** 'RevokeAll' query type */
export interface RevokeAllQuery {
  params: RevokeAllParams;
  result: RevokeAllResult;
}

const revokeAllIR: any = {"usedParamSet":{"channel":true},"params":[{"name":"channel","required":true,"transform":{"type":"scalar"},"locs":[{"a":382,"b":390}]}],"statement":"WITH ss__gone AS MATERIALIZED (\n  DELETE FROM \"session_store\".\"session\" AS t\n  RETURNING CASE WHEN starts_with(t.sid, 'sha256:') THEN substr(t.sid, 8) ELSE encode(sha256(convert_to(t.sid, 'UTF8')), 'hex') END AS handle\n), ss__chunks AS MATERIALIZED (\n  SELECT g.handle, (row_number() OVER () - 1) / 120 AS chunk\n  FROM ss__gone AS g\n), ss__told AS MATERIALIZED (\n  SELECT pg_notify(:channel!, string_agg(c.handle, ' '))\n  FROM ss__chunks AS c\n  GROUP BY c.chunk\n)\nSELECT (SELECT count(*) FROM ss__gone)::int AS \"revoked!\", (SELECT count(*) FROM ss__told)::int AS \"messages!\"                                                                                                                             "};

/**
 * Query generated from SQL:
 * ```
 * WITH ss__gone AS MATERIALIZED (
 *   DELETE FROM "session_store"."session" AS t
 *   RETURNING CASE WHEN starts_with(t.sid, 'sha256:') THEN substr(t.sid, 8) ELSE encode(sha256(convert_to(t.sid, 'UTF8')), 'hex') END AS handle
 * ), ss__chunks AS MATERIALIZED (
 *   SELECT g.handle, (row_number() OVER () - 1) / 120 AS chunk
 *   FROM ss__gone AS g
 * ), ss__told AS MATERIALIZED (
 *   SELECT pg_notify(:channel!, string_agg(c.handle, ' '))
 *   FROM ss__chunks AS c
 *   GROUP BY c.chunk
 * )
 * SELECT (SELECT count(*) FROM ss__gone)::int AS "revoked!", (SELECT count(*) FROM ss__told)::int AS "messages!"                                                                                                                             
 * ```
 */
export const revokeAll = new PreparedQuery<RevokeAllParams,RevokeAllResult>(revokeAllIR);


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

const clearSessionsIR: any = {"usedParamSet":{},"params":[],"statement":"DELETE FROM \"session_store\".\"session\" AS t                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                   "};

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

const pruneSessionsIR: any = {"usedParamSet":{"key":true,"since":true,"batch":true},"params":[{"name":"key","required":true,"transform":{"type":"scalar"},"locs":[{"a":69,"b":73}]},{"name":"since","required":false,"transform":{"type":"scalar"},"locs":[{"a":312,"b":317}]},{"name":"batch","required":true,"transform":{"type":"scalar"},"locs":[{"a":370,"b":376}]}],"statement":"WITH ss__leader AS MATERIALIZED (\n  SELECT pg_try_advisory_xact_lock(:key!) AS ok\n)\nDELETE FROM \"session_store\".\"session\" AS t\nWHERE t.sid = ANY(ARRAY(\n  SELECT s.sid\n  FROM \"session_store\".\"session\" AS s\n  WHERE (SELECT l.ok FROM ss__leader AS l) AND s.expire <= now()\n    AND s.expire >= to_timestamp(coalesce(:since::float8, '-Infinity'))\n  ORDER BY s.expire\n  LIMIT :batch!::int\n)) AND (t.expire <= now()) IS TRUE\nRETURNING extract(epoch FROM t.expire::timestamptz)::float8 AS \"expired!\"                                                                                  "};

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
 *     AND s.expire >= to_timestamp(coalesce(:since::float8, '-Infinity'))
 *   ORDER BY s.expire
 *   LIMIT :batch!::int
 * )) AND (t.expire <= now()) IS TRUE
 * RETURNING extract(epoch FROM t.expire::timestamptz)::float8 AS "expired!"                                                                                  
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


