/*
 * What brings a session from its id in clear under the hash of its id. Where there is a live session under both, the one under
 * the hash is the newer and stays.
 */

/* An expired row that is in the way goes. */
/* @name moveSession */
WITH ss__expired AS (
  DELETE FROM "session_store"."session" AS h
  WHERE h.sid = :hashed! AND h.expire <= now()
  RETURNING h.sid
)
UPDATE "session_store"."session" AS t
SET sid = :hashed!
FROM (SELECT count(*) FROM ss__expired AS e) AS x
WHERE t.sid = :sid! AND t.expire > now()
  AND NOT EXISTS (SELECT FROM "session_store"."session" AS h WHERE h.sid = :hashed! AND h.expire > now())
RETURNING t.sid;

/*
 * A batch, from an expiry on and never from an id: an id that is sent is an id in the server's log. The rows are locked in the
 * order of their ids.
 */
/* @name moveSessions */
WITH ss__batch AS MATERIALIZED (
  SELECT s.sid, s.expire, 'sha256:' || encode(sha256(convert_to(s.sid, 'UTF8')), 'hex') AS hashed
  FROM "session_store"."session" AS s
  WHERE s.expire >= :expire!::timestamptz AND NOT starts_with(s.sid, 'sha256:')
  ORDER BY s.expire
  LIMIT :batch!::int
),
ss__moved AS (
  UPDATE "session_store"."session" AS t
  SET sid = x.hashed
  FROM (SELECT b.sid, b.hashed FROM ss__batch AS b ORDER BY 1) AS x
  WHERE t.sid = ANY(ARRAY[x.sid])
    AND NOT EXISTS (SELECT FROM "session_store"."session" AS h WHERE h.sid = x.hashed)
  RETURNING t.sid
),
ss__dropped AS (
  DELETE FROM "session_store"."session" AS t
  WHERE t.sid = ANY(ARRAY(
    SELECT CASE WHEN h.expire > now() THEN b.sid ELSE h.sid END
    FROM ss__batch AS b
    JOIN "session_store"."session" AS h ON h.sid = b.hashed
  ))
  RETURNING t.sid
)
SELECT
  (SELECT count(*) FROM ss__batch AS b)::int AS "seen!",
  (SELECT count(*) FROM ss__moved AS m)::int AS "moved!",
  (SELECT count(*) FROM ss__dropped AS d)::int AS "dropped!",
  (SELECT to_json(max(b.expire::timestamptz)) #>> '{}' FROM ss__batch AS b) AS "last";

/* Where a server moves no key: taken and put in one transaction. */
/* @name takeSession */
DELETE FROM "session_store"."session" AS t
WHERE t.sid = :sid! AND t.expire > now()
RETURNING t.sid, t.sess::text AS "sess!", to_json(t.expire::timestamptz) #>> '{}' AS "expire!";

/* @name takeSessions */
DELETE FROM "session_store"."session" AS t
WHERE t.sid = ANY(ARRAY(
  SELECT s.sid
  FROM "session_store"."session" AS s
  WHERE NOT starts_with(s.sid, 'sha256:')
  ORDER BY s.expire
  LIMIT :batch!::int
))
RETURNING t.sid, t.sess::text AS "sess!", to_json(t.expire::timestamptz) #>> '{}' AS "expire!";

/* @name dropExpired */
DELETE FROM "session_store"."session" AS t
WHERE t.sid = :sid! AND t.expire <= now();

/* @name putSession */
INSERT INTO "session_store"."session" AS t (sid, sess, expire)
VALUES (:sid!, :payload!::json, :expire!::timestamptz)
ON CONFLICT (sid) DO NOTHING;

/* @name countInClear */
SELECT count(*)::int AS "count!"
FROM "session_store"."session" AS t
WHERE NOT starts_with(t.sid, 'sha256:');
