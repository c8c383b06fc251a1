// 100,000 calls while the database does not answer.
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import * as assert from 'uvu/assert';
import type { SessionStoreError } from '../../src/index.js';
import { session } from '../support/fresh-store.js';
import { suite } from '../support/harness.js';
import { OUTAGES, openScene, type Scene } from '../support/outages.js';
import { assertHealthy, assertInTime, callers, type Outcome, outcomeOf } from '../support/outcomes.js';

const test = suite('many calls', { timeout: 120_000 });
const CALLS = 100_000;
const TIMEOUT = 2; // seconds
const MB = 2 ** 20;
setFlagsFromString('--expose-gc');
const gc: () => void = runInNewContext('gc');

const heapInUse = () => {
  gc();
  return process.memoryUsage().heapUsed / MB;
};

/**
 * Makes `size` calls at once, and counts their error codes. Returns the heap in use meanwhile, in
 * MB.
 */
async function wave({ store }: Scene, size: number, codes: Record<string, number>): Promise<number> {
  const calls: Promise<Outcome>[] = [];
  for (let n = 0; n < size; n++) {
    const kinds = [
      () => store.get(`missing ${n}`),
      () => store.set(`new ${n}`, session({ text: 'x'.repeat(500) })),
      () => store.touch(`missing ${n}`, session()),
    ];
    calls.push(outcomeOf('call', kinds[n % 3]!));
    if (n % 10_000 === 9_999) await new Promise(setImmediate);
  }
  const heap = heapInUse();
  const outcomes = await Promise.all(calls);
  assertInTime(outcomes, TIMEOUT + 1); // the event loop needs another second for so many calls
  for (const { error } of outcomes) {
    const code = error === undefined ? 'no error' : (error as SessionStoreError).code;
    codes[code] = (codes[code] ?? 0) + 1;
  }
  return heap;
}

for (const outage of ['a black hole', 'an address without a server', 'an exhausted pool', 'a locked table']) {
  for (const [waves, batch] of [
    [1, true],
    [10, true],
    [10, false],
  ] as const) {
    test(`during ${outage}, all of ${CALLS} calls in ${waves} waves fail in bounded memory, with batch: ${batch}`, async () => {
      const scene = await openScene({ timeout: TIMEOUT, batch });
      const callEach = await callers(scene.store);
      await OUTAGES[outage]!.begin(scene);
      const before = heapInUse();
      const codes: Record<string, number> = {};
      let maxMb = 0;
      for (let n = 0; n < waves; n++) maxMb = Math.max(maxMb, (await wave(scene, CALLS / waves, codes)) - before);
      const { waitingCount } = scene.pool;
      await OUTAGES[outage]!.end(scene);
      await assertHealthy(callEach);
      await sleep(100); // so that the store releases the calls that have ended
      const leftMb = heapInUse() - before;

      const memory = `at most ${maxMb.toFixed(1)} MB, ${leftMb.toFixed(1)} MB left, ${waitingCount} wait for the pool`;
      console.log(`${outage}, ${waves}: ${JSON.stringify(codes)}, ${memory}`);
      const { 'no error': succeeded, ...failed } = codes;
      assert.is(succeeded, undefined);
      const sum = Object.values(failed).reduce((all, count) => all + count);
      assert.is(sum, CALLS);
      assert.ok(maxMb < 250 && leftMb < 10 && waitingCount < 1000, memory);
    });
  }
}
