/*
 * Replaces unhashed ids by their hashes. If a live session exists under both, the one under the
 * hash is newer and stays.
 */

/* First deletes an expired row under the hash, which would be in the way. */
/* @name rehashSession */
WITH ss__expired AS (
  DELETE FROM "session_store"."session" AS h
  WHERE h.sid OPERATOR(pg_catalog.=) :hashed! AND h.expire <= now()
  RETURNING h.sid
)
UPDATE "session_store"."session" AS t
SET sid = :hashed!
FROM (SELECT count(*) FROM ss__expired AS e) AS x
WHERE t.sid OPERATOR(pg_catalog.=) :sid! AND t.expire > now()
  AND NOT EXISTS (SELECT FROM "session_store"."session" AS h WHERE h.sid OPERATOR(pg_catalog.=) :hashed! AND h.expire > now())
RETURNING t.sid;

/*
 * A batch, from an expiry on: a sid as a parameter would be a sid in the server's log. Rows without
 * an expiry come last. Locks the rows in the order of their sids.
 */
/* @name rehashSessions */
WITH ss__batch AS MATERIALIZED (
  SELECT s.sid, s.expire, 'sha256:' || pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(s.sid, 'UTF8')), 'hex') AS hashed
  FROM (
    (
      SELECT e.sid, e.expire
      FROM "session_store"."session" AS e
      WHERE e.expire >= :expire!::timestamptz AND NOT pg_catalog.starts_with(e.sid, 'sha256:')
      ORDER BY e.expire
      LIMIT :batch!::int
    )
    UNION ALL
    (
      SELECT n.sid, n.expire
      FROM "session_store"."session" AS n
      WHERE n.expire IS NULL AND NOT pg_catalog.starts_with(n.sid, 'sha256:')
      LIMIT :batch!::int
    )
  ) AS s
  LIMIT :batch!::int
),
ss__rehashed AS (
  UPDATE "session_store"."session" AS t
  SET sid = x.hashed
  FROM (SELECT b.sid, b.hashed FROM ss__batch AS b ORDER BY 1) AS x
  WHERE t.sid OPERATOR(pg_catalog.=) ANY(ARRAY[x.sid])
    AND NOT EXISTS (SELECT FROM "session_store"."session" AS h WHERE h.sid OPERATOR(pg_catalog.=) x.hashed)
  RETURNING t.sid
),
ss__deleted AS (
  DELETE FROM "session_store"."session" AS t
  WHERE t.sid OPERATOR(pg_catalog.=) ANY(ARRAY(
    SELECT CASE WHEN h.expire > now() THEN b.sid ELSE h.sid END
    FROM ss__batch AS b
    JOIN "session_store"."session" AS h ON h.sid OPERATOR(pg_catalog.=) b.hashed
  ))
  RETURNING t.sid
)
SELECT
  (SELECT count(*) FROM ss__batch AS b)::int AS "seen!",
  (SELECT count(*) FROM ss__rehashed AS m)::int AS "rehashed!",
  (SELECT count(*) FROM ss__deleted AS d)::int AS "deleted!",
  (SELECT pg_catalog.to_json(pg_catalog.max(b.expire::timestamptz)) #>> '{}'::text[] FROM ss__batch AS b) AS "last";

/*
 * For servers that refuse to update a key, such as distributed ones: deleted and inserted in one
 * transaction.
 */
/* @name deleteUnhashedSession */
WITH ss__deleted AS MATERIALIZED (
  DELETE FROM "session_store"."session" AS t
  WHERE t.sid OPERATOR(pg_catalog.=) :sid! AND t.expire > now()
  RETURNING t.sid, t.sess, t.expire
)
SELECT d.sid, d.sess::text AS "sess!", pg_catalog.to_json(d.expire::timestamptz) #>> '{}'::text[] AS "expire!"
FROM ss__deleted AS d;

/* @name deleteUnhashedSessions */
WITH ss__deleted AS MATERIALIZED (
  DELETE FROM "session_store"."session" AS t
  WHERE t.sid OPERATOR(pg_catalog.=) ANY(ARRAY(
    SELECT s.sid
    FROM "session_store"."session" AS s
    WHERE NOT pg_catalog.starts_with(s.sid, 'sha256:')
    ORDER BY s.expire
    LIMIT :batch!::int
  ))
  RETURNING t.sid, t.sess, t.expire
)
SELECT d.sid, d.sess::text AS "sess!", pg_catalog.to_json(d.expire::timestamptz) #>> '{}'::text[] AS "expire!"
FROM ss__deleted AS d;

/* @name deleteExpiredSession */
DELETE FROM "session_store"."session" AS t
WHERE t.sid OPERATOR(pg_catalog.=) :sid! AND t.expire <= now();

/* @name insertSession */
INSERT INTO "session_store"."session" AS t (sid, sess, expire)
VALUES (:sid!, :payload!::json, :expire!::timestamptz)
ON CONFLICT (sid) DO NOTHING;

/* @name countUnhashed */
SELECT count(*)::int AS "count!"
FROM "session_store"."session" AS t
WHERE NOT pg_catalog.starts_with(t.sid, 'sha256:');
