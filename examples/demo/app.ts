// The app: signs in, counts visits, signs out this browser or others. All its data is in the session.
import { fileURLToPath } from 'node:url';
import bowser from 'bowser';
import express, { type NextFunction, type Request, type Response } from 'express';
import session from 'express-session';
import type { Admin, UserPath } from '../../src/admin/admin.js';
import { type PgSessionStore, saveBeforeResponse } from '../../src/index.js';
import { administrationPage } from './administration.js';
import { devicesPage } from './devices.js';
import { errorPage } from './frame.js';
import { type DatabaseFacts, startPage } from './page.js';

declare module 'express-session' {
  interface SessionData {
    visitor?: { name: string; visits: number; since: string; seen: string; browser: string };
  }
}

const COOKIE = 'demo.sid';
const MAX_NAME_LENGTH = 40;
const MAX_AGE_S = 3600;

/** The path to the user in a session. */
export const USER_PATH: UserPath = ['visitor', 'name'];

interface Demo {
  store: PgSessionStore;
  admin: Admin;
  secret: string;
  facts: DatabaseFacts;
}

export function demoApp({ store, admin, secret, facts }: Demo) {
  const app = express();
  app.disable('x-powered-by');
  app.use(setHeaders, refuseOtherHosts, refuseFormsFromOtherSites);
  app.use(express.static(fileURLToPath(new URL('public', import.meta.url))));
  app.use(
    session({
      store,
      secret,
      name: COOKIE,
      resave: false,
      saveUninitialized: false, // a visitor who has not signed in gets no row
      cookie: { maxAge: MAX_AGE_S * 1000, sameSite: 'lax' },
    }),
  );
  app.use(saveBeforeResponse()); // a failed save becomes a 503, not a cookie without a session

  const form = express.urlencoded({ extended: false, limit: '1kb' });
  app.get(['/', '/devices'], (req, _res, next) => {
    if (req.session.visitor) req.session.visitor.seen = new Date().toISOString();
    next();
  });

  app.get('/', async (req, res) => {
    if (req.session.visitor) {
      req.session.visitor.visits++;
      await asPromise((callback) => req.session.save(callback)); // now, so that the page shows the stored session
    }
    await sendStartPage(req, res);
  });

  app.post('/sign-in', form, async (req, res) => {
    const typed: unknown = req.body?.name;
    const name = typeof typed === 'string' ? typed.trim() : '';
    if (name === '' || [...name].length > MAX_NAME_LENGTH) {
      res.status(422);
      return sendStartPage(req, res, `Please type a name of 1 to ${MAX_NAME_LENGTH} characters.`);
    }
    await asPromise((callback) => req.session.regenerate(callback)); // a new id: an attacker may know the old one
    const now = new Date().toISOString();
    req.session.visitor = { name, visits: 0, since: now, seen: now, browser: browserOf(req) };
    res.redirect(303, '/');
  });

  app.post('/sign-out', async (req, res) => {
    await asPromise((callback) => req.session.destroy(callback));
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
      return res.status(422).send(errorPage('The form does not name a session.'));
    }
    if (visitor) await admin.revoke(handle, { user: visitor.name }); // never a session of another user
    res.redirect(303, '/devices');
  });

  // A real app must show this page only to its administrators.
  app.get('/administration', async (_req, res) => {
    const [stats, page] = await Promise.all([admin.stats(), admin.list({ limit: 1000 })]);
    res.send(administrationPage({ stats, page, maxAge: MAX_AGE_S }));
  });

  app.use((_req, res) => {
    res.status(404).send(errorPage('This page does not exist.'));
  });
  app.use((error: Error & { status?: number }, _req: Request, res: Response, next: NextFunction) => {
    if (res.headersSent) return next(error);
    const { status = 500 } = error;
    if (status >= 500) console.error(error);
    res.status(status).send(errorPage(status < 500 ? error.message : 'The demo failed. Its console shows the error.'));
  });

  async function sendStartPage(req: Request, res: Response, nameError?: string): Promise<void> {
    const [live, stored] = await Promise.all([store.length(), store.get(req.sessionID)]);
    res.send(startPage({ facts, live, id: req.sessionID, stored, nameError }));
  }
  return app;
}

function setHeaders(_req: Request, res: Response, next: NextFunction): void {
  res.set({
    'Cache-Control': 'no-store', // the Back button must not show the page after signing out
    'Content-Security-Policy':
      "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    'X-Content-Type-Options': 'nosniff',
  });
  next();
}

/** The names of this machine: the demo listens on the loopback address only. */
const OWN_HOST = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/i;

/**
 * Refuses requests under another host name. Another site can make its own name lead to this machine
 * (DNS rebinding): a browser then lets that site read the pages.
 */
function refuseOtherHosts(req: Request, res: Response, next: NextFunction): void {
  if (OWN_HOST.test(req.get('Host') ?? '')) next();
  else res.status(403).send(errorPage('The demo does not have this host name.'));
}

/**
 * Refuses forms from other sites. The cookie's `sameSite` is not enough: it treats all ports of a
 * machine as one site, and does not stop another site from signing a browser in. Every browser sends
 * `Origin` with a form. A program that is not a browser need not send it.
 */
function refuseFormsFromOtherSites(req: Request, res: Response, next: NextFunction): void {
  const site = req.get('Sec-Fetch-Site') ?? 'none';
  const own = `http://${req.get('Host')}`.toLowerCase();
  const isForm = req.method !== 'GET' && req.method !== 'HEAD';
  if (isForm && ((site !== 'same-origin' && site !== 'none') || (req.get('Origin') ?? own) !== own)) {
    res.status(403).send(errorPage('Another site sent this form.'));
  } else {
    next();
  }
}

/** For example "Firefox on Linux". */
function browserOf(req: Request): string {
  const { browser, os } = bowser.parse(req.get('User-Agent') || 'unknown');
  return browser.name ? `${browser.name}${os.name ? ` on ${os.name}` : ''}` : 'An unknown browser';
}

/** Calls a method of express-session that takes a callback. */
const asPromise = (work: (callback: (error: unknown) => void) => unknown) =>
  new Promise<void>((resolve, reject) => {
    work((error) => (error ? reject(error) : resolve()));
  });
