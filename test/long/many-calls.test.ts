// 100,000 calls while the database is away.
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import * as assert from 'uvu/assert';
import { session } from '../support/fresh-store.js';
import { suite } from '../support/harness.js';
import { OUTAGES, openScene, type Scene } from '../support/outages.js';
import { assertHealthy, assertInTime, callers, type Outcome, outcomeOf } from '../support/outcomes.js';

const test = suite('many calls', { timeout: 120_000 });
const CALLS = 100_000;
const timeout = 2;
const MB = 2 ** 20;
setFlagsFromString('--expose-gc');
const gc: () => void = runInNewContext('gc');

const heap = () => {
  gc();
  return process.memoryUsage().heapUsed / MB;
};

/** So many calls at once. Its answers are counted by their codes; nothing is left of them but that, and the heap at its fullest. */
async function wave({ store }: Scene, size: number, codes: Record<string, number>): Promise<number> {
  const calls: Promise<Outcome>[] = [];
  for (let n = 0; n < size; n++) {
    const kinds = [
      () => store.get(`nobody ${n}`),
      () => store.set(`new ${n}`, session({ text: 'x'.repeat(500) })),
      () => store.touch(`nobody ${n}`, session()),
    ];
    calls.push(outcomeOf('call', kinds[n % 3]!));
    if (n % 10_000 === 9_999) await new Promise(setImmediate);
  }
  const most = heap();
  const answers = await Promise.all(calls);
  assertInTime(answers, timeout + 1); // of which the event loop needs one for so many
  for (const { error } of answers) {
    const code = (error as any)?.code ?? 'no error';
    codes[code] = (codes[code] ?? 0) + 1;
  }
  return most;
}

for (const away of ['a black hole', 'an address where nobody is', 'an exhausted pool', 'a locked table']) {
  for (const [waves, batch] of [
    [1, true],
    [10, true],
    [10, false],
  ] as const) {
    test(`${away}, ${waves} waves of calls, batch: ${batch}: all are answered with the error, and the memory is bounded`, async () => {
      const scene = await openScene({ timeout, batch });
      const ask = await callers(scene.store);
      await OUTAGES[away]!.begin(scene);
      const before = heap();
      const codes: Record<string, number> = {};
      let most = 0;
      for (let n = 0; n < waves; n++) most = Math.max(most, (await wave(scene, CALLS / waves, codes)) - before);
      const { waitingCount } = scene.pool;
      await OUTAGES[away]!.end(scene);
      await assertHealthy(ask);
      await sleep(100); // what has been answered is let go of
      const left = heap() - before;

      const memory = `at most ${most.toFixed(1)} MB, ${left.toFixed(1)} MB left, ${waitingCount} wait for the pool`;
      console.log(`${away}, ${waves}: ${JSON.stringify(codes)}, ${memory}`);
      const { 'no error': done, ...failed } = codes;
      assert.is(done, undefined);
      const sum = Object.values(failed).reduce((all, count) => all + count);
      assert.is(sum, CALLS);
      assert.ok(most < 250 && left < 10 && waitingCount < 1000, memory);
    });
  }
}
