// A TCP proxy in front of the database that makes the network slow, silent or broken.
import { once } from 'node:events';
import net from 'node:net';
import { onEnd } from './harness.js';

/**
 * - `pass`: forwards all bytes, `delayMs` late
 * - `black hole`: keeps connections open, accepts new ones, and forwards nothing. The next `pass`
 *   forwards the bytes of those that are still open.
 * - `reset`: resets every connection, also new ones
 * - `refuse`: resets every connection, and stops listening
 */
export type Mode = 'pass' | 'black hole' | 'reset' | 'refuse';

export class TcpProxy {
  /** The server's URL, with the proxy's host and port. */
  readonly url: string;
  readonly #server: net.Server;
  readonly #port: number;
  readonly #links = new Set<Link>();
  #target: URL;
  #mode: Mode = 'pass';
  #delayMs = 0;

  private constructor(server: net.Server, target: URL) {
    this.#server = server.on('connection', (client) => this.#connect(client));
    this.#port = (server.address() as net.AddressInfo).port;
    this.#target = target;
    const url = new URL(target);
    url.host = `127.0.0.1:${this.#port}`;
    this.url = url.href;
  }

  /** @param url the server's URL; default: the test server's */
  static async start(url = process.env.TEST_SERVER_URL!): Promise<TcpProxy> {
    const server = net.createServer({ noDelay: true, allowHalfOpen: true }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const proxy = new TcpProxy(server, new URL(url));
    onEnd(() => proxy.set('refuse'));
    return proxy;
  }

  get connections(): number {
    return this.#links.size;
  }

  /** Resolves when the mode is active. */
  async set(mode: Mode, { delayMs = 0 } = {}): Promise<void> {
    const isOpen = this.#mode !== 'refuse';
    this.#mode = mode;
    this.#delayMs = delayMs;
    if (mode === 'refuse' && isOpen) this.#server.close();
    if (mode !== 'refuse' && !isOpen) await once(this.#server.listen(this.#port, '127.0.0.1'), 'listening');
    if (mode === 'refuse' || mode === 'reset') this.resetAll();
    for (const link of this.#links) link.pump();
  }

  /** Resets all connections. New connections work. */
  resetAll(): void {
    for (const link of this.#links) link.reset();
  }

  /** Stops forwarding on all connections, without closing them. New connections work. */
  forgetAll(): void {
    for (const link of this.#links) link.isForgotten = true;
  }

  /** Sends new connections to this server. Open connections stay with the old one. */
  leadTo(url: string): void {
    this.#target = new URL(url);
  }

  #connect(client: net.Socket): void {
    if (this.#mode === 'reset') {
      client.on('error', () => {}).resetAndDestroy();
      return;
    }
    const { hostname: host, port } = this.#target;
    const server = net.connect({ host, port: Number(port || 5432), noDelay: true, allowHalfOpen: true });
    const delay = () => (this.#mode === 'black hole' || link.isForgotten ? undefined : this.#delayMs);
    const link: Link = new Link(client, server, delay);
    this.#links.add(link);
    client.once('close', () => this.#links.delete(link));
  }
}

/** One connection through the proxy. */
class Link {
  readonly #client: net.Socket;
  readonly #server: net.Socket;
  readonly #directions: Direction[];
  isForgotten = false;

  /** @param delay milliseconds, or undefined to forward nothing */
  constructor(client: net.Socket, server: net.Socket, delay: () => number | undefined) {
    this.#client = client;
    this.#server = server;
    this.#directions = [new Direction(client, server, delay), new Direction(server, client, delay)];
    for (const socket of [client, server]) socket.on('error', () => this.reset());
    client.once('close', () => server.destroy());
  }

  pump(): void {
    for (const direction of this.#directions) direction.pump();
  }

  reset(): void {
    for (const direction of this.#directions) direction.drop();
    this.#client.resetAndDestroy();
    this.#server.destroy();
  }
}

/** The bytes in flight from one socket to the other. */
class Direction {
  readonly #to: net.Socket;
  readonly #delay: () => number | undefined;
  #inFlight: { bytes: Buffer | null; receivedAt: number }[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(from: net.Socket, to: net.Socket, delay: () => number | undefined) {
    this.#to = to;
    this.#delay = delay;
    const receive = (bytes: Buffer | null) => {
      this.#inFlight.push({ bytes, receivedAt: performance.now() });
      this.pump();
    };
    from.on('data', receive).once('end', () => receive(null));
  }

  pump(): void {
    clearTimeout(this.#timer);
    const delayMs = this.#delay();
    if (delayMs === undefined) return;
    for (let next = this.#inFlight[0]; next; next = this.#inFlight[0]) {
      const leftMs = next.receivedAt + delayMs - performance.now();
      if (leftMs > 0) {
        this.#timer = setTimeout(() => this.pump(), leftMs);
        return;
      }
      this.#inFlight.shift();
      if (next.bytes) this.#to.write(next.bytes);
      else this.#to.end();
    }
  }

  drop(): void {
    clearTimeout(this.#timer);
    this.#inFlight = [];
  }
}
