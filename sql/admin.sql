/*
 * What operators ask, beside the requests. Where ids are hashed, what follows the prefix in sid is the handle; else the handle
 * is the hash of the id.
 */

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

/*
 * A page of the live sessions, those that expire first coming first. An offset would read all pages before it, and skip
 * or repeat sessions that others make and delete meanwhile. As JSON a time is the same under any DateStyle, to the microsecond.
 */
/* @name listSessionsAfter */
SELECT
  CASE WHEN starts_with(t.sid, 'sha256:') THEN substr(t.sid, 8) ELSE encode(sha256(convert_to(t.sid, 'UTF8')), 'hex') END AS "handle!",
  t.sess::text AS "sess!",
  extract(epoch FROM t.expire::timestamptz)::float8 - extract(epoch FROM now())::float8 AS "ttl!",
  to_json(t.expire::timestamptz) #>> '{}' AS "expire!"
FROM "session_store"."session" AS t
WHERE t.expire > now() AND t.expire >= :expire!::timestamptz
  AND (t.expire::timestamptz, CASE WHEN starts_with(t.sid, 'sha256:') THEN substr(t.sid, 8) ELSE encode(sha256(convert_to(t.sid, 'UTF8')), 'hex') END) > (:expire!::timestamptz, :handle!::text)
ORDER BY t.expire, 1
LIMIT :limit!::int;

/*
 * The user is compared as text, so 42 finds '42' and the other way round. Of one there are several, where there are several keys. The cast lets one statement, and one index, serve
 * json, jsonb and text columns; on json it is none.
 */
/* @name findSessions */
SELECT
  CASE WHEN starts_with(t.sid, 'sha256:') THEN substr(t.sid, 8) ELSE encode(sha256(convert_to(t.sid, 'UTF8')), 'hex') END AS "handle!",
  t.sess::text AS "sess!",
  extract(epoch FROM t.expire::timestamptz)::float8 - extract(epoch FROM now())::float8 AS "ttl!"
FROM "session_store"."session" AS t
WHERE t.sess::json #>> :userPath!::text[] = ANY(:users!::text[]) AND t.expire > now()
ORDER BY t.expire DESC, 1;

/* By a scan of all ids, since the table does not hold the handles. */
/* @name showSession */
SELECT
  CASE WHEN starts_with(t.sid, 'sha256:') THEN substr(t.sid, 8) ELSE encode(sha256(convert_to(t.sid, 'UTF8')), 'hex') END AS "handle!",
  t.sess::text AS "sess!",
  extract(epoch FROM t.expire::timestamptz)::float8 - extract(epoch FROM now())::float8 AS "ttl!"
FROM "session_store"."session" AS t
WHERE CASE WHEN starts_with(t.sid, 'sha256:') THEN substr(t.sid, 8) ELSE encode(sha256(convert_to(t.sid, 'UTF8')), 'hex') END = :handle! AND t.expire > now();

/*
 * By a scan as well. Revoking spares no expired row: under another connection's TimeZone it may live. With a channel it is
 * said there, in the moment of the commit.
 */
/* @name revokeSession */
DELETE FROM "session_store"."session" AS t
WHERE CASE WHEN starts_with(t.sid, 'sha256:') THEN substr(t.sid, 8) ELSE encode(sha256(convert_to(t.sid, 'UTF8')), 'hex') END = :handle!
RETURNING CASE WHEN :channel::text IS NOT NULL THEN pg_notify(:channel, :handle!)::text END AS "told";

/* @name revokeSessionOfUser */
DELETE FROM "session_store"."session" AS t
WHERE t.sess::json #>> :userPath!::text[] = ANY(:users!::text[]) AND CASE WHEN starts_with(t.sid, 'sha256:') THEN substr(t.sid, 8) ELSE encode(sha256(convert_to(t.sid, 'UTF8')), 'hex') END = :handle!
RETURNING CASE WHEN :channel::text IS NOT NULL THEN pg_notify(:channel, :handle!)::text END AS "told";

/* In chunks, as destroySessionsAloud. */
/* @name revokeUser */
WITH ss__gone AS MATERIALIZED (
  DELETE FROM "session_store"."session" AS t
  WHERE t.sess::json #>> :userPath!::text[] = ANY(:users!::text[])
    AND CASE WHEN starts_with(t.sid, 'sha256:') THEN substr(t.sid, 8) ELSE encode(sha256(convert_to(t.sid, 'UTF8')), 'hex') END IS DISTINCT FROM :except
  RETURNING CASE WHEN starts_with(t.sid, 'sha256:') THEN substr(t.sid, 8) ELSE encode(sha256(convert_to(t.sid, 'UTF8')), 'hex') END AS handle
), ss__chunks AS MATERIALIZED (
  SELECT g.handle, (row_number() OVER () - 1) / 120 AS chunk
  FROM ss__gone AS g
), ss__told AS MATERIALIZED (
  SELECT pg_notify(:channel, string_agg(c.handle, ' '))
  FROM ss__chunks AS c
  WHERE :channel::text IS NOT NULL
  GROUP BY c.chunk
)
SELECT (SELECT count(*) FROM ss__gone)::int AS "revoked!", (SELECT count(*) FROM ss__told)::int AS "messages!";

/* @name revokeAll */
WITH ss__gone AS MATERIALIZED (
  DELETE FROM "session_store"."session" AS t
  RETURNING CASE WHEN starts_with(t.sid, 'sha256:') THEN substr(t.sid, 8) ELSE encode(sha256(convert_to(t.sid, 'UTF8')), 'hex') END AS handle
), ss__chunks AS MATERIALIZED (
  SELECT g.handle, (row_number() OVER () - 1) / 120 AS chunk
  FROM ss__gone AS g
), ss__told AS MATERIALIZED (
  SELECT pg_notify(:channel!, string_agg(c.handle, ' '))
  FROM ss__chunks AS c
  GROUP BY c.chunk
)
SELECT (SELECT count(*) FROM ss__gone)::int AS "revoked!", (SELECT count(*) FROM ss__told)::int AS "messages!";

/* Sizes as stored, so that no payload is fetched and unpacked for them. A partitioned table is the sum of its partitions. */
/* @name sessionStats */
WITH ss__tables AS MATERIALIZED (
  SELECT coalesce(p.relid::oid, c.oid) AS oid
  FROM pg_catalog.pg_class AS c
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  LEFT JOIN LATERAL pg_catalog.pg_partition_tree(c.oid) AS p ON true
  WHERE c.relname = :tableName! AND c.relkind IN ('r', 'p', 'v', 'f') AND
    CASE WHEN :schemaName::text IS NULL THEN pg_catalog.pg_table_is_visible(c.oid) ELSE n.nspname = :schemaName END
)
SELECT
  (count(*) FILTER (WHERE t.expire > now()))::int AS "live!",
  (count(*) FILTER (WHERE t.expire <= now()))::int AS "expired!",
  avg(pg_column_size(t.sess))::float8 AS "meanBytes",
  max(pg_column_size(t.sess)) AS "largestBytes",
  extract(epoch FROM (min(t.expire) FILTER (WHERE t.expire > now()))::timestamptz)::float8
    - extract(epoch FROM now())::float8 AS "oldest",
  extract(epoch FROM (max(t.expire) FILTER (WHERE t.expire > now()))::timestamptz)::float8
    - extract(epoch FROM now())::float8 AS "newest",
  extract(epoch FROM now())::float8
    - extract(epoch FROM (min(t.expire) FILTER (WHERE t.expire <= now()))::timestamptz)::float8 AS "overdue",
  (SELECT coalesce(sum(pg_table_size(s.oid)), 0)::float8 FROM ss__tables AS s) AS "tableBytes!",
  (SELECT coalesce(sum(pg_indexes_size(s.oid)), 0)::float8 FROM ss__tables AS s) AS "indexBytes!",
  (SELECT coalesce(sum(pg_stat_get_dead_tuples(s.oid)), 0)::float8 FROM ss__tables AS s) AS "deadRows!"
FROM "session_store"."session" AS t;

/* @name clearSessions */
DELETE FROM "session_store"."session" AS t;

/*
 * One batch of what has expired, by one pruner at a time: 0 rows may also mean that another process is pruning.
 * ANY(ARRAY(...)) reads the index just once for each batch, where IN (...) reads the whole backlog. The outer condition
 * spares a session that was touched in the meantime; IS TRUE keeps the planner from looking for it by the index on expire,
 * which reads the backlog, too: 23 s for a batch, with a million to go. By sid and never by ctid, which repeats across
 * partitions.
 *
 * A batch that begins where the last one ended does not pass by what that one has deleted: seconds, for a million that an
 * old transaction keeps from being cleared away.
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
    AND s.expire >= to_timestamp(coalesce(:since::float8, '-Infinity'))
  ORDER BY s.expire
  LIMIT :batch!::int
)) AND (t.expire <= now()) IS TRUE
RETURNING extract(epoch FROM t.expire::timestamptz)::float8 AS "expired!";

/* Writes to it do not wait for the disk, and a crash of the server empties it. */
/* @name makeUnlogged */
ALTER TABLE "session_store"."session" SET UNLOGGED;
