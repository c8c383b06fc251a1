/* Changes to an existing table. */

/* A crash of the server empties an unlogged table. */
/* @name makeUnlogged */
ALTER TABLE "session_store"."session" SET UNLOGGED;

/*
 * The index for finding a user's sessions. An index takes no parameters: createUserIndex() replaces
 * '{ss__userPath}' by the quoted path.
 */
/* @name createUserIndex */
CREATE INDEX ON "session_store"."session" ((sess::json #>> '{ss__userPath}'::text[]));

/* Does not block writers. Cannot run in a transaction or on a partitioned table. */
/* @name createUserIndexConcurrently */
CREATE INDEX CONCURRENTLY ON "session_store"."session" ((sess::json #>> '{ss__userPath}'::text[]));

/* Does not block writers. Cannot run in a transaction or on a partitioned table. */
/* @name createExpireIndexConcurrently */
CREATE INDEX CONCURRENTLY ON "session_store"."session" (expire);

/*
 * The settings hold until the transaction ends. Null keeps the TimeZone. All other statements queue
 * behind a waiting ALTER TABLE, and the store's calls fail after 5 s, so it waits at most 2 s.
 */
/* @name beginConversion */
SELECT pg_catalog.set_config('TimeZone', coalesce(:timeZone, pg_catalog.current_setting('TimeZone')), true) AS "timeZone", pg_catalog.set_config('lock_timeout', '2s', true) AS "lockTimeout";

/*
 * Reads each time under the connection's TimeZone. Under UTC, PostgreSQL rewrites only the indexes.
 */
/* @name convertExpire */
ALTER TABLE "session_store"."session" ALTER COLUMN expire TYPE timestamptz;

/*
 * The same for a table that Citus distributes: the TimeZone of the connection does not reach the
 * other servers. The code puts the configured one in place of UTC.
 */
/* @name convertExpireOfShards */
ALTER TABLE "session_store"."session" ALTER COLUMN expire TYPE timestamptz USING expire AT TIME ZONE 'UTC';

/*
 * The cast removes the padding of char(n). A default, such as gen_random_uuid(), may not fit the
 * new type, and the store always sets sid.
 */
/* @name convertSid */
ALTER TABLE "session_store"."session" ALTER COLUMN sid DROP DEFAULT, ALTER COLUMN sid TYPE varchar USING sid::text;

/* Bytes that were written as text: the text that PostgreSQL read them from. */
/* @name convertByteaSid */
ALTER TABLE "session_store"."session" ALTER COLUMN sid DROP DEFAULT, ALTER COLUMN sid TYPE varchar USING pg_catalog.encode(sid, 'escape');

/* The progress of an index build. It reads the table, then the entries, then the table again. */
/* @name findIndexProgress */
SELECT
  greatest(p.blocks_done, p.tuples_done)::float8 AS "done!",
  greatest(p.blocks_total, p.tuples_total)::float8 AS "total!"
FROM pg_catalog.pg_stat_progress_create_index AS p
JOIN pg_catalog.pg_class AS c ON c.oid = p.relid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relname = :tableName! AND
  CASE WHEN :schemaName::text IS NULL THEN pg_catalog.pg_table_is_visible(c.oid) ELSE n.nspname = :schemaName END;
