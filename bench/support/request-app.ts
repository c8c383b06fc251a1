// An Express app with one of the stores, in its own process, for requests.ts. The first argument
// holds the options as JSON. The app sends its port to the parent when it listens. It exits when
// the parent disconnects.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import express from 'express';
import session from 'express-session';
import pg from 'pg';
import { makeStore } from '../../test/support/stores.js';
import { importBuild } from './build.js';
import { redisStore } from './redis.js';
import { OURS, REDIS, SIMPLE } from './stores.js';

export interface RequestAppOptions {
  name: string;
  url: string;
  redisPort: number | undefined;
}

const { name, url, redisPort }: RequestAppOptions = JSON.parse(process.argv[2]!);
const pool = new pg.Pool({ connectionString: url });
pool.on('error', () => {}); // each call gets its own error
const location = { pool, schemaName: `bench ${name}`, tableName: 'session' };

async function openStore(): Promise<session.Store> {
  const { PgSessionStore } = await importBuild();
  if (name === OURS) return new PgSessionStore({ ...location, pruneSessionInterval: false });
  if (name === SIMPLE) return makeStore(SIMPLE, location);
  return name === REDIS ? (await redisStore(redisPort!)).makeStore() : new session.MemoryStore();
}

const app = express();
app.use(
  session({
    store: await openStore(),
    secret: 'bench',
    resave: false,
    saveUninitialized: false,
    cookie: { maxAge: 86_400_000 },
  }),
);
app.get('/read', (req, res) => {
  res.json({ views: req.session.views });
});
app.get('/write', (req, res) => {
  req.session.views = (req.session.views ?? 0) + 1;
  req.session.cart ??= 'x'.repeat(900);
  res.json({ views: req.session.views });
});

declare module 'express-session' {
  interface SessionData {
    cart?: string;
  }
}

const server = app.listen(0, '127.0.0.1');
server.keepAliveTimeout = 60_000;
await once(server, 'listening');
process.on('disconnect', () => process.exit());
process.send!((server.address() as AddressInfo).port);
