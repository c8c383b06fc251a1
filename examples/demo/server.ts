// npm start: runs the demo, on the PostgreSQL in DATABASE_URL or on one that it starts itself.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import pg from 'pg';
import { startLocalServer } from '../../dev/postgres/local-postgres.js';
import { createAdmin } from '../../src/admin/admin.js';
import { startRelay } from '../../src/cli/pgtyped/relay.js';
import { PgSessionStore } from '../../src/index.js';
import { demoApp, USER_PATH } from './app.js';
import { CutSwitch } from './outage.js';

const TABLE = 'demo sessions'; // the database may already have a table "session"
// Fixed, so that cookies survive a restart. A real app must set SESSION_SECRET.
const SECRET = 'a demo has no secrets';

const shutdown = new AbortController();
// Closing the terminal sends SIGHUP. Each signal may come twice: from the terminal and from npm.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => shutdown.abort());
const cleanups: (() => unknown)[] = []; // run in reverse order

try {
  await start();
  if (!shutdown.signal.aborted) await once(shutdown.signal, 'abort');
} catch (error) {
  // An error after Ctrl-C is not a failure: Ctrl-C interrupted the start.
  if (!shutdown.signal.aborted) {
    console.error(`The demo cannot start: ${describe(error)}`);
    process.exitCode = 1;
  }
} finally {
  setTimeout(() => process.exit(1), 10_000).unref();
  for (const cleanUp of cleanups.reverse()) await cleanUp();
}

async function start(): Promise<void> {
  const port = portOf(process.env.PORT);
  const database = await openDatabase();
  shutdown.signal.throwIfAborted();

  const client = new pg.Client({ connectionString: database.url }); // never connects: it reads the URL
  const relayServer = await startRelay(client);
  cleanups.push(() => relayServer.close());
  const relay = new CutSwitch(relayServer);
  const { user, password, database: name } = client;
  const options = optionsOf(database.url);
  const pool = new pg.Pool({
    ...{ host: '127.0.0.1', port: relay.port, user, password, database: name, ssl: false, options },
    connectionTimeoutMillis: 5000,
  });
  // The store logs them. At the end, the server may also break a connection that pool.end() left.
  pool.on('error', () => {});
  const errorLog = (message: string, error?: unknown) => {
    if (!relay.isCut) console.error(message, error);
  };
  const store = new PgSessionStore({ pool, tableName: TABLE, errorLog });
  cleanups.push(
    () => pool.end(),
    () => store.close(),
  );
  await store.createTable({ userPath: USER_PATH }); // with the index that finds a user's devices
  const { rows } = await pool.query('SHOW server_version');
  const [version] = rows[0].server_version.split(' '); // 17.6 (Debian 17.6-1)
  shutdown.signal.throwIfAborted();

  const administratorPassword = process.env.DEMO_ADMIN_PASSWORD || randomBytes(6).toString('base64url');
  const app = demoApp({
    store,
    relay,
    administratorPassword,
    admin: createAdmin({ pool, tableName: TABLE, userPath: USER_PATH }),
    secret: process.env.SESSION_SECRET || SECRET,
    facts: {
      table: pg.escapeIdentifier(TABLE),
      server: `PostgreSQL ${version}`,
      origin: database.origin,
    },
  });
  const server = await listen(app, port);
  cleanups.push(async () => {
    server.close();
    setTimeout(() => server.closeAllConnections(), 500).unref(); // browsers keep unused connections open
    await once(server, 'close');
  });
  console.log(`The password of its administration is ${administratorPassword}`);
  console.log(`The demo is at http://127.0.0.1:${(server.address() as AddressInfo).port} (Ctrl-C stops it)`);
}

async function openDatabase(): Promise<{ url: string; origin: string }> {
  const { DATABASE_URL, DEMO_DATA_DIR } = process.env;
  if (DATABASE_URL) return { url: DATABASE_URL, origin: 'from DATABASE_URL' };

  console.log('Starting PostgreSQL ...');
  const server = await startLocalServer({ database: 'demo', ...(DEMO_DATA_DIR && { dataDir: DEMO_DATA_DIR }) });
  cleanups.push(() => server.stop());
  console.log(`PostgreSQL is at ${server.url}`);
  const origin = `started by the demo, ${DEMO_DATA_DIR ? 'its data is kept in DEMO_DATA_DIR' : 'deleted when it stops'}`;
  return { url: server.url, origin };
}

/** The parameter `options` of a URL, which sets the search_path. */
function optionsOf(url: string): string | undefined {
  return URL.canParse(url) ? (new URL(url).searchParams.get('options') ?? undefined) : undefined;
}

function portOf(given: string | undefined): number | undefined {
  if (!given) return undefined;
  const port = Number(given);
  if (Number.isInteger(port) && port >= 0 && port < 65_536) return port;
  throw new Error(`PORT must be a whole number from 0 (any free port) to 65535, not "${given}"`);
}

/** Listens on `port`. Without one, on 3000, or on any free port if 3000 is taken. */
async function listen(app: ReturnType<typeof demoApp>, port: number | undefined) {
  const listenOn = async (one: number) => {
    const server = app.listen(one, '127.0.0.1');
    await once(server, 'listening');
    return server;
  };
  return await listenOn(port ?? 3000).catch((error) => {
    if (error.code !== 'EADDRINUSE') throw error;
    if (port === undefined) return listenOn(0);
    throw new Error(`port ${port} is taken. Set PORT to another port, or unset it: then the demo finds a free one`);
  });
}

/**
 * If a host name has several addresses and all refuse, Node throws an AggregateError without a
 * message.
 */
function describe(error: unknown): string {
  const reasons = error instanceof AggregateError ? error.errors : [error];
  return reasons.map((reason) => (reason instanceof Error ? reason.message : String(reason))).join('; ');
}
