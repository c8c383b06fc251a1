// npm start: the demo, on a PostgreSQL that it brings along or on the one that DATABASE_URL names.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import pg from 'pg';
import { startLocalServer } from '../../dev/postgres/local-postgres.js';
import { createAdmin } from '../../src/admin/admin.js';
import { PgSessionStore } from '../../src/index.js';
import { demoApp, USER_PATH } from './app.js';

const TABLE = 'demo sessions'; // its own table, so that a database which has a "session" keeps it to itself
const SECRET = 'a demo has no secrets'; // fixed, so that cookies outlive a restart; an app must set SESSION_SECRET

const stopped = new AbortController();
// SIGHUP comes when the terminal is closed. Each may come twice: from the terminal, and from npm.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stopped.abort());
const endings: (() => unknown)[] = []; // last come, first served

try {
  await start();
  if (!stopped.signal.aborted) await once(stopped.signal, 'abort');
} catch (error) {
  // What Ctrl-C broke off in the middle is no failure.
  if (!stopped.signal.aborted) {
    console.error(`The demo can't start: ${describe(error)}`);
    process.exitCode = 1;
  }
} finally {
  setTimeout(() => process.exit(1), 10_000).unref();
  for (const end of endings.reverse()) await end();
}

async function start(): Promise<void> {
  const port = portOf(process.env.PORT);
  const database = await openDatabase();
  stopped.signal.throwIfAborted();

  const pool = new pg.Pool({ connectionString: database.url, connectionTimeoutMillis: 5000 });
  pool.on('error', () => {}); // the store logs them; at the end the server may cut off what pool.end() did not wait for
  const store = new PgSessionStore({ pool, tableName: TABLE });
  endings.push(
    () => pool.end(),
    () => store.close(),
  );
  await store.createTable({ userPath: USER_PATH }); // with the index by which one's devices are found
  const { rows } = await pool.query('SHOW server_version');
  const [version] = rows[0].server_version.split(' '); // 17.6 (Debian 17.6-1)
  stopped.signal.throwIfAborted();

  const app = demoApp({
    store,
    admin: createAdmin({ pool, tableName: TABLE, userPath: USER_PATH }),
    secret: process.env.SESSION_SECRET || SECRET,
    facts: {
      table: pg.escapeIdentifier(TABLE),
      server: `PostgreSQL ${version}`,
      origin: database.origin,
    },
  });
  const server = await listen(app, port);
  endings.push(async () => {
    server.close();
    setTimeout(() => server.closeAllConnections(), 500).unref(); // browsers hold connections open that they never use
    await once(server, 'close');
  });
  console.log(`The demo is at http://127.0.0.1:${(server.address() as AddressInfo).port} (Ctrl-C ends it)`);
}

async function openDatabase(): Promise<{ url: string; origin: string }> {
  const { DATABASE_URL, DEMO_DATA_DIR } = process.env;
  if (DATABASE_URL) return { url: DATABASE_URL, origin: 'named by DATABASE_URL' };

  console.log('Starting PostgreSQL ...');
  const server = await startLocalServer({ database: 'demo', ...(DEMO_DATA_DIR && { dataDir: DEMO_DATA_DIR }) });
  endings.push(() => server.stop());
  console.log(`PostgreSQL is at ${server.url}`);
  const origin = `started by the demo, ${DEMO_DATA_DIR ? 'kept in DEMO_DATA_DIR' : 'gone when it ends'}`;
  return { url: server.url, origin };
}

function portOf(given: string | undefined): number | undefined {
  if (!given) return undefined;
  const port = Number(given);
  if (Number.isInteger(port) && port >= 0 && port < 65_536) return port;
  throw new Error(`PORT must be a number from 0 (any free one) to 65535, not '${given}'`);
}

/** On the port that was asked for, else on 3000, else on any that is free. */
async function listen(app: ReturnType<typeof demoApp>, port: number | undefined) {
  const listening = async (at: number) => {
    const server = app.listen(at, '127.0.0.1');
    await once(server, 'listening');
    return server;
  };
  return await listening(port ?? 3000).catch((error) => {
    if (error.code !== 'EADDRINUSE') throw error;
    if (port === undefined) return listening(0);
    throw new Error(`port ${port} is taken: set PORT to another, or leave it out and any free one is found`);
  });
}

/** A refused connection to a name with several addresses has its reasons one level down, and no message. */
function describe(error: unknown): string {
  const reasons = error instanceof AggregateError ? error.errors : [error];
  return reasons.map((reason) => (reason instanceof Error ? reason.message : String(reason))).join('; ');
}
