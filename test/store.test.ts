import * as assert from 'uvu/assert';
import { freshStore, session } from './support/fresh-store.js';
import { suite } from './support/harness.js';

const test = suite('store');

test('what was set is got', async () => {
  const { store } = await freshStore();
  await store.set('a', session({ user: 'ada' }));

  assert.equal(await store.get('a'), session({ user: 'ada' }));
});
