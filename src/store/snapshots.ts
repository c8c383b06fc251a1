// What a request loaded, what it changed, and how its changes go onto what others have saved in the meantime.
import { isDeepStrictEqual } from 'node:util';
import type { Session, SessionData } from 'express-session';
import type { Vault } from '../session/codec.js';
import { BIRTH } from '../session/lifetime.js';
import type { Fields } from '../session/payload.js';

/** A live row as it was read, or as it was written. */
export interface Row {
  /** The payload as the server has it. */
  text: string;
  fields: Fields;
  /** Seconds left to live, where it was read or written just now. */
  ttl?: number;
}

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

/** The keys that differ, each with its new field or, where it was removed, undefined. */
export type Changes = ReadonlyMap<string, string | undefined>;

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

/** What the request has made of `base`. That the cookie's `expires` moved is no change: every request moves it. */
export function changesOf(base: Fields, mine: Fields): Changes {
  return differences(base, mine, (one, other) => one === other || JSON.stringify(objectOf(one)) === `{${other}}`);
}

/** What others have made of the row, by value: a `jsonb` column has a spelling of its own. */
export function othersChanges(read: Row, found: Row): Changes {
  return differences(
    read.fields,
    found.fields,
    (one, other) => one === other || isDeepStrictEqual(objectOf(one), objectOf(other)),
  );
}

/** What a row becomes when the request's changes are laid over it, key by key. */
export function applyChanges(row: Fields, changes: Changes, mine: Fields): Fields {
  const fields = new Map(row);
  for (const [key, field] of changes) {
    if (field === undefined) fields.delete(key);
    else fields.set(key, field);
  }
  const cookie = mine.get('cookie');
  if (cookie && isSameCookie(fields.get('cookie'), cookie)) fields.set('cookie', cookie); // with its newer date
  return fields;
}

/**
 * But for `expires`, and for less than a second of `originalMaxAge`: express-session's `touch()` reads the clock twice, and so
 * makes 59,999 of 60,000 now and then.
 */
export function isSameCookie(one: string | undefined, other: string | undefined): boolean {
  if (one === other || isSpelledTheSame(one, other)) return true;
  const [a, b] = [cookieOf(one), cookieOf(other)];
  const isSameAge = isDrift(Number(a.originalMaxAge ?? NaN), Number(b.originalMaxAge ?? NaN));
  return isDeepStrictEqual(a, isSameAge ? { ...b, originalMaxAge: a.originalMaxAge } : b);
}

/** As express-session begins a cookie, up to the end of what every request moves. */
const MOVING = /^"cookie":\{"originalMaxAge":(\d+),"expires":"[^"\\]*"/;

/** Quicker than to parse them, and so it is for most: every request saves the cookie that it loaded, but for its date. */
function isSpelledTheSame(one = '', other = ''): boolean {
  const [a, b] = [MOVING.exec(one), MOVING.exec(other)];
  if (!a || !b || !isDrift(Number(a[1]), Number(b[1]))) return false;
  return one.slice(a[0].length) === other.slice(b[0].length);
}

/** In milliseconds. */
const isDrift = (one: number, other: number): boolean => Math.abs(one - other) < 1000;

function differences(before: Fields, after: Fields, isSame: (one: string, other: string) => boolean): Changes {
  const changes = new Map<string, string | undefined>();
  for (const [key, field] of after) {
    const old = before.get(key);
    if (old !== undefined && (key === 'cookie' ? isSameCookie(old, field) : isSame(old, field))) continue;
    changes.set(key, field);
  }
  for (const key of before.keys()) if (!after.has(key)) changes.set(key, undefined);
  changes.delete(BIRTH); // it lies in the row, but is the session's only where nobody asked for a lifetime
  return changes;
}

const objectOf = (field: string) => JSON.parse(`{${field}}`);

/** With what express-session adds to a cookie that lacks it, as a script may have written one. */
function cookieOf(field: string | undefined): Record<string, unknown> {
  const { cookie } = field === undefined ? {} : objectOf(field);
  return { path: '/', httpOnly: true, ...cookie, originalMaxAge: cookie?.originalMaxAge ?? null, expires: undefined };
}
