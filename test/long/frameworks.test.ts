// The apps of examples/frameworks/: requests that overlap keep each other's changes, and a session that was
// signed out stays gone. Run `npm ci --prefix examples/frameworks` first.
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';
import { freshStore } from '../support/fresh-store.js';
import { onEnd, suite } from '../support/harness.js';

const folder = fileURLToPath(new URL('../../examples/frameworks/', import.meta.url));
const isInstalled = existsSync(`${folder}node_modules`);
if (!isInstalled) console.log('skipped, because examples/frameworks has no node_modules: frameworks');
const made = suite('frameworks', { timeout: 30_000, mayBeEmpty: !isInstalled });
const test = isInstalled ? made : () => {};

interface App {
  url: string;
  close(): unknown;
}

/** A signed-in visitor of the app, who can send several requests at the same time. */
async function visitor(app: App) {
  let cookie = '';
  const get = async (path: string): Promise<any> => {
    const response = await fetch(`${app.url}${path}`, { headers: { cookie } });
    const set = response.headers.getSetCookie().map((one) => one.split(';')[0]);
    if (set.length > 0 && !cookie) cookie = set.join('; ');
    assert.is(response.status, 200, path);
    return response.json();
  };
  await get('/change?user=ada&cart=1&visits=1');
  return get;
}

const SLOW = 'waitMs=300';

/** `true` for what holds: both changes are kept, and a slow change or read does not revive the session. */
async function outcomes(app: App): Promise<{ keepsBoth: boolean; staysSignedOut: boolean }> {
  const one = await visitor(app);
  await Promise.all([one(`/change?cart=2&${SLOW}`), one('/change?visits=2')]);
  const { cart, visits } = await one('/');
  let staysSignedOut = true;
  for (const slow of [`/change?cart=2&${SLOW}`, `/?${SLOW}`]) {
    const other = await visitor(app);
    const pending = other(slow);
    await sleep(100);
    await other('/sign-out');
    await pending;
    staysSignedOut &&= (await other('/')).user === undefined;
  }
  return { keepsBoth: cart === '2' && visits === '2', staysSignedOut };
}

const APPS: Record<string, [file: string, options?: object]> = {
  '@fastify/session': ['fastify.mjs'],
  '@fastify/session with rolling: false': ['fastify.mjs', { rolling: false }],
  'koa-session': ['koa-session.mjs'],
  'koa-generic-session': ['koa-generic-session.mjs'],
  'next-session': ['next-session.mjs'],
};

for (const [name, [file, options]] of Object.entries(APPS)) {
  test(`${name}: both changes are kept, and a session stays signed out`, async () => {
    const { open } = await import(`${folder}${file}`);
    const { store } = await freshStore({ touchAfter: 0 });
    const app = await open(store, options);
    onEnd(() => app.close());
    Object.assign(store, { requestScope: (next: () => unknown) => next() });
    const before = await outcomes(app);
    Reflect.deleteProperty(store, 'requestScope'); // the class has it
    const after = await outcomes(app);
    console.log(`${name}: ${JSON.stringify({ before, after })}`);
    assert.equal(after, { keepsBoth: true, staysSignedOut: true });
  });
}
