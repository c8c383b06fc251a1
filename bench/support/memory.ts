// Measures the memory of calls that wait for a database connection.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Store } from 'express-session';
import type pg from 'pg';
import { SESSIONS, sessionOf, sidOf } from './sessions.js';
import { call } from './stores.js';

export const WAITING = 10_000;
setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

/** Bytes of heap per waiting call. No call gets a client of the pool until the measurement ends. */
export async function bytesPerWaitingCall(
  store: Store,
  pool: pg.Pool,
  method: 'get' | 'set' | 'touch',
): Promise<number> {
  const calls = Array.from({ length: WAITING }, (_, n) => {
    const sid = sidOf(n % SESSIONS);
    return method === 'get' ? [sid] : [sid, sessionOf(n)];
  });
  const clients = await Promise.all(Array.from({ length: pool.options.max }, () => pool.connect()));
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  const answers = calls.map((args) => call(store, method, ...args));
  await new Promise((resolve) => setTimeout(resolve, 100)); // until every call waits for a client
  collectGarbage();
  const bytes = (process.memoryUsage().heapUsed - before) / WAITING;
  for (const client of clients) client.release();
  await Promise.all(answers);
  return bytes;
}
