// The package for require(): a function, as connect-pg-simple and connect-pg-pool were, with the
// named exports as properties.
import api = require('./index.js');

function connectPgTyped(session: Parameters<typeof api.default>[0]): typeof api.PgSessionStore {
  return api.default(session);
}
connectPgTyped.default = connectPgTyped;

namespace connectPgTyped {
  export import PgSessionStore = api.PgSessionStore;
  export import readThrough = api.readThrough;
  export import saveBeforeResponse = api.saveBeforeResponse;
  export import SessionStoreError = api.SessionStoreError;
  export type SessionStoreErrorCode = api.SessionStoreErrorCode;
  export type StoreOptions = api.StoreOptions;
  export type OldStore = api.OldStore;
  export type CreateTableOptions = api.CreateTableOptions;
  export type Encryption = api.Encryption;
  export type HashIds = api.HashIds;
  export type Serializer = api.Serializer;
  export type ConflictEvent = api.ConflictEvent;
  export type ExpiredEvent = api.ExpiredEvent;
  export type GoneEvent = api.GoneEvent;
  export type KeptEvent = api.KeptEvent;
  export type UnreadableEvent = api.UnreadableEvent;
  export type RevokedEvent = api.RevokedEvent;
  export type StoreEvents = api.StoreEvents;
  export type Ttl = api.Ttl;
  export type Health = api.Health;
  export type Stats = api.Stats;
  export type PoolLike = api.PoolLike;
  export type ClientLike = api.ClientLike;
  export type CallMessage = api.CallMessage;
  export type StoreMethod = api.StoreMethod;
}

export = connectPgTyped;
