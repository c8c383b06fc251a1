// The generated queries, for scripts of one's own, and what they take and give: names, a lock's key, payloads.

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
} from './generated/admin.js';
export * from './generated/session.js';
export type { Queryable } from './postgres/connection.js';
export { parse as parsePayload, stringify as stringifyPayload } from './session/payload.js';
export { bindTable, pruneKey, revocationChannel, type TableNames } from './table/names.js';
