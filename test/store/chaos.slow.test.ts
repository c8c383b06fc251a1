// A random history of three seconds with faults. test/long/ runs longer ones.
import * as assert from 'uvu/assert';
import { chaosHistory, connectionsAreReset } from '../support/chaos.js';
import { suite } from '../support/harness.js';

const test = suite('chaos', { timeout: 30_000 });

test('the store keeps acknowledged writes and destroyed sessions stay deleted while connections are reset', async () => {
  const seed = Date.now() % 1_000_000;
  const { faults, acknowledged, failed, troubles, readings } = await chaosHistory(
    seed,
    { seconds: 3, acknowledged: 301 },
    await connectionsAreReset(),
  );
  const summary = `seed ${seed}: ${acknowledged} acknowledged, ${failed} failed, ${troubles} troubles, ${readings} readings`;
  console.log(summary);
  assert.equal(faults, [], summary);
  assert.ok(acknowledged > 300 && failed > 0 && troubles > 5 && readings > 100, summary);
});
