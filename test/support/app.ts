// An Express 5 app with express-session on a real port, and a browser that keeps one cookie.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import express from 'express';
import session from 'express-session';
import { onEnd } from './harness.js';

export async function startApp(options: Partial<session.SessionOptions> & { store: session.Store }) {
  const app = express();
  app.use(session({ secret: 'test', resave: false, saveUninitialized: false, ...options }));
  app.post('/sign-in/:user', (req, res, next) => {
    req.session.regenerate((error) => {
      if (error) return next(error);
      req.session.user = req.params.user;
      req.session.save((failed) => (failed ? next(failed) : res.json({ user: req.session.user })));
    });
  });
  app.post('/count', (req, res) => {
    req.session.views = (req.session.views ?? 0) + 1;
    res.json({ user: req.session.user, views: req.session.views });
  });
  app.get('/', (req, res) => {
    res.json({ user: req.session.user, views: req.session.views, sid: req.sessionID });
  });
  app.post('/sign-out', (req, res, next) => {
    req.session.destroy((error) => (error ? next(error) : res.json({})));
  });
  app.use(((error, _req, res, _next) => {
    res
      .status(error.status ?? 500)
      .set(error.headers)
      .json({ error: error.sqlState ?? error.message });
  }) as express.ErrorRequestHandler);

  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onEnd(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Sends the last cookie that it received. A test changes `base` when the app restarts. */
export class Browser {
  cookie: string | undefined;
  base: string;
  constructor(base: string) {
    this.base = base;
  }

  async fetch(method: string, path: string): Promise<Response> {
    const response = await fetch(this.base + path, { method, headers: this.cookie ? { cookie: this.cookie } : {} });
    this.cookie = response.headers.get('set-cookie')?.split(';')[0] ?? this.cookie;
    return response;
  }
  async send(method: string, path: string) {
    const response = await this.fetch(method, path);
    const body = (await response.json()) as Record<string, any>;
    return { status: response.status, body, setCookie: response.headers.get('set-cookie') ?? undefined };
  }
  get = (path = '/') => this.send('GET', path);
  post = (path: string) => this.send('POST', path);
}
