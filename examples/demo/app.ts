// The app: signs in, counts visits, signs out this browser or others, races two stores, cuts the
// database. All its data is in the session.
import { createHash, timingSafeEqual } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import bowser from 'bowser';
import express, { type NextFunction, type Request, type Response } from 'express';
import session from 'express-session';
import type { Admin, UserPath } from '../../src/admin/admin.js';
import { type PgSessionStore, SessionStoreError, saveBeforeResponse } from '../../src/index.js';
import { administrationPage, administratorSignInPage, usersPage } from './administration.js';
import { devicesPage } from './devices.js';
import { errorPage } from './frame.js';
import { type CutSwitch, outagePage, TestVisitor } from './outage.js';
import { type DatabaseFacts, startPage } from './page.js';
import { RACES, type RaceName, runRace } from './races.js';
import { racesPage } from './races-page.js';

declare module 'express-session' {
  interface SessionData {
    visitor?: { name: string; visits: number; since: string; seen: string; browser: string };
    isAdministrator?: boolean;
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
  /** The relay through which the store reaches its database. */
  relay: CutSwitch;
  secret: string;
  administratorPassword: string;
  facts: DatabaseFacts;
}

export function demoApp({ store, admin, relay, secret, administratorPassword, facts }: Demo) {
  const app = express();
  app.disable('x-powered-by');
  app.use(setHeaders, refuseOtherHosts, refuseFormsFromOtherSites);
  app.use(express.static(fileURLToPath(new URL('public', import.meta.url))));

  // Without a session: these pages must work while the database is cut off.
  const testVisitor = new TestVisitor();
  app.get('/outage', async (req, res) => {
    await testVisitor.visit(`http://127.0.0.1:${req.socket.localPort}`, relay.isCut);
    res.send(outagePage(relay, testVisitor.attempts));
  });
  app.post('/outage/cut', (_req, res) => {
    relay.cut();
    res.redirect(303, '/outage');
  });
  app.post('/outage/restore', async (_req, res) => {
    await relay.restore();
    res.redirect(303, '/outage');
  });

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
    if (!isHandle(handle)) {
      return res.status(422).send(errorPage('The form does not name a session.'));
    }
    if (visitor) await admin.revoke(handle, { user: visitor.name }); // never a session of another user
    res.redirect(303, '/devices');
  });

  app.get('/races', (_req, res) => {
    res.send(racesPage());
  });

  app.post('/races/:name', async (req, res, next) => {
    const { name } = req.params;
    if (!Object.hasOwn(RACES, name)) return next();
    if (relay.isCut) return res.status(503).send(errorPage('The database is cut off. Connect it again first.'));
    const results = [
      await runRace(name as RaceName, 'connect-pg-typed', store),
      await runRace(name as RaceName, 'MemoryStore of express-session', new session.MemoryStore()),
    ];
    res.send(racesPage({ name: name as RaceName, results }));
  });

  app.post('/administration/sign-in', form, async (req, res) => {
    const typed: unknown = req.body?.password;
    if (typeof typed !== 'string' || !isSame(typed, administratorPassword)) {
      return res.status(422).send(administratorSignInPage('This is not the password.'));
    }
    const { visitor } = req.session;
    await asPromise((callback) => req.session.regenerate(callback)); // a new id: an attacker may know the old one
    Object.assign(req.session, { isAdministrator: true, ...(visitor && { visitor }) });
    res.redirect(303, '/administration');
  });

  app.get('/administration', async (req, res) => {
    if (!req.session.isAdministrator) return res.send(administratorSignInPage());
    const [stats, page] = await Promise.all([admin.stats(), admin.list({ limit: 1000 })]);
    res.send(administrationPage({ stats, page, maxAge: MAX_AGE_S }));
  });

  app.get('/administration/users', async (req, res) => {
    if (!req.session.isAdministrator) return res.send(administratorSignInPage());
    const user = typeof req.query.user === 'string' ? req.query.user : '';
    res.send(usersPage(user, user === '' ? [] : await admin.find(user)));
  });

  app.post('/administration/:action', form, async (req, res, next) => {
    if (!req.session.isAdministrator) return res.status(403).send(errorPage('Only an administrator may do this.'));
    const { user, handle }: Record<string, unknown> = req.body ?? {};
    if (typeof user !== 'string') return res.status(422).send(errorPage('The form does not name a user.'));
    if (req.params.action === 'revoke-user') await admin.revokeUser(user);
    else if (req.params.action === 'revoke' && isHandle(handle)) await admin.revoke(handle, { user });
    else return next();
    res.redirect(303, `/administration/users?user=${encodeURIComponent(user)}`);
  });

  app.use((_req, res) => {
    res.status(404).send(errorPage('This page does not exist.'));
  });
  app.use((error: Error & { status?: number }, _req: Request, res: Response, next: NextFunction) => {
    if (res.headersSent) return next(error);
    const { status = 500 } = error;
    if (error instanceof SessionStoreError) {
      if (!relay.isCut) console.error(error);
      return res
        .set(error.headers)
        .status(status)
        .send(errorPage('The database does not answer. You stay signed in: please try again.'));
    }
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
 * machine as one site, and does not stop another site from signing a browser in. Every browser
 * sends `Origin` with a form. A program that is not a browser need not send it.
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

const isHandle = (handle: unknown): handle is string => typeof handle === 'string' && /^[0-9a-f]{64}$/.test(handle);

/** Compares in the same time for each wrong password. */
function isSame(typed: string, password: string): boolean {
  const [one, other] = [typed, password].map((text) => createHash('sha256').update(text).digest());
  return timingSafeEqual(one!, other!);
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
