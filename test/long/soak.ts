// npm run soak [-- minutes]   A steady load that resets all connections each minute. Default: 10.
// Fails if memory grows after the third minute, a read fails, a connection is not released, or the
// process does not end.
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { writeHeapSnapshot } from 'node:v8';
import type { SessionData } from 'express-session';
import pg from 'pg';
import { startLocalServer } from '../../dev/postgres/local-postgres.js';
import { PgSessionStore, SessionStoreError } from '../../src/index.js';
import { loadSession, session } from '../support/fresh-store.js';
import { TcpProxy } from '../support/proxy.js';

const MINUTE_MS = 60_000;
const WORKERS = 16;
const PAUSE_MS = 20;
const SESSIONS = 1000;
const MB = 2 ** 20;
const MAX_HEAP_GROWTH = 2; // MB
const MAX_RSS_GROWTH = 15; // MB

const minutes = Number(process.argv[2] ?? 10);
if (!Number.isInteger(minutes) || minutes < 2)
  throw new Error('the number of minutes must be a whole number, 2 or more');
const { gc } = globalThis;
if (!gc) throw new Error('soak.ts needs node --expose-gc: run npm run soak');

const faults: string[] = [];
const failed: Record<string, number> = {};
const server = await startLocalServer();
const proxy = await TcpProxy.start(server.url);
const openAtStart = openResources();
const pool = new pg.Pool({ connectionString: proxy.url });
const store = new PgSessionStore({ pool, createTableIfMissing: true, pruneSessionInterval: 5, errorLog: () => {} });
let isOver = false;

const workers = Array.from({ length: WORKERS }, work);
const samples: { heap: number; rss: number }[] = [];
console.log('minute  calls    heap MB  RSS MB  pool');
for (let minute = 1; minute <= minutes; minute++) {
  await sleep(MINUTE_MS / 2);
  proxy.resetAll();
  await sleep(MINUTE_MS / 2);
  samples.push(sample());
  const { heap, rss } = samples.at(-1)!;
  const columns = [String(minute).padEnd(7), String(store.stats().calls).padEnd(8), heap.toFixed(2).padEnd(8)];
  console.log(...columns, rss.toFixed(1).padEnd(7), `${pool.totalCount}, idle ${pool.idleCount}`);
}
isOver = true;
await Promise.all(workers);

const [from, to] = [samples[Math.min(3, minutes >> 1) - 1]!, samples.at(-1)!];
const grown = { heap: to.heap - from.heap, rss: to.rss - from.rss };
console.log(`grown by ${grown.heap.toFixed(2)} MB of heap and ${grown.rss.toFixed(1)} MB of RSS`);
console.log(`${JSON.stringify(store.stats())}; failed: ${JSON.stringify(failed)}`);
if (grown.heap >= MAX_HEAP_GROWTH || grown.rss >= MAX_RSS_GROWTH) {
  const file = writeHeapSnapshot(path.join(os.tmpdir(), `soak-${process.pid}.heapsnapshot`));
  faults.push(`the memory grows: see the heap snapshot ${file}`);
}
if (failed.get) faults.push(`${failed.get} reads failed`);
const { totalCount, idleCount, waitingCount } = pool;
if (waitingCount > 0 || idleCount < totalCount) {
  faults.push(`the pool is not idle: ${totalCount} connections, ${idleCount} idle, ${waitingCount} waiting`);
}

await store.close();
await pool.end();
await proxy.set('pass');
await sleep(100);
const openAtEnd = openResources();
if (openAtEnd !== openAtStart) faults.push(`open at the end: ${openAtEnd}; at the start: ${openAtStart}`);
await proxy.set('refuse');
await server.stop();
for (const fault of faults) console.log(`FAULT ${fault}`);
process.exitCode = faults.length > 0 ? 1 : 0;
setTimeout(() => {
  console.log(`FAULT the process does not end: ${openResources()}`);
  process.exit(1);
}, 5000).unref();

function sample(): { heap: number; rss: number } {
  gc!();
  gc!();
  const { heapUsed, rss } = process.memoryUsage();
  return { heap: heapUsed / MB, rss: rss / MB };
}

/** The sockets, servers and timers that keep the process alive. */
function openResources(): string {
  const kinds = process.getActiveResourcesInfo().filter((kind) => /TCPSocket|Timeout|TCPServer/.test(kind));
  return kinds.sort().join(', ');
}

/** Calls the store as requests do. The workers share few sessions, some gone or expired. */
async function work(): Promise<void> {
  const increment = (found: SessionData) => {
    found.count = (found.count ?? 0) + 1;
  };
  while (!isOver) {
    const sid = `session ${Math.floor(Math.random() * SESSIONS)}`;
    const seconds = 2 + Math.random() * 60;
    const cookie = { originalMaxAge: seconds * 1000, expires: new Date(Date.now() + seconds * 1000) };
    const choice = Math.random();
    if (choice < 0.1) await counted('set', store.set(sid, session({ text: 'x'.repeat(1000) }, cookie)));
    else if (choice < 0.15) await counted('destroy', store.destroy(sid));
    else if (choice < 0.25) await counted('update', store.update(sid, increment));
    else if (choice < 0.5) await counted('get', store.get(sid));
    else {
      const loaded = await loadSession(store, sid).catch((error) => {
        if (error instanceof SessionStoreError) failed.get = (failed.get ?? 0) + 1;
      });
      if (loaded && choice < 0.75) await counted('touch', store.touch(sid, loaded));
      if (loaded && choice >= 0.75) {
        loaded.views = (loaded.views ?? 0) + 1;
        await counted('save', store.set(sid, loaded));
      }
    }
    await sleep(PAUSE_MS);
  }
}

async function counted(method: string, call: Promise<unknown>): Promise<void> {
  await call.catch(() => {
    failed[method] = (failed[method] ?? 0) + 1;
  });
}
