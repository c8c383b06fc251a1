// The ways in which a database is away, each of which can be begun and ended, and a store that meets them.
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { PgSessionStore, type StoreOptions } from '../../src/index.js';
import { type freshNames, freshPool, freshStore, OPTIONS } from './fresh-store.js';
import { onEnd } from './harness.js';
import { TcpProxy } from './proxy.js';

const CONNECTIONS = 4;
let made = 0;

/** A store that comes through a proxy, as a role with the least rights, on a small pool of the app's. */
export interface Scene {
  store: PgSessionStore;
  pool: pg.Pool;
  proxy: TcpProxy;
  /** The role, quoted. */
  role: string;
  table: string;
  names: ReturnType<typeof freshNames>;
  /** An administrator's, and not through the proxy. */
  admin: pg.Pool;
  /** Ends all connections of the role: what was altered for it holds for the next ones. */
  endConnections(): Promise<unknown>;
  /** How many of its connections wait for a lock. */
  lockWaits(): Promise<number>;
}

/** @param url the server's; default: the test server's */
export async function openScene(options: StoreOptions = {}, url = process.env.TEST_SERVER_URL!): Promise<Scene> {
  const admin = freshPool({ connectionString: url });
  const { names, table } = await freshStore({ pool: admin, errorLog: () => {} });
  const name = `web "${process.pid} ${++made}`;
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
  onEnd(() => proxy.set('reset')); // what still waits for an answer keeps no pool from ending
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
      const waits = "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND usename = $1";
      return (await admin.query(waits, [name])).rowCount!;
    },
  };
}

export interface Outage {
  /** Which calls it leaves no choice but to fail. */
  fails: 'all' | 'writes';
  /** Resolves when it has begun. */
  begin(scene: Scene): Promise<unknown>;
  /** Resolves when it is over. */
  end(scene: Scene): Promise<unknown>;
}

/** Makes an alteration of the role hold, and takes it back. */
const altered = (change: string, back: string): Pick<Outage, 'begin' | 'end'> => {
  const alter = (how: string) => async (scene: Scene) => {
    await scene.admin.query(`ALTER ROLE ${scene.role} ${how}`);
    await scene.endConnections();
    await sleep(50); // one that was being made is not among them
    await scene.endConnections();
  };
  return { begin: alter(change), end: alter(back) };
};

const held = new WeakMap<Scene, pg.PoolClient[]>();

/** Some connections are somebody else's until the end. */
async function hold(scene: Scene, clients: Promise<pg.PoolClient>[]): Promise<pg.PoolClient[]> {
  held.set(scene, await Promise.all(clients));
  return held.get(scene)!;
}
const giveBack = async (scene: Scene) => {
  for (const client of held.get(scene)!) client.release(true);
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
  'an address where nobody is': {
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
    end: giveBack,
  },
  'a locked table': {
    fails: 'all',
    begin: async (scene) => {
      const [client] = await hold(scene, [scene.admin.connect()]);
      await client!.query(`BEGIN; LOCK TABLE ${scene.table} IN ACCESS EXCLUSIVE MODE`);
    },
    end: giveBack,
  },
  'a password that is no longer right': {
    fails: 'all',
    ...altered("PASSWORD 'another'", "PASSWORD 'secret'"),
  },
  'no room for connections': {
    fails: 'all',
    ...altered('CONNECTION LIMIT 0', 'CONNECTION LIMIT -1'),
  },
  'a read-only server': {
    fails: 'writes',
    ...altered('SET default_transaction_read_only = on', 'RESET default_transaction_read_only'),
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
