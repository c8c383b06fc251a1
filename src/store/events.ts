/** A write found its session gone, destroyed or expired, and left it so. */
export interface GoneEvent {
  /** SHA-256 of the session id, in hexadecimal. */
  handle: string;
  /** What was asked of the store. */
  during: 'set' | 'touch';
}

/** A save found that others had changed the session since it was loaded, and laid its changes over theirs. */
export interface ConflictEvent {
  /** SHA-256 of the session id, in hexadecimal. */
  handle: string;
  /** The top-level keys that the others had changed. */
  keys: string[];
  /** Those among them that this save changed too: there the others' values are lost. `update()` would have lost nothing. */
  overwritten: string[];
}

/** A live row was found that makes no session: it holds no JSON object. It is left alone. */
export interface UnreadableEvent {
  /** SHA-256 of the session id, in hexadecimal. */
  handle: string;
}

/** Sessions were deleted, here or by another process: by a store with the option `revocations`, or by connect-pg-typed/admin. */
export interface RevokedEvent {
  /** The SHA-256 of each session id, in hexadecimal; at most 120. */
  handles: string[];
}
