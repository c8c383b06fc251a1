// What a request loaded, what it changed, and how its changes go onto what others have saved in the meantime.
import type { Session, SessionData } from 'express-session';
import type { Row } from '../session/changes.js';
import type { Vault } from '../session/codec.js';
import type { Fields } from '../session/payload.js';

/** What `get` read for the object that it handed out. */
export class Reading {
  constructor(
    readonly sid: string,
    readonly text: string,
    /** Whether the row lives longer than its session says, so that the next write may put that right. */
    readonly mayShorten: boolean,
    /** When the row expires, in milliseconds of `performance.now()`. */
    readonly expiresAt: number,
  ) {}
}

/** What is known of the row of a Session, and what the Session itself held then. */
export interface Snapshot {
  sid: string;
  row: Row;
  /** Less than the row where others have saved, and where express-session dropped keys that its prototype has. */
  base: Fields;
  mayShorten: boolean;
  /** When the row expires at the earliest, in milliseconds of `performance.now()`. */
  expiresAt: number;
}

/** Reads the row's text once more, but only for a request that saves: most only look. */
class LoadedSnapshot implements Snapshot {
  readonly sid: string;
  readonly mayShorten: boolean;
  expiresAt: number;
  readonly #text: string;
  readonly #keys: string[] | undefined;
  readonly #vault: Vault;
  #row: Row | undefined;

  /** @param keys those of the Session, where it has not all of the row's */
  constructor({ sid, text, mayShorten, expiresAt }: Reading, keys: string[] | undefined, vault: Vault) {
    this.sid = sid;
    this.mayShorten = mayShorten;
    this.expiresAt = expiresAt;
    this.#text = text;
    this.#keys = keys;
    this.#vault = vault;
  }

  get row(): Row {
    this.#row ??= { text: this.#text, fields: this.#fields() };
    return this.#row;
  }

  /** With the cookie that the Session was given where the row has none. */
  #fields(): Fields {
    const fields = this.#vault.fieldsIn(this.sid, this.#text);
    if (/^"cookie":[{[]/.test(fields.get('cookie') ?? '')) return fields;
    return new Map([...fields, ...this.#vault.fieldsOf({ cookie: { originalMaxAge: null } })]);
  }

  get base(): Fields {
    const { fields } = this.row;
    return this.#keys ? new Map([...fields].filter(([key]) => this.#keys!.includes(key))) : fields;
  }
}

/** Remembers, for as long as a request holds its Session, what the Session was made of. */
export class Snapshots {
  readonly #vault: Vault;
  readonly #readings = new WeakMap<SessionData, Reading>();
  readonly #snapshots = new WeakMap<SessionData, Snapshot>();

  constructor(vault: Vault) {
    this.#vault = vault;
  }

  /** `get` hands this object out. */
  read(session: SessionData, reading: Reading): void {
    this.#readings.set(session, reading);
  }

  /** express-session has made a Session of an object: on load and on reload. */
  loaded(from: SessionData, session: Session & SessionData): void {
    const reading = this.#readings.get(from);
    if (!reading) return;
    const keys = Object.keys(session);
    const isWhole = keys.length === Object.keys(from).length;
    this.#snapshots.set(session, new LoadedSnapshot(reading, isWhole ? undefined : keys, this.#vault));
  }

  /** A Session has been written. Another object has not become one by that: the next `set` of it is a first one again. */
  saved(sid: string, session: SessionData, base: Fields, row: Row): void {
    const { id, save } = session as Partial<Session>;
    if (id !== sid || typeof save !== 'function') return;
    this.#snapshots.set(session, {
      sid,
      row,
      base,
      mayShorten: false,
      expiresAt: performance.now() + (row.ttl ?? 0) * 1000,
    });
  }

  /** What the session was loaded or last saved as, under this id; undefined where it never was. */
  of(sid: string, session: SessionData): Snapshot | undefined {
    const snapshot = this.#snapshots.get(session);
    return snapshot?.sid === sid ? snapshot : undefined;
  }
}
