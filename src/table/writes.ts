// The writes of requests, for one session and for many.
import * as queries from '../generated/session.js';
import {
  destroySessionsOfShard,
  replaceSessionsOfShard,
  replaceUnlockedSession,
  touchSessionsOfShard,
} from '../generated/shards.js';
import { binaryArray } from '../postgres/binary-array.js';
import { bound, column, type Kind, type ReplaceItem, type SetItem, type TouchItem } from './kind.js';

const noResults = () => [];

export const setKind = (relaxed: boolean): Kind<SetItem, unknown> => ({
  bytes: ({ payload }) => payload.length,
  results: noResults,
  one: (item, mayRelax) => bound(relaxed && mayRelax ? queries.setSessionRelaxed : queries.setSession, item),
  many: (items, lockTimeout) =>
    bound(queries.setSessions, {
      sids: column(items, 'sid'),
      payloads: binaryArray('json', column(items, 'payload')),
      ttls: column(items, 'ttl'),
      lockTimeout: `${lockTimeout}ms`,
      relaxed,
    }),
  // Citus would run INSERT ... SELECT on the client's server. The order is that of COLLATE "C".
  ofShard: (items) =>
    bound(
      queries.setSession,
      items.toSorted((one, other) => (one.sid < other.sid ? -1 : 1)),
    ),
});

export const replaceKind = (relaxed: boolean): Kind<ReplaceItem, boolean> => ({
  idempotent: false,
  bytes: ({ payload, loaded }) => payload.length + loaded.length,
  results: areAmong,
  one: (item, mayRelax) => bound(relaxed && mayRelax ? queries.replaceSessionRelaxed : queries.replaceSession, item),
  many: (items, lockTimeout) =>
    bound(queries.replaceSessions, { ...replacements(items), lockTimeout: `${lockTimeout}ms`, relaxed }),
  ofShard: (items) => bound(replaceSessionsOfShard, replacements(items)),
  skipsLocked: true,
  oneUnlocked: (item) => bound(replaceUnlockedSession, item),
});

const replacements = (items: ReplaceItem[]) => ({
  ...touches(items),
  loaded: binaryArray('text', column(items, 'loaded')),
  payloads: binaryArray('json', column(items, 'payload')),
});

export const TOUCH: Kind<TouchItem, boolean> = {
  results: areAmong,
  one: (item, mayRelax) => bound(mayRelax ? queries.touchSessionRelaxed : queries.touchSession, item),
  many: (items, lockTimeout) =>
    bound(queries.touchSessions, { ...touches(items), lockTimeout: `${lockTimeout}ms`, relaxed: true }),
  ofShard: (items) => bound(touchSessionsOfShard, touches(items)),
  skipsLocked: true,
};

const touches = (items: TouchItem[]) => ({
  sids: column(items, 'sid'),
  ttls: column(items, 'ttl'),
  mayShorten: column(items, 'mayShorten'),
});

export const DESTROY: Kind<string, unknown> = {
  results: noResults,
  one: (sid) => bound(queries.destroySession, { sid }),
  many: (sids, lockTimeout) => bound(queries.destroySessions, { sids, lockTimeout: `${lockTimeout}ms` }),
  ofShard: (sids) => bound(destroySessionsOfShard, { sids }),
  skipsLocked: true,
};

// Without ofShard: a worker would run the statement, and its notification would reach no listener.
export const destroyAndNotify = (channel: string): Kind<string, unknown> => ({
  results: noResults,
  one: (sid) => bound(queries.destroySessionAndNotify, { sid, channel }),
  many: (sids, lockTimeout) =>
    bound(queries.destroySessionsAndNotify, { sids, channel, lockTimeout: `${lockTimeout}ms` }),
});

function areAmong(items: { sid: string }[], found: { sid: string }[]): boolean[] {
  const sids = new Set(column(found, 'sid'));
  return items.map(({ sid }) => sids.has(sid));
}
