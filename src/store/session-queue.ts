// Runs the writes of each session in the order of the calls. They hold a limited number of bytes.
import { overloaded, type SessionStoreError } from '../errors.js';
import { SESSION_SHARE } from './in-flight-calls.js';

/** The pending writes of a session. */
interface Pending {
  writes: Promise<void> | undefined;
  /** Without touches: a read cannot see their effect. */
  changes: Promise<void> | undefined;
  /** Those that the writes hold. */
  bytes: number;
}

export interface WriteOptions {
  isTouch?: boolean;
  /** Bytes that the write holds until it ends. Default: 0. */
  bytes?: number;
}

export class SessionQueue {
  readonly #pending = new Map<string, Pending>();
  readonly #maxBytes: number;
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /**
   * Runs `work` when the earlier writes of the session have ended. Without any, at once.
   *
   * @throws {SessionStoreError} OVERLOADED if the pending writes would hold too many bytes
   */
  run<T>(sid: string, work: () => Promise<T>, { isTouch = false, bytes = 0 }: WriteOptions = {}): Promise<T> {
    const before = this.#pending.get(sid);
    const ofSession = before?.bytes ?? 0;
    const refusal = bytes > 0 ? this.#refusal(bytes, ofSession) : undefined;
    if (refusal) throw refusal;
    const result = before ? before.writes!.then(work) : work();
    const pending: Pending = { writes: undefined, changes: before?.changes, bytes: ofSession + bytes };
    const end = () => {
      this.#bytes -= bytes;
      const last = this.#pending.get(sid)!;
      if (last === pending) this.#pending.delete(sid);
      else last.bytes -= bytes;
    };
    pending.writes = result.then(end, end);
    if (!isTouch) pending.changes = pending.writes;
    this.#pending.set(sid, pending);
    this.#bytes += bytes;
    return result;
  }

  isIdle(sid: string): boolean {
    return !this.#pending.has(sid);
  }

  /** Resolves when a read sees all earlier writes. Undefined if it already does. */
  settled(sid: string): Promise<void> | undefined {
    return this.#pending.get(sid)?.changes;
  }

  /** A write is never refused for its own size alone. */
  #refusal(bytes: number, ofSession: number): SessionStoreError | undefined {
    const limit = this.#maxBytes;
    const refused = (inFlight: string, rule: string) =>
      overloaded(`saves of ${inFlight} are in flight, and one of ${bytes} bytes came. ${rule}`);
    if (this.#bytes > 0 && this.#bytes + bytes > limit) {
      return refused(
        `${this.#bytes} bytes`,
        `The limit is ${limit} bytes (maxWaitingBytes). The database is not keeping up`,
      );
    }
    if (ofSession === 0 || ofSession + bytes <= limit * SESSION_SHARE) return undefined;
    return refused(`${ofSession} bytes of this session`, `A session may use a tenth of maxWaitingBytes (${limit})`);
  }
}
