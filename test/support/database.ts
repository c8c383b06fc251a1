// One real PostgreSQL for a test run. First that applies: TEST_DATABASE_URL, a container,
// the server npm brings, the machine's own. TEST_DATABASE=url|container|npm|system asks for one and takes no other.
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { startLocalServer } from '../../dev/local-postgres.js';
import { npmServer, systemServer } from '../../dev/postgres-binaries.js';

export interface TestServer {
  kind: string;
  url: string;
  stop(): Promise<void>;
}
const IMAGE = process.env.TEST_POSTGRES_IMAGE ?? 'postgres:17';

async function viaUrl(): Promise<TestServer | undefined> {
  const given = process.env.TEST_DATABASE_URL; // never DATABASE_URL: that is an app's
  if (!given) return undefined;
  const name = `session_test_${randomBytes(4).toString('hex')}`; // never touch what is in there
  await on(given, `CREATE DATABASE ${name}`);
  const url = new URL(given);
  url.pathname = `/${name}`;
  const others = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`; // 12 has no FORCE
  return { kind: 'url', url: url.href, stop: () => on(given, others, `DROP DATABASE ${name}`) };
}

async function on(url: string, ...statements: string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

async function viaContainer(): Promise<TestServer | undefined> {
  const { PostgreSqlContainer } = await import('@testcontainers/postgresql');
  const start = () =>
    new PostgreSqlContainer(IMAGE)
      .withEnvironment({ PGDATA: '/pgdata', POSTGRES_INITDB_ARGS: '--no-sync' })
      .withTmpFs({ '/pgdata': 'rw' })
      .withCommand(['postgres', '-c', 'fsync=off', '-c', 'synchronous_commit=off', '-c', 'full_page_writes=off'])
      .start();
  const container = await start().catch((first) => {
    if (process.env.TESTCONTAINERS_RYUK_DISABLED || !/registry|pull|ryuk|manifest/i.test(String(first))) throw first;
    process.env.TESTCONTAINERS_RYUK_DISABLED = 'true'; // the reaper's image can't be had; the database's may be here
    return start();
  });
  return {
    kind: `container ${IMAGE}`,
    url: container.getConnectionUri(),
    stop: async () => void (await container.stop()),
  };
}

const local = (kind: string, home: () => string | undefined) => async (): Promise<TestServer | undefined> => {
  const dir = home();
  return dir ? { kind, ...(await startLocalServer({ home: dir, database: 'test' })) } : undefined;
};

const WAYS: Record<string, () => Promise<TestServer | undefined>> = {
  url: viaUrl,
  container: viaContainer,
  npm: local('npm', npmServer),
  system: local('system', systemServer),
};

export async function startDatabase(): Promise<TestServer> {
  const asked = process.env.TEST_DATABASE;
  if (asked && !WAYS[asked]) throw new Error(`TEST_DATABASE must be one of ${Object.keys(WAYS).join(', ')}`);
  const why: string[] = [];
  for (const name of asked ? [asked] : Object.keys(WAYS)) {
    try {
      const server = await WAYS[name]!();
      if (server) {
        console.log(`database: ${server.kind}${why.length ? ` (${why.join('; ')})` : ''}`);
        return server;
      }
      why.push(`${name}: none`);
    } catch (error) {
      if (asked || name === 'url') throw error; // what was asked for by name must work
      why.push(`${name}: ${String(error).split('\n')[0]}`);
    }
  }
  throw new Error(`no PostgreSQL to test on: ${why.join('; ')}`);
}
