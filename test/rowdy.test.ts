// The rowdy history, for three seconds. test/long/ has it for longer.
import * as assert from 'uvu/assert';
import { suite } from './support/harness.js';
import { rowdyHistory } from './support/rowdy.js';

const test = suite('rowdy', { timeout: 30_000 });

test('with connections reset all the time, nothing acknowledged is lost and nothing destroyed comes back', async () => {
  const seed = Date.now() % 1_000_000;
  const { faults, acknowledged, failed, resets, readings } = await rowdyHistory(seed, 3);
  const summary = `seed ${seed}: ${acknowledged} acknowledged, ${failed} failed, ${resets} resets, ${readings} readings`;
  console.log(summary);
  assert.equal(faults, [], summary);
  assert.ok(acknowledged > 300 && failed > 0 && resets > 5 && readings > 100, summary);
});
