// The rows of a table that holds the hash of each session id instead of the id.
import { type HashIds, isHashed, storedId } from '../session/handle.js';
import type { TableLocation } from './location.js';
import { rehash } from './rehash.js';
import type { RowsById, SessionRows } from './session-rows.js';

const MAX_ID_LENGTH = 1024; // express-session's ids have 32 characters

const isId = (sid: string): boolean => sid.length > 0 && sid.length <= MAX_ID_LENGTH;

function checkId(sid: string): void {
  if (isId(sid)) return;
  throw new TypeError(`a session id must have 1 to ${MAX_ID_LENGTH} characters, not ${sid.length}. Check genid`);
}

/** Rows by hashed ids, for the `hashIds` option. */
export function rowsById(rows: SessionRows, location: TableLocation, hashIds: HashIds = false): RowsById {
  if (hashIds === 'upgrade') return upgradingRows(rows, location);
  return hashIds ? hashedRows(rows) : rows;
}

/** Never sends an id to the server. Sends nothing for an id that no session can have. */
function hashedRows(rows: SessionRows): RowsById {
  return {
    get: async (sid, deadline) => (isId(sid) ? rows.get(storedId(sid), deadline) : undefined),
    async set(item, deadline) {
      checkId(item.sid);
      return rows.set({ ...item, sid: storedId(item.sid) }, deadline);
    },
    replace: async (item, deadline) => isId(item.sid) && rows.replace({ ...item, sid: storedId(item.sid) }, deadline),
    touch: async (item, deadline) => isId(item.sid) && rows.touch({ ...item, sid: storedId(item.sid) }, deadline),
    destroy: async (sid, deadline) => (isId(sid) ? rows.destroy(storedId(sid), deadline) : undefined),
  };
}

/**
 * For a table that still has unhashed rows, while other processes hash them. A row only moves from
 * its id to the hash. So looking under the hash, the id and the hash again cannot miss it.
 */
function upgradingRows(rows: SessionRows, location: TableLocation): RowsById {
  const hashed = hashedRows(rows);
  const mayBeUnhashed = (sid: string) => isId(sid) && !isHashed(sid); // a stolen hash must not work as an id
  const orAfterMove =
    <Item extends { sid: string }>(write: (item: Item, deadline: number) => Promise<boolean>) =>
    async (item: Item, deadline: number): Promise<boolean> => {
      if (await write(item, deadline)) return true;
      if (mayBeUnhashed(item.sid)) await rehash(rows, location, item.sid, deadline);
      return write(item, deadline);
    };
  return {
    async get(sid, deadline) {
      const row = await hashed.get(sid, deadline);
      if (row || !mayBeUnhashed(sid)) return row;
      return (await rows.get(sid, deadline)) ?? hashed.get(sid, deadline);
    },
    async set(item, deadline) {
      await hashed.set(item, deadline);
      if (mayBeUnhashed(item.sid)) await rows.destroyQuietly(item.sid, deadline);
    },
    replace: orAfterMove(hashed.replace),
    touch: orAfterMove(hashed.touch),
    async destroy(sid, deadline) {
      // The unhashed row first: if it moves meanwhile, the second statement finds it under the
      // hash.
      if (mayBeUnhashed(sid)) await rows.destroy(sid, deadline);
      await hashed.destroy(sid, deadline);
    },
  };
}
