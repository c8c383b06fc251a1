// `encryption.keys` as a function: when the store calls it, and what happens when it fails.
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import { createAdmin } from '../../src/admin/admin.js';
import { migrate } from '../../src/admin/migrate.js';
import { PgSessionStore, type StoreOptions } from '../../src/index.js';
import { KeyLoader, type KeyLoaderOptions } from '../../src/session/key-loader.js';
import { freshStore, loadSession, newSession, session } from '../support/fresh-store.js';
import { onEnd, suite } from '../support/harness.js';
import { invalid } from '../support/invalid.js';

const test = suite('keys from a function', { timeout: 30_000 });

const [KEY, NEW_KEY] = ['A', 'B'].map((letter) => createHash('sha256').update(letter).digest('base64')) as [
  string,
  string,
];

/** A store whose function returns what `service` holds, and other stores on the same table. */
async function keyedStore(
  service: { keys: unknown; calls?: number },
  options: Pick<StoreOptions, 'timeout' | 'encryption'> = {},
) {
  const keys = async () => {
    service.calls = (service.calls ?? 0) + 1;
    if (service.keys instanceof Error) throw service.keys;
    return service.keys as string[];
  };
  const base = { touchAfter: 0, errorLog: () => {}, encryption: { keys }, ...options };
  const made = await freshStore({ ...base, hashIds: false, lifetime: undefined });
  const another = (otherOptions: StoreOptions = {}) => {
    const { pool, names } = made;
    const store = new PgSessionStore({ pool, ...names, ...base, pruneSessionInterval: false, ...otherOptions });
    onEnd(() => store.close());
    return store;
  };
  return { ...made, keys, another };
}

const outcome = (work: Promise<unknown>): Promise<any> => work.catch((error) => error);

test('the store calls the function once for many calls at once, and not before the first call', async () => {
  const service = { keys: [KEY], calls: 0 };
  const { store, another, pool, table } = await keyedStore(service);
  assert.is(service.calls, 0);
  await Promise.all(Array.from({ length: 20 }, (_, n) => store.set(`s${n}`, session({ n }))));
  const loaded = await loadSession(store, 's1');
  loaded.x = 1;
  await store.set('s1', loaded);
  await store.touch('s1', loaded);
  await store.update('s1', (one) => one.x++);
  assert.is((await store.get('s1'))!.x, 2);
  assert.is((await store.all()).length, 20);
  assert.is(service.calls, 1);
  assert.match((await pool.query(`SELECT sess::text FROM ${table}`)).rows[0].sess, /ss__encrypted/);

  for (const read of [(one: PgSessionStore) => one.get('s1'), (one: PgSessionStore) => one.all()]) {
    const other = another();
    assert.ok(await read(other));
  }
  assert.is((await another().update('s1', (one) => one.x++))!.x, 3);
  assert.is((await another({ encryption: { keys: () => [KEY] } }).get('s1'))!.x, 3);
});

test('the store saves what the session holds at the time of the call, though the keys come later', async () => {
  const { store } = await keyedStore({ keys: [KEY] });
  const one = newSession(store, 'a', { n: 1 });
  const saved = store.set('a', one);
  one.n = 2;
  await saved;
  assert.is((await store.get('a'))!.n, 1);
});

test('a row with a key that is missing makes the store call the function again, once for many reads', async () => {
  const [service, other] = [
    { keys: [KEY], calls: 0 },
    { keys: [NEW_KEY, KEY], calls: 0 },
  ];
  const { store, another } = await keyedStore(service);
  await store.set('a', session({ n: 1 }));
  const rotated = another({ encryption: { keys: () => other.keys } });
  for (const sid of ['b', 'c', 'd']) await rotated.set(sid, session({ n: 2 }));

  service.keys = other.keys;
  assert.is((await store.get('b'))!.n, 2);
  assert.is(service.calls, 2);

  const lost = another({ encryption: { keys: [createHash('sha256').update('lost').digest()] } });
  for (const sid of ['e', 'f']) await lost.set(sid, session());
  for (const sid of ['e', 'f', 'e']) assert.is(await store.get(sid), null);
  assert.is(service.calls, 3);
  assert.is((await store.get('a'))!.n, 1);
});

test('a call fails with KEYS if the function throws, no message shows a key, and the next call tries again', async () => {
  const service: { keys: unknown } = { keys: new Error(`no access to ${KEY}`) };
  const { store } = await keyedStore(service);
  const error = await outcome(store.set('a', session()));
  assert.equal([error.name, error.code, error.status], ['SessionStoreError', 'KEYS', 503]);
  assert.match(error.message, /^the function encryption\.keys failed/);
  assert.ok(!error.message.includes(KEY));
  assert.match(error.cause.message, /no access/);
  service.keys = [KEY];
  await store.set('a', session({ n: 1 }));
  assert.is((await store.get('a'))!.n, 1);
});

test('a call fails with KEYS before its deadline if the function hangs, and the next call tries again', async () => {
  let calls = 0;
  const keys = () => (++calls === 1 ? new Promise<never>(() => {}) : [KEY]);
  const { store } = await keyedStore({ keys: [] }, { timeout: 1, encryption: { keys } });
  const startedAt = performance.now();
  const [error, other] = await Promise.all([outcome(store.set('a', session())), outcome(store.update('b', () => {}))]);
  assert.ok(performance.now() - startedAt < 3000);
  assert.match(error.message, /^the function encryption\.keys did not return within \d+ ms$/);
  assert.equal([error.code, other.code, calls], ['KEYS', 'KEYS', 1]);
  await store.set('a', session());
  assert.is(calls, 2);
});

test('wrong keys from the function fail the call with the error that the constructor throws', async () => {
  const service: { keys: unknown } = { keys: [] };
  const { store } = await keyedStore(service);
  for (const [keys, message] of [
    [[], /encryption\.keys must return an array of one or more keys, got an array/],
    ['secret', /encryption\.keys must return an array of one or more keys, got a string/],
    [[1], /encryption\.keys must return an array of one or more keys, got an array/],
    [['secret'], /a key must have 32 bytes/],
    [[KEY, KEY], /holds the same key twice/],
    [[Buffer.alloc(32)], /fewer than 16 different bytes/],
  ] as const) {
    service.keys = keys;
    const error = await outcome(store.set('a', session()));
    assert.instance(error, TypeError);
    assert.match(error.message, message);
    assert.not.match(error.message, /secret/);
  }
  service.keys = [KEY];
  await store.set('a', session());
});

test('the admin and migrate take the same function', async () => {
  const service = { keys: [KEY], calls: 0 };
  const { store, pool, names, keys } = await keyedStore(service);
  for (const sid of ['a', 'b']) await store.set(sid, session({ passport: { user: 7 } }));
  const admin = createAdmin({ pool, ...names, encryption: { keys } });
  assert.is((await admin.list()).sessions[0]!.user, '7');
  assert.is((await admin.find(7)).length, 2);
  assert.is((await admin.show(store.handle('a')))!.user, '7');
  assert.is(await admin.revoke(store.handle('b'), { user: 7 }), true);

  service.keys = [NEW_KEY, KEY];
  const steps = await migrate({ pool, names }, { encryption: { keys } });
  assert.match(steps.join(), /1 session encrypted with the first key/);
  assert.is((await admin.show(store.handle('a')))!.user, '7'); // it finds the new key
});

/** A loader with short times. Its `keys` have one text each. */
function shortLoader(load: () => string[] | Promise<string[]>, options: Partial<KeyLoaderOptions> = {}) {
  let keys: string[] = [];
  const use = (loaded: unknown) => {
    keys = loaded as string[];
  };
  const missingKeyOf = (text: string) => (keys.includes(text) ? undefined : text);
  const loader = new KeyLoader({ load, use, missingKeyOf, onError: () => {}, maxAgeMs: 50, pauseMs: 50, ...options });
  return { loader, keysNow: () => keys, soon: () => performance.now() + 1000 };
}

test('keys are refreshed after their maximum age, and a failed refresh leaves them and is reported', async () => {
  const results: (string[] | Error)[] = [['a'], new Error('down'), ['b']];
  const errors: any[] = [];
  let calls = 0;
  const load = () => {
    const result = results[calls++]!;
    if (result instanceof Error) throw result;
    return result;
  };
  const { loader, keysNow, soon } = shortLoader(load, { onError: (error) => errors.push(error) });
  await loader.ready(soon());
  await loader.ready(soon());
  assert.is(calls, 1);
  await sleep(60);
  for (let n = 0; n < 5; n++) await loader.ready(soon()); // they go on with the keys that there are
  await sleep(10);
  assert.equal([calls, keysNow(), errors.length], [2, ['a'], 1]);
  assert.is(errors[0].cause.message, 'down');
  await sleep(60);
  await loader.ready(soon());
  await sleep(10);
  assert.equal([calls, keysNow(), errors.length], [3, ['b'], 1]);
});

test('a search for a missing key comes again after a pause', async () => {
  let calls = 0;
  const { loader, soon } = shortLoader(() => ['a', ...Array(++calls).fill('x')], { maxAgeMs: 60_000 });
  await loader.ready(soon());
  for (let n = 0; n < 3; n++) await loader.find('lost', soon());
  assert.is(calls, 2);
  await loader.find('a', soon());
  await sleep(60);
  await loader.find('a', soon());
  assert.is(calls, 2);
  await loader.find('lost', soon());
  assert.is(calls, 3);
});

test('the search for one missing key does not delay that for another', async () => {
  const service = { keys: ['a'] };
  const { loader, keysNow, soon } = shortLoader(() => service.keys, { maxAgeMs: 60_000, pauseMs: 60_000 });
  await loader.ready(soon());
  await loader.find('lost', soon());
  service.keys = ['b', 'a'];
  await loader.find('b', soon());
  assert.equal(keysNow(), ['b', 'a']);
});

test('a call waits for new keys if those that there are have twice their maximum age', async () => {
  let calls = 0;
  const { loader, keysNow, soon } = shortLoader(() => [`key ${++calls}`]);
  await loader.ready(soon());
  await sleep(120);
  await Promise.all([loader.ready(soon()), loader.ready(soon())]);
  assert.equal(keysNow(), ['key 2']);
  await sleep(60);
  await loader.ready(soon(), true);
  assert.equal(keysNow(), ['key 3']);
});

test('each call waits until its own deadline, and keys that come later are used', async () => {
  let calls = 0;
  const slow = async () => {
    const keys = [`key ${++calls}`];
    await sleep(200);
    return keys;
  };
  const { loader, keysNow, soon } = shortLoader(slow, { maxAgeMs: 60_000 });
  const [short, long] = await Promise.all([
    outcome(loader.ready(performance.now() + 50)),
    outcome(loader.ready(soon())),
  ]);
  assert.is(short.code, 'KEYS');
  assert.equal([long, keysNow(), calls], [undefined, ['key 1'], 1]);

  const { loader: another, keysNow: later } = shortLoader(slow, { maxAgeMs: 60_000 });
  assert.is((await outcome(another.ready(performance.now() + 50))).code, 'KEYS');
  await sleep(300);
  assert.equal(later(), ['key 2']);
  await another.ready(performance.now() + 50);
});

test('without a function, a wrong list of keys is still refused by the constructor', async () => {
  const { another } = await keyedStore({ keys: [KEY] });
  assert.throws(() => another({ encryption: { keys: invalid(null) } }), /or a function that returns it/);
});
