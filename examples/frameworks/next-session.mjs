// next-session, in an API route of Next.js or, as here, with Node's own server.
import { createServer } from 'node:http';
import nextSession from 'next-session';
import { listen, respond } from './routes.mjs';

export function open(store) {
  const getSession = (nextSession.default ?? nextSession)({ store, cookie: { maxAge: 3600 } }); // in seconds
  const handle = async (req, res) => {
    const session = await getSession(req, res);
    const answer = await respond(req.url, session, () => session.destroy());
    res.setHeader('Content-Type', 'application/json');
    res.end(JSON.stringify(answer));
  };
  return listen(createServer((req, res) => store.requestScope(() => handle(req, res))));
}
