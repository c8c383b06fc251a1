/*
 * The request path: each statement once for one session and once for many, so that one statement can serve many calls. For
 * one alone the server keeps a plan, while it plans most statements of short arrays anew each time: touchSessions of one
 * session took twice as long as touchSession.
 *
 * Those of many take a session id at most once if they write. ANY(ARRAY[...]) and IS TRUE keep the rows in the order of
 * their ids, so that two batches don't deadlock, but in a table of a few pages, which the server reads as it lies. A lockTimeout makes a statement give up on rows that another transaction
 * holds; without one, the connection's own holds, as for scripts in a transaction of theirs.
 */

/*
 * What is left to live, not an instant: no clock is compared with another. In epochs, since 'infinity' - now() fails, and by
 * date_part(), for extract() goes by way of numeric, a microsecond a row. The columns have no "x!" names, which pgtyped would
 * take off each row: 4 % of what a get costs the client in a batch.
 */
/* @name readSession */
SELECT
  t.sid,
  t.sess::text AS sess,
  date_part('epoch', t.expire::timestamptz) - date_part('epoch', now()) AS ttl
FROM "session_store"."session" AS t
WHERE t.sid = :sid! AND t.expire > now();

/* @name readSessions */
SELECT
  t.sid,
  t.sess::text AS sess,
  date_part('epoch', t.expire::timestamptz) - date_part('epoch', now()) AS ttl
FROM "session_store"."session" AS t
WHERE t.sid = ANY(:sids!) AND t.expire > now();

/* @name writeSession */
INSERT INTO "session_store"."session" AS t (sid, sess, expire)
VALUES (:sid!, :payload!::json, to_timestamp(date_part('epoch', now()) + :ttl!))
ON CONFLICT (sid) DO UPDATE
SET sess = EXCLUDED.sess, expire = EXCLUDED.expire;

/* @name writeSessions */
WITH ss__settings AS MATERIALIZED (
  SELECT set_config('lock_timeout', coalesce(:lockTimeout, current_setting('lock_timeout')), true)
)
INSERT INTO "session_store"."session" AS t (sid, sess, expire)
SELECT x.sid, x.sess, to_timestamp(date_part('epoch', now()) + x.ttl)
FROM unnest(:sids!::text[], :payloads!::json[], :ttls!::float8[]) AS x(sid, sess, ttl), ss__settings
ORDER BY 1
ON CONFLICT (sid) DO UPDATE
SET sess = EXCLUDED.sess, expire = EXCLUDED.expire;

/*
 * Compare and set: only a live row that still holds what was read, so that nothing is undone and nothing revived.
 * Where it may not shorten, an expiry that another request has moved further stays.
 */
/* @name replaceSession */
UPDATE "session_store"."session" AS t
SET
  sess = :payload!::json,
  expire = CASE
    WHEN :mayShorten! THEN to_timestamp(date_part('epoch', now()) + :ttl!)
    ELSE GREATEST(t.expire, to_timestamp(date_part('epoch', now()) + :ttl!))
  END
WHERE t.sid = :sid! AND t.sess::text = :loaded! AND t.expire > now()
RETURNING t.sid;

/* @name replaceSessions */
WITH ss__settings AS MATERIALIZED (
  SELECT set_config('lock_timeout', coalesce(:lockTimeout, current_setting('lock_timeout')), true)
)
UPDATE "session_store"."session" AS t
SET
  sess = x.sess,
  expire = CASE
    WHEN x.may_shorten THEN to_timestamp(date_part('epoch', now()) + x.ttl)
    ELSE GREATEST(t.expire, to_timestamp(date_part('epoch', now()) + x.ttl))
  END
FROM (
  SELECT u.sid, u.loaded, u.sess, u.ttl, u.may_shorten
  FROM unnest(:sids!::text[], :loaded!::text[], :payloads!::json[], :ttls!::float8[], :mayShorten!::bool[])
    AS u(sid, loaded, sess, ttl, may_shorten)
  ORDER BY 1
) AS x, ss__settings
WHERE t.sid = ANY(ARRAY[x.sid]) AND (t.sess::text = x.loaded) IS TRUE AND t.expire > now()
RETURNING t.sid;

/*
 * Moves only the expiry, and only of a row that lives: a touch undoes nothing and revives nothing. Relaxed, it does not wait
 * for the disk: a touch that a crash undoes costs nothing, but it would relax the whole of a script's transaction.
 */
/* @name touchSession */
WITH ss__settings AS MATERIALIZED (
  SELECT set_config('synchronous_commit', CASE WHEN :relaxed THEN 'off' ELSE current_setting('synchronous_commit') END, true)
)
UPDATE "session_store"."session" AS t
SET expire = CASE
  WHEN :mayShorten! THEN to_timestamp(date_part('epoch', now()) + :ttl!)
  ELSE GREATEST(t.expire, to_timestamp(date_part('epoch', now()) + :ttl!))
END
FROM ss__settings
WHERE t.sid = :sid! AND t.expire > now()
RETURNING t.sid;

/* @name touchSessions */
WITH ss__settings AS MATERIALIZED (
  SELECT
    set_config('lock_timeout', coalesce(:lockTimeout, current_setting('lock_timeout')), true),
    set_config('synchronous_commit', CASE WHEN :relaxed THEN 'off' ELSE current_setting('synchronous_commit') END, true)
)
UPDATE "session_store"."session" AS t
SET expire = CASE
  WHEN x.may_shorten THEN to_timestamp(date_part('epoch', now()) + x.ttl)
  ELSE GREATEST(t.expire, to_timestamp(date_part('epoch', now()) + x.ttl))
END
FROM (
  SELECT u.sid, u.ttl, u.may_shorten
  FROM unnest(:sids!::text[], :ttls!::float8[], :mayShorten!::bool[]) AS u(sid, ttl, may_shorten)
  ORDER BY 1
) AS x, ss__settings
WHERE t.sid = ANY(ARRAY[x.sid]) AND t.expire > now()
RETURNING t.sid;

/* @name destroySession */
DELETE FROM "session_store"."session" AS t
WHERE t.sid = :sid!;

/* @name destroySessions */
WITH ss__settings AS MATERIALIZED (
  SELECT set_config('lock_timeout', coalesce(:lockTimeout, current_setting('lock_timeout')), true)
)
DELETE FROM "session_store"."session" AS t
USING (
  SELECT u.sid
  FROM unnest(:sids!::text[]) AS u(sid)
  ORDER BY 1
) AS x, ss__settings
WHERE t.sid = ANY(ARRAY[x.sid]);

/*
 * The same, and says so on the channel, in the moment of the commit. The server takes messages of fewer than 8,000 bytes: 120
 * handles have 7,799. A statement beside the other, which so costs nothing more where nobody listens.
 */
/* @name destroySessionsAloud */
WITH ss__settings AS MATERIALIZED (
  SELECT set_config('lock_timeout', coalesce(:lockTimeout, current_setting('lock_timeout')), true)
), ss__gone AS MATERIALIZED (
  DELETE FROM "session_store"."session" AS t
  USING (
    SELECT u.sid
    FROM unnest(:sids!::text[]) AS u(sid)
    ORDER BY 1
  ) AS x, ss__settings
  WHERE t.sid = ANY(ARRAY[x.sid])
  RETURNING CASE WHEN starts_with(t.sid, 'sha256:') THEN substr(t.sid, 8) ELSE encode(sha256(convert_to(t.sid, 'UTF8')), 'hex') END AS handle
), ss__chunks AS MATERIALIZED (
  SELECT g.handle, (row_number() OVER () - 1) / 120 AS chunk
  FROM ss__gone AS g
)
SELECT pg_notify(:channel!, string_agg(c.handle, ' '))::text AS "told!"
FROM ss__chunks AS c
GROUP BY c.chunk;

/* No row, and no error where the table is there and the role may read it. */
/* @name checkTable */
SELECT t.sid
FROM "session_store"."session" AS t
WHERE false;
