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

const getSessionIR: any = {"usedParamSet":{"sid":true},"params":[{"name":"sid","required":true,"transform":{"type":"scalar"},"locs":[{"a":179,"b":183}]}],"statement":"SELECT\n  t.sid,\n  t.sess::text AS sess,\n  date_part('epoch', t.expire::timestamptz) - date_part('epoch', now()) AS \"secondsLeft\"\nFROM \"session_store\".\"session\" AS t\nWHERE t.sid = :sid! AND t.expire > now()"};

/**
 * Query generated from SQL:
 * ```
 * SELECT
 *   t.sid,
 *   t.sess::text AS sess,
 *   date_part('epoch', t.expire::timestamptz) - date_part('epoch', now()) AS "secondsLeft"
 * FROM "session_store"."session" AS t
 * WHERE t.sid = :sid! AND t.expire > now()
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

const getSessionsIR: any = {"usedParamSet":{"sids":true},"params":[{"name":"sids","required":true,"transform":{"type":"scalar"},"locs":[{"a":183,"b":188}]}],"statement":"SELECT\n  t.sid,\n  t.sess::text AS sess,\n  date_part('epoch', t.expire::timestamptz) - date_part('epoch', now()) AS \"secondsLeft\"\nFROM \"session_store\".\"session\" AS t\nWHERE t.sid = ANY(:sids!) AND t.expire > now()"};

/**
 * Query generated from SQL:
 * ```
 * SELECT
 *   t.sid,
 *   t.sess::text AS sess,
 *   date_part('epoch', t.expire::timestamptz) - date_part('epoch', now()) AS "secondsLeft"
 * FROM "session_store"."session" AS t
 * WHERE t.sid = ANY(:sids!) AND t.expire > now()
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

const setSessionIR: any = {"usedParamSet":{"sid":true,"payload":true,"ttl":true},"params":[{"name":"sid","required":true,"transform":{"type":"scalar"},"locs":[{"a":71,"b":75}]},{"name":"payload","required":true,"transform":{"type":"scalar"},"locs":[{"a":78,"b":86}]},{"name":"ttl","required":true,"transform":{"type":"scalar"},"locs":[{"a":136,"b":140}]}],"statement":"INSERT INTO \"session_store\".\"session\" AS t (sid, sess, expire)\nVALUES (:sid!, :payload!::json, to_timestamp(date_part('epoch', now()) + :ttl!))\nON CONFLICT (sid) DO UPDATE\nSET sess = EXCLUDED.sess, expire = EXCLUDED.expire"};

/**
 * Query generated from SQL:
 * ```
 * INSERT INTO "session_store"."session" AS t (sid, sess, expire)
 * VALUES (:sid!, :payload!::json, to_timestamp(date_part('epoch', now()) + :ttl!))
 * ON CONFLICT (sid) DO UPDATE
 * SET sess = EXCLUDED.sess, expire = EXCLUDED.expire
 * ```
 */
export const setSession = new PreparedQuery<SetSessionParams,SetSessionResult>(setSessionIR);


/** 'SetSessions' parameters type */
export interface SetSessionsParams {
  lockTimeout?: string | null | void;
  payloads: stringArray;
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

const setSessionsIR: any = {"usedParamSet":{"lockTimeout":true,"sids":true,"payloads":true,"ttls":true},"params":[{"name":"lockTimeout","required":false,"transform":{"type":"scalar"},"locs":[{"a":81,"b":92}]},{"name":"sids","required":true,"transform":{"type":"scalar"},"locs":[{"a":282,"b":287}]},{"name":"payloads","required":true,"transform":{"type":"scalar"},"locs":[{"a":298,"b":307}]},{"name":"ttls","required":true,"transform":{"type":"scalar"},"locs":[{"a":318,"b":323}]}],"statement":"WITH ss__settings AS MATERIALIZED (\n  SELECT set_config('lock_timeout', coalesce(:lockTimeout, current_setting('lock_timeout')), true)\n)\nINSERT INTO \"session_store\".\"session\" AS t (sid, sess, expire)\nSELECT x.sid, x.sess, to_timestamp(date_part('epoch', now()) + x.ttl)\nFROM unnest(:sids!::text[], :payloads!::json[], :ttls!::float8[]) AS x(sid, sess, ttl), ss__settings\nORDER BY 1\nON CONFLICT (sid) DO UPDATE\nSET sess = EXCLUDED.sess, expire = EXCLUDED.expire                                                                                                                                                                                                                                           "};

/**
 * Query generated from SQL:
 * ```
 * WITH ss__settings AS MATERIALIZED (
 *   SELECT set_config('lock_timeout', coalesce(:lockTimeout, current_setting('lock_timeout')), true)
 * )
 * INSERT INTO "session_store"."session" AS t (sid, sess, expire)
 * SELECT x.sid, x.sess, to_timestamp(date_part('epoch', now()) + x.ttl)
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

const replaceSessionIR: any = {"usedParamSet":{"payload":true,"mayShorten":true,"ttl":true,"sid":true,"loaded":true},"params":[{"name":"payload","required":true,"transform":{"type":"scalar"},"locs":[{"a":51,"b":59}]},{"name":"mayShorten","required":true,"transform":{"type":"scalar"},"locs":[{"a":93,"b":104}]},{"name":"ttl","required":true,"transform":{"type":"scalar"},"locs":[{"a":152,"b":156},{"a":228,"b":232}]},{"name":"sid","required":true,"transform":{"type":"scalar"},"locs":[{"a":256,"b":260}]},{"name":"loaded","required":true,"transform":{"type":"scalar"},"locs":[{"a":281,"b":288}]}],"statement":"UPDATE \"session_store\".\"session\" AS t\nSET\n  sess = :payload!::json,\n  expire = CASE\n    WHEN :mayShorten! THEN to_timestamp(date_part('epoch', now()) + :ttl!)\n    ELSE GREATEST(t.expire, to_timestamp(date_part('epoch', now()) + :ttl!))\n  END\nWHERE t.sid = :sid! AND t.sess::text = :loaded! AND t.expire > now()\nRETURNING t.sid"};

/**
 * Query generated from SQL:
 * ```
 * UPDATE "session_store"."session" AS t
 * SET
 *   sess = :payload!::json,
 *   expire = CASE
 *     WHEN :mayShorten! THEN to_timestamp(date_part('epoch', now()) + :ttl!)
 *     ELSE GREATEST(t.expire, to_timestamp(date_part('epoch', now()) + :ttl!))
 *   END
 * WHERE t.sid = :sid! AND t.sess::text = :loaded! AND t.expire > now()
 * RETURNING t.sid
 * ```
 */
export const replaceSession = new PreparedQuery<ReplaceSessionParams,ReplaceSessionResult>(replaceSessionIR);


/** 'ReplaceSessions' parameters type */
export interface ReplaceSessionsParams {
  loaded: stringArray;
  lockTimeout?: string | null | void;
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

const replaceSessionsIR: any = {"usedParamSet":{"lockTimeout":true,"sids":true,"loaded":true,"payloads":true,"ttls":true,"mayShorten":true},"params":[{"name":"lockTimeout","required":false,"transform":{"type":"scalar"},"locs":[{"a":81,"b":92}]},{"name":"sids","required":true,"transform":{"type":"scalar"},"locs":[{"a":447,"b":452}]},{"name":"loaded","required":true,"transform":{"type":"scalar"},"locs":[{"a":463,"b":470}]},{"name":"payloads","required":true,"transform":{"type":"scalar"},"locs":[{"a":481,"b":490}]},{"name":"ttls","required":true,"transform":{"type":"scalar"},"locs":[{"a":501,"b":506}]},{"name":"mayShorten","required":true,"transform":{"type":"scalar"},"locs":[{"a":519,"b":530}]}],"statement":"WITH ss__settings AS MATERIALIZED (\n  SELECT set_config('lock_timeout', coalesce(:lockTimeout, current_setting('lock_timeout')), true)\n)\nUPDATE \"session_store\".\"session\" AS t\nSET\n  sess = x.sess,\n  expire = CASE\n    WHEN x.may_shorten THEN to_timestamp(date_part('epoch', now()) + x.ttl)\n    ELSE GREATEST(t.expire, to_timestamp(date_part('epoch', now()) + x.ttl))\n  END\nFROM (\n  SELECT u.sid, u.loaded, u.sess, u.ttl, u.may_shorten\n  FROM unnest(:sids!::text[], :loaded!::text[], :payloads!::json[], :ttls!::float8[], :mayShorten!::bool[])\n    AS u(sid, loaded, sess, ttl, may_shorten)\n  ORDER BY 1\n) AS x, ss__settings\nWHERE t.sid = ANY(ARRAY[x.sid]) AND (t.sess::text = x.loaded) IS TRUE AND t.expire > now()\nRETURNING t.sid                                                                                                                                                                                                                                                       "};

/**
 * Query generated from SQL:
 * ```
 * WITH ss__settings AS MATERIALIZED (
 *   SELECT set_config('lock_timeout', coalesce(:lockTimeout, current_setting('lock_timeout')), true)
 * )
 * UPDATE "session_store"."session" AS t
 * SET
 *   sess = x.sess,
 *   expire = CASE
 *     WHEN x.may_shorten THEN to_timestamp(date_part('epoch', now()) + x.ttl)
 *     ELSE GREATEST(t.expire, to_timestamp(date_part('epoch', now()) + x.ttl))
 *   END
 * FROM (
 *   SELECT u.sid, u.loaded, u.sess, u.ttl, u.may_shorten
 *   FROM unnest(:sids!::text[], :loaded!::text[], :payloads!::json[], :ttls!::float8[], :mayShorten!::bool[])
 *     AS u(sid, loaded, sess, ttl, may_shorten)
 *   ORDER BY 1
 * ) AS x, ss__settings
 * WHERE t.sid = ANY(ARRAY[x.sid]) AND (t.sess::text = x.loaded) IS TRUE AND t.expire > now()
 * RETURNING t.sid                                                                                                                                                                                                                                                       
 * ```
 */
export const replaceSessions = new PreparedQuery<ReplaceSessionsParams,ReplaceSessionsResult>(replaceSessionsIR);


/** 'TouchSession' parameters type */
export interface TouchSessionParams {
  mayShorten: boolean;
  relaxed?: boolean | null | void;
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

const touchSessionIR: any = {"usedParamSet":{"relaxed":true,"mayShorten":true,"ttl":true,"sid":true},"params":[{"name":"relaxed","required":false,"transform":{"type":"scalar"},"locs":[{"a":88,"b":95}]},{"name":"mayShorten","required":true,"transform":{"type":"scalar"},"locs":[{"a":227,"b":238}]},{"name":"ttl","required":true,"transform":{"type":"scalar"},"locs":[{"a":286,"b":290},{"a":360,"b":364}]},{"name":"sid","required":true,"transform":{"type":"scalar"},"locs":[{"a":404,"b":408}]}],"statement":"WITH ss__settings AS MATERIALIZED (\n  SELECT set_config('synchronous_commit', CASE WHEN :relaxed THEN 'off' ELSE current_setting('synchronous_commit') END, true)\n)\nUPDATE \"session_store\".\"session\" AS t\nSET expire = CASE\n  WHEN :mayShorten! THEN to_timestamp(date_part('epoch', now()) + :ttl!)\n  ELSE GREATEST(t.expire, to_timestamp(date_part('epoch', now()) + :ttl!))\nEND\nFROM ss__settings\nWHERE t.sid = :sid! AND t.expire > now()\nRETURNING t.sid"};

/**
 * Query generated from SQL:
 * ```
 * WITH ss__settings AS MATERIALIZED (
 *   SELECT set_config('synchronous_commit', CASE WHEN :relaxed THEN 'off' ELSE current_setting('synchronous_commit') END, true)
 * )
 * UPDATE "session_store"."session" AS t
 * SET expire = CASE
 *   WHEN :mayShorten! THEN to_timestamp(date_part('epoch', now()) + :ttl!)
 *   ELSE GREATEST(t.expire, to_timestamp(date_part('epoch', now()) + :ttl!))
 * END
 * FROM ss__settings
 * WHERE t.sid = :sid! AND t.expire > now()
 * RETURNING t.sid
 * ```
 */
export const touchSession = new PreparedQuery<TouchSessionParams,TouchSessionResult>(touchSessionIR);


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

const touchSessionsIR: any = {"usedParamSet":{"lockTimeout":true,"relaxed":true,"sids":true,"ttls":true,"mayShorten":true},"params":[{"name":"lockTimeout","required":false,"transform":{"type":"scalar"},"locs":[{"a":85,"b":96}]},{"name":"relaxed","required":false,"transform":{"type":"scalar"},"locs":[{"a":187,"b":194}]},{"name":"sids","required":true,"transform":{"type":"scalar"},"locs":[{"a":530,"b":535}]},{"name":"ttls","required":true,"transform":{"type":"scalar"},"locs":[{"a":546,"b":551}]},{"name":"mayShorten","required":true,"transform":{"type":"scalar"},"locs":[{"a":564,"b":575}]}],"statement":"WITH ss__settings AS MATERIALIZED (\n  SELECT\n    set_config('lock_timeout', coalesce(:lockTimeout, current_setting('lock_timeout')), true),\n    set_config('synchronous_commit', CASE WHEN :relaxed THEN 'off' ELSE current_setting('synchronous_commit') END, true)\n)\nUPDATE \"session_store\".\"session\" AS t\nSET expire = CASE\n  WHEN x.may_shorten THEN to_timestamp(date_part('epoch', now()) + x.ttl)\n  ELSE GREATEST(t.expire, to_timestamp(date_part('epoch', now()) + x.ttl))\nEND\nFROM (\n  SELECT u.sid, u.ttl, u.may_shorten\n  FROM unnest(:sids!::text[], :ttls!::float8[], :mayShorten!::bool[]) AS u(sid, ttl, may_shorten)\n  ORDER BY 1\n) AS x, ss__settings\nWHERE t.sid = ANY(ARRAY[x.sid]) AND t.expire > now()\nRETURNING t.sid"};

/**
 * Query generated from SQL:
 * ```
 * WITH ss__settings AS MATERIALIZED (
 *   SELECT
 *     set_config('lock_timeout', coalesce(:lockTimeout, current_setting('lock_timeout')), true),
 *     set_config('synchronous_commit', CASE WHEN :relaxed THEN 'off' ELSE current_setting('synchronous_commit') END, true)
 * )
 * UPDATE "session_store"."session" AS t
 * SET expire = CASE
 *   WHEN x.may_shorten THEN to_timestamp(date_part('epoch', now()) + x.ttl)
 *   ELSE GREATEST(t.expire, to_timestamp(date_part('epoch', now()) + x.ttl))
 * END
 * FROM (
 *   SELECT u.sid, u.ttl, u.may_shorten
 *   FROM unnest(:sids!::text[], :ttls!::float8[], :mayShorten!::bool[]) AS u(sid, ttl, may_shorten)
 *   ORDER BY 1
 * ) AS x, ss__settings
 * WHERE t.sid = ANY(ARRAY[x.sid]) AND t.expire > now()
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

const destroySessionIR: any = {"usedParamSet":{"sid":true},"params":[{"name":"sid","required":true,"transform":{"type":"scalar"},"locs":[{"a":57,"b":61}]}],"statement":"DELETE FROM \"session_store\".\"session\" AS t\nWHERE t.sid = :sid!"};

/**
 * Query generated from SQL:
 * ```
 * DELETE FROM "session_store"."session" AS t
 * WHERE t.sid = :sid!
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

const destroySessionsIR: any = {"usedParamSet":{"lockTimeout":true,"sids":true},"params":[{"name":"lockTimeout","required":false,"transform":{"type":"scalar"},"locs":[{"a":81,"b":92}]},{"name":"sids","required":true,"transform":{"type":"scalar"},"locs":[{"a":217,"b":222}]}],"statement":"WITH ss__settings AS MATERIALIZED (\n  SELECT set_config('lock_timeout', coalesce(:lockTimeout, current_setting('lock_timeout')), true)\n)\nDELETE FROM \"session_store\".\"session\" AS t\nUSING (\n  SELECT u.sid\n  FROM unnest(:sids!::text[]) AS u(sid)\n  ORDER BY 1\n) AS x, ss__settings\nWHERE t.sid = ANY(ARRAY[x.sid])                                                                                                                                                                                                                                               "};

/**
 * Query generated from SQL:
 * ```
 * WITH ss__settings AS MATERIALIZED (
 *   SELECT set_config('lock_timeout', coalesce(:lockTimeout, current_setting('lock_timeout')), true)
 * )
 * DELETE FROM "session_store"."session" AS t
 * USING (
 *   SELECT u.sid
 *   FROM unnest(:sids!::text[]) AS u(sid)
 *   ORDER BY 1
 * ) AS x, ss__settings
 * WHERE t.sid = ANY(ARRAY[x.sid])                                                                                                                                                                                                                                               
 * ```
 */
export const destroySessions = new PreparedQuery<DestroySessionsParams,DestroySessionsResult>(destroySessionsIR);


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

const destroySessionsAndNotifyIR: any = {"usedParamSet":{"lockTimeout":true,"sids":true,"channel":true},"params":[{"name":"lockTimeout","required":false,"transform":{"type":"scalar"},"locs":[{"a":81,"b":92}]},{"name":"sids","required":true,"transform":{"type":"scalar"},"locs":[{"a":256,"b":261}]},{"name":"channel","required":true,"transform":{"type":"scalar"},"locs":[{"a":632,"b":640}]}],"statement":"WITH ss__settings AS MATERIALIZED (\n  SELECT set_config('lock_timeout', coalesce(:lockTimeout, current_setting('lock_timeout')), true)\n), ss__deleted AS MATERIALIZED (\n  DELETE FROM \"session_store\".\"session\" AS t\n  USING (\n    SELECT u.sid\n    FROM unnest(:sids!::text[]) AS u(sid)\n    ORDER BY 1\n  ) AS x, ss__settings\n  WHERE t.sid = ANY(ARRAY[x.sid])\n  RETURNING CASE WHEN starts_with(t.sid, 'sha256:') THEN substr(t.sid, 8) ELSE encode(sha256(convert_to(t.sid, 'UTF8')), 'hex') END AS handle\n), ss__chunks AS MATERIALIZED (\n  SELECT g.handle, (row_number() OVER () - 1) / 120 AS chunk\n  FROM ss__deleted AS g\n)\nSELECT pg_notify(:channel!, string_agg(c.handle, ' '))::text AS \"notified!\"\nFROM ss__chunks AS c\nGROUP BY c.chunk                                                                                "};

/**
 * Query generated from SQL:
 * ```
 * WITH ss__settings AS MATERIALIZED (
 *   SELECT set_config('lock_timeout', coalesce(:lockTimeout, current_setting('lock_timeout')), true)
 * ), ss__deleted AS MATERIALIZED (
 *   DELETE FROM "session_store"."session" AS t
 *   USING (
 *     SELECT u.sid
 *     FROM unnest(:sids!::text[]) AS u(sid)
 *     ORDER BY 1
 *   ) AS x, ss__settings
 *   WHERE t.sid = ANY(ARRAY[x.sid])
 *   RETURNING CASE WHEN starts_with(t.sid, 'sha256:') THEN substr(t.sid, 8) ELSE encode(sha256(convert_to(t.sid, 'UTF8')), 'hex') END AS handle
 * ), ss__chunks AS MATERIALIZED (
 *   SELECT g.handle, (row_number() OVER () - 1) / 120 AS chunk
 *   FROM ss__deleted AS g
 * )
 * SELECT pg_notify(:channel!, string_agg(c.handle, ' '))::text AS "notified!"
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

const clearSessionsAndNotifyIR: any = {"usedParamSet":{"channel":true},"params":[{"name":"channel","required":true,"transform":{"type":"scalar"},"locs":[{"a":392,"b":400}]}],"statement":"WITH ss__deleted AS MATERIALIZED (\n  DELETE FROM \"session_store\".\"session\" AS t\n  RETURNING CASE WHEN starts_with(t.sid, 'sha256:') THEN substr(t.sid, 8) ELSE encode(sha256(convert_to(t.sid, 'UTF8')), 'hex') END AS handle\n), ss__chunks AS MATERIALIZED (\n  SELECT g.handle, (row_number() OVER () - 1) / 120 AS chunk\n  FROM ss__deleted AS g\n), ss__notified AS MATERIALIZED (\n  SELECT pg_notify(:channel!, string_agg(c.handle, ' '))\n  FROM ss__chunks AS c\n  GROUP BY c.chunk\n)\nSELECT (SELECT count(*) FROM ss__deleted)::int AS \"deleted!\", (SELECT count(*) FROM ss__notified)::int AS \"notifications!\""};

/**
 * Query generated from SQL:
 * ```
 * WITH ss__deleted AS MATERIALIZED (
 *   DELETE FROM "session_store"."session" AS t
 *   RETURNING CASE WHEN starts_with(t.sid, 'sha256:') THEN substr(t.sid, 8) ELSE encode(sha256(convert_to(t.sid, 'UTF8')), 'hex') END AS handle
 * ), ss__chunks AS MATERIALIZED (
 *   SELECT g.handle, (row_number() OVER () - 1) / 120 AS chunk
 *   FROM ss__deleted AS g
 * ), ss__notified AS MATERIALIZED (
 *   SELECT pg_notify(:channel!, string_agg(c.handle, ' '))
 *   FROM ss__chunks AS c
 *   GROUP BY c.chunk
 * )
 * SELECT (SELECT count(*) FROM ss__deleted)::int AS "deleted!", (SELECT count(*) FROM ss__notified)::int AS "notifications!"
 * ```
 */
export const clearSessionsAndNotify = new PreparedQuery<ClearSessionsAndNotifyParams,ClearSessionsAndNotifyResult>(clearSessionsAndNotifyIR);


