// Fastify 5 with @fastify/session.
import fastifyCookie from '@fastify/cookie';
import fastifySession from '@fastify/session';
import fastify from 'fastify';
import { respond } from './routes.mjs';

export async function open(store, { rolling = true } = {}) {
  const app = fastify();
  app.addHook('onRequest', (_request, _reply, done) => store.requestScope(done)); // before @fastify/session
  await app.register(fastifyCookie);
  await app.register(fastifySession, {
    store,
    rolling,
    secret: 'a secret with at least 32 characters',
    cookie: { secure: false, maxAge: 3_600_000 },
  });
  app.get('/*', (request) => respond(request.url, request.session, () => request.session.destroy()));
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  return { url, close: () => app.close() };
}
