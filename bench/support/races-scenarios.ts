// What two overlapping requests with one session can do to it, over HTTP. Each scenario is a round that says what came of it.
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** The cookie of /short, in milliseconds: some of the stores count in whole seconds. */
export const SHORT_MS = 1000;

/** The two processes of a store, in either order; MemoryStore has one, twice. */
export interface Apps {
  one: string;
  other: string;
}

export interface Scenario {
  title: string;
  /** One round, with a session of its own. True: it went wrong. */
  round(apps: Apps): Promise<boolean>;
  /** Rounds under way at once. */
  atOnce: number;
  /** At most so many rounds. */
  limit?: number;
  /** While it runs, the table is not there. */
  savesFail?: boolean;
  /** No store can help it, since the response does not wait for it. */
  beyondStores?: boolean;
  /** What connect-pg-typed's middleware makes of the scenario before. */
  mendsPrevious?: boolean;
}

const AT_ONCE = 40;
const ALONE = 1; // in a crowd, the request that follows a redirect comes too late to miss anything
const WAITING_AT_ONCE = 200; // rounds that mostly sleep

export const SCENARIOS: Scenario[] = [
  {
    title: 'two requests change different keys, both loaded before either ends: a change lost',
    atOnce: AT_ONCE,
    async round({ one, other }) {
      const browser = await signedIn(one, 'plain');
      const finish = await Promise.all([browser.begin(one, 'write/a'), browser.begin(other, 'write/b')]);
      await Promise.all(finish.map((end) => end()));
      return !(await keepsBoth(browser, one));
    },
  },
  {
    title: 'the same, 0 to 20 ms apart, taking 0 to 20 ms: a change lost',
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
    title: 'logout during a slow request that writes: alive afterwards',
    atOnce: AT_ONCE,
    round: (apps) => outlives(apps, 'plain', 'write/b', 'destroy'),
  },
  {
    title: 'logout during a slow request that reads, `resave: true`: alive afterwards',
    atOnce: AT_ONCE,
    round: (apps) => outlives(apps, 'resave', 'read', 'destroy'),
  },
  {
    title: '`regenerate` during a slow request that writes: the old id alive afterwards',
    atOnce: AT_ONCE,
    round: (apps) => outlives(apps, 'plain', 'write/b', 'regenerate'),
  },
  {
    title: 'expired during a slow request that reads: revived by its touch',
    atOnce: WAITING_AT_ONCE,
    round: (apps) => outlives(apps, 'short', 'read', 'expire'),
  },
  {
    title: 'expired during a slow request that writes: revived by its save',
    atOnce: WAITING_AT_ONCE,
    round: (apps) => outlives(apps, 'short', 'write/b', 'expire'),
  },
  {
    title: 'explicit `save()` after a touch by another request: expiry moved back',
    atOnce: WAITING_AT_ONCE,
    async round({ one, other }) {
      const browser = await signedIn(one, 'plain');
      const finish = await browser.begin(other, Math.random() < 0.5 ? 'save' : 'save/b');
      await sleep(1200); // some of the stores count in whole seconds
      await browser.post(one, 'read');
      const { before, after } = await finish();
      return after < before;
    },
  },
  {
    title: 'login, and the redirect followed at once: not logged in',
    atOnce: ALONE,
    limit: 300,
    beyondStores: true,
    round: (apps) => missesLogin(apps, 'plain'),
  },
  {
    title: 'the same with `saveBeforeResponse()`',
    atOnce: ALONE,
    limit: 300,
    mendsPrevious: true,
    round: (apps) => missesLogin(apps, 'guarded'),
  },
  {
    title: 'login whose save fails: answered with a redirect and a cookie',
    atOnce: AT_ONCE,
    limit: 300,
    savesFail: true,
    beyondStores: true,
    round: async ({ one }) => saysLoggedIn(await signIn(one, 'plain')),
  },
  {
    title: 'the same with `saveBeforeResponse()`, which makes it a 503',
    atOnce: AT_ONCE,
    limit: 300,
    savesFail: true,
    mendsPrevious: true,
    async round({ one }) {
      const head = await signIn(one, 'guarded');
      return saysLoggedIn(head) || head.status !== 503;
    },
  },
];

/** Whether the session is there after it went, in one process, during a slow request in the other. */
async function outlives({ one, other }: Apps, mount: string, slow: string, end: string): Promise<boolean> {
  const browser = await signedIn(one, mount);
  const finish = await browser.begin(other, slow);
  if (end === 'expire') await sleep(SHORT_MS);
  else await browser.post(one, end);
  for (let waits = 0; await browser.stored(one); waits++) {
    if (end !== 'expire' || waits > 100) throw new Error(`the session is there after ${end}: nothing can revive it`);
    await sleep(50);
  }
  try {
    await finish();
  } catch (error) {
    if (end !== 'expire' || !(error instanceof WithoutSession)) throw error;
    return outlives({ one, other }, mount, slow, end); // it was expired before the slow request came
  }
  return (await browser.stored(one)) !== null;
}

async function keepsBoth(browser: Browser, app: string): Promise<boolean> {
  const stored = await browser.stored(app);
  return stored?.a === true && stored.b === true && stored.user === true;
}

async function missesLogin({ one, other }: Apps, mount: string): Promise<boolean> {
  const head = await signIn(one, mount);
  if (!saysLoggedIn(head)) throw new Error(`the login was answered with ${head.status}`);
  const next = await send(`${other}/${mount}/read`, { cookie: head.cookie });
  return (await next.body()).session.user !== true;
}

/** On a connection of its own: Express closes that of a response whose save fails. */
const signIn = (app: string, mount: string) => send(`${app}/${mount}/sign-in`, { agent: false });

const saysLoggedIn = ({ status, cookie }: Head) => status === 303 && cookie !== undefined;

/** A browser with a session that has been stored. */
async function signedIn(app: string, mount: string): Promise<Browser> {
  const head = await send(`${app}/${mount}/write/user`);
  const { sid } = await head.body();
  return new Browser(mount, sid, head.cookie!);
}

class WithoutSession extends Error {}

/** Its requests fail unless they are given the session and answered with 200. */
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

  /** Begins a request. Once it has loaded the session: how to let it go on, and its answer. */
  async begin(app: string, path: string): Promise<() => Promise<any>> {
    let head: Promise<Head> | undefined;
    const release = await new Promise<() => void>((resolve, reject) => {
      head = send(`${app}/${this.#mount}/${path}`, { cookie: this.#cookie, onLoaded: resolve });
      head.catch(reject);
    });
    return async () => {
      release();
      const { status, body: read } = await head!;
      if (status !== 200) throw new Error(`${path} was answered with ${status}`);
      const body = await read();
      if (body.loaded !== this.#sid) throw new WithoutSession(`${path} was not given its session`);
      return body;
    };
  }

  /** The session as the store's `get` has it. */
  async stored(app: string): Promise<Record<string, unknown> | null> {
    const { body } = await send(`${app}/below/${this.#mount}/${this.#sid}`, { method: 'GET' });
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
  /** Holds the request until it calls what it is given. */
  onLoaded?(release: () => void): void;
  agent?: http.Agent | false;
}

/** The head of the answer, as soon as it is there. */
function send(url: string, { cookie, method = 'POST', onLoaded, agent = keepAlive }: SendOptions = {}): Promise<Head> {
  return new Promise((resolve, reject) => {
    const headers = cookie ? { cookie } : {};
    const request = http.request(url, { method, agent, headers, timeout: 30_000 });
    request.on('error', reject);
    request.on('timeout', () => request.destroy(new Error(`${url} was not answered`)));
    request.on('response', (response) => {
      const text = new Promise<string>((done, fail) => {
        let read = '';
        response.setEncoding('utf8').on('data', (chunk) => {
          read += chunk;
        });
        response.on('end', () => done(read)).on('error', fail);
      });
      text.catch(() => {}); // whoever reads the body is told
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
