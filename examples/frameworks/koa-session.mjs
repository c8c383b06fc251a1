// Koa 3 with koa-session.
import { createServer } from 'node:http';
import Koa from 'koa';
import { createSession } from 'koa-session';
import { listen, respond } from './routes.mjs';

export function open(store) {
  const app = new Koa();
  app.keys = ['a secret'];
  app.use((_ctx, next) => store.requestScope(next)); // before koa-session
  app.use(createSession({ store, maxAge: 3_600_000 }, app));
  app.use(async (ctx) => {
    const signOut = () => {
      ctx.session = null;
    };
    ctx.body = await respond(ctx.url, ctx.session, signOut);
  });
  return listen(createServer(app.callback()));
}
