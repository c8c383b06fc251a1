// 100,000 calls while the database is away.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import * as assert from 'uvu/assert';
import { type Answer, answered, assertInTime, assertWell, callers } from '../support/answers.js';
import { load, session } from '../support/fresh-store.js';
import { suite } from '../support/harness.js';
import { OUTAGES, openScene } from '../support/outages.js';

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

for (const away of ['a black hole', 'an address where nobody is', 'an exhausted pool', 'a locked table']) {
  for (const waves of [1, 10]) {
    test(`${away}, ${waves} waves of calls: all are answered with the error, and the memory is bounded`, async () => {
      const scene = await openScene({ timeout });
      const { store, pool } = scene;
      const ask = await callers(store);
      await store.set('a', session());
      const loaded = await load(store, 'a');
      await OUTAGES[away]!.begin(scene);
      const before = heap();
      let most = 0;
      let waiting = 0;

      const codes: Record<string, number> = {};
      for (let wave = 0; wave < waves; wave++) {
        const calls: Promise<Answer>[] = [];
        for (let n = 0; n < CALLS / waves; n++) {
          const kinds = [
            () => store.get(`nobody ${n}`),
            () => store.set(`new ${n}`, session({ text: 'x'.repeat(500) })),
            () => store.touch(`nobody ${n}`, loaded as never),
          ];
          calls.push(answered('call', kinds[n % 3]!));
          if (n % 10_000 === 9_999) await new Promise(setImmediate);
        }
        most = Math.max(most, heap() - before);
        const answers = await Promise.all(calls);
        assertInTime(answers, timeout + 1); // of which the event loop needs one for so many
        for (const { error } of answers) {
          const code = (error as any)?.code ?? 'no error';
          codes[code] = (codes[code] ?? 0) + 1;
        }
        waiting = pool.waitingCount;
      }
      await OUTAGES[away]!.end(scene);
      await assertWell(ask);
      const left = heap() - before;

      console.log(
        `${away}, ${waves}: ${JSON.stringify(codes)}, at most ${most.toFixed(1)} MB, ${left.toFixed(1)} MB left,`,
      );
      console.log(`  ${waiting} wait for the pool`);
      assert.is(codes['no error'], undefined);
      assert.is(
        Object.values(codes).reduce((sum, count) => sum + count),
        CALLS,
      );
      assert.ok(most < 250 && left < 10, `${most} MB, ${left} MB`);
      assert.ok(waiting < 1000, `${waiting} still wait for the pool on behalf of nobody`);
    });
  }
}
