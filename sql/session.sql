/* The request path. Each statement takes arrays, so that one statement can serve many calls. */

/* What is left to live, not an instant: no clock is compared with another. In epochs, since 'infinity' - now() fails. */
/* @name readSessions */
SELECT
  t.sid,
  t.sess::text AS "sess!",
  extract(epoch FROM t.expire::timestamptz)::float8 - extract(epoch FROM now())::float8 AS "ttl!"
FROM "session_store"."session" AS t
WHERE t.sid = ANY(:sids!) AND t.expire > now();

/* A session id at most once in a statement: the server refuses to update a row twice (21000). */
/* @name writeSessions */
INSERT INTO "session_store"."session" AS t (sid, sess, expire)
SELECT x.sid, x.sess, to_timestamp(extract(epoch FROM now())::float8 + x.ttl)
FROM unnest(:sids!::text[], :payloads!::json[], :ttls!::float8[]) AS x(sid, sess, ttl)
ORDER BY 1
ON CONFLICT (sid) DO UPDATE
SET sess = EXCLUDED.sess, expire = EXCLUDED.expire;

/*
 * Moves only the expiry, and only of a row that lives: a touch undoes nothing and revives nothing.
 * ANY(ARRAY[...]) keeps the rows in the order of their ids, so that two batches can't deadlock.
 */
/* @name touchSessions */
UPDATE "session_store"."session" AS t
SET expire = to_timestamp(extract(epoch FROM now())::float8 + x.ttl)
FROM (
  SELECT u.sid, u.ttl
  FROM unnest(:sids!::text[], :ttls!::float8[]) AS u(sid, ttl)
  ORDER BY 1
) AS x
WHERE t.sid = ANY(ARRAY[x.sid]) AND t.expire > now();

/* @name destroySessions */
DELETE FROM "session_store"."session" AS t
WHERE t.sid = ANY(:sids!);
