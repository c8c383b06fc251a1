// A primary with a synchronous standby: the primary dies, the standby takes its place behind the same address.
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
  test(`the standby is promoted after ${afterMs} ms: 8 clients see at most 10 failed calls, and lose nothing`, async () => {
    const pair = await startPair();
    const connect = () => freshPool({ connectionString: pair.address.url, max: 4 });
    const { names } = await freshStore({ pool: connect(), errorLog: () => {} });
    const answers: Outcome[] = [];
    let lastBefore = 0;
    let firstAfter = Infinity;
    let killedAt = Infinity;
    let isOver = false;

    /** Counts in a session of its own. */
    const client = async (n: number) => {
      const store = new PgSessionStore({ pool: connect(), ...names, errorLog: () => {}, ...OPTIONS });
      onEnd(() => store.close());
      const sid = `client ${n}`;
      await store.set(sid, session({ count: 0 }));
      let acknowledged = 0;
      let unknown = 0;
      while (!isOver) {
        const count = (found: any) => {
          found.count++;
        };
        const calls: [string, () => Promise<unknown>][] = [
          ['get', () => store.get(sid)],
          ['update', () => store.update(sid, count)],
          ['touch', () => store.touch(sid, session())],
        ];
        for (const [method, call] of calls) {
          const answer = await outcomeOf(method, call);
          answers.push(answer);
          if (method !== 'update') continue;
          if (answer.error) unknown++;
          else acknowledged++;
          const now = performance.now();
          if (!answer.error && now - answer.ms > killedAt) firstAfter = Math.min(firstAfter, now);
          if (!answer.error && now < killedAt) lastBefore = now;
        }
        await sleep(20);
      }
      const { count } = (await store.get(sid)) as any;
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
    const failed = answers.filter(({ error }) => error);
    console.log(`${afterMs} ms: outage ${outageMs.toFixed(0)} ms, ${failed.length} of ${answers.length} calls failed`);
    assertInTime(answers, 5);
    assert.ok(outageMs < 3000, `an outage of ${outageMs.toFixed(0)} ms shows something else`);
    assert.ok(failed.length <= 10, failed.map(({ method, error }) => `${method}: ${error}`).join('\n'));
  });
}

test('a rowdy history with a failover loses nothing that was acknowledged, and brings nothing back', async () => {
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
