// A rowdy history: workers that read, write, touch, update and destroy the same few sessions while the database has its
// troubles, and a check of all that each of them read against all that was acknowledged.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { PgSessionStore, type StoreOptions } from '../../src/index.js';
import { freshPool, freshStore, loadSession, newSession, OPTIONS } from './fresh-store.js';
import { onEnd } from './harness.js';
import { TcpProxy } from './proxy.js';

const WORKERS = 8;
const SLOTS = 12;

/** When a call began and, where it was acknowledged, ended: milliseconds of one clock. */
interface Call {
  begun: number;
  ended: number | undefined;
}
/** One life of a session: no id is used twice. */
interface Life {
  sid: string;
  destroyed: Call[];
  /** What each worker wrote under its own key, a number that grows with each write. */
  writes: (Call & { n: number })[][];
  increments: Call[];
}
interface Reading {
  life: Life;
  begun: number;
  ended: number;
  found: Record<string, any> | null;
}

export interface History {
  acknowledged: number;
  failed: number;
  /** How often there was trouble. */
  troubles: number;
  readings: number;
  /** What must not be, in words. */
  faults: string[];
}

/** Where it happens. */
export interface Scene {
  /** Where the stores connect. */
  url: string;
  /** Waits as long as it likes, makes trouble once, and resolves when that is over. */
  trouble(random: (limit: number) => number): Promise<void>;
  options?: StoreOptions;
}

/** The connections are reset all the time. */
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

/** How long the workers go on: so many seconds, and on a busy machine longer, until so many calls were acknowledged. */
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
  const begun = performance.now();
  const goesOn = () => {
    const seconds = (performance.now() - begun) / 1000;
    return seconds < length.seconds || (history.acknowledged < length.acknowledged && seconds < 10 * length.seconds);
  };
  const history: History = { acknowledged: 0, failed: 0, troubles: 0, readings: 0, faults: [] };
  const lives: Life[] = [];
  const slots: (Life | undefined)[] = Array(SLOTS).fill(undefined);
  const readings: Reading[] = [];

  const troubles = (async () => {
    const random = randomFrom(seed);
    while (goesOn()) {
      await trouble(random);
      history.troubles++;
    }
  })();
  await Promise.all([troubles, ...Array.from({ length: WORKERS }, (_, id) => work(id))]);
  // At rest, every session that was not destroyed must be whole.
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

  /** The call, noted before it begins and when it is acknowledged. */
  async function noted<T extends Call>(calls: T[], call: T, made: () => Promise<unknown>): Promise<boolean> {
    calls.push(call);
    try {
      await made();
      call.ended = performance.now();
      history.acknowledged++;
      return true;
    } catch {
      history.failed++; // it may have been done, or not
      return false;
    }
  }
  async function read(store: PgSessionStore, life: Life): Promise<void> {
    const begun = performance.now();
    try {
      const found = (await store.get(life.sid)) as Record<string, any> | null;
      readings.push({ life, begun, ended: performance.now(), found });
    } catch {
      history.failed++;
    }
  }

  async function work(id: number): Promise<void> {
    const { store } = openStore();
    const random = randomFrom(seed * 1000 + id);
    let n = 0;
    while (goesOn()) {
      const slot = random(SLOTS);
      const life = slots[slot];
      const loadIt = () => loadSession(store, life!.sid).catch(() => undefined);
      if (!life) {
        const sid = randomUUID();
        const born: Life = { sid, destroyed: [], writes: Array.from({ length: WORKERS }, () => []), increments: [] };
        const made = await noted([], now(), () => store.set(sid, newSession(store, sid, { count: 0 }) as never));
        if (made && !slots[slot]) slots[slot] = born;
        if (made) lives.push(born);
        continue;
      }
      const what = random(100);
      if (what < 35) {
        const loaded = await loadIt();
        if (!loaded) {
          if (life.destroyed.length > 0) slots[slot] = undefined; // by a destroy whose answer was lost
          continue;
        }
        await sleep(random(20)); // others are faster
        loaded[`worker${id}`] = { n: ++n, by: id };
        await noted(life.writes[id]!, { ...now(), n }, () => store.set(life.sid, loaded as never));
      } else if (what < 55) {
        const increment = (found: any) => {
          found.count++;
        };
        const call = now();
        let wasThere = true;
        const done = await noted(life.increments, call, async () => {
          wasThere = (await store.update(life.sid, increment)) !== null;
        });
        if (done && !wasThere) call.ended = undefined; // nothing was written
      } else if (what < 70) {
        const loaded = await loadIt();
        if (loaded) await noted([], now(), () => store.touch(life.sid, loaded as never));
      } else if (what < 74) {
        if (await noted(life.destroyed, now(), () => store.destroy(life.sid))) {
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
  const wasDone = (call: Call) => call.ended !== undefined && call.ended < begun;
  const mayBeDone = (call: Call) => call.begun < ended;
  const faults: string[] = [];
  if (life.destroyed.some(wasDone)) {
    if (found) faults.push(`destroyed, and back: ${life.sid}`);
    return faults;
  }
  if (!found) {
    if (!life.destroyed.some(mayBeDone)) faults.push(`lost as a whole: ${life.sid}`);
    return faults;
  }
  const { cookie: _, count, ...byWorkers } = found;
  for (const [id, writes] of life.writes.entries()) {
    const value = byWorkers[`worker${id}`];
    delete byWorkers[`worker${id}`];
    const least = writes.filter(wasDone).at(-1)?.n ?? 0;
    if ((value?.n ?? 0) < least) faults.push(`lost: worker ${id} wrote ${least}, found ${JSON.stringify(value)}`);
    const isWritten = writes.some((write) => write.n === value?.n && value.by === id && mayBeDone(write));
    if (value !== undefined && !isWritten) faults.push(`nobody wrote ${JSON.stringify(value)}`);
  }
  if (Object.keys(byWorkers).length > 0) faults.push(`nobody wrote ${JSON.stringify(byWorkers)}`);
  const [least, most] = [life.increments.filter(wasDone).length, life.increments.filter(mayBeDone).length];
  if (!(count >= least && count <= most)) faults.push(`counted ${count}, not ${least} to ${most}`);
  return faults;
}

/** Whole numbers below a limit, the same for the same seed: mulberry32, by Tommy Ettinger, public domain. */
function randomFrom(seed: number): (limit: number) => number {
  let state = seed | 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
  };
}
