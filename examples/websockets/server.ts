// DATABASE_URL=... node --import tsx examples/websockets/server.ts [--schema NAME] [--table NAME] [--port N]
// WebSockets that close, in every process, when their session is signed out. Run it twice, on two ports.
import { createServer, type IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import { PgSessionStore } from 'connect-pg-typed';
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

/** The open sockets of each session, by its handle. */
const visits = new Map<string, { sid: string; sockets: Set<WebSocket> }>();

function signOut(handle: string): void {
  for (const socket of visits.get(handle)?.sockets ?? []) socket.close(4001, 'signed out');
}

async function lookAgain(): Promise<void> {
  for (const [handle, { sid }] of visits) if ((await store.get(sid)) === null) signOut(handle);
}

const lookAgainLater = () => lookAgain().catch(() => {}); // the database is ill: the next look will tell
store.on('revoked', ({ handles }) => handles.forEach(signOut));
store.on('resync', lookAgainLater); // what was said before was not heard
setInterval(lookAgainLater, 60_000).unref(); // nobody says what expires, nor what a plain DELETE takes

const app = express();
const withSession = session({
  store,
  secret: process.env.SESSION_SECRET ?? 'only for trying it',
  resave: false,
  saveUninitialized: false,
  cookie: { sameSite: 'lax' }, // so that no other site's page can open a socket with it
});
app.use(withSession);
app.post('/sign-in/:user', (req, res, next) => {
  req.session.regenerate((error) => {
    if (error) return next(error);
    req.session.user = req.params.user; // in place of a login
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
  withSession(req as Request, new ServerResponse(req) as Response, (error?: unknown) => {
    const { sessionID: sid, session: found } = req as Request;
    if (error || !found?.user) {
      socket.end(`HTTP/1.1 ${error ? '503 Service Unavailable' : '401 Unauthorized'}\r\nConnection: close\r\n\r\n`);
      return;
    }
    webSockets.handleUpgrade(req, socket, head, (webSocket) => welcome(webSocket, sid));
  });
});

function welcome(socket: WebSocket, sid: string): void {
  const handle = store.handle(sid);
  const visit = visits.get(handle) ?? { sid, sockets: new Set() };
  visits.set(handle, visit);
  visit.sockets.add(socket);
  socket.on('error', () => socket.terminate());
  socket.on('close', () => {
    visit.sockets.delete(socket);
    if (visit.sockets.size === 0 && visits.get(handle) === visit) visits.delete(handle);
  });
  // It may have been revoked after it was loaded and before it was among the visits.
  store.get(sid).then(
    (found) => (found ? socket.send('welcome') : signOut(handle)),
    () => socket.close(1013, 'try again later'),
  );
}

server.listen(Number(values.port ?? 0), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
