// One of the compared stores on a table of its own, with promises instead of callbacks.
import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { compiled } from './compiled.js';
import { freshNames, freshPool } from './fresh-store.js';
import { onEnd } from './harness.js';
import type { Outcome, ScenarioResults } from './run-scenario.js';
import {
  type AnyStore,
  callStore,
  makeSchema,
  makeStore,
  makeTable,
  type StoreName,
  secondsLeft,
  type TestTable,
} from './stores.js';

export interface Subject {
  store: AnyStore;
  table: TestTable;
  /** The arguments of each call of `errorLog`. */
  logged: unknown[][];
  get(sid: string): Promise<any>;
  set(sid: string, session: object): Promise<void>;
  touch(sid: string, session: object): Promise<void>;
  destroy(sid: string): Promise<void>;
  /** The seconds until the session expires. */
  secondsLeft(sid: string): Promise<number>;
}

export type Open = (options?: object, where?: Partial<TestTable> & { createTable?: false }) => Promise<Subject>;

/** Returns a function that opens a store of this kind, on the given table or on a new one. */
export const opener =
  (name: StoreName): Open =>
  async (options = {}, { createTable = true, ...where } = {}) => {
    const table: TestTable = { pool: freshPool(), ...freshNames(), ...where };
    await makeSchema(table);
    if (createTable) await makeTable(name, table);

    const logged: unknown[][] = [];
    const errorLog = (...args: unknown[]) => logged.push(args);
    const store = makeStore(name, table, { errorLog, ...(name === 'connect-pg-pool' && escaped(table)), ...options });
    onEnd(() => store.close?.());
    return {
      store,
      table,
      logged,
      get: (sid) => callStore(store, 'get', sid),
      set: (sid, session) => callStore(store, 'set', sid, session),
      touch: (sid, session) => callStore(store, 'touch', sid, session),
      destroy: (sid) => callStore(store, 'destroy', sid),
      secondsLeft: (sid) => secondsLeft(store, table, sid),
    };
  };

/** connect-pg-pool puts quotes around a name and does not escape quotes inside it. */
const escaped = ({ schemaName, tableName }: TestTable) => ({
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

const runs = new Map<StoreName, Promise<ScenarioResults>>();

async function runScript<T>(...args: string[]): Promise<T> {
  const command = ['--enable-source-maps', compiled('test/support/run-scenario.ts'), ...args];
  const { stdout } = await promisify(execFile)(process.execPath, command, { timeout: 25_000 });
  return JSON.parse(stdout);
}

/** The results of run-scenario.ts for this store. The script runs once per store. */
export function scenariosOf(name: StoreName): Promise<ScenarioResults> {
  const run = runs.get(name) ?? runScript<ScenarioResults>(name);
  runs.set(name, run);
  return run;
}

/** Whether a process with this store exits by itself. */
export const exits = (name: StoreName): Promise<Outcome> => runScript(name, 'exit');
