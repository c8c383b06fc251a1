-- Stand-ins for the catalogs of the extension Citus, so that sql/citus.sql compiles on a server
-- without it.
SET allow_system_table_mods = on;
CREATE TABLE pg_catalog.pg_dist_partition (logicalrelid regclass NOT NULL, partmethod "char" NOT NULL, partkey text);
CREATE TABLE pg_catalog.pg_dist_shard (logicalrelid regclass NOT NULL, shardid bigint NOT NULL, shardminvalue text);
CREATE TABLE pg_catalog.pg_dist_placement (shardid bigint NOT NULL, groupid integer NOT NULL);
GRANT SELECT ON pg_catalog.pg_dist_partition, pg_catalog.pg_dist_shard, pg_catalog.pg_dist_placement TO PUBLIC;
CREATE FUNCTION pg_catalog.column_to_column_name(regclass, text) RETURNS text LANGUAGE sql AS 'SELECT $2';
CREATE FUNCTION pg_catalog.get_shard_id_for_distribution_column(regclass, text) RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint';
CREATE FUNCTION pg_catalog.create_distributed_table(regclass, text, colocate_with text, shard_count integer) RETURNS text LANGUAGE sql AS 'SELECT $2';
CREATE FUNCTION pg_catalog.create_distributed_table_concurrently(regclass, text, colocate_with text, shard_count integer) RETURNS text LANGUAGE sql AS 'SELECT $2';
CREATE FUNCTION pg_catalog.citus_table_size(regclass) RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint';
CREATE FUNCTION pg_catalog.citus_total_relation_size(regclass) RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint';
CREATE FUNCTION pg_catalog.run_command_on_shards(regclass, text, OUT success boolean, OUT result text) RETURNS SETOF record LANGUAGE sql AS 'SELECT true, $2';
CREATE FUNCTION pg_catalog.run_command_on_all_nodes(text, OUT success boolean, OUT result text) RETURNS SETOF record LANGUAGE sql AS 'SELECT true, $1';
RESET allow_system_table_mods;
