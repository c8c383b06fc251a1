// The primary crashes, and its synchronous standby takes over its address.
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import { chaosHistory } from '../support/chaos.js';
import { countDuring } from '../support/counters.js';
import { freshPool, freshStore } from '../support/fresh-store.js';
import { suite } from '../support/harness.js';
import { assertInTime } from '../support/outcomes.js';
import { startPair } from '../support/pair.js';

const test = suite('failover', { timeout: 60_000 });

for (const afterMs of [0, 1000, 2000]) {
  test(`a promotion after ${afterMs} ms fails at most 10 calls of 8 clients, and loses no acknowledged write`, async () => {
    const pair = await startPair();
    const connect = () => freshPool({ connectionString: pair.address.url, max: 4 });
    const { names } = await freshStore({ pool: connect(), errorLog: () => {} });
    const { outcomes, outageMs } = await countDuring(() => pair.failOver(afterMs), { connect, names });
    const failed = outcomes.filter(({ error }) => error);
    console.log(`${afterMs} ms: outage ${outageMs.toFixed(0)} ms, ${failed.length} of ${outcomes.length} calls failed`);
    assertInTime(outcomes, 5);
    assert.ok(outageMs < 3000, `an outage of ${outageMs.toFixed(0)} ms is too long for this test`);
    assert.ok(failed.length <= 10, failed.map(({ method, error }) => `${method}: ${error}`).join('\n'));
  });
}

test('a failover in the chaos history loses no acknowledged write and revives no destroyed session', async () => {
  const pair = await startPair();
  let isOver = false;
  const { faults, ...counts } = await chaosHistory(
    1,
    { seconds: 8, acknowledged: 0 },
    {
      url: pair.address.url,
      async trouble(random) {
        await sleep(2000 + random(1000));
        if (!isOver) await pair.failOver(1000);
        isOver = true;
      },
    },
  );
  console.log(JSON.stringify(counts));
  assert.equal(faults, []);
});
