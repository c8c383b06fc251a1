// The CLI's own connection, and what to do when it fails, in one line.
import { sqlStateOf } from '../errors.js';
import type { TableNames } from '../table/names.js';

const UNREACHABLE = /^(ECONN|ENOTFOUND|EAI_AGAIN|ENOENT|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|EPIPE|EACCES)/;
const WHERE = 'give the right one by --url, DATABASE_URL or the PG* variables';

interface Failure {
  message: string;
  sqlState?: string;
  cause?: { message?: string; code?: string; sqlState?: string };
}

/** What went wrong and what to do, in one line without a password or a session id. */
export function inWords(error: unknown, { schemaName, tableName = 'session' }: TableNames): string {
  const { message, sqlState, cause } = error as Failure;
  const table = schemaName === undefined ? tableName : `${schemaName}.${tableName}`;
  const reason = cause?.message || message;
  switch (sqlState ?? cause?.sqlState ?? sqlStateOf(cause)) {
    case '28P01':
    case '28000':
      return `the database refuses the login (${reason}): ${WHERE}`;
    case '3D000':
      return `${reason}: ${WHERE}`;
    case '42P01':
      return `there is no table ${table}: connect-pg-typed init makes one, --schema and --table name another`;
    case '3F000':
      return `there is no schema ${schemaName ?? 'in the search_path'}: name one with --schema, and make it with init --create-schema`;
    case '42501':
      if (cause?.sqlState) return oneLine(message); // it says already what to grant
      return `${reason}: connect as a role that may, or see what connect-pg-typed doctor says about grants`;
    case '42703':
      return `${reason}: connect-pg-typed doctor says what the table lacks`;
    case undefined:
      break;
    default:
      return oneLine(message);
  }
  const code = cause?.code ?? '';
  if (UNREACHABLE.test(code) || /timeout|terminated/i.test(reason)) {
    const detail = /^(connect|getaddrinfo|read)/.test(reason) ? reason : code || reason;
    return `the database cannot be reached (${oneLine(detail)}): is it running, and is this its address? Else ${WHERE}`;
  }
  return oneLine(message);
}

const oneLine = (text: string): string => text.replace(/\s*\n\s*/g, ' ');
