// The bytes that saves in flight hold.
import * as assert from 'uvu/assert';
import type { PgSessionStore } from '../../src/index.js';
import { freshStore, session } from '../support/fresh-store.js';
import { suite } from '../support/harness.js';
import { failure } from '../support/limited-role.js';

const test = suite('waiting bytes', { timeout: 60_000 });

const EMPTY = JSON.stringify(session({ text: '' })).length;
/** A session with this many bytes of JSON. */
const sessionOf = (bytes: number, character = 'x') =>
  session({ text: character.repeat((bytes - EMPTY) / Buffer.byteLength(character)) });
const save = (store: PgSessionStore, count: number, bytes: number) =>
  Array.from({ length: count }, (_, n) => store.set(`session ${n}`, sessionOf(bytes)));

test('a save beyond maxWaitingBytes fails at once, and other calls go on', async () => {
  const { store } = await freshStore({ maxWaitingBytes: 10_000 });
  const saves = save(store, 10, 1000);
  const { code, message } = await failure(store.set('one more', sessionOf(200)));
  assert.is(code, 'OVERLOADED');
  assert.is(
    message,
    'OVERLOADED: saves of 10000 bytes are in flight, and one of 200 bytes came. The limit is 10000 bytes ' +
      '(maxWaitingBytes). The database is not keeping up',
  );
  await Promise.all([store.get('a'), store.touch('b', session()), store.destroy('c'), store.update('d', () => {})]);
  await Promise.all(saves);
  assert.is(await store.length(), 10);
});

test('saves that have ended no longer count, also if they failed', async () => {
  const { store, pool, table } = await freshStore({ maxWaitingBytes: 10_000 });
  await Promise.all(save(store, 10, 1000));
  await Promise.all(save(store, 10, 1000));
  await pool.query(`ALTER TABLE ${table} RENAME sess TO away`);
  for (const { status } of await Promise.allSettled(save(store, 10, 1000))) assert.is(status, 'rejected');
  await pool.query(`ALTER TABLE ${table} RENAME away TO sess`);
  await Promise.all(save(store, 10, 1000));
});

test('a lone save may be larger than maxWaitingBytes', async () => {
  const { store } = await freshStore({ maxWaitingBytes: 1000 });
  await store.set('a', sessionOf(5000));
  assert.is((await store.get('a'))!.text.length, 5000 - EMPTY);
});

test('the saves of one session hold a tenth of maxWaitingBytes, and those of others go on', async () => {
  const { store } = await freshStore({ maxWaitingBytes: 20_000 });
  const saves = [store.set('a', sessionOf(1000)), store.set('a', sessionOf(1000))];
  const { code, message } = await failure(store.set('a', sessionOf(300)));
  assert.is(code, 'OVERLOADED');
  assert.is(
    message,
    'OVERLOADED: saves of 2000 bytes of this session are in flight, and one of 300 bytes came. A session may use a ' +
      'tenth of maxWaitingBytes (20000)',
  );
  const others = store.set('b', sessionOf(5000));
  await saves[0];
  await Promise.all([...saves, store.set('a', sessionOf(1000)), others]);
});

test('the bytes are those of UTF-8', async () => {
  const { store } = await freshStore({ maxWaitingBytes: 2 * EMPTY + 4000 });
  const saves = [store.set('a', sessionOf(EMPTY + 2000, 'é')), store.set('b', sessionOf(EMPTY + 2000, '€'))];
  assert.is((await failure(store.set('c', session()))).code, 'OVERLOADED');
  await Promise.all(saves);
});
