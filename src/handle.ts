// A name for a session that is no credential.
import { createHash } from 'node:crypto';

/** The SHA-256 of the session id (FIPS 180-4), in 64 hexadecimal digits: it tells nobody the id, which is random and long. */
export const handleOf = (sid: string): string => createHash('sha256').update(sid).digest('hex');
