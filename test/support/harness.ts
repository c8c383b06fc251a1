// The suite() that tests use: uvu's, with the ways a failure can pass unseen closed off, and with cleaning up.
import { type Callback, type Context, type Test, suite as uvu } from 'uvu';

interface Made {
  name: string;
  count: number;
  broken: Error[];
  test: Test<any>;
}

/** What the runner runs. */
export const made: Made[] = [];

const LIMIT_MS = Number(process.env.TEST_TIMEOUT_MS ?? 10_000);
const endings: (() => unknown)[] = [];

/** Does this when the test that is running has ended, last come first served. */
export function onEnd(work: () => unknown): void {
  endings.push(work);
}

/** @param timeout milliseconds that one test or hook may take; default: 10,000 or TEST_TIMEOUT_MS */
export function suite<T = Context>(name: string, { timeout = LIMIT_MS } = {}) {
  const test = uvu<T>(name);
  const entry: Made = { name, count: 0, broken: [], test };
  made.push(entry);

  const hook =
    (what: string, work: Callback<T>): Callback<T> =>
    async (context) => {
      // uvu drops what before and after.each throw, and exits 0
      await within(timeout, what, () => work(context)).catch((error) => entry.broken.push(error));
    };
  const add = (register: (name: string, work: Callback<T>) => void) => (title: string, work: Callback<T>) => {
    entry.count++;
    register(title, async (context) => {
      if (entry.broken[0]) throw entry.broken[0];
      try {
        await within(timeout, title, () => work(context));
      } finally {
        for (let end = endings.pop(); end; end = endings.pop()) await within(timeout, `the end of ${title}`, end);
      }
    });
  };
  return Object.assign(add(test), {
    only: add(test.only),
    skip: test.skip,
    before: (work: Callback<T>) => test.before(hook('before', work)),
    after: (work: Callback<T>) => test.after(hook('after', work)),
  });
}

/** uvu has no time limit, and takes a thrown string for no failure. */
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
