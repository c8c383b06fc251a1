// A session with 100,000 top-level keys does not block the event loop for much longer than one JSON.stringify().
import { performance } from 'node:perf_hooks';
import * as assert from 'uvu/assert';
import { freshStore, loadSession, session } from '../support/fresh-store.js';
import { suite } from '../support/harness.js';

const test = suite('many keys', { timeout: 120_000 });
const ROUNDS = 5;

const manyKeys = () => session(Object.fromEntries(Array.from({ length: 100_000 }, (_, n) => [`key ${n}`, n])));

/** The time that the event loop was busy during the work, in milliseconds. */
async function busyMs(work: () => unknown): Promise<number> {
  await new Promise(setImmediate);
  const before = performance.eventLoopUtilization();
  await work();
  await new Promise(setImmediate);
  return performance.eventLoopUtilization(before).active;
}

const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1]!;

for (const sess of ['json', 'jsonb'] as const) {
  test(`a save of 100,000 keys takes at most 3 times as long as JSON.stringify(), on ${sess}`, async () => {
    const { store } = await freshStore({ columns: { sess, expire: 'timestamptz' } });
    const times = new Map<string, number[]>();
    const measure = async (what: string, work: () => unknown) => {
      times.set(what, [...(times.get(what) ?? []), await busyMs(work)]);
    };
    for (let n = 0; n < ROUNDS; n++) {
      const whole = manyKeys();
      const text = JSON.stringify(whole);
      await measure('stringify', () => JSON.stringify(whole));
      await measure('parse', () => JSON.parse(text));
      await measure('set', () => store.set('a', whole));
      const [loaded, unchanged] = [await loadSession(store, 'a'), await loadSession(store, 'a')];
      Object.assign(loaded, { 'key 50000': 'changed', added: n });
      delete loaded['key 70000'];
      await measure('save', () => store.set('a', loaded));
      await measure('save without changes', () => store.set('a', unchanged));
      await measure('update', () => store.update('a', (found) => void Object.assign(found, { 'key 99999': -n })));
      const found = (await store.get('a'))!;
      assert.equal([found['key 50000'], found['key 70000'], found['key 99999']], ['changed', undefined, -n]);
    }
    const took = (what: string) => median(times.get(what)!);
    const most = 3 * took('stringify');
    for (const what of ['set', 'save', 'save without changes'])
      assert.ok(took(what) <= most, `${what}: ${took(what)} ms, at most ${most} ms expected`);
    const rest = took('update') - took('parse');
    assert.ok(rest <= most, `update, without its JSON.parse(): ${rest} ms, at most ${most} ms expected`);
  });
}
