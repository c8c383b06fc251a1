// Handles: names for sessions that are not credentials.
import crypto from 'node:crypto';
import type { Rule } from '../errors.js';

/**
 * The SHA-256 of the session id (FIPS 180-4), in 64 hexadecimal digits. It does not reveal the id,
 * which is long and random.
 */
export const handleOf: (sid: string) => string =
  typeof crypto.hash === 'function' // Node 20.12 and later: a third of the time
    ? (sid) => crypto.hash('sha256', sid, 'hex')
    : (sid) => crypto.createHash('sha256').update(sid).digest('hex');

export const HANDLE = /^[0-9a-f]{64}$/;

const PREFIX = 'sha256:'; // as in sql/. An id of express-session has no colon

/** The `sid` column of a session with this handle, if ids are hashed. */
export const hashedId = (handle: string): string => PREFIX + handle;

/** The `sid` column of the session with this id, if ids are hashed. */
export const storedId = (sid: string): string => hashedId(handleOf(sid));

export const isHashed = (sid: string): boolean => sid.startsWith(PREFIX);

/** The handle of a row, from its `sid` column, hashed or not. */
export const handleOfRow = (sid: string): string => (isHashed(sid) ? sid.slice(PREFIX.length) : handleOf(sid));

/** `'upgrade'` writes hashes, and also finds rows with an unhashed id. */
export type HashIds = boolean | 'upgrade';

export const HASH_IDS_RULE: Rule = [
  "true, false or 'upgrade'",
  (value) => [true, false, 'upgrade'].includes(value as HashIds),
];
