/** Types generated for queries found in "sql/schema-changes.sql" */
import { PreparedQuery } from '@pgtyped/runtime';

/** 'MakeUnlogged' parameters type */
export type MakeUnloggedParams = void;

/** 'MakeUnlogged' return type */
export type MakeUnloggedResult = void;

/** 'MakeUnlogged' query type */
export interface MakeUnloggedQuery {
  params: MakeUnloggedParams;
  result: MakeUnloggedResult;
}

const makeUnloggedIR: any = {"usedParamSet":{},"params":[],"statement":"ALTER TABLE \"session_store\".\"session\" SET UNLOGGED                                                                                                                                                   "};

/**
 * Query generated from SQL:
 * ```
 * ALTER TABLE "session_store"."session" SET UNLOGGED                                                                                                                                                   
 * ```
 */
export const makeUnlogged = new PreparedQuery<MakeUnloggedParams,MakeUnloggedResult>(makeUnloggedIR);


/** 'CreateUserIndex' parameters type */
export type CreateUserIndexParams = void;

/** 'CreateUserIndex' return type */
export type CreateUserIndexResult = void;

/** 'CreateUserIndex' query type */
export interface CreateUserIndexQuery {
  params: CreateUserIndexParams;
  result: CreateUserIndexResult;
}

const createUserIndexIR: any = {"usedParamSet":{},"params":[],"statement":"CREATE INDEX ON \"session_store\".\"session\" ((sess::json #>> '{ss__userPath}'::text[]))                                                                                    "};

/**
 * Query generated from SQL:
 * ```
 * CREATE INDEX ON "session_store"."session" ((sess::json #>> '{ss__userPath}'::text[]))                                                                                    
 * ```
 */
export const createUserIndex = new PreparedQuery<CreateUserIndexParams,CreateUserIndexResult>(createUserIndexIR);


/** 'CreateUserIndexConcurrently' parameters type */
export type CreateUserIndexConcurrentlyParams = void;

/** 'CreateUserIndexConcurrently' return type */
export type CreateUserIndexConcurrentlyResult = void;

/** 'CreateUserIndexConcurrently' query type */
export interface CreateUserIndexConcurrentlyQuery {
  params: CreateUserIndexConcurrentlyParams;
  result: CreateUserIndexConcurrentlyResult;
}

const createUserIndexConcurrentlyIR: any = {"usedParamSet":{},"params":[],"statement":"CREATE INDEX CONCURRENTLY ON \"session_store\".\"session\" ((sess::json #>> '{ss__userPath}'::text[]))                                                                                    "};

/**
 * Query generated from SQL:
 * ```
 * CREATE INDEX CONCURRENTLY ON "session_store"."session" ((sess::json #>> '{ss__userPath}'::text[]))                                                                                    
 * ```
 */
export const createUserIndexConcurrently = new PreparedQuery<CreateUserIndexConcurrentlyParams,CreateUserIndexConcurrentlyResult>(createUserIndexConcurrentlyIR);


/** 'CreateExpireIndexConcurrently' parameters type */
export type CreateExpireIndexConcurrentlyParams = void;

/** 'CreateExpireIndexConcurrently' return type */
export type CreateExpireIndexConcurrentlyResult = void;

/** 'CreateExpireIndexConcurrently' query type */
export interface CreateExpireIndexConcurrentlyQuery {
  params: CreateExpireIndexConcurrentlyParams;
  result: CreateExpireIndexConcurrentlyResult;
}

const createExpireIndexConcurrentlyIR: any = {"usedParamSet":{},"params":[],"statement":"CREATE INDEX CONCURRENTLY ON \"session_store\".\"session\" (expire)                                                                                                                                                                                                           "};

/**
 * Query generated from SQL:
 * ```
 * CREATE INDEX CONCURRENTLY ON "session_store"."session" (expire)                                                                                                                                                                                                           
 * ```
 */
export const createExpireIndexConcurrently = new PreparedQuery<CreateExpireIndexConcurrentlyParams,CreateExpireIndexConcurrentlyResult>(createExpireIndexConcurrentlyIR);


/** 'BeginConversion' parameters type */
export interface BeginConversionParams {
  timeZone?: string | null | void;
}

/** 'BeginConversion' return type */
export interface BeginConversionResult {
  lockTimeout: string | null;
  timeZone: string | null;
}

/** 'BeginConversion' query type */
export interface BeginConversionQuery {
  params: BeginConversionParams;
  result: BeginConversionResult;
}

const beginConversionIR: any = {"usedParamSet":{"timeZone":true},"params":[{"name":"timeZone","required":false,"transform":{"type":"scalar"},"locs":[{"a":50,"b":58}]}],"statement":"SELECT pg_catalog.set_config('TimeZone', coalesce(:timeZone, pg_catalog.current_setting('TimeZone')), true) AS \"timeZone\", pg_catalog.set_config('lock_timeout', '2s', true) AS \"lockTimeout\"                                                                                                           "};

/**
 * Query generated from SQL:
 * ```
 * SELECT pg_catalog.set_config('TimeZone', coalesce(:timeZone, pg_catalog.current_setting('TimeZone')), true) AS "timeZone", pg_catalog.set_config('lock_timeout', '2s', true) AS "lockTimeout"                                                                                                           
 * ```
 */
export const beginConversion = new PreparedQuery<BeginConversionParams,BeginConversionResult>(beginConversionIR);


/** 'ConvertExpire' parameters type */
export type ConvertExpireParams = void;

/** 'ConvertExpire' return type */
export type ConvertExpireResult = void;

/** 'ConvertExpire' query type */
export interface ConvertExpireQuery {
  params: ConvertExpireParams;
  result: ConvertExpireResult;
}

const convertExpireIR: any = {"usedParamSet":{},"params":[],"statement":"ALTER TABLE \"session_store\".\"session\" ALTER COLUMN expire TYPE timestamptz                                                                                                                                                                            "};

/**
 * Query generated from SQL:
 * ```
 * ALTER TABLE "session_store"."session" ALTER COLUMN expire TYPE timestamptz                                                                                                                                                                            
 * ```
 */
export const convertExpire = new PreparedQuery<ConvertExpireParams,ConvertExpireResult>(convertExpireIR);


/** 'ConvertExpireOfShards' parameters type */
export type ConvertExpireOfShardsParams = void;

/** 'ConvertExpireOfShards' return type */
export type ConvertExpireOfShardsResult = void;

/** 'ConvertExpireOfShards' query type */
export interface ConvertExpireOfShardsQuery {
  params: ConvertExpireOfShardsParams;
  result: ConvertExpireOfShardsResult;
}

const convertExpireOfShardsIR: any = {"usedParamSet":{},"params":[],"statement":"ALTER TABLE \"session_store\".\"session\" ALTER COLUMN expire TYPE timestamptz USING expire AT TIME ZONE 'UTC'                                                                                                                                                    "};

/**
 * Query generated from SQL:
 * ```
 * ALTER TABLE "session_store"."session" ALTER COLUMN expire TYPE timestamptz USING expire AT TIME ZONE 'UTC'                                                                                                                                                    
 * ```
 */
export const convertExpireOfShards = new PreparedQuery<ConvertExpireOfShardsParams,ConvertExpireOfShardsResult>(convertExpireOfShardsIR);


/** 'ConvertSid' parameters type */
export type ConvertSidParams = void;

/** 'ConvertSid' return type */
export type ConvertSidResult = void;

/** 'ConvertSid' query type */
export interface ConvertSidQuery {
  params: ConvertSidParams;
  result: ConvertSidResult;
}

const convertSidIR: any = {"usedParamSet":{},"params":[],"statement":"ALTER TABLE \"session_store\".\"session\" ALTER COLUMN sid DROP DEFAULT, ALTER COLUMN sid TYPE varchar USING sid::text                                                                               "};

/**
 * Query generated from SQL:
 * ```
 * ALTER TABLE "session_store"."session" ALTER COLUMN sid DROP DEFAULT, ALTER COLUMN sid TYPE varchar USING sid::text                                                                               
 * ```
 */
export const convertSid = new PreparedQuery<ConvertSidParams,ConvertSidResult>(convertSidIR);


/** 'ConvertByteaSid' parameters type */
export type ConvertByteaSidParams = void;

/** 'ConvertByteaSid' return type */
export type ConvertByteaSidResult = void;

/** 'ConvertByteaSid' query type */
export interface ConvertByteaSidQuery {
  params: ConvertByteaSidParams;
  result: ConvertByteaSidResult;
}

const convertByteaSidIR: any = {"usedParamSet":{},"params":[],"statement":"ALTER TABLE \"session_store\".\"session\" ALTER COLUMN sid DROP DEFAULT, ALTER COLUMN sid TYPE varchar USING pg_catalog.encode(sid, 'escape')                                                                                                 "};

/**
 * Query generated from SQL:
 * ```
 * ALTER TABLE "session_store"."session" ALTER COLUMN sid DROP DEFAULT, ALTER COLUMN sid TYPE varchar USING pg_catalog.encode(sid, 'escape')                                                                                                 
 * ```
 */
export const convertByteaSid = new PreparedQuery<ConvertByteaSidParams,ConvertByteaSidResult>(convertByteaSidIR);


/** 'FindIndexProgress' parameters type */
export interface FindIndexProgressParams {
  schemaName?: string | null | void;
  tableName: string;
}

/** 'FindIndexProgress' return type */
export interface FindIndexProgressResult {
  done: number;
  total: number;
}

/** 'FindIndexProgress' query type */
export interface FindIndexProgressQuery {
  params: FindIndexProgressParams;
  result: FindIndexProgressResult;
}

const findIndexProgressIR: any = {"usedParamSet":{"tableName":true,"schemaName":true},"params":[{"name":"tableName","required":true,"transform":{"type":"scalar"},"locs":[{"a":309,"b":319}]},{"name":"schemaName","required":false,"transform":{"type":"scalar"},"locs":[{"a":337,"b":347},{"a":423,"b":433}]}],"statement":"SELECT\n  greatest(p.blocks_done, p.tuples_done)::float8 AS \"done!\",\n  greatest(p.blocks_total, p.tuples_total)::float8 AS \"total!\"\nFROM pg_catalog.pg_stat_progress_create_index AS p\nJOIN pg_catalog.pg_class AS c ON c.oid = p.relid\nJOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace\nWHERE c.relname = :tableName! AND\n  CASE WHEN :schemaName::text IS NULL THEN pg_catalog.pg_table_is_visible(c.oid) ELSE n.nspname = :schemaName END"};

/**
 * Query generated from SQL:
 * ```
 * SELECT
 *   greatest(p.blocks_done, p.tuples_done)::float8 AS "done!",
 *   greatest(p.blocks_total, p.tuples_total)::float8 AS "total!"
 * FROM pg_catalog.pg_stat_progress_create_index AS p
 * JOIN pg_catalog.pg_class AS c ON c.oid = p.relid
 * JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
 * WHERE c.relname = :tableName! AND
 *   CASE WHEN :schemaName::text IS NULL THEN pg_catalog.pg_table_is_visible(c.oid) ELSE n.nspname = :schemaName END
 * ```
 */
export const findIndexProgress = new PreparedQuery<FindIndexProgressParams,FindIndexProgressResult>(findIndexProgressIR);


