// A local TCP relay to a database, for a program that supports neither TLS nor Unix sockets.
import { once } from 'node:events';
import net from 'node:net';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import type pg from 'pg';

const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]); // protocol message SSLRequest

/**
 * Listens on 127.0.0.1, and forwards to the server of this client, with the client's TLS options.
 */
export async function startRelay({ host, port, ssl }: pg.Client): Promise<net.Server> {
  const relay = net
    .createServer({ noDelay: true }, (near) => {
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
  return relay;
}

/** Closes each stream when the other closes. */
function closeTogether(one: Duplex, other: Duplex): void {
  one.on('error', () => {}).once('close', () => other.destroy());
  other.on('error', () => {}).once('close', () => one.destroy());
}
