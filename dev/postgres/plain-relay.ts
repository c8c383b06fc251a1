// A plain local way to a database that is behind TLS or a Unix socket, for a program that can't speak them.
import { once } from 'node:events';
import net from 'node:net';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import type pg from 'pg';

const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]); // "may I speak TLS?"

/** Listens on 127.0.0.1, and passes on to where the client has been connected to, as it was connected. */
export async function startRelay({ host, port, ssl }: pg.Client): Promise<{ port: number; stop(): void }> {
  const relay = net
    .createServer({ noDelay: true }, (near) => {
      const socket = host.startsWith('/') ? { path: `${host}/.s.PGSQL.${port}` } : { host, port };
      const far = net.connect({ ...socket, noDelay: true });
      tie(near, far);
      if (!ssl) {
        near.pipe(far).pipe(near);
        return;
      }
      far.write(SSL_REQUEST);
      far.once('data', () => {
        const { key, ...options } = Object(ssl) as tls.ConnectionOptions; // pg hides the key from a mere copy
        const servername = net.isIP(host) ? '' : host;
        const secure = tls.connect({ socket: far, host, servername, ...options, ...(key && { key }) });
        tie(near, secure);
        near.pipe(secure).pipe(near);
      });
    })
    .listen(0, '127.0.0.1');
  await once(relay, 'listening');
  return { port: (relay.address() as net.AddressInfo).port, stop: () => relay.close() };
}

/** Each ends with the other, whatever the reason. */
function tie(one: Duplex, other: Duplex): void {
  one.on('error', () => {}).once('close', () => other.destroy());
  other.on('error', () => {}).once('close', () => one.destroy());
}
