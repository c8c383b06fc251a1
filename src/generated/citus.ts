/** Types generated for queries found in "sql/citus.sql" */
import { PreparedQuery } from '@pgtyped/runtime';

export type NumberOrString = number | string;

export type stringArray = (string)[];

/** 'FindCitus' parameters type */
export type FindCitusParams = void;

/** 'FindCitus' return type */
export interface FindCitusResult {
  version: string;
}

/** 'FindCitus' query type */
export interface FindCitusQuery {
  params: FindCitusParams;
  result: FindCitusResult;
}

const findCitusIR: any = {"usedParamSet":{},"params":[],"statement":"SELECT e.extversion AS \"version!\"\nFROM pg_catalog.pg_extension AS e\nWHERE e.extname = 'citus'                                                                                                                                                                         "};

/**
 * Query generated from SQL:
 * ```
 * SELECT e.extversion AS "version!"
 * FROM pg_catalog.pg_extension AS e
 * WHERE e.extname = 'citus'                                                                                                                                                                         
 * ```
 */
export const findCitus = new PreparedQuery<FindCitusParams,FindCitusResult>(findCitusIR);


/** 'FindDistribution' parameters type */
export interface FindDistributionParams {
  schemaName?: string | null | void;
  tableName: string;
}

/** 'FindDistribution' return type */
export interface FindDistributionResult {
  column: string | null;
  dateStyle: string;
  encoding: string;
  expireType: string | null;
  method: string;
  sidType: string | null;
  table: string;
}

/** 'FindDistribution' query type */
export interface FindDistributionQuery {
  params: FindDistributionParams;
  result: FindDistributionResult;
}

const findDistributionIR: any = {"usedParamSet":{"tableName":true,"schemaName":true},"params":[{"name":"tableName","required":true,"transform":{"type":"scalar"},"locs":[{"a":716,"b":726}]},{"name":"schemaName","required":false,"transform":{"type":"scalar"},"locs":[{"a":744,"b":754},{"a":830,"b":840}]}],"statement":"SELECT\n  c.oid::bigint AS \"table!\",\n  p.partmethod::text AS \"method!\",\n  pg_catalog.column_to_column_name(p.logicalrelid, p.partkey) AS \"column\",\n  (SELECT a.atttypid::regtype::text FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = c.oid AND a.attname = 'sid') AS \"sidType\",\n  (SELECT a.atttypid::regtype::text FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = c.oid AND a.attname = 'expire') AS \"expireType\",\n  pg_catalog.current_setting('server_encoding') AS \"encoding!\",\n  pg_catalog.current_setting('DateStyle') AS \"dateStyle!\"\nFROM pg_catalog.pg_dist_partition AS p\nJOIN pg_catalog.pg_class AS c ON c.oid = p.logicalrelid::oid\nJOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace\nWHERE c.relname = :tableName! AND\n  CASE WHEN :schemaName::text IS NULL THEN pg_catalog.pg_table_is_visible(c.oid) ELSE n.nspname = :schemaName END                                                                                                                "};

/**
 * Query generated from SQL:
 * ```
 * SELECT
 *   c.oid::bigint AS "table!",
 *   p.partmethod::text AS "method!",
 *   pg_catalog.column_to_column_name(p.logicalrelid, p.partkey) AS "column",
 *   (SELECT a.atttypid::regtype::text FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = c.oid AND a.attname = 'sid') AS "sidType",
 *   (SELECT a.atttypid::regtype::text FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = c.oid AND a.attname = 'expire') AS "expireType",
 *   pg_catalog.current_setting('server_encoding') AS "encoding!",
 *   pg_catalog.current_setting('DateStyle') AS "dateStyle!"
 * FROM pg_catalog.pg_dist_partition AS p
 * JOIN pg_catalog.pg_class AS c ON c.oid = p.logicalrelid::oid
 * JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
 * WHERE c.relname = :tableName! AND
 *   CASE WHEN :schemaName::text IS NULL THEN pg_catalog.pg_table_is_visible(c.oid) ELSE n.nspname = :schemaName END                                                                                                                
 * ```
 */
export const findDistribution = new PreparedQuery<FindDistributionParams,FindDistributionResult>(findDistributionIR);


/** 'FindShards' parameters type */
export interface FindShardsParams {
  table: NumberOrString;
}

/** 'FindShards' return type */
export interface FindShardsResult {
  min: number;
  shard: string;
  worker: number;
}

/** 'FindShards' query type */
export interface FindShardsQuery {
  params: FindShardsParams;
  result: FindShardsResult;
}

const findShardsIR: any = {"usedParamSet":{"table":true},"params":[{"name":"table","required":true,"transform":{"type":"scalar"},"locs":[{"a":247,"b":253}]}],"statement":"SELECT s.shardid::text AS \"shard!\", s.shardminvalue::int AS \"min!\", pg_catalog.min(p.groupid)::int AS \"worker!\"\nFROM pg_catalog.pg_dist_shard AS s\nJOIN pg_catalog.pg_dist_placement AS p ON p.shardid = s.shardid\nWHERE s.logicalrelid::oid::bigint = :table!::bigint\nGROUP BY s.shardid, s.shardminvalue\nORDER BY s.shardminvalue::int                                              "};

/**
 * Query generated from SQL:
 * ```
 * SELECT s.shardid::text AS "shard!", s.shardminvalue::int AS "min!", pg_catalog.min(p.groupid)::int AS "worker!"
 * FROM pg_catalog.pg_dist_shard AS s
 * JOIN pg_catalog.pg_dist_placement AS p ON p.shardid = s.shardid
 * WHERE s.logicalrelid::oid::bigint = :table!::bigint
 * GROUP BY s.shardid, s.shardminvalue
 * ORDER BY s.shardminvalue::int                                              
 * ```
 */
export const findShards = new PreparedQuery<FindShardsParams,FindShardsResult>(findShardsIR);


/** 'FindShardsOfSids' parameters type */
export interface FindShardsOfSidsParams {
  sids: stringArray;
  table: NumberOrString;
}

/** 'FindShardsOfSids' return type */
export interface FindShardsOfSidsResult {
  shard: string;
  sid: string;
}

/** 'FindShardsOfSids' query type */
export interface FindShardsOfSidsQuery {
  params: FindShardsOfSidsParams;
  result: FindShardsOfSidsResult;
}

const findShardsOfSidsIR: any = {"usedParamSet":{"table":true,"sids":true},"params":[{"name":"table","required":true,"transform":{"type":"scalar"},"locs":[{"a":72,"b":78}]},{"name":"sids","required":true,"transform":{"type":"scalar"},"locs":[{"a":152,"b":157}]}],"statement":"SELECT u.sid AS \"sid!\", pg_catalog.get_shard_id_for_distribution_column(:table!::bigint::oid::regclass, u.sid)::text AS \"shard!\"\nFROM pg_catalog.unnest(:sids!::text[]) AS u(sid)                                        "};

/**
 * Query generated from SQL:
 * ```
 * SELECT u.sid AS "sid!", pg_catalog.get_shard_id_for_distribution_column(:table!::bigint::oid::regclass, u.sid)::text AS "shard!"
 * FROM pg_catalog.unnest(:sids!::text[]) AS u(sid)                                        
 * ```
 */
export const findShardsOfSids = new PreparedQuery<FindShardsOfSidsParams,FindShardsOfSidsResult>(findShardsOfSidsIR);


/** 'DistributeTable' parameters type */
export interface DistributeTableParams {
  schemaName?: string | null | void;
  shardCount: number;
  tableName: string;
}

/** 'DistributeTable' return type */
export interface DistributeTableResult {
  done: string;
}

/** 'DistributeTable' query type */
export interface DistributeTableQuery {
  params: DistributeTableParams;
  result: DistributeTableResult;
}

const distributeTableIR: any = {"usedParamSet":{"shardCount":true,"tableName":true,"schemaName":true},"params":[{"name":"shardCount","required":true,"transform":{"type":"scalar"},"locs":[{"a":107,"b":118}]},{"name":"tableName","required":true,"transform":{"type":"scalar"},"locs":[{"a":251,"b":261}]},{"name":"schemaName","required":false,"transform":{"type":"scalar"},"locs":[{"a":279,"b":289},{"a":365,"b":375}]}],"statement":"SELECT pg_catalog.create_distributed_table(c.oid::regclass, 'sid', colocate_with => 'none', shard_count => :shardCount!::int)::text AS \"done!\"\nFROM pg_catalog.pg_class AS c\nJOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace\nWHERE c.relname = :tableName! AND\n  CASE WHEN :schemaName::text IS NULL THEN pg_catalog.pg_table_is_visible(c.oid) ELSE n.nspname = :schemaName END                                                                                                 "};

/**
 * Query generated from SQL:
 * ```
 * SELECT pg_catalog.create_distributed_table(c.oid::regclass, 'sid', colocate_with => 'none', shard_count => :shardCount!::int)::text AS "done!"
 * FROM pg_catalog.pg_class AS c
 * JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
 * WHERE c.relname = :tableName! AND
 *   CASE WHEN :schemaName::text IS NULL THEN pg_catalog.pg_table_is_visible(c.oid) ELSE n.nspname = :schemaName END                                                                                                 
 * ```
 */
export const distributeTable = new PreparedQuery<DistributeTableParams,DistributeTableResult>(distributeTableIR);


/** 'DistributeTableConcurrently' parameters type */
export interface DistributeTableConcurrentlyParams {
  schemaName?: string | null | void;
  shardCount: number;
  tableName: string;
}

/** 'DistributeTableConcurrently' return type */
export interface DistributeTableConcurrentlyResult {
  done: string;
}

/** 'DistributeTableConcurrently' query type */
export interface DistributeTableConcurrentlyQuery {
  params: DistributeTableConcurrentlyParams;
  result: DistributeTableConcurrentlyResult;
}

const distributeTableConcurrentlyIR: any = {"usedParamSet":{"shardCount":true,"tableName":true,"schemaName":true},"params":[{"name":"shardCount","required":true,"transform":{"type":"scalar"},"locs":[{"a":120,"b":131}]},{"name":"tableName","required":true,"transform":{"type":"scalar"},"locs":[{"a":264,"b":274}]},{"name":"schemaName","required":false,"transform":{"type":"scalar"},"locs":[{"a":292,"b":302},{"a":378,"b":388}]}],"statement":"SELECT pg_catalog.create_distributed_table_concurrently(c.oid::regclass, 'sid', colocate_with => 'none', shard_count => :shardCount!::int)::text AS \"done!\"\nFROM pg_catalog.pg_class AS c\nJOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace\nWHERE c.relname = :tableName! AND\n  CASE WHEN :schemaName::text IS NULL THEN pg_catalog.pg_table_is_visible(c.oid) ELSE n.nspname = :schemaName END                                                                                  "};

/**
 * Query generated from SQL:
 * ```
 * SELECT pg_catalog.create_distributed_table_concurrently(c.oid::regclass, 'sid', colocate_with => 'none', shard_count => :shardCount!::int)::text AS "done!"
 * FROM pg_catalog.pg_class AS c
 * JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
 * WHERE c.relname = :tableName! AND
 *   CASE WHEN :schemaName::text IS NULL THEN pg_catalog.pg_table_is_visible(c.oid) ELSE n.nspname = :schemaName END                                                                                  
 * ```
 */
export const distributeTableConcurrently = new PreparedQuery<DistributeTableConcurrentlyParams,DistributeTableConcurrentlyResult>(distributeTableConcurrentlyIR);


/** 'MeasureShards' parameters type */
export interface MeasureShardsParams {
  schemaName?: string | null | void;
  tableName: string;
}

/** 'MeasureShards' return type */
export interface MeasureShardsResult {
  deadRows: number;
  indexBytes: number;
  liveRows: number;
  shards: number;
  tableBytes: number;
  workers: number;
}

/** 'MeasureShards' query type */
export interface MeasureShardsQuery {
  params: MeasureShardsParams;
  result: MeasureShardsResult;
}

const measureShardsIR: any = {"usedParamSet":{"tableName":true,"schemaName":true},"params":[{"name":"tableName","required":true,"transform":{"type":"scalar"},"locs":[{"a":1241,"b":1251}]},{"name":"schemaName","required":false,"transform":{"type":"scalar"},"locs":[{"a":1269,"b":1279},{"a":1355,"b":1365}]}],"statement":"SELECT\n  pg_catalog.citus_table_size(c.oid::regclass)::float8 AS \"tableBytes!\",\n  (pg_catalog.citus_total_relation_size(c.oid::regclass) - pg_catalog.citus_table_size(c.oid::regclass))::float8 AS \"indexBytes!\",\n  (\n    SELECT coalesce(pg_catalog.sum(r.result::bigint), 0)\n    FROM pg_catalog.run_command_on_shards(c.oid::regclass, 'SELECT pg_catalog.pg_stat_get_dead_tuples(%L::regclass)') AS r\n    WHERE r.success\n  )::float8 AS \"deadRows!\",\n  (\n    SELECT coalesce(pg_catalog.sum(r.result::bigint), 0)\n    FROM pg_catalog.run_command_on_shards(c.oid::regclass, 'SELECT pg_catalog.pg_stat_get_live_tuples(%L::regclass)') AS r\n    WHERE r.success\n  )::float8 AS \"liveRows!\",\n  (SELECT count(*) FROM pg_catalog.pg_dist_shard AS s WHERE s.logicalrelid::oid = p.logicalrelid::oid)::int AS \"shards!\",\n  (\n    SELECT count(*)\n    FROM (\n      SELECT DISTINCT l.groupid\n      FROM pg_catalog.pg_dist_shard AS s\n      JOIN pg_catalog.pg_dist_placement AS l ON l.shardid = s.shardid\n      WHERE s.logicalrelid::oid = p.logicalrelid::oid\n    ) AS g\n  )::int AS \"workers!\"\nFROM pg_catalog.pg_dist_partition AS p\nJOIN pg_catalog.pg_class AS c ON c.oid = p.logicalrelid::oid\nJOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace\nWHERE c.relname = :tableName! AND\n  CASE WHEN :schemaName::text IS NULL THEN pg_catalog.pg_table_is_visible(c.oid) ELSE n.nspname = :schemaName END                                                                            "};

/**
 * Query generated from SQL:
 * ```
 * SELECT
 *   pg_catalog.citus_table_size(c.oid::regclass)::float8 AS "tableBytes!",
 *   (pg_catalog.citus_total_relation_size(c.oid::regclass) - pg_catalog.citus_table_size(c.oid::regclass))::float8 AS "indexBytes!",
 *   (
 *     SELECT coalesce(pg_catalog.sum(r.result::bigint), 0)
 *     FROM pg_catalog.run_command_on_shards(c.oid::regclass, 'SELECT pg_catalog.pg_stat_get_dead_tuples(%L::regclass)') AS r
 *     WHERE r.success
 *   )::float8 AS "deadRows!",
 *   (
 *     SELECT coalesce(pg_catalog.sum(r.result::bigint), 0)
 *     FROM pg_catalog.run_command_on_shards(c.oid::regclass, 'SELECT pg_catalog.pg_stat_get_live_tuples(%L::regclass)') AS r
 *     WHERE r.success
 *   )::float8 AS "liveRows!",
 *   (SELECT count(*) FROM pg_catalog.pg_dist_shard AS s WHERE s.logicalrelid::oid = p.logicalrelid::oid)::int AS "shards!",
 *   (
 *     SELECT count(*)
 *     FROM (
 *       SELECT DISTINCT l.groupid
 *       FROM pg_catalog.pg_dist_shard AS s
 *       JOIN pg_catalog.pg_dist_placement AS l ON l.shardid = s.shardid
 *       WHERE s.logicalrelid::oid = p.logicalrelid::oid
 *     ) AS g
 *   )::int AS "workers!"
 * FROM pg_catalog.pg_dist_partition AS p
 * JOIN pg_catalog.pg_class AS c ON c.oid = p.logicalrelid::oid
 * JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
 * WHERE c.relname = :tableName! AND
 *   CASE WHEN :schemaName::text IS NULL THEN pg_catalog.pg_table_is_visible(c.oid) ELSE n.nspname = :schemaName END                                                                            
 * ```
 */
export const measureShards = new PreparedQuery<MeasureShardsParams,MeasureShardsResult>(measureShardsIR);


/** 'CountListeningNodes' parameters type */
export interface CountListeningNodesParams {
  channel: string;
}

/** 'CountListeningNodes' return type */
export interface CountListeningNodesResult {
  nodes: number;
}

/** 'CountListeningNodes' query type */
export interface CountListeningNodesQuery {
  params: CountListeningNodesParams;
  result: CountListeningNodesResult;
}

const countListeningNodesIR: any = {"usedParamSet":{"channel":true},"params":[{"name":"channel","required":true,"transform":{"type":"scalar"},"locs":[{"a":184,"b":192}]}],"statement":"SELECT count(*)::int AS \"nodes!\"\nFROM pg_catalog.run_command_on_all_nodes(\n  pg_catalog.format('SELECT count(*) FROM pg_catalog.pg_stat_activity AS a WHERE a.query = %L', 'LISTEN ' || :channel!::text)\n) AS r\nWHERE r.success AND r.result <> '0'                                                                        "};

/**
 * Query generated from SQL:
 * ```
 * SELECT count(*)::int AS "nodes!"
 * FROM pg_catalog.run_command_on_all_nodes(
 *   pg_catalog.format('SELECT count(*) FROM pg_catalog.pg_stat_activity AS a WHERE a.query = %L', 'LISTEN ' || :channel!::text)
 * ) AS r
 * WHERE r.success AND r.result <> '0'                                                                        
 * ```
 */
export const countListeningNodes = new PreparedQuery<CountListeningNodesParams,CountListeningNodesResult>(countListeningNodesIR);


/** 'FindIndexProgressOfShards' parameters type */
export interface FindIndexProgressOfShardsParams {
  schemaName?: string | null | void;
  tableName: string;
}

/** 'FindIndexProgressOfShards' return type */
export interface FindIndexProgressOfShardsResult {
  done: number;
  total: number;
}

/** 'FindIndexProgressOfShards' query type */
export interface FindIndexProgressOfShardsQuery {
  params: FindIndexProgressOfShardsParams;
  result: FindIndexProgressOfShardsResult;
}

const findIndexProgressOfShardsIR: any = {"usedParamSet":{"tableName":true,"schemaName":true},"params":[{"name":"tableName","required":true,"transform":{"type":"scalar"},"locs":[{"a":597,"b":607}]},{"name":"schemaName","required":false,"transform":{"type":"scalar"},"locs":[{"a":625,"b":635},{"a":711,"b":721}]}],"statement":"SELECT\n  pg_catalog.sum(pg_catalog.split_part(r.result, ' ', 1)::float8) AS \"done!\",\n  pg_catalog.sum(pg_catalog.split_part(r.result, ' ', 2)::float8) AS \"total!\"\nFROM pg_catalog.pg_dist_partition AS p\nJOIN pg_catalog.pg_class AS c ON c.oid = p.logicalrelid::oid\nJOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace\nCROSS JOIN LATERAL pg_catalog.run_command_on_shards(c.oid::regclass, 'SELECT greatest(i.blocks_done, i.tuples_done) || '' '' || greatest(i.blocks_total, i.tuples_total) FROM pg_catalog.pg_stat_progress_create_index AS i WHERE i.relid = %L::regclass') AS r\nWHERE c.relname = :tableName! AND\n  CASE WHEN :schemaName::text IS NULL THEN pg_catalog.pg_table_is_visible(c.oid) ELSE n.nspname = :schemaName END\n  AND r.success AND r.result <> ''"};

/**
 * Query generated from SQL:
 * ```
 * SELECT
 *   pg_catalog.sum(pg_catalog.split_part(r.result, ' ', 1)::float8) AS "done!",
 *   pg_catalog.sum(pg_catalog.split_part(r.result, ' ', 2)::float8) AS "total!"
 * FROM pg_catalog.pg_dist_partition AS p
 * JOIN pg_catalog.pg_class AS c ON c.oid = p.logicalrelid::oid
 * JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
 * CROSS JOIN LATERAL pg_catalog.run_command_on_shards(c.oid::regclass, 'SELECT greatest(i.blocks_done, i.tuples_done) || '' '' || greatest(i.blocks_total, i.tuples_total) FROM pg_catalog.pg_stat_progress_create_index AS i WHERE i.relid = %L::regclass') AS r
 * WHERE c.relname = :tableName! AND
 *   CASE WHEN :schemaName::text IS NULL THEN pg_catalog.pg_table_is_visible(c.oid) ELSE n.nspname = :schemaName END
 *   AND r.success AND r.result <> ''
 * ```
 */
export const findIndexProgressOfShards = new PreparedQuery<FindIndexProgressOfShardsParams,FindIndexProgressOfShardsResult>(findIndexProgressOfShardsIR);


