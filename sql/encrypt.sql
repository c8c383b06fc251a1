/* Encrypts a whole table. */

/*
 * A page of the live rows that the key with this envelope has not encrypted. It starts after an
 * expiry and a handle: a sid in a cursor would be a sid in the server's log. An envelope has the
 * same text in each column type. About the CASE expression, see admin.sql.
 */
/* @name findToEncrypt */
SELECT
  t.sid,
  t.sess::text AS "sess!",
  CASE WHEN pg_catalog.starts_with(t.sid, 'sha256:') THEN pg_catalog.substr(t.sid, 8) ELSE pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(t.sid, 'UTF8')), 'hex') END AS "handle!",
  pg_catalog.to_json(t.expire::timestamptz) #>> '{}'::text[] AS "expire!"
FROM "session_store"."session" AS t
WHERE t.expire > now() AND t.expire >= :expire!::timestamptz
  AND (t.expire::timestamptz, CASE WHEN pg_catalog.starts_with(t.sid, 'sha256:') THEN pg_catalog.substr(t.sid, 8) ELSE pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(t.sid, 'UTF8')), 'hex') END) > (:expire!::timestamptz, :handle!::text)
  AND pg_catalog.strpos(t.sess::text, :envelope!) = 0
ORDER BY t.expire, 3
LIMIT :limit!::int;

/* @name countToEncrypt */
SELECT count(*)::int AS "count!"
FROM "session_store"."session" AS t
WHERE t.expire > now() AND pg_catalog.strpos(t.sess::text, :envelope!) = 0;
