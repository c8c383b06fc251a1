/** Types generated for queries found in "sql/session.sql" */
import { PreparedQuery } from '@pgtyped/runtime';

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

const writeSessionsIR: any = {"usedParamSet":{"sids":true,"payloads":true,"ttls":true},"params":[{"name":"sids","required":true,"transform":{"type":"scalar"},"locs":[{"a":153,"b":158}]},{"name":"payloads","required":true,"transform":{"type":"scalar"},"locs":[{"a":169,"b":178}]},{"name":"ttls","required":true,"transform":{"type":"scalar"},"locs":[{"a":189,"b":194}]}],"statement":"INSERT INTO \"session_store\".\"session\" AS t (sid, sess, expire)\nSELECT x.sid, x.sess, to_timestamp(extract(epoch FROM now())::float8 + x.ttl)\nFROM unnest(:sids!::text[], :payloads!::json[], :ttls!::float8[]) AS x(sid, sess, ttl)\nORDER BY 1\nON CONFLICT (sid) DO UPDATE\nSET sess = EXCLUDED.sess, expire = EXCLUDED.expire                                                                                                                                                                                                           "};

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


/** 'TouchSessions' parameters type */
export interface TouchSessionsParams {
  sids: stringArray;
  ttls: numberArray;
}

/** 'TouchSessions' return type */
export type TouchSessionsResult = void;

/** 'TouchSessions' query type */
export interface TouchSessionsQuery {
  params: TouchSessionsParams;
  result: TouchSessionsResult;
}

const touchSessionsIR: any = {"usedParamSet":{"sids":true,"ttls":true},"params":[{"name":"sids","required":true,"transform":{"type":"scalar"},"locs":[{"a":150,"b":155}]},{"name":"ttls","required":true,"transform":{"type":"scalar"},"locs":[{"a":166,"b":171}]}],"statement":"UPDATE \"session_store\".\"session\" AS t\nSET expire = to_timestamp(extract(epoch FROM now())::float8 + x.ttl)\nFROM (\n  SELECT u.sid, u.ttl\n  FROM unnest(:sids!::text[], :ttls!::float8[]) AS u(sid, ttl)\n  ORDER BY 1\n) AS x\nWHERE t.sid = ANY(ARRAY[x.sid]) AND t.expire > now()"};

/**
 * Query generated from SQL:
 * ```
 * UPDATE "session_store"."session" AS t
 * SET expire = to_timestamp(extract(epoch FROM now())::float8 + x.ttl)
 * FROM (
 *   SELECT u.sid, u.ttl
 *   FROM unnest(:sids!::text[], :ttls!::float8[]) AS u(sid, ttl)
 *   ORDER BY 1
 * ) AS x
 * WHERE t.sid = ANY(ARRAY[x.sid]) AND t.expire > now()
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

const destroySessionsIR: any = {"usedParamSet":{"sids":true},"params":[{"name":"sids","required":true,"transform":{"type":"scalar"},"locs":[{"a":61,"b":66}]}],"statement":"DELETE FROM \"session_store\".\"session\" AS t\nWHERE t.sid = ANY(:sids!)"};

/**
 * Query generated from SQL:
 * ```
 * DELETE FROM "session_store"."session" AS t
 * WHERE t.sid = ANY(:sids!)
 * ```
 */
export const destroySessions = new PreparedQuery<DestroySessionsParams,DestroySessionsResult>(destroySessionsIR);


