// The statements of each kind of call: one for a lone call, and one for a batch.
import type { PreparedQuery } from '@pgtyped/runtime';
import { refused } from '../errors.js';
import {
  destroySession,
  destroySessions,
  destroySessionsAndNotify,
  type GetSessionsResult,
  getSession,
  getSessions,
  replaceSession,
  replaceSessionRelaxed,
  replaceSessions,
  setSession,
  setSessionRelaxed,
  setSessions,
  touchSession,
  touchSessionRelaxed,
  touchSessions,
} from '../generated/session.js';
import { binaryArray } from '../postgres/binary-array.js';

/** A live row. A class, for the reason given at `QueuedCall`. */
export class LiveRow {
  constructor(
    readonly sess: string,
    readonly secondsLeft: number,
  ) {}
}

export interface TouchItem {
  sid: string;
  /** Seconds to live. */
  ttl: number;
  /** Whether the row may expire earlier than before. */
  mayShorten: boolean;
}

export interface SetItem {
  sid: string;
  payload: string;
  /** Seconds to live. */
  ttl: number;
}

export interface ReplaceItem extends SetItem, TouchItem {
  /** The payload that the row must still hold. */
  loaded: string;
}

/** A generated query with its parameters. */
interface Bound {
  query: PreparedQuery<any, any>;
  params: unknown;
}

const bound = <Params>(query: PreparedQuery<Params, any>, params: Params): Bound => ({ query, params });

/** A kind of call, with its statement for one session and that for a batch. */
export interface Kind<Item, Result> {
  /**
   * @param lockTimeout in milliseconds. Undefined, for one item only, if it may wait for its row
   * @param mayRelax whether the statement can turn `synchronous_commit` off
   */
  statement(items: Item[], lockTimeout: number | undefined, mayRelax: boolean): Bound;
  /** The result of each item, from the rows of the statement. */
  results(items: Item[], rows: any[]): Result[];
  /** Whether it writes, and so waits for rows that others have locked. Default: true. */
  writes?: boolean;
  /** About how many bytes an item adds. Default: 100. */
  bytes?: (item: Item) => number;
  /** Default: true. */
  idempotent?: boolean;
}

export function getKind(): Kind<string, LiveRow | undefined> {
  let bytesOfRow = 1000; // the mean of the last batch
  return {
    writes: false,
    bytes: () => bytesOfRow,
    statement: (sids) =>
      sids.length === 1 ? bound(getSession, { sid: sids[0]! }) : bound(getSessions, { sids: padded(sids) }),
    results(sids, rows: GetSessionsResult[]) {
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
  'PostgreSQL found a session under another id than the one it was asked for. The type or the collation of sid does ' +
  'not hold each id as it is. `npx connect-pg-typed migrate` makes it varchar, and keeps the sessions';

const PLANNER_ARRAY_ESTIMATE = 10;

/**
 * Pads the array to ten ids: PostgreSQL assumes ten elements, and replans for shorter arrays (four
 * ids: 25 % slower).
 */
function padded(sids: string[]): string[] {
  const missing = Math.max(PLANNER_ARRAY_ESTIMATE - sids.length, 0);
  return missing === 0 ? sids : [...sids, ...Array<string>(missing).fill(sids[0]!)];
}

const column = <Item, Key extends keyof Item>(items: Item[], key: Key): Item[Key][] => items.map((item) => item[key]);

const noResults = () => [];

export const setKind = (relaxed: boolean): Kind<SetItem, unknown> => ({
  bytes: ({ payload }) => payload.length,
  results: noResults,
  statement: (items, lockTimeout, mayRelax) =>
    lockTimeout === undefined
      ? bound(relaxed && mayRelax ? setSessionRelaxed : setSession, items[0]!)
      : bound(setSessions, {
          sids: column(items, 'sid'),
          payloads: binaryArray('json', column(items, 'payload')),
          ttls: column(items, 'ttl'),
          lockTimeout: `${lockTimeout}ms`,
          relaxed,
        }),
});

export const replaceKind = (relaxed: boolean): Kind<ReplaceItem, boolean> => ({
  idempotent: false,
  bytes: ({ payload, loaded }) => payload.length + loaded.length,
  results: areAmong,
  statement: (items, lockTimeout, mayRelax) =>
    lockTimeout === undefined
      ? bound(relaxed && mayRelax ? replaceSessionRelaxed : replaceSession, items[0]!)
      : bound(replaceSessions, {
          sids: column(items, 'sid'),
          loaded: binaryArray('text', column(items, 'loaded')),
          payloads: binaryArray('json', column(items, 'payload')),
          ttls: column(items, 'ttl'),
          mayShorten: column(items, 'mayShorten'),
          lockTimeout: `${lockTimeout}ms`,
          relaxed,
        }),
});

export const TOUCH: Kind<TouchItem, boolean> = {
  results: areAmong,
  statement(items, lockTimeout, mayRelax) {
    if (lockTimeout === undefined) return bound(mayRelax ? touchSessionRelaxed : touchSession, items[0]!);
    return bound(touchSessions, {
      sids: column(items, 'sid'),
      ttls: column(items, 'ttl'),
      mayShorten: column(items, 'mayShorten'),
      lockTimeout: `${lockTimeout}ms`,
      relaxed: true,
    });
  },
};

export const DESTROY: Kind<string, unknown> = {
  results: noResults,
  statement: (sids, lockTimeout) =>
    lockTimeout === undefined
      ? bound(destroySession, { sid: sids[0]! })
      : bound(destroySessions, { sids, lockTimeout: `${lockTimeout}ms` }),
};

export const destroyAndNotify = (channel: string): Kind<string, unknown> => ({
  results: noResults,
  statement: (sids, lockTimeout) =>
    bound(destroySessionsAndNotify, {
      sids,
      channel,
      lockTimeout: lockTimeout === undefined ? null : `${lockTimeout}ms`,
    }),
});

function areAmong(items: { sid: string }[], found: { sid: string }[]): boolean[] {
  const sids = new Set(column(found, 'sid'));
  return items.map(({ sid }) => sids.has(sid));
}
