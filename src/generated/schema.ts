/** Types generated for queries found in "sql/schema.sql" */
import { PreparedQuery } from '@pgtyped/runtime';

/** 'CreateSchema' parameters type */
export type CreateSchemaParams = void;

/** 'CreateSchema' return type */
export type CreateSchemaResult = void;

/** 'CreateSchema' query type */
export interface CreateSchemaQuery {
  params: CreateSchemaParams;
  result: CreateSchemaResult;
}

const createSchemaIR: any = {"usedParamSet":{},"params":[],"statement":"CREATE SCHEMA IF NOT EXISTS \"session_store\"                                                                                                                                                                                                                                                                "};

/**
 * Query generated from SQL:
 * ```
 * CREATE SCHEMA IF NOT EXISTS "session_store"                                                                                                                                                                                                                                                                
 * ```
 */
export const createSchema = new PreparedQuery<CreateSchemaParams,CreateSchemaResult>(createSchemaIR);


/** 'CreateTable' parameters type */
export type CreateTableParams = void;

/** 'CreateTable' return type */
export type CreateTableResult = void;

/** 'CreateTable' query type */
export interface CreateTableQuery {
  params: CreateTableParams;
  result: CreateTableResult;
}

const createTableIR: any = {"usedParamSet":{},"params":[],"statement":"CREATE TABLE IF NOT EXISTS \"session_store\".\"session\" (\n  sid varchar PRIMARY KEY,\n  sess json NOT NULL,\n  expire timestamptz NOT NULL\n) WITH (fillfactor = 70)"};

/**
 * Query generated from SQL:
 * ```
 * CREATE TABLE IF NOT EXISTS "session_store"."session" (
 *   sid varchar PRIMARY KEY,
 *   sess json NOT NULL,
 *   expire timestamptz NOT NULL
 * ) WITH (fillfactor = 70)
 * ```
 */
export const createTable = new PreparedQuery<CreateTableParams,CreateTableResult>(createTableIR);


/** 'CreateExpireIndex' parameters type */
export type CreateExpireIndexParams = void;

/** 'CreateExpireIndex' return type */
export type CreateExpireIndexResult = void;

/** 'CreateExpireIndex' query type */
export interface CreateExpireIndexQuery {
  params: CreateExpireIndexParams;
  result: CreateExpireIndexResult;
}

const createExpireIndexIR: any = {"usedParamSet":{},"params":[],"statement":"CREATE INDEX ON \"session_store\".\"session\" (expire)"};

/**
 * Query generated from SQL:
 * ```
 * CREATE INDEX ON "session_store"."session" (expire)
 * ```
 */
export const createExpireIndex = new PreparedQuery<CreateExpireIndexParams,CreateExpireIndexResult>(createExpireIndexIR);


