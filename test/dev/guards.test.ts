// Each guard of `npm run mutations` finds the text that it replaces.
import { readFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { mutations } from '../../dev/mutations/guards.js';
import { suite } from '../support/harness.js';

const test = suite('guards');

test('the text that each guard replaces stands in its file', () => {
  const missing = mutations.filter(({ file, from }) => !readFileSync(file, 'utf8').includes(from));
  assert.equal(
    missing.map(({ guard }) => guard),
    [],
  );
  assert.ok(mutations.length > 100);
});
