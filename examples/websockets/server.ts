// DATABASE_URL=... node --import tsx examples/websockets/server.ts [--schema NAME] [--table NAME]
// [--port N] Closes the WebSockets of a session, in every process, when its user signs out. Run it
// twice, on two ports. A handle is the SHA-256 of a session id: the store names sessions by it.
import { createServer, type IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import { PgSessionStore, saveBeforeResponse } from 'connect-pg-typed';
import express, { type Request, type Response } from 'express';
import session from 'express-session';
import pg from 'pg';
import { type WebSocket, WebSocketServer } from 'ws';

declare module 'express-session' {
  interface SessionData {
    user?: string;
  }
}

const text = { type: 'string' } as const;
const { values } = parseArgs({ options: { schema: text, table: text, port: text } });
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });
pool.on('error', () => {}); // the store logs it
const store = new PgSessionStore({ pool, schemaName: values.schema, tableName: values.table, revocations: true });

/** The sessions with open sockets, by handle. */
const connected = new Map<string, { sid: string; sockets: Set<WebSocket> }>();

function closeSockets(handle: string): void {
  for (const socket of connected.get(handle)?.sockets ?? []) socket.close(4001, 'signed out');
}

/** Closes the sockets of each session that no longer exists. */
async function checkSessions(): Promise<void> {
  for (const [handle, { sid }] of connected) if ((await store.get(sid)) === null) closeSockets(handle);
}

/** If the database is down, the next check closes the sockets. */
const tryToCheckSessions = () => checkSessions().catch(() => {});
// Any role of the database can send a false notification, so the session decides.
store.on('revoked', async ({ handles }) => {
  for (const handle of handles) {
    const session = connected.get(handle);
    const isLive = session && (await store.get(session.sid).catch(() => null)) !== null;
    if (!isLive) closeSockets(handle);
  }
});
store.on('resync', tryToCheckSessions); // the store may have missed revocations
setInterval(tryToCheckSessions, 60_000).unref(); // `revoked` does not cover expiry or a plain DELETE

const app = express();
const withSession = session({
  store,
  secret: process.env.SESSION_SECRET ?? 'only for local tests',
  resave: false,
  saveUninitialized: false,
  cookie: { sameSite: 'lax' },
});
/** The names under which this server is reached. A real app names its own host. */
const OWN_HOST = /^(127\.0\.0\.1|localhost)(:\d+)?$/i;

/**
 * Whether a page of this server sent the request. The cookie's `sameSite` is not enough: it treats
 * all ports of a machine as one site. Another host name may be DNS rebinding. Every browser sends
 * `Origin` with a POST and with a WebSocket.
 */
function isFromOwnSite({ headers: { host = '', origin } }: IncomingMessage): boolean {
  return OWN_HOST.test(host) && (origin === undefined || origin === `http://${host}`.toLowerCase());
}

app.use((req, res, next) => {
  if (req.method === 'GET' ? OWN_HOST.test(req.headers.host ?? '') : isFromOwnSite(req)) return next();
  res.sendStatus(403);
});
app.use(withSession);
app.use(saveBeforeResponse()); // a failed save becomes a 503, not a cookie without a session
app.post('/sign-in/:user', (req, res, next) => {
  req.session.regenerate((error) => {
    if (error) return next(error);
    req.session.user = req.params.user; // a real app checks a password first
    res.json({ user: req.session.user });
  });
});
app.post('/sign-out', (req, res, next) => {
  req.session.destroy((error) => (error ? next(error) : res.json({})));
});

const server = createServer(app);
const webSockets = new WebSocketServer({ noServer: true });
server.on('upgrade', (req: IncomingMessage, socket, head) => {
  socket.on('error', () => socket.destroy());
  if (!isFromOwnSite(req)) return void socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n');
  withSession(req as Request, new ServerResponse(req) as Response, (error?: unknown) => {
    const { sessionID: sid, session: loaded } = req as Request;
    if (error || !loaded?.user) {
      socket.end(`HTTP/1.1 ${error ? '503 Service Unavailable' : '401 Unauthorized'}\r\nConnection: close\r\n\r\n`);
      return;
    }
    webSockets.handleUpgrade(req, socket, head, (webSocket) => addSocket(webSocket, sid));
  });
});

function addSocket(socket: WebSocket, sid: string): void {
  const handle = store.handle(sid);
  const entry = connected.get(handle) ?? { sid, sockets: new Set() };
  connected.set(handle, entry);
  entry.sockets.add(socket);
  socket.on('error', () => socket.terminate());
  socket.on('close', () => {
    entry.sockets.delete(socket);
    if (entry.sockets.size === 0 && connected.get(handle) === entry) connected.delete(handle);
  });
  // The session may have been revoked after it was loaded and before it was in `connected`.
  store.get(sid).then(
    (live) => (live ? socket.send('welcome') : closeSockets(handle)),
    () => socket.close(1013, 'try again later'),
  );
}

server.listen(Number(values.port ?? 0), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
