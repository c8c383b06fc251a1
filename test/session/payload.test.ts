// The store returns the payload that it saved, whatever the type of the column.
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import {
  escapeUnstorable,
  type Fields,
  join,
  jsonIn,
  jsonOf,
  split,
  unescapeStored,
} from '../../src/session/payload.js';
import { freshStore, session } from '../support/fresh-store.js';
import { suite } from '../support/harness.js';

const test = suite('payload', { timeout: 30_000 });

const fieldsOf = (session: object): Fields => split(jsonOf(session));
const textOf = (fields: Fields): string => escapeUnstorable(join(fields));

const payloads: [what: string, data: object][] = [
  ['1 MB of text', { text: 'x'.repeat(2 ** 20) }],
  ['Unicode text and keys', { text: 'äöü 漢字 😀 \u2028 \ufeff \u0001', 漢: 1 }],
  [
    '__proto__ as a key',
    JSON.parse('{"__proto__": {"polluted": true}, "constructor": 1, "deep": {"__proto__": null}}'),
  ],
  ['\\u0000', { text: 'a\u0000b', 'a\u0000key': '\u0000' }],
  ['half surrogate pairs', { text: 'a\ud83db', low: '\ude00', two: '\ude00\ud83d', '\udbff': 1 }],
  [
    'U+E000, the first private character',
    { text: '\ue000', code: '\ue0000000', escaped: '\ue000e000', '\ue000': '\ue000d800' },
  ],
  [
    'DEL, which starts an escape',
    { text: '\x7f', code: '\x7fu0000', escaped: '\x7fu007f', '\x7f': '\x7fud800', '\x7fu007fu0000': '\\\x7fu0000' },
  ],
  ['backslashes that look like escapes', { text: '\\u0000 \\\\u0000 \\\u0000 \\ud800', quote: '\\"' }],
  ['numbers, null, nesting, empty keys', { a: [1, -1.5, 1e21, 5e-324, null, [], {}], '': { '': '' }, t: true }],
];

for (const sess of ['json', 'jsonb', 'text'] as const) {
  const columns = { sess, expire: 'timestamptz' };

  for (const [what, data] of payloads) {
    test(`get() returns ${what} unchanged from a ${sess} column`, async () => {
      const { store } = await freshStore({ columns });
      await store.set('a', session(data));
      const got = await store.get('a');
      assert.is(JSON.stringify(sorted(got)), JSON.stringify(sorted(session(data))));
      const plain: { polluted?: unknown } = {};
      assert.is(plain.polluted, undefined);
    });
  }

  test(`get() returns a Date from a ${sess} column as its JSON text`, async () => {
    const { store } = await freshStore({ columns });
    const at = new Date('2026-02-28T23:59:59.999Z');
    await store.set('a', session({ at }));
    assert.is((await store.get('a'))!.at, at.toJSON());
  });

  test(`get() returns 200 random sessions unchanged from a ${sess} column`, async () => {
    const { store } = await freshStore({ columns });
    const anyData = fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue({ stringUnit: 'binary', maxDepth: 3 }), {
      maxKeys: 5,
    });
    await fc.assert(
      fc.asyncProperty(anyData, async (data) => {
        await store.set('a', session({ data }));
        const got = (await store.get('a'))!;
        assert.is(JSON.stringify(sorted(got.data)), JSON.stringify(sorted(data)));
      }),
      { numRuns: 200, includeErrorInReport: true },
    );
  });

  if (sess === 'text') continue;
  test(`SQL reads a field of a ${sess} row that holds \\u0000 and half a surrogate pair`, async () => {
    const { store, pool, table } = await freshStore({ columns });
    await store.set('a', session({ text: '\u0000\ud800', user: { id: 'ada' } }));
    const { rows } = await pool.query(`SELECT sess #>> '{user,id}' AS user FROM ${table}`);
    assert.equal(rows, [{ user: 'ada' }]);
  });
}

test('jsonIn() reads a string of 20 MB with an escape', () => {
  const text = `{"a":"${'x'.repeat(2e7)}\\u001b","n":1.50}`;
  assert.is(jsonIn(text), text);
});

test('an escape is ASCII, so that each encoding of a database can store it', () => {
  assert.match(textOf(fieldsOf({ 'a\0': '\ud800 \udc00 \x7f' })), /^[\0-\x7f]+$/);
});

test("a serializer's escapes of other characters are spelled as the characters, which each column type reads", () => {
  const ascii = JSON.stringify({ 'k\u00e9': '\\u4e2d 漢 😀 \0 \ud800 \x7f \ue000 \\\\ é' }).replace(
    /[^\0-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0').toUpperCase()}`,
  );
  assert.equal(JSON.parse(unescapeStored(escapeUnstorable(ascii))), JSON.parse(ascii));
  assert.not.match(escapeUnstorable(ascii), /(?<!\\)(\\\\)*\\u/);
});

/** Sorts the keys, because jsonb reorders them. Keeps own keys called __proto__. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]));
}

for (const [what, data] of [
  ['a cycle', circular()],
  ['a BigInt', { id: 1n }],
] as const) {
  test(`set() calls back with a TypeError for ${what}, and keeps the stored session`, async () => {
    const { store } = await freshStore();
    await store.set('a', session({ user: 'ada' }));
    const error = await new Promise((resolve) => store.set('a', session(data), resolve));
    assert.instance(error, TypeError);
    assert.is((await store.get('a'))!.user, 'ada');
  });
}

function circular(): object {
  const data: Record<string, unknown> = {};
  data.self = data;
  return data;
}

for (const [what, text] of [
  ['broken JSON', '{"cookie":'],
  ['a list', '[]'],
  ['null', 'null'],
  ['a word', 'PHP;s:4'],
] as const) {
  test(`a row that holds ${what} is not a session: the store keeps it and logs it without its text`, async () => {
    const logged: unknown[] = [];
    const columns = { sess: 'text', expire: 'timestamptz' } as const;
    const { store, pool, table } = await freshStore({ columns, errorLog: (...args) => logged.push(args.join(' ')) });
    await pool.query(`INSERT INTO ${table} VALUES ('a', $1, now() + interval '1 h')`, [text]);

    assert.is(await store.get('a'), null);
    assert.equal(await store.all(), []);

    assert.is((await pool.query(`SELECT 1 FROM ${table}`)).rows.length, 1);
    const line = 'A row does not hold a session: SyntaxError: a row of the session table does not hold a JSON object';
    assert.equal(logged, [line, line]);
  });
}
