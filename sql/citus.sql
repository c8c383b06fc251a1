/*
 * What the catalogs of the extension Citus say, which distributes tables over several servers. A
 * server without the extension has no such catalogs, so findCitus comes first. dev/types/citus.sql
 * stands in for them when these queries are compiled.
 */

/* @name findCitus */
SELECT e.extversion AS "version!"
FROM pg_catalog.pg_extension AS e
WHERE e.extname = 'citus';

/*
 * Returns a row if Citus distributes the table, or keeps a copy of it on each server: the method is
 * h for a table that is distributed by the hash of a column.
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

/* Distributes an empty table by sid. */
/* @name distributeTable */
SELECT pg_catalog.create_distributed_table(c.oid::regclass, 'sid', colocate_with => 'none', shard_count => :shardCount!::int)::text AS "done!"
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relname = :tableName! AND
  CASE WHEN :schemaName::text IS NULL THEN pg_catalog.pg_table_is_visible(c.oid) ELSE n.nspname = :schemaName END;

/* Distributes a table with rows while others read and write it. Fails in a transaction block. */
/* @name distributeTableConcurrently */
SELECT pg_catalog.create_distributed_table_concurrently(c.oid::regclass, 'sid', colocate_with => 'none', shard_count => :shardCount!::int)::text AS "done!"
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relname = :tableName! AND
  CASE WHEN :schemaName::text IS NULL THEN pg_catalog.pg_table_is_visible(c.oid) ELSE n.nspname = :schemaName END;

/* The table of the client's server is empty, so sizes are those of the shards. */
/* @name measureShards */
SELECT
  pg_catalog.citus_table_size(c.oid::regclass)::float8 AS "tableBytes!",
  (pg_catalog.citus_total_relation_size(c.oid::regclass) - pg_catalog.citus_table_size(c.oid::regclass))::float8 AS "indexBytes!",
  (
    SELECT coalesce(pg_catalog.sum(r.result::bigint), 0)
    FROM pg_catalog.run_command_on_shards(c.oid::regclass, 'SELECT pg_catalog.pg_stat_get_dead_tuples(%L::regclass)') AS r
    WHERE r.success
  )::float8 AS "deadRows!",
  (
    SELECT coalesce(pg_catalog.sum(r.result::bigint), 0)
    FROM pg_catalog.run_command_on_shards(c.oid::regclass, 'SELECT pg_catalog.pg_stat_get_live_tuples(%L::regclass)') AS r
    WHERE r.success
  )::float8 AS "liveRows!",
  (SELECT count(*) FROM pg_catalog.pg_dist_shard AS s WHERE s.logicalrelid::oid = p.logicalrelid::oid)::int AS "shards!",
  (
    SELECT count(*)
    FROM (
      SELECT DISTINCT l.groupid
      FROM pg_catalog.pg_dist_shard AS s
      JOIN pg_catalog.pg_dist_placement AS l ON l.shardid = s.shardid
      WHERE s.logicalrelid::oid = p.logicalrelid::oid
    ) AS g
  )::int AS "workers!"
FROM pg_catalog.pg_dist_partition AS p
JOIN pg_catalog.pg_class AS c ON c.oid = p.logicalrelid::oid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relname = :tableName! AND
  CASE WHEN :schemaName::text IS NULL THEN pg_catalog.pg_table_is_visible(c.oid) ELSE n.nspname = :schemaName END;

/* On how many servers a connection of this role listens for revocations. */
/* @name countListeningNodes */
SELECT count(*)::int AS "nodes!"
FROM pg_catalog.run_command_on_all_nodes(
  pg_catalog.format('SELECT count(*) FROM pg_catalog.pg_stat_activity AS a WHERE a.query = %L', 'LISTEN ' || :channel!::text)
) AS r
WHERE r.success AND r.result <> '0';

/* The progress of an index build, over the shards that build it now. */
/* @name findIndexProgressOfShards */
SELECT
  pg_catalog.sum(pg_catalog.split_part(r.result, ' ', 1)::float8) AS "done!",
  pg_catalog.sum(pg_catalog.split_part(r.result, ' ', 2)::float8) AS "total!"
FROM pg_catalog.pg_dist_partition AS p
JOIN pg_catalog.pg_class AS c ON c.oid = p.logicalrelid::oid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
CROSS JOIN LATERAL pg_catalog.run_command_on_shards(c.oid::regclass, 'SELECT greatest(i.blocks_done, i.tuples_done) || '' '' || greatest(i.blocks_total, i.tuples_total) FROM pg_catalog.pg_stat_progress_create_index AS i WHERE i.relid = %L::regclass') AS r
WHERE c.relname = :tableName! AND
  CASE WHEN :schemaName::text IS NULL THEN pg_catalog.pg_table_is_visible(c.oid) ELSE n.nspname = :schemaName END
  AND r.success AND r.result <> '';
