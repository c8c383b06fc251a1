// Calls a store's methods with a fixed number of calls in flight, and measures them.
import type { Store } from 'express-session';
import { SESSIONS, sessionOf, sidOf } from './sessions.js';
import { call, load } from './stores.js';

export const OPERATIONS = ['get', 'set', 'load, change, save', 'touch'] as const;
export type Operation = (typeof OPERATIONS)[number];

const CALLS: Record<Operation, (store: Store, n: number) => Promise<unknown>> = {
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
  /** Calls in flight. */
  atOnce: number;
  /** The load ends after this number of milliseconds. Default: no limit. */
  ms?: number;
  /** The load ends after this number of calls. Default: no limit. */
  calls?: number;
  /** Each call takes a random session below this number. Default: all of the table. */
  sessions?: number;
}

export interface Measured {
  /** Calls per second. */
  rate: number;
  /** Milliseconds of each call. */
  times: number[];
}

export async function run(
  store: Store,
  operation: Operation,
  { atOnce, ms = Number.POSITIVE_INFINITY, calls = Number.POSITIVE_INFINITY, sessions = SESSIONS }: Load,
): Promise<Measured> {
  const work = CALLS[operation];
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
  const seconds = (performance.now() - begun) / 1000;
  return { rate: times.length / seconds, times };
}

/** The value below which this share of the values lies. */
export function quantile(values: number[], share: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
}

export const median = (values: number[]): number => quantile(values, 0.5);
