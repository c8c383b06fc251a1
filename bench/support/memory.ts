// The memory that calls take which wait for a database that does not come to them.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Store } from 'express-session';
import type pg from 'pg';
import { SESSIONS, sessionOf, sidOf } from './sessions.js';
import { call } from './stores.js';

export const WAITING = 10_000;
setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');

/** Bytes of heap for each of so many calls, none of which gets a client of the pool. Then all are answered. */
export async function bytesOfWaiting(store: Store, pool: pg.Pool, method: 'get' | 'set' | 'touch'): Promise<number> {
  const asked = Array.from({ length: WAITING }, (_, n) => {
    const sid = sidOf(n % SESSIONS);
    return method === 'get' ? [sid] : [sid, sessionOf(n)];
  });
  const clients = await Promise.all(Array.from({ length: pool.options.max }, () => pool.connect()));
  collect();
  const before = process.memoryUsage().heapUsed;
  const calls = asked.map((args) => call(store, method, ...args));
  await new Promise((resolve) => setTimeout(resolve, 100)); // until all have got as far as they get
  collect();
  const bytes = (process.memoryUsage().heapUsed - before) / WAITING;
  for (const client of clients) client.release();
  await Promise.all(calls);
  return bytes;
}
