/** Types generated for queries found in "sql/encrypt.sql" */
import { PreparedQuery } from '@pgtyped/runtime';

export type DateOrString = Date | string;

/** 'FindToEncrypt' parameters type */
export interface FindToEncryptParams {
  envelope: string;
  expire: DateOrString;
  handle: string;
  limit: number;
}

/** 'FindToEncrypt' return type */
export interface FindToEncryptResult {
  expire: string;
  handle: string;
  sess: string;
  sid: string;
}

/** 'FindToEncrypt' query type */
export interface FindToEncryptQuery {
  params: FindToEncryptParams;
  result: FindToEncryptResult;
}

const findToEncryptIR: any = {"usedParamSet":{"expire":true,"handle":true,"envelope":true,"limit":true},"params":[{"name":"expire","required":true,"transform":{"type":"scalar"},"locs":[{"a":383,"b":390},{"a":614,"b":621}]},{"name":"handle","required":true,"transform":{"type":"scalar"},"locs":[{"a":637,"b":644}]},{"name":"envelope","required":true,"transform":{"type":"scalar"},"locs":[{"a":691,"b":700}]},{"name":"limit","required":true,"transform":{"type":"scalar"},"locs":[{"a":734,"b":740}]}],"statement":"SELECT\n  t.sid,\n  t.sess::text AS \"sess!\",\n  CASE WHEN pg_catalog.starts_with(t.sid, 'sha256:') THEN pg_catalog.substr(t.sid, 8) ELSE pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(t.sid, 'UTF8')), 'hex') END AS \"handle!\",\n  pg_catalog.to_json(t.expire::timestamptz) #>> '{}'::text[] AS \"expire!\"\nFROM \"session_store\".\"session\" AS t\nWHERE t.expire > now() AND t.expire >= :expire!::timestamptz\n  AND (t.expire::timestamptz, CASE WHEN pg_catalog.starts_with(t.sid, 'sha256:') THEN pg_catalog.substr(t.sid, 8) ELSE pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(t.sid, 'UTF8')), 'hex') END) > (:expire!::timestamptz, :handle!::text)\n  AND pg_catalog.strpos(t.sess::text, :envelope!) = 0\nORDER BY t.expire, 3\nLIMIT :limit!::int"};

/**
 * Query generated from SQL:
 * ```
 * SELECT
 *   t.sid,
 *   t.sess::text AS "sess!",
 *   CASE WHEN pg_catalog.starts_with(t.sid, 'sha256:') THEN pg_catalog.substr(t.sid, 8) ELSE pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(t.sid, 'UTF8')), 'hex') END AS "handle!",
 *   pg_catalog.to_json(t.expire::timestamptz) #>> '{}'::text[] AS "expire!"
 * FROM "session_store"."session" AS t
 * WHERE t.expire > now() AND t.expire >= :expire!::timestamptz
 *   AND (t.expire::timestamptz, CASE WHEN pg_catalog.starts_with(t.sid, 'sha256:') THEN pg_catalog.substr(t.sid, 8) ELSE pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(t.sid, 'UTF8')), 'hex') END) > (:expire!::timestamptz, :handle!::text)
 *   AND pg_catalog.strpos(t.sess::text, :envelope!) = 0
 * ORDER BY t.expire, 3
 * LIMIT :limit!::int
 * ```
 */
export const findToEncrypt = new PreparedQuery<FindToEncryptParams,FindToEncryptResult>(findToEncryptIR);


/** 'CountToEncrypt' parameters type */
export interface CountToEncryptParams {
  envelope: string;
}

/** 'CountToEncrypt' return type */
export interface CountToEncryptResult {
  count: number;
}

/** 'CountToEncrypt' query type */
export interface CountToEncryptQuery {
  params: CountToEncryptParams;
  result: CountToEncryptResult;
}

const countToEncryptIR: any = {"usedParamSet":{"envelope":true},"params":[{"name":"envelope","required":true,"transform":{"type":"scalar"},"locs":[{"a":128,"b":137}]}],"statement":"SELECT count(*)::int AS \"count!\"\nFROM \"session_store\".\"session\" AS t\nWHERE t.expire > now() AND pg_catalog.strpos(t.sess::text, :envelope!) = 0"};

/**
 * Query generated from SQL:
 * ```
 * SELECT count(*)::int AS "count!"
 * FROM "session_store"."session" AS t
 * WHERE t.expire > now() AND pg_catalog.strpos(t.sess::text, :envelope!) = 0
 * ```
 */
export const countToEncrypt = new PreparedQuery<CountToEncryptParams,CountToEncryptResult>(countToEncryptIR);


