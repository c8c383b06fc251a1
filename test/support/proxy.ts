// A TCP proxy before the test server, for connections that break.
import { once } from 'node:events';
import net from 'node:net';
import { onEnd } from './harness.js';

export interface Proxy {
  /** The test server's URL, through the proxy. */
  url: string;
  /** Resets all connections; new ones work. */
  resetAll(): void;
}

export async function startProxy(): Promise<Proxy> {
  const url = new URL(process.env.TEST_SERVER_URL!);
  const [host, port] = [url.hostname, Number(url.port || 5432)];
  const clients = new Set<net.Socket>();
  const server = net.createServer((client) => {
    const upstream = net.connect(port, host);
    clients.add(client);
    client.pipe(upstream).pipe(client);
    client
      .on('error', () => {})
      .on('close', () => {
        clients.delete(client);
        upstream.destroy();
      });
    upstream.on('error', () => {}).on('close', () => client.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const resetAll = () => {
    for (const client of clients) client.resetAndDestroy();
  };
  onEnd(() => {
    resetAll();
    server.close();
  });
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as net.AddressInfo).port);
  return { url: url.href, resetAll };
}
