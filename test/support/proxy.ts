// A TCP proxy before the database, for a network that is slow, silent, broken or elsewhere.
import { once } from 'node:events';
import net from 'node:net';
import { onEnd } from './harness.js';

/**
 * - `pass`: carries all that comes, `delayMs` late
 * - `black hole`: takes connections and keeps them, and carries nothing; later what was sent arrives, unless its sender gave up
 * - `reset`: breaks every connection, also those that are made now
 * - `refuse`: breaks every connection, and nobody is at the address
 */
export type Mode = 'pass' | 'black hole' | 'reset' | 'refuse';

export class TcpProxy {
  /** The server's URL, through the proxy. */
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

  /** @param url the server's; default: the test server's */
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

  /** Resolves when it holds. */
  async set(mode: Mode, { delayMs = 0 } = {}): Promise<void> {
    const isOpen = this.#mode !== 'refuse';
    this.#mode = mode;
    this.#delayMs = delayMs;
    if (mode === 'refuse' && isOpen) this.#server.close();
    if (mode !== 'refuse' && !isOpen) await once(this.#server.listen(this.#port, '127.0.0.1'), 'listening');
    if (mode === 'refuse' || mode === 'reset') this.resetAll();
    for (const link of this.#links) link.pump();
  }

  /** Breaks all connections; new ones work. */
  resetAll(): void {
    for (const link of this.#links) link.reset();
  }

  /** Connections that there are carry nothing any more, ever, and nobody is told; new ones work. */
  forgetAll(): void {
    for (const link of this.#links) link.isForgotten = true;
  }

  /** From now on connections lead to this server; those that there are stay where they lead. */
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
  readonly #ways: Way[];
  isForgotten = false;

  /** @param delay milliseconds, or undefined where nothing is carried */
  constructor(client: net.Socket, server: net.Socket, delay: () => number | undefined) {
    this.#client = client;
    this.#server = server;
    this.#ways = [new Way(client, server, delay), new Way(server, client, delay)];
    for (const end of [client, server]) end.on('error', () => this.reset());
    client.once('close', () => server.destroy());
  }

  pump(): void {
    for (const way of this.#ways) way.pump();
  }

  reset(): void {
    for (const way of this.#ways) way.drop();
    this.#client.resetAndDestroy();
    this.#server.destroy();
  }
}

/** What is on its way from one end to the other. */
class Way {
  readonly #to: net.Socket;
  readonly #delay: () => number | undefined;
  #underWay: { bytes: Buffer | null; since: number }[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(from: net.Socket, to: net.Socket, delay: () => number | undefined) {
    this.#to = to;
    this.#delay = delay;
    const take = (bytes: Buffer | null) => {
      this.#underWay.push({ bytes, since: performance.now() });
      this.pump();
    };
    from.on('data', take).once('end', () => take(null));
  }

  pump(): void {
    clearTimeout(this.#timer);
    const delayMs = this.#delay();
    if (delayMs === undefined) return;
    for (let next = this.#underWay[0]; next; next = this.#underWay[0]) {
      const leftMs = next.since + delayMs - performance.now();
      if (leftMs > 0) {
        this.#timer = setTimeout(() => this.pump(), leftMs);
        return;
      }
      this.#underWay.shift();
      if (next.bytes) this.#to.write(next.bytes);
      else this.#to.end();
    }
  }

  drop(): void {
    clearTimeout(this.#timer);
    this.#underWay = [];
  }
}
