// Calls in flight end at their deadlines, whatever their work waits for.
import * as assert from 'uvu/assert';
import { InFlightCalls } from '../../src/store/in-flight-calls.js';
import { suite } from '../support/harness.js';

const test = suite('calls in flight');

test('a call without an answer fails with TIMEOUT at its deadline, and only once', async () => {
  const calls = new InFlightCalls(50, 10);
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
  assert.is(calls.errorsByCode.TIMEOUT, 1);
});

test('a call that ends in time does not end again at its deadline', async () => {
  const calls = new InFlightCalls(50, 10);
  const ends: unknown[] = [];
  calls.run(
    'get',
    async () => 'found',
    (...end) => ends.push(end),
  );
  await new Promise((resolve) => setTimeout(resolve, 120));
  assert.equal(ends, [[null, 'found']]);
  assert.is(calls.errorsByCode.TIMEOUT, 0);
});

test('a call above maxWaiting fails with OVERLOADED, until another one has ended', async () => {
  const calls = new InFlightCalls(5000, 2);
  const ends: (() => void)[] = [];
  const errors: unknown[] = [];
  const call = () => {
    calls.run(
      'get',
      () => new Promise<void>((resolve) => ends.push(resolve)),
      (error) => errors.push(error),
    );
  };
  for (let n = 0; n < 3; n++) call();
  assert.is(ends.length, 2);
  const [{ code, message }] = errors as [{ code: string; message: string }];
  assert.is(code, 'OVERLOADED');
  assert.match(message, /^OVERLOADED: 2 session calls are in flight \(maxWaiting\)/);
  ends[0]!();
  await new Promise((resolve) => setImmediate(resolve));
  call();
  assert.is(ends.length, 3);
  for (const end of ends) end();
  await calls.close();
  assert.equal(errors.slice(1), [null, null, null]);
});
