// The calls of a store that are under way: bounded in time and number, counted, refused after the end.
import { channel } from 'node:diagnostics_channel';
import { SessionStoreError, timedOut } from '../errors.js';
import type { OnEnd } from './callback-or-promise.js';

/** What `node:diagnostics_channel` publishes under `connect-pg-typed:call` when a call has been answered. */
export interface CallMessage {
  /** `get`, `set`, `touch`, `destroy`, ... */
  method: string;
  /** Milliseconds from the call to its answer. */
  durationMs: number;
  /** What it failed with. */
  error?: unknown;
}

const CALLS = channel('connect-pg-typed:call');

export interface CallsOptions {
  timeoutMs: number;
  /** How many may be under way. */
  most: number;
}

/**
 * A call that is under way, in a list in the order of the deadlines; in a list of its own where it has none. A class, since V8 puts
 * what a literal makes among the old objects once many have lived for a while, and with it all that they hold.
 */
class Call {
  /** In milliseconds of `performance.now()`. */
  readonly deadline: number;
  before: Call = this;
  after: Call = this;
  #onEnd: OnEnd<any> | undefined;

  constructor(deadline: number, onEnd?: OnEnd<any>) {
    this.deadline = deadline;
    this.#onEnd = onEnd;
  }

  enter(list: Call): void {
    this.before = list.before;
    this.after = list;
    this.before.after = this;
    list.before = this;
  }

  /** Leaves the list, and tells how it ended, once. Answers whether it was this time. */
  end(error: unknown, result?: unknown): boolean {
    this.before.after = this.after;
    this.after.before = this.before;
    this.before = this;
    this.after = this;
    const onEnd = this.#onEnd;
    this.#onEnd = undefined;
    onEnd?.(error, result);
    return onEnd !== undefined;
  }
}

export class Calls {
  readonly #timeoutMs: number;
  readonly #most: number;
  readonly #list = new Call(Infinity);
  #timer: NodeJS.Timeout | undefined;
  #underWay = 0;
  #closed = false;
  #onIdle: (() => void) | undefined;
  /** How many there were. */
  count = 0;
  /** How many were answered because their time was over. */
  timeouts = 0;

  constructor({ timeoutMs, most }: CallsOptions) {
    this.#timeoutMs = timeoutMs;
    this.#most = most;
  }

  /**
   * Ends with an error of code CLOSED, OVERLOADED or TIMEOUT, or as the work does.
   *
   * @param work is given its deadline, in milliseconds of `performance.now()`
   * @param options `unlimited` for work that may take as long as it takes
   */
  run<T>(method: string, work: (deadline: number) => Promise<T>, onEnd: OnEnd<T>, { unlimited = false } = {}): void {
    const begun = performance.now();
    const call = new Call(
      unlimited ? Infinity : begun + this.#timeoutMs,
      CALLS.hasSubscribers ? published(onEnd, method, begun) : onEnd,
    );
    const refusal = this.#refusal();
    if (refusal) {
      call.end(refusal);
      return;
    }
    this.count++;
    this.#underWay++;
    if (!unlimited) this.#limit(call);
    work(call.deadline).then(
      (result) => this.#ended(call, null, result),
      (error) => this.#ended(call, error ?? new Error(`the session store failed with ${error}`)),
    );
  }

  /** When all that was under way has ended. What comes after is refused. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#underWay > 0) await new Promise<void>((resolve) => (this.#onIdle = resolve));
    clearTimeout(this.#timer);
  }

  #refusal(): SessionStoreError | undefined {
    if (this.#closed) return new SessionStoreError('CLOSED', 'the session store has been closed');
    if (this.#underWay < this.#most) return undefined;
    const why = `${this.#most} calls of the session store wait for its database already`;
    return new SessionStoreError('OVERLOADED', why);
  }

  #ended(call: Call, error: unknown, result?: unknown): void {
    if (call.end(error, result) && isTimeout(error)) this.timeouts++; // a timer below was quicker than ours
    if (--this.#underWay === 0) this.#onIdle?.();
  }

  /** One timer, for the first of the list. It keeps no process alive: what is waited for does. */
  #limit(call: Call): void {
    call.enter(this.#list);
    this.#timer ??= setTimeout(() => this.#endLate(), this.#timeoutMs).unref();
  }

  #endLate(): void {
    const now = performance.now();
    while (this.#list.after.deadline <= now) {
      this.timeouts++;
      this.#list.after.end(timedOut());
    }
    const next = this.#list.after;
    const isAll = next === this.#list;
    this.#timer = isAll ? undefined : setTimeout(() => this.#endLate(), Math.max(next.deadline - now, 1)).unref();
  }
}

const isTimeout = (error: unknown): boolean => error instanceof SessionStoreError && error.code === 'TIMEOUT';

function published<T>(onEnd: OnEnd<T>, method: string, begun: number): OnEnd<T> {
  return (error, result) => {
    const message: CallMessage = { method, durationMs: performance.now() - begun };
    CALLS.publish(error === null ? message : { ...message, error });
    onEnd(error, result);
  };
}
