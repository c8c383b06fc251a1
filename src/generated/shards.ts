/** Types generated for queries found in "sql/shards.sql" */
import { PreparedQuery } from '@pgtyped/runtime';

export type booleanArray = (boolean)[];

export type numberArray = (number)[];

export type stringArray = (string)[];

/** 'ReplaceSessionsOfShard' parameters type */
export interface ReplaceSessionsOfShardParams {
  loaded: stringArray;
  mayShorten: booleanArray;
  payloads: stringArray;
  sids: stringArray;
  ttls: numberArray;
}

/** 'ReplaceSessionsOfShard' return type */
export interface ReplaceSessionsOfShardResult {
  isLocked: boolean | null;
  sid: string | null;
}

/** 'ReplaceSessionsOfShard' query type */
export interface ReplaceSessionsOfShardQuery {
  params: ReplaceSessionsOfShardParams;
  result: ReplaceSessionsOfShardResult;
}

const replaceSessionsOfShardIR: any = {"usedParamSet":{"sids":true,"loaded":true,"payloads":true,"ttls":true,"mayShorten":true},"params":[{"name":"sids","required":true,"transform":{"type":"scalar"},"locs":[{"a":126,"b":131},{"a":524,"b":529},{"a":883,"b":888},{"a":1086,"b":1091}]},{"name":"loaded","required":true,"transform":{"type":"scalar"},"locs":[{"a":540,"b":547}]},{"name":"payloads","required":true,"transform":{"type":"scalar"},"locs":[{"a":558,"b":567}]},{"name":"ttls","required":true,"transform":{"type":"scalar"},"locs":[{"a":578,"b":583}]},{"name":"mayShorten","required":true,"transform":{"type":"scalar"},"locs":[{"a":596,"b":607}]}],"statement":"WITH ss__free AS MATERIALIZED (\n  SELECT s.sid\n  FROM \"session_store\".\"session\" AS s\n  WHERE s.sid OPERATOR(pg_catalog.=) ANY(:sids!::text[])\n  FOR NO KEY UPDATE SKIP LOCKED\n), ss__changed AS MATERIALIZED (\n  UPDATE \"session_store\".\"session\" AS t\n  SET sess = x.sess, expire = GREATEST(CASE WHEN x.may_shorten THEN '-infinity' ELSE t.expire END, x.expire)\n  FROM (\n    SELECT\n      u.sid, u.loaded, u.sess, u.may_shorten,\n      pg_catalog.to_timestamp(pg_catalog.date_part('epoch', now()) + u.ttl) AS expire\n    FROM unnest(:sids!::text[], :loaded!::text[], :payloads!::json[], :ttls!::float8[], :mayShorten!::bool[]) AS u(sid, loaded, sess, ttl, may_shorten)\n  ) AS x\n  WHERE t.sid OPERATOR(pg_catalog.=) x.sid AND t.sess::text = x.loaded AND t.expire > now()\n    AND t.sid OPERATOR(pg_catalog.=) ANY(ARRAY(SELECT f.sid FROM ss__free AS f))\n    AND t.sid OPERATOR(pg_catalog.=) ANY(:sids!::text[])\n  RETURNING t.sid\n)\nSELECT c.sid AS sid, false AS \"isLocked\"\nFROM ss__changed AS c\nUNION ALL\nSELECT s.sid, true\nFROM \"session_store\".\"session\" AS s\nWHERE s.sid OPERATOR(pg_catalog.=) ANY(:sids!::text[]) AND s.expire > now()\n  AND s.sid OPERATOR(pg_catalog.<>) ALL(ARRAY(SELECT f.sid FROM ss__free AS f))"};

/**
 * Query generated from SQL:
 * ```
 * WITH ss__free AS MATERIALIZED (
 *   SELECT s.sid
 *   FROM "session_store"."session" AS s
 *   WHERE s.sid OPERATOR(pg_catalog.=) ANY(:sids!::text[])
 *   FOR NO KEY UPDATE SKIP LOCKED
 * ), ss__changed AS MATERIALIZED (
 *   UPDATE "session_store"."session" AS t
 *   SET sess = x.sess, expire = GREATEST(CASE WHEN x.may_shorten THEN '-infinity' ELSE t.expire END, x.expire)
 *   FROM (
 *     SELECT
 *       u.sid, u.loaded, u.sess, u.may_shorten,
 *       pg_catalog.to_timestamp(pg_catalog.date_part('epoch', now()) + u.ttl) AS expire
 *     FROM unnest(:sids!::text[], :loaded!::text[], :payloads!::json[], :ttls!::float8[], :mayShorten!::bool[]) AS u(sid, loaded, sess, ttl, may_shorten)
 *   ) AS x
 *   WHERE t.sid OPERATOR(pg_catalog.=) x.sid AND t.sess::text = x.loaded AND t.expire > now()
 *     AND t.sid OPERATOR(pg_catalog.=) ANY(ARRAY(SELECT f.sid FROM ss__free AS f))
 *     AND t.sid OPERATOR(pg_catalog.=) ANY(:sids!::text[])
 *   RETURNING t.sid
 * )
 * SELECT c.sid AS sid, false AS "isLocked"
 * FROM ss__changed AS c
 * UNION ALL
 * SELECT s.sid, true
 * FROM "session_store"."session" AS s
 * WHERE s.sid OPERATOR(pg_catalog.=) ANY(:sids!::text[]) AND s.expire > now()
 *   AND s.sid OPERATOR(pg_catalog.<>) ALL(ARRAY(SELECT f.sid FROM ss__free AS f))
 * ```
 */
export const replaceSessionsOfShard = new PreparedQuery<ReplaceSessionsOfShardParams,ReplaceSessionsOfShardResult>(replaceSessionsOfShardIR);


/** 'TouchSessionsOfShard' parameters type */
export interface TouchSessionsOfShardParams {
  mayShorten: booleanArray;
  sids: stringArray;
  ttls: numberArray;
}

/** 'TouchSessionsOfShard' return type */
export interface TouchSessionsOfShardResult {
  isLocked: boolean | null;
  sid: string | null;
}

/** 'TouchSessionsOfShard' query type */
export interface TouchSessionsOfShardQuery {
  params: TouchSessionsOfShardParams;
  result: TouchSessionsOfShardResult;
}

const touchSessionsOfShardIR: any = {"usedParamSet":{"sids":true,"ttls":true,"mayShorten":true},"params":[{"name":"sids","required":true,"transform":{"type":"scalar"},"locs":[{"a":126,"b":131},{"a":491,"b":496},{"a":770,"b":775},{"a":973,"b":978}]},{"name":"ttls","required":true,"transform":{"type":"scalar"},"locs":[{"a":507,"b":512}]},{"name":"mayShorten","required":true,"transform":{"type":"scalar"},"locs":[{"a":525,"b":536}]}],"statement":"WITH ss__free AS MATERIALIZED (\n  SELECT s.sid\n  FROM \"session_store\".\"session\" AS s\n  WHERE s.sid OPERATOR(pg_catalog.=) ANY(:sids!::text[])\n  FOR NO KEY UPDATE SKIP LOCKED\n), ss__changed AS MATERIALIZED (\n  UPDATE \"session_store\".\"session\" AS t\n  SET expire = GREATEST(CASE WHEN x.may_shorten THEN '-infinity' ELSE t.expire END, x.expire)\n  FROM (\n    SELECT\n      u.sid, u.may_shorten,\n      pg_catalog.to_timestamp(pg_catalog.date_part('epoch', now()) + u.ttl) AS expire\n    FROM unnest(:sids!::text[], :ttls!::float8[], :mayShorten!::bool[]) AS u(sid, ttl, may_shorten)\n  ) AS x\n  WHERE t.sid OPERATOR(pg_catalog.=) x.sid AND t.expire > now()\n    AND t.sid OPERATOR(pg_catalog.=) ANY(ARRAY(SELECT f.sid FROM ss__free AS f))\n    AND t.sid OPERATOR(pg_catalog.=) ANY(:sids!::text[])\n  RETURNING t.sid\n)\nSELECT c.sid AS sid, false AS \"isLocked\"\nFROM ss__changed AS c\nUNION ALL\nSELECT s.sid, true\nFROM \"session_store\".\"session\" AS s\nWHERE s.sid OPERATOR(pg_catalog.=) ANY(:sids!::text[]) AND s.expire > now()\n  AND s.sid OPERATOR(pg_catalog.<>) ALL(ARRAY(SELECT f.sid FROM ss__free AS f))"};

/**
 * Query generated from SQL:
 * ```
 * WITH ss__free AS MATERIALIZED (
 *   SELECT s.sid
 *   FROM "session_store"."session" AS s
 *   WHERE s.sid OPERATOR(pg_catalog.=) ANY(:sids!::text[])
 *   FOR NO KEY UPDATE SKIP LOCKED
 * ), ss__changed AS MATERIALIZED (
 *   UPDATE "session_store"."session" AS t
 *   SET expire = GREATEST(CASE WHEN x.may_shorten THEN '-infinity' ELSE t.expire END, x.expire)
 *   FROM (
 *     SELECT
 *       u.sid, u.may_shorten,
 *       pg_catalog.to_timestamp(pg_catalog.date_part('epoch', now()) + u.ttl) AS expire
 *     FROM unnest(:sids!::text[], :ttls!::float8[], :mayShorten!::bool[]) AS u(sid, ttl, may_shorten)
 *   ) AS x
 *   WHERE t.sid OPERATOR(pg_catalog.=) x.sid AND t.expire > now()
 *     AND t.sid OPERATOR(pg_catalog.=) ANY(ARRAY(SELECT f.sid FROM ss__free AS f))
 *     AND t.sid OPERATOR(pg_catalog.=) ANY(:sids!::text[])
 *   RETURNING t.sid
 * )
 * SELECT c.sid AS sid, false AS "isLocked"
 * FROM ss__changed AS c
 * UNION ALL
 * SELECT s.sid, true
 * FROM "session_store"."session" AS s
 * WHERE s.sid OPERATOR(pg_catalog.=) ANY(:sids!::text[]) AND s.expire > now()
 *   AND s.sid OPERATOR(pg_catalog.<>) ALL(ARRAY(SELECT f.sid FROM ss__free AS f))
 * ```
 */
export const touchSessionsOfShard = new PreparedQuery<TouchSessionsOfShardParams,TouchSessionsOfShardResult>(touchSessionsOfShardIR);


/** 'DestroySessionsOfShard' parameters type */
export interface DestroySessionsOfShardParams {
  sids: stringArray;
}

/** 'DestroySessionsOfShard' return type */
export interface DestroySessionsOfShardResult {
  isLocked: boolean | null;
  sid: string;
}

/** 'DestroySessionsOfShard' query type */
export interface DestroySessionsOfShardQuery {
  params: DestroySessionsOfShardParams;
  result: DestroySessionsOfShardResult;
}

const destroySessionsOfShardIR: any = {"usedParamSet":{"sids":true},"params":[{"name":"sids","required":true,"transform":{"type":"scalar"},"locs":[{"a":126,"b":131},{"a":367,"b":372},{"a":493,"b":498}]}],"statement":"WITH ss__free AS MATERIALIZED (\n  SELECT s.sid\n  FROM \"session_store\".\"session\" AS s\n  WHERE s.sid OPERATOR(pg_catalog.=) ANY(:sids!::text[])\n  FOR UPDATE SKIP LOCKED\n), ss__deleted AS MATERIALIZED (\n  DELETE FROM \"session_store\".\"session\" AS t\n  WHERE t.sid OPERATOR(pg_catalog.=) ANY(ARRAY(SELECT f.sid FROM ss__free AS f))\n    AND t.sid OPERATOR(pg_catalog.=) ANY(:sids!::text[])\n)\nSELECT s.sid, true AS \"isLocked\"\nFROM \"session_store\".\"session\" AS s\nWHERE s.sid OPERATOR(pg_catalog.=) ANY(:sids!::text[])\n  AND s.sid OPERATOR(pg_catalog.<>) ALL(ARRAY(SELECT f.sid FROM ss__free AS f))                                                                                                                       "};

/**
 * Query generated from SQL:
 * ```
 * WITH ss__free AS MATERIALIZED (
 *   SELECT s.sid
 *   FROM "session_store"."session" AS s
 *   WHERE s.sid OPERATOR(pg_catalog.=) ANY(:sids!::text[])
 *   FOR UPDATE SKIP LOCKED
 * ), ss__deleted AS MATERIALIZED (
 *   DELETE FROM "session_store"."session" AS t
 *   WHERE t.sid OPERATOR(pg_catalog.=) ANY(ARRAY(SELECT f.sid FROM ss__free AS f))
 *     AND t.sid OPERATOR(pg_catalog.=) ANY(:sids!::text[])
 * )
 * SELECT s.sid, true AS "isLocked"
 * FROM "session_store"."session" AS s
 * WHERE s.sid OPERATOR(pg_catalog.=) ANY(:sids!::text[])
 *   AND s.sid OPERATOR(pg_catalog.<>) ALL(ARRAY(SELECT f.sid FROM ss__free AS f))                                                                                                                       
 * ```
 */
export const destroySessionsOfShard = new PreparedQuery<DestroySessionsOfShardParams,DestroySessionsOfShardResult>(destroySessionsOfShardIR);


/** 'ReplaceUnlockedSession' parameters type */
export interface ReplaceUnlockedSessionParams {
  loaded: string;
  mayShorten: boolean;
  payload: string;
  sid: string;
  ttl: number;
}

/** 'ReplaceUnlockedSession' return type */
export interface ReplaceUnlockedSessionResult {
  sid: string;
}

/** 'ReplaceUnlockedSession' query type */
export interface ReplaceUnlockedSessionQuery {
  params: ReplaceUnlockedSessionParams;
  result: ReplaceUnlockedSessionResult;
}

const replaceUnlockedSessionIR: any = {"usedParamSet":{"payload":true,"mayShorten":true,"ttl":true,"sid":true,"loaded":true},"params":[{"name":"payload","required":true,"transform":{"type":"scalar"},"locs":[{"a":51,"b":59}]},{"name":"mayShorten","required":true,"transform":{"type":"scalar"},"locs":[{"a":103,"b":114}]},{"name":"ttl","required":true,"transform":{"type":"scalar"},"locs":[{"a":219,"b":223}]},{"name":"sid","required":true,"transform":{"type":"scalar"},"locs":[{"a":327,"b":331},{"a":407,"b":411}]},{"name":"loaded","required":true,"transform":{"type":"scalar"},"locs":[{"a":473,"b":480}]}],"statement":"UPDATE \"session_store\".\"session\" AS t\nSET\n  sess = :payload!::json,\n  expire = GREATEST(\n    CASE WHEN :mayShorten! THEN '-infinity' ELSE t.expire END,\n    pg_catalog.to_timestamp(pg_catalog.date_part('epoch', now()) + :ttl!)\n  )\nFROM (\n  SELECT s.sid\n  FROM \"session_store\".\"session\" AS s\n  WHERE s.sid OPERATOR(pg_catalog.=) :sid!\n  FOR NO KEY UPDATE SKIP LOCKED\n) AS f\nWHERE t.sid OPERATOR(pg_catalog.=) :sid! AND f.sid OPERATOR(pg_catalog.=) t.sid\n  AND t.sess::text = :loaded! AND t.expire > now()\nRETURNING t.sid                                                                    "};

/**
 * Query generated from SQL:
 * ```
 * UPDATE "session_store"."session" AS t
 * SET
 *   sess = :payload!::json,
 *   expire = GREATEST(
 *     CASE WHEN :mayShorten! THEN '-infinity' ELSE t.expire END,
 *     pg_catalog.to_timestamp(pg_catalog.date_part('epoch', now()) + :ttl!)
 *   )
 * FROM (
 *   SELECT s.sid
 *   FROM "session_store"."session" AS s
 *   WHERE s.sid OPERATOR(pg_catalog.=) :sid!
 *   FOR NO KEY UPDATE SKIP LOCKED
 * ) AS f
 * WHERE t.sid OPERATOR(pg_catalog.=) :sid! AND f.sid OPERATOR(pg_catalog.=) t.sid
 *   AND t.sess::text = :loaded! AND t.expire > now()
 * RETURNING t.sid                                                                    
 * ```
 */
export const replaceUnlockedSession = new PreparedQuery<ReplaceUnlockedSessionParams,ReplaceUnlockedSessionResult>(replaceUnlockedSessionIR);


/** 'FindLocked' parameters type */
export interface FindLockedParams {
  sid: string;
}

/** 'FindLocked' return type */
export interface FindLockedResult {
  sid: string;
}

/** 'FindLocked' query type */
export interface FindLockedQuery {
  params: FindLockedParams;
  result: FindLockedResult;
}

const findLockedIR: any = {"usedParamSet":{"sid":true},"params":[{"name":"sid","required":true,"transform":{"type":"scalar"},"locs":[{"a":122,"b":126},{"a":246,"b":250}]}],"statement":"WITH ss__free AS MATERIALIZED (\n  SELECT s.sid\n  FROM \"session_store\".\"session\" AS s\n  WHERE s.sid OPERATOR(pg_catalog.=) :sid!\n  FOR NO KEY UPDATE SKIP LOCKED\n)\nSELECT s.sid\nFROM \"session_store\".\"session\" AS s\nWHERE s.sid OPERATOR(pg_catalog.=) :sid!\n  AND s.sid OPERATOR(pg_catalog.<>) ALL(ARRAY(SELECT f.sid FROM ss__free AS f))"};

/**
 * Query generated from SQL:
 * ```
 * WITH ss__free AS MATERIALIZED (
 *   SELECT s.sid
 *   FROM "session_store"."session" AS s
 *   WHERE s.sid OPERATOR(pg_catalog.=) :sid!
 *   FOR NO KEY UPDATE SKIP LOCKED
 * )
 * SELECT s.sid
 * FROM "session_store"."session" AS s
 * WHERE s.sid OPERATOR(pg_catalog.=) :sid!
 *   AND s.sid OPERATOR(pg_catalog.<>) ALL(ARRAY(SELECT f.sid FROM ss__free AS f))
 * ```
 */
export const findLocked = new PreparedQuery<FindLockedParams,FindLockedResult>(findLockedIR);


