// The store's calls in flight: each ends in a callback or a promise, at the latest at its deadline.
import { AsyncResource } from 'node:async_hooks';
import { channel } from 'node:diagnostics_channel';
import { clock } from '../clock.js';
import { overloaded, SessionStoreError, type SessionStoreErrorCode, timedOut } from '../errors.js';
import { type Deadline, Expiring } from '../postgres/deadline.js';

export type Callback<T> = (error: any, result?: T) => void;

/** Called once with the error, or with null and the result. */
export type OnEnd<T> = (error: unknown, result?: T) => void;

/** The methods that `stats()` counts, and that the diagnostics channel names. */
export type StoreMethod =
  | 'get'
  | 'set'
  | 'touch'
  | 'update'
  | 'destroy'
  | 'all'
  | 'length'
  | 'clear'
  | 'pruneSessions'
  | 'createTable'
  | 'health';

/**
 * The message that `node:diagnostics_channel` publishes on `connect-pg-typed:call` when a call
 * ends.
 */
export interface CallMessage {
  /** The method that was called. */
  method: StoreMethod;
  /** Milliseconds from the call to its end. */
  durationMs: number;
  /** The error, if the call failed. */
  error?: unknown;
}

const CALLS = channel('connect-pg-typed:call');

/** The part of `maxWaiting` and `maxWaitingBytes` that one session may use. */
export const SESSION_SHARE = 0.1;

/** An in-flight call. A class, for the reason given at `QueuedCall`. */
class InFlightCall extends Expiring {
  #onEnd: OnEnd<any> | undefined;
  /** That of the caller: one timer serves the calls of all requests. */
  readonly #context = new AsyncResource('connect-pg-typed');

  constructor(
    readonly calls: InFlightCalls,
    deadline: Deadline,
    readonly sid: string | undefined,
    onEnd: OnEnd<any>,
  ) {
    super(deadline);
    this.#onEnd = onEnd;
  }

  /** Ends the call, once. */
  end(error: unknown, result?: unknown): void {
    const onEnd = this.#onEnd;
    if (!onEnd) return;
    this.#onEnd = undefined;
    if (error !== null) this.calls.errorsByCode[codeOf(error)]++;
    onEnd(error, result);
  }

  protected expire(): void {
    this.#context.runInAsyncScope(this.end, this, timedOut());
  }
}

export interface CallLimits {
  unlimited?: boolean;
  sid?: string;
}

export class InFlightCalls {
  readonly #timeoutMs: number;
  readonly #maxWaiting: number;
  readonly #maxOfSession: number;
  /** The calls in flight of each session that has any. */
  readonly #ofSession = new Map<string, number>();
  #inFlight = 0;
  #isClosed = false;
  #onIdle: (() => void) | undefined;
  /** Calls so far, without those that this class refused. */
  readonly callsByMethod: Record<StoreMethod, number> = {
    get: 0,
    set: 0,
    touch: 0,
    update: 0,
    destroy: 0,
    all: 0,
    length: 0,
    clear: 0,
    pruneSessions: 0,
    createTable: 0,
    health: 0,
  };
  /** Failed calls so far, with refused ones. */
  readonly errorsByCode: Record<SessionStoreErrorCode | 'OTHER', number> = {
    DATABASE: 0,
    TIMEOUT: 0,
    CONFLICT: 0,
    OVERLOADED: 0,
    KEYS: 0,
    CLOSED: 0,
    OLD_STORE: 0,
    OTHER: 0,
  };

  /**
   * @param timeoutMs milliseconds that each call may take
   * @param maxWaiting calls in flight at most
   */
  constructor(timeoutMs: number, maxWaiting: number) {
    this.#timeoutMs = timeoutMs;
    this.#maxWaiting = maxWaiting;
    this.#maxOfSession = Math.ceil(maxWaiting * SESSION_SHARE);
  }

  /**
   * Runs `work`. Ends with its outcome, or with an error of code CLOSED, OVERLOADED or TIMEOUT.
   *
   * @param limits `unlimited`: whether the call has no deadline. `sid`: the session of the call
   */
  run<T>(
    method: StoreMethod,
    work: (deadline: Deadline) => Promise<T>,
    onEnd: OnEnd<T>,
    { unlimited = false, sid }: CallLimits = {},
  ): void {
    const startedAt = clock();
    const deadline = unlimited ? Infinity : startedAt + this.#timeoutMs;
    const ended = CALLS.hasSubscribers ? published(onEnd, method, startedAt) : onEnd;
    const call = new InFlightCall(this, deadline, sid, ended);
    const ofSession = sid === undefined ? 0 : (this.#ofSession.get(sid) ?? 0);
    const refusal = this.#refusal(ofSession);
    if (refusal) {
      call.end(refusal);
      return;
    }
    this.callsByMethod[method]++;
    this.#inFlight++;
    if (sid !== undefined) this.#ofSession.set(sid, ofSession + 1);
    call.watch();
    outcomeOf(work, deadline).then(
      (result) => this.#ended(call, null, result),
      (error) => this.#ended(call, error ?? new Error(`the session store failed with ${error}`)),
    );
  }

  /** Refuses new calls. Resolves when those in flight have ended. */
  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#inFlight > 0) await new Promise<void>((resolve) => (this.#onIdle = resolve));
  }

  #refusal(ofSession: number): SessionStoreError | undefined {
    if (this.#isClosed) return new SessionStoreError('CLOSED', 'the session store is closed');
    if (this.#inFlight >= this.#maxWaiting) {
      return overloaded(`${this.#maxWaiting} session calls are in flight (maxWaiting). The database is not keeping up`);
    }
    if (ofSession < this.#maxOfSession) return undefined;
    return overloaded(`${ofSession} calls of this session are in flight, a tenth of maxWaiting`);
  }

  #ended(call: InFlightCall, error: unknown, result?: unknown): void {
    call.unwatch();
    if (call.sid !== undefined) this.#leave(call.sid);
    call.end(error, result);
    if (--this.#inFlight === 0) this.#onIdle?.();
  }

  #leave(sid: string): void {
    const left = this.#ofSession.get(sid)! - 1;
    if (left > 0) this.#ofSession.set(sid, left);
    else this.#ofSession.delete(sid);
  }
}

/** The outcome of `work`, which may throw. */
function outcomeOf<T>(work: (deadline: Deadline) => Promise<T>, deadline: Deadline): Promise<T> {
  try {
    return work(deadline);
  } catch (error) {
    return Promise.reject(error);
  }
}

const codeOf = (error: unknown) => (error instanceof SessionStoreError ? error.code : 'OTHER');

function published<T>(onEnd: OnEnd<T>, method: StoreMethod, startedAt: number): OnEnd<T> {
  return (error, result) => {
    const message: CallMessage = { method, durationMs: clock() - startedAt };
    CALLS.publish(error === null ? message : { ...message, error });
    onEnd(error, result);
  };
}

/**
 * Calls the callback, once, on a later tick and outside any promise. Without a callback, returns a
 * promise.
 *
 * @param start starts the work, which calls its parameter once
 * @param onUnhandled called if the promise rejects and has no handler
 */
export function callbackOrPromise<T>(
  callback: Callback<T> | undefined,
  start: (onEnd: OnEnd<T>) => void,
  onUnhandled: (error: unknown) => void,
): Promise<T> | undefined {
  if (typeof callback === 'function') {
    start((error, result) => {
      if (error === null) process.nextTick(callback, null, result);
      else process.nextTick(callback, error);
    });
    return undefined;
  }
  const outcome = new Promise<T>((resolve, reject) => {
    start((error, result) => (error === null ? resolve(result as T) : reject(error)));
  });
  return new CallPromise<T>(outcome, onUnhandled);
}

/**
 * A promise that calls `onUnhandled` if it rejects and has no other handler, so that the process
 * goes on.
 */
class CallPromise<T> extends Promise<T> {
  static override readonly [Symbol.species] = Promise;
  #hasHandler = false;

  constructor(outcome: Promise<T>, onUnhandled: (error: unknown) => void) {
    super((resolve) => resolve(outcome));
    super.then(undefined, (error) => {
      if (!this.#hasHandler) onUnhandled(error);
    });
  }

  // biome-ignore lint/suspicious/noThenProperty: overriding then() is how this class knows of handlers
  override then<A = T, B = never>(
    onResult?: ((value: T) => A | PromiseLike<A>) | null,
    onError?: ((reason: any) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.#hasHandler = true;
    return super.then(onResult, onError);
  }
}
