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
 * How Citus distributes the table. No row if it does not. A reference table has a copy on each server
 * and no column.
 */
/* @name findDistribution */
SELECT a.attname::text AS "column"
FROM pg_catalog.pg_dist_partition AS p
JOIN pg_catalog.pg_class AS c ON c.oid = p.logicalrelid::oid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_attribute AS a
  ON a.attrelid = c.oid AND a.attname = pg_catalog.column_to_column_name(p.logicalrelid, p.partkey)
WHERE c.relname = :tableName! AND
  CASE WHEN :schemaName::text IS NULL THEN pg_catalog.pg_table_is_visible(c.oid) ELSE n.nspname = :schemaName END;
