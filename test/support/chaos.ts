// A random history: workers read, write, touch, update and destroy the same few sessions during
// faults of the database. At the end, it checks every read against the acknowledged writes.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SessionData } from 'express-session';
import { PgSessionStore, type StoreOptions } from '../../src/index.js';
import { freshPool, freshStore, loadSession, newSession, OPTIONS } from './fresh-store.js';
import { onEnd } from './harness.js';
import { TcpProxy } from './proxy.js';

const WORKERS = 8;
const SLOTS = 12;

/** When a call began, and when it succeeded: milliseconds of `performance.now()`. */
interface Call {
  begun: number;
  ended: number | undefined;
}
/** A session from its creation to its end. Each has a new id. */
interface Life {
  sid: string;
  destroyed: Call[];
  /** The writes of each worker, which has its own key and increases `n` with each write. */
  writes: (Call & { n: number })[][];
  increments: Call[];
}
interface Reading {
  life: Life;
  begun: number;
  ended: number;
  found: SessionData | null;
}

export interface History {
  acknowledged: number;
  failed: number;
  /** The number of times that `trouble` ran. */
  troubles: number;
  readings: number;
  /** The errors that the check found, as text. */
  faults: string[];
}

/** The database of a history, and its faults. */
export interface Scene {
  /** The URL that the stores connect to. */
  url: string;
  /** Waits for a while, causes one fault, and resolves when the fault is over. */
  trouble(random: (limit: number) => number): Promise<void>;
  options?: StoreOptions;
}

/** A scene that resets all connections several times a second. */
export async function connectionsAreReset(): Promise<Scene> {
  const proxy = await TcpProxy.start();
  return {
    url: proxy.url,
    async trouble(random) {
      await sleep(150 + random(250));
      proxy.resetAll();
    },
  };
}

/** The workers run for this many seconds, or longer until this many calls have succeeded. */
export interface HistoryLength {
  seconds: number;
  acknowledged: number;
}

export async function chaosHistory(
  seed: number,
  length: HistoryLength,
  { url, trouble, options }: Scene,
): Promise<History> {
  const { names } = await freshStore({ pool: freshPool({ connectionString: url }), errorLog: () => {} });
  const startedAt = performance.now();
  const isRunning = () => {
    const seconds = (performance.now() - startedAt) / 1000;
    return seconds < length.seconds || (history.acknowledged < length.acknowledged && seconds < 10 * length.seconds);
  };
  const history: History = { acknowledged: 0, failed: 0, troubles: 0, readings: 0, faults: [] };
  const lives: Life[] = [];
  const slots: (Life | undefined)[] = Array(SLOTS).fill(undefined);
  const readings: Reading[] = [];

  const troubles = (async () => {
    const random = randomFrom(seed);
    while (isRunning()) {
      await trouble(random);
      history.troubles++;
    }
  })();
  await Promise.all([troubles, ...Array.from({ length: WORKERS }, (_, id) => work(id))]);
  // After the faults, the store must still hold every session that was not destroyed.
  const { store } = openStore();
  for (const life of lives) await read(store, life);
  history.readings = readings.length;
  history.faults.push(...readings.flatMap(faultsOf));
  return history;

  function openStore() {
    const pool = freshPool({ connectionString: url, max: 2 });
    const store = new PgSessionStore({
      pool,
      ...names,
      pruneSessionInterval: false,
      errorLog: () => {},
      touchAfter: 0,
      ...OPTIONS,
      ...options,
    });
    onEnd(() => store.close());
    return { store, pool };
  }

  /** Records the call before it begins and when it succeeds. */
  async function record<T extends Call>(calls: T[], call: T, send: () => Promise<unknown>): Promise<boolean> {
    calls.push(call);
    try {
      await send();
      call.ended = performance.now();
      history.acknowledged++;
      return true;
    } catch {
      history.failed++; // the outcome is unknown
      return false;
    }
  }
  async function read(store: PgSessionStore, life: Life): Promise<void> {
    const begun = performance.now();
    try {
      const found = await store.get(life.sid);
      readings.push({ life, begun, ended: performance.now(), found });
    } catch {
      history.failed++;
    }
  }

  async function work(id: number): Promise<void> {
    const { store } = openStore();
    const random = randomFrom(seed * 1000 + id);
    let n = 0;
    while (isRunning()) {
      const slot = random(SLOTS);
      const life = slots[slot];
      const load = () => loadSession(store, life!.sid).catch(() => undefined);
      if (!life) {
        const sid = randomUUID();
        const created: Life = { sid, destroyed: [], writes: Array.from({ length: WORKERS }, () => []), increments: [] };
        const isCreated = await record([], now(), () => store.set(sid, newSession(store, sid, { count: 0 })));
        if (isCreated && !slots[slot]) slots[slot] = created;
        if (isCreated) lives.push(created);
        continue;
      }
      const choice = random(100);
      if (choice < 35) {
        const loaded = await load();
        if (!loaded) {
          if (life.destroyed.length > 0) slots[slot] = undefined; // by a destroy without an answer
          continue;
        }
        await sleep(random(20)); // other workers write in the meantime
        loaded[`worker${id}`] = { n: ++n, by: id };
        await record(life.writes[id]!, { ...now(), n }, () => store.set(life.sid, loaded));
      } else if (choice < 55) {
        const increment = (found: SessionData) => {
          found.count++;
        };
        const call = now();
        let isFound = true;
        const isDone = await record(life.increments, call, async () => {
          isFound = (await store.update(life.sid, increment)) !== null;
        });
        if (isDone && !isFound) call.ended = undefined; // the update wrote nothing
      } else if (choice < 70) {
        const loaded = await load();
        if (loaded) await record([], now(), () => store.touch(life.sid, loaded));
      } else if (choice < 74) {
        if (await record(life.destroyed, now(), () => store.destroy(life.sid))) {
          if (slots[slot] === life) slots[slot] = undefined;
        }
      } else {
        await read(store, random(4) ? life : lives[random(lives.length)]!);
      }
    }
  }
}

const now = (): Call => ({ begun: performance.now(), ended: undefined });

function faultsOf({ life, begun, ended, found }: Reading): string[] {
  const isSurelyDone = (call: Call) => call.ended !== undefined && call.ended < begun;
  const mayBeDone = (call: Call) => call.begun < ended;
  const faults: string[] = [];
  if (life.destroyed.some(isSurelyDone)) {
    if (found) faults.push(`destroyed, but found again: ${life.sid}`);
    return faults;
  }
  if (!found) {
    if (!life.destroyed.some(mayBeDone)) faults.push(`the whole session is lost: ${life.sid}`);
    return faults;
  }
  const { cookie: _, count, ...byWorkers } = found;
  for (const [id, writes] of life.writes.entries()) {
    const value = byWorkers[`worker${id}`];
    delete byWorkers[`worker${id}`];
    const least = writes.filter(isSurelyDone).at(-1)?.n ?? 0;
    if ((value?.n ?? 0) < least) faults.push(`lost: worker ${id} wrote ${least}, found ${JSON.stringify(value)}`);
    const isWritten = writes.some((write) => write.n === value?.n && value.by === id && mayBeDone(write));
    if (value !== undefined && !isWritten) faults.push(`no worker wrote ${JSON.stringify(value)}`);
  }
  if (Object.keys(byWorkers).length > 0) faults.push(`no worker wrote ${JSON.stringify(byWorkers)}`);
  const [least, most] = [life.increments.filter(isSurelyDone).length, life.increments.filter(mayBeDone).length];
  if (!(count >= least && count <= most)) faults.push(`counted ${count}, not ${least} to ${most}`);
  return faults;
}

/**
 * A generator of integers below a limit, reproducible from its seed: mulberry32 by Tommy Ettinger,
 * public domain.
 */
function randomFrom(seed: number): (limit: number) => number {
  let state = seed | 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
  };
}
