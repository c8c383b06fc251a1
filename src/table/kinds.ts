// The kinds of calls that requests make, with their statements for one session and for many.
import { migrateAdvice, refused } from '../errors.js';
import * as queries from '../generated/session.js';
import {
  destroySessionsOfShard,
  replaceSessionsOfShard,
  replaceUnlockedSession,
  touchSessionsOfShard,
} from '../generated/shards.js';
import { binaryArray } from '../postgres/binary-array.js';
import { bound, column, type Kind, LiveRow, type ReplaceItem, type SetItem, type TouchItem } from './kind.js';

const noResults = () => [];
const fewBytes = () => 100;

export function getKind(): Kind<string, LiveRow | undefined> {
  let bytesOfRow = 1000; // the mean of the last batch
  const many = (sids: string[]) => bound(queries.getSessions, { sids: padded(sids) });
  return {
    reads: true,
    bytes: () => bytesOfRow,
    one: (sid) => bound(queries.getSession, { sid }),
    many,
    ofShard: many,
    results(sids, rows: queries.GetSessionsResult[]) {
      const bySid = new Map<string, LiveRow>();
      let bytes = 0;
      for (const { sid, sess, secondsLeft } of rows) {
        bySid.set(sid, new LiveRow(sess ?? '', secondsLeft ?? 0)); // null only in a table that allows it
        bytes += sess?.length ?? 0;
      }
      if (rows.length > 0) bytesOfRow = bytes / rows.length;
      const live = sids.map((sid) => bySid.get(sid));
      // Two calls may ask for one id, so more live rows than rows are possible, but not fewer.
      if (live.filter((row) => row !== undefined).length < rows.length) throw refused(ANOTHER_ID);
      return live;
    },
  };
}

const ANOTHER_ID =
  'PostgreSQL found a session under another id: the type or the collation of sid does not hold each id as it is. ' +
  migrateAdvice('varchar');

const PLANNER_ARRAY_ESTIMATE = 10;

/**
 * Pads the array to ten ids: PostgreSQL assumes ten elements, and replans for shorter arrays (four
 * ids: 25 % slower).
 */
function padded(sids: string[]): string[] {
  const missing = Math.max(PLANNER_ARRAY_ESTIMATE - sids.length, 0);
  return missing === 0 ? sids : [...sids, ...Array<string>(missing).fill(sids[0]!)];
}

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

/** The parameters of a batch of replacements. */
export const replacements = (items: ReplaceItem[]) => ({
  ...touches(items),
  loaded: binaryArray('text', column(items, 'loaded')),
  payloads: binaryArray('json', column(items, 'payload')),
});

export const TOUCH: Kind<TouchItem, boolean> = {
  bytes: fewBytes,
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
  bytes: fewBytes,
  results: noResults,
  one: (sid) => bound(queries.destroySession, { sid }),
  many: (sids, lockTimeout) => bound(queries.destroySessions, { sids, lockTimeout: `${lockTimeout}ms` }),
  ofShard: (sids) => bound(destroySessionsOfShard, { sids }),
  skipsLocked: true,
};

// Without ofShard: a worker would run the statement, and its notification would reach no listener.
export const destroyAndNotify = (channel: string): Kind<string, unknown> => ({
  bytes: fewBytes,
  results: noResults,
  one: (sid) => bound(queries.destroySessionAndNotify, { sid, channel }),
  many: (sids, lockTimeout) =>
    bound(queries.destroySessionsAndNotify, { sids, channel, lockTimeout: `${lockTimeout}ms` }),
});

function areAmong(items: { sid: string }[], found: { sid: string }[]): boolean[] {
  const sids = new Set(column(found, 'sid'));
  return items.map(({ sid }) => sids.has(sid));
}
