/** Types generated for queries found in "sql/catalog.sql" */
import { PreparedQuery } from '@pgtyped/runtime';

export type NumberOrString = number | string;

export type stringArray = (string)[];

/** 'LockForCreation' parameters type */
export interface LockForCreationParams {
  key: NumberOrString;
}

/** 'LockForCreation' return type */
export interface LockForCreationResult {
  pg_advisory_xact_lock: undefined | null;
}

/** 'LockForCreation' query type */
export interface LockForCreationQuery {
  params: LockForCreationParams;
  result: LockForCreationResult;
}

const lockForCreationIR: any = {"usedParamSet":{"key":true},"params":[{"name":"key","required":true,"transform":{"type":"scalar"},"locs":[{"a":40,"b":44}]}],"statement":"SELECT pg_catalog.pg_advisory_xact_lock(:key!)                                                                                                                                                                                                                              "};

/**
 * Query generated from SQL:
 * ```
 * SELECT pg_catalog.pg_advisory_xact_lock(:key!)                                                                                                                                                                                                                              
 * ```
 */
export const lockForCreation = new PreparedQuery<LockForCreationParams,LockForCreationResult>(lockForCreationIR);


/** 'FindTable' parameters type */
export interface FindTableParams {
  schemaName?: string | null | void;
  tableName: string;
}

/** 'FindTable' return type */
export interface FindTableResult {
  expireType: string | null;
  hasExpireIndex: boolean;
  isTable: boolean;
  schemaName: string;
}

/** 'FindTable' query type */
export interface FindTableQuery {
  params: FindTableParams;
  result: FindTableResult;
}

const findTableIR: any = {"usedParamSet":{"tableName":true,"schemaName":true},"params":[{"name":"tableName","required":true,"transform":{"type":"scalar"},"locs":[{"a":590,"b":600}]},{"name":"schemaName","required":false,"transform":{"type":"scalar"},"locs":[{"a":656,"b":666},{"a":742,"b":752}]}],"statement":"SELECT\n  n.nspname AS \"schemaName!\",\n  c.relkind IN ('r', 'p') AS \"isTable!\",\n  (SELECT a.atttypid::regtype::text FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = c.oid AND a.attname = 'expire') AS \"expireType\",\n  EXISTS (\n    SELECT\n    FROM pg_catalog.pg_index AS i\n    JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]\n    WHERE i.indrelid = c.oid AND i.indisvalid AND i.indpred IS NULL AND a.attname = 'expire'\n  ) AS \"hasExpireIndex!\"\nFROM pg_catalog.pg_class AS c\nJOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace\nWHERE c.relname = :tableName! AND c.relkind IN ('r', 'p', 'v', 'f') AND\n  CASE WHEN :schemaName::text IS NULL THEN pg_catalog.pg_table_is_visible(c.oid) ELSE n.nspname = :schemaName END                                                                                                                        "};

/**
 * Query generated from SQL:
 * ```
 * SELECT
 *   n.nspname AS "schemaName!",
 *   c.relkind IN ('r', 'p') AS "isTable!",
 *   (SELECT a.atttypid::regtype::text FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = c.oid AND a.attname = 'expire') AS "expireType",
 *   EXISTS (
 *     SELECT
 *     FROM pg_catalog.pg_index AS i
 *     JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
 *     WHERE i.indrelid = c.oid AND i.indisvalid AND i.indpred IS NULL AND a.attname = 'expire'
 *   ) AS "hasExpireIndex!"
 * FROM pg_catalog.pg_class AS c
 * JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
 * WHERE c.relname = :tableName! AND c.relkind IN ('r', 'p', 'v', 'f') AND
 *   CASE WHEN :schemaName::text IS NULL THEN pg_catalog.pg_table_is_visible(c.oid) ELSE n.nspname = :schemaName END                                                                                                                        
 * ```
 */
export const findTable = new PreparedQuery<FindTableParams,FindTableResult>(findTableIR);


/** 'FindSchema' parameters type */
export interface FindSchemaParams {
  schemaName: string;
}

/** 'FindSchema' return type */
export interface FindSchemaResult {
  schemaName: string;
}

/** 'FindSchema' query type */
export interface FindSchemaQuery {
  params: FindSchemaParams;
  result: FindSchemaResult;
}

const findSchemaIR: any = {"usedParamSet":{"schemaName":true},"params":[{"name":"schemaName","required":true,"transform":{"type":"scalar"},"locs":[{"a":86,"b":97}]}],"statement":"SELECT n.nspname AS \"schemaName!\"\nFROM pg_catalog.pg_namespace AS n\nWHERE n.nspname = :schemaName!                                                                                                                                                                                                                              "};

/**
 * Query generated from SQL:
 * ```
 * SELECT n.nspname AS "schemaName!"
 * FROM pg_catalog.pg_namespace AS n
 * WHERE n.nspname = :schemaName!                                                                                                                                                                                                                              
 * ```
 */
export const findSchema = new PreparedQuery<FindSchemaParams,FindSchemaResult>(findSchemaIR);


/** 'FindUserIndex' parameters type */
export interface FindUserIndexParams {
  schemaName?: string | null | void;
  tableName: string;
  userPath: stringArray;
}

/** 'FindUserIndex' return type */
export interface FindUserIndexResult {
  indexName: string;
}

/** 'FindUserIndex' query type */
export interface FindUserIndexQuery {
  params: FindUserIndexParams;
  result: FindUserIndexResult;
}

const findUserIndexIR: any = {"usedParamSet":{"tableName":true,"schemaName":true,"userPath":true},"params":[{"name":"tableName","required":true,"transform":{"type":"scalar"},"locs":[{"a":443,"b":453}]},{"name":"schemaName","required":false,"transform":{"type":"scalar"},"locs":[{"a":499,"b":509},{"a":585,"b":595}]},{"name":"userPath","required":true,"transform":{"type":"scalar"},"locs":[{"a":866,"b":875}]}],"statement":"WITH ss__settings AS MATERIALIZED (\n  SELECT\n    pg_catalog.set_config('quote_all_identifiers', 'off', true) AS quotes,\n    pg_catalog.set_config('standard_conforming_strings', 'on', true) AS strings\n)\nSELECT i.indexrelid::regclass::text AS \"indexName!\"\nFROM ss__settings AS s\nCROSS JOIN pg_catalog.pg_class AS c\nJOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace\nJOIN pg_catalog.pg_index AS i ON i.indrelid = c.oid\nWHERE c.relname = :tableName! AND c.relkind IN ('r', 'p') AND\n  CASE WHEN :schemaName::text IS NULL THEN pg_catalog.pg_table_is_visible(c.oid) ELSE n.nspname = :schemaName END\n  AND i.indisvalid AND i.indpred IS NULL\n  AND CASE WHEN s.quotes = 'off' AND s.strings = 'on' THEN\n    pg_catalog.replace(pg_catalog.pg_get_indexdef(i.indexrelid, 1, true), '(sess::json ', '(sess ')\n      = '(sess #>> ' || pg_catalog.chr(39) || pg_catalog.replace(:userPath!::text[]::text, pg_catalog.chr(39), pg_catalog.repeat(pg_catalog.chr(39), 2)) || pg_catalog.chr(39) || '::text[])'\n  END                                                                                                                                                                                                                                                                                                                                                          "};

/**
 * Query generated from SQL:
 * ```
 * WITH ss__settings AS MATERIALIZED (
 *   SELECT
 *     pg_catalog.set_config('quote_all_identifiers', 'off', true) AS quotes,
 *     pg_catalog.set_config('standard_conforming_strings', 'on', true) AS strings
 * )
 * SELECT i.indexrelid::regclass::text AS "indexName!"
 * FROM ss__settings AS s
 * CROSS JOIN pg_catalog.pg_class AS c
 * JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
 * JOIN pg_catalog.pg_index AS i ON i.indrelid = c.oid
 * WHERE c.relname = :tableName! AND c.relkind IN ('r', 'p') AND
 *   CASE WHEN :schemaName::text IS NULL THEN pg_catalog.pg_table_is_visible(c.oid) ELSE n.nspname = :schemaName END
 *   AND i.indisvalid AND i.indpred IS NULL
 *   AND CASE WHEN s.quotes = 'off' AND s.strings = 'on' THEN
 *     pg_catalog.replace(pg_catalog.pg_get_indexdef(i.indexrelid, 1, true), '(sess::json ', '(sess ')
 *       = '(sess #>> ' || pg_catalog.chr(39) || pg_catalog.replace(:userPath!::text[]::text, pg_catalog.chr(39), pg_catalog.repeat(pg_catalog.chr(39), 2)) || pg_catalog.chr(39) || '::text[])'
 *   END                                                                                                                                                                                                                                                                                                                                                          
 * ```
 */
export const findUserIndex = new PreparedQuery<FindUserIndexParams,FindUserIndexResult>(findUserIndexIR);


/** 'FindOwner' parameters type */
export interface FindOwnerParams {
  schemaName?: string | null | void;
  tableName: string;
  trusted: stringArray;
}

/** 'FindOwner' return type */
export interface FindOwnerResult {
  isTrusted: boolean;
  owner: string;
}

/** 'FindOwner' query type */
export interface FindOwnerQuery {
  params: FindOwnerParams;
  result: FindOwnerResult;
}

const findOwnerIR: any = {"usedParamSet":{"trusted":true,"tableName":true,"schemaName":true},"params":[{"name":"trusted","required":true,"transform":{"type":"scalar"},"locs":[{"a":355,"b":363}]},{"name":"tableName","required":true,"transform":{"type":"scalar"},"locs":[{"a":675,"b":685}]},{"name":"schemaName","required":false,"transform":{"type":"scalar"},"locs":[{"a":741,"b":751},{"a":827,"b":837}]}],"statement":"WITH RECURSIVE ss__own AS (\n  SELECT r.oid\n  FROM pg_catalog.pg_roles AS r\n  WHERE r.rolname = current_user\n  UNION\n  SELECT m.roleid\n  FROM ss__own AS o\n  JOIN pg_catalog.pg_auth_members AS m ON m.member = o.oid\n)\nSELECT\n  r.rolname::text AS \"owner!\",\n  r.rolsuper OR r.oid IN (n.nspowner, d.datdba) OR r.rolname = 'pg_database_owner' OR r.rolname = ANY(:trusted!::name[])\n    OR r.oid = ANY(ARRAY(SELECT o.oid FROM ss__own AS o)) AS \"isTrusted!\"\nFROM pg_catalog.pg_class AS c\nJOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace\nJOIN pg_catalog.pg_roles AS r ON r.oid = c.relowner\nJOIN pg_catalog.pg_database AS d ON d.datname = current_database()\nWHERE c.relname = :tableName! AND c.relkind IN ('r', 'p', 'v', 'f') AND\n  CASE WHEN :schemaName::text IS NULL THEN pg_catalog.pg_table_is_visible(c.oid) ELSE n.nspname = :schemaName END                                                                                                                  "};

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
 * )
 * SELECT
 *   r.rolname::text AS "owner!",
 *   r.rolsuper OR r.oid IN (n.nspowner, d.datdba) OR r.rolname = 'pg_database_owner' OR r.rolname = ANY(:trusted!::name[])
 *     OR r.oid = ANY(ARRAY(SELECT o.oid FROM ss__own AS o)) AS "isTrusted!"
 * FROM pg_catalog.pg_class AS c
 * JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
 * JOIN pg_catalog.pg_roles AS r ON r.oid = c.relowner
 * JOIN pg_catalog.pg_database AS d ON d.datname = current_database()
 * WHERE c.relname = :tableName! AND c.relkind IN ('r', 'p', 'v', 'f') AND
 *   CASE WHEN :schemaName::text IS NULL THEN pg_catalog.pg_table_is_visible(c.oid) ELSE n.nspname = :schemaName END                                                                                                                  
 * ```
 */
export const findOwner = new PreparedQuery<FindOwnerParams,FindOwnerResult>(findOwnerIR);


/** 'FindGrants' parameters type */
export interface FindGrantsParams {
  schemaName?: string | null | void;
  tableName: string;
}

/** 'FindGrants' return type */
export interface FindGrantsResult {
  database: string;
  missingGrants: stringArray;
  owner: string | null;
  role: string;
  schema: string | null;
}

/** 'FindGrants' query type */
export interface FindGrantsQuery {
  params: FindGrantsParams;
  result: FindGrantsResult;
}

const findGrantsIR: any = {"usedParamSet":{"schemaName":true,"tableName":true},"params":[{"name":"schemaName","required":false,"transform":{"type":"scalar"},"locs":[{"a":458,"b":468},{"a":682,"b":692}]},{"name":"tableName","required":true,"transform":{"type":"scalar"},"locs":[{"a":626,"b":636}]}],"statement":"SELECT\n  pg_catalog.quote_ident(current_user) AS \"role!\",\n  pg_catalog.quote_ident(current_database()) AS \"database!\",\n  pg_catalog.quote_ident(n.nspname) AS \"schema\",\n  ARRAY(\n    SELECT p.privilege\n    FROM pg_catalog.unnest(ARRAY['USAGE', 'CREATE']) AS p(privilege)\n    WHERE NOT pg_catalog.has_schema_privilege(n.oid, p.privilege)\n  ) AS \"missingGrants!\",\n  pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(c.relowner)) AS \"owner\"\nFROM (SELECT coalesce(:schemaName::text, current_schema()::text) AS name) AS s\nLEFT JOIN pg_catalog.pg_namespace AS n ON n.nspname = s.name\nLEFT JOIN pg_catalog.pg_class AS c ON c.relname = :tableName! AND c.relkind IN ('r', 'p') AND\n  CASE WHEN :schemaName::text IS NULL THEN pg_catalog.pg_table_is_visible(c.oid) ELSE c.relnamespace = n.oid END                                                                                                          "};

/**
 * Query generated from SQL:
 * ```
 * SELECT
 *   pg_catalog.quote_ident(current_user) AS "role!",
 *   pg_catalog.quote_ident(current_database()) AS "database!",
 *   pg_catalog.quote_ident(n.nspname) AS "schema",
 *   ARRAY(
 *     SELECT p.privilege
 *     FROM pg_catalog.unnest(ARRAY['USAGE', 'CREATE']) AS p(privilege)
 *     WHERE NOT pg_catalog.has_schema_privilege(n.oid, p.privilege)
 *   ) AS "missingGrants!",
 *   pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(c.relowner)) AS "owner"
 * FROM (SELECT coalesce(:schemaName::text, current_schema()::text) AS name) AS s
 * LEFT JOIN pg_catalog.pg_namespace AS n ON n.nspname = s.name
 * LEFT JOIN pg_catalog.pg_class AS c ON c.relname = :tableName! AND c.relkind IN ('r', 'p') AND
 *   CASE WHEN :schemaName::text IS NULL THEN pg_catalog.pg_table_is_visible(c.oid) ELSE c.relnamespace = n.oid END                                                                                                          
 * ```
 */
export const findGrants = new PreparedQuery<FindGrantsParams,FindGrantsResult>(findGrantsIR);


/** 'InspectSid' parameters type */
export interface InspectSidParams {
  schemaName?: string | null | void;
  tableName: string;
}

/** 'InspectSid' return type */
export interface InspectSidResult {
  isBytea: boolean;
  isDeterministic: boolean;
  isText: boolean;
  length: number | null;
  type: string;
}

/** 'InspectSid' query type */
export interface InspectSidQuery {
  params: InspectSidParams;
  result: InspectSidResult;
}

const inspectSidIR: any = {"usedParamSet":{"tableName":true,"schemaName":true},"params":[{"name":"tableName","required":true,"transform":{"type":"scalar"},"locs":[{"a":284,"b":294}]},{"name":"schemaName","required":false,"transform":{"type":"scalar"},"locs":[{"a":397,"b":407},{"a":483,"b":493}]}],"statement":"WITH RECURSIVE ss__types AS (\n  SELECT a.atttypid AS type, a.atttypmod AS modifier, a.attcollation AS collation\n  FROM pg_catalog.pg_class AS c\n  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace\n  JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid\n  WHERE c.relname = :tableName! AND c.relkind IN ('r', 'p', 'v', 'f') AND a.attname = 'sid' AND NOT a.attisdropped AND\n    CASE WHEN :schemaName::text IS NULL THEN pg_catalog.pg_table_is_visible(c.oid) ELSE n.nspname = :schemaName END\n  UNION ALL\n  SELECT d.typbasetype, d.typtypmod, s.collation\n  FROM ss__types AS s\n  JOIN pg_catalog.pg_type AS d ON d.oid = s.type\n  WHERE d.typtype = 'd'\n)\nSELECT\n  pg_catalog.format_type(s.type, s.modifier) AS \"type!\",\n  s.type IN ('varchar'::regtype::oid, 'text'::regtype::oid) AS \"isText!\",\n  s.type = 'bytea'::regtype::oid AS \"isBytea!\",\n  CASE WHEN s.type = 'varchar'::regtype::oid AND s.modifier > 4 THEN s.modifier - 4 END AS \"length\",\n  coalesce(l.collisdeterministic, true) AS \"isDeterministic!\"\nFROM ss__types AS s\nJOIN pg_catalog.pg_type AS b ON b.oid = s.type\nLEFT JOIN pg_catalog.pg_collation AS l ON l.oid = s.collation\nWHERE b.typtype <> 'd'"};

/**
 * Query generated from SQL:
 * ```
 * WITH RECURSIVE ss__types AS (
 *   SELECT a.atttypid AS type, a.atttypmod AS modifier, a.attcollation AS collation
 *   FROM pg_catalog.pg_class AS c
 *   JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
 *   JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid
 *   WHERE c.relname = :tableName! AND c.relkind IN ('r', 'p', 'v', 'f') AND a.attname = 'sid' AND NOT a.attisdropped AND
 *     CASE WHEN :schemaName::text IS NULL THEN pg_catalog.pg_table_is_visible(c.oid) ELSE n.nspname = :schemaName END
 *   UNION ALL
 *   SELECT d.typbasetype, d.typtypmod, s.collation
 *   FROM ss__types AS s
 *   JOIN pg_catalog.pg_type AS d ON d.oid = s.type
 *   WHERE d.typtype = 'd'
 * )
 * SELECT
 *   pg_catalog.format_type(s.type, s.modifier) AS "type!",
 *   s.type IN ('varchar'::regtype::oid, 'text'::regtype::oid) AS "isText!",
 *   s.type = 'bytea'::regtype::oid AS "isBytea!",
 *   CASE WHEN s.type = 'varchar'::regtype::oid AND s.modifier > 4 THEN s.modifier - 4 END AS "length",
 *   coalesce(l.collisdeterministic, true) AS "isDeterministic!"
 * FROM ss__types AS s
 * JOIN pg_catalog.pg_type AS b ON b.oid = s.type
 * LEFT JOIN pg_catalog.pg_collation AS l ON l.oid = s.collation
 * WHERE b.typtype <> 'd'
 * ```
 */
export const inspectSid = new PreparedQuery<InspectSidParams,InspectSidResult>(inspectSidIR);


