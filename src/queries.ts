// The generated queries, for scripts of your own, with what they need: table names, lock keys,
// payloads.
export {
  type FindSessionsResult,
  findSessions,
  type ListSessionsAfterResult,
  listSessionsAfter,
  revokeSession,
  revokeSessionOfUser,
  revokeUser,
  type SessionStatsResult,
  type ShowSessionResult,
  sessionStats,
  showSession,
} from './generated/admin.js';
export { type PruneSessionsParams, pruneSessions } from './generated/prune.js';
export * from './generated/session.js';
export type { Queryable } from './postgres/connection.js';
export { parse as parsePayload, stringify as stringifyPayload } from './session/payload.js';
export { bindTable, pruneKey, revocationChannel, type TableNames } from './table/names.js';
