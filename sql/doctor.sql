/* What the doctor reads. */

/* Names are values here. The type of a missing column is null. */
/* @name inspectTable */
SELECT
  c.relkind IN ('r', 'p') AS "isTable!",
  pg_catalog.quote_ident(current_user) AS "role!",
  pg_catalog.current_setting('TimeZone') AS "timeZone!",
  pg_catalog.current_setting('plan_cache_mode') AS "planCacheMode!",
  pg_catalog.pg_stat_get_live_tuples(c.oid)::float8 AS "liveRows!",
  pg_catalog.pg_stat_get_dead_tuples(c.oid)::float8 AS "deadRows!",
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
    WHERE k.conrelid = c.oid AND a.attname = 'sid' AND k.condeferrable
    ORDER BY 1
  ) AS "deferrableKeys!",
  EXISTS (
    SELECT
    FROM pg_catalog.pg_index AS i
    JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
    WHERE i.indrelid = c.oid AND a.attname = 'expire' AND i.indisvalid AND i.indpred IS NULL
  ) AS "hasExpireIndex!",
  ARRAY(
    SELECT i.indexrelid::regclass::text
    FROM pg_catalog.pg_index AS i
    WHERE i.indrelid = c.oid AND NOT i.indisvalid
    ORDER BY 1
  ) AS "invalidIndexes!",
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

/* Finds roles, databases and pairs of both with a TimeZone setting. */
/* @name findTimeZones */
SELECT r.rolname::text AS "role", d.datname::text AS "database", pg_catalog.substr(c.setting, 10) AS "timeZone!"
FROM pg_catalog.pg_db_role_setting AS s
LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = s.setrole
LEFT JOIN pg_catalog.pg_database AS d ON d.oid = s.setdatabase
CROSS JOIN LATERAL pg_catalog.unnest(s.setconfig) AS c(setting)
WHERE c.setting ILIKE 'TimeZone=%' AND (s.setdatabase = 0::oid OR d.datname = current_database())
ORDER BY 1, 2;

/* @name nameTypes */
SELECT x.oid AS "oid!", pg_catalog.format_type(x.oid::oid, NULL) AS "name!"
FROM pg_catalog.unnest(:oids!::int4[]) AS x(oid);
