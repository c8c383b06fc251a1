// The package's main entry.
import { Store } from 'express-session';
import { PgSessionStore } from './store/store.js';

export { SessionStoreError, type SessionStoreErrorCode } from './errors.js';
export type { ClientLike, PoolLike } from './postgres/pool.js';
export type { Encryption } from './session/encryption.js';
export type { Ttl } from './session/expiry.js';
export type { HashIds } from './session/handle.js';
export type { Serializer } from './session/serializer.js';
export type {
  ConflictEvent,
  ExpiredEvent,
  GoneEvent,
  KeptEvent,
  RevokedEvent,
  StoreEvents,
  UnreadableEvent,
} from './store/events.js';
export type { Health, Stats } from './store/health.js';
export type { CallMessage, StoreMethod } from './store/in-flight-calls.js';
export type { StoreOptions } from './store/options.js';
export { type OldStore, readThrough } from './store/read-through.js';
export { saveBeforeResponse } from './store/save-before-response.js';
export type { CreateTableOptions } from './table/create-table-options.js';
export { PgSessionStore };

/**
 * The store class for an app's express-session: `new (connectPgTyped(session))({ pool })`. It is
 * `PgSessionStore`, unless the app has another copy of express-session than this package. Then it
 * is a subclass that makes sessions with the app's copy.
 */
export default function connectPgTyped(
  session: Pick<typeof import('express-session'), 'Store'>,
): typeof PgSessionStore {
  if (!session?.Store) throw new TypeError('connectPgTyped() needs express-session: connectPgTyped(session)');
  const { createSession } = session.Store.prototype;
  if (createSession === undefined || createSession === Store.prototype.createSession) return PgSessionStore;
  return class extends PgSessionStore {
    protected override makeSession: typeof createSession = (...args) => createSession.apply(this, args);
  };
}
