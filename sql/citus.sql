/*
 * What the catalogs of the extension Citus say, which distributes tables over several servers. A server
 * without the extension has no such catalogs, so findCitus comes first. dev/types/citus.sql stands in for
 * them when these queries are compiled.
 */

/* @name findCitus */
SELECT e.extversion AS "version!"
FROM pg_catalog.pg_extension AS e
WHERE e.extname = 'citus';

/*
 * Returns a row if Citus distributes the table, or keeps a copy of it on each server: the method is h for
 * a table that is distributed by the hash of a column.
 */
/* @name findDistribution */
SELECT
  c.oid::bigint AS "table!",
  p.partmethod::text AS "method!",
  pg_catalog.column_to_column_name(p.logicalrelid, p.partkey) AS "column",
  (SELECT a.atttypid::regtype::text FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = c.oid AND a.attname = 'sid') AS "sidType",
  (SELECT a.atttypid::regtype::text FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = c.oid AND a.attname = 'expire') AS "expireType",
  pg_catalog.current_setting('server_encoding') AS "encoding!",
  pg_catalog.current_setting('DateStyle') AS "dateStyle!"
FROM pg_catalog.pg_dist_partition AS p
JOIN pg_catalog.pg_class AS c ON c.oid = p.logicalrelid::oid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relname = :tableName! AND
  CASE WHEN :schemaName::text IS NULL THEN pg_catalog.pg_table_is_visible(c.oid) ELSE n.nspname = :schemaName END;

/* A shard holds the rows with a hash from min up to the min of the next shard. A worker is a group of nodes. */
/* @name findShards */
SELECT s.shardid::text AS "shard!", s.shardminvalue::int AS "min!", pg_catalog.min(p.groupid)::int AS "worker!"
FROM pg_catalog.pg_dist_shard AS s
JOIN pg_catalog.pg_dist_placement AS p ON p.shardid = s.shardid
WHERE s.logicalrelid::oid::bigint = :table!::bigint
GROUP BY s.shardid, s.shardminvalue
ORDER BY s.shardminvalue::int;

/* Where the server itself looks for a sid. */
/* @name findShardsOfSids */
SELECT u.sid AS "sid!", pg_catalog.get_shard_id_for_distribution_column(:table!::bigint::oid::regclass, u.sid)::text AS "shard!"
FROM pg_catalog.unnest(:sids!::text[]) AS u(sid);
