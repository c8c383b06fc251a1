// The scenarios of races.ts: overlapping HTTP requests with one session.
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** The maxAge of the cookie of /short, in milliseconds. Some stores count in whole seconds. */
export const SHORT_MS = 1000;

/** The URLs of a store's two processes, in either order. With MemoryStore both are the same. */
export interface Apps {
  one: string;
  other: string;
}

export interface Scenario {
  title: string;
  /** Runs one round with a new session. Returns true if it went wrong. */
  round(apps: Apps): Promise<boolean>;
  /** Rounds in flight. */
  atOnce: number;
  /** The maximum of rounds. Default: no maximum. */
  limit?: number;
  /** The table is renamed during the scenario. */
  savesFail?: boolean;
  /** No store can prevent it: the response does not wait for the store. */
  beyondStores?: boolean;
  /** The previous scenario with saveBeforeResponse(), which prevents it. */
  fixesPrevious?: boolean;
}

const AT_ONCE = 40;
const ALONE = 1; // with more in flight, the request after the redirect comes too late to go wrong
const WAITING_AT_ONCE = 200; // rounds that mostly sleep

export const SCENARIOS: Scenario[] = [
  {
    title: 'two requests load a session and change different keys: one change is lost',
    atOnce: AT_ONCE,
    async round({ one, other }) {
      const browser = await signedIn(one, 'plain');
      const finish = await Promise.all([browser.begin(one, 'write/a'), browser.begin(other, 'write/b')]);
      await Promise.all(finish.map((end) => end()));
      return !(await keepsBoth(browser, one));
    },
  },
  {
    title: 'the same with random delays of 0 to 20 ms: one change is lost',
    atOnce: AT_ONCE,
    async round({ one, other }) {
      const browser = await signedIn(one, 'plain');
      const request = async (app: string, key: string) => {
        await sleep(Math.random() * 20);
        await browser.post(app, `write/${key}?ms=${Math.random() * 20}`);
      };
      await Promise.all([request(one, 'a'), request(other, 'b')]);
      return !(await keepsBoth(browser, one));
    },
  },
  {
    title: 'logout during a slow request that writes: the session is live afterwards',
    atOnce: AT_ONCE,
    round: (apps) => survivesEnd(apps, 'plain', 'write/b', 'destroy'),
  },
  {
    title: 'logout during a slow request that reads, `resave: true`: the session is live afterwards',
    atOnce: AT_ONCE,
    round: (apps) => survivesEnd(apps, 'resave', 'read', 'destroy'),
  },
  {
    title: '`regenerate` during a slow request that writes: the old session is live afterwards',
    atOnce: AT_ONCE,
    round: (apps) => survivesEnd(apps, 'plain', 'write/b', 'regenerate'),
  },
  {
    title: 'the session expires during a slow request that reads: its touch revives the session',
    atOnce: WAITING_AT_ONCE,
    round: (apps) => survivesEnd(apps, 'short', 'read', 'expire'),
  },
  {
    title: 'the session expires during a slow request that writes: its save revives the session',
    atOnce: WAITING_AT_ONCE,
    round: (apps) => survivesEnd(apps, 'short', 'write/b', 'expire'),
  },
  {
    title: 'explicit `save()` after another request touched the session: the expiry moves back',
    atOnce: WAITING_AT_ONCE,
    async round({ one, other }) {
      const browser = await signedIn(one, 'plain');
      const finish = await browser.begin(other, Math.random() < 0.5 ? 'save' : 'save/b');
      await sleep(1200); // some stores count in whole seconds
      await browser.post(one, 'read');
      const { before, after } = await finish();
      return after < before;
    },
  },
  {
    title: 'login, and the browser follows the redirect at once: it is not logged in',
    atOnce: ALONE,
    limit: 300,
    beyondStores: true,
    round: (apps) => isNotLoggedIn(apps, 'plain'),
  },
  {
    title: 'the same with `saveBeforeResponse()`',
    atOnce: ALONE,
    limit: 300,
    fixesPrevious: true,
    round: (apps) => isNotLoggedIn(apps, 'guarded'),
  },
  {
    title: 'login, and the save fails: the response is a redirect with a cookie',
    atOnce: AT_ONCE,
    limit: 300,
    savesFail: true,
    beyondStores: true,
    round: async ({ one }) => looksLoggedIn(await signIn(one, 'plain')),
  },
  {
    title: 'the same with `saveBeforeResponse()`: the response is not a 503',
    atOnce: AT_ONCE,
    limit: 300,
    savesFail: true,
    fixesPrevious: true,
    async round({ one }) {
      const head = await signIn(one, 'guarded');
      return looksLoggedIn(head) || head.status !== 503;
    },
  },
];

/** Whether the session is live after it ended in one process during a slow request in the other. */
async function survivesEnd({ one, other }: Apps, mount: string, slow: string, end: string): Promise<boolean> {
  const browser = await signedIn(one, mount);
  const finish = await browser.begin(other, slow);
  if (end === 'expire') await sleep(SHORT_MS);
  else await browser.post(one, end);
  for (let waits = 0; await browser.stored(one); waits++) {
    if (end !== 'expire' || waits > 100) throw new Error(`the session is still live after ${end}`);
    await sleep(50);
  }
  try {
    await finish();
  } catch (error) {
    if (end !== 'expire' || !(error instanceof SessionNotLoaded)) throw error;
    // The session expired before the slow request loaded it.
    return survivesEnd({ one, other }, mount, slow, end);
  }
  return (await browser.stored(one)) !== null;
}

async function keepsBoth(browser: Browser, app: string): Promise<boolean> {
  const stored = await browser.stored(app);
  return stored?.a === true && stored.b === true && stored.user === true;
}

async function isNotLoggedIn({ one, other }: Apps, mount: string): Promise<boolean> {
  const head = await signIn(one, mount);
  if (!looksLoggedIn(head)) throw new Error(`the login got status ${head.status}`);
  const next = await send(`${other}/${mount}/read`, { cookie: head.cookie });
  return (await next.body()).session.user !== true;
}

/** Uses a new connection: if the save fails, Express closes the connection. */
const signIn = (app: string, mount: string) => send(`${app}/${mount}/sign-in`, { agent: false });

const looksLoggedIn = ({ status, cookie }: Head) => status === 303 && cookie !== undefined;

/** A browser with a stored session. */
async function signedIn(app: string, mount: string): Promise<Browser> {
  const head = await send(`${app}/${mount}/write/user`);
  const { sid } = await head.body();
  return new Browser(mount, sid, head.cookie!);
}

class SessionNotLoaded extends Error {}

/** A request fails if the app does not load the session, or if the status is not 200. */
class Browser {
  readonly #mount: string;
  readonly #sid: string;
  readonly #cookie: string;
  constructor(mount: string, sid: string, cookie: string) {
    this.#mount = mount;
    this.#sid = sid;
    this.#cookie = cookie;
  }

  async post(app: string, path: string): Promise<void> {
    await (await this.begin(app, path))();
  }

  /**
   * Begins a request and waits until it has loaded the session. The returned function lets the
   * request continue and returns the response.
   */
  async begin(app: string, path: string): Promise<() => Promise<any>> {
    let head: Promise<Head> | undefined;
    const release = await new Promise<() => void>((resolve, reject) => {
      head = send(`${app}/${this.#mount}/${path}`, { cookie: this.#cookie, onLoaded: resolve });
      head.catch(reject);
    });
    return async () => {
      release();
      const { status, body: read } = await head!;
      if (status !== 200) throw new Error(`${path} got status ${status}`);
      const body = await read();
      if (body.loaded !== this.#sid) throw new SessionNotLoaded(`${path} did not load the session`);
      return body;
    };
  }

  /** The session that the store's `get` returns. */
  async stored(app: string): Promise<Record<string, unknown> | null> {
    const { body } = await send(`${app}/stored/${this.#mount}/${this.#sid}`, { method: 'GET' });
    return (await body()).session;
  }
}

interface Head {
  status: number | undefined;
  cookie: string | undefined;
  body(): Promise<any>;
}

const keepAlive = new http.Agent({ keepAlive: true });

interface SendOptions {
  cookie?: string | undefined;
  method?: 'GET' | 'POST';
  /** Called when the session is loaded. The request waits until `release` is called. */
  onLoaded?(release: () => void): void;
  agent?: http.Agent | false;
}

/** Resolves when the head of the response arrives. */
function send(url: string, { cookie, method = 'POST', onLoaded, agent = keepAlive }: SendOptions = {}): Promise<Head> {
  return new Promise((resolve, reject) => {
    const headers = cookie ? { cookie } : {};
    const request = http.request(url, { method, agent, headers, timeout: 30_000 });
    request.on('error', reject);
    request.on('timeout', () => request.destroy(new Error(`${url}: no response in 30 s`)));
    request.on('response', (response) => {
      const text = new Promise<string>((done, fail) => {
        let read = '';
        response.setEncoding('utf8').on('data', (chunk) => {
          read += chunk;
        });
        response.on('end', () => done(read)).on('error', fail);
      });
      text.catch(() => {}); // body() reports the error
      resolve({
        status: response.statusCode,
        cookie: response.headers['set-cookie']?.[0]?.split(';')[0],
        body: async () => JSON.parse(await text),
      });
    });
    if (onLoaded) {
      request.on('information', () => onLoaded(() => request.end()));
      request.flushHeaders();
    } else {
      request.end();
    }
  });
}
