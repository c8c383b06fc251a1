// Calls in flight end at their deadlines, whatever their work waits for.
import * as assert from 'uvu/assert';
import { InFlightCalls } from '../../src/store/in-flight-calls.js';
import { suite } from '../support/harness.js';

const test = suite('calls in flight');

test('a call without an answer fails with TIMEOUT at its deadline, and only once', async () => {
  const calls = new InFlightCalls({ timeoutMs: 50, maxWaiting: 10 });
  const startedAt = performance.now();
  const ends: unknown[] = [];
  let finish!: (value: string) => void;
  await new Promise<void>((resolve) => {
    calls.run(
      'get',
      () => new Promise<string>((done) => (finish = done)),
      (error) => {
        ends.push(error);
        resolve();
      },
    );
  });
  const ms = performance.now() - startedAt;
  assert.ok(ms >= 49 && ms < 500, `${ms} ms`);
  finish('too late');
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(
    ends.map((error) => (error as { code: string }).code),
    ['TIMEOUT'],
  );
  assert.is(calls.timeouts, 1);
});

test('a call that ends in time does not end again at its deadline', async () => {
  const calls = new InFlightCalls({ timeoutMs: 50, maxWaiting: 10 });
  const ends: unknown[] = [];
  calls.run(
    'get',
    async () => 'found',
    (...end) => ends.push(end),
  );
  await new Promise((resolve) => setTimeout(resolve, 120));
  assert.equal(ends, [[null, 'found']]);
  assert.is(calls.timeouts, 0);
});
