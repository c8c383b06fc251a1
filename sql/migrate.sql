/* What turns an older table into one of today's. */

/*
 * Until the transaction ends. Behind a lock that is waited for all others wait, and the store's calls end in an error after
 * five seconds.
 */
/* @name beginConversion */
SELECT set_config('TimeZone', :timeZone!, true) AS "timeZone", set_config('lock_timeout', '2s', true) AS "lockTimeout";

/* What was a time under the connection's TimeZone becomes an instant. Under UTC only the indexes are written anew. */
/* @name convertExpire */
ALTER TABLE "session_store"."session" ALTER COLUMN expire TYPE timestamptz;

/* Keeps no writer waiting, but runs in no transaction, and not on a partitioned table. */
/* @name createExpireIndexConcurrently */
CREATE INDEX CONCURRENTLY ON "session_store"."session" (expire);

/* How far an index has come that is being made. It goes through the table, the entries, and the table again. */
/* @name watchIndex */
SELECT
  greatest(p.blocks_done, p.tuples_done)::float8 AS "done!",
  greatest(p.blocks_total, p.tuples_total)::float8 AS "total!"
FROM pg_catalog.pg_stat_progress_create_index AS p
JOIN pg_catalog.pg_class AS c ON c.oid = p.relid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relname = :tableName! AND
  CASE WHEN :schemaName::text IS NULL THEN pg_catalog.pg_table_is_visible(c.oid) ELSE n.nspname = :schemaName END;
