/** Types generated for queries found in "sql/doctor.sql" */
import { PreparedQuery } from '@pgtyped/runtime';

export type numberArray = (number)[];

export type stringArray = (string)[];

/** 'InspectTable' parameters type */
export interface InspectTableParams {
  schemaName?: string | null | void;
  tableName: string;
}

/** 'InspectTable' return type */
export interface InspectTableResult {
  canUseSchema: boolean;
  deadRows: number;
  deferrableKeys: stringArray;
  duplicateIndexes: stringArray;
  expireType: string | null;
  hasExpireIndex: boolean;
  hasKey: boolean;
  invalidIndexes: stringArray;
  isTable: boolean;
  liveRows: number;
  missingGrants: stringArray;
  partitionKey: string | null;
  planCacheMode: string;
  primaryKeyColumns: stringArray;
  requiredColumns: stringArray;
  role: string;
  rowsOfLargestPartition: number;
  sidType: string | null;
  timeZone: string;
}

/** 'InspectTable' query type */
export interface InspectTableQuery {
  params: InspectTableParams;
  result: InspectTableResult;
}

const inspectTableIR: any = {"usedParamSet":{"tableName":true,"schemaName":true},"params":[{"name":"tableName","required":true,"transform":{"type":"scalar"},"locs":[{"a":4844,"b":4854}]},{"name":"schemaName","required":false,"transform":{"type":"scalar"},"locs":[{"a":4910,"b":4920},{"a":4996,"b":5006}]}],"statement":"SELECT\n  c.relkind IN ('r', 'p') AS \"isTable!\",\n  pg_catalog.quote_ident(current_user) AS \"role!\",\n  pg_catalog.current_setting('TimeZone') AS \"timeZone!\",\n  pg_catalog.current_setting('plan_cache_mode') AS \"planCacheMode!\",\n  pg_catalog.pg_get_partkeydef(c.oid) AS \"partitionKey\",\n  coalesce(s.live_rows, 0)::float8 AS \"liveRows!\",\n  coalesce(s.dead_rows, 0)::float8 AS \"deadRows!\",\n  coalesce(s.most_rows, 0)::float8 AS \"rowsOfLargestPartition!\",\n  (SELECT a.atttypid::regtype::text FROM pg_catalog.pg_attribute AS a\n    WHERE a.attrelid = c.oid AND a.attname = 'sid' AND NOT a.attisdropped) AS \"sidType\",\n  (SELECT a.atttypid::regtype::text FROM pg_catalog.pg_attribute AS a\n    WHERE a.attrelid = c.oid AND a.attname = 'expire' AND NOT a.attisdropped) AS \"expireType\",\n  EXISTS (\n    SELECT\n    FROM pg_catalog.pg_index AS i\n    JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]\n    WHERE i.indrelid = c.oid AND a.attname = 'sid' AND i.indisunique AND i.indnkeyatts = 1\n      AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL\n  ) AS \"hasKey!\",\n  ARRAY(\n    SELECT pg_catalog.quote_ident(k.conname)\n    FROM pg_catalog.pg_constraint AS k\n    JOIN pg_catalog.pg_attribute AS a ON a.attrelid = k.conrelid AND k.conkey OPERATOR(pg_catalog.=) ARRAY[a.attnum]\n    WHERE k.conrelid = c.oid AND a.attname = 'sid' AND k.contype IN ('p', 'u') AND k.condeferrable\n    ORDER BY 1\n  ) AS \"deferrableKeys!\",\n  ARRAY(\n    SELECT pg_catalog.quote_ident(a.attname)\n    FROM pg_catalog.pg_index AS i\n    JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey)\n    WHERE i.indrelid = c.oid AND i.indisprimary\n  ) AS \"primaryKeyColumns!\",\n  EXISTS (\n    SELECT\n    FROM pg_catalog.pg_index AS i\n    JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]\n    WHERE i.indrelid = c.oid AND a.attname = 'expire' AND i.indisvalid AND i.indpred IS NULL\n  ) AS \"hasExpireIndex!\",\n  ARRAY(\n    SELECT i.indexrelid::regclass::text\n    FROM pg_catalog.pg_index AS i\n    WHERE i.indrelid = c.oid AND NOT i.indisvalid AND NOT EXISTS (\n      SELECT\n      FROM pg_catalog.pg_locks AS l\n      WHERE l.relation = c.oid AND l.mode = 'ShareUpdateExclusiveLock' AND l.granted\n        AND l.database = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = current_database())\n    )\n    ORDER BY 1\n  ) AS \"invalidIndexes!\",\n  ARRAY(\n    SELECT i.indexrelid::regclass::text\n    FROM pg_catalog.pg_index AS i\n    JOIN pg_catalog.pg_class AS x ON x.oid = i.indexrelid\n    WHERE i.indrelid = c.oid AND c.relkind = 'r' AND i.indisvalid AND NOT i.indisreplident\n      AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint AS k WHERE k.conindid = i.indexrelid)\n      AND EXISTS (\n        SELECT\n        FROM pg_catalog.pg_index AS o\n        JOIN pg_catalog.pg_class AS y ON y.oid = o.indexrelid\n        WHERE o.indrelid = i.indrelid AND o.indexrelid <> i.indexrelid AND o.indisvalid AND y.relam = x.relam\n          AND o.indnkeyatts = i.indnkeyatts AND o.indkey::text = i.indkey::text AND o.indclass::text = i.indclass::text\n          AND o.indcollation::text = i.indcollation::text AND o.indoption::text = i.indoption::text\n          AND pg_catalog.pg_get_expr(o.indexprs, o.indrelid) IS NOT DISTINCT FROM pg_catalog.pg_get_expr(i.indexprs, i.indrelid)\n          AND pg_catalog.pg_get_expr(o.indpred, o.indrelid) IS NOT DISTINCT FROM pg_catalog.pg_get_expr(i.indpred, i.indrelid)\n          AND (o.indisunique AND o.indimmediate OR NOT i.indisunique)\n          AND (o.indisunique AND NOT i.indisunique OR o.indexrelid < i.indexrelid\n            OR EXISTS (SELECT FROM pg_catalog.pg_constraint AS k WHERE k.conindid = o.indexrelid))\n      )\n    ORDER BY 1\n  ) AS \"duplicateIndexes!\",\n  ARRAY(\n    SELECT pg_catalog.quote_ident(a.attname)\n    FROM pg_catalog.pg_attribute AS a\n    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attname NOT IN ('sid', 'sess', 'expire')\n      AND a.attnotnull AND NOT a.atthasdef AND a.attidentity = ''\n    ORDER BY a.attnum\n  ) AS \"requiredColumns!\",\n  pg_catalog.has_schema_privilege(n.oid, 'USAGE') AS \"canUseSchema!\",\n  ARRAY(\n    SELECT p.privilege\n    FROM pg_catalog.unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS p(privilege)\n    WHERE NOT pg_catalog.has_table_privilege(c.oid, p.privilege)\n  ) AS \"missingGrants!\"\nFROM pg_catalog.pg_class AS c\nJOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace\nLEFT JOIN LATERAL (\n  SELECT\n    pg_catalog.sum(pg_catalog.pg_stat_get_live_tuples(x.oid)) AS live_rows,\n    pg_catalog.sum(pg_catalog.pg_stat_get_dead_tuples(x.oid)) AS dead_rows,\n    pg_catalog.max(pg_catalog.pg_stat_get_live_tuples(x.oid)) AS most_rows\n  FROM (SELECT c.oid UNION SELECT p.relid::oid FROM pg_catalog.pg_partition_tree(c.oid) AS p) AS x\n) AS s ON true\nWHERE c.relname = :tableName! AND c.relkind IN ('r', 'p', 'v', 'f') AND\n  CASE WHEN :schemaName::text IS NULL THEN pg_catalog.pg_table_is_visible(c.oid) ELSE n.nspname = :schemaName END                                                                                                                                                                                                                                                                                      "};

/**
 * Query generated from SQL:
 * ```
 * SELECT
 *   c.relkind IN ('r', 'p') AS "isTable!",
 *   pg_catalog.quote_ident(current_user) AS "role!",
 *   pg_catalog.current_setting('TimeZone') AS "timeZone!",
 *   pg_catalog.current_setting('plan_cache_mode') AS "planCacheMode!",
 *   pg_catalog.pg_get_partkeydef(c.oid) AS "partitionKey",
 *   coalesce(s.live_rows, 0)::float8 AS "liveRows!",
 *   coalesce(s.dead_rows, 0)::float8 AS "deadRows!",
 *   coalesce(s.most_rows, 0)::float8 AS "rowsOfLargestPartition!",
 *   (SELECT a.atttypid::regtype::text FROM pg_catalog.pg_attribute AS a
 *     WHERE a.attrelid = c.oid AND a.attname = 'sid' AND NOT a.attisdropped) AS "sidType",
 *   (SELECT a.atttypid::regtype::text FROM pg_catalog.pg_attribute AS a
 *     WHERE a.attrelid = c.oid AND a.attname = 'expire' AND NOT a.attisdropped) AS "expireType",
 *   EXISTS (
 *     SELECT
 *     FROM pg_catalog.pg_index AS i
 *     JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
 *     WHERE i.indrelid = c.oid AND a.attname = 'sid' AND i.indisunique AND i.indnkeyatts = 1
 *       AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL
 *   ) AS "hasKey!",
 *   ARRAY(
 *     SELECT pg_catalog.quote_ident(k.conname)
 *     FROM pg_catalog.pg_constraint AS k
 *     JOIN pg_catalog.pg_attribute AS a ON a.attrelid = k.conrelid AND k.conkey OPERATOR(pg_catalog.=) ARRAY[a.attnum]
 *     WHERE k.conrelid = c.oid AND a.attname = 'sid' AND k.contype IN ('p', 'u') AND k.condeferrable
 *     ORDER BY 1
 *   ) AS "deferrableKeys!",
 *   ARRAY(
 *     SELECT pg_catalog.quote_ident(a.attname)
 *     FROM pg_catalog.pg_index AS i
 *     JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey)
 *     WHERE i.indrelid = c.oid AND i.indisprimary
 *   ) AS "primaryKeyColumns!",
 *   EXISTS (
 *     SELECT
 *     FROM pg_catalog.pg_index AS i
 *     JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
 *     WHERE i.indrelid = c.oid AND a.attname = 'expire' AND i.indisvalid AND i.indpred IS NULL
 *   ) AS "hasExpireIndex!",
 *   ARRAY(
 *     SELECT i.indexrelid::regclass::text
 *     FROM pg_catalog.pg_index AS i
 *     WHERE i.indrelid = c.oid AND NOT i.indisvalid AND NOT EXISTS (
 *       SELECT
 *       FROM pg_catalog.pg_locks AS l
 *       WHERE l.relation = c.oid AND l.mode = 'ShareUpdateExclusiveLock' AND l.granted
 *         AND l.database = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = current_database())
 *     )
 *     ORDER BY 1
 *   ) AS "invalidIndexes!",
 *   ARRAY(
 *     SELECT i.indexrelid::regclass::text
 *     FROM pg_catalog.pg_index AS i
 *     JOIN pg_catalog.pg_class AS x ON x.oid = i.indexrelid
 *     WHERE i.indrelid = c.oid AND c.relkind = 'r' AND i.indisvalid AND NOT i.indisreplident
 *       AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint AS k WHERE k.conindid = i.indexrelid)
 *       AND EXISTS (
 *         SELECT
 *         FROM pg_catalog.pg_index AS o
 *         JOIN pg_catalog.pg_class AS y ON y.oid = o.indexrelid
 *         WHERE o.indrelid = i.indrelid AND o.indexrelid <> i.indexrelid AND o.indisvalid AND y.relam = x.relam
 *           AND o.indnkeyatts = i.indnkeyatts AND o.indkey::text = i.indkey::text AND o.indclass::text = i.indclass::text
 *           AND o.indcollation::text = i.indcollation::text AND o.indoption::text = i.indoption::text
 *           AND pg_catalog.pg_get_expr(o.indexprs, o.indrelid) IS NOT DISTINCT FROM pg_catalog.pg_get_expr(i.indexprs, i.indrelid)
 *           AND pg_catalog.pg_get_expr(o.indpred, o.indrelid) IS NOT DISTINCT FROM pg_catalog.pg_get_expr(i.indpred, i.indrelid)
 *           AND (o.indisunique AND o.indimmediate OR NOT i.indisunique)
 *           AND (o.indisunique AND NOT i.indisunique OR o.indexrelid < i.indexrelid
 *             OR EXISTS (SELECT FROM pg_catalog.pg_constraint AS k WHERE k.conindid = o.indexrelid))
 *       )
 *     ORDER BY 1
 *   ) AS "duplicateIndexes!",
 *   ARRAY(
 *     SELECT pg_catalog.quote_ident(a.attname)
 *     FROM pg_catalog.pg_attribute AS a
 *     WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attname NOT IN ('sid', 'sess', 'expire')
 *       AND a.attnotnull AND NOT a.atthasdef AND a.attidentity = ''
 *     ORDER BY a.attnum
 *   ) AS "requiredColumns!",
 *   pg_catalog.has_schema_privilege(n.oid, 'USAGE') AS "canUseSchema!",
 *   ARRAY(
 *     SELECT p.privilege
 *     FROM pg_catalog.unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS p(privilege)
 *     WHERE NOT pg_catalog.has_table_privilege(c.oid, p.privilege)
 *   ) AS "missingGrants!"
 * FROM pg_catalog.pg_class AS c
 * JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
 * LEFT JOIN LATERAL (
 *   SELECT
 *     pg_catalog.sum(pg_catalog.pg_stat_get_live_tuples(x.oid)) AS live_rows,
 *     pg_catalog.sum(pg_catalog.pg_stat_get_dead_tuples(x.oid)) AS dead_rows,
 *     pg_catalog.max(pg_catalog.pg_stat_get_live_tuples(x.oid)) AS most_rows
 *   FROM (SELECT c.oid UNION SELECT p.relid::oid FROM pg_catalog.pg_partition_tree(c.oid) AS p) AS x
 * ) AS s ON true
 * WHERE c.relname = :tableName! AND c.relkind IN ('r', 'p', 'v', 'f') AND
 *   CASE WHEN :schemaName::text IS NULL THEN pg_catalog.pg_table_is_visible(c.oid) ELSE n.nspname = :schemaName END                                                                                                                                                                                                                                                                                      
 * ```
 */
export const inspectTable = new PreparedQuery<InspectTableParams,InspectTableResult>(inspectTableIR);


/** 'InspectSessions' parameters type */
export interface InspectSessionsParams {
  unreadable: string;
}

/** 'InspectSessions' return type */
export interface InspectSessionsResult {
  farFuture: number;
  overdue: number;
  unreadable: number;
}

/** 'InspectSessions' query type */
export interface InspectSessionsQuery {
  params: InspectSessionsParams;
  result: InspectSessionsResult;
}

const inspectSessionsIR: any = {"usedParamSet":{"unreadable":true},"params":[{"name":"unreadable","required":true,"transform":{"type":"scalar"},"locs":[{"a":368,"b":379}]}],"statement":"SELECT\n  (count(*) FILTER (WHERE t.expire > now() + interval '400 days'))::int AS \"farFuture!\",\n  (count(*) FILTER (WHERE t.expire < now() - interval '1 hour'))::int AS \"overdue!\",\n  (count(*) FILTER (\n    WHERE pg_catalog.pg_typeof(t.sess) OPERATOR(pg_catalog.<>) 'jsonb'::regtype AND pg_catalog.strpos(t.sess::text, pg_catalog.chr(92) || 'u') > 0 AND t.sess::text ~ :unreadable!\n  ))::int AS \"unreadable!\"\nFROM \"session_store\".\"session\" AS t                                                                                          "};

/**
 * Query generated from SQL:
 * ```
 * SELECT
 *   (count(*) FILTER (WHERE t.expire > now() + interval '400 days'))::int AS "farFuture!",
 *   (count(*) FILTER (WHERE t.expire < now() - interval '1 hour'))::int AS "overdue!",
 *   (count(*) FILTER (
 *     WHERE pg_catalog.pg_typeof(t.sess) OPERATOR(pg_catalog.<>) 'jsonb'::regtype AND pg_catalog.strpos(t.sess::text, pg_catalog.chr(92) || 'u') > 0 AND t.sess::text ~ :unreadable!
 *   ))::int AS "unreadable!"
 * FROM "session_store"."session" AS t                                                                                          
 * ```
 */
export const inspectSessions = new PreparedQuery<InspectSessionsParams,InspectSessionsResult>(inspectSessionsIR);


/** 'FindTimeZones' parameters type */
export type FindTimeZonesParams = void;

/** 'FindTimeZones' return type */
export interface FindTimeZonesResult {
  database: string | null;
  role: string | null;
  timeZone: string;
}

/** 'FindTimeZones' query type */
export interface FindTimeZonesQuery {
  params: FindTimeZonesParams;
  result: FindTimeZonesResult;
}

const findTimeZonesIR: any = {"usedParamSet":{},"params":[],"statement":"SELECT r.rolname::text AS \"role\", d.datname::text AS \"database\", pg_catalog.substr(c.setting, 10) AS \"timeZone!\"\nFROM pg_catalog.pg_db_role_setting AS s\nLEFT JOIN pg_catalog.pg_roles AS r ON r.oid = s.setrole\nLEFT JOIN pg_catalog.pg_database AS d ON d.oid = s.setdatabase\nCROSS JOIN LATERAL pg_catalog.unnest(s.setconfig) AS c(setting)\nWHERE c.setting ILIKE 'TimeZone=%' AND pg_catalog.lower(pg_catalog.substr(c.setting, 10)) <> pg_catalog.lower(pg_catalog.current_setting('TimeZone'))\n  AND (s.setdatabase = 0::oid OR d.datname = current_database())\nORDER BY 1, 2                                                                                                                                                                                                                                                                                                      "};

/**
 * Query generated from SQL:
 * ```
 * SELECT r.rolname::text AS "role", d.datname::text AS "database", pg_catalog.substr(c.setting, 10) AS "timeZone!"
 * FROM pg_catalog.pg_db_role_setting AS s
 * LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = s.setrole
 * LEFT JOIN pg_catalog.pg_database AS d ON d.oid = s.setdatabase
 * CROSS JOIN LATERAL pg_catalog.unnest(s.setconfig) AS c(setting)
 * WHERE c.setting ILIKE 'TimeZone=%' AND pg_catalog.lower(pg_catalog.substr(c.setting, 10)) <> pg_catalog.lower(pg_catalog.current_setting('TimeZone'))
 *   AND (s.setdatabase = 0::oid OR d.datname = current_database())
 * ORDER BY 1, 2                                                                                                                                                                                                                                                                                                      
 * ```
 */
export const findTimeZones = new PreparedQuery<FindTimeZonesParams,FindTimeZonesResult>(findTimeZonesIR);


/** 'InspectSearchPath' parameters type */
export interface InspectSearchPathParams {
  trusted: stringArray;
}

/** 'InspectSearchPath' return type */
export interface InspectSearchPathResult {
  creators: stringArray;
  isBeforeCatalog: boolean;
  schema: string;
}

/** 'InspectSearchPath' query type */
export interface InspectSearchPathQuery {
  params: InspectSearchPathParams;
  result: InspectSearchPathResult;
}

const inspectSearchPathIR: any = {"usedParamSet":{"trusted":true},"params":[{"name":"trusted","required":true,"transform":{"type":"scalar"},"locs":[{"a":856,"b":864}]}],"statement":"WITH RECURSIVE ss__own AS (\n  SELECT r.oid\n  FROM pg_catalog.pg_roles AS r\n  WHERE r.rolname = current_user\n  UNION\n  SELECT m.roleid\n  FROM ss__own AS o\n  JOIN pg_catalog.pg_auth_members AS m ON m.member = o.oid\n), ss__path AS (\n  SELECT p.name, p.place\n  FROM pg_catalog.unnest(pg_catalog.current_schemas(true)) WITH ORDINALITY AS p(name, place)\n)\nSELECT\n  pg_catalog.quote_ident(n.nspname) AS \"schema!\",\n  p.place < (SELECT q.place FROM ss__path AS q WHERE q.name = 'pg_catalog') AS \"isBeforeCatalog!\",\n  ARRAY(\n    SELECT coalesce(pg_catalog.quote_ident(r.rolname), 'PUBLIC')\n    FROM pg_catalog.aclexplode(n.nspacl) AS a\n    LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = a.grantee\n    WHERE a.privilege_type = 'CREATE' AND NOT coalesce(\n      r.rolsuper OR r.oid IN (n.nspowner, d.datdba) OR r.rolname = 'pg_database_owner'\n        OR r.rolname = ANY(:trusted!::name[]) OR r.oid = ANY(ARRAY(SELECT o.oid FROM ss__own AS o)), false)\n    ORDER BY 1\n  ) AS \"creators!\"\nFROM ss__path AS p\nJOIN pg_catalog.pg_namespace AS n ON n.nspname = p.name\nJOIN pg_catalog.pg_database AS d ON d.datname = current_database()\nWHERE p.name <> 'pg_catalog' AND n.oid <> pg_catalog.pg_my_temp_schema()\nORDER BY p.place"};

/**
 * Query generated from SQL:
 * ```
 * WITH RECURSIVE ss__own AS (
 *   SELECT r.oid
 *   FROM pg_catalog.pg_roles AS r
 *   WHERE r.rolname = current_user
 *   UNION
 *   SELECT m.roleid
 *   FROM ss__own AS o
 *   JOIN pg_catalog.pg_auth_members AS m ON m.member = o.oid
 * ), ss__path AS (
 *   SELECT p.name, p.place
 *   FROM pg_catalog.unnest(pg_catalog.current_schemas(true)) WITH ORDINALITY AS p(name, place)
 * )
 * SELECT
 *   pg_catalog.quote_ident(n.nspname) AS "schema!",
 *   p.place < (SELECT q.place FROM ss__path AS q WHERE q.name = 'pg_catalog') AS "isBeforeCatalog!",
 *   ARRAY(
 *     SELECT coalesce(pg_catalog.quote_ident(r.rolname), 'PUBLIC')
 *     FROM pg_catalog.aclexplode(n.nspacl) AS a
 *     LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = a.grantee
 *     WHERE a.privilege_type = 'CREATE' AND NOT coalesce(
 *       r.rolsuper OR r.oid IN (n.nspowner, d.datdba) OR r.rolname = 'pg_database_owner'
 *         OR r.rolname = ANY(:trusted!::name[]) OR r.oid = ANY(ARRAY(SELECT o.oid FROM ss__own AS o)), false)
 *     ORDER BY 1
 *   ) AS "creators!"
 * FROM ss__path AS p
 * JOIN pg_catalog.pg_namespace AS n ON n.nspname = p.name
 * JOIN pg_catalog.pg_database AS d ON d.datname = current_database()
 * WHERE p.name <> 'pg_catalog' AND n.oid <> pg_catalog.pg_my_temp_schema()
 * ORDER BY p.place
 * ```
 */
export const inspectSearchPath = new PreparedQuery<InspectSearchPathParams,InspectSearchPathResult>(inspectSearchPathIR);


/** 'NameTypes' parameters type */
export interface NameTypesParams {
  oids: numberArray;
}

/** 'NameTypes' return type */
export interface NameTypesResult {
  name: string;
  oid: number;
}

/** 'NameTypes' query type */
export interface NameTypesQuery {
  params: NameTypesParams;
  result: NameTypesResult;
}

const nameTypesIR: any = {"usedParamSet":{"oids":true},"params":[{"name":"oids","required":true,"transform":{"type":"scalar"},"locs":[{"a":99,"b":104}]}],"statement":"SELECT x.oid AS \"oid!\", pg_catalog.format_type(x.oid::oid, NULL) AS \"name!\"\nFROM pg_catalog.unnest(:oids!::int4[]) AS x(oid)"};

/**
 * Query generated from SQL:
 * ```
 * SELECT x.oid AS "oid!", pg_catalog.format_type(x.oid::oid, NULL) AS "name!"
 * FROM pg_catalog.unnest(:oids!::int4[]) AS x(oid)
 * ```
 */
export const nameTypes = new PreparedQuery<NameTypesParams,NameTypesResult>(nameTypesIR);


