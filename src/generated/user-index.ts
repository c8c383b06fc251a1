/** Types generated for queries found in "sql/user-index.sql" */
import { PreparedQuery } from '@pgtyped/runtime';

/** 'CreateUserIndex' parameters type */
export type CreateUserIndexParams = void;

/** 'CreateUserIndex' return type */
export type CreateUserIndexResult = void;

/** 'CreateUserIndex' query type */
export interface CreateUserIndexQuery {
  params: CreateUserIndexParams;
  result: CreateUserIndexResult;
}

const createUserIndexIR: any = {"usedParamSet":{},"params":[],"statement":"CREATE INDEX ON \"session_store\".\"session\" ((sess::json #>> '{ss__userPath}'))                                                                                          "};

/**
 * Query generated from SQL:
 * ```
 * CREATE INDEX ON "session_store"."session" ((sess::json #>> '{ss__userPath}'))                                                                                          
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

const createUserIndexConcurrentlyIR: any = {"usedParamSet":{},"params":[],"statement":"CREATE INDEX CONCURRENTLY ON \"session_store\".\"session\" ((sess::json #>> '{ss__userPath}'))"};

/**
 * Query generated from SQL:
 * ```
 * CREATE INDEX CONCURRENTLY ON "session_store"."session" ((sess::json #>> '{ss__userPath}'))
 * ```
 */
export const createUserIndexConcurrently = new PreparedQuery<CreateUserIndexConcurrentlyParams,CreateUserIndexConcurrentlyResult>(createUserIndexConcurrentlyIR);


