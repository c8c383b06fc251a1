/*
 * Batches for a table that Citus distributes. Each statement is for sessions of one shard, so that
 * Citus sends it to one server. It must get each sid only once.
 *
 * A lock_timeout would not reach the other server. So the statements skip the rows that are locked,
 * and return them with isLocked: the store sends those alone. An UPDATE alone would wait for them.
 * Citus must see which sids each part concerns: hence ANY(:sids) in all of them.
 */

/* @name replaceSessionsOfShard */
WITH ss__free AS MATERIALIZED (
  SELECT s.sid
  FROM "session_store"."session" AS s
  WHERE s.sid OPERATOR(pg_catalog.=) ANY(:sids!::text[])
  FOR NO KEY UPDATE SKIP LOCKED
), ss__changed AS MATERIALIZED (
  UPDATE "session_store"."session" AS t
  SET sess = x.sess, expire = GREATEST(CASE WHEN x.may_shorten THEN '-infinity' ELSE t.expire END, x.expire)
  FROM (
    SELECT
      u.sid, u.loaded, u.sess, u.may_shorten,
      pg_catalog.to_timestamp(pg_catalog.date_part('epoch', now()) + u.ttl) AS expire
    FROM unnest(:sids!::text[], :loaded!::text[], :payloads!::json[], :ttls!::float8[], :mayShorten!::bool[]) AS u(sid, loaded, sess, ttl, may_shorten)
  ) AS x
  WHERE t.sid OPERATOR(pg_catalog.=) x.sid AND t.sess::text = x.loaded AND t.expire > now()
    AND t.sid OPERATOR(pg_catalog.=) ANY(ARRAY(SELECT f.sid FROM ss__free AS f))
    AND t.sid OPERATOR(pg_catalog.=) ANY(:sids!::text[])
  RETURNING t.sid
)
SELECT c.sid AS sid, false AS "isLocked"
FROM ss__changed AS c
UNION ALL
SELECT s.sid, true
FROM "session_store"."session" AS s
WHERE s.sid OPERATOR(pg_catalog.=) ANY(:sids!::text[]) AND s.expire > now()
  AND s.sid OPERATOR(pg_catalog.<>) ALL(ARRAY(SELECT f.sid FROM ss__free AS f));

/* @name touchSessionsOfShard */
WITH ss__free AS MATERIALIZED (
  SELECT s.sid
  FROM "session_store"."session" AS s
  WHERE s.sid OPERATOR(pg_catalog.=) ANY(:sids!::text[])
  FOR NO KEY UPDATE SKIP LOCKED
), ss__changed AS MATERIALIZED (
  UPDATE "session_store"."session" AS t
  SET expire = GREATEST(CASE WHEN x.may_shorten THEN '-infinity' ELSE t.expire END, x.expire)
  FROM (
    SELECT
      u.sid, u.may_shorten,
      pg_catalog.to_timestamp(pg_catalog.date_part('epoch', now()) + u.ttl) AS expire
    FROM unnest(:sids!::text[], :ttls!::float8[], :mayShorten!::bool[]) AS u(sid, ttl, may_shorten)
  ) AS x
  WHERE t.sid OPERATOR(pg_catalog.=) x.sid AND t.expire > now()
    AND t.sid OPERATOR(pg_catalog.=) ANY(ARRAY(SELECT f.sid FROM ss__free AS f))
    AND t.sid OPERATOR(pg_catalog.=) ANY(:sids!::text[])
  RETURNING t.sid
)
SELECT c.sid AS sid, false AS "isLocked"
FROM ss__changed AS c
UNION ALL
SELECT s.sid, true
FROM "session_store"."session" AS s
WHERE s.sid OPERATOR(pg_catalog.=) ANY(:sids!::text[]) AND s.expire > now()
  AND s.sid OPERATOR(pg_catalog.<>) ALL(ARRAY(SELECT f.sid FROM ss__free AS f));

/* @name destroySessionsOfShard */
WITH ss__free AS MATERIALIZED (
  SELECT s.sid
  FROM "session_store"."session" AS s
  WHERE s.sid OPERATOR(pg_catalog.=) ANY(:sids!::text[])
  FOR UPDATE SKIP LOCKED
), ss__deleted AS MATERIALIZED (
  DELETE FROM "session_store"."session" AS t
  WHERE t.sid OPERATOR(pg_catalog.=) ANY(ARRAY(SELECT f.sid FROM ss__free AS f))
    AND t.sid OPERATOR(pg_catalog.=) ANY(:sids!::text[])
)
SELECT s.sid, true AS "isLocked"
FROM "session_store"."session" AS s
WHERE s.sid OPERATOR(pg_catalog.=) ANY(:sids!::text[])
  AND s.sid OPERATOR(pg_catalog.<>) ALL(ARRAY(SELECT f.sid FROM ss__free AS f));

/* Changes nothing if another transaction has locked the row. For one row, it takes a third of the CPU of the batch. */
/* @name replaceUnlockedSession */
UPDATE "session_store"."session" AS t
SET
  sess = :payload!::json,
  expire = GREATEST(
    CASE WHEN :mayShorten! THEN '-infinity' ELSE t.expire END,
    pg_catalog.to_timestamp(pg_catalog.date_part('epoch', now()) + :ttl!)
  )
FROM (
  SELECT s.sid
  FROM "session_store"."session" AS s
  WHERE s.sid OPERATOR(pg_catalog.=) :sid!
  FOR NO KEY UPDATE SKIP LOCKED
) AS f
WHERE t.sid OPERATOR(pg_catalog.=) :sid! AND f.sid OPERATOR(pg_catalog.=) t.sid
  AND t.sess::text = :loaded! AND t.expire > now()
RETURNING t.sid;

/* Returns the session if another transaction has locked its row. */
/* @name findLocked */
WITH ss__free AS MATERIALIZED (
  SELECT s.sid
  FROM "session_store"."session" AS s
  WHERE s.sid OPERATOR(pg_catalog.=) :sid!
  FOR NO KEY UPDATE SKIP LOCKED
)
SELECT s.sid
FROM "session_store"."session" AS s
WHERE s.sid OPERATOR(pg_catalog.=) :sid!
  AND s.sid OPERATOR(pg_catalog.<>) ALL(ARRAY(SELECT f.sid FROM ss__free AS f));
