/** Types generated for queries found in "sql/citus.sql" */
import { PreparedQuery } from '@pgtyped/runtime';

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

const findCitusIR: any = {"usedParamSet":{},"params":[],"statement":"SELECT e.extversion AS \"version!\"\nFROM pg_catalog.pg_extension AS e\nWHERE e.extname = 'citus'                                                                                         "};

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
  method: string;
}

/** 'FindDistribution' query type */
export interface FindDistributionQuery {
  params: FindDistributionParams;
  result: FindDistributionResult;
}

const findDistributionIR: any = {"usedParamSet":{"tableName":true,"schemaName":true},"params":[{"name":"tableName","required":true,"transform":{"type":"scalar"},"locs":[{"a":217,"b":227}]},{"name":"schemaName","required":false,"transform":{"type":"scalar"},"locs":[{"a":245,"b":255},{"a":331,"b":341}]}],"statement":"SELECT p.partmethod::text AS \"method!\"\nFROM pg_catalog.pg_dist_partition AS p\nJOIN pg_catalog.pg_class AS c ON c.oid = p.logicalrelid::oid\nJOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace\nWHERE c.relname = :tableName! AND\n  CASE WHEN :schemaName::text IS NULL THEN pg_catalog.pg_table_is_visible(c.oid) ELSE n.nspname = :schemaName END"};

/**
 * Query generated from SQL:
 * ```
 * SELECT p.partmethod::text AS "method!"
 * FROM pg_catalog.pg_dist_partition AS p
 * JOIN pg_catalog.pg_class AS c ON c.oid = p.logicalrelid::oid
 * JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
 * WHERE c.relname = :tableName! AND
 *   CASE WHEN :schemaName::text IS NULL THEN pg_catalog.pg_table_is_visible(c.oid) ELSE n.nspname = :schemaName END
 * ```
 */
export const findDistribution = new PreparedQuery<FindDistributionParams,FindDistributionResult>(findDistributionIR);


