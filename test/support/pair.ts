// A primary and its synchronous standby behind one address, and what happens when the primary dies.
import * as fs from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { onEnd } from './harness.js';
import { TcpProxy } from './proxy.js';
import { Server } from './server.js';

export interface Pair {
  /** Where clients connect, whichever server leads. */
  address: TcpProxy;
  /** Kills the primary, lets the address lead to the standby, and makes that the primary after so many milliseconds. */
  failOver(afterMs: number): Promise<void>;
}

/** What has been acknowledged is on the standby's disk, too. */
export async function startPair(): Promise<Pair> {
  const primary = await Server.start();
  onEnd(() => primary.remove());
  await primary.stop(); // a copy of a running server's folder would be torn
  const signal = path.join(primary.dataDir, 'standby.signal');
  await fs.writeFile(signal, '');
  const { port } = new URL(primary.url);
  const follow = `primary_conninfo=host=127.0.0.1 port=${port} user=postgres password=postgres`;
  const standby = await Server.start({
    from: primary.dataDir,
    settings: [follow, 'wal_retrieve_retry_interval=100ms'],
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
    address,
    async failOver(afterMs) {
      await primary.kill();
      address.leadTo(standby.url);
      await sleep(afterMs);
      await standby.query('SELECT pg_promote()');
    },
  };
}
