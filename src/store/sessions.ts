// Gets, saves, touches and destroys sessions: in order for each session, and without losing what
// other requests save.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { SessionData } from 'express-session';
import { clock } from '../clock.js';
import type { Deadline } from '../postgres/deadline.js';
import { applyChanges, changesOf, hasSameLife } from '../session/changes.js';
import { type Codec, loadKeys } from '../session/codec.js';
import { ageIn, applyAge, CookieState, checkCookie, withCookie } from '../session/cookie.js';
import type { Expiry } from '../session/expiry.js';
import { handleOf } from '../session/handle.js';
import { type Lifetime, withoutCreatedAt } from '../session/lifetime.js';
import { fieldAt, join, split } from '../session/payload.js';
import { AsyncSerializerError } from '../session/serializer.js';
import type { RowsById } from '../table/session-rows.js';
import { escapingMissing } from '../table/untranslatable.js';
import { type Change, compareAndSwap } from './compare-and-swap.js';
import type { Log } from './error-log.js';
import type { Events, GoneEvent } from './events.js';
import { OwnChanges } from './own-changes.js';
import { SessionQueue, type WriteOptions } from './session-queue.js';
import { Reading, type Snapshot, type Snapshots, StoredRow, type Written } from './snapshots.js';

const LARGE = 2 ** 20; // characters: some 10 ms to parse

export interface SessionsOptions {
  rows: RowsById;
  codec: Codec;
  expiry: Expiry;
  snapshots: Snapshots;
  /** Whether a save writes the whole session. */
  overwrite: boolean;
  /** Top-level keys. A save merges the objects in them. */
  mergeWithin: readonly string[];
  /** Whether a touch of an unchanged session does nothing. */
  disableTouch: boolean;
  lifetime: Lifetime | undefined;
  /** How many bytes of JSON saves may hold while they wait. */
  maxWaitingBytes: number;
  events: Events;
  log: Log;
}

/** A save or touch: what the session holds at the time of the call. */
interface Save extends Written {
  /** Seconds to live, without the limit of the lifetime. */
  ttl: number;
  deadline: Deadline;
  during: GoneEvent['during'];
}
type Touch = Omit<Save, 'json'>;

export class Sessions {
  readonly #rows: RowsById;
  readonly #codec: Codec;
  readonly #expiry: Expiry;
  readonly #snapshots: Snapshots;
  readonly #overwrite: boolean;
  readonly #mergeWithin: readonly string[];
  readonly #disableTouch: boolean;
  readonly #lifetime: Lifetime | undefined;
  readonly #events: Events;
  readonly #log: Log;
  readonly #queue: SessionQueue;

  constructor(options: SessionsOptions) {
    const { rows, codec, expiry, snapshots, overwrite, disableTouch, lifetime, maxWaitingBytes, events, log } = options;
    this.#rows = rows;
    this.#codec = codec;
    this.#expiry = expiry;
    this.#snapshots = snapshots;
    this.#overwrite = overwrite;
    this.#mergeWithin = options.mergeWithin;
    this.#disableTouch = disableTouch;
    this.#lifetime = lifetime;
    this.#events = events;
    this.#log = log;
    this.#queue = new SessionQueue(maxWaitingBytes);
  }

  async get(sid: string, deadline: Deadline): Promise<SessionData | null> {
    const pending = this.#queue.settled(sid);
    if (pending) await pending;
    const row = await this.#rows.get(sid, deadline);
    const session = row ? this.toSession(sid, row) : null;
    if (row && session) {
      const mayShorten = this.#expiry.mayShorten(session, row.secondsLeft);
      const expiresAt = clock() + row.secondsLeft * 1000;
      this.#lifetime?.read(sid);
      this.#snapshots.read(session, new Reading(sid, row.sess, mayShorten, expiresAt));
    }
    return session;
  }

  set(sid: string, session: SessionData, deadline: Deadline): Promise<void> {
    if (this.#snapshots.scope?.destroyed.has(sid)) return Promise.resolve();
    const json = this.#jsonOf(session);
    const cookie = new CookieState(session.cookie);
    const save: Save = { json, cookie, ttl: this.#expiry.secondsToLive(session), deadline, during: 'set' };
    const write = () => {
      const snapshot = this.#overwrite ? undefined : this.#snapshots.of(sid, session);
      return snapshot ? this.#merge(sid, session, snapshot, save) : this.#write(sid, session, save);
    };
    return this.#enqueue(sid, write, deadline, { bytes: Buffer.byteLength(json) });
  }

  /** Moves the expiry. Also stores the cookie, if the request changed it. */
  async touch(sid: string, session: SessionData, deadline: Deadline): Promise<void> {
    if (this.#snapshots.scope?.destroyed.has(sid)) return;
    const cookie = new CookieState(session.cookie);
    const snapshot = this.#snapshots.of(sid, session);
    const isIdle = this.#queue.isIdle(sid);
    const isSameCookie = !snapshot || snapshot.cookie.isSame(cookie);
    if (isIdle && isSameCookie && this.#disableTouch) return;
    const ttl = this.#expiry.secondsToLive(session);
    const isWorthwhile =
      !snapshot ||
      this.#lifetime?.mustRead(sid, session) ||
      this.#isWorthTouching(snapshot, this.#limited(ttl, session));
    if (isIdle && isSameCookie && !isWorthwhile) return; // true for most
    const touch: Touch = { cookie, ttl, deadline, during: 'touch' };
    // Now, because the app may change the cookie while the touch waits.
    const json = isIdle && isSameCookie ? undefined : this.#codec.jsonOf({ cookie: session.cookie });
    await this.#enqueue(sid, () => this.#touch(sid, session, touch, json), deadline, { isTouch: json === undefined });
  }

  update(sid: string, change: (session: SessionData) => void, deadline: Deadline): Promise<SessionData | null> {
    return this.#enqueue(sid, () => this.#update(sid, change, deadline), deadline);
  }

  async destroy(sid: string, deadline: Deadline): Promise<void> {
    this.#snapshots.scope?.destroyed.add(sid);
    await this.#queue.run(sid, () => this.#rows.destroy(sid, deadline));
  }

  /** Runs a write in its turn, when there are keys to encrypt it. */
  #enqueue<T>(sid: string, work: () => Promise<T>, deadline: Deadline, options?: WriteOptions): Promise<T> {
    const run = this.#codec.keys ? () => loadKeys(this.#codec, deadline).then(work) : work;
    return this.#queue.run(sid, run, options);
  }

  requestScope<T>(next: () => T): T {
    return this.#snapshots.runScope(next);
  }

  /** Records that express-session made a Session from an object that `get` returned. */
  created(from: SessionData, session: Parameters<Snapshots['loaded']>[1]): void {
    this.#snapshots.loaded(from, session);
    this.#lifetime?.pass(from, session);
  }

  /**
   * The session in a row, or null after an `unreadable` event. `handle` gets the id or the `sid`
   * column.
   */
  toSession(
    sid: string,
    { sess, secondsLeft }: { sess: string; secondsLeft: number },
    handle = handleOf,
  ): SessionData | null {
    try {
      return this.#decode(sid, sess, secondsLeft, handle);
    } catch (error) {
      if (error instanceof AsyncSerializerError) throw error; // the app's mistake, not the row's
      if (!this.#events.isListenedTo('unreadable')) this.#log('A row does not hold a session:', error);
      this.#events.emitLater('unreadable', { handle: handle(sid) });
      return null;
    }
  }

  /** @throws {SyntaxError} if the text does not hold a session */
  #decode(sid: string, text: string, secondsLeft: number, handle = handleOf): SessionData | null {
    const session = withCookie(this.#codec.decode(sid, text, handle));
    this.#lifetime?.take(session);
    const lifeLeft = this.#lifetime?.secondsLeft(session) ?? secondsLeft;
    if (lifeLeft === 0) return null; // the row lives on only if it was touched before there was a lifetime
    this.#expiry.restoreExpires(session, Math.min(secondsLeft, lifeLeft));
    return session;
  }

  /** The first save of a Session, and each save of another object. */
  async #write(sid: string, session: SessionData, save: Save): Promise<void> {
    const { json, deadline } = save;
    if (this.#lifetime) await this.#inheritCreatedAt(sid, session, deadline);
    const stamped = this.#stamp(json, session);
    const ttl = this.#limited(save.ttl, session);
    let payload = '';
    await escapingMissing(this.#codec.charset, () => {
      payload = this.#codec.encode(sid, stamped);
      return this.#rows.set({ sid, payload, ttl }, deadline);
    });
    this.#snapshots.saved(sid, session, save, new StoredRow(payload, ttl, () => stamped));
  }

  /** The save of a Session that was loaded or saved before: merges its changes into the row. */
  async #merge(sid: string, session: SessionData, snapshot: Snapshot, save: Save): Promise<void> {
    const { json, deadline, during } = save;
    const own = new OwnChanges(snapshot, json, this.#mergeWithin);
    if (own.isEmpty) return this.#move(sid, session, save);
    if (this.#lifetime) await this.#inheritCreatedAt(sid, session, deadline);
    const ttl = this.#limited(save.ttl, session);
    const mayShorten = this.#mayShorten(snapshot) || own.hasCookie;
    let found = snapshot.row;
    let applied: string | undefined;
    const change = (row: StoredRow): Change | undefined => {
      found = row;
      applied = own.applyTo(row.json);
      if (applied === undefined) return undefined;
      const merged = this.#stamp(applied, session);
      // If another request changed the age of the cookie that decides, its expiry stays.
      const isSameLife = !this.#expiry.isByCookie || row.json === snapshot.base;
      return isSameLife || hasSameLife(fieldAt(merged, 'cookie'), fieldAt(json, 'cookie'))
        ? { json: merged, ttl, mayShorten }
        : { json: merged, ttl: 0, mayShorten: false };
    };
    const options = { deadline, read: snapshot.row, idempotent: true };
    const row = await compareAndSwap({ rows: this.#rows, codec: this.#codec }, sid, change, options);
    if (!row) return this.#events.emitLater('gone', { handle: handleOf(sid), during });
    if (applied === undefined) return this.#move(sid, session, save);
    this.#snapshots.saved(sid, session, save, row);
    if (found === snapshot.row) return;
    const conflict = own.conflictWith(snapshot.row.json, found.json);
    if (conflict) this.#events.emitLater('conflict', { handle: handleOf(sid), ...conflict });
  }

  /** @param json the session's cookie. Undefined if the request did not change it */
  #touch(sid: string, session: SessionData, touch: Touch, json: string | undefined): Promise<void> {
    const snapshot = this.#snapshots.of(sid, session);
    if (json && snapshot && !snapshot.cookie.isSame(touch.cookie)) {
      return this.#merge(sid, session, snapshot, { ...touch, json: withCookieOf(json, snapshot) });
    }
    return this.#move(sid, session, touch);
  }

  /** Moves the expiry of a session that the request did not change. */
  async #move(sid: string, session: SessionData, { ttl: wanted, deadline, during }: Touch): Promise<void> {
    if (this.#disableTouch) return;
    const snapshot = this.#snapshots.of(sid, session);
    if (this.#lifetime) await this.#inheritCreatedAt(sid, session, deadline);
    const ttl = this.#limited(wanted, session);
    if (snapshot && !this.#isWorthTouching(snapshot, ttl)) return;
    // Another request may have given the session a longer life. This one does not shorten it.
    const mayShorten = snapshot === undefined || this.#mayShorten(snapshot);
    const isLive = await this.#rows.touch({ sid, ttl, mayShorten }, deadline);
    if (!isLive) this.#events.emitLater('gone', { handle: handleOf(sid), during });
    else if (snapshot) snapshot.expiresAt = clock() + ttl * 1000;
  }

  async #update(sid: string, change: (session: SessionData) => void, deadline: Deadline): Promise<SessionData | null> {
    let changed: SessionData | null = null;
    const changeFound = (found: SessionData, { text, secondsLeft }: StoredRow): Change | undefined => {
      const cookie = JSON.stringify(found.cookie);
      const age = ageIn(found.cookie);
      const returned: unknown = change(found);
      if (typeof Object(returned).then === 'function') {
        Promise.resolve(returned).catch(() => {}); // the error below is enough
        throw new TypeError('update() needs a function that is not async. Do slow work before update()');
      }
      checkCookie(found.cookie);
      applyAge(found, age);
      const json = this.#jsonOf(found);
      const isCookieChanged = JSON.stringify(found.cookie) !== cookie; // including expires
      const base = this.#codec.jsonIn(sid, text);
      const difference = changesOf(base, json);
      const { changes } = difference;
      if (!isCookieChanged && changes.size === Number(changes.has('cookie'))) return undefined;
      const stamped = this.#stamp(applyChanges(base, difference, base, json), found);
      return isCookieChanged && this.#expiry.isByCookie
        ? { json: stamped, ttl: this.#limited(this.#expiry.secondsToLive(found), found), mayShorten: true }
        : { json: stamped, ttl: secondsLeft, mayShorten: false };
    };
    const changeRow = (row: StoredRow) => {
      const found = this.#decode(sid, row.text, row.secondsLeft);
      changed = found;
      if (!found || row.text.length < LARGE) return found ? changeFound(found, row) : undefined;
      return nextTurn().then(() => changeFound(found, row)); // parsing it has blocked the event loop already
    };
    const options = { deadline, idempotent: false };
    const row = await compareAndSwap({ rows: this.#rows, codec: this.#codec }, sid, changeRow, options);
    return row && changed;
  }

  /** Whether a write may end the session earlier. With a ttl, always: only the option decides. */
  #mayShorten(snapshot: Snapshot): boolean {
    return snapshot.mayShorten || !this.#expiry.isByCookie;
  }

  /** Whether a touch moves the expiry far enough. With `overwrite`, each touch does. */
  #isWorthTouching({ expiresAt }: Snapshot, ttl: number): boolean {
    return this.#overwrite || this.#expiry.isWorthTouching(ttl, expiresAt);
  }

  /** Seconds to live, limited by the lifetime. */
  #limited(ttl: number, session: SessionData): number {
    return this.#lifetime ? Math.min(ttl, this.#lifetime.secondsLeft(session)) : ttl;
  }

  /** Reads the creation time of an object that the store did not return, such as a copy. */
  async #inheritCreatedAt(sid: string, session: SessionData, deadline: Deadline): Promise<void> {
    if (!this.#lifetime!.mustRead(sid, session)) return;
    const row = await this.#rows.get(sid, deadline);
    const stored = row && this.toSession(sid, row);
    if (stored) this.#lifetime!.pass(stored, session);
  }

  #jsonOf(session: SessionData): string {
    const json = this.#codec.jsonOf(session);
    return this.#lifetime ? withoutCreatedAt(json) : json;
  }

  #stamp(json: string, session: SessionData): string {
    return this.#lifetime ? this.#lifetime.stamp(json, session) : json;
  }
}

/** The Session's JSON when it was loaded, with the cookie of another JSON. */
function withCookieOf(json: string, { base, keys }: Snapshot): string {
  const fields = new Map([...split(base)].filter(([key]) => key !== 'cookie' && (!keys || keys.includes(key))));
  const cookie = fieldAt(json, 'cookie');
  return join(cookie ? new Map([['cookie', cookie], ...fields]) : fields);
}
