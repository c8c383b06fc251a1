// Kills all processes of the server at once, and starts the server again.
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import { chaosHistory } from '../support/chaos.js';
import { onEnd, suite } from '../support/harness.js';
import { Server } from '../support/server.js';

const test = suite('crash', { timeout: 60_000 });

for (let n = 1; n <= 10; n++) {
  test(`kill -9 number ${n} loses no acknowledged write and revives no destroyed session`, async () => {
    const server = await Server.start();
    onEnd(() => server.remove());
    const { faults, ...counts } = await chaosHistory(
      n,
      { seconds: 3, acknowledged: 501 },
      {
        url: server.url,
        async trouble(random) {
          await sleep(1000 + random(1000));
          await server.kill();
          await server.start();
          await sleep(1500);
        },
      },
    );
    console.log(JSON.stringify(counts));
    assert.equal(faults, []);
    assert.ok(counts.acknowledged > 500 && counts.readings > 100 && counts.troubles > 0);
  });
}
