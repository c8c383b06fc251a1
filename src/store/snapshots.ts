// Remembers what each Session was loaded from, so that a save knows what the request changed.
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Session, SessionData } from 'express-session';
import type { Codec } from '../session/codec.js';
import { CookieState } from '../session/cookie.js';
import { privateField } from './private-field.js';
import { RequestScope } from './request-scope.js';

/** A live row as it was read or written. */
export class StoredRow {
  /** The payload as the server has it. */
  readonly text: string;
  /** Seconds to live when it was read or written. */
  readonly secondsLeft: number;
  readonly #readJson: () => string;
  #json: string | undefined;

  /** @param readJson gets the JSON of the row's session: at its first use, since most requests only read */
  constructor(text: string, secondsLeft: number, readJson: () => string) {
    this.text = text;
    this.secondsLeft = secondsLeft;
    this.#readJson = readJson;
  }

  get json(): string {
    this.#json ??= this.#readJson();
    return this.#json;
  }
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
  /** The Session's JSON. The row has more if others saved. */
  base: string;
  /** The Session's keys, if it does not have all keys of its base: some are in its prototype. */
  keys: readonly string[] | undefined;
  cookie: CookieState;
  mayShorten: boolean;
  /** When the row expires at the earliest, in milliseconds of `performance.now()`. */
  expiresAt: number;
}

/** A class, so that the JSON is only read for a request that saves: most requests only read. */
class LoadedSnapshot implements Snapshot {
  readonly sid: string;
  readonly row: StoredRow;
  readonly keys: readonly string[] | undefined;
  readonly cookie: CookieState;
  readonly mayShorten: boolean;
  expiresAt: number;

  constructor(reading: Reading, cookie: CookieState, keys: string[] | undefined, codec: Codec) {
    const { sid, text, mayShorten, expiresAt } = reading;
    this.sid = sid;
    this.row = new StoredRow(text, 0, () => codec.jsonIn(sid, text));
    this.keys = keys;
    this.cookie = cookie;
    this.mayShorten = mayShorten;
    this.expiresAt = expiresAt;
  }

  get base(): string {
    return this.row.json;
  }
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

  /** Runs `next` as a request of its own. */
  runScope<T>(next: () => T): T {
    this.#scopes ??= new AsyncLocalStorage();
    return this.#scopes.run(new RequestScope(), next);
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
    const snapshot = new LoadedSnapshot(reading, new CookieState(session.cookie), undefined, this.#codec);
    this.#snapshots.set(session, snapshot);
    scope.read(snapshot);
  }

  /** Records that express-session made a Session from an object: when it loads or reloads one. */
  loaded(from: SessionData, session: Session & SessionData): void {
    const reading = this.#readings.get(from);
    if (!reading) return;
    const keys = Object.keys(session);
    const isWhole = keys.length === Object.keys(from).length;
    const cookie = new CookieState(session.cookie);
    this.#snapshots.set(session, new LoadedSnapshot(reading, cookie, isWhole ? undefined : keys, this.#codec));
  }

  /**
   * Records that a Session was written. For another object without a scope, the next `set` is still its first.
   */
  saved(sid: string, session: SessionData, { json: base, cookie }: Written, row: StoredRow): void {
    const { id, save } = session as Partial<Session>;
    const isSession = id === sid && typeof save === 'function';
    const { scope } = this;
    if (!isSession && !scope) return;
    const expiresAt = performance.now() + row.secondsLeft * 1000;
    const snapshot = { sid, row, base, keys: undefined, cookie, mayShorten: false, expiresAt };
    this.#snapshots.set(session, snapshot);
    scope?.saved(snapshot);
  }

  /** The snapshot of a Session that was loaded or saved under this id, or else of the request's scope. */
  of(sid: string, session: SessionData): Snapshot | undefined {
    const snapshot = this.#snapshots.get(session);
    return snapshot?.sid === sid ? snapshot : this.scope?.snapshotOf(sid);
  }
}
