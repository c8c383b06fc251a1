// The pools that tests can use instead of a pg.Pool. TEST_POOL names one.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { startWsProxy } from './ws-proxy.js';

type OpenPool = (config: pg.PoolConfig) => pg.Pool;

const folder = fileURLToPath(new URL('../long/pools/', import.meta.url));
export const packages = createRequire(folder);

/** Whether the package is installed in test/long/pools. */
export const isInstalled = (name: string): boolean => existsSync(`${folder}node_modules/${name}`);

/** Resolves when the library no longer uses the pool for its own start. */
export const initialized = new WeakMap<pg.Pool, Promise<unknown>>();

interface Kind {
  /** What these pools cannot do, as the tests name it. */
  lacks?: string[];
  /** The package of test/long/pools that it needs. */
  needs?: string;
  load(): OpenPool | Promise<OpenPool>;
  /** The URL of the test server for this kind. Default: TEST_SERVER_URL. */
  serverUrl?(): Promise<string>;
}

let wsUrl: Promise<string> | undefined;
const startedWsProxy = () => {
  wsUrl ??= startWsProxy(process.env.TEST_SERVER_URL!);
  return wsUrl;
};

export const POOLS: Record<string, Kind> = {
  'pg.Pool': { load: () => (config) => new pg.Pool(config) },
  'pg.Pool with pipeline: true': {
    load: () => (config) => new pg.Pool({ ...config, pipeline: true } as pg.PoolConfig),
  },
  'pg.Pool with an asynchronous password': {
    load:
      () =>
      ({ connectionString, ...config }) => {
        const { hostname: host, port, username, password, pathname } = new URL(connectionString!);
        const [user, database] = [username, pathname.slice(1)].map(decodeURIComponent);
        return new pg.Pool({
          ...{ host, port: Number(port || 5432), user, database, ...config },
          password: async () => decodeURIComponent(password), // pg ignores it beside a connectionString
        });
      },
  },
  'pg.native.Pool': {
    needs: 'pg-native',
    lacks: ['cancel', 'doctor', 'sockets', 'news of a lost idle connection'],
    load: () => (config) => new (packages('pg').native.Pool)(config),
  },
  'Neon Pool': {
    lacks: ['sockets'],
    serverUrl: startedWsProxy,
    async load() {
      const { neonConfig, Pool } = await import('@neondatabase/serverless');
      const { WebSocket } = await import('ws');
      const { host } = new URL(process.env.TEST_SERVER_URL!);
      const { host: wsHost } = new URL(await startedWsProxy());
      neonConfig.webSocketConstructor = WebSocket;
      neonConfig.wsProxy = (name, port) => (`${name}:${port}` === host ? wsHost : `${name}:${port}`);
      neonConfig.useSecureWebSocket = false;
      neonConfig.pipelineConnect = false;
      return (config) => new Pool(config) as unknown as pg.Pool;
    },
  },
  'Drizzle $client': {
    async load() {
      const { drizzle } = await import('drizzle-orm/node-postgres');
      return (config) => drizzle({ connection: config }).$client as pg.Pool;
    },
  },
  'TypeORM driver.master': {
    async load() {
      const { DataSource } = await import('typeorm');
      return ({ connectionString, max, ...extra }) => {
        // initialize() creates the pool at once, and waits for a connection before it sets
        // driver.master.
        let pool: pg.Pool | undefined;
        class Pool extends pg.Pool {
          constructor(config: pg.PoolConfig) {
            super(config);
            pool = this;
          }
        }
        const options = { type: 'postgres', url: connectionString!, driver: { ...pg, Pool }, extra } as const;
        const source = new DataSource({ ...options, ...(max && { poolSize: max }) });
        const initializing = source.initialize().catch(() => {});
        initialized.set(pool!, initializing);
        return pool!;
      };
    },
  },
  'pg-promise $pool': {
    async load() {
      const { default: pgPromise } = await import('pg-promise');
      const connect = pgPromise({ noWarnings: true });
      return (config) => connect(config as object).$pool as unknown as pg.Pool;
    },
  },
};

/** Opens a pool of the kind that TEST_POOL names. */
export const openPool: OpenPool = await POOLS[process.env.TEST_POOL ?? 'pg.Pool']!.load();
