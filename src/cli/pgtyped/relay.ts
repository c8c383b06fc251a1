// A local TCP relay to a database: for a program that supports neither TLS nor Unix sockets, and for
// the demo, which cuts it.
import { once } from 'node:events';
import net from 'node:net';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import type pg from 'pg';

const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]); // protocol message SSLRequest

export interface Relay {
  readonly port: number;
  readonly isCut: boolean;
  /** Closes all connections, and refuses new ones. The server at the other end goes on. */
  cut(): void;
  /** Accepts connections again, on the same port. */
  restore(): Promise<void>;
  /** Accepts no more connections. */
  stop(): void;
}

/**
 * Listens on 127.0.0.1, and forwards to the server of this client, with the client's TLS options.
 */
export async function startRelay({ host, port, ssl }: pg.Client): Promise<Relay> {
  const open = new Set<net.Socket>();
  const relay = net
    .createServer({ noDelay: true }, (near) => {
      open.add(near);
      near.once('close', () => open.delete(near));
      const socket = host.startsWith('/') ? { path: `${host}/.s.PGSQL.${port}` } : { host, port };
      const far = net.connect({ ...socket, noDelay: true });
      closeTogether(near, far);
      if (!ssl) {
        near.pipe(far).pipe(near);
        return;
      }
      far.write(SSL_REQUEST);
      far.once('data', () => {
        const { key, ...options } = Object(ssl) as tls.ConnectionOptions; // pg makes the key not enumerable
        const servername = net.isIP(host) ? '' : host;
        const secure = tls.connect({ socket: far, host, servername, ...options, ...(key && { key }) });
        closeTogether(near, secure);
        near.pipe(secure).pipe(near);
      });
    })
    .listen(0, '127.0.0.1');
  await once(relay, 'listening');
  const address = relay.address() as net.AddressInfo;
  return {
    port: address.port,
    get isCut() {
      return !relay.listening;
    },
    cut() {
      relay.close();
      for (const socket of open) socket.destroy();
    },
    async restore() {
      if (!relay.listening) await once(relay.listen(address.port, '127.0.0.1'), 'listening');
    },
    stop: () => relay.close(),
  };
}

/** Closes each stream when the other closes. */
function closeTogether(one: Duplex, other: Duplex): void {
  one.on('error', () => {}).once('close', () => other.destroy());
  other.on('error', () => {}).once('close', () => one.destroy());
}
