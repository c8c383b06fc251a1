// Calls a store's methods with a fixed number of calls in flight, and measures them.
import type { Store } from 'express-session';
import { SESSIONS, sessionOf, sidOf } from './sessions.js';
import { call, load } from './stores.js';

export const OPERATIONS = ['get', 'set', 'load, change, save', 'touch'] as const;
/** The operations of connect-pg-typed, which also has update(). */
export const OWN_OPERATIONS = [...OPERATIONS, 'destroy', 'update'] as const;
export type Operation = (typeof OWN_OPERATIONS)[number];

let saves = 0; // makes each set() a change

const CALLS: Record<Operation, (store: Store, n: number) => Promise<unknown>> = {
  get: (store, n) => call(store, 'get', sidOf(n)),
  set: (store, n) => call(store, 'set', sidOf(n), Object.assign(sessionOf(n), { views: ++saves })),
  'load, change, save': async (store, n) => {
    const loaded = await load(store, sidOf(n));
    loaded.views++;
    await call(store, 'set', loaded.id, loaded);
  },
  touch: (store, n) => call(store, 'touch', sidOf(n), sessionOf(n)),
  destroy: (store, n) => call(store, 'destroy', sidOf(n)),
  update: async (store, n) => {
    const change = (session: { views: number }) => {
      session.views++;
    };
    if (!(await call(store, 'update', sidOf(n), change))) throw new Error(`no session ${sidOf(n)}`);
  },
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
  /** Chooses the session of each call instead. */
  nextSession?: () => number;
}

export interface Measured {
  /** Calls per second. */
  rate: number;
  /** CPU time of this process, in microseconds per call. */
  cpu: number;
  /** Milliseconds of each call. */
  times: number[];
}

export async function run(
  store: Store,
  operation: Operation,
  {
    atOnce,
    ms = Number.POSITIVE_INFINITY,
    calls = Number.POSITIVE_INFINITY,
    sessions = SESSIONS,
    nextSession = () => Math.floor(Math.random() * sessions),
  }: Load,
): Promise<Measured> {
  const work = CALLS[operation];
  const times: number[] = [];
  let left = calls;
  const cpuBefore = process.cpuUsage();
  const begun = performance.now();
  const until = begun + ms;
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let from = begun; from < until && left-- > 0; ) {
        await work(store, nextSession());
        const now = performance.now();
        times.push(now - from);
        from = now;
      }
    }),
  );
  const seconds = (performance.now() - begun) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  return { rate: times.length / seconds, cpu: (user + system) / times.length, times };
}

/** The value below which this share of the values lies. */
export function quantile(values: number[], share: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
}

export const median = (values: number[]): number => quantile(values, 0.5);
