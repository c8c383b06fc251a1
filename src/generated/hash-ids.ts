/** Types generated for queries found in "sql/hash-ids.sql" */
import { PreparedQuery } from '@pgtyped/runtime';

export type DateOrString = Date | string;

/** 'MoveSession' parameters type */
export interface MoveSessionParams {
  hashed: string;
  sid: string;
}

/** 'MoveSession' return type */
export interface MoveSessionResult {
  sid: string;
}

/** 'MoveSession' query type */
export interface MoveSessionQuery {
  params: MoveSessionParams;
  result: MoveSessionResult;
}

const moveSessionIR: any = {"usedParamSet":{"hashed":true,"sid":true},"params":[{"name":"hashed","required":true,"transform":{"type":"scalar"},"locs":[{"a":83,"b":90},{"a":182,"b":189},{"a":357,"b":364}]},{"name":"sid","required":true,"transform":{"type":"scalar"},"locs":[{"a":255,"b":259}]}],"statement":"WITH ss__expired AS (\n  DELETE FROM \"session_store\".\"session\" AS h\n  WHERE h.sid = :hashed! AND h.expire <= now()\n  RETURNING h.sid\n)\nUPDATE \"session_store\".\"session\" AS t\nSET sid = :hashed!\nFROM (SELECT count(*) FROM ss__expired AS e) AS x\nWHERE t.sid = :sid! AND t.expire > now()\n  AND NOT EXISTS (SELECT FROM \"session_store\".\"session\" AS h WHERE h.sid = :hashed! AND h.expire > now())\nRETURNING t.sid                                                                                                                                                             "};

/**
 * Query generated from SQL:
 * ```
 * WITH ss__expired AS (
 *   DELETE FROM "session_store"."session" AS h
 *   WHERE h.sid = :hashed! AND h.expire <= now()
 *   RETURNING h.sid
 * )
 * UPDATE "session_store"."session" AS t
 * SET sid = :hashed!
 * FROM (SELECT count(*) FROM ss__expired AS e) AS x
 * WHERE t.sid = :sid! AND t.expire > now()
 *   AND NOT EXISTS (SELECT FROM "session_store"."session" AS h WHERE h.sid = :hashed! AND h.expire > now())
 * RETURNING t.sid                                                                                                                                                             
 * ```
 */
export const moveSession = new PreparedQuery<MoveSessionParams,MoveSessionResult>(moveSessionIR);


/** 'MoveSessions' parameters type */
export interface MoveSessionsParams {
  batch: number;
  expire: DateOrString;
}

/** 'MoveSessions' return type */
export interface MoveSessionsResult {
  dropped: number;
  last: string | null;
  moved: number;
  seen: number;
}

/** 'MoveSessions' query type */
export interface MoveSessionsQuery {
  params: MoveSessionsParams;
  result: MoveSessionsResult;
}

const moveSessionsIR: any = {"usedParamSet":{"expire":true,"batch":true},"params":[{"name":"expire","required":true,"transform":{"type":"scalar"},"locs":[{"a":189,"b":196}]},{"name":"batch","required":true,"transform":{"type":"scalar"},"locs":[{"a":277,"b":283}]}],"statement":"WITH ss__batch AS MATERIALIZED (\n  SELECT s.sid, s.expire, 'sha256:' || encode(sha256(convert_to(s.sid, 'UTF8')), 'hex') AS hashed\n  FROM \"session_store\".\"session\" AS s\n  WHERE s.expire >= :expire!::timestamptz AND NOT starts_with(s.sid, 'sha256:')\n  ORDER BY s.expire\n  LIMIT :batch!::int\n),\nss__moved AS (\n  UPDATE \"session_store\".\"session\" AS t\n  SET sid = x.hashed\n  FROM (SELECT b.sid, b.hashed FROM ss__batch AS b ORDER BY 1) AS x\n  WHERE t.sid = ANY(ARRAY[x.sid])\n    AND NOT EXISTS (SELECT FROM \"session_store\".\"session\" AS h WHERE h.sid = x.hashed)\n  RETURNING t.sid\n),\nss__dropped AS (\n  DELETE FROM \"session_store\".\"session\" AS t\n  WHERE t.sid = ANY(ARRAY(\n    SELECT CASE WHEN h.expire > now() THEN b.sid ELSE h.sid END\n    FROM ss__batch AS b\n    JOIN \"session_store\".\"session\" AS h ON h.sid = b.hashed\n  ))\n  RETURNING t.sid\n)\nSELECT\n  (SELECT count(*) FROM ss__batch AS b)::int AS \"seen!\",\n  (SELECT count(*) FROM ss__moved AS m)::int AS \"moved!\",\n  (SELECT count(*) FROM ss__dropped AS d)::int AS \"dropped!\",\n  (SELECT to_json(max(b.expire::timestamptz)) #>> '{}' FROM ss__batch AS b) AS \"last\"                                                                    "};

/**
 * Query generated from SQL:
 * ```
 * WITH ss__batch AS MATERIALIZED (
 *   SELECT s.sid, s.expire, 'sha256:' || encode(sha256(convert_to(s.sid, 'UTF8')), 'hex') AS hashed
 *   FROM "session_store"."session" AS s
 *   WHERE s.expire >= :expire!::timestamptz AND NOT starts_with(s.sid, 'sha256:')
 *   ORDER BY s.expire
 *   LIMIT :batch!::int
 * ),
 * ss__moved AS (
 *   UPDATE "session_store"."session" AS t
 *   SET sid = x.hashed
 *   FROM (SELECT b.sid, b.hashed FROM ss__batch AS b ORDER BY 1) AS x
 *   WHERE t.sid = ANY(ARRAY[x.sid])
 *     AND NOT EXISTS (SELECT FROM "session_store"."session" AS h WHERE h.sid = x.hashed)
 *   RETURNING t.sid
 * ),
 * ss__dropped AS (
 *   DELETE FROM "session_store"."session" AS t
 *   WHERE t.sid = ANY(ARRAY(
 *     SELECT CASE WHEN h.expire > now() THEN b.sid ELSE h.sid END
 *     FROM ss__batch AS b
 *     JOIN "session_store"."session" AS h ON h.sid = b.hashed
 *   ))
 *   RETURNING t.sid
 * )
 * SELECT
 *   (SELECT count(*) FROM ss__batch AS b)::int AS "seen!",
 *   (SELECT count(*) FROM ss__moved AS m)::int AS "moved!",
 *   (SELECT count(*) FROM ss__dropped AS d)::int AS "dropped!",
 *   (SELECT to_json(max(b.expire::timestamptz)) #>> '{}' FROM ss__batch AS b) AS "last"                                                                    
 * ```
 */
export const moveSessions = new PreparedQuery<MoveSessionsParams,MoveSessionsResult>(moveSessionsIR);


/** 'TakeSession' parameters type */
export interface TakeSessionParams {
  sid: string;
}

/** 'TakeSession' return type */
export interface TakeSessionResult {
  expire: string;
  sess: string;
  sid: string;
}

/** 'TakeSession' query type */
export interface TakeSessionQuery {
  params: TakeSessionParams;
  result: TakeSessionResult;
}

const takeSessionIR: any = {"usedParamSet":{"sid":true},"params":[{"name":"sid","required":true,"transform":{"type":"scalar"},"locs":[{"a":57,"b":61}]}],"statement":"DELETE FROM \"session_store\".\"session\" AS t\nWHERE t.sid = :sid! AND t.expire > now()\nRETURNING t.sid, t.sess::text AS \"sess!\", to_json(t.expire::timestamptz) #>> '{}' AS \"expire!\""};

/**
 * Query generated from SQL:
 * ```
 * DELETE FROM "session_store"."session" AS t
 * WHERE t.sid = :sid! AND t.expire > now()
 * RETURNING t.sid, t.sess::text AS "sess!", to_json(t.expire::timestamptz) #>> '{}' AS "expire!"
 * ```
 */
export const takeSession = new PreparedQuery<TakeSessionParams,TakeSessionResult>(takeSessionIR);


/** 'TakeSessions' parameters type */
export interface TakeSessionsParams {
  batch: number;
}

/** 'TakeSessions' return type */
export interface TakeSessionsResult {
  expire: string;
  sess: string;
  sid: string;
}

/** 'TakeSessions' query type */
export interface TakeSessionsQuery {
  params: TakeSessionsParams;
  result: TakeSessionsResult;
}

const takeSessionsIR: any = {"usedParamSet":{"batch":true},"params":[{"name":"batch","required":true,"transform":{"type":"scalar"},"locs":[{"a":191,"b":197}]}],"statement":"DELETE FROM \"session_store\".\"session\" AS t\nWHERE t.sid = ANY(ARRAY(\n  SELECT s.sid\n  FROM \"session_store\".\"session\" AS s\n  WHERE NOT starts_with(s.sid, 'sha256:')\n  ORDER BY s.expire\n  LIMIT :batch!::int\n))\nRETURNING t.sid, t.sess::text AS \"sess!\", to_json(t.expire::timestamptz) #>> '{}' AS \"expire!\""};

/**
 * Query generated from SQL:
 * ```
 * DELETE FROM "session_store"."session" AS t
 * WHERE t.sid = ANY(ARRAY(
 *   SELECT s.sid
 *   FROM "session_store"."session" AS s
 *   WHERE NOT starts_with(s.sid, 'sha256:')
 *   ORDER BY s.expire
 *   LIMIT :batch!::int
 * ))
 * RETURNING t.sid, t.sess::text AS "sess!", to_json(t.expire::timestamptz) #>> '{}' AS "expire!"
 * ```
 */
export const takeSessions = new PreparedQuery<TakeSessionsParams,TakeSessionsResult>(takeSessionsIR);


/** 'DropExpired' parameters type */
export interface DropExpiredParams {
  sid: string;
}

/** 'DropExpired' return type */
export type DropExpiredResult = void;

/** 'DropExpired' query type */
export interface DropExpiredQuery {
  params: DropExpiredParams;
  result: DropExpiredResult;
}

const dropExpiredIR: any = {"usedParamSet":{"sid":true},"params":[{"name":"sid","required":true,"transform":{"type":"scalar"},"locs":[{"a":57,"b":61}]}],"statement":"DELETE FROM \"session_store\".\"session\" AS t\nWHERE t.sid = :sid! AND t.expire <= now()"};

/**
 * Query generated from SQL:
 * ```
 * DELETE FROM "session_store"."session" AS t
 * WHERE t.sid = :sid! AND t.expire <= now()
 * ```
 */
export const dropExpired = new PreparedQuery<DropExpiredParams,DropExpiredResult>(dropExpiredIR);


/** 'PutSession' parameters type */
export interface PutSessionParams {
  expire: DateOrString;
  payload: string;
  sid: string;
}

/** 'PutSession' return type */
export type PutSessionResult = void;

/** 'PutSession' query type */
export interface PutSessionQuery {
  params: PutSessionParams;
  result: PutSessionResult;
}

const putSessionIR: any = {"usedParamSet":{"sid":true,"payload":true,"expire":true},"params":[{"name":"sid","required":true,"transform":{"type":"scalar"},"locs":[{"a":71,"b":75}]},{"name":"payload","required":true,"transform":{"type":"scalar"},"locs":[{"a":78,"b":86}]},{"name":"expire","required":true,"transform":{"type":"scalar"},"locs":[{"a":95,"b":102}]}],"statement":"INSERT INTO \"session_store\".\"session\" AS t (sid, sess, expire)\nVALUES (:sid!, :payload!::json, :expire!::timestamptz)\nON CONFLICT (sid) DO NOTHING"};

/**
 * Query generated from SQL:
 * ```
 * INSERT INTO "session_store"."session" AS t (sid, sess, expire)
 * VALUES (:sid!, :payload!::json, :expire!::timestamptz)
 * ON CONFLICT (sid) DO NOTHING
 * ```
 */
export const putSession = new PreparedQuery<PutSessionParams,PutSessionResult>(putSessionIR);


/** 'CountInClear' parameters type */
export type CountInClearParams = void;

/** 'CountInClear' return type */
export interface CountInClearResult {
  count: number;
}

/** 'CountInClear' query type */
export interface CountInClearQuery {
  params: CountInClearParams;
  result: CountInClearResult;
}

const countInClearIR: any = {"usedParamSet":{},"params":[],"statement":"SELECT count(*)::int AS \"count!\"\nFROM \"session_store\".\"session\" AS t\nWHERE NOT starts_with(t.sid, 'sha256:')"};

/**
 * Query generated from SQL:
 * ```
 * SELECT count(*)::int AS "count!"
 * FROM "session_store"."session" AS t
 * WHERE NOT starts_with(t.sid, 'sha256:')
 * ```
 */
export const countInClear = new PreparedQuery<CountInClearParams,CountInClearResult>(countInClearIR);


