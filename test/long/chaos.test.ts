// The chaos history with 20 seeds, 15 seconds each. With CHAOS_SEED, only with that seed.
import * as assert from 'uvu/assert';
import { chaosHistory, connectionsAreReset } from '../support/chaos.js';
import { suite } from '../support/harness.js';

const test = suite('long chaos', { timeout: 60_000 });
const SECONDS = 15;
const seeds = process.env.CHAOS_SEED ? [Number(process.env.CHAOS_SEED)] : Array.from({ length: 20 }, (_, n) => n + 1);

for (const seed of seeds) {
  test(`the chaos history with seed ${seed} has no faults`, async () => {
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
