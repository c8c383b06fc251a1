// A WebSocket server in front of the database, as Neon has one.
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { createWebSocketStream, WebSocketServer } from 'ws';

/**
 * Starts one that forwards each WebSocket to the database at this URL. Returns the URL with its own
 * host and port. It ends with the process.
 */
export async function startWsProxy(url: string): Promise<string> {
  const { hostname: host, port } = new URL(url);
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  server.on('connection', (socket) => {
    const stream = createWebSocketStream(socket).on('error', () => tcp.destroy());
    const tcp = net.connect(Number(port || 5432), host).on('error', () => socket.terminate());
    stream.pipe(tcp).pipe(stream);
  });
  (server as unknown as { _server: net.Server })._server.unref();
  const { port: own } = server.address() as AddressInfo;
  return Object.assign(new URL(url), { hostname: '127.0.0.1', port: String(own) }).href;
}
