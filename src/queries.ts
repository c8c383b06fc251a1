// The generated queries, for scripts of one's own, and what they take and give: names, a lock's key, payloads.
export { parse as parsePayload, stringify as stringifyPayload } from './payload.js';
export {
  type CountSessionsResult,
  clearSessions,
  countSessions,
  type ListSessionsResult,
  listSessions,
  type PruneSessionsParams,
  pruneSessions,
} from './queries/admin.js';
export * from './queries/session.js';
export { bindTable, pruneKey, type Queryable, type TableNames } from './table.js';
