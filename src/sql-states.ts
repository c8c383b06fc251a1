// The SQLSTATEs that the code reacts to, by their names in PostgreSQL's documentation, appendix A.

export const FEATURE_NOT_SUPPORTED = '0A000';
export const INVALID_PARAMETER_VALUE = '22023';
export const UNTRANSLATABLE_CHARACTER = '22P05';
export const UNIQUE_VIOLATION = '23505';
export const READ_ONLY_SQL_TRANSACTION = '25006';
export const INVALID_SCHEMA_NAME = '3F000';
export const INSUFFICIENT_PRIVILEGE = '42501';
export const UNDEFINED_FUNCTION = '42883';
export const UNDEFINED_TABLE = '42P01';
/** ON CONFLICT names columns without a unique index. */
export const INVALID_COLUMN_REFERENCE = '42P10';
/** As for a change of a column that divides a table into partitions. */
export const INVALID_TABLE_DEFINITION = '42P16';
export const TOO_MANY_CONNECTIONS = '53300';
export const LOCK_NOT_AVAILABLE = '55P03';
export const QUERY_CANCELED = '57014';

/**
 * string_data_right_truncation, invalid_text_representation, undefined_function, datatype_mismatch:
 * sid may have a type that the store does not support.
 */
export const UNFIT_SID = ['22001', '22P02', UNDEFINED_FUNCTION, '42804'];

/** deadlock_detected, serialization_failure: rolled back, so the statement can be sent again. */
export const ROLLED_BACK = ['40P01', '40001'];

/** invalid_text_representation, untranslatable_character: PostgreSQL cannot read a payload. */
export const UNREADABLE_PAYLOAD = ['22P02', UNTRANSLATABLE_CHARACTER];

/** invalid_sql_statement_name, duplicate_prepared_statement: a pooler lacks our statements. */
export const UNKNOWN_STATEMENT_NAME = ['26000', '42P05'];

/** connection_exception, operator_intervention (a server that stops, starts or crashes). */
export const CONNECTION_LOST = /^(08|57P)/;
