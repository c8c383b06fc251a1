// suite() for the tests: uvu's suite with time limits, clean-up, and errors that uvu misses.
import { existsSync } from 'node:fs';
import { type Callback, type Context, type Test, suite as uvu } from 'uvu';
import { NOT_ON_CITUS } from './not-on-citus.js';

interface Made {
  name: string;
  count: number;
  /** Whether it may have no test: what they need is missing. */
  mayBeEmpty: boolean;
  broken: Error[];
  test: Test<any>;
}

/** The suites that the runner runs. */
export const made: Made[] = [];

const LIMIT_MS = Number(process.env.TEST_TIMEOUT_MS ?? 10_000);
const endings: (() => unknown)[] = [];

/** Runs this work when the current test ends. The last added work runs first. */
export function onEnd(work: () => unknown): void {
  endings.push(work);
}

interface SuiteOptions {
  /** Milliseconds for each test or hook. Default: TEST_TIMEOUT_MS, or 10,000. */
  timeout?: number;
  mayBeEmpty?: boolean;
  /**
   * A package of its own, whose dependencies the tests need. Without them the suite says so, and is
   * skipped.
   */
  needs?: string;
}

export const isInstalled = (folder: string): boolean => existsSync(`${folder}/node_modules`);

export function suite<T = Context>(name: string, { timeout = LIMIT_MS, mayBeEmpty = false, needs }: SuiteOptions = {}) {
  const test = uvu<T>(name);
  const isSkipped = needs !== undefined && !isInstalled(needs);
  if (isSkipped) console.log(`skipped, because ${needs} has no node_modules: ${name}. Run npm ci --prefix ${needs}`);
  const entry: Made = { name, count: 0, mayBeEmpty: mayBeEmpty || isSkipped, broken: [], test };
  made.push(entry);

  const hook =
    (what: string, work: Callback<T>): Callback<T> =>
    async (context) => {
      if (isSkipped) return;
      // uvu ignores errors of before and after.each, and exits with 0
      await within(timeout, what, () => work(context)).catch((error) => entry.broken.push(error));
    };
  const add = (register: (name: string, work: Callback<T>) => void) => (title: string, work: Callback<T>) => {
    if (process.env.TEST_DATABASE === 'citus') {
      const [, , reason] = NOT_ON_CITUS.find(([one, other]) => one === name && other === title) ?? [];
      if (reason !== undefined) {
        entry.mayBeEmpty = true;
        return console.log(`not on Citus: ${name}: ${title}: ${reason}`);
      }
    }
    if (isSkipped || title === process.env.TEST_LEAVE_OUT) return;
    entry.count++;
    register(title, async (context) => {
      if (entry.broken[0]) throw entry.broken[0];
      const failures: unknown[] = [];
      const attempt = (what: string, run: () => unknown) =>
        within(timeout, what, run).catch((error) => failures.push(error));
      await attempt(title, () => work(context));
      for (let end = endings.pop(); end; end = endings.pop()) await attempt(`the end of ${title}`, end);
      for (const later of failures.slice(1)) console.log(later); // a consequence of the first, as a rule
      if (failures.length > 0) throw failures[0];
    });
  };
  return Object.assign(add(test), {
    only: add(test.only),
    skip: test.skip,
    before: (work: Callback<T>) => test.before(hook('before', work)),
    after: (work: Callback<T>) => test.after(hook('after', work)),
  });
}

/** Adds what uvu lacks: a time limit, and a failure if a test throws a string. */
async function within(limit: number, what: string, work: () => unknown): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not done after ${limit} ms`)), limit);
  });
  try {
    await Promise.race([(async () => work())(), late]);
  } catch (thrown) {
    throw thrown instanceof Error ? thrown : new Error(`thrown: ${String(thrown)}`);
  } finally {
    clearTimeout(timer);
  }
}
