// The apps of examples/frameworks/: requests that overlap keep each other's changes, and a session
// that was signed out stays gone. Run `npm ci --prefix examples/frameworks` first.
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';
import type { StoreOptions } from '../../src/index.js';
import { freshStore } from '../support/fresh-store.js';
import { onEnd, suite } from '../support/harness.js';

const folder = fileURLToPath(new URL('../../examples/frameworks/', import.meta.url));
const test = suite('frameworks', { timeout: 30_000, needs: 'examples/frameworks' });

interface App {
  url: string;
  close(): unknown;
}

/** Sends a request of a visitor, and returns the answer. */
type Visit = (path: string, form?: Record<string, string>) => Promise<any>;

/** How a visitor of the app signs in. It returns how the visitor goes on. */
type SignIn = (visit: Visit, app: App, cookies: Map<string, string>) => Promise<Visit>;

const headerOf = (cookies: Map<string, string>) => [...cookies].map((pair) => pair.join('=')).join('; ');

/** A signed-in visitor of the app, who can send several requests at the same time. */
async function visitor(app: App, signIn: SignIn): Promise<Visit> {
  const cookies = new Map<string, string>();
  let isSignedIn = false;
  const visit: Visit = async (path, form) => {
    const url = new URL(path, app.url);
    const body = form && new URLSearchParams(form);
    const headers = { cookie: headerOf(cookies), 'x-csrf-token': form?.csrfToken ?? '' };
    const response = await fetch(url, {
      method: form ? 'POST' : 'GET',
      headers,
      body: body ?? null,
      redirect: 'manual',
    });
    for (const one of isSignedIn ? [] : response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(one)!;
      cookies.set(name!, value!);
    }
    const to = response.headers.get('location');
    if (to) return visit(new URL(to, url).href);
    assert.is(response.status, 200, path);
    return response.json();
  };
  const signedIn = await signIn(visit, app, cookies);
  isSignedIn = true; // the cookie of then is sent from now on, also after the sign-out
  return signedIn;
}

const VALUES = 'cart=1&visits=1';

const byChange: SignIn = async (visit) => {
  await visit(`/change?user=ada&${VALUES}`);
  return visit;
};

/** With a form, a token and Passport. The app shows its message once. */
const byPassword: SignIn = async (visit) => {
  let { csrfToken } = await visit('/token');
  ({ csrfToken } = await visit('/sign-in', { username: 'ada', password: 'a password', csrfToken }));
  assert.equal([await visit('/messages'), await visit('/messages')], [['welcome'], []]);
  const goOn: Visit = (path) => (/^.(\?|$)/.test(path) ? visit(path) : visit(path, { csrfToken }));
  await goOn(`/change?${VALUES}`);
  return goOn;
};

/** At the provider, which sends the visitor back. */
const byProvider: SignIn = async (visit) => {
  await visit('/login');
  await visit(`/change?${VALUES}`);
  return visit;
};

/** By a request. What follows are messages of the visitor's WebSocket. */
const bySocket: SignIn = async (visit, app, cookies) => {
  await visit(`/sign-in?user=ada&${VALUES}`);
  const { io } = createRequire(folder)('socket.io-client');
  const socket = io(app.url, { transports: ['websocket'], extraHeaders: { cookie: headerOf(cookies) } });
  onEnd(() => socket.close());
  return (path) => socket.emitWithAck('visit', path);
};

const SLOW = 'waitMs=300';

/**
 * `true` for what holds: both changes are kept, and a slow change or read does not revive the
 * session.
 */
async function outcomes(app: App, signIn: SignIn): Promise<{ keepsBoth: boolean; staysSignedOut: boolean }> {
  const one = await visitor(app, signIn);
  await Promise.all([one(`/change?cart=2&${SLOW}`), one('/change?visits=2')]);
  const { cart, visits } = await one('/');
  let staysSignedOut = true;
  for (const slow of [`/change?cart=2&${SLOW}`, `/?${SLOW}`]) {
    const other = await visitor(app, signIn);
    const pending = other(slow);
    await sleep(100);
    await other('/sign-out');
    await pending;
    staysSignedOut &&= (await other('/')).user === undefined;
  }
  return { keepsBoth: cart === '2' && visits === '2', staysSignedOut };
}

interface Example {
  file: string;
  options?: object;
  store?: Pick<StoreOptions, 'mergeWithin'>;
  signIn?: SignIn;
  /** Whether it needs no line: its sessions are those of express-session. Default: false. */
  isSafe?: boolean;
  /** Whether both changes are kept in the scope. Default: true. */
  keepsBoth?: boolean;
}

const APPS: Record<string, Example> = {
  '@fastify/session': { file: 'fastify.mjs' },
  '@fastify/session with rolling: false': { file: 'fastify.mjs', options: { rolling: false } },
  'koa-session': { file: 'koa-session.mjs' },
  'koa-generic-session': { file: 'koa-generic-session.mjs' },
  'next-session': { file: 'next-session.mjs' },
  'Express 5 with Passport': {
    file: 'passport.mjs',
    options: { express: 'express' },
    signIn: byPassword,
    isSafe: true,
  },
  'Express 4 with Passport': {
    file: 'passport.mjs',
    options: { express: 'express4' },
    signIn: byPassword,
    isSafe: true,
  },
  NestJS: { file: 'nestjs.mjs', isSafe: true },
  'React Router': { file: 'react-router.mjs' },
  'socket.io': { file: 'socket-io.mjs', signIn: bySocket },
  'express-openid-connect': { file: 'express-openid-connect.mjs', signIn: byProvider, keepsBoth: false },
  'express-openid-connect with mergeWithin': {
    file: 'express-openid-connect.mjs',
    store: { mergeWithin: ['data'] },
    signIn: byProvider,
  },
};

for (const [
  name,
  { file, options, store: storeOptions, signIn = byChange, isSafe = false, keepsBoth = true },
] of Object.entries(APPS)) {
  test(`${name}: ${keepsBoth ? 'both changes are kept, and ' : ''}a session stays signed out`, async () => {
    const { open } = await import(`${folder}${file}`);
    const { store } = await freshStore({ touchAfter: 0, ...storeOptions });
    const app = await open(store, options);
    onEnd(() => app.close());
    Object.assign(store, { requestScope: (next: () => unknown) => next() });
    const before = await outcomes(app, signIn);
    Reflect.deleteProperty(store, 'requestScope'); // the class has it
    const after = await outcomes(app, signIn);
    console.log(`${name}: ${JSON.stringify({ before, after })}`);
    assert.equal(before, { keepsBoth: isSafe, staysSignedOut: isSafe });
    assert.equal(after, { keepsBoth, staysSignedOut: true });
  });
}
