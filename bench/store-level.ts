// Calls of a store's methods, so many at once, in rounds that take the stores in turn.
import type { Store } from 'express-session';
import { call, load, SESSIONS, sessionOf, sidOf } from './contenders.js';

export const OPERATIONS = ['get', 'set', 'load, change, save', 'touch'] as const;
export type Operation = (typeof OPERATIONS)[number];

const any = () => Math.floor(Math.random() * SESSIONS);
const WORK: Record<Operation, (store: Store) => Promise<unknown>> = {
  get: (store) => call(store, 'get', sidOf(any())),
  set: (store) => {
    const n = any();
    return call(store, 'set', sidOf(n), sessionOf(n));
  },
  'load, change, save': async (store) => {
    const loaded = await load(store, sidOf(any()));
    loaded.views++;
    await call(store, 'set', loaded.id, loaded);
  },
  touch: (store) => {
    const n = any();
    return call(store, 'touch', sidOf(n), sessionOf(n));
  },
};

/** Calls a second, with so many under way at once. */
export async function rate(store: Store, operation: Operation, atOnce: number, ms: number): Promise<number> {
  const work = WORK[operation];
  let done = 0;
  const begun = performance.now();
  const until = begun + ms;
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (performance.now() < until) {
        await work(store);
        done++;
      }
    }),
  );
  return done / ((performance.now() - begun) / 1000);
}

export function median(values: number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[sorted.length >> 1]!;
}
