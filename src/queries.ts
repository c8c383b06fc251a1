// The generated queries, for scripts of one's own, and what they take and give: names, a lock's key, payloads.
export { parse as parsePayload, stringify as stringifyPayload } from './payload.js';
export {
  type CountSessionsResult,
  clearSessions,
  countSessions,
  type FindSessionsResult,
  findSessions,
  type ListSessionsAfterResult,
  type ListSessionsResult,
  listSessions,
  listSessionsAfter,
  type PruneSessionsParams,
  pruneSessions,
  revokeAll,
  revokeSession,
  revokeSessionOfUser,
  revokeUser,
  type SessionStatsResult,
  type ShowSessionResult,
  sessionStats,
  showSession,
} from './queries/admin.js';
export * from './queries/session.js';
export { bindTable, pruneKey, type Queryable, revocationChannel, type TableNames } from './table.js';
