// Starts one real PostgreSQL for a test run. It takes the first that works: TEST_DATABASE_URL, a
// container, the npm package, an installed server. TEST_DATABASE=url|container|npm|system allows
// only that one. TEST_DATABASE=citus uses the cluster of TEST_CITUS_URL, and distributes the
// tables.
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { startLocalServer } from '../../dev/postgres/local-postgres.js';
import { npmServer, systemServer } from '../../dev/postgres/postgres-binaries.js';

export interface TestServer {
  kind: string;
  url: string;
  /** The URL for a role with only the documented grants. Set if TEST_LEAST_RIGHTS is set. */
  storeUrl?: string;
  stop(): Promise<void>;
}
const IMAGE = process.env.TEST_POSTGRES_IMAGE ?? 'postgres:17';

async function viaUrl(): Promise<TestServer | undefined> {
  const given = process.env.TEST_DATABASE_URL; // never DATABASE_URL, which may belong to an app
  if (!given) return undefined;
  const name = `session_test_${randomBytes(4).toString('hex')}`; // leaves existing data alone
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

async function viaCitus(): Promise<TestServer | undefined> {
  const url = process.env.TEST_CITUS_URL; // an extension and its workers belong to one database
  const cluster = url === undefined ? await viaCitusContainer() : { kind: 'citus', url, stop: async () => {} };
  const name = pg.escapeIdentifier(new URL(cluster.url).pathname.slice(1));
  await on(cluster.url, `ALTER DATABASE ${name} SET citus.enable_unsafe_triggers = on`); // else Citus refuses triggers
  return {
    ...cluster,
    async stop() {
      await on(cluster.url, `ALTER DATABASE ${name} RESET citus.enable_unsafe_triggers`);
      await cluster.stop();
    },
  };
}

/** One node, which is coordinator and worker. */
async function viaCitusContainer(): Promise<TestServer> {
  const { GenericContainer, Wait } = await import('testcontainers');
  const container = await new GenericContainer(process.env.TEST_CITUS_IMAGE ?? 'citusdata/citus')
    .withEnvironment({ POSTGRES_PASSWORD: 'citus' })
    .withExposedPorts(5432)
    .withWaitStrategy(Wait.forLogMessage(/database system is ready to accept connections/, 2))
    .withCommand(['postgres', '-c', 'wal_level=logical', '-c', 'fsync=off', '-c', 'shared_preload_libraries=citus'])
    .start();
  const url = `postgres://postgres:citus@${container.getHost()}:${container.getMappedPort(5432)}/postgres`;
  await on(url, "SELECT citus_set_coordinator_host('localhost', 5432)");
  process.env.TEST_CITUS_URL = url;
  return { kind: 'citus container', url, stop: async () => void (await container.stop()) };
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
    process.env.TESTCONTAINERS_RYUK_DISABLED = 'true'; // PostgreSQL's image may be local
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
/** Only if TEST_DATABASE names it. */
const ASKED_WAYS: typeof WAYS = { ...WAYS, citus: viaCitus };

export async function startDatabase(): Promise<TestServer> {
  const server = await startServer();
  await on(server.url, 'REVOKE CREATE ON SCHEMA public FROM PUBLIC'); // the default since PostgreSQL 15
  return process.env.TEST_LEAST_RIGHTS ? withLeastRights(server) : server;
}

/**
 * Creates a role that has only the grants of docs/security.md, on schemas and tables created later.
 */
async function withLeastRights(server: TestServer): Promise<TestServer> {
  const role = `session_limited_${randomBytes(4).toString('hex')}`; // roles are global to the server
  await on(
    server.url,
    `CREATE ROLE ${role} LOGIN PASSWORD 'limited'`,
    `ALTER DEFAULT PRIVILEGES GRANT USAGE ON SCHEMAS TO ${role}`,
    `ALTER DEFAULT PRIVILEGES GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO ${role}`,
  );
  console.log('the stores come as a role with SELECT, INSERT, UPDATE and DELETE on the table, and no more');
  const storeUrl = Object.assign(new URL(server.url), { username: role, password: 'limited' }).href;
  const dropRole = async () => {
    if (server.kind === 'url') await on(process.env.TEST_DATABASE_URL!, `DROP ROLE ${role}`);
  };
  return { ...server, storeUrl, stop: () => server.stop().then(dropRole) };
}

async function startServer(): Promise<TestServer> {
  const asked = process.env.TEST_DATABASE;
  if (asked && !ASKED_WAYS[asked])
    throw new Error(`TEST_DATABASE must be one of ${Object.keys(ASKED_WAYS).join(', ')}`);
  const why: string[] = [];
  for (const name of asked ? [asked] : Object.keys(WAYS)) {
    try {
      const server = await ASKED_WAYS[name]!();
      if (server) {
        console.log(`database: ${server.kind}${why.length ? ` (${why.join('; ')})` : ''}`);
        return server;
      }
      why.push(`${name}: none`);
    } catch (error) {
      if (asked || name === 'url') throw error; // a database chosen by name must work
      why.push(`${name}: ${String(error).split('\n')[0]}`);
    }
  }
  throw new Error(`no PostgreSQL to test on: ${why.join('; ')}`);
}
