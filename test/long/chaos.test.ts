// The rowdy history, 20 times 15 seconds. ROWDY_SEED plays one again.
import * as assert from 'uvu/assert';
import { chaosHistory, connectionsAreReset } from '../support/chaos.js';
import { suite } from '../support/harness.js';

const test = suite('rowdy, for long', { timeout: 60_000 });
const SECONDS = 15;
const seeds = process.env.ROWDY_SEED ? [Number(process.env.ROWDY_SEED)] : Array.from({ length: 20 }, (_, n) => n + 1);

for (const seed of seeds) {
  test(`seed ${seed}`, async () => {
    const { faults, ...counts } = await chaosHistory(
      seed,
      { seconds: SECONDS, acknowledged: 2001 },
      await connectionsAreReset(),
    );
    console.log(`seed ${seed}: ${JSON.stringify(counts)}`);
    assert.equal(faults, []);
    const { acknowledged, failed, troubles, readings } = counts;
    assert.ok(acknowledged > 2000 && failed > 0 && troubles > 30 && readings > 500);
  });
}
