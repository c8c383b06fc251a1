// Remembers what each Session was loaded from, so that a save knows what the request changed.
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Session, SessionData } from 'express-session';
import { clock } from '../clock.js';
import type { Codec } from '../session/codec.js';
import { CookieState } from '../session/cookie.js';
import { privateField } from './private-field.js';

/** A live row as it was read or written. */
export class StoredRow {
  readonly #readJson: () => string;
  #json: string | undefined;

  /** @param readJson returns the session's JSON. Called at first use: most requests only read */
  constructor(
    /** The payload as the server has it. */
    readonly text: string,
    /** Seconds to live when it was read or written. */
    readonly secondsLeft: number,
    readJson: () => string,
  ) {
    this.#readJson = readJson;
  }

  get json(): string {
    this.#json ??= this.#readJson();
    return this.#json;
  }
}

/** What `get` read for the object that it returned. A class, for the reason at `QueuedCall`. */
export class Reading {
  constructor(
    readonly sid: string,
    readonly text: string,
    /** Whether the row lives longer than its session says. The next write may correct that. */
    readonly mayShorten: boolean,
    /** When the row expires, in milliseconds of `clock()`. */
    readonly expiresAt: number,
  ) {}
}

/** What is known about the row of a Session, and what the Session held then. */
export class Snapshot {
  readonly #base: string | undefined;

  /** @param base the Session's JSON. Default: the row's. The row has more if others saved */
  constructor(
    readonly sid: string,
    readonly row: StoredRow,
    readonly cookie: CookieState,
    readonly mayShorten: boolean,
    /** When the row expires at the earliest, in milliseconds of `clock()`. */
    public expiresAt: number,
    /** The Session's keys, if it does not have all keys of its base: some are in its prototype. */
    readonly keys: readonly string[] | undefined,
    base?: string,
  ) {
    this.#base = base;
  }

  get base(): string {
    return this.#base ?? this.row.json;
  }
}

/** What one request did, for frameworks whose sessions are not express-session's. */
interface RequestScope {
  /** The request's first reading of each session, or its last save of it. */
  readonly snapshots: Map<string, Snapshot>;
  readonly destroyed: Set<string>;
}

/** What a Session held when it was written. */
export interface Written {
  json: string;
  cookie: CookieState;
}

/** Holds the snapshots for as long as a request holds its Session. */
export class Snapshots {
  readonly #codec: Codec;
  readonly #readings = privateField<Reading>();
  readonly #snapshots = privateField<Snapshot>();
  /** Made by the first `runScope`: for other apps, get() would pay for it. */
  #scopes: AsyncLocalStorage<RequestScope> | undefined;

  constructor(codec: Codec) {
    this.#codec = codec;
  }

  runScope<T>(next: () => T): T {
    this.#scopes ??= new AsyncLocalStorage();
    return this.#scopes.run({ snapshots: new Map(), destroyed: new Set() }, next);
  }

  /** The request that the call belongs to, if it has a scope. */
  get scope(): RequestScope | undefined {
    return this.#scopes?.getStore();
  }

  /** Records what `get` read for the object that it returns. */
  read(session: SessionData, reading: Reading): void {
    this.#readings.set(session, reading);
    const { scope } = this;
    if (!scope) return;
    const snapshot = this.#loadedFrom(reading, session, undefined);
    this.#snapshots.set(session, snapshot);
    // A later reading does not count: the request may hold what the first one returned.
    if (!scope.snapshots.has(reading.sid)) scope.snapshots.set(reading.sid, snapshot);
  }

  /** Records that express-session made a Session from an object: when it loads or reloads one. */
  loaded(from: SessionData, session: Session & SessionData): void {
    const reading = this.#readings.get(from);
    if (!reading) return;
    const keys = Object.keys(session);
    const isWhole = keys.length === Object.keys(from).length;
    this.#snapshots.set(session, this.#loadedFrom(reading, session, isWhole ? undefined : keys));
  }

  #loadedFrom({ sid, text, mayShorten, expiresAt }: Reading, { cookie }: SessionData, keys: string[] | undefined) {
    const row = new StoredRow(text, 0, () => this.#codec.jsonIn(sid, text));
    return new Snapshot(sid, row, new CookieState(cookie), mayShorten, expiresAt, keys);
  }

  /**
   * Records that a Session was written. For another object without a scope, the next `set` is still
   * its first.
   */
  saved(sid: string, session: SessionData, { json, cookie }: Written, row: StoredRow): void {
    const { id, save } = session as Partial<Session>;
    const isSession = id === sid && typeof save === 'function';
    const { scope } = this;
    if (!isSession && !scope) return;
    const expiresAt = clock() + row.secondsLeft * 1000;
    const snapshot = new Snapshot(sid, row, cookie, false, expiresAt, undefined, json);
    this.#snapshots.set(session, snapshot);
    scope?.snapshots.set(sid, snapshot);
  }

  /** The snapshot of a Session that was loaded or saved under this id, or that of the scope. */
  of(sid: string, session: SessionData): Snapshot | undefined {
    const snapshot = this.#snapshots.get(session);
    return snapshot?.sid === sid ? snapshot : this.scope?.snapshots.get(sid);
  }
}
