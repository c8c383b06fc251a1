// The app: sign in, count visits, sign out. All that it remembers is in the session.
import { fileURLToPath } from 'node:url';
import express, { type NextFunction, type Request, type Response } from 'express';
import session from 'express-session';
import type { PgSessionStore } from '../../src/index.js';
import { type Facts, failurePage, page } from './page.js';

declare module 'express-session' {
  interface SessionData {
    visitor?: { name: string; visits: number; since: string };
  }
}

const COOKIE = 'demo.sid';
const LONGEST_NAME = 40;

interface Demo {
  store: PgSessionStore;
  secret: string;
  facts: Facts;
}

export function demoApp({ store, secret, facts }: Demo) {
  const app = express();
  app.disable('x-powered-by');
  app.use(setHeaders, refuseOtherSites);
  app.use(express.static(fileURLToPath(new URL('public', import.meta.url))));
  app.use(
    session({
      store,
      secret,
      name: COOKIE,
      resave: false,
      saveUninitialized: false, // who only looks leaves no row
      cookie: { maxAge: 3_600_000, sameSite: 'lax' },
    }),
  );

  app.get('/', async (req, res) => {
    if (req.session.visitor) {
      req.session.visitor.visits++;
      await done((callback) => req.session.save(callback)); // first, so that the page can show what was written
    }
    await sendPage(req, res);
  });

  app.post('/sign-in', express.urlencoded({ extended: false, limit: '1kb' }), async (req, res) => {
    const given: unknown = req.body?.name;
    const name = typeof given === 'string' ? given.trim() : '';
    if (name === '' || [...name].length > LONGEST_NAME) {
      res.status(422);
      return sendPage(req, res, `Please give a name of 1 to ${LONGEST_NAME} characters.`);
    }
    await done((callback) => req.session.regenerate(callback)); // a new id, so that one known before sign-in is worthless
    req.session.visitor = { name, visits: 0, since: new Date().toISOString() };
    await done((callback) => req.session.save(callback)); // before the browser follows the redirect
    res.redirect(303, '/');
  });

  app.post('/sign-out', async (req, res) => {
    await done((callback) => req.session.destroy(callback));
    res.clearCookie(COOKIE).redirect(303, '/');
  });

  app.use((_req, res) => {
    res.status(404).send(failurePage('There is no such page.'));
  });
  app.use((error: Error & { status?: number }, _req: Request, res: Response, next: NextFunction) => {
    if (res.headersSent) return next(error);
    const { status = 500 } = error;
    if (status >= 500) console.error(error);
    res.status(status).send(failurePage(status < 500 ? error.message : 'That did not work. The console says why.'));
  });

  async function sendPage(req: Request, res: Response, complaint?: string): Promise<void> {
    const [live, stored] = await Promise.all([store.length(), store.get(req.sessionID)]);
    res.send(page({ facts, live, id: req.sessionID, stored, complaint }));
  }
  return app;
}

function setHeaders(_req: Request, res: Response, next: NextFunction): void {
  res.set({
    'Cache-Control': 'no-store', // "back" after signing out must not show the page again
    'Content-Security-Policy':
      "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    'X-Content-Type-Options': 'nosniff',
  });
  next();
}

/** To sameSite all ports of a machine are one site, and it lets any site sign a browser in: here neither may post. */
function refuseOtherSites(req: Request, res: Response, next: NextFunction): void {
  const from = req.get('Sec-Fetch-Site') ?? 'none';
  if (req.method === 'POST' && from !== 'same-origin' && from !== 'none') {
    res.status(403).send(failurePage('This form was sent from another site.'));
  } else {
    next();
  }
}

/** One of express-session's callback methods as a promise. */
const done = (work: (callback: (error: unknown) => void) => unknown) =>
  new Promise<void>((resolve, reject) => {
    work((error) => (error ? reject(error) : resolve()));
  });
