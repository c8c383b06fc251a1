// requestScope(): the changes of one request, whichever objects its framework makes of a session.
import * as assert from 'uvu/assert';
import type { PgSessionStore, SessionStoreError } from '../../src/index.js';
import { freshStore, loadSession, session } from '../support/fresh-store.js';
import { suite } from '../support/harness.js';

const test = suite('request scope', { timeout: 20_000 });

/** What a framework may make of a session: another object with the same content. */
const copyOf = (found: object | null): any => structuredClone(found);

/** Two requests that get the session, change another key each, and save, in turns. */
async function overlap(store: PgSessionStore, inScope: <T>(next: () => T) => T): Promise<Record<string, unknown>> {
  await store.set('a', session({ cart: 1, visits: 1 }));
  const gotBoth = barrier(2);
  const request = (change: object) =>
    inScope(async () => {
      const own = copyOf(await store.get('a'));
      await gotBoth();
      await store.set('a', Object.assign(own, change));
    });
  await Promise.all([request({ cart: 2 }), request({ visits: 2 })]);
  const { cart, visits } = (await store.get('a')) as any;
  return { cart, visits };
}

/** Resolves when it was called so many times. */
function barrier(calls: number): () => Promise<void> {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  return () => {
    if (--calls === 0) open();
    return opened;
  };
}

test('requests that overlap keep the changes of both', async () => {
  const { store } = await freshStore();
  assert.equal(await overlap(store, (next) => store.requestScope(next)), { cart: 2, visits: 2 });
});

test('without a scope, the last save wins, as before', async () => {
  const { store } = await freshStore();
  const { cart, visits } = await overlap(store, (next) => next());
  assert.is(Number(cart) + Number(visits), 3);
});

test('a slow request does not bring a destroyed session back, by a save or a touch', async () => {
  const { store } = await freshStore();
  for (const method of ['set', 'touch'] as const) {
    for (const changes of [{}, { cart: 2 }]) {
      await store.set('a', session({ cart: 1 }));
      await store.requestScope(async () => {
        const own = copyOf(await store.get('a'));
        await store.requestScope(() => store.destroy('a')); // another request
        await store[method]('a', Object.assign(own, changes));
      });
      assert.is(await store.get('a'), null, `${method} ${JSON.stringify(changes)}`);
    }
  }
});

test('after its own destroy, a request does not save or touch the session. Another request may', async () => {
  const { store } = await freshStore();
  let gone = 0;
  store.on('gone', () => gone++);
  await store.set('a', session({ cart: 1 }));
  await store.requestScope(async () => {
    await store.destroy('a');
    await store.set('a', session({ cart: 1 }));
    await store.touch('a', session({ cart: 1 }));
    assert.is(await store.get('a'), null);
  });
  assert.is(gone, 0);
  await store.requestScope(() => store.set('a', session({ cart: 2 })));
  assert.is(((await store.get('a')) as any).cart, 2);
});

test('a session that the request did not get is written as it is', async () => {
  const { store } = await freshStore();
  await store.set('a', session({ cart: 1, visits: 1 }));
  await store.requestScope(() => store.set('a', session({ cart: 2 })));
  assert.equal({ ...((await store.get('a')) as any), cookie: 0 }, { cookie: 0, cart: 2 });
});

test('after a save, the next one has the changes since then', async () => {
  const { store } = await freshStore();
  await store.set('a', session({ cart: 1, visits: 1 }));
  await store.requestScope(async () => {
    const own = copyOf(await store.get('a'));
    await store.set('a', Object.assign(own, { cart: 2 }));
    await store.update('a', (found) => Object.assign(found, { cart: 3 }));
    await store.set('a', copyOf(Object.assign(own, { visits: 2 })));
  });
  const { cart, visits } = (await store.get('a')) as any;
  assert.equal([cart, visits], [3, 2]);
});

test('gets at the same time each count for the object that they returned', async () => {
  const { store } = await freshStore();
  await store.set('a', session({ cart: 1 }));
  await store.requestScope(async () => {
    const first: any = await store.get('a');
    await store.requestScope(() => store.update('a', (found) => Object.assign(found, { other: 1 })));
    const second: any = await store.get('a');
    await store.set('a', Object.assign(second, { cart: 2 }));
    await store.set('a', Object.assign(first, { visits: 2 }));
  });
  const { cart, other, visits } = (await store.get('a')) as any;
  assert.equal([cart, other, visits], [2, 1, 2]);
});

test("for a copy, the request's first get counts", async () => {
  const { store } = await freshStore();
  await store.set('a', session({ cart: 1 }));
  await store.requestScope(async () => {
    const own = copyOf(await store.get('a'));
    await store.requestScope(() => store.update('a', (found) => Object.assign(found, { other: 1 })));
    await store.get('a');
    await store.set('a', Object.assign(own, { cart: 2 }));
  });
  const { cart, other } = (await store.get('a')) as any;
  assert.equal([cart, other], [2, 1]);
});

test("a Session of express-session counts before the scope's reading", async () => {
  const { store } = await freshStore();
  await store.set('a', session({ cart: 1 }));
  await store.requestScope(async () => {
    await store.get('a');
    await store.update('a', (found) => Object.assign(found, { other: 1 }));
    const loaded: any = await loadSession(store, 'a');
    delete loaded.other;
    await store.set('a', loaded);
  });
  assert.is(((await store.get('a')) as any).other, undefined);
});

test('it returns what next returns, throws what it throws, and needs a function', async () => {
  const { store } = await freshStore();
  assert.is(
    store.requestScope(() => 7),
    7,
  );
  assert.throws(
    () =>
      store.requestScope(() => {
        throw new RangeError('mine');
      }),
    (error: SessionStoreError) => error instanceof RangeError,
  );
  assert.throws(() => store.requestScope(undefined as any), /needs a function/);
});
