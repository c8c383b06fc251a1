/** Types generated for queries found in "sql/session.sql" */
import { PreparedQuery } from '@pgtyped/runtime';

export type booleanArray = (boolean)[];

export type numberArray = (number)[];

export type stringArray = (string)[];

/** 'ReadSessions' parameters type */
export interface ReadSessionsParams {
  sids: stringArray;
}

/** 'ReadSessions' return type */
export interface ReadSessionsResult {
  sess: string;
  sid: string;
  ttl: number;
}

/** 'ReadSessions' query type */
export interface ReadSessionsQuery {
  params: ReadSessionsParams;
  result: ReadSessionsResult;
}

const readSessionsIR: any = {"usedParamSet":{"sids":true},"params":[{"name":"sids","required":true,"transform":{"type":"scalar"},"locs":[{"a":195,"b":200}]}],"statement":"SELECT\n  t.sid,\n  t.sess::text AS \"sess!\",\n  extract(epoch FROM t.expire::timestamptz)::float8 - extract(epoch FROM now())::float8 AS \"ttl!\"\nFROM \"session_store\".\"session\" AS t\nWHERE t.sid = ANY(:sids!) AND t.expire > now()                                                                                                 "};

/**
 * Query generated from SQL:
 * ```
 * SELECT
 *   t.sid,
 *   t.sess::text AS "sess!",
 *   extract(epoch FROM t.expire::timestamptz)::float8 - extract(epoch FROM now())::float8 AS "ttl!"
 * FROM "session_store"."session" AS t
 * WHERE t.sid = ANY(:sids!) AND t.expire > now()                                                                                                 
 * ```
 */
export const readSessions = new PreparedQuery<ReadSessionsParams,ReadSessionsResult>(readSessionsIR);


/** 'WriteSessions' parameters type */
export interface WriteSessionsParams {
  payloads: stringArray;
  sids: stringArray;
  ttls: numberArray;
}

/** 'WriteSessions' return type */
export type WriteSessionsResult = void;

/** 'WriteSessions' query type */
export interface WriteSessionsQuery {
  params: WriteSessionsParams;
  result: WriteSessionsResult;
}

const writeSessionsIR: any = {"usedParamSet":{"sids":true,"payloads":true,"ttls":true},"params":[{"name":"sids","required":true,"transform":{"type":"scalar"},"locs":[{"a":153,"b":158}]},{"name":"payloads","required":true,"transform":{"type":"scalar"},"locs":[{"a":169,"b":178}]},{"name":"ttls","required":true,"transform":{"type":"scalar"},"locs":[{"a":189,"b":194}]}],"statement":"INSERT INTO \"session_store\".\"session\" AS t (sid, sess, expire)\nSELECT x.sid, x.sess, to_timestamp(extract(epoch FROM now())::float8 + x.ttl)\nFROM unnest(:sids!::text[], :payloads!::json[], :ttls!::float8[]) AS x(sid, sess, ttl)\nORDER BY 1\nON CONFLICT (sid) DO UPDATE\nSET sess = EXCLUDED.sess, expire = EXCLUDED.expire                                                                                                                                                                                                                                                                                                                          "};

/**
 * Query generated from SQL:
 * ```
 * INSERT INTO "session_store"."session" AS t (sid, sess, expire)
 * SELECT x.sid, x.sess, to_timestamp(extract(epoch FROM now())::float8 + x.ttl)
 * FROM unnest(:sids!::text[], :payloads!::json[], :ttls!::float8[]) AS x(sid, sess, ttl)
 * ORDER BY 1
 * ON CONFLICT (sid) DO UPDATE
 * SET sess = EXCLUDED.sess, expire = EXCLUDED.expire                                                                                                                                                                                                                                                                                                                          
 * ```
 */
export const writeSessions = new PreparedQuery<WriteSessionsParams,WriteSessionsResult>(writeSessionsIR);


/** 'ReplaceSessions' parameters type */
export interface ReplaceSessionsParams {
  loaded: stringArray;
  mayShorten: booleanArray;
  payloads: stringArray;
  sids: stringArray;
  ttls: numberArray;
}

/** 'ReplaceSessions' return type */
export interface ReplaceSessionsResult {
  sid: string;
}

/** 'ReplaceSessions' query type */
export interface ReplaceSessionsQuery {
  params: ReplaceSessionsParams;
  result: ReplaceSessionsResult;
}

const replaceSessionsIR: any = {"usedParamSet":{"sids":true,"loaded":true,"payloads":true,"ttls":true,"mayShorten":true},"params":[{"name":"sids","required":true,"transform":{"type":"scalar"},"locs":[{"a":326,"b":331}]},{"name":"loaded","required":true,"transform":{"type":"scalar"},"locs":[{"a":342,"b":349}]},{"name":"payloads","required":true,"transform":{"type":"scalar"},"locs":[{"a":360,"b":369}]},{"name":"ttls","required":true,"transform":{"type":"scalar"},"locs":[{"a":380,"b":385}]},{"name":"mayShorten","required":true,"transform":{"type":"scalar"},"locs":[{"a":398,"b":409}]}],"statement":"UPDATE \"session_store\".\"session\" AS t\nSET\n  sess = x.sess,\n  expire = CASE\n    WHEN x.may_shorten THEN to_timestamp(extract(epoch FROM now())::float8 + x.ttl)\n    ELSE GREATEST(t.expire, to_timestamp(extract(epoch FROM now())::float8 + x.ttl))\n  END\nFROM (\n  SELECT u.sid, u.loaded, u.sess, u.ttl, u.may_shorten\n  FROM unnest(:sids!::text[], :loaded!::text[], :payloads!::json[], :ttls!::float8[], :mayShorten!::bool[])\n    AS u(sid, loaded, sess, ttl, may_shorten)\n  ORDER BY 1\n) AS x\nWHERE t.sid = ANY(ARRAY[x.sid]) AND (t.sess::text = x.loaded) IS TRUE AND t.expire > now()\nRETURNING t.sid                                                                                                      "};

/**
 * Query generated from SQL:
 * ```
 * UPDATE "session_store"."session" AS t
 * SET
 *   sess = x.sess,
 *   expire = CASE
 *     WHEN x.may_shorten THEN to_timestamp(extract(epoch FROM now())::float8 + x.ttl)
 *     ELSE GREATEST(t.expire, to_timestamp(extract(epoch FROM now())::float8 + x.ttl))
 *   END
 * FROM (
 *   SELECT u.sid, u.loaded, u.sess, u.ttl, u.may_shorten
 *   FROM unnest(:sids!::text[], :loaded!::text[], :payloads!::json[], :ttls!::float8[], :mayShorten!::bool[])
 *     AS u(sid, loaded, sess, ttl, may_shorten)
 *   ORDER BY 1
 * ) AS x
 * WHERE t.sid = ANY(ARRAY[x.sid]) AND (t.sess::text = x.loaded) IS TRUE AND t.expire > now()
 * RETURNING t.sid                                                                                                      
 * ```
 */
export const replaceSessions = new PreparedQuery<ReplaceSessionsParams,ReplaceSessionsResult>(replaceSessionsIR);


/** 'TouchSessions' parameters type */
export interface TouchSessionsParams {
  mayShorten: booleanArray;
  sids: stringArray;
  ttls: numberArray;
}

/** 'TouchSessions' return type */
export interface TouchSessionsResult {
  sid: string;
}

/** 'TouchSessions' query type */
export interface TouchSessionsQuery {
  params: TouchSessionsParams;
  result: TouchSessionsResult;
}

const touchSessionsIR: any = {"usedParamSet":{"sids":true,"ttls":true,"mayShorten":true},"params":[{"name":"sids","required":true,"transform":{"type":"scalar"},"locs":[{"a":283,"b":288}]},{"name":"ttls","required":true,"transform":{"type":"scalar"},"locs":[{"a":299,"b":304}]},{"name":"mayShorten","required":true,"transform":{"type":"scalar"},"locs":[{"a":317,"b":328}]}],"statement":"UPDATE \"session_store\".\"session\" AS t\nSET expire = CASE\n  WHEN x.may_shorten THEN to_timestamp(extract(epoch FROM now())::float8 + x.ttl)\n  ELSE GREATEST(t.expire, to_timestamp(extract(epoch FROM now())::float8 + x.ttl))\nEND\nFROM (\n  SELECT u.sid, u.ttl, u.may_shorten\n  FROM unnest(:sids!::text[], :ttls!::float8[], :mayShorten!::bool[]) AS u(sid, ttl, may_shorten)\n  ORDER BY 1\n) AS x\nWHERE t.sid = ANY(ARRAY[x.sid]) AND t.expire > now()\nRETURNING t.sid"};

/**
 * Query generated from SQL:
 * ```
 * UPDATE "session_store"."session" AS t
 * SET expire = CASE
 *   WHEN x.may_shorten THEN to_timestamp(extract(epoch FROM now())::float8 + x.ttl)
 *   ELSE GREATEST(t.expire, to_timestamp(extract(epoch FROM now())::float8 + x.ttl))
 * END
 * FROM (
 *   SELECT u.sid, u.ttl, u.may_shorten
 *   FROM unnest(:sids!::text[], :ttls!::float8[], :mayShorten!::bool[]) AS u(sid, ttl, may_shorten)
 *   ORDER BY 1
 * ) AS x
 * WHERE t.sid = ANY(ARRAY[x.sid]) AND t.expire > now()
 * RETURNING t.sid
 * ```
 */
export const touchSessions = new PreparedQuery<TouchSessionsParams,TouchSessionsResult>(touchSessionsIR);


/** 'DestroySessions' parameters type */
export interface DestroySessionsParams {
  sids: stringArray;
}

/** 'DestroySessions' return type */
export type DestroySessionsResult = void;

/** 'DestroySessions' query type */
export interface DestroySessionsQuery {
  params: DestroySessionsParams;
  result: DestroySessionsResult;
}

const destroySessionsIR: any = {"usedParamSet":{"sids":true},"params":[{"name":"sids","required":true,"transform":{"type":"scalar"},"locs":[{"a":80,"b":85}]}],"statement":"DELETE FROM \"session_store\".\"session\" AS t\nUSING (\n  SELECT u.sid\n  FROM unnest(:sids!::text[]) AS u(sid)\n  ORDER BY 1\n) AS x\nWHERE t.sid = ANY(ARRAY[x.sid])"};

/**
 * Query generated from SQL:
 * ```
 * DELETE FROM "session_store"."session" AS t
 * USING (
 *   SELECT u.sid
 *   FROM unnest(:sids!::text[]) AS u(sid)
 *   ORDER BY 1
 * ) AS x
 * WHERE t.sid = ANY(ARRAY[x.sid])
 * ```
 */
export const destroySessions = new PreparedQuery<DestroySessionsParams,DestroySessionsResult>(destroySessionsIR);


