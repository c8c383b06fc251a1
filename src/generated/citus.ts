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

const findShardsOfSidsIR: any = {"usedParamSet":{"table":true,"sids":true},"params":[{"name":"table","required":true,"transform":{"type":"scalar"},"locs":[{"a":72,"b":78}]},{"name":"sids","required":true,"transform":{"type":"scalar"},"locs":[{"a":152,"b":157}]}],"statement":"SELECT u.sid AS \"sid!\", pg_catalog.get_shard_id_for_distribution_column(:table!::bigint::oid::regclass, u.sid)::text AS \"shard!\"\nFROM pg_catalog.unnest(:sids!::text[]) AS u(sid)"};

/**
 * Query generated from SQL:
 * ```
 * SELECT u.sid AS "sid!", pg_catalog.get_shard_id_for_distribution_column(:table!::bigint::oid::regclass, u.sid)::text AS "shard!"
 * FROM pg_catalog.unnest(:sids!::text[]) AS u(sid)
 * ```
 */
export const findShardsOfSids = new PreparedQuery<FindShardsOfSidsParams,FindShardsOfSidsResult>(findShardsOfSidsIR);


