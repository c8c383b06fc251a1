// A name for a session that is no credential.
import crypto from 'node:crypto';

/** The SHA-256 of the session id (FIPS 180-4), in 64 hexadecimal digits: it tells nobody the id, which is random and long. */
export const handleOf: (sid: string) => string =
  typeof crypto.hash === 'function' // from Node 20.12 on, and takes a third of the time
    ? (sid) => crypto.hash('sha256', sid, 'hex')
    : (sid) => crypto.createHash('sha256').update(sid).digest('hex');

/** What a handle looks like. */
export const HANDLE = /^[0-9a-f]{64}$/;

const PREFIX = 'sha256:'; // as in sql/; express-session's ids have no colon

/** What stands in the `sid` column where ids are hashed. */
export const hashedId = (handle: string): string => PREFIX + handle;

export const isHashed = (sid: string): boolean => sid.startsWith(PREFIX);

/** The handle of the session in a row, whatever its `sid` column holds. */
export const handleOfRow = (sid: string): string => (isHashed(sid) ? sid.slice(PREFIX.length) : handleOf(sid));
export const storedId = (sid: string): string => hashedId(handleOf(sid));
