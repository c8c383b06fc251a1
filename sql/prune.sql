/*
 * Deletes one batch of expired sessions. The advisory lock lets only one process prune at a time: 0
 * rows can also mean that another process holds it.
 *
 * ANY(ARRAY(...)) reads the index once a batch, where IN (...) reads the whole backlog. The outer
 * condition keeps a session that was touched meanwhile. IS TRUE stops the planner from checking it
 * by the index on expire, which also reads the backlog: 23 s a batch with a million rows left. Rows
 * are found by sid, because ctids repeat across partitions.
 *
 * :since is the last expiry of the previous batch. Starting there skips the index entries of
 * deleted rows, which take seconds to scan if an old transaction keeps a million of them from being
 * vacuumed. It must be exact, so extra_float_digits is set until the transaction ends.
 *
 * lockTimeout limits the wait for rows that another transaction holds. Null keeps the connection's
 * own lock_timeout. withIds: whether to return the ids too. Null: no.
 */
/* @name pruneSessions */
WITH ss__leader AS MATERIALIZED (
  SELECT
    pg_catalog.pg_try_advisory_xact_lock(:key!) AS ok,
    pg_catalog.set_config('extra_float_digits', '1', true) AS digits,
    pg_catalog.set_config('lock_timeout', coalesce(:lockTimeout, pg_catalog.current_setting('lock_timeout')), true) AS lock_timeout
), ss__deleted AS MATERIALIZED (
  DELETE FROM "session_store"."session" AS t
  WHERE t.sid OPERATOR(pg_catalog.=) ANY(ARRAY(
    SELECT s.sid
    FROM "session_store"."session" AS s
    WHERE (SELECT l.ok FROM ss__leader AS l) AND s.expire <= now()
      AND s.expire >= pg_catalog.to_timestamp(coalesce(:since::float8, '-Infinity'))
    ORDER BY s.expire
    LIMIT :batch!::int
  )) AND (t.expire <= now()) IS TRUE
  RETURNING t.sid, t.expire
)
SELECT CASE WHEN :withIds THEN d.sid END AS sid, extract(epoch FROM d.expire::timestamptz)::float8 AS "expired!"
FROM ss__deleted AS d;

/*
 * Takes the lock until the transaction ends, before pruneSessions does. On a table that Citus
 * distributes, that one would first wait for the shards, which the other process has locked. The
 * setting lets SET LOCAL reach the servers with the rows.
 */
/* @name lockPrune */
SELECT
  pg_catalog.pg_try_advisory_xact_lock(:key!) AS "ok!",
  pg_catalog.set_config('citus.propagate_set_commands', 'local', true) AS propagated;

/*
 * The expired sessions that are still there: those that a foreign key, a trigger or row-level
 * security keeps, and new ones. No rows if another process holds the lock. :kept are sessions to
 * leave out.
 */
/* @name listExpired */
WITH ss__leader AS MATERIALIZED (
  SELECT pg_catalog.pg_try_advisory_xact_lock(:key!) AS ok
)
SELECT s.sid, extract(epoch FROM s.expire::timestamptz)::float8 AS "expired!"
FROM "session_store"."session" AS s
WHERE (SELECT l.ok FROM ss__leader AS l) AND s.expire <= now()
  AND s.expire >= coalesce(:since::timestamptz, '-infinity')
  AND NOT (s.sid OPERATOR(pg_catalog.=) ANY(:kept!::text[]))
ORDER BY s.expire
LIMIT :batch!::int;

/* Deletes those of these sessions that have expired. */
/* @name pruneListed */
WITH ss__settings AS MATERIALIZED (
  SELECT pg_catalog.set_config('lock_timeout', coalesce(:lockTimeout, pg_catalog.current_setting('lock_timeout')), true)
)
DELETE FROM "session_store"."session" AS t
USING ss__settings
WHERE t.sid OPERATOR(pg_catalog.=) ANY(:sids!) AND (t.expire <= now()) IS TRUE
RETURNING t.sid;
