// One of the processes of races.ts: an Express app with one of the stores. It also reads sessions
// directly from the store. The first argument holds the options as JSON. The app sends its port to
// the parent when it listens. It exits when the parent disconnects.
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

interface Backend {
  makeStore(): Store;
  /** The expiry of the session, in milliseconds since the epoch. */
  expiry(store: Store, sid: string): Promise<number>;
}

const MOUNTS: Record<string, Partial<SessionOptions>> = {
  plain: {},
  guarded: {}, // with saveBeforeResponse()
  resave: { resave: true },
  short: { cookie: { maxAge: SHORT_MS } },
};

const options: AppOptions = JSON.parse(process.argv[2]!);
const backend = await openStore(options);
const app = express().set('env', 'test'); // keeps Express from printing errors of failed saves
for (const [mount, settings] of Object.entries(MOUNTS)) {
  // One store per mount: session() keeps its cookie settings in the store.
  const store = backend.makeStore();
  const sessions = session({
    store,
    secret: 'bench',
    resave: false,
    saveUninitialized: false,
    cookie: { maxAge: 60_000 },
    ...settings,
  });
  app.use(`/${mount}`, sessions, ...(mount === 'guarded' ? [saveBeforeResponse()] : []), routes(store));
  app.get(`/stored/${mount}/:sid`, async (req, res) => {
    const found = await promisify<string, SessionData | null | undefined>(store.get.bind(store))(req.params.sid);
    res.json({ session: found ?? null });
  });
}

const server = app.listen(0, '127.0.0.1');
server.keepAliveTimeout = 60_000;
await once(server, 'listening');
process.on('disconnect', () => process.exit());
process.send!((server.address() as AddressInfo).port);

/** Each response has the id of the session that was loaded and of the session at the end. */
function routes(store: Store): express.Router {
  const router = express.Router();
  router.use(async (req, res, next) => {
    res.locals.loaded = req.sessionID;
    // Tells the client that the session is loaded. The client ends the body to continue the
    // request.
    res.writeProcessing();
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
    const before = await backend.expiry(store, req.sessionID);
    await promisify(req.session.save.bind(req.session))();
    answer(req, res, { before, after: await backend.expiry(store, req.sessionID) });
  });
  router.post('/sign-in', (req, res) => {
    write(req, 'user');
    res.redirect(303, 'read');
  });
  return router;
}

async function openStore({ store: name, url, redisPort, ...names }: AppOptions): Promise<Backend> {
  if (name === 'connect-redis') {
    const { client, makeStore } = await redisStore(redisPort!);
    return { makeStore, expiry: (_store, sid) => client.pExpireTime(`sess:${sid}`) };
  }
  const pool = new pg.Pool({ connectionString: url });
  pool.on('error', () => {}); // each call gets its own error
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
