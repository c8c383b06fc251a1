// The option mergeWithin: changes of different values within one key are kept.
import * as assert from 'uvu/assert';
import type { ConflictEvent } from '../../src/index.js';
import { freshStore, loadSession, session } from '../support/fresh-store.js';
import { suite } from '../support/harness.js';

const test = suite('merge within a key', { timeout: 20_000 });

const START = { cart: 1, visits: 1, gone: 1 };
/** What each request makes of the key `data`, and what the row holds at the end. */
const CASES: [name: string, first: unknown, second: unknown, merged: unknown, isOverwritten: boolean][] = [
  [
    'different values are kept',
    { ...START, cart: 2 },
    { ...START, visits: 2 },
    { ...START, cart: 2, visits: 2 },
    false,
  ],
  ['a removed value stays removed', { cart: 1, visits: 1 }, { ...START, visits: 2 }, { cart: 1, visits: 2 }, false],
  ['a new value is added', { ...START, a: 1 }, { ...START, b: [1] }, { ...START, a: 1, b: [1] }, false],
  ['of the same value the last save wins', { ...START, cart: 2 }, { ...START, cart: 3 }, { ...START, cart: 3 }, true],
  [
    'a value may have the name cookie',
    { ...START, cookie: 'a' },
    { ...START, a: 1 },
    { ...START, cookie: 'a', a: 1 },
    false,
  ],
  ['a list replaces the whole key', { ...START, cart: 2 }, [1], [1], true],
  ['an object replaces a list', [1], { ...START, cart: 2 }, { ...START, cart: 2 }, true],
  ['a removed key stays removed', { ...START, cart: 2 }, undefined, undefined, true],
];

for (const sess of ['json', 'jsonb'] as const) {
  for (const [name, first, second, merged, isOverwritten] of CASES) {
    test(`mergeWithin on ${sess}: ${name}`, async () => {
      const { store } = await freshStore({ mergeWithin: ['data'], columns: { sess, expire: 'timestamptz' } });
      const conflicts: ConflictEvent[] = [];
      store.on('conflict', (event) => conflicts.push(event));
      await store.set('a', session({ data: START, other: { a: 1 } }));
      const [one, two] = [await loadSession(store, 'a'), await loadSession(store, 'a')];
      await store.set('a', Object.assign(one, { data: first }));
      await store.set('a', Object.assign(two, { data: second }));
      assert.equal(((await store.get('a')) as any).data, merged);
      assert.equal(
        conflicts.map(({ keys, overwritten }) => [keys, overwritten]),
        [[['data'], isOverwritten ? ['data'] : []]],
      );
    });
  }
}
