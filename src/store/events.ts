// The events that the store emits.
import type { EventEmitter } from 'node:events';
import { Store } from 'express-session';
import type { SessionStoreError } from '../errors.js';

/** A save or a touch found that its session was destroyed or expired, and wrote nothing. */
export interface GoneEvent {
  /** The SHA-256 of the session id, in hexadecimal. */
  handle: string;
  /** The method that was called. */
  during: 'set' | 'touch';
}

/**
 * A save found that other requests had changed the session since it was loaded, and merged its
 * changes.
 */
export interface ConflictEvent {
  /** The SHA-256 of the session id, in hexadecimal. */
  handle: string;
  /** The top-level keys that other requests had changed. */
  keys: string[];
  /**
   * The keys that this save changed too. Their other values are lost. `update()` would have kept
   * them. A key of `mergeWithin` is among them only if both changed the same value in it.
   */
  overwritten: string[];
}

/**
 * A live row does not hold a session: it is not a JSON object, or cannot be decrypted. The store
 * does not change it.
 */
export interface UnreadableEvent {
  /** The SHA-256 of the session id, in hexadecimal. */
  handle: string;
}

/**
 * Pruning could not delete an expired session, and went on with the others. Emitted once for each
 * such session and pruning.
 */
export interface KeptEvent {
  /** The SHA-256 of the session id, in hexadecimal. */
  handle: string;
  /** Why PostgreSQL keeps the row: a foreign key, a trigger, row-level security, a lock. */
  error: SessionStoreError;
}

/**
 * Pruning deleted expired sessions: one event for each statement that deleted some, after its
 * commit. Only the process that deleted them emits it, and each session is in one event at most. If
 * the process or its connection breaks between the commit and the event, the event is lost.
 */
export interface ExpiredEvent {
  /** The SHA-256 of each session id, in hexadecimal. At most `pruneBatchSize`. */
  handles: string[];
}

/**
 * Sessions were deleted, by a store with the option `revocations` or by connect-pg-typed/admin, in
 * any process.
 */
export interface RevokedEvent {
  /** The SHA-256 of each session id, in hexadecimal. At most 120. */
  handles: string[];
}

/** The parameters of each event's listeners. */
export interface StoreEvents {
  gone: [event: GoneEvent];
  conflict: [event: ConflictEvent];
  unreadable: [event: UnreadableEvent];
  kept: [event: KeptEvent];
  expired: [event: ExpiredEvent];
  revoked: [event: RevokedEvent];
  resync: [];
}

type Listener<Name extends keyof StoreEvents> = (...args: StoreEvents[Name]) => void;

/** A store on which only its own events compile. */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: EventEmitter has all these methods
export abstract class StoreWithEvents extends Store {}

export interface StoreWithEvents {
  on<Name extends keyof StoreEvents>(event: Name, listener: Listener<Name>): this;
  once<Name extends keyof StoreEvents>(event: Name, listener: Listener<Name>): this;
  off<Name extends keyof StoreEvents>(event: Name, listener: Listener<Name>): this;
  addListener<Name extends keyof StoreEvents>(event: Name, listener: Listener<Name>): this;
  prependListener<Name extends keyof StoreEvents>(event: Name, listener: Listener<Name>): this;
  prependOnceListener<Name extends keyof StoreEvents>(event: Name, listener: Listener<Name>): this;
  removeListener<Name extends keyof StoreEvents>(event: Name, listener: Listener<Name>): this;
  emit<Name extends keyof StoreEvents>(event: Name, ...args: StoreEvents[Name]): boolean;
}

export class Events {
  /** How often these were emitted, for `stats()`. */
  readonly count = { gone: 0, conflict: 0, unreadable: 0 };
  readonly #emitter: EventEmitter;

  constructor(emitter: EventEmitter) {
    this.#emitter = emitter;
  }

  isListenedTo(name: keyof StoreEvents): boolean {
    return this.#emitter.listenerCount(name) > 0;
  }

  /**
   * Emits on the next tick, outside any promise: an error of a listener must not fail the work.
   */
  emitLater<Name extends keyof StoreEvents>(name: Name, ...args: StoreEvents[Name]): void {
    if (name in this.count) this.count[name as keyof Events['count']]++;
    process.nextTick(() => this.#emitter.emit(name, ...args));
  }
}
