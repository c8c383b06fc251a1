// The rows of the request path where the table holds no session id, only the hash of each.

import { isHashed, storedId } from '../session/handle.js';
import { moveToHash, type Place } from './rehash.js';
import type { Rows, SessionRows } from './session-rows.js';

const LONGEST_ID = 1024; // characters; express-session's have 32

const isId = (sid: string): boolean => sid.length > 0 && sid.length <= LONGEST_ID;
const NOT_THERE = Promise.resolve(false);

function checkId(sid: string): void {
  if (!isId(sid)) throw new TypeError(`a session id has 1 to ${LONGEST_ID} characters, not ${sid.length}: see genid`);
}

/** No id is ever sent to the server. One that nobody can have got costs no query. */
export function hashedRows(rows: Rows): SessionRows {
  return {
    read: (sid, deadline) => (isId(sid) ? rows.read(storedId(sid), deadline) : Promise.resolve(undefined)),
    write: async (write, deadline) => {
      checkId(write.sid);
      return rows.write({ ...write, sid: storedId(write.sid) }, deadline);
    },
    replace: (row, deadline) =>
      isId(row.sid) ? rows.replace({ ...row, sid: storedId(row.sid) }, deadline) : NOT_THERE,
    touch: (row, deadline) => (isId(row.sid) ? rows.touch({ ...row, sid: storedId(row.sid) }, deadline) : NOT_THERE),
    destroy: async (sid, deadline) => (isId(sid) ? rows.destroy(storedId(sid), deadline) : undefined),
  };
}

/**
 * As long as rows in clear remain, which others may be moving. A row only ever moves from its id to the hash, so that who looks under
 * the hash, the id, and the hash again has not missed it.
 */
export function upgradingRows(rows: Rows, place: Place): SessionRows {
  const hashed = hashedRows(rows);
  const mayBeInClear = (sid: string) => isId(sid) && !isHashed(sid); // a stolen hash is no id
  const move = async (sid: string, deadline: number) => {
    if (mayBeInClear(sid)) await moveToHash(rows, place, sid, deadline);
  };
  return {
    async read(sid, deadline) {
      const row = await hashed.read(sid, deadline);
      if (row || !mayBeInClear(sid)) return row;
      return (await rows.read(sid, deadline)) ?? hashed.read(sid, deadline);
    },
    async write(write, deadline) {
      await hashed.write(write, deadline);
      if (mayBeInClear(write.sid)) await rows.drop(write.sid, deadline);
    },
    async replace(row, deadline) {
      if (await hashed.replace(row, deadline)) return true;
      await move(row.sid, deadline);
      return hashed.replace(row, deadline);
    },
    async touch(row, deadline) {
      if (await hashed.touch(row, deadline)) return true;
      await move(row.sid, deadline);
      return hashed.touch(row, deadline);
    },
    async destroy(sid, deadline) {
      if (mayBeInClear(sid)) await rows.destroy(sid, deadline); // first: what moves meanwhile is found under the hash
      await hashed.destroy(sid, deadline);
    },
  };
}

/** `'upgrade'` writes hashes, and finds rows in clear as well. */
export type HashIds = boolean | 'upgrade';
