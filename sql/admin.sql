/*
 * The statements of operators. A handle is the SHA-256 of a sid. With hashed ids, the sid column
 * holds 'sha256:' and the handle. The CASE expression for it repeats because SQL has no macros and
 * a function would need DDL.
 */

/*
 * A page of the live sessions, first to expire first. It starts after an expiry and a handle: an
 * OFFSET would read all earlier pages, and skip or repeat sessions while others are created or
 * deleted. to_json() writes a time with microseconds under any DateStyle.
 */
/* @name listSessionsAfter */
SELECT
  CASE WHEN pg_catalog.starts_with(t.sid, 'sha256:') THEN pg_catalog.substr(t.sid, 8) ELSE pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(t.sid, 'UTF8')), 'hex') END AS "handle!",
  t.sess::text AS "sess!",
  extract(epoch FROM t.expire::timestamptz)::float8 - extract(epoch FROM now())::float8 AS "secondsLeft!",
  extract(epoch FROM t.expire::timestamptz)::float8 AS "expiresAt!",
  pg_catalog.to_json(t.expire::timestamptz) #>> '{}'::text[] AS "expire!"
FROM "session_store"."session" AS t
WHERE t.expire > now() AND t.expire >= :expire!::timestamptz
  AND (t.expire::timestamptz, CASE WHEN pg_catalog.starts_with(t.sid, 'sha256:') THEN pg_catalog.substr(t.sid, 8) ELSE pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(t.sid, 'UTF8')), 'hex') END) > (:expire!::timestamptz, :handle!::text)
ORDER BY t.expire, 1
LIMIT :limit!::int;

/*
 * Compares the user as text, so 42 finds '42' and 42. With several encryption keys a user has
 * several texts. The cast to json makes one statement and one index fit json, jsonb and text
 * columns.
 */
/* @name findSessions */
SELECT
  CASE WHEN pg_catalog.starts_with(t.sid, 'sha256:') THEN pg_catalog.substr(t.sid, 8) ELSE pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(t.sid, 'UTF8')), 'hex') END AS "handle!",
  t.sess::text AS "sess!",
  extract(epoch FROM t.expire::timestamptz)::float8 - extract(epoch FROM now())::float8 AS "secondsLeft!",
  extract(epoch FROM t.expire::timestamptz)::float8 AS "expiresAt!"
FROM "session_store"."session" AS t
WHERE t.sess::json #>> :userPath!::text[] = ANY(:users!::text[]) AND t.expire > now()
ORDER BY t.expire DESC, 1;

/* Scans all sids, because the table does not store handles. */
/* @name showSession */
SELECT
  CASE WHEN pg_catalog.starts_with(t.sid, 'sha256:') THEN pg_catalog.substr(t.sid, 8) ELSE pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(t.sid, 'UTF8')), 'hex') END AS "handle!",
  t.sess::text AS "sess!",
  extract(epoch FROM t.expire::timestamptz)::float8 - extract(epoch FROM now())::float8 AS "secondsLeft!",
  extract(epoch FROM t.expire::timestamptz)::float8 AS "expiresAt!"
FROM "session_store"."session" AS t
WHERE CASE WHEN pg_catalog.starts_with(t.sid, 'sha256:') THEN pg_catalog.substr(t.sid, 8) ELSE pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(t.sid, 'UTF8')), 'hex') END = :handle! AND t.expire > now();

/* The same for hashed ids, by the primary key. */
/* @name showHashedSession */
SELECT
  pg_catalog.substr(t.sid, 8) AS "handle!",
  t.sess::text AS "sess!",
  extract(epoch FROM t.expire::timestamptz)::float8 - extract(epoch FROM now())::float8 AS "secondsLeft!",
  extract(epoch FROM t.expire::timestamptz)::float8 AS "expiresAt!"
FROM "session_store"."session" AS t
WHERE t.sid OPERATOR(pg_catalog.=) :sid! AND t.expire > now();

/*
 * Scans all sids as well. Deletes an expired row too: under another connection's TimeZone it may be
 * live. It finds each id and its hash, since a migration may move the row from one to the other
 * meanwhile. If there is a channel, it is notified when the transaction commits.
 */
/* @name revokeSession */
WITH ss__found AS MATERIALIZED (
  SELECT pg_catalog.unnest(ARRAY[t.sid::text, 'sha256:' || pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(t.sid, 'UTF8')), 'hex')]) AS sid
  FROM "session_store"."session" AS t
  WHERE CASE WHEN pg_catalog.starts_with(t.sid, 'sha256:') THEN pg_catalog.substr(t.sid, 8) ELSE pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(t.sid, 'UTF8')), 'hex') END = :handle!
), ss__deleted AS MATERIALIZED (
  DELETE FROM "session_store"."session" AS t
  WHERE t.sid OPERATOR(pg_catalog.=) ANY(ARRAY(SELECT f.sid FROM ss__found AS f))
  RETURNING t.sid
)
SELECT CASE WHEN :channel::text IS NOT NULL THEN pg_catalog.pg_notify(:channel, :handle!)::text END AS "notified"
FROM ss__deleted AS d;

/* Checks the user again in the deletion: another request may have changed it meanwhile. */
/* @name revokeSessionOfUser */
WITH ss__found AS MATERIALIZED (
  SELECT pg_catalog.unnest(ARRAY[t.sid::text, 'sha256:' || pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(t.sid, 'UTF8')), 'hex')]) AS sid
  FROM "session_store"."session" AS t
  WHERE t.sess::json #>> :userPath!::text[] = ANY(:users!::text[]) AND CASE WHEN pg_catalog.starts_with(t.sid, 'sha256:') THEN pg_catalog.substr(t.sid, 8) ELSE pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(t.sid, 'UTF8')), 'hex') END = :handle!
), ss__deleted AS MATERIALIZED (
  DELETE FROM "session_store"."session" AS t
  WHERE t.sid OPERATOR(pg_catalog.=) ANY(ARRAY(SELECT f.sid FROM ss__found AS f)) AND t.sess::json #>> :userPath!::text[] = ANY(:users!::text[])
  RETURNING t.sid
)
SELECT CASE WHEN :channel::text IS NOT NULL THEN pg_catalog.pg_notify(:channel, :handle!)::text END AS "notified"
FROM ss__deleted AS d;

/* Notifies in chunks of 120 handles, as destroySessionsAndNotify does. */
/* @name revokeUser */
WITH ss__found AS MATERIALIZED (
  SELECT pg_catalog.unnest(ARRAY[t.sid::text, 'sha256:' || pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(t.sid, 'UTF8')), 'hex')]) AS sid
  FROM "session_store"."session" AS t
  WHERE t.sess::json #>> :userPath!::text[] = ANY(:users!::text[])
    AND CASE WHEN pg_catalog.starts_with(t.sid, 'sha256:') THEN pg_catalog.substr(t.sid, 8) ELSE pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(t.sid, 'UTF8')), 'hex') END IS DISTINCT FROM :except
), ss__deleted AS MATERIALIZED (
  DELETE FROM "session_store"."session" AS t
  WHERE t.sid OPERATOR(pg_catalog.=) ANY(ARRAY(SELECT f.sid FROM ss__found AS f)) AND t.sess::json #>> :userPath!::text[] = ANY(:users!::text[])
  RETURNING t.sid
), ss__chunks AS MATERIALIZED (
  SELECT
    (row_number() OVER () - 1) / 120 AS chunk,
    CASE WHEN pg_catalog.starts_with(d.sid, 'sha256:') THEN pg_catalog.substr(d.sid, 8) ELSE pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(d.sid, 'UTF8')), 'hex') END AS handle
  FROM ss__deleted AS d
), ss__notified AS MATERIALIZED (
  SELECT pg_catalog.pg_notify(:channel, pg_catalog.string_agg(c.handle, ' '))::text AS notified
  FROM ss__chunks AS c
  WHERE :channel::text IS NOT NULL
  GROUP BY c.chunk
)
SELECT (SELECT count(*) FROM ss__deleted)::int AS "revoked!", (SELECT count(*) FROM ss__notified)::int AS "notifications!";

/*
 * Reads stored sizes, so PostgreSQL does not detoast payloads. Sums up the partitions of a
 * partitioned table.
 */
/* @name sessionStats */
WITH ss__tables AS MATERIALIZED (
  SELECT coalesce(p.relid::oid, c.oid) AS oid
  FROM pg_catalog.pg_class AS c
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  LEFT JOIN LATERAL pg_catalog.pg_partition_tree(c.oid) AS p ON true
  WHERE c.relname = :tableName! AND c.relkind IN ('r', 'p', 'v', 'f') AND
    CASE WHEN :schemaName::text IS NULL THEN pg_catalog.pg_table_is_visible(c.oid) ELSE n.nspname = :schemaName END
), ss__sizes AS MATERIALIZED (
  SELECT
    coalesce(pg_catalog.sum(pg_catalog.pg_table_size(s.oid)), 0)::float8 AS table_bytes,
    coalesce(pg_catalog.sum(pg_catalog.pg_indexes_size(s.oid)), 0)::float8 AS index_bytes,
    coalesce(pg_catalog.sum(pg_catalog.pg_stat_get_dead_tuples(s.oid)), 0)::float8 AS dead_rows
  FROM ss__tables AS s
), ss__sessions AS MATERIALIZED (
  SELECT
    count(*) FILTER (WHERE t.expire > now()) AS live,
    count(*) FILTER (WHERE t.expire <= now()) AS expired,
    pg_catalog.avg(pg_catalog.pg_column_size(t.sess)) AS mean_bytes,
    pg_catalog.max(pg_catalog.pg_column_size(t.sess)) AS largest_bytes,
    pg_catalog.min(t.expire) FILTER (WHERE t.expire > now()) AS first_expiry,
    pg_catalog.max(t.expire) FILTER (WHERE t.expire > now()) AS last_expiry,
    pg_catalog.min(t.expire) FILTER (WHERE t.expire <= now()) AS overdue_since
  FROM "session_store"."session" AS t
)
SELECT
  x.live::int AS "live!",
  x.expired::int AS "expired!",
  x.mean_bytes::float8 AS "meanBytes",
  x.largest_bytes AS "largestBytes",
  extract(epoch FROM x.first_expiry::timestamptz)::float8 - extract(epoch FROM now())::float8 AS "firstExpiresIn",
  extract(epoch FROM x.last_expiry::timestamptz)::float8 - extract(epoch FROM now())::float8 AS "lastExpiresIn",
  extract(epoch FROM now())::float8 - extract(epoch FROM x.overdue_since::timestamptz)::float8 AS "overdue",
  s.table_bytes AS "tableBytes!",
  s.index_bytes AS "indexBytes!",
  s.dead_rows AS "deadRows!"
FROM ss__sessions AS x, ss__sizes AS s;
