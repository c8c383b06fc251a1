// hashtext() returns what PostgreSQL's function returns.
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { hashtext } from '../../src/postgres/hashtext.js';
import { freshPool } from '../support/fresh-store.js';
import { suite } from '../support/harness.js';

const test = suite('hashtext');

test('texts of each length and of any letters have the hash that the server computes', async () => {
  const lengths = Array.from({ length: 60 }, (_, length) => 'session'.repeat(9).slice(0, length));
  const letters = fc.string({ unit: 'grapheme', maxLength: 80 }).filter((text) => !text.includes('\0'));
  const texts = [...lengths, ...fc.sample(letters, 2000)];
  const { rows } = await freshPool().query('SELECT u AS text, hashtext(u) AS hash FROM unnest($1::text[]) AS u', [
    texts,
  ]);
  assert.is(rows.length, texts.length);
  for (const { text, hash } of rows) assert.is(hashtext(text), hash, JSON.stringify(text));
});
