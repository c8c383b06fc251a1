// Hears on a connection of its own which sessions are revoked: LISTEN, and again whenever that connection has broken.
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import pg, { type ClientConfig, type Pool } from 'pg';
import { HANDLE } from '../session/handle.js';
import type { StoreOptions } from './options.js';

export interface RevocationsOptions {
  /** How to connect. */
  config: pg.ClientConfig;
  /** Milliseconds that the server may take to answer. */
  timeoutMs: number;
  /** Milliseconds from one look at the connection to the next: one that was cut in silence says nothing by itself. Default: 30,000. */
  checkMs?: number;
  onRevoked: (handles: string[]) => void;
  /** It listens from now on; what was said before was not heard. */
  onResync: () => void;
  /** Told why nothing is heard, once for each time that this begins. */
  onError: (error: unknown) => void;
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;

export class Revocations {
  readonly #listenTo: string;
  readonly #options: RevocationsOptions;
  readonly #closing = new AbortController();
  readonly #ended: Promise<void>;

  /** @param channel is made of what needs no quotes, since LISTEN takes a name and no parameter */
  constructor(channel: string, options: RevocationsOptions) {
    this.#listenTo = `LISTEN ${channel}`;
    this.#options = options;
    this.#ended = this.#listenUntilClosed();
  }

  /** When the connection has ended. */
  close(): Promise<void> {
    this.#closing.abort();
    return this.#ended;
  }

  async #listenUntilClosed(): Promise<void> {
    const { signal } = this.#closing;
    for (let failures = 0; !signal.aborted; failures++) {
      const onListening = () => {
        failures = 0;
        this.#options.onResync();
      };
      const error = await this.#listen(onListening).catch((failure) => failure);
      if (signal.aborted) return;
      if (failures === 0) this.#options.onError(error);
      const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** failures, LONGEST_PAUSE_MS);
      await sleep(pauseMs * (0.5 + Math.random() / 2), undefined, { ref: false, signal }).catch(() => {});
    }
  }

  /** Answers with why it is over. */
  async #listen(onListening: () => void): Promise<unknown> {
    const { config, checkMs = 30_000 } = this.#options;
    const client = new pg.Client(config);
    const over = new AbortController();
    const end = () => over.abort(new Error('closed'));
    this.#closing.signal.addEventListener('abort', end);
    client.on('error', (error) => over.abort(error)); // without anybody who listens it would end the process
    client.on('end', () => over.abort(new Error('the connection ended')));
    client.on('notification', ({ payload = '' }) => this.#hear(payload));
    try {
      await this.#within(client, client.connect(), over.signal);
      socketOf(client).unref(); // now, since TLS brings another
      await this.#within(client, client.query(this.#listenTo), over.signal);
      onListening();
      while (await sleep(checkMs, true, { ref: false, signal: over.signal }).catch(() => false)) {
        await this.#within(client, client.query(this.#listenTo), over.signal);
      }
      return over.signal.reason;
    } finally {
      this.#closing.signal.removeEventListener('abort', end);
      await this.#within(client, client.end()).catch(() => {});
    }
  }

  /** Anybody who may connect to the database can say anything there. */
  #hear(payload: string): void {
    const handles = payload.split(' ').filter((word) => HANDLE.test(word));
    if (handles.length > 0) this.#options.onRevoked(handles);
  }

  /** Cuts the connection off when the server takes too long, or what is waited for is over: then the work fails. */
  async #within<T>(client: pg.Client, work: Promise<T>, signal?: AbortSignal): Promise<T> {
    const cutOff = () => socketOf(client).destroy();
    const timer = setTimeout(cutOff, this.#options.timeoutMs).unref();
    signal?.addEventListener('abort', cutOff);
    if (signal?.aborted) cutOff();
    try {
      return await work;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', cutOff);
    }
  }
}

const socketOf = (client: pg.Client) => (client as unknown as { connection: { stream: Socket } }).connection.stream;
/** How to connect to listen to revocations; undefined where nobody does. */

export function listenerConfig({ revocations }: StoreOptions, pool: Pool): ClientConfig | undefined {
  if (!revocations) return undefined;
  const config: ClientConfig | undefined = typeof revocations === 'object' ? revocations : pool.options;
  if (config) return config;
  throw new TypeError(
    'revocations: this pool does not say where it connects: give { connectionString } instead of true',
  );
}
