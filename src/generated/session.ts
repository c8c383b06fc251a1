/** Types generated for queries found in "sql/session.sql" */
import { PreparedQuery } from '@pgtyped/runtime';

export type booleanArray = (boolean)[];

export type numberArray = (number)[];

export type stringArray = (string)[];

/** 'ReadSession' parameters type */
export interface ReadSessionParams {
  sid: string;
}

/** 'ReadSession' return type */
export interface ReadSessionResult {
  sess: string | null;
  sid: string;
  ttl: number | null;
}

/** 'ReadSession' query type */
export interface ReadSessionQuery {
  params: ReadSessionParams;
  result: ReadSessionResult;
}

const readSessionIR: any = {"usedParamSet":{"sid":true},"params":[{"name":"sid","required":true,"transform":{"type":"scalar"},"locs":[{"a":169,"b":173}]}],"statement":"SELECT\n  t.sid,\n  t.sess::text AS sess,\n  date_part('epoch', t.expire::timestamptz) - date_part('epoch', now()) AS ttl\nFROM \"session_store\".\"session\" AS t\nWHERE t.sid = :sid! AND t.expire > now()"};

/**
 * Query generated from SQL:
 * ```
 * SELECT
 *   t.sid,
 *   t.sess::text AS sess,
 *   date_part('epoch', t.expire::timestamptz) - date_part('epoch', now()) AS ttl
 * FROM "session_store"."session" AS t
 * WHERE t.sid = :sid! AND t.expire > now()
 * ```
 */
export const readSession = new PreparedQuery<ReadSessionParams,ReadSessionResult>(readSessionIR);


/** 'ReadSessions' parameters type */
export interface ReadSessionsParams {
  sids: stringArray;
}

/** 'ReadSessions' return type */
export interface ReadSessionsResult {
  sess: string | null;
  sid: string;
  ttl: number | null;
}

/** 'ReadSessions' query type */
export interface ReadSessionsQuery {
  params: ReadSessionsParams;
  result: ReadSessionsResult;
}

const readSessionsIR: any = {"usedParamSet":{"sids":true},"params":[{"name":"sids","required":true,"transform":{"type":"scalar"},"locs":[{"a":173,"b":178}]}],"statement":"SELECT\n  t.sid,\n  t.sess::text AS sess,\n  date_part('epoch', t.expire::timestamptz) - date_part('epoch', now()) AS ttl\nFROM \"session_store\".\"session\" AS t\nWHERE t.sid = ANY(:sids!) AND t.expire > now()"};

/**
 * Query generated from SQL:
 * ```
 * SELECT
 *   t.sid,
 *   t.sess::text AS sess,
 *   date_part('epoch', t.expire::timestamptz) - date_part('epoch', now()) AS ttl
 * FROM "session_store"."session" AS t
 * WHERE t.sid = ANY(:sids!) AND t.expire > now()
 * ```
 */
export const readSessions = new PreparedQuery<ReadSessionsParams,ReadSessionsResult>(readSessionsIR);


/** 'WriteSession' parameters type */
export interface WriteSessionParams {
  payload: string;
  sid: string;
  ttl: number;
}

/** 'WriteSession' return type */
export type WriteSessionResult = void;

/** 'WriteSession' query type */
export interface WriteSessionQuery {
  params: WriteSessionParams;
  result: WriteSessionResult;
}

const writeSessionIR: any = {"usedParamSet":{"sid":true,"payload":true,"ttl":true},"params":[{"name":"sid","required":true,"transform":{"type":"scalar"},"locs":[{"a":71,"b":75}]},{"name":"payload","required":true,"transform":{"type":"scalar"},"locs":[{"a":78,"b":86}]},{"name":"ttl","required":true,"transform":{"type":"scalar"},"locs":[{"a":136,"b":140}]}],"statement":"INSERT INTO \"session_store\".\"session\" AS t (sid, sess, expire)\nVALUES (:sid!, :payload!::json, to_timestamp(date_part('epoch', now()) + :ttl!))\nON CONFLICT (sid) DO UPDATE\nSET sess = EXCLUDED.sess, expire = EXCLUDED.expire"};

/**
 * Query generated from SQL:
 * ```
 * INSERT INTO "session_store"."session" AS t (sid, sess, expire)
 * VALUES (:sid!, :payload!::json, to_timestamp(date_part('epoch', now()) + :ttl!))
 * ON CONFLICT (sid) DO UPDATE
 * SET sess = EXCLUDED.sess, expire = EXCLUDED.expire
 * ```
 */
export const writeSession = new PreparedQuery<WriteSessionParams,WriteSessionResult>(writeSessionIR);


/** 'WriteSessions' parameters type */
export interface WriteSessionsParams {
  lockTimeout?: string | null | void;
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

const writeSessionsIR: any = {"usedParamSet":{"lockTimeout":true,"sids":true,"payloads":true,"ttls":true},"params":[{"name":"lockTimeout","required":false,"transform":{"type":"scalar"},"locs":[{"a":81,"b":92}]},{"name":"sids","required":true,"transform":{"type":"scalar"},"locs":[{"a":282,"b":287}]},{"name":"payloads","required":true,"transform":{"type":"scalar"},"locs":[{"a":298,"b":307}]},{"name":"ttls","required":true,"transform":{"type":"scalar"},"locs":[{"a":318,"b":323}]}],"statement":"WITH ss__settings AS MATERIALIZED (\n  SELECT set_config('lock_timeout', coalesce(:lockTimeout, current_setting('lock_timeout')), true)\n)\nINSERT INTO \"session_store\".\"session\" AS t (sid, sess, expire)\nSELECT x.sid, x.sess, to_timestamp(date_part('epoch', now()) + x.ttl)\nFROM unnest(:sids!::text[], :payloads!::json[], :ttls!::float8[]) AS x(sid, sess, ttl), ss__settings\nORDER BY 1\nON CONFLICT (sid) DO UPDATE\nSET sess = EXCLUDED.sess, expire = EXCLUDED.expire                                                                                                                                                                                                              "};

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
export const writeSessions = new PreparedQuery<WriteSessionsParams,WriteSessionsResult>(writeSessionsIR);


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

const replaceSessionsIR: any = {"usedParamSet":{"lockTimeout":true,"sids":true,"loaded":true,"payloads":true,"ttls":true,"mayShorten":true},"params":[{"name":"lockTimeout","required":false,"transform":{"type":"scalar"},"locs":[{"a":81,"b":92}]},{"name":"sids","required":true,"transform":{"type":"scalar"},"locs":[{"a":447,"b":452}]},{"name":"loaded","required":true,"transform":{"type":"scalar"},"locs":[{"a":463,"b":470}]},{"name":"payloads","required":true,"transform":{"type":"scalar"},"locs":[{"a":481,"b":490}]},{"name":"ttls","required":true,"transform":{"type":"scalar"},"locs":[{"a":501,"b":506}]},{"name":"mayShorten","required":true,"transform":{"type":"scalar"},"locs":[{"a":519,"b":530}]}],"statement":"WITH ss__settings AS MATERIALIZED (\n  SELECT set_config('lock_timeout', coalesce(:lockTimeout, current_setting('lock_timeout')), true)\n)\nUPDATE \"session_store\".\"session\" AS t\nSET\n  sess = x.sess,\n  expire = CASE\n    WHEN x.may_shorten THEN to_timestamp(date_part('epoch', now()) + x.ttl)\n    ELSE GREATEST(t.expire, to_timestamp(date_part('epoch', now()) + x.ttl))\n  END\nFROM (\n  SELECT u.sid, u.loaded, u.sess, u.ttl, u.may_shorten\n  FROM unnest(:sids!::text[], :loaded!::text[], :payloads!::json[], :ttls!::float8[], :mayShorten!::bool[])\n    AS u(sid, loaded, sess, ttl, may_shorten)\n  ORDER BY 1\n) AS x, ss__settings\nWHERE t.sid = ANY(ARRAY[x.sid]) AND (t.sess::text = x.loaded) IS TRUE AND t.expire > now()\nRETURNING t.sid                                                                                                                                                                                                                                                        "};

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

const destroySessionsIR: any = {"usedParamSet":{"lockTimeout":true,"sids":true},"params":[{"name":"lockTimeout","required":false,"transform":{"type":"scalar"},"locs":[{"a":81,"b":92}]},{"name":"sids","required":true,"transform":{"type":"scalar"},"locs":[{"a":217,"b":222}]}],"statement":"WITH ss__settings AS MATERIALIZED (\n  SELECT set_config('lock_timeout', coalesce(:lockTimeout, current_setting('lock_timeout')), true)\n)\nDELETE FROM \"session_store\".\"session\" AS t\nUSING (\n  SELECT u.sid\n  FROM unnest(:sids!::text[]) AS u(sid)\n  ORDER BY 1\n) AS x, ss__settings\nWHERE t.sid = ANY(ARRAY[x.sid])                                                                                                                                                                                                                                            "};

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


/** 'DestroySessionsAloud' parameters type */
export interface DestroySessionsAloudParams {
  channel: string;
  lockTimeout?: string | null | void;
  sids: stringArray;
}

/** 'DestroySessionsAloud' return type */
export interface DestroySessionsAloudResult {
  told: string;
}

/** 'DestroySessionsAloud' query type */
export interface DestroySessionsAloudQuery {
  params: DestroySessionsAloudParams;
  result: DestroySessionsAloudResult;
}

const destroySessionsAloudIR: any = {"usedParamSet":{"lockTimeout":true,"sids":true,"channel":true},"params":[{"name":"lockTimeout","required":false,"transform":{"type":"scalar"},"locs":[{"a":81,"b":92}]},{"name":"sids","required":true,"transform":{"type":"scalar"},"locs":[{"a":253,"b":258}]},{"name":"channel","required":true,"transform":{"type":"scalar"},"locs":[{"a":626,"b":634}]}],"statement":"WITH ss__settings AS MATERIALIZED (\n  SELECT set_config('lock_timeout', coalesce(:lockTimeout, current_setting('lock_timeout')), true)\n), ss__gone AS MATERIALIZED (\n  DELETE FROM \"session_store\".\"session\" AS t\n  USING (\n    SELECT u.sid\n    FROM unnest(:sids!::text[]) AS u(sid)\n    ORDER BY 1\n  ) AS x, ss__settings\n  WHERE t.sid = ANY(ARRAY[x.sid])\n  RETURNING CASE WHEN starts_with(t.sid, 'sha256:') THEN substr(t.sid, 8) ELSE encode(sha256(convert_to(t.sid, 'UTF8')), 'hex') END AS handle\n), ss__chunks AS MATERIALIZED (\n  SELECT g.handle, (row_number() OVER () - 1) / 120 AS chunk\n  FROM ss__gone AS g\n)\nSELECT pg_notify(:channel!, string_agg(c.handle, ' '))::text AS \"told!\"\nFROM ss__chunks AS c\nGROUP BY c.chunk                                                                             "};

/**
 * Query generated from SQL:
 * ```
 * WITH ss__settings AS MATERIALIZED (
 *   SELECT set_config('lock_timeout', coalesce(:lockTimeout, current_setting('lock_timeout')), true)
 * ), ss__gone AS MATERIALIZED (
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
 *   FROM ss__gone AS g
 * )
 * SELECT pg_notify(:channel!, string_agg(c.handle, ' '))::text AS "told!"
 * FROM ss__chunks AS c
 * GROUP BY c.chunk                                                                             
 * ```
 */
export const destroySessionsAloud = new PreparedQuery<DestroySessionsAloudParams,DestroySessionsAloudResult>(destroySessionsAloudIR);


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


