/** A live row, as it is read. */

import {
  destroySession,
  destroySessions,
  destroySessionsAloud,
  replaceSession,
  replaceSessions,
  touchSession,
  touchSessions,
  writeSession,
  writeSessions,
} from '../generated/session.js';
import { binaryArray } from '../postgres/binary-array.js';
import type { Send } from './session-rows.js';

export class LiveRow {
  constructor(
    readonly sess: string,
    /** Seconds left to live. */
    readonly ttl: number,
  ) {}
}

export interface Touch {
  sid: string;
  /** Seconds to live. */
  ttl: number;
  /** Whether the row may expire earlier than it would have. */
  mayShorten: boolean;
}
export interface Write {
  sid: string;
  payload: string;
  /** Seconds to live. */
  ttl: number;
}
export interface Replacement extends Write, Touch {
  /** The payload as the server has it, if nobody has changed it. */
  loaded: string;
}
export const LOCK_TIMEOUT = '200ms'; // of a batch: then each row goes alone, so that a locked one keeps no other waiting
export const GUESSED = 10; // elements of an array that the planner does not see
/**
 * An id may be asked for twice. For fewer than it guesses the server would plan anew each time, since that seems to be less work
 * than its plan for any: then eight gets at once took an eighth longer, and four a quarter.
 */
export function padded(sids: string[]): string[] {
  const missing = Math.max(GUESSED - sids.length, 0);
  return missing === 0 ? sids : [...sids, ...Array<string>(missing).fill(sids[0]!)];
}
export const writeAll: Send<Write, unknown> = async (rows, db) => {
  if (rows.length === 1) return writeSession.run(rows[0]!, db);
  const sids = rows.map(({ sid }) => sid);
  const payloads = binaryArray(
    'json',
    rows.map(({ payload }) => payload),
  );
  await writeSessions.run({ sids, payloads, ttls: rows.map(({ ttl }) => ttl), lockTimeout: LOCK_TIMEOUT }, db);
  return [];
};
export const replaceAll: Send<Replacement, boolean> = async (rows, db) => {
  if (rows.length === 1) return isAmong(rows, await replaceSession.run(rows[0]!, db));
  const replaced = await replaceSessions.run(
    {
      sids: rows.map(({ sid }) => sid),
      loaded: binaryArray(
        'text',
        rows.map(({ loaded }) => loaded),
      ),
      payloads: binaryArray(
        'json',
        rows.map(({ payload }) => payload),
      ),
      ttls: rows.map(({ ttl }) => ttl),
      mayShorten: rows.map(({ mayShorten }) => mayShorten),
      lockTimeout: LOCK_TIMEOUT,
    },
    db,
  );
  return isAmong(rows, replaced);
};
export const touchAll: Send<Touch, boolean> = async (rows, db) => {
  if (rows.length === 1) return isAmong(rows, await touchSession.run({ ...rows[0]!, relaxed: true }, db));
  const touched = await touchSessions.run(
    {
      sids: rows.map(({ sid }) => sid),
      ttls: rows.map(({ ttl }) => ttl),
      mayShorten: rows.map(({ mayShorten }) => mayShorten),
      relaxed: true,
      lockTimeout: LOCK_TIMEOUT,
    },
    db,
  );
  return isAmong(rows, touched);
};
export const destroyAll: Send<string, unknown> = async (sids, db) => {
  if (sids.length === 1) return destroySession.run({ sid: sids[0]! }, db);
  await destroySessions.run({ sids, lockTimeout: LOCK_TIMEOUT }, db);
  return [];
};
export const destroyAllAloud =
  (channel: string): Send<string, unknown> =>
  async (sids, db) => {
    await destroySessionsAloud.run({ sids, channel, lockTimeout: sids.length > 1 ? LOCK_TIMEOUT : null }, db);
    return [];
  };
export function isAmong(rows: Touch[], found: { sid: string }[]): boolean[] {
  const sids = new Set(found.map(({ sid }) => sid));
  return rows.map(({ sid }) => sids.has(sid));
}
