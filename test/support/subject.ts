// One of the stores that are compared, on a table of its own, with promises instead of callbacks.
import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freshNames, freshPool } from './fresh-store.js';
import { onEnd } from './harness.js';
import {
  type AnyStore,
  callStore,
  makeSchema,
  makeStore,
  makeTable,
  type Place,
  type StoreName,
  secondsLeft,
} from './stores.js';

export interface Subject {
  store: AnyStore;
  place: Place;
  /** What the store told its errorLog. */
  logged: unknown[][];
  get(sid: string): Promise<any>;
  set(sid: string, session: object): Promise<any>;
  touch(sid: string, session: object): Promise<any>;
  destroy(sid: string): Promise<any>;
  /** Seconds that the session has to live. */
  left(sid: string): Promise<number>;
}

export type Open = (options?: object, where?: Partial<Place> & { table?: false }) => Promise<Subject>;

/** Opens stores of this kind, each in the schema and table that is told or, without, in one of its own. */
export const opener =
  (name: StoreName): Open =>
  async (options = {}, { table = true, ...where } = {}) => {
    const place: Place = { pool: freshPool(), ...freshNames(), ...where };
    await makeSchema(place);
    if (table) await makeTable(name, place);

    const logged: unknown[][] = [];
    const errorLog = (...args: unknown[]) => logged.push(args);
    const store = makeStore(name, place, { errorLog, ...(name === 'connect-pg-pool' && escaped(place)), ...options });
    onEnd(() => store.close?.());
    return {
      store,
      place,
      logged,
      get: (sid) => callStore(store, 'get', sid),
      set: (sid, session) => callStore(store, 'set', sid, session),
      touch: (sid, session) => callStore(store, 'touch', sid, session),
      destroy: (sid) => callStore(store, 'destroy', sid),
      left: (sid) => secondsLeft(store, place, sid),
    };
  };

/** connect-pg-pool puts names between quotes as they are. */
const escaped = ({ schemaName, tableName }: Place) => ({
  schemaName: schemaName.replaceAll('"', '""'),
  tableName: tableName.replaceAll('"', '""'),
});

export async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 5000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`not within 5 s: ${condition}`);
    await sleep(10);
  }
}

const run = promisify(execFile);
const runs = new Map<string, Promise<any>>();

/** What came of the scenarios of alone.ts, which break some of the stores' processes. They are run once for each store. */
export function runScenario(name: StoreName, ...args: string[]): Promise<any> {
  const key = [name, ...args].join(' ');
  const script = fileURLToPath(new URL('run-scenario.ts', import.meta.url));
  const start = () => run(process.execPath, ['--import', 'tsx', script, name, ...args], { timeout: 25_000 });
  if (!runs.has(key))
    runs.set(
      key,
      start().then(({ stdout }) => JSON.parse(stdout)),
    );
  return runs.get(key)!;
}
