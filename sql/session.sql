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
 * Compare and set: only a live row that still holds what was read, so that nothing is undone and nothing revived.
 * ANY(ARRAY[...]) and IS TRUE keep the rows in the order of their ids, so that two batches can't deadlock.
 * Where it may not shorten, an expiry that another request has moved further stays.
 */
/* @name replaceSessions */
UPDATE "session_store"."session" AS t
SET
  sess = x.sess,
  expire = CASE
    WHEN x.may_shorten THEN to_timestamp(extract(epoch FROM now())::float8 + x.ttl)
    ELSE GREATEST(t.expire, to_timestamp(extract(epoch FROM now())::float8 + x.ttl))
  END
FROM (
  SELECT u.sid, u.loaded, u.sess, u.ttl, u.may_shorten
  FROM unnest(:sids!::text[], :loaded!::text[], :payloads!::json[], :ttls!::float8[], :mayShorten!::bool[])
    AS u(sid, loaded, sess, ttl, may_shorten)
  ORDER BY 1
) AS x
WHERE t.sid = ANY(ARRAY[x.sid]) AND (t.sess::text = x.loaded) IS TRUE AND t.expire > now()
RETURNING t.sid;

/* Moves only the expiry, and only of a row that lives: a touch undoes nothing and revives nothing. */
/* @name touchSessions */
UPDATE "session_store"."session" AS t
SET expire = CASE
  WHEN x.may_shorten THEN to_timestamp(extract(epoch FROM now())::float8 + x.ttl)
  ELSE GREATEST(t.expire, to_timestamp(extract(epoch FROM now())::float8 + x.ttl))
END
FROM (
  SELECT u.sid, u.ttl, u.may_shorten
  FROM unnest(:sids!::text[], :ttls!::float8[], :mayShorten!::bool[]) AS u(sid, ttl, may_shorten)
  ORDER BY 1
) AS x
WHERE t.sid = ANY(ARRAY[x.sid]) AND t.expire > now()
RETURNING t.sid;

/* @name destroySessions */
DELETE FROM "session_store"."session" AS t
USING (
  SELECT u.sid
  FROM unnest(:sids!::text[]) AS u(sid)
  ORDER BY 1
) AS x
WHERE t.sid = ANY(ARRAY[x.sid]);
