// Hostile payloads must not pollute prototypes. The store writes and reads 10,000 of them.
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
  ['unencrypted', 10_000, {}],
  [
    'encrypted',
    1000,
    {
      encryption: { keys: [Buffer.from([...Array(32).keys()])], userPath: ['__proto__', 'mark'] },
      lifetime: 60,
      hashIds: true,
    },
  ],
  ['with a serializer', 1000, { serializer: { stringify: JSON.stringify, parse: (text) => JSON.parse(text) } }],
];

/** JSON text, where `__proto__` is an ordinary key. Each `n` nests the keys in another way. */
function hostileJson(n: number): string {
  const key = (k: number) => JSON.stringify(KEYS[Math.floor(n / KEYS.length ** k) % KEYS.length]);
  const polluted = `{"polluted${n}":true,"isAdmin":true}`;
  return `{${key(0)}:{${key(1)}:{${key(2)}:${polluted}},"polluted${n}":true},"constructor":{"prototype":${polluted}},"mark":${n}}`;
}

const builtInProperties = () =>
  [Object, Array, Function, String, Map, Promise].flatMap(({ prototype }) =>
    Reflect.ownKeys(prototype).map((key) => [prototype, key, Object.getOwnPropertyDescriptor(prototype, key)] as const),
  );

for (const [how, rounds, options] of SETTINGS)
  test(`${rounds} hostile payloads, ${how}, change no prototype in get(), set(), update() and a merge`, async () => {
    const { store } = await freshStore(options);
    const before = builtInProperties();
    let merged = 0;
    store.on('conflict', () => merged++);

    for (let n = 0; n < rounds; n += AT_ONCE) {
      const useOneSession = async (_: unknown, k: number) => {
        const sid = `visitor ${k}`;
        await store.set(sid, session(JSON.parse(`{"data":${hostileJson(n + k)}}`)));
        const [mine, theirs] = [await loadSession(store, sid), await loadSession(store, sid)];
        for (const [name, value] of Object.entries(JSON.parse(hostileJson(n + k)))) setOwn(theirs, name, value);
        await store.set(sid, theirs);
        setOwn(mine, '__proto__', JSON.parse(hostileJson(n + k)));
        await store.set(sid, mine); // the store merges it with theirs
        await store.update(sid, (one) => setOwn(one, 'constructor', JSON.parse(hostileJson(n + k))));
        const got = (await store.get(sid))!;
        assert.is(got.data.mark, n + k);
        assert.is(got.mark, n + k);
        assert.equal(Object.getOwnPropertyDescriptor(got, '__proto__')?.value.mark, n + k);
        assert.is(got.isAdmin, undefined);
        await store.destroy(sid);
      };
      await Promise.all(Array.from({ length: AT_ONCE }, useOneSession));
    }

    assert.is(merged, rounds);
    const after = builtInProperties();
    assert.is(after.length, before.length);
    assert.ok(isDeepStrictEqual(after, before));
    assert.equal(Object.keys({}), []);
    for (const key in {}) assert.unreachable(key);
  });

/** Sets an own property as JSON.parse does, even if its name is `__proto__`. */
const setOwn = (target: object, name: string, value: unknown) => {
  if (name === 'toJSON') return; // not a function here, so it has no effect
  Object.defineProperty(target, name, { value, writable: true, enumerable: true, configurable: true });
};
