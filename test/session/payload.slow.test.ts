// Random payloads as text: each is read as it was written.
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import {
  escapeUnstorable,
  type Fields,
  join,
  jsonIn,
  jsonOf,
  parse,
  split,
  storableText,
} from '../../src/session/payload.js';
import { suite } from '../support/harness.js';

const test = suite('random payloads', { timeout: 30_000 });

const fieldsOf = (session: object): Fields => split(jsonOf(session));
const textOf = (fields: Fields): string => escapeUnstorable(join(fields));

const anyText = fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue({ stringUnit: 'binary', maxDepth: 4 }));

test('split() returns the same fields as fieldsOf() from a text that the store wrote', () => {
  fc.assert(
    fc.property(anyText, (data) => {
      const text = textOf(fieldsOf(data));
      assert.equal(
        [...split(jsonIn(text))],
        [...fieldsOf(parse(text))].sort(inOrderOf([...split(jsonIn(text)).keys()])),
      );
    }),
    { numRuns: 5000 },
  );
});

test('split() returns equivalent fields from a text that another program wrote', () => {
  fc.assert(
    fc.property(anyText, fc.integer({ min: 1, max: 3 }), (data, indent) => {
      const text = JSON.stringify(data, null, indent).replaceAll('/', '\\/').replaceAll('e', '\\u0065');
      fc.pre(isSameJson(text, data)); // false if the e of a number, such as 1e21, was escaped
      for (const [key, field] of split(jsonIn(text))) {
        assert.equal(Object.entries(JSON.parse(`{${field}}`)), [[key, data[key]]]);
      }
      assert.equal([...split(jsonIn(text)).keys()].sort(), Object.keys(data).sort());
    }),
    { numRuns: 5000 },
  );
});

/** Characters of which escapes consist, and characters that need one. */
const lookalikes = fc
  .array(
    fc.constantFrom(
      '\0',
      '\x7f',
      'u',
      '0',
      'd8',
      '00',
      '007f',
      '\ue000',
      'e000',
      '\ud83d',
      '\ude00',
      '\\',
      '"',
      'é',
      '漢',
    ),
  )
  .map((parts) => parts.join(''));
const lookalikeData = fc.dictionary(
  lookalikes,
  fc.jsonValue({ maxDepth: 1 }).chain(() => lookalikes),
);

test('parse() returns any session that stringify() wrote, also if its text looks like an escape', () => {
  fc.assert(
    fc.property(lookalikeData, (data) => {
      const text = textOf(fieldsOf(data));
      assert.equal({ ...parse(text) }, { ...data });
      assert.not.match(text, /(?<!\\)(\\\\)*\\u(0000|d[89a-f])/);
      const twice = textOf(fieldsOf({ text })); // a session that holds the stored text of another
      assert.equal({ ...parse(twice) }, { text });
      assert.is(storableText(JSON.stringify(data)), JSON.parse(textOf(fieldsOf({ text: JSON.stringify(data) }))).text);
    }),
    { numRuns: 5000 },
  );
});

const inOrderOf = (keys: string[]) => (one: [string, unknown], other: [string, unknown]) =>
  keys.indexOf(one[0]) - keys.indexOf(other[0]);

function isSameJson(text: string, data: unknown): boolean {
  try {
    return JSON.stringify(JSON.parse(text)) === JSON.stringify(data);
  } catch {
    return false;
  }
}
