// Listens for revoked sessions on a connection of its own, and connects again when that breaks.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client, ClientConfig, Pool } from 'pg';
import { createClient, destroySocket, socketOf } from '../postgres/pg-internals.js';
import { backoffMs } from '../postgres/retry.js';
import { HANDLE } from '../session/handle.js';

export interface RevocationListenerOptions {
  config: ClientConfig;
  /** The pool whose class of client is used. Default: pg's. */
  pool?: Pool;
  /** Milliseconds that the server may take to answer. */
  timeoutMs: number;
  /**
   * Milliseconds between checks of the connection: a cut connection may send no error. Default:
   * 30,000.
   */
  checkMs?: number;
  onRevoked: (handles: string[]) => void;
  /** Called when it begins to listen: earlier notifications are lost. */
  onResync: () => void;
  /** Called once when the connection breaks, not on each failure to connect again. */
  onError: (error: unknown) => void;
}

const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 10_000;

export class RevocationListener {
  readonly #listenTo: string;
  readonly #options: RevocationListenerOptions;
  readonly #closing = new AbortController();
  readonly #ended: Promise<void>;

  /** @param channel a name that needs no quotes, since LISTEN takes no parameter */
  constructor(channel: string, options: RevocationListenerOptions) {
    this.#listenTo = `LISTEN ${channel}`;
    this.#options = options;
    this.#ended = this.#listenUntilClosed();
  }

  /** Resolves when the connection has ended. */
  close(): Promise<void> {
    this.#closing.abort();
    return this.#ended;
  }

  async #listenUntilClosed(): Promise<void> {
    const { signal } = this.#closing;
    for (let failures = 1; !signal.aborted; failures++) {
      const onListening = () => {
        failures = 1;
        this.#options.onResync();
      };
      const error = await this.#listen(onListening).catch((failure) => failure);
      if (signal.aborted) return;
      if (failures === 1) this.#options.onError(error);
      const pauseMs = backoffMs(failures, FIRST_PAUSE_MS, MAX_PAUSE_MS, 0.5);
      await sleep(pauseMs, undefined, { ref: false, signal }).catch(() => {});
    }
  }

  /** Resolves with the reason why it no longer listens. */
  async #listen(onListening: () => void): Promise<unknown> {
    const { config, pool, checkMs = 30_000 } = this.#options;
    const client = createClient(config, pool);
    const over = new AbortController();
    const end = () => over.abort(new Error('closed'));
    this.#closing.signal.addEventListener('abort', end);
    client.on('error', (error) => over.abort(error)); // without a listener it would end the process
    client.on('end', () => over.abort(new Error('the connection ended')));
    client.on('notification', ({ payload = '' }) => this.#notified(payload));
    try {
      await this.#within(client, client.connect(), over.signal);
      socketOf(client)?.unref(); // now, since TLS replaces the socket
      await this.#within(client, client.query(this.#listenTo), over.signal);
      onListening();
      while (await sleep(checkMs, true, { ref: false, signal: over.signal }).catch(() => false)) {
        await this.#within(client, client.query(this.#listenTo), over.signal);
      }
      return over.signal.reason;
    } finally {
      this.#closing.signal.removeEventListener('abort', end);
      socketOf(client)?.ref(); // so that close() ends before the process
      await this.#within(client, client.end()).catch(() => {});
    }
  }

  /** Any role that may connect to the database can notify the channel, so only handles pass. */
  #notified(payload: string): void {
    const handles = payload.split(' ').filter((word) => HANDLE.test(word));
    if (handles.length > 0) this.#options.onRevoked(handles);
  }

  /**
   * Destroys the connection, so that the work fails, if the server takes too long or the signal
   * aborts.
   */
  async #within<T>(client: Client, work: Promise<T>, signal?: AbortSignal): Promise<T> {
    const destroy = () => destroySocket(socketOf(client)!);
    const timer = setTimeout(destroy, this.#options.timeoutMs).unref();
    signal?.addEventListener('abort', destroy);
    if (signal?.aborted) destroy();
    try {
      return await work;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', destroy);
    }
  }
}

/**
 * How the listener connects, or undefined without the option.
 *
 * @throws {TypeError} if the option is true, and the pool does not say where it connects
 */
export function listenerConfig(
  revocations: boolean | { connectionString: string } | undefined,
  pool: Pool,
): ClientConfig | undefined {
  if (!revocations) return undefined;
  const config: ClientConfig | undefined = typeof revocations === 'object' ? revocations : pool.options;
  if (config) return config;
  throw new TypeError(
    'revocations: this pool does not say where it connects. Use { connectionString } instead of true',
  );
}
