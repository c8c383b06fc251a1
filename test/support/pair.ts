// A primary and a synchronous standby behind one address, with a failover.
import * as fs from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { onEnd } from './harness.js';
import { TcpProxy } from './proxy.js';
import { Server, type ServerOptions } from './server.js';

export interface Pair {
  primary: Server;
  standby: Server;
  /** Forwards clients to the current primary. */
  address: TcpProxy;
  /** Kills the primary, points the address at the standby, and promotes it after `afterMs`. */
  failOver(afterMs: number): Promise<void>;
}

/** The standby is synchronous: it has every acknowledged write on its disk. */
export async function startPair({ home, settings = [] }: Omit<ServerOptions, 'from'> = {}): Promise<Pair> {
  const primary = await Server.start({ home, settings });
  onEnd(() => primary.remove());
  await primary.stop(); // a copy of a running server's folder would be inconsistent
  const signal = path.join(primary.dataDir, 'standby.signal');
  await fs.writeFile(signal, '');
  const { port } = new URL(primary.url);
  const primaryConninfo = `primary_conninfo=host=127.0.0.1 port=${port} user=postgres password=postgres`;
  const standby = await Server.start({
    from: primary.dataDir,
    home,
    settings: [...settings, primaryConninfo, 'wal_retrieve_retry_interval=100ms'],
  });
  onEnd(() => standby.remove());
  await fs.rm(signal);
  await primary.start();
  await primary.query("ALTER SYSTEM SET synchronous_standby_names = '*'");
  await primary.query('SELECT pg_reload_conf()');
  while ((await primary.query("SELECT FROM pg_stat_replication WHERE sync_state = 'sync'")).length === 0)
    await sleep(20);

  const address = await TcpProxy.start(primary.url);
  return {
    primary,
    standby,
    address,
    async failOver(afterMs) {
      await primary.kill();
      address.leadTo(standby.url);
      await sleep(afterMs);
      await standby.query('SELECT pg_promote()');
    },
  };
}
