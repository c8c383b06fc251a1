/* Catalog queries. Names are values here. */

/* Held until the transaction ends. */
/* @name lockForCreation */
SELECT pg_catalog.pg_advisory_xact_lock(:key!);

/*
 * Finds the table that the other statements would use: by search_path if no schema is given.
 * to_regclass() does not do: after a wait for a lock it may still miss a table that another process
 * has just created.
 */
/* @name findTable */
SELECT
  n.nspname AS "schemaName!",
  c.relkind IN ('r', 'p') AS "isTable!",
  (SELECT a.atttypid::regtype::text FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = c.oid AND a.attname = 'expire') AS "expireType",
  EXISTS (
    SELECT
    FROM pg_catalog.pg_index AS i
    JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
    WHERE i.indrelid = c.oid AND i.indisvalid AND i.indpred IS NULL AND a.attname = 'expire'
  ) AS "hasExpireIndex!"
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relname = :tableName! AND c.relkind IN ('r', 'p', 'v', 'f') AND
  CASE WHEN :schemaName::text IS NULL THEN pg_catalog.pg_table_is_visible(c.oid) ELSE n.nspname = :schemaName END;

/*
 * CREATE SCHEMA IF NOT EXISTS needs the CREATE privilege even if the schema exists, so the code
 * checks first.
 */
/* @name findSchema */
SELECT n.nspname AS "schemaName!"
FROM pg_catalog.pg_namespace AS n
WHERE n.nspname = :schemaName!;

/*
 * Finds a complete index with the text at this path as its first key. For a json column PostgreSQL
 * drops the cast. Two settings change how it spells the key, so they are set first, until the
 * transaction ends.
 */
/* @name findUserIndex */
WITH ss__settings AS MATERIALIZED (
  SELECT
    pg_catalog.set_config('quote_all_identifiers', 'off', true) AS quotes,
    pg_catalog.set_config('standard_conforming_strings', 'on', true) AS strings
)
SELECT i.indexrelid::regclass::text AS "indexName!"
FROM ss__settings AS s
CROSS JOIN pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_index AS i ON i.indrelid = c.oid
WHERE c.relname = :tableName! AND c.relkind IN ('r', 'p') AND
  CASE WHEN :schemaName::text IS NULL THEN pg_catalog.pg_table_is_visible(c.oid) ELSE n.nspname = :schemaName END
  AND i.indisvalid AND i.indpred IS NULL
  AND CASE WHEN s.quotes = 'off' AND s.strings = 'on' THEN
    pg_catalog.replace(pg_catalog.pg_get_indexdef(i.indexrelid, 1, true), '(sess::json ', '(sess ')
      = '(sess #>> ' || pg_catalog.chr(39) || pg_catalog.replace(:userPath!::text[]::text, pg_catalog.chr(39), pg_catalog.repeat(pg_catalog.chr(39), 2)) || pg_catalog.chr(39) || '::text[])'
  END;

/*
 * The table's owner, and whether this role trusts the owner: triggers, rules and policies of the
 * table run with this role's rights. It trusts itself, the roles it belongs to, superusers, the
 * owners of the schema and of the database, and the given roles. pg_has_role()
 * does not help: it says that a superuser belongs to each role.
 */
/* @name findOwner */
WITH RECURSIVE ss__own AS (
  SELECT r.oid
  FROM pg_catalog.pg_roles AS r
  WHERE r.rolname = current_user
  UNION
  SELECT m.roleid
  FROM ss__own AS o
  JOIN pg_catalog.pg_auth_members AS m ON m.member = o.oid
)
SELECT
  r.rolname::text AS "owner!",
  r.rolsuper OR r.oid IN (n.nspowner, d.datdba) OR r.rolname = 'pg_database_owner' OR r.rolname = ANY(:trusted!::name[])
    OR r.oid = ANY(ARRAY(SELECT o.oid FROM ss__own AS o)) AS "isTrusted!"
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_roles AS r ON r.oid = c.relowner
JOIN pg_catalog.pg_database AS d ON d.datname = current_database()
WHERE c.relname = :tableName! AND c.relkind IN ('r', 'p', 'v', 'f') AND
  CASE WHEN :schemaName::text IS NULL THEN pg_catalog.pg_table_is_visible(c.oid) ELSE n.nspname = :schemaName END;

/*
 * Run after a refusal, to say which grants are missing. schema and owner are null if they do not
 * exist.
 */
/* @name findGrants */
SELECT
  pg_catalog.quote_ident(current_user) AS "role!",
  pg_catalog.quote_ident(current_database()) AS "database!",
  pg_catalog.quote_ident(n.nspname) AS "schema",
  ARRAY(
    SELECT p.privilege
    FROM pg_catalog.unnest(ARRAY['USAGE', 'CREATE']) AS p(privilege)
    WHERE NOT pg_catalog.has_schema_privilege(n.oid, p.privilege)
  ) AS "missingGrants!",
  pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(c.relowner)) AS "owner"
FROM (SELECT coalesce(:schemaName::text, current_schema()::text) AS name) AS s
LEFT JOIN pg_catalog.pg_namespace AS n ON n.nspname = s.name
LEFT JOIN pg_catalog.pg_class AS c ON c.relname = :tableName! AND c.relkind IN ('r', 'p') AND
  CASE WHEN :schemaName::text IS NULL THEN pg_catalog.pg_table_is_visible(c.oid) ELSE c.relnamespace = n.oid END;

/*
 * Finds the type of sid: of a domain, the type below it. Only a varchar with a limit has a length.
 */
/* @name inspectSid */
WITH RECURSIVE ss__types AS (
  SELECT a.atttypid AS type, a.atttypmod AS modifier, a.attcollation AS collation
  FROM pg_catalog.pg_class AS c
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid
  WHERE c.relname = :tableName! AND c.relkind IN ('r', 'p', 'v', 'f') AND a.attname = 'sid' AND NOT a.attisdropped AND
    CASE WHEN :schemaName::text IS NULL THEN pg_catalog.pg_table_is_visible(c.oid) ELSE n.nspname = :schemaName END
  UNION ALL
  SELECT d.typbasetype, d.typtypmod, s.collation
  FROM ss__types AS s
  JOIN pg_catalog.pg_type AS d ON d.oid = s.type
  WHERE d.typtype = 'd'
)
SELECT
  pg_catalog.format_type(s.type, s.modifier) AS "type!",
  s.type IN ('varchar'::regtype::oid, 'text'::regtype::oid) AS "isText!",
  s.type = 'bytea'::regtype::oid AS "isBytea!",
  CASE WHEN s.type = 'varchar'::regtype::oid AND s.modifier > 4 THEN s.modifier - 4 END AS "length",
  coalesce(l.collisdeterministic, true) AS "isDeterministic!"
FROM ss__types AS s
JOIN pg_catalog.pg_type AS b ON b.oid = s.type
LEFT JOIN pg_catalog.pg_collation AS l ON l.oid = s.collation
WHERE b.typtype <> 'd';
