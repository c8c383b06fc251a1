// The primary crashes, and its synchronous standby takes over its address.
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import { PgSessionStore } from '../../src/index.js';
import { chaosHistory } from '../support/chaos.js';
import { freshPool, freshStore, OPTIONS, session } from '../support/fresh-store.js';
import { onEnd, suite } from '../support/harness.js';
import { assertInTime, type Outcome, outcomeOf } from '../support/outcomes.js';
import { startPair } from '../support/pair.js';

const test = suite('failover', { timeout: 60_000 });
const CLIENTS = 8;

for (const afterMs of [0, 1000, 2000]) {
  test(`a promotion after ${afterMs} ms fails at most 10 calls of 8 clients, and loses no acknowledged write`, async () => {
    const pair = await startPair();
    const connect = () => freshPool({ connectionString: pair.address.url, max: 4 });
    const { names } = await freshStore({ pool: connect(), errorLog: () => {} });
    const outcomes: Outcome[] = [];
    let lastBefore = 0;
    let firstAfter = Infinity;
    let killedAt = Infinity;
    let isOver = false;

    /** Increments a counter in a separate session for each client. */
    const client = async (n: number) => {
      const store = new PgSessionStore({ pool: connect(), ...names, errorLog: () => {}, ...OPTIONS });
      onEnd(() => store.close());
      const sid = `client ${n}`;
      await store.set(sid, session({ count: 0 }));
      let acknowledged = 0;
      let unknown = 0;
      while (!isOver) {
        const calls: [string, () => Promise<unknown>][] = [
          ['get', () => store.get(sid)],
          ['update', () => store.update(sid, (found) => found.count++)],
          ['touch', () => store.touch(sid, session())],
        ];
        for (const [method, call] of calls) {
          const outcome = await outcomeOf(method, call);
          outcomes.push(outcome);
          if (method !== 'update') continue;
          if (outcome.error) unknown++;
          else acknowledged++;
          const now = performance.now();
          if (!outcome.error && now - outcome.ms > killedAt) firstAfter = Math.min(firstAfter, now);
          if (!outcome.error && now < killedAt) lastBefore = now;
        }
        await sleep(20);
      }
      const { count } = (await store.get(sid))!;
      assert.ok(count >= acknowledged && count <= acknowledged + unknown, `${count}: ${acknowledged}, ${unknown}`);
    };

    const clients = Array.from({ length: CLIENTS }, (_, n) => client(n));
    await sleep(1000);
    killedAt = performance.now();
    await pair.failOver(afterMs);
    await sleep(2000);
    isOver = true;
    await Promise.all(clients);

    const outageMs = firstAfter - lastBefore;
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
