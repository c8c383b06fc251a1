// Turns a failure of the database into a message that says what to do.
import { sqlStateOf } from '../errors.js';
import { INSUFFICIENT_PRIVILEGE, INVALID_SCHEMA_NAME, UNDEFINED_TABLE } from '../sql-states.js';
import { catalogNames, type TableNames } from '../table/names.js';

const INVALID_PASSWORD = '28P01';
const INVALID_AUTHORIZATION = '28000';
const UNDEFINED_DATABASE = '3D000';
const UNDEFINED_COLUMN = '42703';

const UNREACHABLE = /^(ECONN|ENOTFOUND|EAI_AGAIN|ENOENT|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|EPIPE|EACCES)/;
const CHECK_URL = 'Check --url, DATABASE_URL or the PG* variables';

interface Failure {
  message: string;
  sqlState?: string;
  cause?: { message?: string; code?: string; sqlState?: string };
}

/** Without a password or a session id. */
export function messageOf(error: unknown, names: TableNames): string {
  const { message, sqlState, cause } = error as Failure;
  const { schemaName, tableName } = catalogNames(names);
  const reason = cause?.message || message;
  switch (sqlState ?? cause?.sqlState ?? sqlStateOf(cause)) {
    case INVALID_PASSWORD:
    case INVALID_AUTHORIZATION:
      return `the database refused the login (${reason}). ${CHECK_URL}`;
    case UNDEFINED_DATABASE:
      return `${reason}. ${CHECK_URL}`;
    case UNDEFINED_TABLE: {
      const table = schemaName === null ? tableName : `${schemaName}.${tableName}`;
      return `the table ${table} does not exist. Create it with connect-pg-typed init, or set --schema and --table`;
    }
    case INVALID_SCHEMA_NAME:
      return schemaName === null
        ? 'the search_path has no schema. Set --schema'
        : `the schema ${schemaName} does not exist. Create it with connect-pg-typed init --create-schema`;
    case INSUFFICIENT_PRIVILEGE:
      if (cause?.sqlState) return message; // already says what to grant
      return `${reason}. Use another role, or see the grants that connect-pg-typed doctor prints`;
    case UNDEFINED_COLUMN:
      return `${reason}. connect-pg-typed doctor says what the table lacks`;
    case undefined:
      break;
    default:
      return message;
  }
  const code = cause?.code ?? '';
  if (UNREACHABLE.test(code) || /timeout|terminated/i.test(reason)) {
    const detail = /^(connect|getaddrinfo|read)/.test(reason) ? reason : code || reason;
    return `cannot reach the database (${detail}). Is it running? ${CHECK_URL}`;
  }
  return message;
}
