// What one request read, saved and destroyed, for frameworks whose sessions are not express-session's.
import type { Snapshot } from './snapshots.js';

export class RequestScope {
  readonly #snapshots = new Map<string, Snapshot>();
  readonly #destroyed = new Set<string>();

  /** The request's first reading of the session, or its last save of it. */
  snapshotOf(sid: string): Snapshot | undefined {
    return this.#snapshots.get(sid);
  }

  /** A later reading does not count: the request may hold what the first one returned. */
  read(snapshot: Snapshot): void {
    if (!this.#snapshots.has(snapshot.sid)) this.#snapshots.set(snapshot.sid, snapshot);
  }

  saved(snapshot: Snapshot): void {
    this.#snapshots.set(snapshot.sid, snapshot);
  }

  destroyed(sid: string): void {
    this.#destroyed.add(sid);
  }

  isDestroyed(sid: string): boolean {
    return this.#destroyed.has(sid);
  }
}
