/* What the doctor reads. */

/*
 * Names are values here. The type of a missing column is null. An index that is being built is
 * invalid too, so invalidIndexes is empty while a build or a vacuum locks the table.
 */
/* @name inspectTable */
SELECT
  c.relkind IN ('r', 'p') AS "isTable!",
  pg_catalog.quote_ident(current_user) AS "role!",
  pg_catalog.current_setting('TimeZone') AS "timeZone!",
  pg_catalog.current_setting('plan_cache_mode') AS "planCacheMode!",
  pg_catalog.pg_get_partkeydef(c.oid) AS "partitionKey",
  coalesce(s.live_rows, 0)::float8 AS "liveRows!",
  coalesce(s.dead_rows, 0)::float8 AS "deadRows!",
  coalesce(s.most_rows, 0)::float8 AS "rowsOfLargestPartition!",
  (SELECT a.atttypid::regtype::text FROM pg_catalog.pg_attribute AS a
    WHERE a.attrelid = c.oid AND a.attname = 'sid' AND NOT a.attisdropped) AS "sidType",
  (SELECT a.atttypid::regtype::text FROM pg_catalog.pg_attribute AS a
    WHERE a.attrelid = c.oid AND a.attname = 'expire' AND NOT a.attisdropped) AS "expireType",
  EXISTS (
    SELECT
    FROM pg_catalog.pg_index AS i
    JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
    WHERE i.indrelid = c.oid AND a.attname = 'sid' AND i.indisunique AND i.indnkeyatts = 1
      AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL
  ) AS "hasKey!",
  ARRAY(
    SELECT pg_catalog.quote_ident(k.conname)
    FROM pg_catalog.pg_constraint AS k
    JOIN pg_catalog.pg_attribute AS a ON a.attrelid = k.conrelid AND k.conkey OPERATOR(pg_catalog.=) ARRAY[a.attnum]
    WHERE k.conrelid = c.oid AND a.attname = 'sid' AND k.contype IN ('p', 'u') AND k.condeferrable
    ORDER BY 1
  ) AS "deferrableKeys!",
  ARRAY(
    SELECT pg_catalog.quote_ident(a.attname)
    FROM pg_catalog.pg_index AS i
    JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey)
    WHERE i.indrelid = c.oid AND i.indisprimary
  ) AS "primaryKeyColumns!",
  EXISTS (
    SELECT
    FROM pg_catalog.pg_index AS i
    JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
    WHERE i.indrelid = c.oid AND a.attname = 'expire' AND i.indisvalid AND i.indpred IS NULL
  ) AS "hasExpireIndex!",
  ARRAY(
    SELECT i.indexrelid::regclass::text
    FROM pg_catalog.pg_index AS i
    WHERE i.indrelid = c.oid AND NOT i.indisvalid AND NOT EXISTS (
      SELECT
      FROM pg_catalog.pg_locks AS l
      WHERE l.relation = c.oid AND l.mode = 'ShareUpdateExclusiveLock' AND l.granted
        AND l.database = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = current_database())
    )
    ORDER BY 1
  ) AS "invalidIndexes!",
  ARRAY(
    SELECT i.indexrelid::regclass::text
    FROM pg_catalog.pg_index AS i
    JOIN pg_catalog.pg_class AS x ON x.oid = i.indexrelid
    WHERE i.indrelid = c.oid AND c.relkind = 'r' AND i.indisvalid AND NOT i.indisreplident
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint AS k WHERE k.conindid = i.indexrelid)
      AND EXISTS (
        SELECT
        FROM pg_catalog.pg_index AS o
        JOIN pg_catalog.pg_class AS y ON y.oid = o.indexrelid
        WHERE o.indrelid = i.indrelid AND o.indexrelid <> i.indexrelid AND o.indisvalid AND y.relam = x.relam
          AND o.indnkeyatts = i.indnkeyatts AND o.indkey::text = i.indkey::text AND o.indclass::text = i.indclass::text
          AND o.indcollation::text = i.indcollation::text AND o.indoption::text = i.indoption::text
          AND pg_catalog.pg_get_expr(o.indexprs, o.indrelid) IS NOT DISTINCT FROM pg_catalog.pg_get_expr(i.indexprs, i.indrelid)
          AND pg_catalog.pg_get_expr(o.indpred, o.indrelid) IS NOT DISTINCT FROM pg_catalog.pg_get_expr(i.indpred, i.indrelid)
          AND (o.indisunique AND o.indimmediate OR NOT i.indisunique)
          AND (o.indisunique AND NOT i.indisunique OR o.indexrelid < i.indexrelid
            OR EXISTS (SELECT FROM pg_catalog.pg_constraint AS k WHERE k.conindid = o.indexrelid))
      )
    ORDER BY 1
  ) AS "duplicateIndexes!",
  ARRAY(
    SELECT pg_catalog.quote_ident(a.attname)
    FROM pg_catalog.pg_attribute AS a
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attname NOT IN ('sid', 'sess', 'expire')
      AND a.attnotnull AND NOT a.atthasdef AND a.attidentity = ''
    ORDER BY a.attnum
  ) AS "requiredColumns!",
  pg_catalog.has_schema_privilege(n.oid, 'USAGE') AS "canUseSchema!",
  ARRAY(
    SELECT p.privilege
    FROM pg_catalog.unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS p(privilege)
    WHERE NOT pg_catalog.has_table_privilege(c.oid, p.privilege)
  ) AS "missingGrants!"
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN LATERAL (
  SELECT
    pg_catalog.sum(pg_catalog.pg_stat_get_live_tuples(x.oid)) AS live_rows,
    pg_catalog.sum(pg_catalog.pg_stat_get_dead_tuples(x.oid)) AS dead_rows,
    pg_catalog.max(pg_catalog.pg_stat_get_live_tuples(x.oid)) AS most_rows
  FROM (SELECT c.oid UNION SELECT p.relid::oid FROM pg_catalog.pg_partition_tree(c.oid) AS p) AS x
) AS s ON true
WHERE c.relname = :tableName! AND c.relkind IN ('r', 'p', 'v', 'f') AND
  CASE WHEN :schemaName::text IS NULL THEN pg_catalog.pg_table_is_visible(c.oid) ELSE n.nspname = :schemaName END;

/*
 * No cookie lives longer than 400 days, and this store prunes more often than once an hour.
 * Unreadable sessions have an escaped NUL or half a surrogate pair, which json accepts and jsonb
 * refuses. chr(92) is a backslash, also with standard_conforming_strings = off.
 */
/* @name inspectSessions */
SELECT
  (count(*) FILTER (WHERE t.expire > now() + interval '400 days'))::int AS "farFuture!",
  (count(*) FILTER (WHERE t.expire < now() - interval '1 hour'))::int AS "overdue!",
  (count(*) FILTER (
    WHERE pg_catalog.pg_typeof(t.sess) OPERATOR(pg_catalog.<>) 'jsonb'::regtype AND pg_catalog.strpos(t.sess::text, pg_catalog.chr(92) || 'u') > 0 AND t.sess::text ~ :unreadable!
  ))::int AS "unreadable!"
FROM "session_store"."session" AS t;

/* Finds roles, databases and pairs of both with another TimeZone than this connection. */
/* @name findTimeZones */
SELECT r.rolname::text AS "role", d.datname::text AS "database", pg_catalog.substr(c.setting, 10) AS "timeZone!"
FROM pg_catalog.pg_db_role_setting AS s
LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = s.setrole
LEFT JOIN pg_catalog.pg_database AS d ON d.oid = s.setdatabase
CROSS JOIN LATERAL pg_catalog.unnest(s.setconfig) AS c(setting)
WHERE c.setting ILIKE 'TimeZone=%' AND pg_catalog.lower(pg_catalog.substr(c.setting, 10)) <> pg_catalog.lower(pg_catalog.current_setting('TimeZone'))
  AND (s.setdatabase = 0::oid OR d.datname = current_database())
ORDER BY 1, 2;

/*
 * The schemas of the search_path, and the roles that may create objects there, without those that
 * this role trusts: see findOwner in catalog.sql. PostgreSQL searches pg_catalog first unless the
 * search_path lists it, and never searches the schema of temporary tables for functions.
 */
/* @name inspectSearchPath */
WITH RECURSIVE ss__own AS (
  SELECT r.oid
  FROM pg_catalog.pg_roles AS r
  WHERE r.rolname = current_user
  UNION
  SELECT m.roleid
  FROM ss__own AS o
  JOIN pg_catalog.pg_auth_members AS m ON m.member = o.oid
), ss__path AS (
  SELECT p.name, p.place
  FROM pg_catalog.unnest(pg_catalog.current_schemas(true)) WITH ORDINALITY AS p(name, place)
)
SELECT
  pg_catalog.quote_ident(n.nspname) AS "schema!",
  p.place < (SELECT q.place FROM ss__path AS q WHERE q.name = 'pg_catalog') AS "isBeforeCatalog!",
  ARRAY(
    SELECT coalesce(pg_catalog.quote_ident(r.rolname), 'PUBLIC')
    FROM pg_catalog.aclexplode(n.nspacl) AS a
    LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = a.grantee
    WHERE a.privilege_type = 'CREATE' AND NOT coalesce(
      r.rolsuper OR r.oid IN (n.nspowner, d.datdba) OR r.rolname = 'pg_database_owner'
        OR r.rolname = ANY(:trusted!::name[]) OR r.oid = ANY(ARRAY(SELECT o.oid FROM ss__own AS o)), false)
    ORDER BY 1
  ) AS "creators!"
FROM ss__path AS p
JOIN pg_catalog.pg_namespace AS n ON n.nspname = p.name
JOIN pg_catalog.pg_database AS d ON d.datname = current_database()
WHERE p.name <> 'pg_catalog' AND n.oid <> pg_catalog.pg_my_temp_schema()
ORDER BY p.place;

/* @name nameTypes */
SELECT x.oid AS "oid!", pg_catalog.format_type(x.oid::oid, NULL) AS "name!"
FROM pg_catalog.unnest(:oids!::int4[]) AS x(oid);
