// The generated queries, for scripts of one's own.
export {
  type CountSessionsResult,
  clearSessions,
  countSessions,
  type ListSessionsResult,
  listSessions,
  type PruneSessionsParams,
  pruneSessions,
} from './queries/admin.js';
export {
  type DestroySessionsParams,
  destroySessions,
  type ReadSessionsParams,
  type ReadSessionsResult,
  readSessions,
  type TouchSessionsParams,
  touchSessions,
  type WriteSessionsParams,
  writeSessions,
} from './queries/session.js';
export { bindTable, type Queryable, type TableNames } from './table.js';
