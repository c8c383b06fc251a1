// Calls of a store's methods, so many at once.
import type { Store } from 'express-session';
import { SESSIONS, sessionOf, sidOf } from './sessions.js';
import { call, load } from './stores.js';

export const OPERATIONS = ['get', 'set', 'load, change, save', 'touch'] as const;
export type Operation = (typeof OPERATIONS)[number];

const WORK: Record<Operation, (store: Store, n: number) => Promise<unknown>> = {
  get: (store, n) => call(store, 'get', sidOf(n)),
  set: (store, n) => call(store, 'set', sidOf(n), sessionOf(n)),
  'load, change, save': async (store, n) => {
    const loaded = await load(store, sidOf(n));
    loaded.views++;
    await call(store, 'set', loaded.id, loaded);
  },
  touch: (store, n) => call(store, 'touch', sidOf(n), sessionOf(n)),
};

export interface Load {
  atOnce: number;
  /** How long, in milliseconds, or how many calls. */
  ms?: number;
  calls?: number;
  /** Of how many sessions each call takes any. */
  sessions?: number;
}

/** Calls a second, and the milliseconds that each took. */
export async function run(
  store: Store,
  operation: Operation,
  { atOnce, ms = Number.POSITIVE_INFINITY, calls = Number.POSITIVE_INFINITY, sessions = SESSIONS }: Load,
): Promise<{ rate: number; times: number[] }> {
  const work = WORK[operation];
  const times: number[] = [];
  let left = calls;
  const begun = performance.now();
  const until = begun + ms;
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let from = begun; from < until && left-- > 0; ) {
        await work(store, Math.floor(Math.random() * sessions));
        const now = performance.now();
        times.push(now - from);
        from = now;
      }
    }),
  );
  return { rate: times.length / ((performance.now() - begun) / 1000), times };
}

/** The value below which this share of the values is. */
export function quantile(values: number[], share: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
}

export const median = (values: number[]): number => quantile(values, 0.5);
