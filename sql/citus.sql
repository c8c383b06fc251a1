/*
 * What the catalogs of the extension Citus say, which distributes tables over several servers. A server
 * without the extension has no such catalogs, so findCitus comes first. dev/types/citus.sql stands in for
 * them when these queries are compiled.
 */

/* @name findCitus */
SELECT e.extversion AS "version!"
FROM pg_catalog.pg_extension AS e
WHERE e.extname = 'citus';

/* Returns a row if Citus distributes the table, or keeps a copy of it on each server. */
/* @name findDistribution */
SELECT p.partmethod::text AS "method!"
FROM pg_catalog.pg_dist_partition AS p
JOIN pg_catalog.pg_class AS c ON c.oid = p.logicalrelid::oid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relname = :tableName! AND
  CASE WHEN :schemaName::text IS NULL THEN pg_catalog.pg_table_is_visible(c.oid) ELSE n.nspname = :schemaName END;
