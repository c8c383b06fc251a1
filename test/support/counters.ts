// Clients that count in sessions of their own, to see whether a failover loses what was
// acknowledged.
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import * as assert from 'uvu/assert';
import { PgSessionStore } from '../../src/index.js';
import { type freshNames, OPTIONS, session } from './fresh-store.js';
import { onEnd } from './harness.js';
import { type Outcome, outcomeOf } from './outcomes.js';

const CLIENTS = 8;

export interface Counted {
  outcomes: Outcome[];
  /**
   * Milliseconds from the last write that succeeded before the trouble to the first that began in
   * it and succeeded.
   */
  outageMs: number;
}

/**
 * Counts while there is trouble, and for two seconds after it. Fails if an acknowledged increment
 * is lost, or one was applied twice.
 *
 * @param connect makes the pool of one client
 */
export async function countDuring(
  trouble: () => Promise<unknown>,
  { connect, names }: { connect: () => pg.Pool; names: ReturnType<typeof freshNames> },
): Promise<Counted> {
  const outcomes: Outcome[] = [];
  let counting = 0;
  let lastBefore = 0;
  let firstAfter = Infinity;
  let beganAt = Infinity;
  let isOver = false;

  const client = async (n: number) => {
    const store = new PgSessionStore({ pool: connect(), ...names, errorLog: () => {}, ...OPTIONS });
    onEnd(() => store.close());
    const sid = `client ${n}`;
    await store.set(sid, session({ count: 0 }));
    await store.update(sid, (found) => found.count++);
    counting++;
    let acknowledged = 1;
    let unknown = 0;
    while (!isOver) {
      const calls: [string, () => Promise<unknown>][] = [
        ['get', () => store.get(sid)],
        ['update', () => store.update(sid, (found) => found.count++)],
        ['touch', () => store.touch(sid, session())],
      ];
      for (const [method, call] of calls) {
        const outcome = await outcomeOf(method, call);
        outcomes.push(outcome);
        if (method !== 'update') continue;
        if (outcome.error) unknown++;
        else acknowledged++;
        const now = performance.now();
        if (!outcome.error && now - outcome.ms > beganAt) firstAfter = Math.min(firstAfter, now);
        if (!outcome.error && now < beganAt) lastBefore = now;
      }
      await sleep(20);
    }
    const { count } = (await store.get(sid))!;
    assert.ok(count >= acknowledged && count <= acknowledged + unknown, `${count}: ${acknowledged}, ${unknown}`);
  };

  const clients = Array.from({ length: CLIENTS }, (_, n) => client(n));
  while (counting < CLIENTS) await Promise.race([sleep(50), Promise.all(clients)]);
  await sleep(500);
  beganAt = performance.now();
  await trouble();
  await sleep(2000);
  isOver = true;
  await Promise.all(clients);
  return { outcomes, outageMs: firstAfter - lastBefore };
}
