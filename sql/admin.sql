/* What operators ask, beside the requests. */

/* @name listSessions */
SELECT
  t.sid,
  t.sess::text AS "sess!",
  extract(epoch FROM t.expire::timestamptz)::float8 - extract(epoch FROM now())::float8 AS "ttl!"
FROM "session_store"."session" AS t
WHERE t.expire > now()
ORDER BY t.sid;

/* @name countSessions */
SELECT count(*)::int AS "count!"
FROM "session_store"."session" AS t
WHERE t.expire > now();

/* @name clearSessions */
DELETE FROM "session_store"."session" AS t;

/*
 * One batch of what has expired, by one pruner at a time: 0 rows may also mean that another process is pruning.
 * ANY(ARRAY(...)) reads the index just once for each batch, where IN (...) reads the whole backlog. The outer condition
 * spares a session that was touched in the meantime. By sid and never by ctid, which repeats across partitions.
 */
/* @name pruneSessions */
WITH ss__leader AS MATERIALIZED (
  SELECT pg_try_advisory_xact_lock(:key!) AS ok
)
DELETE FROM "session_store"."session" AS t
WHERE t.sid = ANY(ARRAY(
  SELECT s.sid
  FROM "session_store"."session" AS s
  WHERE (SELECT l.ok FROM ss__leader AS l) AND s.expire <= now()
  ORDER BY s.expire
  LIMIT :batch!::int
)) AND t.expire <= now();

/* Writes to it do not wait for the disk, and a crash of the server empties it. */
/* @name makeUnlogged */
ALTER TABLE "session_store"."session" SET UNLOGGED;
