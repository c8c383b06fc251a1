// What a visitor can put into a session must not reach beyond it: 10,000 hostile payloads through a real table.
import { isDeepStrictEqual } from 'node:util';
import * as assert from 'uvu/assert';
import type { StoreOptions } from '../../src/index.js';
import { freshStore, loadSession, session } from '../support/fresh-store.js';
import { suite } from '../support/harness.js';

const test = suite('hostile', { timeout: 120_000 });

const KEYS = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'toJSON',
  'hasOwnProperty',
  '__defineGetter__',
  'then',
];
const AT_ONCE = 200;

const SETTINGS: [string, number, Omit<StoreOptions, 'pool'>][] = [
  ['in clear', 10_000, {}],
  [
    'encrypted',
    1000,
    { encryption: { keys: [Buffer.alloc(32, 'key')], userPath: ['__proto__', 'mark'] }, lifetime: 60, hashIds: true },
  ],
  ['by a serializer', 1000, { serializer: { stringify: JSON.stringify, parse: (text) => JSON.parse(text) } }],
];

/** JSON text, since there `__proto__` is a key like any other: each has another nesting of the keys and another mark. */
function hostile(n: number): string {
  const key = (k: number) => JSON.stringify(KEYS[Math.floor(n / KEYS.length ** k) % KEYS.length]);
  const polluted = `{"polluted${n}":true,"isAdmin":true}`;
  return `{${key(0)}:{${key(1)}:{${key(2)}:${polluted}},"polluted${n}":true},"constructor":{"prototype":${polluted}},"mark":${n}}`;
}

/** All that objects, arrays and functions have from birth. */
const inherited = () =>
  [Object, Array, Function, String, Map, Promise].flatMap(({ prototype }) =>
    Reflect.ownKeys(prototype).map((key) => [prototype, key, Object.getOwnPropertyDescriptor(prototype, key)] as const),
  );

for (const [how, rounds, options] of SETTINGS)
  test(`${rounds} hostile payloads ${how}, written, read, merged and updated, leave Object.prototype as it was`, async () => {
    const { store } = await freshStore(options);
    const before = inherited();
    let merged = 0;
    store.on('conflict', () => merged++);

    for (let n = 0; n < rounds; n += AT_ONCE) {
      const round = async (_: unknown, k: number) => {
        const sid = `visitor ${k}`;
        await store.set(sid, session(JSON.parse(`{"data":${hostile(n + k)}}`)));
        const [mine, theirs] = [await loadSession(store, sid), await loadSession(store, sid)];
        for (const [name, value] of Object.entries(JSON.parse(hostile(n + k)))) own(theirs, name, value);
        await store.set(sid, theirs as never);
        own(mine, '__proto__', JSON.parse(hostile(n + k)));
        await store.set(sid, mine as never); // laid over theirs
        await store.update(sid, (one) => own(one, 'constructor', JSON.parse(hostile(n + k))));
        const got = (await store.get(sid)) as any;
        assert.is(got.data.mark, n + k);
        assert.is(got.mark, n + k);
        assert.equal(Object.getOwnPropertyDescriptor(got, '__proto__')?.value.mark, n + k);
        assert.is(got.isAdmin, undefined);
        await store.destroy(sid);
      };
      await Promise.all(Array.from({ length: AT_ONCE }, round));
    }

    assert.is(merged, rounds);
    const after = inherited();
    assert.is(after.length, before.length);
    assert.ok(isDeepStrictEqual(after, before));
    assert.equal(Object.keys({}), []);
    for (const key in {}) assert.unreachable(key);
  });

/** As JSON.parse makes a key, also one called `__proto__`. */
const own = (target: object, name: string, value: unknown) => {
  if (name === 'toJSON') return; // a value there is no method: nothing to see
  Object.defineProperty(target, name, { value, writable: true, enumerable: true, configurable: true });
};
