/** Types generated for queries found in "sql/session.sql" */
import { PreparedQuery } from '@pgtyped/runtime';

export type booleanArray = (boolean)[];

export type numberArray = (number)[];

export type stringArray = (string)[];

/** 'GetSession' parameters type */
export interface GetSessionParams {
  sid: string;
}

/** 'GetSession' return type */
export interface GetSessionResult {
  secondsLeft: number | null;
  sess: string | null;
  sid: string;
}

/** 'GetSession' query type */
export interface GetSessionQuery {
  params: GetSessionParams;
  result: GetSessionResult;
}

const getSessionIR: any = {"usedParamSet":{"sid":true},"params":[{"name":"sid","required":true,"transform":{"type":"scalar"},"locs":[{"a":222,"b":226}]}],"statement":"SELECT\n  t.sid,\n  t.sess::text AS sess,\n  pg_catalog.date_part('epoch', t.expire::timestamptz) - pg_catalog.date_part('epoch', now()) AS \"secondsLeft\"\nFROM \"session_store\".\"session\" AS t\nWHERE t.sid OPERATOR(pg_catalog.=) :sid! AND t.expire > now()"};

/**
 * Query generated from SQL:
 * ```
 * SELECT
 *   t.sid,
 *   t.sess::text AS sess,
 *   pg_catalog.date_part('epoch', t.expire::timestamptz) - pg_catalog.date_part('epoch', now()) AS "secondsLeft"
 * FROM "session_store"."session" AS t
 * WHERE t.sid OPERATOR(pg_catalog.=) :sid! AND t.expire > now()
 * ```
 */
export const getSession = new PreparedQuery<GetSessionParams,GetSessionResult>(getSessionIR);


/** 'GetSessions' parameters type */
export interface GetSessionsParams {
  sids: stringArray;
}

/** 'GetSessions' return type */
export interface GetSessionsResult {
  secondsLeft: number | null;
  sess: string | null;
  sid: string;
}

/** 'GetSessions' query type */
export interface GetSessionsQuery {
  params: GetSessionsParams;
  result: GetSessionsResult;
}

const getSessionsIR: any = {"usedParamSet":{"sids":true},"params":[{"name":"sids","required":true,"transform":{"type":"scalar"},"locs":[{"a":226,"b":231}]}],"statement":"SELECT\n  t.sid,\n  t.sess::text AS sess,\n  pg_catalog.date_part('epoch', t.expire::timestamptz) - pg_catalog.date_part('epoch', now()) AS \"secondsLeft\"\nFROM \"session_store\".\"session\" AS t\nWHERE t.sid OPERATOR(pg_catalog.=) ANY(:sids!) AND t.expire > now()"};

/**
 * Query generated from SQL:
 * ```
 * SELECT
 *   t.sid,
 *   t.sess::text AS sess,
 *   pg_catalog.date_part('epoch', t.expire::timestamptz) - pg_catalog.date_part('epoch', now()) AS "secondsLeft"
 * FROM "session_store"."session" AS t
 * WHERE t.sid OPERATOR(pg_catalog.=) ANY(:sids!) AND t.expire > now()
 * ```
 */
export const getSessions = new PreparedQuery<GetSessionsParams,GetSessionsResult>(getSessionsIR);


/** 'SetSession' parameters type */
export interface SetSessionParams {
  payload: string;
  sid: string;
  ttl: number;
}

/** 'SetSession' return type */
export type SetSessionResult = void;

/** 'SetSession' query type */
export interface SetSessionQuery {
  params: SetSessionParams;
  result: SetSessionResult;
}

const setSessionIR: any = {"usedParamSet":{"sid":true,"payload":true,"ttl":true},"params":[{"name":"sid","required":true,"transform":{"type":"scalar"},"locs":[{"a":71,"b":75}]},{"name":"payload","required":true,"transform":{"type":"scalar"},"locs":[{"a":78,"b":86}]},{"name":"ttl","required":true,"transform":{"type":"scalar"},"locs":[{"a":158,"b":162}]}],"statement":"INSERT INTO \"session_store\".\"session\" AS t (sid, sess, expire)\nVALUES (:sid!, :payload!::json, pg_catalog.to_timestamp(pg_catalog.date_part('epoch', now()) + :ttl!))\nON CONFLICT (sid) DO UPDATE\nSET sess = EXCLUDED.sess, expire = EXCLUDED.expire                                                                                                                                                                 "};

/**
 * Query generated from SQL:
 * ```
 * INSERT INTO "session_store"."session" AS t (sid, sess, expire)
 * VALUES (:sid!, :payload!::json, pg_catalog.to_timestamp(pg_catalog.date_part('epoch', now()) + :ttl!))
 * ON CONFLICT (sid) DO UPDATE
 * SET sess = EXCLUDED.sess, expire = EXCLUDED.expire                                                                                                                                                                 
 * ```
 */
export const setSession = new PreparedQuery<SetSessionParams,SetSessionResult>(setSessionIR);


/** 'SetSessionRelaxed' parameters type */
export interface SetSessionRelaxedParams {
  payload: string;
  sid: string;
  ttl: number;
}

/** 'SetSessionRelaxed' return type */
export type SetSessionRelaxedResult = void;

/** 'SetSessionRelaxed' query type */
export interface SetSessionRelaxedQuery {
  params: SetSessionRelaxedParams;
  result: SetSessionRelaxedResult;
}

const setSessionRelaxedIR: any = {"usedParamSet":{"sid":true,"payload":true,"ttl":true},"params":[{"name":"sid","required":true,"transform":{"type":"scalar"},"locs":[{"a":174,"b":178}]},{"name":"payload","required":true,"transform":{"type":"scalar"},"locs":[{"a":187,"b":195}]},{"name":"ttl","required":true,"transform":{"type":"scalar"},"locs":[{"a":267,"b":271}]}],"statement":"WITH ss__settings AS MATERIALIZED (\n  SELECT pg_catalog.set_config('synchronous_commit', 'off', true)\n)\nINSERT INTO \"session_store\".\"session\" AS t (sid, sess, expire)\nSELECT :sid!::text, :payload!::json, pg_catalog.to_timestamp(pg_catalog.date_part('epoch', now()) + :ttl!)\nFROM ss__settings\nON CONFLICT (sid) DO UPDATE\nSET sess = EXCLUDED.sess, expire = EXCLUDED.expire                                                                                                        "};

/**
 * Query generated from SQL:
 * ```
 * WITH ss__settings AS MATERIALIZED (
 *   SELECT pg_catalog.set_config('synchronous_commit', 'off', true)
 * )
 * INSERT INTO "session_store"."session" AS t (sid, sess, expire)
 * SELECT :sid!::text, :payload!::json, pg_catalog.to_timestamp(pg_catalog.date_part('epoch', now()) + :ttl!)
 * FROM ss__settings
 * ON CONFLICT (sid) DO UPDATE
 * SET sess = EXCLUDED.sess, expire = EXCLUDED.expire                                                                                                        
 * ```
 */
export const setSessionRelaxed = new PreparedQuery<SetSessionRelaxedParams,SetSessionRelaxedResult>(setSessionRelaxedIR);


/** 'InsertMissingSession' parameters type */
export interface InsertMissingSessionParams {
  payload: string;
  sid: string;
  ttl: number;
}

/** 'InsertMissingSession' return type */
export interface InsertMissingSessionResult {
  sid: string;
}

/** 'InsertMissingSession' query type */
export interface InsertMissingSessionQuery {
  params: InsertMissingSessionParams;
  result: InsertMissingSessionResult;
}

const insertMissingSessionIR: any = {"usedParamSet":{"sid":true,"payload":true,"ttl":true},"params":[{"name":"sid","required":true,"transform":{"type":"scalar"},"locs":[{"a":71,"b":75}]},{"name":"payload","required":true,"transform":{"type":"scalar"},"locs":[{"a":78,"b":86}]},{"name":"ttl","required":true,"transform":{"type":"scalar"},"locs":[{"a":158,"b":162}]}],"statement":"INSERT INTO \"session_store\".\"session\" AS t (sid, sess, expire)\nVALUES (:sid!, :payload!::json, pg_catalog.to_timestamp(pg_catalog.date_part('epoch', now()) + :ttl!))\nON CONFLICT (sid) DO NOTHING\nRETURNING t.sid                                                                                            "};

/**
 * Query generated from SQL:
 * ```
 * INSERT INTO "session_store"."session" AS t (sid, sess, expire)
 * VALUES (:sid!, :payload!::json, pg_catalog.to_timestamp(pg_catalog.date_part('epoch', now()) + :ttl!))
 * ON CONFLICT (sid) DO NOTHING
 * RETURNING t.sid                                                                                            
 * ```
 */
export const insertMissingSession = new PreparedQuery<InsertMissingSessionParams,InsertMissingSessionResult>(insertMissingSessionIR);


/** 'DeleteMovedSession' parameters type */
export interface DeleteMovedSessionParams {
  loaded: string;
  sid: string;
}

/** 'DeleteMovedSession' return type */
export type DeleteMovedSessionResult = void;

/** 'DeleteMovedSession' query type */
export interface DeleteMovedSessionQuery {
  params: DeleteMovedSessionParams;
  result: DeleteMovedSessionResult;
}

const deleteMovedSessionIR: any = {"usedParamSet":{"sid":true,"loaded":true},"params":[{"name":"sid","required":true,"transform":{"type":"scalar"},"locs":[{"a":78,"b":82}]},{"name":"loaded","required":true,"transform":{"type":"scalar"},"locs":[{"a":103,"b":110}]}],"statement":"DELETE FROM \"session_store\".\"session\" AS t\nWHERE t.sid OPERATOR(pg_catalog.=) :sid! AND t.sess::text = :loaded!"};

/**
 * Query generated from SQL:
 * ```
 * DELETE FROM "session_store"."session" AS t
 * WHERE t.sid OPERATOR(pg_catalog.=) :sid! AND t.sess::text = :loaded!
 * ```
 */
export const deleteMovedSession = new PreparedQuery<DeleteMovedSessionParams,DeleteMovedSessionResult>(deleteMovedSessionIR);


/** 'SetSessions' parameters type */
export interface SetSessionsParams {
  lockTimeout?: string | null | void;
  payloads: stringArray;
  relaxed?: boolean | null | void;
  sids: stringArray;
  ttls: numberArray;
}

/** 'SetSessions' return type */
export type SetSessionsResult = void;

/** 'SetSessions' query type */
export interface SetSessionsQuery {
  params: SetSessionsParams;
  result: SetSessionsResult;
}

const setSessionsIR: any = {"usedParamSet":{"lockTimeout":true,"relaxed":true,"sids":true,"payloads":true,"ttls":true},"params":[{"name":"lockTimeout","required":false,"transform":{"type":"scalar"},"locs":[{"a":96,"b":107}]},{"name":"relaxed","required":false,"transform":{"type":"scalar"},"locs":[{"a":220,"b":227}]},{"name":"sids","required":true,"transform":{"type":"scalar"},"locs":[{"a":474,"b":479}]},{"name":"payloads","required":true,"transform":{"type":"scalar"},"locs":[{"a":490,"b":499}]},{"name":"ttls","required":true,"transform":{"type":"scalar"},"locs":[{"a":510,"b":515}]}],"statement":"WITH ss__settings AS MATERIALIZED (\n  SELECT\n    pg_catalog.set_config('lock_timeout', coalesce(:lockTimeout, pg_catalog.current_setting('lock_timeout')), true),\n    pg_catalog.set_config('synchronous_commit', CASE WHEN :relaxed THEN 'off' ELSE pg_catalog.current_setting('synchronous_commit') END, true)\n)\nINSERT INTO \"session_store\".\"session\" AS t (sid, sess, expire)\nSELECT x.sid, x.sess, pg_catalog.to_timestamp(pg_catalog.date_part('epoch', now()) + x.ttl)\nFROM unnest(:sids!::text[], :payloads!::json[], :ttls!::float8[]) AS x(sid, sess, ttl), ss__settings\nORDER BY 1\nON CONFLICT (sid) DO UPDATE\nSET sess = EXCLUDED.sess, expire = EXCLUDED.expire                                                                                                                                                                                                                                           "};

/**
 * Query generated from SQL:
 * ```
 * WITH ss__settings AS MATERIALIZED (
 *   SELECT
 *     pg_catalog.set_config('lock_timeout', coalesce(:lockTimeout, pg_catalog.current_setting('lock_timeout')), true),
 *     pg_catalog.set_config('synchronous_commit', CASE WHEN :relaxed THEN 'off' ELSE pg_catalog.current_setting('synchronous_commit') END, true)
 * )
 * INSERT INTO "session_store"."session" AS t (sid, sess, expire)
 * SELECT x.sid, x.sess, pg_catalog.to_timestamp(pg_catalog.date_part('epoch', now()) + x.ttl)
 * FROM unnest(:sids!::text[], :payloads!::json[], :ttls!::float8[]) AS x(sid, sess, ttl), ss__settings
 * ORDER BY 1
 * ON CONFLICT (sid) DO UPDATE
 * SET sess = EXCLUDED.sess, expire = EXCLUDED.expire                                                                                                                                                                                                                                           
 * ```
 */
export const setSessions = new PreparedQuery<SetSessionsParams,SetSessionsResult>(setSessionsIR);


/** 'ReplaceSession' parameters type */
export interface ReplaceSessionParams {
  loaded: string;
  mayShorten: boolean;
  payload: string;
  sid: string;
  ttl: number;
}

/** 'ReplaceSession' return type */
export interface ReplaceSessionResult {
  sid: string;
}

/** 'ReplaceSession' query type */
export interface ReplaceSessionQuery {
  params: ReplaceSessionParams;
  result: ReplaceSessionResult;
}

const replaceSessionIR: any = {"usedParamSet":{"payload":true,"mayShorten":true,"ttl":true,"sid":true,"loaded":true},"params":[{"name":"payload","required":true,"transform":{"type":"scalar"},"locs":[{"a":51,"b":59}]},{"name":"mayShorten","required":true,"transform":{"type":"scalar"},"locs":[{"a":103,"b":114}]},{"name":"ttl","required":true,"transform":{"type":"scalar"},"locs":[{"a":219,"b":223}]},{"name":"sid","required":true,"transform":{"type":"scalar"},"locs":[{"a":265,"b":269}]},{"name":"loaded","required":true,"transform":{"type":"scalar"},"locs":[{"a":290,"b":297}]}],"statement":"UPDATE \"session_store\".\"session\" AS t\nSET\n  sess = :payload!::json,\n  expire = GREATEST(\n    CASE WHEN :mayShorten! THEN '-infinity' ELSE t.expire END,\n    pg_catalog.to_timestamp(pg_catalog.date_part('epoch', now()) + :ttl!)\n  )\nWHERE t.sid OPERATOR(pg_catalog.=) :sid! AND t.sess::text = :loaded! AND t.expire > now()\nRETURNING t.sid"};

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
 * WHERE t.sid OPERATOR(pg_catalog.=) :sid! AND t.sess::text = :loaded! AND t.expire > now()
 * RETURNING t.sid
 * ```
 */
export const replaceSession = new PreparedQuery<ReplaceSessionParams,ReplaceSessionResult>(replaceSessionIR);


/** 'ReplaceSessionRelaxed' parameters type */
export interface ReplaceSessionRelaxedParams {
  loaded: string;
  mayShorten: boolean;
  payload: string;
  sid: string;
  ttl: number;
}

/** 'ReplaceSessionRelaxed' return type */
export interface ReplaceSessionRelaxedResult {
  sid: string;
}

/** 'ReplaceSessionRelaxed' query type */
export interface ReplaceSessionRelaxedQuery {
  params: ReplaceSessionRelaxedParams;
  result: ReplaceSessionRelaxedResult;
}

const replaceSessionRelaxedIR: any = {"usedParamSet":{"payload":true,"mayShorten":true,"ttl":true,"sid":true,"loaded":true},"params":[{"name":"payload","required":true,"transform":{"type":"scalar"},"locs":[{"a":155,"b":163}]},{"name":"mayShorten","required":true,"transform":{"type":"scalar"},"locs":[{"a":207,"b":218}]},{"name":"ttl","required":true,"transform":{"type":"scalar"},"locs":[{"a":323,"b":327}]},{"name":"sid","required":true,"transform":{"type":"scalar"},"locs":[{"a":387,"b":391}]},{"name":"loaded","required":true,"transform":{"type":"scalar"},"locs":[{"a":412,"b":419}]}],"statement":"WITH ss__settings AS MATERIALIZED (\n  SELECT pg_catalog.set_config('synchronous_commit', 'off', true)\n)\nUPDATE \"session_store\".\"session\" AS t\nSET\n  sess = :payload!::json,\n  expire = GREATEST(\n    CASE WHEN :mayShorten! THEN '-infinity' ELSE t.expire END,\n    pg_catalog.to_timestamp(pg_catalog.date_part('epoch', now()) + :ttl!)\n  )\nFROM ss__settings\nWHERE t.sid OPERATOR(pg_catalog.=) :sid! AND t.sess::text = :loaded! AND t.expire > now()\nRETURNING t.sid"};

/**
 * Query generated from SQL:
 * ```
 * WITH ss__settings AS MATERIALIZED (
 *   SELECT pg_catalog.set_config('synchronous_commit', 'off', true)
 * )
 * UPDATE "session_store"."session" AS t
 * SET
 *   sess = :payload!::json,
 *   expire = GREATEST(
 *     CASE WHEN :mayShorten! THEN '-infinity' ELSE t.expire END,
 *     pg_catalog.to_timestamp(pg_catalog.date_part('epoch', now()) + :ttl!)
 *   )
 * FROM ss__settings
 * WHERE t.sid OPERATOR(pg_catalog.=) :sid! AND t.sess::text = :loaded! AND t.expire > now()
 * RETURNING t.sid
 * ```
 */
export const replaceSessionRelaxed = new PreparedQuery<ReplaceSessionRelaxedParams,ReplaceSessionRelaxedResult>(replaceSessionRelaxedIR);


/** 'ReplaceSessions' parameters type */
export interface ReplaceSessionsParams {
  loaded: stringArray;
  lockTimeout?: string | null | void;
  mayShorten: booleanArray;
  payloads: stringArray;
  relaxed?: boolean | null | void;
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

const replaceSessionsIR: any = {"usedParamSet":{"lockTimeout":true,"relaxed":true,"sids":true,"loaded":true,"payloads":true,"ttls":true,"mayShorten":true},"params":[{"name":"lockTimeout","required":false,"transform":{"type":"scalar"},"locs":[{"a":96,"b":107}]},{"name":"relaxed","required":false,"transform":{"type":"scalar"},"locs":[{"a":220,"b":227}]},{"name":"sids","required":true,"transform":{"type":"scalar"},"locs":[{"a":614,"b":619}]},{"name":"loaded","required":true,"transform":{"type":"scalar"},"locs":[{"a":630,"b":637}]},{"name":"payloads","required":true,"transform":{"type":"scalar"},"locs":[{"a":648,"b":657}]},{"name":"ttls","required":true,"transform":{"type":"scalar"},"locs":[{"a":668,"b":673}]},{"name":"mayShorten","required":true,"transform":{"type":"scalar"},"locs":[{"a":686,"b":697}]}],"statement":"WITH ss__settings AS MATERIALIZED (\n  SELECT\n    pg_catalog.set_config('lock_timeout', coalesce(:lockTimeout, pg_catalog.current_setting('lock_timeout')), true),\n    pg_catalog.set_config('synchronous_commit', CASE WHEN :relaxed THEN 'off' ELSE pg_catalog.current_setting('synchronous_commit') END, true)\n)\nUPDATE \"session_store\".\"session\" AS t\nSET\n  sess = x.sess,\n  expire = GREATEST(CASE WHEN x.may_shorten THEN '-infinity' ELSE t.expire END, x.expire)\nFROM (\n  SELECT\n    u.sid, u.loaded, u.sess, u.may_shorten,\n    pg_catalog.to_timestamp(pg_catalog.date_part('epoch', now()) + u.ttl) AS expire\n  FROM unnest(:sids!::text[], :loaded!::text[], :payloads!::json[], :ttls!::float8[], :mayShorten!::bool[])\n    AS u(sid, loaded, sess, ttl, may_shorten)\n  ORDER BY 1\n) AS x, ss__settings\nWHERE t.sid OPERATOR(pg_catalog.=) ANY(ARRAY[x.sid]) AND (t.sess::text = x.loaded) IS TRUE AND t.expire > now()\nRETURNING t.sid                                                      "};

/**
 * Query generated from SQL:
 * ```
 * WITH ss__settings AS MATERIALIZED (
 *   SELECT
 *     pg_catalog.set_config('lock_timeout', coalesce(:lockTimeout, pg_catalog.current_setting('lock_timeout')), true),
 *     pg_catalog.set_config('synchronous_commit', CASE WHEN :relaxed THEN 'off' ELSE pg_catalog.current_setting('synchronous_commit') END, true)
 * )
 * UPDATE "session_store"."session" AS t
 * SET
 *   sess = x.sess,
 *   expire = GREATEST(CASE WHEN x.may_shorten THEN '-infinity' ELSE t.expire END, x.expire)
 * FROM (
 *   SELECT
 *     u.sid, u.loaded, u.sess, u.may_shorten,
 *     pg_catalog.to_timestamp(pg_catalog.date_part('epoch', now()) + u.ttl) AS expire
 *   FROM unnest(:sids!::text[], :loaded!::text[], :payloads!::json[], :ttls!::float8[], :mayShorten!::bool[])
 *     AS u(sid, loaded, sess, ttl, may_shorten)
 *   ORDER BY 1
 * ) AS x, ss__settings
 * WHERE t.sid OPERATOR(pg_catalog.=) ANY(ARRAY[x.sid]) AND (t.sess::text = x.loaded) IS TRUE AND t.expire > now()
 * RETURNING t.sid                                                      
 * ```
 */
export const replaceSessions = new PreparedQuery<ReplaceSessionsParams,ReplaceSessionsResult>(replaceSessionsIR);


/** 'TouchSession' parameters type */
export interface TouchSessionParams {
  mayShorten: boolean;
  sid: string;
  ttl: number;
}

/** 'TouchSession' return type */
export interface TouchSessionResult {
  sid: string;
}

/** 'TouchSession' query type */
export interface TouchSessionQuery {
  params: TouchSessionParams;
  result: TouchSessionResult;
}

const touchSessionIR: any = {"usedParamSet":{"mayShorten":true,"ttl":true,"sid":true},"params":[{"name":"mayShorten","required":true,"transform":{"type":"scalar"},"locs":[{"a":73,"b":84}]},{"name":"ttl","required":true,"transform":{"type":"scalar"},"locs":[{"a":187,"b":191}]},{"name":"sid","required":true,"transform":{"type":"scalar"},"locs":[{"a":231,"b":235}]}],"statement":"UPDATE \"session_store\".\"session\" AS t\nSET expire = GREATEST(\n  CASE WHEN :mayShorten! THEN '-infinity' ELSE t.expire END,\n  pg_catalog.to_timestamp(pg_catalog.date_part('epoch', now()) + :ttl!)\n)\nWHERE t.sid OPERATOR(pg_catalog.=) :sid! AND t.expire > now()\nRETURNING t.sid                                                                                                                                                                                "};

/**
 * Query generated from SQL:
 * ```
 * UPDATE "session_store"."session" AS t
 * SET expire = GREATEST(
 *   CASE WHEN :mayShorten! THEN '-infinity' ELSE t.expire END,
 *   pg_catalog.to_timestamp(pg_catalog.date_part('epoch', now()) + :ttl!)
 * )
 * WHERE t.sid OPERATOR(pg_catalog.=) :sid! AND t.expire > now()
 * RETURNING t.sid                                                                                                                                                                                
 * ```
 */
export const touchSession = new PreparedQuery<TouchSessionParams,TouchSessionResult>(touchSessionIR);


/** 'TouchSessionRelaxed' parameters type */
export interface TouchSessionRelaxedParams {
  mayShorten: boolean;
  sid: string;
  ttl: number;
}

/** 'TouchSessionRelaxed' return type */
export interface TouchSessionRelaxedResult {
  sid: string;
}

/** 'TouchSessionRelaxed' query type */
export interface TouchSessionRelaxedQuery {
  params: TouchSessionRelaxedParams;
  result: TouchSessionRelaxedResult;
}

const touchSessionRelaxedIR: any = {"usedParamSet":{"mayShorten":true,"ttl":true,"sid":true},"params":[{"name":"mayShorten","required":true,"transform":{"type":"scalar"},"locs":[{"a":177,"b":188}]},{"name":"ttl","required":true,"transform":{"type":"scalar"},"locs":[{"a":291,"b":295}]},{"name":"sid","required":true,"transform":{"type":"scalar"},"locs":[{"a":353,"b":357}]}],"statement":"WITH ss__settings AS MATERIALIZED (\n  SELECT pg_catalog.set_config('synchronous_commit', 'off', true)\n)\nUPDATE \"session_store\".\"session\" AS t\nSET expire = GREATEST(\n  CASE WHEN :mayShorten! THEN '-infinity' ELSE t.expire END,\n  pg_catalog.to_timestamp(pg_catalog.date_part('epoch', now()) + :ttl!)\n)\nFROM ss__settings\nWHERE t.sid OPERATOR(pg_catalog.=) :sid! AND t.expire > now()\nRETURNING t.sid"};

/**
 * Query generated from SQL:
 * ```
 * WITH ss__settings AS MATERIALIZED (
 *   SELECT pg_catalog.set_config('synchronous_commit', 'off', true)
 * )
 * UPDATE "session_store"."session" AS t
 * SET expire = GREATEST(
 *   CASE WHEN :mayShorten! THEN '-infinity' ELSE t.expire END,
 *   pg_catalog.to_timestamp(pg_catalog.date_part('epoch', now()) + :ttl!)
 * )
 * FROM ss__settings
 * WHERE t.sid OPERATOR(pg_catalog.=) :sid! AND t.expire > now()
 * RETURNING t.sid
 * ```
 */
export const touchSessionRelaxed = new PreparedQuery<TouchSessionRelaxedParams,TouchSessionRelaxedResult>(touchSessionRelaxedIR);


/** 'TouchSessions' parameters type */
export interface TouchSessionsParams {
  lockTimeout?: string | null | void;
  mayShorten: booleanArray;
  relaxed?: boolean | null | void;
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

const touchSessionsIR: any = {"usedParamSet":{"lockTimeout":true,"relaxed":true,"sids":true,"ttls":true,"mayShorten":true},"params":[{"name":"lockTimeout","required":false,"transform":{"type":"scalar"},"locs":[{"a":96,"b":107}]},{"name":"relaxed","required":false,"transform":{"type":"scalar"},"locs":[{"a":220,"b":227}]},{"name":"sids","required":true,"transform":{"type":"scalar"},"locs":[{"a":569,"b":574}]},{"name":"ttls","required":true,"transform":{"type":"scalar"},"locs":[{"a":585,"b":590}]},{"name":"mayShorten","required":true,"transform":{"type":"scalar"},"locs":[{"a":603,"b":614}]}],"statement":"WITH ss__settings AS MATERIALIZED (\n  SELECT\n    pg_catalog.set_config('lock_timeout', coalesce(:lockTimeout, pg_catalog.current_setting('lock_timeout')), true),\n    pg_catalog.set_config('synchronous_commit', CASE WHEN :relaxed THEN 'off' ELSE pg_catalog.current_setting('synchronous_commit') END, true)\n)\nUPDATE \"session_store\".\"session\" AS t\nSET expire = GREATEST(CASE WHEN x.may_shorten THEN '-infinity' ELSE t.expire END, x.expire)\nFROM (\n  SELECT u.sid, u.may_shorten, pg_catalog.to_timestamp(pg_catalog.date_part('epoch', now()) + u.ttl) AS expire\n  FROM unnest(:sids!::text[], :ttls!::float8[], :mayShorten!::bool[]) AS u(sid, ttl, may_shorten)\n  ORDER BY 1\n) AS x, ss__settings\nWHERE t.sid OPERATOR(pg_catalog.=) ANY(ARRAY[x.sid]) AND t.expire > now()\nRETURNING t.sid"};

/**
 * Query generated from SQL:
 * ```
 * WITH ss__settings AS MATERIALIZED (
 *   SELECT
 *     pg_catalog.set_config('lock_timeout', coalesce(:lockTimeout, pg_catalog.current_setting('lock_timeout')), true),
 *     pg_catalog.set_config('synchronous_commit', CASE WHEN :relaxed THEN 'off' ELSE pg_catalog.current_setting('synchronous_commit') END, true)
 * )
 * UPDATE "session_store"."session" AS t
 * SET expire = GREATEST(CASE WHEN x.may_shorten THEN '-infinity' ELSE t.expire END, x.expire)
 * FROM (
 *   SELECT u.sid, u.may_shorten, pg_catalog.to_timestamp(pg_catalog.date_part('epoch', now()) + u.ttl) AS expire
 *   FROM unnest(:sids!::text[], :ttls!::float8[], :mayShorten!::bool[]) AS u(sid, ttl, may_shorten)
 *   ORDER BY 1
 * ) AS x, ss__settings
 * WHERE t.sid OPERATOR(pg_catalog.=) ANY(ARRAY[x.sid]) AND t.expire > now()
 * RETURNING t.sid
 * ```
 */
export const touchSessions = new PreparedQuery<TouchSessionsParams,TouchSessionsResult>(touchSessionsIR);


/** 'DestroySession' parameters type */
export interface DestroySessionParams {
  sid: string;
}

/** 'DestroySession' return type */
export type DestroySessionResult = void;

/** 'DestroySession' query type */
export interface DestroySessionQuery {
  params: DestroySessionParams;
  result: DestroySessionResult;
}

const destroySessionIR: any = {"usedParamSet":{"sid":true},"params":[{"name":"sid","required":true,"transform":{"type":"scalar"},"locs":[{"a":78,"b":82}]}],"statement":"DELETE FROM \"session_store\".\"session\" AS t\nWHERE t.sid OPERATOR(pg_catalog.=) :sid!"};

/**
 * Query generated from SQL:
 * ```
 * DELETE FROM "session_store"."session" AS t
 * WHERE t.sid OPERATOR(pg_catalog.=) :sid!
 * ```
 */
export const destroySession = new PreparedQuery<DestroySessionParams,DestroySessionResult>(destroySessionIR);


/** 'DestroySessions' parameters type */
export interface DestroySessionsParams {
  lockTimeout?: string | null | void;
  sids: stringArray;
}

/** 'DestroySessions' return type */
export type DestroySessionsResult = void;

/** 'DestroySessions' query type */
export interface DestroySessionsQuery {
  params: DestroySessionsParams;
  result: DestroySessionsResult;
}

const destroySessionsIR: any = {"usedParamSet":{"lockTimeout":true,"sids":true},"params":[{"name":"lockTimeout","required":false,"transform":{"type":"scalar"},"locs":[{"a":92,"b":103}]},{"name":"sids","required":true,"transform":{"type":"scalar"},"locs":[{"a":250,"b":255}]}],"statement":"WITH ss__settings AS MATERIALIZED (\n  SELECT pg_catalog.set_config('lock_timeout', coalesce(:lockTimeout, pg_catalog.current_setting('lock_timeout')), true)\n)\nDELETE FROM \"session_store\".\"session\" AS t\nUSING (\n  SELECT u.sid\n  FROM pg_catalog.unnest(:sids!::text[]) AS u(sid)\n  ORDER BY 1\n) AS x, ss__settings\nWHERE t.sid OPERATOR(pg_catalog.=) ANY(ARRAY[x.sid])                                                                                                                                                                                                                            "};

/**
 * Query generated from SQL:
 * ```
 * WITH ss__settings AS MATERIALIZED (
 *   SELECT pg_catalog.set_config('lock_timeout', coalesce(:lockTimeout, pg_catalog.current_setting('lock_timeout')), true)
 * )
 * DELETE FROM "session_store"."session" AS t
 * USING (
 *   SELECT u.sid
 *   FROM pg_catalog.unnest(:sids!::text[]) AS u(sid)
 *   ORDER BY 1
 * ) AS x, ss__settings
 * WHERE t.sid OPERATOR(pg_catalog.=) ANY(ARRAY[x.sid])                                                                                                                                                                                                                            
 * ```
 */
export const destroySessions = new PreparedQuery<DestroySessionsParams,DestroySessionsResult>(destroySessionsIR);


/** 'DestroySessionAndNotify' parameters type */
export interface DestroySessionAndNotifyParams {
  channel: string;
  sid: string;
}

/** 'DestroySessionAndNotify' return type */
export interface DestroySessionAndNotifyResult {
  notified: string;
}

/** 'DestroySessionAndNotify' query type */
export interface DestroySessionAndNotifyQuery {
  params: DestroySessionAndNotifyParams;
  result: DestroySessionAndNotifyResult;
}

const destroySessionAndNotifyIR: any = {"usedParamSet":{"sid":true,"channel":true},"params":[{"name":"sid","required":true,"transform":{"type":"scalar"},"locs":[{"a":117,"b":121}]},{"name":"channel","required":true,"transform":{"type":"scalar"},"locs":[{"a":174,"b":182}]}],"statement":"WITH ss__deleted AS MATERIALIZED (\n  DELETE FROM \"session_store\".\"session\" AS t\n  WHERE t.sid OPERATOR(pg_catalog.=) :sid!\n  RETURNING t.sid\n)\nSELECT pg_catalog.pg_notify(\n  :channel!,\n  CASE WHEN pg_catalog.starts_with(d.sid, 'sha256:') THEN pg_catalog.substr(d.sid, 8) ELSE pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(d.sid, 'UTF8')), 'hex') END\n)::text AS \"notified!\"\nFROM ss__deleted AS d, (SELECT count(*) FROM pg_catalog.pg_extension) AS local                                                                                                                                                                                    "};

/**
 * Query generated from SQL:
 * ```
 * WITH ss__deleted AS MATERIALIZED (
 *   DELETE FROM "session_store"."session" AS t
 *   WHERE t.sid OPERATOR(pg_catalog.=) :sid!
 *   RETURNING t.sid
 * )
 * SELECT pg_catalog.pg_notify(
 *   :channel!,
 *   CASE WHEN pg_catalog.starts_with(d.sid, 'sha256:') THEN pg_catalog.substr(d.sid, 8) ELSE pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(d.sid, 'UTF8')), 'hex') END
 * )::text AS "notified!"
 * FROM ss__deleted AS d, (SELECT count(*) FROM pg_catalog.pg_extension) AS local                                                                                                                                                                                    
 * ```
 */
export const destroySessionAndNotify = new PreparedQuery<DestroySessionAndNotifyParams,DestroySessionAndNotifyResult>(destroySessionAndNotifyIR);


/** 'DestroySessionsAndNotify' parameters type */
export interface DestroySessionsAndNotifyParams {
  channel: string;
  lockTimeout?: string | null | void;
  sids: stringArray;
}

/** 'DestroySessionsAndNotify' return type */
export interface DestroySessionsAndNotifyResult {
  notified: string;
}

/** 'DestroySessionsAndNotify' query type */
export interface DestroySessionsAndNotifyQuery {
  params: DestroySessionsAndNotifyParams;
  result: DestroySessionsAndNotifyResult;
}

const destroySessionsAndNotifyIR: any = {"usedParamSet":{"lockTimeout":true,"sids":true,"channel":true},"params":[{"name":"lockTimeout","required":false,"transform":{"type":"scalar"},"locs":[{"a":92,"b":103}]},{"name":"sids","required":true,"transform":{"type":"scalar"},"locs":[{"a":289,"b":294}]},{"name":"channel","required":true,"transform":{"type":"scalar"},"locs":[{"a":757,"b":765}]}],"statement":"WITH ss__settings AS MATERIALIZED (\n  SELECT pg_catalog.set_config('lock_timeout', coalesce(:lockTimeout, pg_catalog.current_setting('lock_timeout')), true)\n), ss__deleted AS MATERIALIZED (\n  DELETE FROM \"session_store\".\"session\" AS t\n  USING (\n    SELECT u.sid\n    FROM pg_catalog.unnest(:sids!::text[]) AS u(sid)\n    ORDER BY 1\n  ) AS x, ss__settings\n  WHERE t.sid OPERATOR(pg_catalog.=) ANY(ARRAY[x.sid])\n  RETURNING t.sid\n), ss__chunks AS MATERIALIZED (\n  SELECT\n    (row_number() OVER () - 1) / 120 AS chunk,\n    CASE WHEN pg_catalog.starts_with(d.sid, 'sha256:') THEN pg_catalog.substr(d.sid, 8) ELSE pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(d.sid, 'UTF8')), 'hex') END AS handle\n  FROM ss__deleted AS d\n)\nSELECT pg_catalog.pg_notify(:channel!, pg_catalog.string_agg(c.handle, ' '))::text AS \"notified!\"\nFROM ss__chunks AS c\nGROUP BY c.chunk                                                                                "};

/**
 * Query generated from SQL:
 * ```
 * WITH ss__settings AS MATERIALIZED (
 *   SELECT pg_catalog.set_config('lock_timeout', coalesce(:lockTimeout, pg_catalog.current_setting('lock_timeout')), true)
 * ), ss__deleted AS MATERIALIZED (
 *   DELETE FROM "session_store"."session" AS t
 *   USING (
 *     SELECT u.sid
 *     FROM pg_catalog.unnest(:sids!::text[]) AS u(sid)
 *     ORDER BY 1
 *   ) AS x, ss__settings
 *   WHERE t.sid OPERATOR(pg_catalog.=) ANY(ARRAY[x.sid])
 *   RETURNING t.sid
 * ), ss__chunks AS MATERIALIZED (
 *   SELECT
 *     (row_number() OVER () - 1) / 120 AS chunk,
 *     CASE WHEN pg_catalog.starts_with(d.sid, 'sha256:') THEN pg_catalog.substr(d.sid, 8) ELSE pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(d.sid, 'UTF8')), 'hex') END AS handle
 *   FROM ss__deleted AS d
 * )
 * SELECT pg_catalog.pg_notify(:channel!, pg_catalog.string_agg(c.handle, ' '))::text AS "notified!"
 * FROM ss__chunks AS c
 * GROUP BY c.chunk                                                                                
 * ```
 */
export const destroySessionsAndNotify = new PreparedQuery<DestroySessionsAndNotifyParams,DestroySessionsAndNotifyResult>(destroySessionsAndNotifyIR);


/** 'CheckTable' parameters type */
export type CheckTableParams = void;

/** 'CheckTable' return type */
export interface CheckTableResult {
  sid: string;
}

/** 'CheckTable' query type */
export interface CheckTableQuery {
  params: CheckTableParams;
  result: CheckTableResult;
}

const checkTableIR: any = {"usedParamSet":{},"params":[],"statement":"SELECT t.sid\nFROM \"session_store\".\"session\" AS t\nWHERE false"};

/**
 * Query generated from SQL:
 * ```
 * SELECT t.sid
 * FROM "session_store"."session" AS t
 * WHERE false
 * ```
 */
export const checkTable = new PreparedQuery<CheckTableParams,CheckTableResult>(checkTableIR);


/** 'ListSessions' parameters type */
export type ListSessionsParams = void;

/** 'ListSessions' return type */
export interface ListSessionsResult {
  secondsLeft: number;
  sess: string;
  sid: string;
}

/** 'ListSessions' query type */
export interface ListSessionsQuery {
  params: ListSessionsParams;
  result: ListSessionsResult;
}

const listSessionsIR: any = {"usedParamSet":{},"params":[],"statement":"SELECT\n  t.sid,\n  t.sess::text AS \"sess!\",\n  extract(epoch FROM t.expire::timestamptz)::float8 - extract(epoch FROM now())::float8 AS \"secondsLeft!\"\nFROM \"session_store\".\"session\" AS t\nWHERE t.expire > now()\nORDER BY t.sid"};

/**
 * Query generated from SQL:
 * ```
 * SELECT
 *   t.sid,
 *   t.sess::text AS "sess!",
 *   extract(epoch FROM t.expire::timestamptz)::float8 - extract(epoch FROM now())::float8 AS "secondsLeft!"
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

const clearSessionsIR: any = {"usedParamSet":{},"params":[],"statement":"DELETE FROM \"session_store\".\"session\" AS t"};

/**
 * Query generated from SQL:
 * ```
 * DELETE FROM "session_store"."session" AS t
 * ```
 */
export const clearSessions = new PreparedQuery<ClearSessionsParams,ClearSessionsResult>(clearSessionsIR);


/** 'ClearSessionsAndNotify' parameters type */
export interface ClearSessionsAndNotifyParams {
  channel: string;
}

/** 'ClearSessionsAndNotify' return type */
export interface ClearSessionsAndNotifyResult {
  deleted: number;
  notifications: number;
}

/** 'ClearSessionsAndNotify' query type */
export interface ClearSessionsAndNotifyQuery {
  params: ClearSessionsAndNotifyParams;
  result: ClearSessionsAndNotifyResult;
}

const clearSessionsAndNotifyIR: any = {"usedParamSet":{"channel":true},"params":[{"name":"channel","required":true,"transform":{"type":"scalar"},"locs":[{"a":463,"b":471}]}],"statement":"WITH ss__deleted AS MATERIALIZED (\n  DELETE FROM \"session_store\".\"session\" AS t\n  RETURNING t.sid\n), ss__chunks AS MATERIALIZED (\n  SELECT\n    (row_number() OVER () - 1) / 120 AS chunk,\n    CASE WHEN pg_catalog.starts_with(d.sid, 'sha256:') THEN pg_catalog.substr(d.sid, 8) ELSE pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(d.sid, 'UTF8')), 'hex') END AS handle\n  FROM ss__deleted AS d\n), ss__notified AS MATERIALIZED (\n  SELECT pg_catalog.pg_notify(:channel!, pg_catalog.string_agg(c.handle, ' '))::text AS notified\n  FROM ss__chunks AS c\n  GROUP BY c.chunk\n)\nSELECT (SELECT count(*) FROM ss__deleted)::int AS \"deleted!\", (SELECT count(*) FROM ss__notified)::int AS \"notifications!\""};

/**
 * Query generated from SQL:
 * ```
 * WITH ss__deleted AS MATERIALIZED (
 *   DELETE FROM "session_store"."session" AS t
 *   RETURNING t.sid
 * ), ss__chunks AS MATERIALIZED (
 *   SELECT
 *     (row_number() OVER () - 1) / 120 AS chunk,
 *     CASE WHEN pg_catalog.starts_with(d.sid, 'sha256:') THEN pg_catalog.substr(d.sid, 8) ELSE pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(d.sid, 'UTF8')), 'hex') END AS handle
 *   FROM ss__deleted AS d
 * ), ss__notified AS MATERIALIZED (
 *   SELECT pg_catalog.pg_notify(:channel!, pg_catalog.string_agg(c.handle, ' '))::text AS notified
 *   FROM ss__chunks AS c
 *   GROUP BY c.chunk
 * )
 * SELECT (SELECT count(*) FROM ss__deleted)::int AS "deleted!", (SELECT count(*) FROM ss__notified)::int AS "notifications!"
 * ```
 */
export const clearSessionsAndNotify = new PreparedQuery<ClearSessionsAndNotifyParams,ClearSessionsAndNotifyResult>(clearSessionsAndNotifyIR);


