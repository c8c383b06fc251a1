// One of the processes of bench/races.ts: an Express app on one of the stores, and what its sessions look like from below.
// Options as JSON in the first argument. Sends its port when it listens, and ends with its parent.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import express from 'express';
import session, { type MemoryStore, type SessionData, type SessionOptions, type Store } from 'express-session';
import pg from 'pg';
import { saveBeforeResponse } from '../../src/index.js';
import { makeStore, quotedName, type StoreName } from '../../test/support/stores.js';
import { SHORT_MS } from './races-scenarios.js';
import { redisStore } from './redis.js';

export interface AppOptions {
  store: StoreName | 'connect-redis';
  url: string;
  schemaName: string;
  tableName: string;
  redisPort: number | undefined;
}

interface Below {
  makeStore(): Store;
  /** When the session expires, in milliseconds of an epoch. */
  expiry(store: Store, sid: string): Promise<number>;
}

const MOUNTS: Record<string, Partial<SessionOptions>> = {
  plain: {},
  guarded: {}, // by saveBeforeResponse()
  resave: { resave: true },
  short: { cookie: { maxAge: SHORT_MS } },
};

const options: AppOptions = JSON.parse(process.argv[2]!);
const below = await openStore(options);
const app = express().set('env', 'test'); // or Express prints the errors of the saves that are made to fail
for (const [mount, settings] of Object.entries(MOUNTS)) {
  const store = below.makeStore(); // for each its own: session() leaves its cookie's settings in the store
  const sessions = session({
    store,
    secret: 'bench',
    resave: false,
    saveUninitialized: false,
    cookie: { maxAge: 60_000 },
    ...settings,
  });
  app.use(`/${mount}`, sessions, ...(mount === 'guarded' ? [saveBeforeResponse()] : []), routes(store));
  app.get(`/below/${mount}/:sid`, async (req, res) => {
    const found = await promisify<string, SessionData | null | undefined>(store.get.bind(store))(req.params.sid);
    res.json({ session: found ?? null });
  });
}

const server = app.listen(0, '127.0.0.1');
server.keepAliveTimeout = 60_000;
await once(server, 'listening');
process.on('disconnect', () => process.exit());
process.send!((server.address() as AddressInfo).port);

/** What requests do with a session. Each answers with the id of the session that it was given and of the one it leaves. */
function routes(store: Store): express.Router {
  const router = express.Router();
  router.use(async (req, res, next) => {
    res.locals.loaded = req.sessionID;
    res.writeProcessing(); // tells the driver that the session is loaded. The end of the body is its word to go on
    req.resume();
    await once(req, 'end');
    await sleep(Number(req.query.ms ?? 0));
    next();
  });
  const answer = (req: express.Request, res: express.Response, more: object = {}) =>
    res.json({ loaded: res.locals.loaded, sid: req.sessionID, ...more });
  const write = (req: express.Request, key: string) => Object.assign(req.session, { [key]: true });

  router.post('/read', (req, res) => answer(req, res, { session: req.session }));
  router.post('/write/:key', (req, res) => {
    write(req, req.params.key);
    answer(req, res);
  });
  router.post('/destroy', async (req, res) => {
    await promisify(req.session.destroy.bind(req.session))();
    answer(req, res);
  });
  router.post('/regenerate', async (req, res) => {
    await promisify(req.session.regenerate.bind(req.session))();
    write(req, 'user');
    answer(req, res);
  });
  router.post('/save{/:key}', async (req, res) => {
    if (req.params.key) write(req, req.params.key);
    const before = await below.expiry(store, req.sessionID);
    await promisify(req.session.save.bind(req.session))();
    answer(req, res, { before, after: await below.expiry(store, req.sessionID) });
  });
  router.post('/sign-in', (req, res) => {
    write(req, 'user');
    res.redirect(303, 'read');
  });
  return router;
}

async function openStore({ store: name, url, redisPort, ...names }: AppOptions): Promise<Below> {
  if (name === 'connect-redis') {
    const { client, makeStore } = await redisStore(redisPort!);
    return { makeStore, expiry: (_store, sid) => client.pExpireTime(`sess:${sid}`) };
  }
  const pool = new pg.Pool({ connectionString: url });
  pool.on('error', () => {}); // each call has its own
  if (name === 'MemoryStore') {
    const expiry = async (store: Store, sid: string) => {
      const { sessions } = store as MemoryStore & { sessions: Record<string, string> };
      return Date.parse(JSON.parse(sessions[sid]!).cookie.expires);
    };
    return { makeStore: () => makeStore(name, { pool, ...names }), expiry };
  }
  const select = `SELECT extract(epoch FROM expire::timestamptz)::float8 * 1000 AS expiry FROM ${quotedName(names)} WHERE sid = $1`;
  return {
    makeStore: () => makeStore(name, { pool, ...names }),
    expiry: async (_store, sid) => (await pool.query(select, [sid])).rows[0].expiry,
  };
}
