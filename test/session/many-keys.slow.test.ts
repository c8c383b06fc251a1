// A session with 100,000 top-level keys does not block the event loop for much longer than one
// JSON.stringify().
import * as assert from 'uvu/assert';
import { freshStore, loadSession, session } from '../support/fresh-store.js';
import { suite } from '../support/harness.js';

const test = suite('many keys', { timeout: 120_000 });
const ROUNDS = 7;

const manyKeys = () => session(Object.fromEntries(Array.from({ length: 100_000 }, (_, n) => [`key ${n}`, n])));

/**
 * The CPU that the process used during the work, in milliseconds. The event loop is blocked at most
 * as long.
 */
async function busyMs(work: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** The shortest time, which a busy machine makes least longer. */
const shortest = (values: number[]) => Math.min(...values);

for (const sess of ['json', 'jsonb'] as const) {
  test(`a save of 100,000 keys takes at most 3 times as long as JSON.stringify(), and so does an update after its read, on ${sess}`, async () => {
    const { store } = await freshStore({ columns: { sess, expire: 'timestamptz' } });
    const times = new Map<string, number[]>();
    const measure = async (what: string, work: () => unknown) => {
      times.set(what, [...(times.get(what) ?? []), await busyMs(work)]);
    };
    for (let n = 0; n < ROUNDS; n++) {
      const whole = manyKeys();
      await measure('stringify', () => JSON.stringify(whole));
      await measure('set', () => store.set('a', whole));
      await measure('get', () => store.get('a'));
      const [loaded, unchanged] = [await loadSession(store, 'a'), await loadSession(store, 'a')];
      Object.assign(loaded, { 'key 50000': 'changed', added: n });
      delete loaded['key 70000'];
      await measure('save', () => store.set('a', loaded));
      await measure('save without changes', () => store.set('a', unchanged));
      await measure('update', () => store.update('a', (found) => void Object.assign(found, { 'key 99999': -n })));
      const found = (await store.get('a'))!;
      assert.equal([found['key 50000'], found['key 70000'], found['key 99999']], ['changed', undefined, -n]);
    }
    const took = (what: string) => shortest(times.get(what)!);
    const most = 3 * took('stringify');
    for (const what of ['set', 'save', 'save without changes'])
      assert.ok(took(what) <= most, `${what}: ${took(what)} ms, at most ${most} ms expected`);
    const rest = took('update') - took('get');
    assert.ok(rest <= most, `update, without its get(): ${rest} ms, at most ${most} ms expected`);
  });
}
