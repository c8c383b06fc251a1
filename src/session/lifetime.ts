// How long a session may live at most, whatever is done to keep it alive.
import type { SessionData } from 'express-session';
import type { Fields } from './payload.js';

/** Where a session's birth lies in its payload, in milliseconds since 1970: the table has no column for it. */
export const BIRTH = 'ss__birth';

/** Whose birth is not known is born when it is asked for: a new session, or one from before there was a limit. */
export class Lifetime {
  readonly #ms: number;
  readonly #births = new WeakMap<object, number>();

  /** @param seconds that a session may live from its birth on */
  constructor(seconds: number) {
    this.#ms = seconds * 1000;
  }

  /** Takes the birth off a session that was read. */
  take(session: SessionData): void {
    const { [BIRTH]: birth } = session as unknown as Record<string, unknown>;
    delete (session as unknown as Record<string, unknown>)[BIRTH];
    if (typeof birth === 'number') this.#births.set(session, Math.min(birth, Date.now()));
  }

  /** A session was made of another. */
  pass(from: SessionData, to: SessionData): void {
    const birth = this.#births.get(from);
    if (birth !== undefined) this.#births.set(to, birth);
  }

  /** Seconds that the session may live yet: 0 when its time is over. */
  left(session: SessionData): number {
    return Math.max((this.#birthOf(session) + this.#ms - Date.now()) / 1000, 0);
  }

  /** The fields of a row with the birth that they have or else the session has. */
  stamp(fields: Fields, session: SessionData): Fields {
    if (fields.has(BIRTH)) return fields;
    return new Map([...fields, [BIRTH, `${JSON.stringify(BIRTH)}:${this.#birthOf(session)}`]]);
  }

  #birthOf(session: SessionData): number {
    const birth = this.#births.get(session) ?? Date.now();
    this.#births.set(session, birth);
    return birth;
  }
}

/** What an app has put where the birth lies is not the birth. */
export function withoutBirth(fields: Fields): Fields {
  return fields.has(BIRTH) ? new Map([...fields].filter(([key]) => key !== BIRTH)) : fields;
}
