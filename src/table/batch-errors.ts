// Which errors of a batch can come from one of its items.
import { SessionStoreError } from '../errors.js';
import { isUnsent } from '../postgres/retry.js';

// The connection or the server as a whole: connection_exception, operator_intervention, a read-only
// server, statement_completion_unknown, disk_full, too_many_connections.
const WHOLE_SERVER = /^(08|57P|25006|40003|53[13]00)/;

/**
 * Whether the statement may succeed without one of its items. Triggers, constraints, foreign tables
 * and extensions raise any SQLSTATE, so this excludes the few that concern all items.
 */
export function mayConcernOneItem(error: unknown): boolean {
  if (!(error instanceof SessionStoreError) || error.code !== 'DATABASE' || error.sqlState === undefined) return false;
  return !isUnsent(error) && !WHOLE_SERVER.test(error.sqlState) && !isBeforeFirstRow(error.cause);
}

/**
 * Whether PostgreSQL refused the statement before it read a row, for a missing table, column or
 * grant: then the error points into the statement, or comes from its check of grants. An error of a
 * trigger has a context (`where`).
 */
function isBeforeFirstRow(cause: unknown): boolean {
  const { position, routine, where } = Object(cause);
  return where === undefined && (position !== undefined || routine === 'aclcheck_error');
}
