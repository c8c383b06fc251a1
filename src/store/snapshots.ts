// Remembers what each Session was loaded from, so that a save knows what the request changed.
import type { Session, SessionData } from 'express-session';
import type { Codec } from '../session/codec.js';
import type { Fields } from '../session/payload.js';

/** A live row as it was read or written. */
export interface StoredRow {
  /** The payload as the server has it. */
  text: string;
  fields: Fields;
  /** Set if the row was read or written just now. */
  secondsLeft?: number;
}

/** What `get` read for the object that it returned. */
export class Reading {
  constructor(
    readonly sid: string,
    readonly text: string,
    /**
     * Whether the row lives longer than its session says, so that the next write may correct it.
     */
    readonly mayShorten: boolean,
    /** When the row expires, in milliseconds of `performance.now()`. */
    readonly expiresAt: number,
  ) {}
}

/** What is known about the row of a Session, and what the Session held then. */
export interface Snapshot {
  sid: string;
  row: StoredRow;
  /**
   * The Session's fields. The row has more if others saved, or if a key was in the Session's
   * prototype.
   */
  base: Fields;
  mayShorten: boolean;
  /** When the row expires at the earliest, in milliseconds of `performance.now()`. */
  expiresAt: number;
}

/** Splits the row's text into fields only for a request that saves: most requests only read. */
class LoadedSnapshot implements Snapshot {
  readonly sid: string;
  readonly mayShorten: boolean;
  expiresAt: number;
  readonly #text: string;
  readonly #keys: string[] | undefined;
  readonly #codec: Codec;
  #row: StoredRow | undefined;

  /** @param keys the Session's keys, if it does not have all keys of the row */
  constructor({ sid, text, mayShorten, expiresAt }: Reading, keys: string[] | undefined, codec: Codec) {
    this.sid = sid;
    this.mayShorten = mayShorten;
    this.expiresAt = expiresAt;
    this.#text = text;
    this.#keys = keys;
    this.#codec = codec;
  }

  get row(): StoredRow {
    this.#row ??= { text: this.#text, fields: this.#fields() };
    return this.#row;
  }

  /** With the cookie that `get` gave the session if the row has none. */
  #fields(): Fields {
    const fields = this.#codec.fieldsIn(this.sid, this.#text);
    if (/^"cookie":[{[]/.test(fields.get('cookie') ?? '')) return fields;
    return new Map([...fields, ...this.#codec.fieldsOf({ cookie: { originalMaxAge: null } })]);
  }

  get base(): Fields {
    const { fields } = this.row;
    return this.#keys ? new Map([...fields].filter(([key]) => this.#keys!.includes(key))) : fields;
  }
}

/** Holds the snapshots for as long as a request holds its Session. */
export class Snapshots {
  readonly #codec: Codec;
  readonly #readings = new WeakMap<SessionData, Reading>();
  readonly #snapshots = new WeakMap<SessionData, Snapshot>();

  constructor(codec: Codec) {
    this.#codec = codec;
  }

  /** Records what `get` read for the object that it returns. */
  read(session: SessionData, reading: Reading): void {
    this.#readings.set(session, reading);
  }

  /** Records that express-session made a Session from an object: when it loads or reloads one. */
  loaded(from: SessionData, session: Session & SessionData): void {
    const reading = this.#readings.get(from);
    if (!reading) return;
    const keys = Object.keys(session);
    const isWhole = keys.length === Object.keys(from).length;
    this.#snapshots.set(session, new LoadedSnapshot(reading, isWhole ? undefined : keys, this.#codec));
  }

  /** Records that a Session was written. For another object, the next `set` is still its first. */
  saved(sid: string, session: SessionData, base: Fields, row: StoredRow): void {
    const { id, save } = session as Partial<Session>;
    if (id !== sid || typeof save !== 'function') return;
    const expiresAt = performance.now() + (row.secondsLeft ?? 0) * 1000;
    this.#snapshots.set(session, { sid, row, base, mayShorten: false, expiresAt });
  }

  /** The snapshot of a Session that was loaded or saved under this id. */
  of(sid: string, session: SessionData): Snapshot | undefined {
    const snapshot = this.#snapshots.get(session);
    return snapshot?.sid === sid ? snapshot : undefined;
  }
}
