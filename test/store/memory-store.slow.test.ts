// The cookie in the next request: the same as with MemoryStore, for each shape of a cookie and each
// setting.
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import express from 'express';
import session, { type SessionData } from 'express-session';
import * as assert from 'uvu/assert';
import { freshStore } from '../support/fresh-store.js';
import { onEnd, suite } from '../support/harness.js';
import { invalid } from '../support/invalid.js';

const test = suite('as MemoryStore', { timeout: 60_000 });

process.env.NODE_ENV = 'test'; // Express then does not print the errors that this test makes

const HOUR = 3_600_000;
const MONTH = 30 * 24 * HOUR;
const soon = () => new Date(Date.now() + MONTH);

type AnyCookie = Record<string, unknown>;

/** What a request does to its cookie. */
const CHANGES: Record<string, (cookie: AnyCookie) => unknown> = {
  nothing: () => {},
  'expires = false': (cookie) => (cookie.expires = false),
  'expires = null': (cookie) => (cookie.expires = null),
  "expires = ''": (cookie) => (cookie.expires = ''),
  'expires = undefined': (cookie) => (cookie.expires = undefined),
  'expires = a later date': (cookie) => (cookie.expires = soon()),
  'expires = an earlier date': (cookie) => (cookie.expires = new Date(Date.now() + 600_000)),
  'expires = a past date': (cookie) => (cookie.expires = new Date(0)),
  'expires = a number': (cookie) => (cookie.expires = Date.now() + MONTH),
  'maxAge = 30 days': (cookie) => (cookie.maxAge = MONTH),
  'maxAge = 10 minutes': (cookie) => (cookie.maxAge = 600_000),
  'maxAge = null': (cookie) => (cookie.maxAge = null),
  'maxAge = false': (cookie) => (cookie.maxAge = false),
  'maxAge = undefined': (cookie) => (cookie.maxAge = undefined),
  "maxAge = ''": (cookie) => (cookie.maxAge = ''),
  'maxAge = 0': (cookie) => (cookie.maxAge = 0),
  'maxAge = -1000': (cookie) => (cookie.maxAge = -1000),
  'maxAge = NaN': (cookie) => (cookie.maxAge = Number.NaN),
  'maxAge = Infinity': (cookie) => (cookie.maxAge = Number.POSITIVE_INFINITY),
  'maxAge = MAX_VALUE': (cookie) => (cookie.maxAge = Number.MAX_VALUE),
  'originalMaxAge = 2 hours': (cookie) => (cookie.originalMaxAge = 2 * HOUR),
  'originalMaxAge = null': (cookie) => (cookie.originalMaxAge = null),
  'originalMaxAge = false': (cookie) => (cookie.originalMaxAge = false),
  'originalMaxAge = undefined': (cookie) => (cookie.originalMaxAge = undefined),
  'sameSite = strict': (cookie) => (cookie.sameSite = 'strict'),
  'path = /web': (cookie) => (cookie.path = '/web'),
  'domain = example.com': (cookie) => (cookie.domain = 'example.com'),
  'secure = true': (cookie) => (cookie.secure = true),
  'httpOnly = false': (cookie) => (cookie.httpOnly = false),
  'priority = high': (cookie) => (cookie.priority = 'high'),
  'partitioned = true': (cookie) => (cookie.partitioned = true),
  'sameSite = strict, maxAge = 30 days': (cookie) => Object.assign(cookie, { sameSite: 'strict', maxAge: MONTH }),
};

/** What a script or another library has stored. */
const STORED: Record<string, () => AnyCookie> = {
  'no field': () => ({}),
  'expires: false': () => ({ originalMaxAge: false, expires: false, httpOnly: true, path: '/' }),
  "expires: ''": () => ({ originalMaxAge: '', expires: '', httpOnly: true, path: '/' }),
  'expires: null': () => ({ originalMaxAge: null, expires: null, path: '/' }),
  'expires: soon': () => ({ originalMaxAge: null, expires: 'soon' }),
  'expires: a Date, an age': () => ({ originalMaxAge: MONTH, expires: soon(), sameSite: 'lax' }),
  'expires: a Date, no age': () => ({ expires: soon() }),
  'expires: RFC 1123': () => ({ originalMaxAge: MONTH, expires: soon().toUTCString() }),
  'expires: a number, an age': () => ({ originalMaxAge: MONTH, expires: Date.now() + MONTH }),
  'maxAge: null after expires': () => ({ originalMaxAge: MONTH, expires: soon(), maxAge: null }),
  'maxAge: false after expires': () => ({ originalMaxAge: MONTH, expires: soon(), maxAge: false }),
  'maxAge alone': () => ({ maxAge: HOUR }),
  'maxAge and an age': () => ({ maxAge: HOUR, originalMaxAge: HOUR }),
  'an age alone': () => ({ originalMaxAge: HOUR }),
  'originalMaxAge: false, expires: a Date': () => ({ originalMaxAge: false, expires: soon() }),
  'as of next-session': () => ({ path: '/', maxAge: MONTH / 1000, originalMaxAge: MONTH, expires: soon() }),
  'as of @fastify/session': () => ({
    maxAge: MONTH,
    path: '/',
    httpOnly: true,
    expires: soon(),
    sameSite: null,
    domain: null,
  }),
  'as of express-openid-connect': () => ({ expires: Date.now() + MONTH, maxAge: MONTH }),
  'expires: a past date': () => ({ originalMaxAge: HOUR, expires: new Date(0) }),
  'expires: a past number': () => ({ originalMaxAge: HOUR, expires: 1 }),
};

interface Setting {
  resave: boolean;
  rolling: boolean;
  ttl: number | undefined;
  concurrency: 'merge' | 'overwrite';
  disableTouch: boolean;
}

/** The differences from MemoryStore, with their reasons. */
function reasonFor(what: string, { ttl }: Setting): string | undefined {
  if (/NaN|Infinity|MAX_VALUE/.test(what)) return 'the store refuses an age that is not a finite number';
  if (ttl && /^expires: a past/.test(what)) return 'ttl wins over the cookie of a stored session';
  return undefined;
}

/** Starts an app, and returns a function that sends a request with a session id. */
async function serve(store: session.Store, { resave, rolling }: Setting) {
  const app = express();
  app.use(
    session({
      secret: 's',
      genid: (req) => String(req.headers['x-sid']),
      resave,
      rolling,
      saveUninitialized: false,
      store,
      cookie: { maxAge: HOUR },
    }),
  );
  app.post('/start', (req, res) => {
    req.session.n = 1;
    res.json({});
  });
  app.post('/change/:what', (req, res) => {
    CHANGES[req.params.what]!(req.session.cookie as unknown as AnyCookie);
    if (req.query.data) req.session.n = 2;
    res.set('Connection', 'close'); // Express closes it if the save fails, when a client may already use it again
    res.json({});
  });
  app.get('/', (req, res) => {
    res.json({ n: req.session.n ?? null, cookie: req.session.cookie });
  });
  app.use(((error, _req, res, _next) => {
    if (!res.headersSent) res.status(500).json({ error: error.message });
  }) as express.ErrorRequestHandler);
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onEnd(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  return async (sid: string, method: string, path: string): Promise<unknown> => {
    const headers = { 'x-sid': sid, cookie: `connect.sid=${signed(sid)}` };
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { method, headers }).catch(() => undefined);
    if (!response) return 'the connection was closed';
    const setCookie = response.headers.get('set-cookie')?.replace(/Expires=[^;]+/, 'Expires');
    return { status: response.status, setCookie, body: await response.json().catch(() => 'no JSON') };
  };
}

const signed = (sid: string) => encodeURIComponent(`s:${sid}.${hmac(sid)}`);
const hmac = (sid: string) => createHmac('sha256', 's').update(sid).digest('base64').replace(/=+$/, '');

/**
 * Whether two answers are equal, with times that differ by less than 30 s. A number is as good as a
 * Date.
 */
function isAlike(one: unknown, other: unknown): boolean {
  if (typeof one === 'number' && typeof other === 'number') return Math.abs(one - other) < 30_000;
  if (!isRecord(one) || !isRecord(other)) return one === other;
  const keys = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...keys].every((key) =>
    key === 'expires' ? isAlike(timeOf(one[key]), timeOf(other[key])) : isAlike(one[key], other[key]),
  );
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
const timeOf = (expires: unknown): unknown => (expires ? new Date(expires as string).getTime() : expires);

const settings = [false, true].flatMap((resave) =>
  [false, true].flatMap((rolling) =>
    [undefined, 7200].flatMap((ttl) =>
      (['merge', 'overwrite'] as const).flatMap((concurrency) =>
        [false, true].map((disableTouch): Setting => ({ resave, rolling, ttl, concurrency, disableTouch })),
      ),
    ),
  ),
);

for (const setting of settings) {
  const { resave, rolling, ...options } = setting;
  test(`the next request sees the cookie that it sees with MemoryStore, with ${JSON.stringify({ ...setting, ttl: setting.ttl ?? null })}`, async () => {
    const { store } = await freshStore(options);
    const memory = new session.MemoryStore();
    const [ours, theirs] = [await serve(store, setting), await serve(memory, setting)];
    const wrong: unknown[] = [];
    const compare = async (what: string, sid: string, requests: [string, string][]) => {
      for (const [method, path] of requests) {
        const [seen, expected] = await Promise.all([ours(sid, method, path), theirs(sid, method, path)]);
        const isAllowed = reasonFor(what, setting) !== undefined;
        if (isAllowed && path !== '/') continue; // the request that fails
        if (isAlike(seen, expected) === isAllowed) wrong.push({ what, path, seen, expected });
      }
    };
    const next: [string, string][] = [
      ['GET', '/'],
      ['GET', '/'],
    ];
    const changes = Object.keys(CHANGES).flatMap((what, n) =>
      (setting.disableTouch ? [''] : ['', '?data=1']).map((data) =>
        compare(what, `c${n}${data}`, [
          ['POST', '/start'],
          ['POST', `/change/${encodeURIComponent(what)}${data}`],
          ...next,
        ]),
      ),
    );
    const stored = Object.entries(STORED).map(async ([what, cookie], n) => {
      const data = { n: 1, cookie: cookie() } as unknown as SessionData;
      await store.set(`s${n}`, invalid(data));
      memory.set(`s${n}`, data);
      await compare(what, `s${n}`, next);
    });
    await Promise.all([...changes, ...stored]);
    assert.equal(wrong, []);
  });
}
