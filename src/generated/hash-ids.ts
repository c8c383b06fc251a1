/** Types generated for queries found in "sql/hash-ids.sql" */
import { PreparedQuery } from '@pgtyped/runtime';

export type DateOrString = Date | string;

/** 'RehashSession' parameters type */
export interface RehashSessionParams {
  hashed: string;
  sid: string;
}

/** 'RehashSession' return type */
export interface RehashSessionResult {
  sid: string;
}

/** 'RehashSession' query type */
export interface RehashSessionQuery {
  params: RehashSessionParams;
  result: RehashSessionResult;
}

const rehashSessionIR: any = {"usedParamSet":{"hashed":true,"sid":true},"params":[{"name":"hashed","required":true,"transform":{"type":"scalar"},"locs":[{"a":104,"b":111},{"a":203,"b":210},{"a":420,"b":427}]},{"name":"sid","required":true,"transform":{"type":"scalar"},"locs":[{"a":297,"b":301}]}],"statement":"WITH ss__expired AS (\n  DELETE FROM \"session_store\".\"session\" AS h\n  WHERE h.sid OPERATOR(pg_catalog.=) :hashed! AND h.expire <= now()\n  RETURNING h.sid\n)\nUPDATE \"session_store\".\"session\" AS t\nSET sid = :hashed!\nFROM (SELECT count(*) FROM ss__expired AS e) AS x\nWHERE t.sid OPERATOR(pg_catalog.=) :sid! AND t.expire > now()\n  AND NOT EXISTS (SELECT FROM \"session_store\".\"session\" AS h WHERE h.sid OPERATOR(pg_catalog.=) :hashed! AND h.expire > now())\nRETURNING t.sid                                                                                                                                                                              "};

/**
 * Query generated from SQL:
 * ```
 * WITH ss__expired AS (
 *   DELETE FROM "session_store"."session" AS h
 *   WHERE h.sid OPERATOR(pg_catalog.=) :hashed! AND h.expire <= now()
 *   RETURNING h.sid
 * )
 * UPDATE "session_store"."session" AS t
 * SET sid = :hashed!
 * FROM (SELECT count(*) FROM ss__expired AS e) AS x
 * WHERE t.sid OPERATOR(pg_catalog.=) :sid! AND t.expire > now()
 *   AND NOT EXISTS (SELECT FROM "session_store"."session" AS h WHERE h.sid OPERATOR(pg_catalog.=) :hashed! AND h.expire > now())
 * RETURNING t.sid                                                                                                                                                                              
 * ```
 */
export const rehashSession = new PreparedQuery<RehashSessionParams,RehashSessionResult>(rehashSessionIR);


/** 'RehashSessions' parameters type */
export interface RehashSessionsParams {
  batch: number;
  expire: DateOrString;
}

/** 'RehashSessions' return type */
export interface RehashSessionsResult {
  deleted: number;
  last: string | null;
  rehashed: number;
  seen: number;
}

/** 'RehashSessions' query type */
export interface RehashSessionsQuery {
  params: RehashSessionsParams;
  result: RehashSessionsResult;
}

const rehashSessionsIR: any = {"usedParamSet":{"expire":true,"batch":true},"params":[{"name":"expire","required":true,"transform":{"type":"scalar"},"locs":[{"a":274,"b":281}]},{"name":"batch","required":true,"transform":{"type":"scalar"},"locs":[{"a":381,"b":387},{"a":581,"b":587},{"a":617,"b":623}]}],"statement":"WITH ss__batch AS MATERIALIZED (\n  SELECT s.sid, s.expire, 'sha256:' || pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(s.sid, 'UTF8')), 'hex') AS hashed\n  FROM (\n    (\n      SELECT e.sid, e.expire\n      FROM \"session_store\".\"session\" AS e\n      WHERE e.expire >= :expire!::timestamptz AND NOT pg_catalog.starts_with(e.sid, 'sha256:')\n      ORDER BY e.expire\n      LIMIT :batch!::int\n    )\n    UNION ALL\n    (\n      SELECT n.sid, n.expire\n      FROM \"session_store\".\"session\" AS n\n      WHERE n.expire IS NULL AND NOT pg_catalog.starts_with(n.sid, 'sha256:')\n      LIMIT :batch!::int\n    )\n  ) AS s\n  LIMIT :batch!::int\n),\nss__rehashed AS (\n  UPDATE \"session_store\".\"session\" AS t\n  SET sid = x.hashed\n  FROM (SELECT b.sid, b.hashed FROM ss__batch AS b ORDER BY 1) AS x\n  WHERE t.sid OPERATOR(pg_catalog.=) ANY(ARRAY[x.sid])\n    AND NOT EXISTS (SELECT FROM \"session_store\".\"session\" AS h WHERE h.sid OPERATOR(pg_catalog.=) x.hashed)\n  RETURNING t.sid\n),\nss__deleted AS (\n  DELETE FROM \"session_store\".\"session\" AS t\n  WHERE t.sid OPERATOR(pg_catalog.=) ANY(ARRAY(\n    SELECT CASE WHEN h.expire > now() THEN b.sid ELSE h.sid END\n    FROM ss__batch AS b\n    JOIN \"session_store\".\"session\" AS h ON h.sid OPERATOR(pg_catalog.=) b.hashed\n  ))\n  RETURNING t.sid\n)\nSELECT\n  (SELECT count(*) FROM ss__batch AS b)::int AS \"seen!\",\n  (SELECT count(*) FROM ss__rehashed AS m)::int AS \"rehashed!\",\n  (SELECT count(*) FROM ss__deleted AS d)::int AS \"deleted!\",\n  (SELECT pg_catalog.to_json(pg_catalog.max(b.expire::timestamptz)) #>> '{}'::text[] FROM ss__batch AS b) AS \"last\"                                                                                                                        "};

/**
 * Query generated from SQL:
 * ```
 * WITH ss__batch AS MATERIALIZED (
 *   SELECT s.sid, s.expire, 'sha256:' || pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(s.sid, 'UTF8')), 'hex') AS hashed
 *   FROM (
 *     (
 *       SELECT e.sid, e.expire
 *       FROM "session_store"."session" AS e
 *       WHERE e.expire >= :expire!::timestamptz AND NOT pg_catalog.starts_with(e.sid, 'sha256:')
 *       ORDER BY e.expire
 *       LIMIT :batch!::int
 *     )
 *     UNION ALL
 *     (
 *       SELECT n.sid, n.expire
 *       FROM "session_store"."session" AS n
 *       WHERE n.expire IS NULL AND NOT pg_catalog.starts_with(n.sid, 'sha256:')
 *       LIMIT :batch!::int
 *     )
 *   ) AS s
 *   LIMIT :batch!::int
 * ),
 * ss__rehashed AS (
 *   UPDATE "session_store"."session" AS t
 *   SET sid = x.hashed
 *   FROM (SELECT b.sid, b.hashed FROM ss__batch AS b ORDER BY 1) AS x
 *   WHERE t.sid OPERATOR(pg_catalog.=) ANY(ARRAY[x.sid])
 *     AND NOT EXISTS (SELECT FROM "session_store"."session" AS h WHERE h.sid OPERATOR(pg_catalog.=) x.hashed)
 *   RETURNING t.sid
 * ),
 * ss__deleted AS (
 *   DELETE FROM "session_store"."session" AS t
 *   WHERE t.sid OPERATOR(pg_catalog.=) ANY(ARRAY(
 *     SELECT CASE WHEN h.expire > now() THEN b.sid ELSE h.sid END
 *     FROM ss__batch AS b
 *     JOIN "session_store"."session" AS h ON h.sid OPERATOR(pg_catalog.=) b.hashed
 *   ))
 *   RETURNING t.sid
 * )
 * SELECT
 *   (SELECT count(*) FROM ss__batch AS b)::int AS "seen!",
 *   (SELECT count(*) FROM ss__rehashed AS m)::int AS "rehashed!",
 *   (SELECT count(*) FROM ss__deleted AS d)::int AS "deleted!",
 *   (SELECT pg_catalog.to_json(pg_catalog.max(b.expire::timestamptz)) #>> '{}'::text[] FROM ss__batch AS b) AS "last"                                                                                                                        
 * ```
 */
export const rehashSessions = new PreparedQuery<RehashSessionsParams,RehashSessionsResult>(rehashSessionsIR);


/** 'DeleteUnhashedSession' parameters type */
export interface DeleteUnhashedSessionParams {
  sid: string;
}

/** 'DeleteUnhashedSession' return type */
export interface DeleteUnhashedSessionResult {
  expire: string;
  sess: string;
  sid: string;
}

/** 'DeleteUnhashedSession' query type */
export interface DeleteUnhashedSessionQuery {
  params: DeleteUnhashedSessionParams;
  result: DeleteUnhashedSessionResult;
}

const deleteUnhashedSessionIR: any = {"usedParamSet":{"sid":true},"params":[{"name":"sid","required":true,"transform":{"type":"scalar"},"locs":[{"a":117,"b":121}]}],"statement":"WITH ss__deleted AS MATERIALIZED (\n  DELETE FROM \"session_store\".\"session\" AS t\n  WHERE t.sid OPERATOR(pg_catalog.=) :sid! AND t.expire > now()\n  RETURNING t.sid, t.sess, t.expire\n)\nSELECT d.sid, d.sess::text AS \"sess!\", pg_catalog.to_json(d.expire::timestamptz) #>> '{}'::text[] AS \"expire!\"\nFROM ss__deleted AS d"};

/**
 * Query generated from SQL:
 * ```
 * WITH ss__deleted AS MATERIALIZED (
 *   DELETE FROM "session_store"."session" AS t
 *   WHERE t.sid OPERATOR(pg_catalog.=) :sid! AND t.expire > now()
 *   RETURNING t.sid, t.sess, t.expire
 * )
 * SELECT d.sid, d.sess::text AS "sess!", pg_catalog.to_json(d.expire::timestamptz) #>> '{}'::text[] AS "expire!"
 * FROM ss__deleted AS d
 * ```
 */
export const deleteUnhashedSession = new PreparedQuery<DeleteUnhashedSessionParams,DeleteUnhashedSessionResult>(deleteUnhashedSessionIR);


/** 'DeleteUnhashedSessions' parameters type */
export interface DeleteUnhashedSessionsParams {
  batch: number;
}

/** 'DeleteUnhashedSessions' return type */
export interface DeleteUnhashedSessionsResult {
  expire: string;
  sess: string;
  sid: string;
}

/** 'DeleteUnhashedSessions' query type */
export interface DeleteUnhashedSessionsQuery {
  params: DeleteUnhashedSessionsParams;
  result: DeleteUnhashedSessionsResult;
}

const deleteUnhashedSessionsIR: any = {"usedParamSet":{"batch":true},"params":[{"name":"batch","required":true,"transform":{"type":"scalar"},"locs":[{"a":272,"b":278}]}],"statement":"WITH ss__deleted AS MATERIALIZED (\n  DELETE FROM \"session_store\".\"session\" AS t\n  WHERE t.sid OPERATOR(pg_catalog.=) ANY(ARRAY(\n    SELECT s.sid\n    FROM \"session_store\".\"session\" AS s\n    WHERE NOT pg_catalog.starts_with(s.sid, 'sha256:')\n    ORDER BY s.expire\n    LIMIT :batch!::int\n  ))\n  RETURNING t.sid, t.sess, t.expire\n)\nSELECT d.sid, d.sess::text AS \"sess!\", pg_catalog.to_json(d.expire::timestamptz) #>> '{}'::text[] AS \"expire!\"\nFROM ss__deleted AS d"};

/**
 * Query generated from SQL:
 * ```
 * WITH ss__deleted AS MATERIALIZED (
 *   DELETE FROM "session_store"."session" AS t
 *   WHERE t.sid OPERATOR(pg_catalog.=) ANY(ARRAY(
 *     SELECT s.sid
 *     FROM "session_store"."session" AS s
 *     WHERE NOT pg_catalog.starts_with(s.sid, 'sha256:')
 *     ORDER BY s.expire
 *     LIMIT :batch!::int
 *   ))
 *   RETURNING t.sid, t.sess, t.expire
 * )
 * SELECT d.sid, d.sess::text AS "sess!", pg_catalog.to_json(d.expire::timestamptz) #>> '{}'::text[] AS "expire!"
 * FROM ss__deleted AS d
 * ```
 */
export const deleteUnhashedSessions = new PreparedQuery<DeleteUnhashedSessionsParams,DeleteUnhashedSessionsResult>(deleteUnhashedSessionsIR);


/** 'DeleteExpiredSession' parameters type */
export interface DeleteExpiredSessionParams {
  sid: string;
}

/** 'DeleteExpiredSession' return type */
export type DeleteExpiredSessionResult = void;

/** 'DeleteExpiredSession' query type */
export interface DeleteExpiredSessionQuery {
  params: DeleteExpiredSessionParams;
  result: DeleteExpiredSessionResult;
}

const deleteExpiredSessionIR: any = {"usedParamSet":{"sid":true},"params":[{"name":"sid","required":true,"transform":{"type":"scalar"},"locs":[{"a":78,"b":82}]}],"statement":"DELETE FROM \"session_store\".\"session\" AS t\nWHERE t.sid OPERATOR(pg_catalog.=) :sid! AND t.expire <= now()"};

/**
 * Query generated from SQL:
 * ```
 * DELETE FROM "session_store"."session" AS t
 * WHERE t.sid OPERATOR(pg_catalog.=) :sid! AND t.expire <= now()
 * ```
 */
export const deleteExpiredSession = new PreparedQuery<DeleteExpiredSessionParams,DeleteExpiredSessionResult>(deleteExpiredSessionIR);


/** 'InsertSession' parameters type */
export interface InsertSessionParams {
  expire: DateOrString;
  payload: string;
  sid: string;
}

/** 'InsertSession' return type */
export type InsertSessionResult = void;

/** 'InsertSession' query type */
export interface InsertSessionQuery {
  params: InsertSessionParams;
  result: InsertSessionResult;
}

const insertSessionIR: any = {"usedParamSet":{"sid":true,"payload":true,"expire":true},"params":[{"name":"sid","required":true,"transform":{"type":"scalar"},"locs":[{"a":71,"b":75}]},{"name":"payload","required":true,"transform":{"type":"scalar"},"locs":[{"a":78,"b":86}]},{"name":"expire","required":true,"transform":{"type":"scalar"},"locs":[{"a":95,"b":102}]}],"statement":"INSERT INTO \"session_store\".\"session\" AS t (sid, sess, expire)\nVALUES (:sid!, :payload!::json, :expire!::timestamptz)\nON CONFLICT (sid) DO NOTHING"};

/**
 * Query generated from SQL:
 * ```
 * INSERT INTO "session_store"."session" AS t (sid, sess, expire)
 * VALUES (:sid!, :payload!::json, :expire!::timestamptz)
 * ON CONFLICT (sid) DO NOTHING
 * ```
 */
export const insertSession = new PreparedQuery<InsertSessionParams,InsertSessionResult>(insertSessionIR);


/** 'CountUnhashed' parameters type */
export type CountUnhashedParams = void;

/** 'CountUnhashed' return type */
export interface CountUnhashedResult {
  count: number;
}

/** 'CountUnhashed' query type */
export interface CountUnhashedQuery {
  params: CountUnhashedParams;
  result: CountUnhashedResult;
}

const countUnhashedIR: any = {"usedParamSet":{},"params":[],"statement":"SELECT count(*)::int AS \"count!\"\nFROM \"session_store\".\"session\" AS t\nWHERE NOT pg_catalog.starts_with(t.sid, 'sha256:')"};

/**
 * Query generated from SQL:
 * ```
 * SELECT count(*)::int AS "count!"
 * FROM "session_store"."session" AS t
 * WHERE NOT pg_catalog.starts_with(t.sid, 'sha256:')
 * ```
 */
export const countUnhashed = new PreparedQuery<CountUnhashedParams,CountUnhashedResult>(countUnhashedIR);


