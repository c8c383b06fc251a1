// Outages of the database, each with a begin and an end, and a store to test them on.
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { PgSessionStore, type StoreOptions } from '../../src/index.js';
import { type freshNames, freshPool, freshStore, isCitus, lockWaiters, OPTIONS } from './fresh-store.js';
import { onEnd } from './harness.js';
import { TcpProxy } from './proxy.js';

export const CONNECTIONS = 4;
let roles = 0;

/** A store on a small pool, which connects through a proxy as a role with few grants. */
export interface Scene {
  store: PgSessionStore;
  pool: pg.Pool;
  proxy: TcpProxy;
  /** The role, quoted. */
  role: string;
  table: string;
  names: ReturnType<typeof freshNames>;
  /** A superuser's pool, which does not use the proxy. */
  admin: pg.Pool;
  /** Ends all connections of the role. PostgreSQL applies ALTER ROLE only to new connections. */
  endConnections(): Promise<unknown>;
  /** Counts the role's connections that wait for a lock. */
  lockWaits(): Promise<number>;
}

/** @param url the server's URL; default: the test server's */
export async function openScene(options: StoreOptions = {}, url = process.env.TEST_SERVER_URL!): Promise<Scene> {
  const admin = freshPool({ connectionString: url });
  const { names, table } = await freshStore({ pool: admin, errorLog: () => {} });
  const name = `web "${process.pid} ${++roles}`;
  const role = pg.escapeIdentifier(name);
  await admin.query(`CREATE ROLE ${role} LOGIN PASSWORD 'secret'`);
  onEnd(async () => {
    await admin.query(`DROP OWNED BY ${role}`);
    await admin.query(`DROP ROLE ${role}`);
  });
  await admin.query(`GRANT USAGE ON SCHEMA ${pg.escapeIdentifier(names.schemaName)} TO ${role}`);
  await admin.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON ${table} TO ${role}`);

  const proxy = await TcpProxy.start(url);
  const through = new URL(proxy.url);
  through.username = encodeURIComponent(name);
  through.password = 'secret';
  const pool = freshPool({ connectionString: through.href, max: CONNECTIONS });
  onEnd(() => proxy.set('reset')); // pool.end() would wait for queries without an answer
  const store = new PgSessionStore({
    pool,
    ...names,
    pruneSessionInterval: false,
    errorLog: () => {},
    ...OPTIONS,
    ...options,
  });
  onEnd(() => store.close());
  return {
    store,
    pool,
    proxy,
    role,
    table,
    names,
    admin,
    endConnections: () =>
      admin.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1', [name]),
    async lockWaits() {
      if (isCitus) return lockWaiters(admin); // they wait on a worker
      const waits = "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND usename = $1";
      return (await admin.query(waits, [name])).rowCount!;
    },
  };
}

export interface Outage {
  /** The calls that must fail during the outage. */
  fails: 'all' | 'writes';
  /** Resolves when the outage has begun. */
  begin(scene: Scene): Promise<unknown>;
  /** Resolves when the outage is over. */
  end(scene: Scene): Promise<unknown>;
}

/** An outage that alters the role when it begins, and undoes this when it ends. */
const roleChange = (change: string, undo: string): Pick<Outage, 'begin' | 'end'> => {
  const alter = (setting: string) => async (scene: Scene) => {
    await scene.admin.query(`ALTER ROLE ${scene.role} ${setting}`);
    await scene.endConnections();
    await sleep(50); // the call above misses a connection that is still opening
    await scene.endConnections();
  };
  return { begin: alter(change), end: alter(undo) };
};

const heldClients = new WeakMap<Scene, pg.PoolClient[]>();

/** Keeps these clients until the outage ends. */
async function hold(scene: Scene, clients: Promise<pg.PoolClient>[]): Promise<pg.PoolClient[]> {
  heldClients.set(scene, await Promise.all(clients));
  return heldClients.get(scene)!;
}
const releaseHeld = async (scene: Scene) => {
  for (const client of heldClients.get(scene)!) client.release(true);
};

export const OUTAGES: Record<string, Outage> = {
  'a black hole': {
    fails: 'all',
    begin: ({ proxy }) => proxy.set('black hole'),
    end: ({ proxy }) => proxy.set('pass'),
  },
  'a network slower than the timeout': {
    fails: 'all',
    begin: ({ proxy }) => proxy.set('pass', { delayMs: 1000 }),
    end: ({ proxy }) => proxy.set('pass'),
  },
  'connections that are reset': {
    fails: 'all',
    begin: ({ proxy }) => proxy.set('reset'),
    end: ({ proxy }) => proxy.set('pass'),
  },
  'an address without a server': {
    fails: 'all',
    begin: ({ proxy }) => proxy.set('refuse'),
    end: ({ proxy }) => proxy.set('pass'),
  },
  'an exhausted pool': {
    fails: 'all',
    begin: (scene) =>
      hold(
        scene,
        Array.from({ length: CONNECTIONS }, () => scene.pool.connect()),
      ),
    end: releaseHeld,
  },
  'a locked table': {
    fails: 'all',
    begin: async (scene) => {
      const [client] = await hold(scene, [scene.admin.connect()]);
      await client!.query(`BEGIN; LOCK TABLE ${scene.table} IN ACCESS EXCLUSIVE MODE`);
    },
    end: releaseHeld,
  },
  'a wrong password': {
    fails: 'all',
    ...roleChange("PASSWORD 'another'", "PASSWORD 'secret'"),
  },
  'a connection limit of zero': {
    fails: 'all',
    ...roleChange('CONNECTION LIMIT 0', 'CONNECTION LIMIT -1'),
  },
  'a read-only server': {
    fails: 'writes',
    ...roleChange('SET default_transaction_read_only = on', 'RESET default_transaction_read_only'),
  },
  'a missing table': {
    fails: 'all',
    begin: ({ admin, table }) => admin.query(`ALTER TABLE ${table} RENAME TO elsewhere`),
    end: ({ admin, table }) => {
      const [schema, name] = splitName(table);
      return admin.query(`ALTER TABLE ${schema}.elsewhere RENAME TO ${name}`);
    },
  },
  'a missing grant': {
    fails: 'all',
    begin: ({ admin, table, role }) => admin.query(`REVOKE ALL ON ${table} FROM ${role}`),
    end: ({ admin, table, role }) => admin.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON ${table} TO ${role}`),
  },
};

const splitName = (quoted: string): string[] => quoted.match(/"(?:[^"]|"")*"/g)!;
