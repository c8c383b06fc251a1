// socket.io 4 with express-session: the sign-in is a request, and each message gets a scope.
import { createServer } from 'node:http';
import express from 'express';
import session from 'express-session';
import { Server } from 'socket.io';
import { listen, respond } from './routes.mjs';

export async function open(store) {
  const app = express();
  const server = createServer(app);
  const io = new Server(server);
  const withSession = session({ store, secret: 'a secret', resave: false, saveUninitialized: false });
  app.use(withSession);
  app.get('/sign-in', async (req, res) => res.json(await respond(`/change${req.url.slice(8)}`, req.session)));
  io.engine.use(withSession);
  io.on('connection', (socket) => {
    const { sessionID: sid } = socket.request;
    const visit = async (url) => {
      const found = await store.get(sid); // in the scope of the message
      if (!found) return {}; // signed out
      const answer = await respond(url, found, () => store.destroy(sid));
      await store.set(sid, found);
      return answer;
    };
    socket.on('visit', (url, reply) => store.requestScope(async () => reply(await visit(url))));
  });
  const { url } = await listen(server);
  return { url, close: () => io.close() };
}
