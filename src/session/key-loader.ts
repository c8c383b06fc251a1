// Loads the keys of sessions by a function of the app, such as one that asks a key management
// service.
import { clock } from '../clock.js';
import { SessionStoreError } from '../errors.js';

const MAX_AGE_MS = 600_000; // as jose's createRemoteJWKSet
const PAUSE_MS = 30_000;
const MAX_SEARCHES = 100;
const GIVE_UP = 0.9; // of the time to the deadline, so that the caller gets this error and not TIMEOUT

export interface KeyLoaderOptions {
  load: () => unknown;
  /** Throws if the keys are not valid. */
  use: (keys: unknown) => void;
  /** The id of the key of a stored text, if that key is missing. */
  missingKeyOf: (text: string) => string | undefined;
  /** Called if the keys could not be refreshed. */
  onError: (error: unknown) => void;
  /** Milliseconds after which keys are refreshed. Default: 600,000. */
  maxAgeMs?: number;
  /** Milliseconds between searches for a missing key, and after a failure. Default: 30,000. */
  pauseMs?: number;
}

export class KeyLoader {
  readonly #options: KeyLoaderOptions;
  #loading: Promise<void> | undefined;
  // Times in milliseconds of `clock()`.
  #loadedAt: number | undefined;
  #retryAt = 0;
  #reportAt = 0;
  readonly #searchAt = new Map<string, number>();

  constructor(options: KeyLoaderOptions) {
    this.#options = options;
  }

  /**
   * Waits for the first keys. While older ones are refreshed, calls go on with the keys that there
   * are. After twice their maximum age, in a process without calls, a call waits for new ones. If
   * the function fails, it goes on.
   *
   * @param mustBeFresh whether to wait after the maximum age
   */
  async ready(deadline: number, mustBeFresh = false): Promise<void> {
    if (this.#loadedAt === undefined) return this.#load(deadline);
    const { maxAgeMs = MAX_AGE_MS, onError } = this.#options;
    const now = clock();
    const ages = (now - this.#loadedAt) / maxAgeMs;
    const isWaiting = mustBeFresh || ages >= 2;
    if (ages < 1 || now < this.#retryAt || (this.#loading && !isWaiting)) return;
    const refreshed = this.#load(deadline).catch((error) => {
      if (clock() < this.#reportAt) return; // another call has reported it
      this.#reportAt = this.#retryAt;
      onError(error);
    });
    if (isWaiting) await refreshed;
  }

  /** Loads the keys again if the text needs a key that is missing, but not for each such text. */
  async find(text: string, deadline: number): Promise<void> {
    const id = this.#options.missingKeyOf(text);
    if (id === undefined || clock() < (this.#searchAt.get(id) ?? 0)) return;
    await this.#load(deadline);
    if (this.#searchAt.size === MAX_SEARCHES) this.#searchAt.clear();
    this.#searchAt.set(id, this.#afterPause());
  }

  /** Calls at the same time share the work. After a failure, the next call tries again. */
  #load(deadline: number): Promise<void> {
    this.#loading ??= this.#loadNow();
    const loading = this.#loading;
    const limitMs = (deadline - clock()) * GIVE_UP;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        this.#ended(loading);
        this.#retryAt = this.#afterPause();
        reject(failed(`did not return within ${Math.round(limitMs)} ms`));
      }, limitMs);
    });
    return Promise.race([loading, late]).finally(() => clearTimeout(timer));
  }

  /** Uses the keys also if they come after the deadlines of all calls. */
  #loadNow(): Promise<void> {
    const startedAt = clock();
    const load = async () => {
      const keys = await (async () => this.#options.load())().catch((cause) => {
        throw failed('failed. See the cause', cause); // which may show a key
      });
      if (startedAt < (this.#loadedAt ?? 0)) return; // a later load was faster
      this.#options.use(keys);
      this.#loadedAt = clock();
    };
    const failing = (error: unknown) => {
      this.#retryAt = this.#afterPause();
      throw error;
    };
    const loading: Promise<void> = load()
      .catch(failing)
      .finally(() => this.#ended(loading));
    return loading;
  }

  #afterPause(): number {
    return clock() + (this.#options.pauseMs ?? PAUSE_MS);
  }

  #ended(loading: Promise<void>): void {
    if (this.#loading === loading) this.#loading = undefined;
  }
}

const failed = (how: string, cause?: unknown) =>
  new SessionStoreError('KEYS', `the function encryption.keys ${how}`, { cause });
