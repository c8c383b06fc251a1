// A worker of a Citus cluster that is dead, or does not answer: only the calls for its sessions
// fail.
import { spawn } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import * as assert from 'uvu/assert';
import { PgSessionStore } from '../../src/index.js';
import { citusSuite, citusTable } from '../support/citus.js';
import { freshPool, session } from '../support/fresh-store.js';
import { onEnd } from '../support/harness.js';
import { TcpProxy } from '../support/proxy.js';
import { childrenOf, resumeLater } from '../support/server.js';

const test = citusSuite('lost worker', { timeout: 120_000 });
const url = process.env.TEST_CITUS_URL!;
const TIMEOUT_S = 4;
const AT_ONCE = 12;

const FIRST_WORKER = `SELECT nodeid, groupid, nodename, nodeport FROM pg_dist_node
  WHERE noderole = 'primary' AND groupid > 0 ORDER BY groupid LIMIT 1`;

/** A worker that can be lost. */
interface Losable {
  /** Citus's group of it. */
  group: number;
  lose(): Promise<unknown>;
  bringBack(): Promise<unknown>;
}

/** Leads the connections to one worker through a proxy. */
const proxied =
  (mode: 'refuse' | 'black hole') =>
  async (admin: pg.Pool): Promise<Losable> => {
    const { rows } = await admin.query(FIRST_WORKER);
    const [{ nodeid, groupid, nodename, nodeport }] = rows;
    const proxy = await TcpProxy.start(`postgres://${nodename}:${nodeport}`);
    const lead = async (host: string, port: number) => {
      await admin.query('SELECT citus_update_node($1, $2, $3)', [nodeid, host, port]);
      await admin.query('SELECT start_metadata_sync_to_all_nodes()'); // DDL fails as long as a node is out of sync
    };
    await lead('127.0.0.1', Number(new URL(proxy.url).port));
    onEnd(async () => {
      await proxy.set('pass');
      await lead(nodename, nodeport);
    });
    return { group: groupid, lose: () => proxy.set(mode), bringBack: () => proxy.set('pass') };
  };

/** The id of the worker's postmaster. Undefined if the worker runs on another machine. */
async function postmasterOf(admin: pg.Pool): Promise<number | undefined> {
  const { rows } = await admin.query(
    "SELECT result AS dir FROM run_command_on_workers('SHOW data_directory') JOIN pg_dist_node USING (nodename, nodeport) ORDER BY groupid",
  );
  try {
    return Number(readFileSync(`${rows[0].dir}/postmaster.pid`, 'utf8').split('\n')[0]);
  } catch {
    return undefined;
  }
}

/** Kills or stops the processes of the worker itself. */
const real =
  (signal: 'SIGKILL' | 'SIGSTOP') =>
  async (admin: pg.Pool): Promise<Losable> => {
    const { rows } = await admin.query(FIRST_WORKER);
    const postmaster = (await postmasterOf(admin))!;
    const [program, ...args] = readFileSync(`/proc/${postmaster}/cmdline`, 'utf8').split('\0').slice(0, -1);
    const { uid, gid } = statSync(`/proc/${postmaster}`);
    const pids = () => [postmaster, ...childrenOf(postmaster)];
    let isLost = false;
    const send = (name: NodeJS.Signals) => {
      for (const pid of pids()) process.kill(pid, name);
    };
    const bringBack = async () => {
      if (!isLost) return;
      isLost = false;
      if (signal === 'SIGSTOP') return send('SIGCONT');
      spawn(program!, args, { uid, gid, cwd: '/', detached: true, stdio: 'ignore' }).unref();
    };
    onEnd(bringBack);
    return {
      group: rows[0].groupid,
      async lose() {
        isLost = true;
        if (signal === 'SIGSTOP') resumeLater(pids());
        send(signal);
      },
      bringBack,
    };
  };

/** Which sessions are on the worker, and which are not. */
async function split(admin: pg.Pool, table: string, group: number, sids: string[]) {
  const { rows } = await admin.query(
    `SELECT x AS sid, p.groupid FROM unnest($2::text[]) AS x
     JOIN pg_dist_placement AS p ON p.shardid = get_shard_id_for_distribution_column($1::regclass, x)`,
    [table, sids],
  );
  const lost = rows.filter(({ groupid }) => groupid === group).map(({ sid }) => sid as string);
  return { lost, live: sids.filter((sid) => !lost.includes(sid)) };
}

interface Load {
  ms: number[];
  failed: string[];
  /** By session: calls of update() that succeeded. */
  updates: Map<string, number>;
  stop: () => Promise<void>;
}

const isCounted = (sid: string) => !sid.endsWith(' set');

/** Calls of all kinds, in loops, until it is stopped. */
function startLoad(store: PgSessionStore, sids: string[]): Load {
  let isStopped = false;
  const counted = sids.filter(isCounted);
  const others = sids.filter((sid) => !isCounted(sid));
  const load: Load = { ms: [], failed: [], updates: new Map(), stop: async () => {} };
  const calls = [
    (sid: string) => store.get(sid),
    (sid: string) => store.touch(sid, session()),
    (_: string, n: number) => store.set(others[n % others.length]!, session()),
    async (sid: string) => {
      await store.update(sid, (found) => found.views++);
      load.updates.set(sid, (load.updates.get(sid) ?? 0) + 1);
    },
  ];
  const loops = Array.from({ length: AT_ONCE }, async (_, loop) => {
    for (let n = loop; !isStopped; n++) {
      const begun = performance.now();
      const sid = counted[Math.floor(Math.random() * counted.length)]!;
      await calls[n % calls.length]!(sid, n).catch((error) => {
        load.failed.push(`${error.code} ${error.message}`);
      });
      load.ms.push(performance.now() - begun);
      await sleep(5);
    }
  });
  load.stop = async () => {
    isStopped = true;
    await Promise.all(loops);
  };
  return load;
}

const p99 = (ms: number[]) => ms.toSorted((one, other) => one - other)[Math.floor(ms.length * 0.99)]!;

const FAULTS: Record<string, (admin: pg.Pool) => Promise<Losable>> = {
  'that refuses connections': proxied('refuse'),
  'that does not answer': proxied('black hole'),
};
if (url && (await isLocal()))
  Object.assign(FAULTS, { 'that is killed': real('SIGKILL'), 'that is stopped': real('SIGSTOP') });
else if (url) console.log('skipped, because the worker runs on another machine: a worker that is killed or stopped');

async function isLocal(): Promise<boolean> {
  const admin = new pg.Pool({ connectionString: url, max: 1 });
  const postmaster = await postmasterOf(admin);
  await admin.end();
  return postmaster !== undefined && process.getuid?.() === 0;
}

for (const [title, fault] of Object.entries(FAULTS)) {
  for (const batch of [true, false]) {
    test(`a worker ${title} costs only its own sessions, with batch: ${batch}`, async () => {
      const { pool: admin, names, table } = await citusTable(4);
      const { group, lose, bringBack } = await fault(admin);
      const pool = freshPool({ connectionString: url });
      const store = new PgSessionStore({
        pool,
        ...names,
        batch,
        pruneSessionInterval: false,
        touchAfter: 0,
        timeout: TIMEOUT_S,
      });
      onEnd(() => store.close());
      const sids = Array.from({ length: 400 }, (_, n) => (n % 2 ? `session ${n}` : `session ${n} set`));
      await Promise.all(sids.map((sid) => store.set(sid, session({ views: 0 }))));
      const { live, lost } = await split(admin, table, group, sids);
      const phase = async (ms: number) => {
        const loads = {
          live: startLoad(store, live),
          lost: startLoad(store, lost),
        };
        await sleep(ms);
        await Promise.all([loads.live.stop(), loads.lost.stop()]);
        return loads;
      };
      await phase(2000); // connects and warms up
      const before = await phase(3000);
      await lose();
      const during = await phase(8000);
      await bringBack();
      const recovering = await phase(1000);
      await sleep(TIMEOUT_S * 1000);
      const after = await phase(2000);

      assert.equal([...before.live.failed, ...before.lost.failed, ...after.live.failed, ...after.lost.failed], []);
      const summary =
        `${title}, batch: ${batch}: p99 of live sessions ${p99(before.live.ms).toFixed(0)} ms before, ` +
        `${p99(during.live.ms).toFixed(0)} ms during (${during.live.ms.length} calls, ${during.live.failed.length} failed); ` +
        `lost: ${during.lost.failed.length} of ${during.lost.ms.length} failed, at most ${Math.max(...during.lost.ms).toFixed(0)} ms`;
      console.log(summary);
      assert.equal(during.live.failed, [], summary);
      assert.ok(during.lost.failed.length > 0, summary);
      assert.ok(Math.max(...during.lost.ms) < TIMEOUT_S * 1000 + 500, summary);
      assert.ok(p99(during.live.ms) <= 3 * Math.max(p99(before.live.ms), 20), summary);
      for (const sid of sids.filter(isCounted)) {
        const acknowledged = [before, during, recovering, after]
          .flatMap(({ live: one, lost: other }) => [one, other])
          .reduce((sum, { updates }) => sum + (updates.get(sid) ?? 0), 0);
        assert.ok((await store.get(sid))!.views >= acknowledged, `${sid} lost an update`);
      }
    });
  }
}
