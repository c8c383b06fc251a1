// The part of a pool that one server of a distributed table may use.
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import { Worker } from '../../src/table/worker.js';
import { freshPool } from '../support/fresh-store.js';
import { suite } from '../support/harness.js';

const test = suite('a worker of a distributed table');

/** How many lone writes may wait for locked rows at the same time. */
function waitsFor(workers: Worker[]): number {
  let waits = 0;
  for (let round = 0; round < 20; round++) for (const worker of workers) if (worker.tryEnter()) waits++;
  return waits;
}

test('lone writes for all servers together wait on at most half of the pool', () => {
  const pool = freshPool({ max: 10 });
  const waits = waitsFor(Array.from({ length: 8 }, (_, n) => Worker.of(pool, n)));
  assert.ok(waits >= 1 && waits <= 5, `${waits}`);
});

test('lone writes for one server wait on at most half of its connections', () => {
  const waits = waitsFor([Worker.of(freshPool({ max: 20 }), 1)]);
  assert.ok(waits >= 1 && waits <= 5, `${waits}`);
});

test('with two connections, no lone write waits on one', () => {
  assert.is(waitsFor([Worker.of(freshPool({ max: 2 }), 1)]), 0);
});

test('a statement that pauses before its next attempt lets another one run', async () => {
  const worker = Worker.of(freshPool({ max: 2 }), 1); // one statement at a time
  const deadline = performance.now() + 2000;
  const events: string[] = [];
  let resume = (): void => {};
  const paused = worker.run(async (runPause) => {
    await runPause(() => new Promise((resolve) => (resume = resolve)));
    events.push('next attempt');
  }, deadline);
  const other = async () => {
    resume();
    await sleep(20);
    events.push('other one');
  };
  await Promise.all([paused, worker.run(other, deadline)]);
  assert.equal(events, ['other one', 'next attempt']);
});
