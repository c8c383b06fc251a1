// The calls of a store that are under way: bounded in time and number, counted, refused after the end.
import { channel } from 'node:diagnostics_channel';
import { SessionStoreError, timedOut } from './errors.js';

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

export class Calls {
  readonly #timeoutMs: number;
  readonly #most: number;
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
   * @param work is given its deadline, in milliseconds of `performance.now()`; undefined where it may take as long as it takes
   * @throws {SessionStoreError} CLOSED, OVERLOADED, TIMEOUT
   */
  run<T>(method: string, work: (deadline: number) => Promise<T>, { timeoutMs = this.#timeoutMs } = {}): Promise<T> {
    const begun = performance.now();
    const answered = this.#refusal() ?? this.#start(work, begun, timeoutMs);
    return CALLS.hasSubscribers ? published(answered, method, begun) : answered;
  }

  /** When all that was under way has ended. What comes after is refused. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#underWay > 0) await new Promise<void>((resolve) => (this.#onIdle = resolve));
  }

  #refusal(): Promise<never> | undefined {
    if (this.#closed) return Promise.reject(new SessionStoreError('CLOSED', 'the session store has been closed'));
    if (this.#underWay < this.#most) return undefined;
    const why = `${this.#most} calls of the session store wait for its database already`;
    return Promise.reject(new SessionStoreError('OVERLOADED', why));
  }

  #start<T>(work: (deadline: number) => Promise<T>, begun: number, timeoutMs: number): Promise<T> {
    this.count++;
    this.#underWay++;
    return new Promise((resolve, reject) => {
      const onTime = () => {
        this.timeouts++;
        reject(timedOut());
      };
      const timer = timeoutMs < Infinity ? setTimeout(onTime, timeoutMs) : undefined;
      const ended = () => {
        clearTimeout(timer);
        if (--this.#underWay === 0) this.#onIdle?.();
      };
      work(begun + timeoutMs).then(
        (result) => {
          ended();
          resolve(result);
        },
        (error) => {
          ended();
          reject(error);
        },
      );
    });
  }
}

async function published<T>(answered: Promise<T>, method: string, begun: number): Promise<T> {
  const publish = (outcome: { error?: unknown }) =>
    CALLS.publish({ method, durationMs: performance.now() - begun, ...outcome } satisfies CallMessage);
  try {
    const result = await answered;
    publish({});
    return result;
  } catch (error) {
    publish({ error });
    throw error;
  }
}
