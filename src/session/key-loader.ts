// Loads the keys of sessions by a function of the app, such as one that asks a key management service.
import { SessionStoreError } from '../errors.js';

const MAX_AGE_MS = 600_000; // as jose's createRemoteJWKSet
const PAUSE_MS = 30_000;
const GIVE_UP = 0.9; // of the time to the deadline, so that the caller gets this error and not TIMEOUT

export interface KeyLoaderOptions {
  load: () => unknown;
  /** Throws if the keys are not valid. */
  use: (keys: unknown) => void;
  /** Whether a stored text is encrypted with a key that is missing. */
  lacksKeyOf: (text: string) => boolean;
  /** Called if the keys could not be refreshed. */
  onError: (error: unknown) => void;
  /** Milliseconds after which keys are refreshed. Default: 600,000. */
  maxAgeMs?: number;
  /** Milliseconds from one search for a missing key to the next, and after a failed refresh. Default: 30,000. */
  pauseMs?: number;
}

export class KeyLoader {
  readonly #options: KeyLoaderOptions;
  #loading: Promise<void> | undefined;
  /** Times in milliseconds of `performance.now()`. Undefined: there are no keys yet. */
  #refreshAt: number | undefined;
  #searchAt = 0;

  constructor(options: KeyLoaderOptions) {
    this.#options = options;
  }

  /** Waits for the first keys. Later calls use the keys that there are, while older ones are refreshed. */
  async ready(deadline: number): Promise<void> {
    if (this.#refreshAt === undefined) return this.#load(deadline);
    const now = performance.now();
    if (now < this.#refreshAt) return;
    this.#refreshAt = now + (this.#options.pauseMs ?? PAUSE_MS);
    this.#load(deadline).catch(this.#options.onError);
  }

  /** Loads the keys again if the text needs a key that is missing, but not for each such text. */
  async find(text: string, deadline: number): Promise<void> {
    if (!this.#options.lacksKeyOf(text) || performance.now() < this.#searchAt) return;
    await this.#load(deadline);
    this.#searchAt = performance.now() + (this.#options.pauseMs ?? PAUSE_MS);
  }

  /** Calls at the same time share the work. After a failure, the next call tries again. */
  #load(deadline: number): Promise<void> {
    this.#loading ??= this.#loadNow((deadline - performance.now()) * GIVE_UP).finally(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  }

  async #loadNow(limitMs: number): Promise<void> {
    const { load, use, maxAgeMs = MAX_AGE_MS } = this.#options;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(failed(`did not return within ${Math.round(limitMs)} ms`)), limitMs);
    });
    const loading = (async () => load())().catch((cause) => {
      throw failed('failed. See the cause', cause); // which may show a key
    });
    use(await Promise.race([loading, late]).finally(() => clearTimeout(timer)));
    this.#refreshAt = performance.now() + maxAgeMs;
  }
}

const failed = (how: string, cause?: unknown) =>
  new SessionStoreError('KEYS', `the function encryption.keys ${how}`, { cause });
