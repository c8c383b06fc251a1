// One session with very many calls in flight: other sessions go on.
import * as assert from 'uvu/assert';
import type { SessionStoreError } from '../../src/index.js';
import { freshStore, session } from '../support/fresh-store.js';
import { suite } from '../support/harness.js';
import { failure } from '../support/limited-role.js';

const test = suite('one session', { timeout: 60_000 });

const codesOf = async (calls: Promise<unknown>[]): Promise<Record<string, number>> => {
  const counts: Record<string, number> = {};
  const count = (outcome: string) => {
    counts[outcome] = (counts[outcome] ?? 0) + 1;
  };
  await Promise.all(
    calls.map((call) =>
      call.then(
        () => count('ok'),
        (error: SessionStoreError) => count(error.code),
      ),
    ),
  );
  return counts;
};
const repeat = <T>(count: number, call: (n: number) => T): T[] => Array.from({ length: count }, (_, n) => call(n));

test('10,000 saves of one session at once do not refuse the calls of other sessions', async () => {
  const { store } = await freshStore({ timeout: 60 }); // the saves are sent one after another
  const saves = codesOf(repeat(10_000, (n) => store.set('a', session({ n }))));
  const others = codesOf(repeat(100, (n) => store.set(`other ${n}`, session())));
  assert.equal(await others, { ok: 100 });
  assert.equal(await saves, { ok: 1000, OVERLOADED: 9000 });
  assert.is((await store.get('a'))!.n, 999);
});

for (const [maxWaiting, limit] of [
  [100, 10],
  [25, 3],
  [10, 1],
  [1, 1],
] as const) {
  test(`with maxWaiting ${maxWaiting}, one session can have ${limit} calls in flight`, async () => {
    const { store } = await freshStore({ maxWaiting });
    const calls = repeat(limit + 1, (n) => store.set('a', session({ n })));
    assert.equal(await codesOf(calls), { ok: limit, OVERLOADED: 1 });
    assert.equal(await codesOf(repeat(limit, () => store.get('a'))), { ok: limit });
  });
}

test('calls of all methods count, and the error names maxWaiting', async () => {
  const { store } = await freshStore({ maxWaiting: 50 });
  await store.set('a', session({ n: 0 }));
  const calls = [
    store.get('a'),
    store.set('a', session({ n: 0 })),
    store.touch('a', session()),
    store.update('a', (found) => found.n++),
    store.destroy('a'),
  ];
  for (const call of [() => store.get('a'), () => store.touch('a', session()), () => store.destroy('a')]) {
    const error = await failure(call());
    assert.is(error.code, 'OVERLOADED');
    assert.is(error.message, 'OVERLOADED: 5 calls of this session are in flight, a tenth of maxWaiting');
  }
  assert.equal(await codesOf(calls), { ok: 5 });
  assert.is(await store.get('a'), null);
});
