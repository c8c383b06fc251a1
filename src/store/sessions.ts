// Gets, saves, touches and destroys sessions: in order for each session, and without losing what
// other requests save.
import type { SessionData } from 'express-session';
import type { Deadline } from '../postgres/deadline.js';
import { applyChanges, type Changes, changesOf, isSameCookie, othersChanges } from '../session/changes.js';
import type { Codec } from '../session/codec.js';
import type { Expiry } from '../session/expiry.js';
import { handleOf } from '../session/handle.js';
import { type Lifetime, withoutCreatedAt } from '../session/lifetime.js';
import { type Fields, withCookie } from '../session/payload.js';
import type { RowsById } from '../table/session-rows.js';
import { escapingMissing } from '../table/untranslatable.js';
import { type Change, compareAndSwap } from './compare-and-swap.js';
import type { Events, GoneEvent } from './events.js';
import { Reading, type Snapshot, type Snapshots, type StoredRow } from './snapshots.js';

export interface SessionsOptions {
  rows: RowsById;
  codec: Codec;
  expiry: Expiry;
  /** Undefined with `concurrency: 'overwrite'`. */
  snapshots: Snapshots | undefined;
  lifetime: Lifetime | undefined;
  events: Events;
  log: (message: string, error: unknown) => void;
}

/** A save or touch: what the session holds at the time of the call. */
interface Save {
  fields: Fields;
  /** Seconds to live. */
  ttl: number;
  deadline: Deadline;
}
interface Touch {
  cookie: string | undefined;
  /** Seconds to live. */
  ttl: number;
  deadline: Deadline;
  during: GoneEvent['during'];
}

export class Sessions {
  readonly #rows: RowsById;
  readonly #codec: Codec;
  readonly #expiry: Expiry;
  readonly #snapshots: Snapshots | undefined;
  readonly #lifetime: Lifetime | undefined;
  readonly #events: Events;
  readonly #log: SessionsOptions['log'];
  readonly #queue = new SessionQueue();

  constructor({ rows, codec, expiry, snapshots, lifetime, events, log }: SessionsOptions) {
    this.#rows = rows;
    this.#codec = codec;
    this.#expiry = expiry;
    this.#snapshots = snapshots;
    this.#lifetime = lifetime;
    this.#events = events;
    this.#log = log;
  }

  async get(sid: string, deadline: Deadline): Promise<SessionData | null> {
    const pending = this.#queue.settled(sid);
    if (pending) await pending;
    const row = await this.#rows.get(sid, deadline);
    const session = row ? this.toSession(sid, row) : null;
    if (row && session) {
      const mayShorten = this.#expiry.mayShorten(session, row.secondsLeft);
      const expiresAt = performance.now() + row.secondsLeft * 1000;
      this.#snapshots?.read(session, new Reading(sid, row.sess, mayShorten, expiresAt));
    }
    return session;
  }

  async set(sid: string, session: SessionData, deadline: Deadline): Promise<void> {
    const save: Save = { fields: this.#fieldsOf(session), ttl: this.#secondsToLive(session), deadline };
    await this.#queue.run(sid, () => {
      const snapshot = this.#snapshots?.of(sid, session);
      return snapshot ? this.#merge(sid, session, snapshot, save) : this.#write(sid, session, save);
    });
  }

  async touch(sid: string, session: SessionData, deadline: Deadline): Promise<void> {
    const ttl = this.#secondsToLive(session);
    if (this.#queue.isIdle(sid) && !this.#isWorthTouching(sid, session, ttl)) return; // true for most
    const cookie = this.#codec.fieldsOf({ cookie: session.cookie }).get('cookie');
    const touch: Touch = { cookie, ttl, deadline, during: 'touch' };
    await this.#queue.run(sid, () => this.#touch(sid, session, touch), { isTouch: true });
  }

  update(sid: string, change: (session: SessionData) => void, deadline: Deadline): Promise<SessionData | null> {
    return this.#queue.run(sid, () => this.#update(sid, change, deadline));
  }

  async destroy(sid: string, deadline: Deadline): Promise<void> {
    await this.#queue.run(sid, () => this.#rows.destroy(sid, deadline));
  }

  /** Records that express-session made a Session from an object that `get` returned. */
  created(from: SessionData, session: Parameters<Snapshots['loaded']>[1]): void {
    this.#snapshots?.loaded(from, session);
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
      const session = withCookie(this.#codec.decode(sid, sess, handle));
      this.#lifetime?.take(session);
      const lifeLeft = this.#lifetime?.secondsLeft(session) ?? secondsLeft;
      if (lifeLeft === 0) return null; // the row lives on only if it was touched before there was a lifetime
      this.#expiry.restoreExpires(session, Math.min(secondsLeft, lifeLeft));
      return session;
    } catch (error) {
      if (!this.#events.isListenedTo('unreadable')) this.#log('A row does not hold a session:', error);
      this.#events.emitLater('unreadable', { handle: handle(sid) });
      return null;
    }
  }

  /** The first save of a Session, and each save of another object. */
  async #write(sid: string, session: SessionData, { fields, ttl, deadline }: Save): Promise<void> {
    const stamped = this.#stamp(fields, session);
    let payload = '';
    await escapingMissing(this.#codec.charset, () => {
      payload = this.#codec.encode(sid, stamped);
      return this.#rows.set({ sid, payload, ttl }, deadline);
    });
    this.#snapshots?.saved(sid, session, fields, { text: payload, fields: stamped, secondsLeft: ttl });
  }

  /** The save of a Session that was loaded or saved before: merges its changes into the row. */
  async #merge(sid: string, session: SessionData, snapshot: Snapshot, save: Save): Promise<void> {
    const { fields, ttl, deadline } = save;
    const cookie = fields.get('cookie');
    const changes = changesOf(snapshot.base, fields);
    if (changes.size === 0) return this.#touch(sid, session, { cookie, ttl, deadline, during: 'set' });
    const shorten = mayShorten(snapshot, cookie);
    let others: Changes = new Map();
    const change = (row: StoredRow): Change => {
      if (row !== snapshot.row) others = othersChanges(snapshot.row.fields, row.fields);
      const merged = this.#stamp(applyChanges(row.fields, changes, fields), session);
      // If another request changed the cookie, its expiry stays.
      return isSameCookie(merged.get('cookie'), cookie)
        ? { fields: merged, ttl, mayShorten: shorten }
        : { fields: merged, ttl: 0, mayShorten: false };
    };
    const options = { deadline, read: snapshot.row, idempotent: true };
    const row = await compareAndSwap({ rows: this.#rows, codec: this.#codec }, sid, change, options);
    if (!row) return this.#events.emitLater('gone', { handle: handleOf(sid), during: 'set' });
    this.#snapshots?.saved(sid, session, fields, row);
    if (others.size > 0) {
      const keys = [...others.keys()];
      const overwritten = keys.filter((key) => changes.has(key));
      this.#events.emitLater('conflict', { handle: handleOf(sid), keys, overwritten });
    }
  }

  async #touch(sid: string, session: SessionData, { cookie, ttl, deadline, during }: Touch): Promise<void> {
    if (!this.#isWorthTouching(sid, session, ttl)) return;
    const snapshot = this.#snapshots?.of(sid, session);
    const isLive = await this.#rows.touch({ sid, ttl, mayShorten: mayShorten(snapshot, cookie) }, deadline);
    if (!isLive) this.#events.emitLater('gone', { handle: handleOf(sid), during });
    else if (snapshot) snapshot.expiresAt = performance.now() + ttl * 1000;
  }

  async #update(sid: string, change: (session: SessionData) => void, deadline: Deadline): Promise<SessionData | null> {
    let changed: SessionData | null = null;
    const changeRow = ({ text, secondsLeft = 0 }: StoredRow): Change | undefined => {
      changed = this.toSession(sid, { sess: text, secondsLeft });
      if (!changed) return undefined;
      const before = this.#fieldsOf(changed);
      const returned: unknown = change(changed);
      if (typeof Object(returned).then === 'function') {
        Promise.resolve(returned).catch(() => {}); // the error below is enough
        throw new TypeError('update() needs a function that is not async. Do slow work before update()');
      }
      const fields = this.#fieldsOf(changed);
      const isCookieChanged = before.get('cookie') !== fields.get('cookie'); // including expires
      if (!isCookieChanged && changesOf(before, fields).size === 0) return undefined;
      const stamped = this.#stamp(fields, changed);
      return isCookieChanged && this.#expiry.isByCookie
        ? { fields: stamped, ttl: this.#secondsToLive(changed), mayShorten: true }
        : { fields: stamped, ttl: secondsLeft, mayShorten: false };
    };
    const options = { deadline, idempotent: false };
    const row = await compareAndSwap({ rows: this.#rows, codec: this.#codec }, sid, changeRow, options);
    return row && changed;
  }

  #isWorthTouching(sid: string, session: SessionData, ttl: number): boolean {
    const snapshot = this.#snapshots?.of(sid, session);
    return snapshot === undefined || this.#expiry.isWorthTouching(ttl, snapshot.expiresAt);
  }

  #secondsToLive(session: SessionData): number {
    const ttl = this.#expiry.secondsToLive(session);
    return this.#lifetime ? Math.min(ttl, this.#lifetime.secondsLeft(session)) : ttl;
  }

  #fieldsOf(session: SessionData): Fields {
    const fields = this.#codec.fieldsOf(session);
    return this.#lifetime ? withoutCreatedAt(fields) : fields;
  }

  #stamp(fields: Fields, session: SessionData): Fields {
    return this.#lifetime ? this.#lifetime.stamp(fields, session) : fields;
  }
}

/**
 * A request that did not change the cookie must not shorten the life that another request gave the
 * session.
 */
const mayShorten = (snapshot: Snapshot | undefined, cookie: string | undefined): boolean =>
  snapshot === undefined || snapshot.mayShorten || !isSameCookie(snapshot.base.get('cookie'), cookie);

/** The pending writes of a session. */
interface Pending {
  writes: Promise<void>;
  /** Without touches, whose effect a read cannot see. */
  changes: Promise<void> | undefined;
}

/** Runs the writes of each session one after another, in the order of the calls. */
class SessionQueue {
  readonly #pending = new Map<string, Pending>();

  /** Runs `work` when the earlier writes of the session have ended. Without any, at once. */
  run<T>(sid: string, work: () => Promise<T>, { isTouch = false } = {}): Promise<T> {
    const before = this.#pending.get(sid);
    const result = before ? before.writes.then(work) : work();
    const ended = result.then(ignore, ignore);
    const pending = { writes: ended, changes: isTouch ? before?.changes : ended };
    this.#pending.set(sid, pending);
    void ended.then(() => {
      if (this.#pending.get(sid) === pending) this.#pending.delete(sid);
    });
    return result;
  }

  isIdle(sid: string): boolean {
    return !this.#pending.has(sid);
  }

  /** Resolves when a read sees all earlier writes. Undefined if it already does. */
  settled(sid: string): Promise<void> | undefined {
    return this.#pending.get(sid)?.changes;
  }
}

const ignore = () => {};
