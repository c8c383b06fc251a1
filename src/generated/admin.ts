/** Types generated for queries found in "sql/admin.sql" */
import { PreparedQuery } from '@pgtyped/runtime';

export type DateOrString = Date | string;

export type stringArray = (string)[];

/** 'ListSessionsAfter' parameters type */
export interface ListSessionsAfterParams {
  expire: DateOrString;
  handle: string;
  limit: number;
}

/** 'ListSessionsAfter' return type */
export interface ListSessionsAfterResult {
  expire: string;
  expiresAt: number;
  handle: string;
  secondsLeft: number;
  sess: string;
}

/** 'ListSessionsAfter' query type */
export interface ListSessionsAfterQuery {
  params: ListSessionsAfterParams;
  result: ListSessionsAfterResult;
}

const listSessionsAfterIR: any = {"usedParamSet":{"expire":true,"handle":true,"limit":true},"params":[{"name":"expire","required":true,"transform":{"type":"scalar"},"locs":[{"a":550,"b":557},{"a":781,"b":788}]},{"name":"handle","required":true,"transform":{"type":"scalar"},"locs":[{"a":804,"b":811}]},{"name":"limit","required":true,"transform":{"type":"scalar"},"locs":[{"a":847,"b":853}]}],"statement":"SELECT\n  CASE WHEN pg_catalog.starts_with(t.sid, 'sha256:') THEN pg_catalog.substr(t.sid, 8) ELSE pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(t.sid, 'UTF8')), 'hex') END AS \"handle!\",\n  t.sess::text AS \"sess!\",\n  extract(epoch FROM t.expire::timestamptz)::float8 - extract(epoch FROM now())::float8 AS \"secondsLeft!\",\n  extract(epoch FROM t.expire::timestamptz)::float8 AS \"expiresAt!\",\n  pg_catalog.to_json(t.expire::timestamptz) #>> '{}'::text[] AS \"expire!\"\nFROM \"session_store\".\"session\" AS t\nWHERE t.expire > now() AND t.expire >= :expire!::timestamptz\n  AND (t.expire::timestamptz, CASE WHEN pg_catalog.starts_with(t.sid, 'sha256:') THEN pg_catalog.substr(t.sid, 8) ELSE pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(t.sid, 'UTF8')), 'hex') END) > (:expire!::timestamptz, :handle!::text)\nORDER BY t.expire, 1\nLIMIT :limit!::int                                                                                                                                                                                                               "};

/**
 * Query generated from SQL:
 * ```
 * SELECT
 *   CASE WHEN pg_catalog.starts_with(t.sid, 'sha256:') THEN pg_catalog.substr(t.sid, 8) ELSE pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(t.sid, 'UTF8')), 'hex') END AS "handle!",
 *   t.sess::text AS "sess!",
 *   extract(epoch FROM t.expire::timestamptz)::float8 - extract(epoch FROM now())::float8 AS "secondsLeft!",
 *   extract(epoch FROM t.expire::timestamptz)::float8 AS "expiresAt!",
 *   pg_catalog.to_json(t.expire::timestamptz) #>> '{}'::text[] AS "expire!"
 * FROM "session_store"."session" AS t
 * WHERE t.expire > now() AND t.expire >= :expire!::timestamptz
 *   AND (t.expire::timestamptz, CASE WHEN pg_catalog.starts_with(t.sid, 'sha256:') THEN pg_catalog.substr(t.sid, 8) ELSE pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(t.sid, 'UTF8')), 'hex') END) > (:expire!::timestamptz, :handle!::text)
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
  expiresAt: number;
  handle: string;
  secondsLeft: number;
  sess: string;
}

/** 'FindSessions' query type */
export interface FindSessionsQuery {
  params: FindSessionsParams;
  result: FindSessionsResult;
}

const findSessionsIR: any = {"usedParamSet":{"userPath":true,"users":true},"params":[{"name":"userPath","required":true,"transform":{"type":"scalar"},"locs":[{"a":459,"b":468}]},{"name":"users","required":true,"transform":{"type":"scalar"},"locs":[{"a":484,"b":490}]}],"statement":"SELECT\n  CASE WHEN pg_catalog.starts_with(t.sid, 'sha256:') THEN pg_catalog.substr(t.sid, 8) ELSE pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(t.sid, 'UTF8')), 'hex') END AS \"handle!\",\n  t.sess::text AS \"sess!\",\n  extract(epoch FROM t.expire::timestamptz)::float8 - extract(epoch FROM now())::float8 AS \"secondsLeft!\",\n  extract(epoch FROM t.expire::timestamptz)::float8 AS \"expiresAt!\"\nFROM \"session_store\".\"session\" AS t\nWHERE t.sess::json #>> :userPath!::text[] = ANY(:users!::text[]) AND t.expire > now()\nORDER BY t.expire DESC, 1                                                               "};

/**
 * Query generated from SQL:
 * ```
 * SELECT
 *   CASE WHEN pg_catalog.starts_with(t.sid, 'sha256:') THEN pg_catalog.substr(t.sid, 8) ELSE pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(t.sid, 'UTF8')), 'hex') END AS "handle!",
 *   t.sess::text AS "sess!",
 *   extract(epoch FROM t.expire::timestamptz)::float8 - extract(epoch FROM now())::float8 AS "secondsLeft!",
 *   extract(epoch FROM t.expire::timestamptz)::float8 AS "expiresAt!"
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
  expiresAt: number;
  handle: string;
  secondsLeft: number;
  sess: string;
}

/** 'ShowSession' query type */
export interface ShowSessionQuery {
  params: ShowSessionParams;
  result: ShowSessionResult;
}

const showSessionIR: any = {"usedParamSet":{"handle":true},"params":[{"name":"handle","required":true,"transform":{"type":"scalar"},"locs":[{"a":619,"b":626}]}],"statement":"SELECT\n  CASE WHEN pg_catalog.starts_with(t.sid, 'sha256:') THEN pg_catalog.substr(t.sid, 8) ELSE pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(t.sid, 'UTF8')), 'hex') END AS \"handle!\",\n  t.sess::text AS \"sess!\",\n  extract(epoch FROM t.expire::timestamptz)::float8 - extract(epoch FROM now())::float8 AS \"secondsLeft!\",\n  extract(epoch FROM t.expire::timestamptz)::float8 AS \"expiresAt!\"\nFROM \"session_store\".\"session\" AS t\nWHERE CASE WHEN pg_catalog.starts_with(t.sid, 'sha256:') THEN pg_catalog.substr(t.sid, 8) ELSE pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(t.sid, 'UTF8')), 'hex') END = :handle! AND t.expire > now()                                                  "};

/**
 * Query generated from SQL:
 * ```
 * SELECT
 *   CASE WHEN pg_catalog.starts_with(t.sid, 'sha256:') THEN pg_catalog.substr(t.sid, 8) ELSE pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(t.sid, 'UTF8')), 'hex') END AS "handle!",
 *   t.sess::text AS "sess!",
 *   extract(epoch FROM t.expire::timestamptz)::float8 - extract(epoch FROM now())::float8 AS "secondsLeft!",
 *   extract(epoch FROM t.expire::timestamptz)::float8 AS "expiresAt!"
 * FROM "session_store"."session" AS t
 * WHERE CASE WHEN pg_catalog.starts_with(t.sid, 'sha256:') THEN pg_catalog.substr(t.sid, 8) ELSE pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(t.sid, 'UTF8')), 'hex') END = :handle! AND t.expire > now()                                                  
 * ```
 */
export const showSession = new PreparedQuery<ShowSessionParams,ShowSessionResult>(showSessionIR);


/** 'ShowHashedSession' parameters type */
export interface ShowHashedSessionParams {
  sid: string;
}

/** 'ShowHashedSession' return type */
export interface ShowHashedSessionResult {
  expiresAt: number;
  handle: string;
  secondsLeft: number;
  sess: string;
}

/** 'ShowHashedSession' query type */
export interface ShowHashedSessionQuery {
  params: ShowHashedSessionParams;
  result: ShowHashedSessionResult;
}

const showHashedSessionIR: any = {"usedParamSet":{"sid":true},"params":[{"name":"sid","required":true,"transform":{"type":"scalar"},"locs":[{"a":324,"b":328}]}],"statement":"SELECT\n  pg_catalog.substr(t.sid, 8) AS \"handle!\",\n  t.sess::text AS \"sess!\",\n  extract(epoch FROM t.expire::timestamptz)::float8 - extract(epoch FROM now())::float8 AS \"secondsLeft!\",\n  extract(epoch FROM t.expire::timestamptz)::float8 AS \"expiresAt!\"\nFROM \"session_store\".\"session\" AS t\nWHERE t.sid OPERATOR(pg_catalog.=) :sid! AND t.expire > now()                                                                                                                                                                                                                                                                                              "};

/**
 * Query generated from SQL:
 * ```
 * SELECT
 *   pg_catalog.substr(t.sid, 8) AS "handle!",
 *   t.sess::text AS "sess!",
 *   extract(epoch FROM t.expire::timestamptz)::float8 - extract(epoch FROM now())::float8 AS "secondsLeft!",
 *   extract(epoch FROM t.expire::timestamptz)::float8 AS "expiresAt!"
 * FROM "session_store"."session" AS t
 * WHERE t.sid OPERATOR(pg_catalog.=) :sid! AND t.expire > now()                                                                                                                                                                                                                                                                                              
 * ```
 */
export const showHashedSession = new PreparedQuery<ShowHashedSessionParams,ShowHashedSessionResult>(showHashedSessionIR);


/** 'RevokeSession' parameters type */
export interface RevokeSessionParams {
  channel?: string | null | void;
  handle: string;
}

/** 'RevokeSession' return type */
export interface RevokeSessionResult {
  notified: string | null;
}

/** 'RevokeSession' query type */
export interface RevokeSessionQuery {
  params: RevokeSessionParams;
  result: RevokeSessionResult;
}

const revokeSessionIR: any = {"usedParamSet":{"handle":true,"channel":true},"params":[{"name":"handle","required":true,"transform":{"type":"scalar"},"locs":[{"a":406,"b":413},{"a":675,"b":682}]},{"name":"channel","required":false,"transform":{"type":"scalar"},"locs":[{"a":612,"b":619},{"a":665,"b":672}]}],"statement":"WITH ss__found AS MATERIALIZED (\n  SELECT pg_catalog.unnest(ARRAY[t.sid::text, 'sha256:' || pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(t.sid, 'UTF8')), 'hex')]) AS sid\n  FROM \"session_store\".\"session\" AS t\n  WHERE CASE WHEN pg_catalog.starts_with(t.sid, 'sha256:') THEN pg_catalog.substr(t.sid, 8) ELSE pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(t.sid, 'UTF8')), 'hex') END = :handle!\n), ss__deleted AS MATERIALIZED (\n  DELETE FROM \"session_store\".\"session\" AS t\n  WHERE t.sid OPERATOR(pg_catalog.=) ANY(ARRAY(SELECT f.sid FROM ss__found AS f))\n  RETURNING t.sid\n)\nSELECT CASE WHEN :channel::text IS NOT NULL THEN pg_catalog.pg_notify(:channel, :handle!)::text END AS \"notified\"\nFROM ss__deleted AS d                                                                                           "};

/**
 * Query generated from SQL:
 * ```
 * WITH ss__found AS MATERIALIZED (
 *   SELECT pg_catalog.unnest(ARRAY[t.sid::text, 'sha256:' || pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(t.sid, 'UTF8')), 'hex')]) AS sid
 *   FROM "session_store"."session" AS t
 *   WHERE CASE WHEN pg_catalog.starts_with(t.sid, 'sha256:') THEN pg_catalog.substr(t.sid, 8) ELSE pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(t.sid, 'UTF8')), 'hex') END = :handle!
 * ), ss__deleted AS MATERIALIZED (
 *   DELETE FROM "session_store"."session" AS t
 *   WHERE t.sid OPERATOR(pg_catalog.=) ANY(ARRAY(SELECT f.sid FROM ss__found AS f))
 *   RETURNING t.sid
 * )
 * SELECT CASE WHEN :channel::text IS NOT NULL THEN pg_catalog.pg_notify(:channel, :handle!)::text END AS "notified"
 * FROM ss__deleted AS d                                                                                           
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
  notified: string | null;
}

/** 'RevokeSessionOfUser' query type */
export interface RevokeSessionOfUserQuery {
  params: RevokeSessionOfUserParams;
  result: RevokeSessionOfUserResult;
}

const revokeSessionOfUserIR: any = {"usedParamSet":{"userPath":true,"users":true,"handle":true,"channel":true},"params":[{"name":"userPath","required":true,"transform":{"type":"scalar"},"locs":[{"a":246,"b":255},{"a":659,"b":668}]},{"name":"users","required":true,"transform":{"type":"scalar"},"locs":[{"a":271,"b":277},{"a":684,"b":690}]},{"name":"handle","required":true,"transform":{"type":"scalar"},"locs":[{"a":469,"b":476},{"a":801,"b":808}]},{"name":"channel","required":false,"transform":{"type":"scalar"},"locs":[{"a":738,"b":745},{"a":791,"b":798}]}],"statement":"WITH ss__found AS MATERIALIZED (\n  SELECT pg_catalog.unnest(ARRAY[t.sid::text, 'sha256:' || pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(t.sid, 'UTF8')), 'hex')]) AS sid\n  FROM \"session_store\".\"session\" AS t\n  WHERE t.sess::json #>> :userPath!::text[] = ANY(:users!::text[]) AND CASE WHEN pg_catalog.starts_with(t.sid, 'sha256:') THEN pg_catalog.substr(t.sid, 8) ELSE pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(t.sid, 'UTF8')), 'hex') END = :handle!\n), ss__deleted AS MATERIALIZED (\n  DELETE FROM \"session_store\".\"session\" AS t\n  WHERE t.sid OPERATOR(pg_catalog.=) ANY(ARRAY(SELECT f.sid FROM ss__found AS f)) AND t.sess::json #>> :userPath!::text[] = ANY(:users!::text[])\n  RETURNING t.sid\n)\nSELECT CASE WHEN :channel::text IS NOT NULL THEN pg_catalog.pg_notify(:channel, :handle!)::text END AS \"notified\"\nFROM ss__deleted AS d                                                                          "};

/**
 * Query generated from SQL:
 * ```
 * WITH ss__found AS MATERIALIZED (
 *   SELECT pg_catalog.unnest(ARRAY[t.sid::text, 'sha256:' || pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(t.sid, 'UTF8')), 'hex')]) AS sid
 *   FROM "session_store"."session" AS t
 *   WHERE t.sess::json #>> :userPath!::text[] = ANY(:users!::text[]) AND CASE WHEN pg_catalog.starts_with(t.sid, 'sha256:') THEN pg_catalog.substr(t.sid, 8) ELSE pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(t.sid, 'UTF8')), 'hex') END = :handle!
 * ), ss__deleted AS MATERIALIZED (
 *   DELETE FROM "session_store"."session" AS t
 *   WHERE t.sid OPERATOR(pg_catalog.=) ANY(ARRAY(SELECT f.sid FROM ss__found AS f)) AND t.sess::json #>> :userPath!::text[] = ANY(:users!::text[])
 *   RETURNING t.sid
 * )
 * SELECT CASE WHEN :channel::text IS NOT NULL THEN pg_catalog.pg_notify(:channel, :handle!)::text END AS "notified"
 * FROM ss__deleted AS d                                                                          
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
  notifications: number;
  revoked: number;
}

/** 'RevokeUser' query type */
export interface RevokeUserQuery {
  params: RevokeUserParams;
  result: RevokeUserResult;
}

const revokeUserIR: any = {"usedParamSet":{"userPath":true,"users":true,"except":true,"channel":true},"params":[{"name":"userPath","required":true,"transform":{"type":"scalar"},"locs":[{"a":246,"b":255},{"a":677,"b":686}]},{"name":"users","required":true,"transform":{"type":"scalar"},"locs":[{"a":271,"b":277},{"a":702,"b":708}]},{"name":"except","required":false,"transform":{"type":"scalar"},"locs":[{"a":488,"b":494}]},{"name":"channel","required":false,"transform":{"type":"scalar"},"locs":[{"a":1102,"b":1109},{"a":1199,"b":1206}]}],"statement":"WITH ss__found AS MATERIALIZED (\n  SELECT pg_catalog.unnest(ARRAY[t.sid::text, 'sha256:' || pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(t.sid, 'UTF8')), 'hex')]) AS sid\n  FROM \"session_store\".\"session\" AS t\n  WHERE t.sess::json #>> :userPath!::text[] = ANY(:users!::text[])\n    AND CASE WHEN pg_catalog.starts_with(t.sid, 'sha256:') THEN pg_catalog.substr(t.sid, 8) ELSE pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(t.sid, 'UTF8')), 'hex') END IS DISTINCT FROM :except\n), ss__deleted AS MATERIALIZED (\n  DELETE FROM \"session_store\".\"session\" AS t\n  WHERE t.sid OPERATOR(pg_catalog.=) ANY(ARRAY(SELECT f.sid FROM ss__found AS f)) AND t.sess::json #>> :userPath!::text[] = ANY(:users!::text[])\n  RETURNING t.sid\n), ss__chunks AS MATERIALIZED (\n  SELECT\n    (row_number() OVER () - 1) / 120 AS chunk,\n    CASE WHEN pg_catalog.starts_with(d.sid, 'sha256:') THEN pg_catalog.substr(d.sid, 8) ELSE pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(d.sid, 'UTF8')), 'hex') END AS handle\n  FROM ss__deleted AS d\n), ss__notified AS MATERIALIZED (\n  SELECT pg_catalog.pg_notify(:channel, pg_catalog.string_agg(c.handle, ' '))::text AS notified\n  FROM ss__chunks AS c\n  WHERE :channel::text IS NOT NULL\n  GROUP BY c.chunk\n)\nSELECT (SELECT count(*) FROM ss__deleted)::int AS \"revoked!\", (SELECT count(*) FROM ss__notified)::int AS \"notifications!\"                                                                                                                        "};

/**
 * Query generated from SQL:
 * ```
 * WITH ss__found AS MATERIALIZED (
 *   SELECT pg_catalog.unnest(ARRAY[t.sid::text, 'sha256:' || pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(t.sid, 'UTF8')), 'hex')]) AS sid
 *   FROM "session_store"."session" AS t
 *   WHERE t.sess::json #>> :userPath!::text[] = ANY(:users!::text[])
 *     AND CASE WHEN pg_catalog.starts_with(t.sid, 'sha256:') THEN pg_catalog.substr(t.sid, 8) ELSE pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(t.sid, 'UTF8')), 'hex') END IS DISTINCT FROM :except
 * ), ss__deleted AS MATERIALIZED (
 *   DELETE FROM "session_store"."session" AS t
 *   WHERE t.sid OPERATOR(pg_catalog.=) ANY(ARRAY(SELECT f.sid FROM ss__found AS f)) AND t.sess::json #>> :userPath!::text[] = ANY(:users!::text[])
 *   RETURNING t.sid
 * ), ss__chunks AS MATERIALIZED (
 *   SELECT
 *     (row_number() OVER () - 1) / 120 AS chunk,
 *     CASE WHEN pg_catalog.starts_with(d.sid, 'sha256:') THEN pg_catalog.substr(d.sid, 8) ELSE pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(d.sid, 'UTF8')), 'hex') END AS handle
 *   FROM ss__deleted AS d
 * ), ss__notified AS MATERIALIZED (
 *   SELECT pg_catalog.pg_notify(:channel, pg_catalog.string_agg(c.handle, ' '))::text AS notified
 *   FROM ss__chunks AS c
 *   WHERE :channel::text IS NOT NULL
 *   GROUP BY c.chunk
 * )
 * SELECT (SELECT count(*) FROM ss__deleted)::int AS "revoked!", (SELECT count(*) FROM ss__notified)::int AS "notifications!"                                                                                                                        
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
  firstExpiresIn: number | null;
  indexBytes: number;
  largestBytes: number | null;
  lastExpiresIn: number | null;
  live: number;
  meanBytes: number | null;
  overdue: number | null;
  tableBytes: number;
}

/** 'SessionStats' query type */
export interface SessionStatsQuery {
  params: SessionStatsParams;
  result: SessionStatsResult;
}

const sessionStatsIR: any = {"usedParamSet":{"tableName":true,"schemaName":true},"params":[{"name":"tableName","required":true,"transform":{"type":"scalar"},"locs":[{"a":263,"b":273}]},{"name":"schemaName","required":false,"transform":{"type":"scalar"},"locs":[{"a":331,"b":341},{"a":417,"b":427}]}],"statement":"WITH ss__tables AS MATERIALIZED (\n  SELECT coalesce(p.relid::oid, c.oid) AS oid\n  FROM pg_catalog.pg_class AS c\n  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace\n  LEFT JOIN LATERAL pg_catalog.pg_partition_tree(c.oid) AS p ON true\n  WHERE c.relname = :tableName! AND c.relkind IN ('r', 'p', 'v', 'f') AND\n    CASE WHEN :schemaName::text IS NULL THEN pg_catalog.pg_table_is_visible(c.oid) ELSE n.nspname = :schemaName END\n), ss__sizes AS MATERIALIZED (\n  SELECT\n    coalesce(pg_catalog.sum(pg_catalog.pg_table_size(s.oid)), 0)::float8 AS table_bytes,\n    coalesce(pg_catalog.sum(pg_catalog.pg_indexes_size(s.oid)), 0)::float8 AS index_bytes,\n    coalesce(pg_catalog.sum(pg_catalog.pg_stat_get_dead_tuples(s.oid)), 0)::float8 AS dead_rows\n  FROM ss__tables AS s\n), ss__sessions AS MATERIALIZED (\n  SELECT\n    count(*) FILTER (WHERE t.expire > now()) AS live,\n    count(*) FILTER (WHERE t.expire <= now()) AS expired,\n    pg_catalog.avg(pg_catalog.pg_column_size(t.sess)) AS mean_bytes,\n    pg_catalog.max(pg_catalog.pg_column_size(t.sess)) AS largest_bytes,\n    pg_catalog.min(t.expire) FILTER (WHERE t.expire > now()) AS first_expiry,\n    pg_catalog.max(t.expire) FILTER (WHERE t.expire > now()) AS last_expiry,\n    pg_catalog.min(t.expire) FILTER (WHERE t.expire <= now()) AS overdue_since\n  FROM \"session_store\".\"session\" AS t\n)\nSELECT\n  x.live::int AS \"live!\",\n  x.expired::int AS \"expired!\",\n  x.mean_bytes::float8 AS \"meanBytes\",\n  x.largest_bytes AS \"largestBytes\",\n  extract(epoch FROM x.first_expiry::timestamptz)::float8 - extract(epoch FROM now())::float8 AS \"firstExpiresIn\",\n  extract(epoch FROM x.last_expiry::timestamptz)::float8 - extract(epoch FROM now())::float8 AS \"lastExpiresIn\",\n  extract(epoch FROM now())::float8 - extract(epoch FROM x.overdue_since::timestamptz)::float8 AS \"overdue\",\n  s.table_bytes AS \"tableBytes!\",\n  s.index_bytes AS \"indexBytes!\",\n  s.dead_rows AS \"deadRows!\"\nFROM ss__sessions AS x, ss__sizes AS s"};

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
 * ), ss__sizes AS MATERIALIZED (
 *   SELECT
 *     coalesce(pg_catalog.sum(pg_catalog.pg_table_size(s.oid)), 0)::float8 AS table_bytes,
 *     coalesce(pg_catalog.sum(pg_catalog.pg_indexes_size(s.oid)), 0)::float8 AS index_bytes,
 *     coalesce(pg_catalog.sum(pg_catalog.pg_stat_get_dead_tuples(s.oid)), 0)::float8 AS dead_rows
 *   FROM ss__tables AS s
 * ), ss__sessions AS MATERIALIZED (
 *   SELECT
 *     count(*) FILTER (WHERE t.expire > now()) AS live,
 *     count(*) FILTER (WHERE t.expire <= now()) AS expired,
 *     pg_catalog.avg(pg_catalog.pg_column_size(t.sess)) AS mean_bytes,
 *     pg_catalog.max(pg_catalog.pg_column_size(t.sess)) AS largest_bytes,
 *     pg_catalog.min(t.expire) FILTER (WHERE t.expire > now()) AS first_expiry,
 *     pg_catalog.max(t.expire) FILTER (WHERE t.expire > now()) AS last_expiry,
 *     pg_catalog.min(t.expire) FILTER (WHERE t.expire <= now()) AS overdue_since
 *   FROM "session_store"."session" AS t
 * )
 * SELECT
 *   x.live::int AS "live!",
 *   x.expired::int AS "expired!",
 *   x.mean_bytes::float8 AS "meanBytes",
 *   x.largest_bytes AS "largestBytes",
 *   extract(epoch FROM x.first_expiry::timestamptz)::float8 - extract(epoch FROM now())::float8 AS "firstExpiresIn",
 *   extract(epoch FROM x.last_expiry::timestamptz)::float8 - extract(epoch FROM now())::float8 AS "lastExpiresIn",
 *   extract(epoch FROM now())::float8 - extract(epoch FROM x.overdue_since::timestamptz)::float8 AS "overdue",
 *   s.table_bytes AS "tableBytes!",
 *   s.index_bytes AS "indexBytes!",
 *   s.dead_rows AS "deadRows!"
 * FROM ss__sessions AS x, ss__sizes AS s
 * ```
 */
export const sessionStats = new PreparedQuery<SessionStatsParams,SessionStatsResult>(sessionStatsIR);


