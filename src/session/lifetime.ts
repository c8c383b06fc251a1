// The absolute limit on a session's life, whatever requests do to keep it alive.
import type { Session, SessionData } from 'express-session';
import { fieldAt, join, split, withField } from './payload.js';

/** The key in the payload with the time of creation, in milliseconds since 1970. */
export const CREATED_AT = 'ss__createdAt';

const MAX_LAST_READ = 10_000; // ids. More reads than that while one request runs are unlikely

/**
 * Knows when each session was created. A session without a time of creation, which is new or older
 * than the option, counts as created when it is first asked for.
 */
export class Lifetime {
  readonly #ms: number;
  readonly #createdAt = new WeakMap<object, number>();
  readonly #lastRead = new Set<string>();

  /** @param seconds how long a session may live after its creation */
  constructor(seconds: number) {
    this.#ms = seconds * 1000;
  }

  /** Removes the time of creation from a session that was read, and remembers it. */
  take(session: SessionData): void {
    const createdAt = removeCreatedAt(session);
    if (typeof createdAt === 'number') this.#createdAt.set(session, Math.min(createdAt, Date.now()));
  }

  /** Copies the time of creation to a session that was made from another object. */
  pass(from: SessionData, to: SessionData): void {
    const createdAt = this.#createdAt.get(from);
    if (createdAt !== undefined) this.#createdAt.set(to, createdAt);
  }

  /** Seconds until the session's lifetime ends, at least 0. */
  secondsLeft(session: SessionData): number {
    return Math.max((this.#createdAtOf(session) + this.#ms - Date.now()) / 1000, 0);
  }

  /** Records that a request got the session with this id. */
  read(sid: string): void {
    this.#lastRead.delete(sid);
    this.#lastRead.add(sid);
    if (this.#lastRead.size > MAX_LAST_READ)
      for (const oldest of this.#lastRead) return void this.#lastRead.delete(oldest);
  }

  /**
   * Whether the time of creation must be read from the row: the object may be a copy of a session.
   * A Session under an id that no request has read is new.
   */
  mustRead(sid: string, session: SessionData): boolean {
    if (this.#createdAt.has(session)) return false;
    const { id, save } = session as Partial<Session>;
    return id !== sid || typeof save !== 'function' || this.#lastRead.has(sid);
  }

  /** The JSON with a time of creation: its own, or else the session's. */
  stamp(json: string, session: SessionData): string {
    if (json.includes(CREATED_AT) && fieldAt(json, CREATED_AT)) return json;
    return withField(json, `"${CREATED_AT}":${this.#createdAtOf(session)}`);
  }

  #createdAtOf(session: SessionData): number {
    const createdAt = this.#createdAt.get(session) ?? Date.now();
    this.#createdAt.set(session, createdAt);
    return createdAt;
  }
}

/** Removes the time of creation from a session that was read, and returns it. */
export function removeCreatedAt(session: object): unknown {
  const object = session as Record<string, unknown>;
  const createdAt = object[CREATED_AT];
  delete object[CREATED_AT];
  return createdAt;
}

/** Drops a time of creation that the app has set. */
export function withoutCreatedAt(json: string): string {
  if (!json.includes(CREATED_AT)) return json;
  return join(new Map([...split(json)].filter(([key]) => key !== CREATED_AT)));
}
