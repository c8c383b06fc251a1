// The app: sign in, count visits, sign out, here or elsewhere. All that it remembers is in the session.
import { fileURLToPath } from 'node:url';
import bowser from 'bowser';
import express, { type NextFunction, type Request, type Response } from 'express';
import session from 'express-session';
import type { Admin, UserPath } from '../../src/admin/admin.js';
import type { PgSessionStore } from '../../src/index.js';
import { administrationPage } from './administration.js';
import { devicesPage } from './devices.js';
import { failurePage } from './frame.js';
import { type Facts, page } from './page.js';

declare module 'express-session' {
  interface SessionData {
    visitor?: { name: string; visits: number; since: string; seen: string; browser: string };
  }
}

const COOKIE = 'demo.sid';
const LONGEST_NAME = 40;
const LIFE_S = 3600;

/** Where the admin finds whose a session is. */
export const USER_PATH: UserPath = ['visitor', 'name'];

interface Demo {
  store: PgSessionStore;
  admin: Admin;
  secret: string;
  facts: Facts;
}

export function demoApp({ store, admin, secret, facts }: Demo) {
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
      cookie: { maxAge: LIFE_S * 1000, sameSite: 'lax' },
    }),
  );

  const form = express.urlencoded({ extended: false, limit: '1kb' });
  app.get(['/', '/devices'], (req, _res, next) => {
    if (req.session.visitor) req.session.visitor.seen = new Date().toISOString();
    next();
  });

  app.get('/', async (req, res) => {
    if (req.session.visitor) {
      req.session.visitor.visits++;
      await done((callback) => req.session.save(callback)); // first, so that the page can show what was written
    }
    await sendPage(req, res);
  });

  app.post('/sign-in', form, async (req, res) => {
    const given: unknown = req.body?.name;
    const name = typeof given === 'string' ? given.trim() : '';
    if (name === '' || [...name].length > LONGEST_NAME) {
      res.status(422);
      return sendPage(req, res, `Please give a name of 1 to ${LONGEST_NAME} characters.`);
    }
    await done((callback) => req.session.regenerate(callback)); // a new id, so that one known before sign-in is worthless
    const now = new Date().toISOString();
    req.session.visitor = { name, visits: 0, since: now, seen: now, browser: browserOf(req) };
    await done((callback) => req.session.save(callback)); // before the browser follows the redirect
    res.redirect(303, '/');
  });

  app.post('/sign-out', async (req, res) => {
    await done((callback) => req.session.destroy(callback));
    res.clearCookie(COOKIE).redirect(303, '/');
  });

  app.get('/devices', async (req, res) => {
    const { visitor } = req.session;
    if (!visitor) return res.redirect(303, '/');
    res.send(
      devicesPage({ name: visitor.name, sessions: await admin.find(visitor.name), own: store.handle(req.sessionID) }),
    );
  });

  app.post('/devices/sign-out-others', async (req, res) => {
    const { visitor } = req.session;
    if (visitor) await admin.revokeUser(visitor.name, { except: store.handle(req.sessionID) });
    res.redirect(303, '/devices');
  });

  app.post('/devices/sign-out', form, async (req, res) => {
    const { visitor } = req.session;
    const handle: unknown = req.body?.handle;
    if (typeof handle !== 'string' || !/^[0-9a-f]{64}$/.test(handle)) {
      return res.status(422).send(failurePage('That names no session.'));
    }
    if (visitor) await admin.revoke(handle, { user: visitor.name }); // nobody else's, whatever the handle
    res.redirect(303, '/devices');
  });

  // An app would let nobody see this but its administrators.
  app.get('/administration', async (_req, res) => {
    const [stats, page] = await Promise.all([admin.stats(), admin.list({ limit: 1000 })]);
    res.send(administrationPage({ stats, page, life: LIFE_S }));
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

/** Such as "Firefox on Linux". */
function browserOf(req: Request): string {
  const { browser, os } = bowser.parse(req.get('User-Agent') || 'unknown');
  return browser.name ? `${browser.name}${os.name ? ` on ${os.name}` : ''}` : 'An unknown browser';
}

/** One of express-session's callback methods as a promise. */
const done = (work: (callback: (error: unknown) => void) => unknown) =>
  new Promise<void>((resolve, reject) => {
    work((error) => (error ? reject(error) : resolve()));
  });
