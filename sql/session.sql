/*
 * The statements that the store sends. Most exist twice: for one session and for a batch.
 * PostgreSQL keeps the plan of a statement for one session, but replans a statement with a short
 * array: a batch of one takes twice as long.
 *
 * The writing statements for batches must get each sid only once. ANY(ARRAY[...]) and IS TRUE make
 * PostgreSQL lock the rows in the order of their sids, so that two batches do not deadlock. The
 * exception is a table of a few pages, which it scans. lockTimeout limits the wait for rows that
 * another transaction holds. Null keeps the connection's own lock_timeout.
 *
 * Each function with an argument names its schema, and so does each operator without an exact match
 * in pg_catalog, such as varchar = varchar. Otherwise another role could create an exact match in a
 * schema of the search_path, and PostgreSQL would run that one (the class of CVE-2018-1058).
 */

/*
 * Returns the seconds left, not an instant, so that no clock is compared with another. Both times
 * are epochs because 'infinity' - now() fails. date_part() is 1 microsecond a row faster than
 * extract(), which converts to numeric. The columns have no "x!" names because pgtyped renames them
 * in each row: 4 % of the client's CPU in a batch.
 */
/* @name getSession */
SELECT
  t.sid,
  t.sess::text AS sess,
  pg_catalog.date_part('epoch', t.expire::timestamptz) - pg_catalog.date_part('epoch', now()) AS "secondsLeft"
FROM "session_store"."session" AS t
WHERE t.sid OPERATOR(pg_catalog.=) :sid! AND t.expire > now();

/* @name getSessions */
SELECT
  t.sid,
  t.sess::text AS sess,
  pg_catalog.date_part('epoch', t.expire::timestamptz) - pg_catalog.date_part('epoch', now()) AS "secondsLeft"
FROM "session_store"."session" AS t
WHERE t.sid OPERATOR(pg_catalog.=) ANY(:sids!) AND t.expire > now();

/* @name setSession */
INSERT INTO "session_store"."session" AS t (sid, sess, expire)
VALUES (:sid!, :payload!::json, pg_catalog.to_timestamp(pg_catalog.date_part('epoch', now()) + :ttl!))
ON CONFLICT (sid) DO UPDATE
SET sess = EXCLUDED.sess, expire = EXCLUDED.expire;

/*
 * Does not wait for the disk: a crash of the server may undo the save. It is separate from
 * setSession, so that other saves do not pay for the setting.
 */
/* @name setSessionRelaxed */
WITH ss__settings AS MATERIALIZED (
  SELECT pg_catalog.set_config('synchronous_commit', 'off', true)
)
INSERT INTO "session_store"."session" AS t (sid, sess, expire)
SELECT :sid!::text, :payload!::json, pg_catalog.to_timestamp(pg_catalog.date_part('epoch', now()) + :ttl!)
FROM ss__settings
ON CONFLICT (sid) DO UPDATE
SET sess = EXCLUDED.sess, expire = EXCLUDED.expire;

/*
 * For readThrough(). An expired row stays too: the session was moved here before, and has ended.
 */
/* @name insertMissingSession */
INSERT INTO "session_store"."session" AS t (sid, sess, expire)
VALUES (:sid!, :payload!::json, pg_catalog.to_timestamp(pg_catalog.date_part('epoch', now()) + :ttl!))
ON CONFLICT (sid) DO NOTHING
RETURNING t.sid;

/* Takes back insertMissingSession, unless another request has changed the session since. */
/* @name deleteMovedSession */
DELETE FROM "session_store"."session" AS t
WHERE t.sid OPERATOR(pg_catalog.=) :sid! AND t.sess::text = :loaded!;

/* @name setSessions */
WITH ss__settings AS MATERIALIZED (
  SELECT
    pg_catalog.set_config('lock_timeout', coalesce(:lockTimeout, pg_catalog.current_setting('lock_timeout')), true),
    pg_catalog.set_config('synchronous_commit', CASE WHEN :relaxed THEN 'off' ELSE pg_catalog.current_setting('synchronous_commit') END, true)
)
INSERT INTO "session_store"."session" AS t (sid, sess, expire)
SELECT x.sid, x.sess, pg_catalog.to_timestamp(pg_catalog.date_part('epoch', now()) + x.ttl)
FROM unnest(:sids!::text[], :payloads!::json[], :ttls!::float8[]) AS x(sid, sess, ttl), ss__settings
ORDER BY 1
ON CONFLICT (sid) DO UPDATE
SET sess = EXCLUDED.sess, expire = EXCLUDED.expire;

/*
 * Compare and swap: replaces only a live row that still has the loaded payload. So it undoes no
 * other save and revives no destroyed session. Unless mayShorten is true, it keeps a later expiry
 * that another request has set.
 */
/* @name replaceSession */
UPDATE "session_store"."session" AS t
SET
  sess = :payload!::json,
  expire = GREATEST(
    CASE WHEN :mayShorten! THEN '-infinity' ELSE t.expire END,
    pg_catalog.to_timestamp(pg_catalog.date_part('epoch', now()) + :ttl!)
  )
WHERE t.sid OPERATOR(pg_catalog.=) :sid! AND t.sess::text = :loaded! AND t.expire > now()
RETURNING t.sid;

/* @name replaceSessionRelaxed */
WITH ss__settings AS MATERIALIZED (
  SELECT pg_catalog.set_config('synchronous_commit', 'off', true)
)
UPDATE "session_store"."session" AS t
SET
  sess = :payload!::json,
  expire = GREATEST(
    CASE WHEN :mayShorten! THEN '-infinity' ELSE t.expire END,
    pg_catalog.to_timestamp(pg_catalog.date_part('epoch', now()) + :ttl!)
  )
FROM ss__settings
WHERE t.sid OPERATOR(pg_catalog.=) :sid! AND t.sess::text = :loaded! AND t.expire > now()
RETURNING t.sid;

/* @name replaceSessions */
WITH ss__settings AS MATERIALIZED (
  SELECT
    pg_catalog.set_config('lock_timeout', coalesce(:lockTimeout, pg_catalog.current_setting('lock_timeout')), true),
    pg_catalog.set_config('synchronous_commit', CASE WHEN :relaxed THEN 'off' ELSE pg_catalog.current_setting('synchronous_commit') END, true)
)
UPDATE "session_store"."session" AS t
SET
  sess = x.sess,
  expire = GREATEST(CASE WHEN x.may_shorten THEN '-infinity' ELSE t.expire END, x.expire)
FROM (
  SELECT
    u.sid, u.loaded, u.sess, u.may_shorten,
    pg_catalog.to_timestamp(pg_catalog.date_part('epoch', now()) + u.ttl) AS expire
  FROM unnest(:sids!::text[], :loaded!::text[], :payloads!::json[], :ttls!::float8[], :mayShorten!::bool[])
    AS u(sid, loaded, sess, ttl, may_shorten)
  ORDER BY 1
) AS x, ss__settings
WHERE t.sid OPERATOR(pg_catalog.=) ANY(ARRAY[x.sid]) AND (t.sess::text = x.loaded) IS TRUE AND t.expire > now()
RETURNING t.sid;

/* Changes only the expiry, and only of a live row. */
/* @name touchSession */
UPDATE "session_store"."session" AS t
SET expire = GREATEST(
  CASE WHEN :mayShorten! THEN '-infinity' ELSE t.expire END,
  pg_catalog.to_timestamp(pg_catalog.date_part('epoch', now()) + :ttl!)
)
WHERE t.sid OPERATOR(pg_catalog.=) :sid! AND t.expire > now()
RETURNING t.sid;

/*
 * Does not wait for the disk: a crash of the server may undo the touch. The setting holds until
 * the transaction ends. In a transaction of your own, use touchSession.
 */
/* @name touchSessionRelaxed */
WITH ss__settings AS MATERIALIZED (
  SELECT pg_catalog.set_config('synchronous_commit', 'off', true)
)
UPDATE "session_store"."session" AS t
SET expire = GREATEST(
  CASE WHEN :mayShorten! THEN '-infinity' ELSE t.expire END,
  pg_catalog.to_timestamp(pg_catalog.date_part('epoch', now()) + :ttl!)
)
FROM ss__settings
WHERE t.sid OPERATOR(pg_catalog.=) :sid! AND t.expire > now()
RETURNING t.sid;

/* @name touchSessions */
WITH ss__settings AS MATERIALIZED (
  SELECT
    pg_catalog.set_config('lock_timeout', coalesce(:lockTimeout, pg_catalog.current_setting('lock_timeout')), true),
    pg_catalog.set_config('synchronous_commit', CASE WHEN :relaxed THEN 'off' ELSE pg_catalog.current_setting('synchronous_commit') END, true)
)
UPDATE "session_store"."session" AS t
SET expire = GREATEST(CASE WHEN x.may_shorten THEN '-infinity' ELSE t.expire END, x.expire)
FROM (
  SELECT u.sid, u.may_shorten, pg_catalog.to_timestamp(pg_catalog.date_part('epoch', now()) + u.ttl) AS expire
  FROM unnest(:sids!::text[], :ttls!::float8[], :mayShorten!::bool[]) AS u(sid, ttl, may_shorten)
  ORDER BY 1
) AS x, ss__settings
WHERE t.sid OPERATOR(pg_catalog.=) ANY(ARRAY[x.sid]) AND t.expire > now()
RETURNING t.sid;

/* @name destroySession */
DELETE FROM "session_store"."session" AS t
WHERE t.sid OPERATOR(pg_catalog.=) :sid!;

/* @name destroySessions */
WITH ss__settings AS MATERIALIZED (
  SELECT pg_catalog.set_config('lock_timeout', coalesce(:lockTimeout, pg_catalog.current_setting('lock_timeout')), true)
)
DELETE FROM "session_store"."session" AS t
USING (
  SELECT u.sid
  FROM pg_catalog.unnest(:sids!::text[]) AS u(sid)
  ORDER BY 1
) AS x, ss__settings
WHERE t.sid OPERATOR(pg_catalog.=) ANY(ARRAY[x.sid]);

/*
 * Also notifies the channel when the transaction commits. It reads a catalog so that Citus runs
 * pg_notify on the client's server. Otherwise Citus sends the whole statement to another one,
 * without listeners.
 */
/* @name destroySessionAndNotify */
WITH ss__deleted AS MATERIALIZED (
  DELETE FROM "session_store"."session" AS t
  WHERE t.sid OPERATOR(pg_catalog.=) :sid!
  RETURNING t.sid
)
SELECT pg_catalog.pg_notify(
  :channel!,
  CASE WHEN pg_catalog.starts_with(d.sid, 'sha256:') THEN pg_catalog.substr(d.sid, 8) ELSE pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(d.sid, 'UTF8')), 'hex') END
)::text AS "notified!"
FROM ss__deleted AS d, (SELECT count(*) FROM pg_catalog.pg_extension) AS local;

/*
 * A notification has less than 8,000 bytes: 120 handles have 7,799. This is a statement of its own
 * so that destroySessions costs nothing more for apps without listeners.
 */
/* @name destroySessionsAndNotify */
WITH ss__settings AS MATERIALIZED (
  SELECT pg_catalog.set_config('lock_timeout', coalesce(:lockTimeout, pg_catalog.current_setting('lock_timeout')), true)
), ss__deleted AS MATERIALIZED (
  DELETE FROM "session_store"."session" AS t
  USING (
    SELECT u.sid
    FROM pg_catalog.unnest(:sids!::text[]) AS u(sid)
    ORDER BY 1
  ) AS x, ss__settings
  WHERE t.sid OPERATOR(pg_catalog.=) ANY(ARRAY[x.sid])
  RETURNING t.sid
), ss__chunks AS MATERIALIZED (
  SELECT
    (row_number() OVER () - 1) / 120 AS chunk,
    CASE WHEN pg_catalog.starts_with(d.sid, 'sha256:') THEN pg_catalog.substr(d.sid, 8) ELSE pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(d.sid, 'UTF8')), 'hex') END AS handle
  FROM ss__deleted AS d
)
SELECT pg_catalog.pg_notify(:channel!, pg_catalog.string_agg(c.handle, ' '))::text AS "notified!"
FROM ss__chunks AS c
GROUP BY c.chunk;

/* Returns no row. Fails if the table is missing or the role may not read it. */
/* @name checkTable */
SELECT t.sid
FROM "session_store"."session" AS t
WHERE false;

/* @name listSessions */
SELECT
  t.sid,
  t.sess::text AS "sess!",
  extract(epoch FROM t.expire::timestamptz)::float8 - extract(epoch FROM now())::float8 AS "secondsLeft!"
FROM "session_store"."session" AS t
WHERE t.expire > now()
ORDER BY t.sid;

/* @name countSessions */
SELECT count(*)::int AS "count!"
FROM "session_store"."session" AS t
WHERE t.expire > now();

/* @name clearSessions */
DELETE FROM "session_store"."session" AS t;

/* @name clearSessionsAndNotify */
WITH ss__deleted AS MATERIALIZED (
  DELETE FROM "session_store"."session" AS t
  RETURNING t.sid
), ss__chunks AS MATERIALIZED (
  SELECT
    (row_number() OVER () - 1) / 120 AS chunk,
    CASE WHEN pg_catalog.starts_with(d.sid, 'sha256:') THEN pg_catalog.substr(d.sid, 8) ELSE pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(d.sid, 'UTF8')), 'hex') END AS handle
  FROM ss__deleted AS d
), ss__notified AS MATERIALIZED (
  SELECT pg_catalog.pg_notify(:channel!, pg_catalog.string_agg(c.handle, ' '))::text AS notified
  FROM ss__chunks AS c
  GROUP BY c.chunk
)
SELECT (SELECT count(*) FROM ss__deleted)::int AS "deleted!", (SELECT count(*) FROM ss__notified)::int AS "notifications!";
