// Stores that enter a distributed table by different nodes: revocations and prunes.
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import { createAdmin } from '../../src/admin/admin.js';
import { PgSessionStore, type StoreOptions } from '../../src/index.js';
import { citusSuite, citusTable, nodes } from '../support/citus.js';
import { type freshNames, freshPool, session } from '../support/fresh-store.js';
import { onEnd } from '../support/harness.js';

const test = citusSuite('several entry nodes', { timeout: 60_000 });
const SIDS = Array.from({ length: 12 }, (_, n) => `session ${n}`);

function storeOn(url: string, names: ReturnType<typeof freshNames>, options: StoreOptions = {}): PgSessionStore {
  const pool = freshPool({ connectionString: url });
  const store = new PgSessionStore({ pool, ...names, pruneSessionInterval: false, ...options });
  onEnd(() => store.close());
  return store;
}

/** Resolves when the store listens. The handles are those that it was told of. */
async function listening(store: PgSessionStore): Promise<string[]> {
  const heard: string[] = [];
  store.on('revoked', ({ handles }) => heard.push(...handles));
  await once(store, 'resync');
  return heard;
}

test('stores on all nodes hear of the revocations on the node that they listen on', async () => {
  const { pool, names } = await citusTable(4);
  const urls = await nodes(pool);
  const revocations = { connectionString: urls[0]! };
  const stores = urls.map((url) => storeOn(url, names, { revocations }));
  const heard = await Promise.all(stores.map(listening));
  for (const sid of SIDS) await stores[0]!.set(sid, session({ passport: { user: 'ada' } }));

  await stores[0]!.destroy(SIDS[0]!);
  assert.is(await createAdmin({ pool, ...names }).revokeUser('ada'), SIDS.length - 1);

  const expected = SIDS.map((sid) => stores[0]!.handle(sid)).sort();
  for (const handles of heard) {
    while (handles.length < expected.length) await sleep(10);
    assert.equal(handles.toSorted(), expected);
  }
});

test('a destroy through another node is not heard, and doctor() finds listeners on several nodes', async () => {
  const { pool, names } = await citusTable(4);
  const [coordinator, worker] = await nodes(pool);
  const stores = [coordinator!, worker!].map((url) => storeOn(url, names, { revocations: true }));
  const [here, there] = await Promise.all(stores.map(listening));
  for (const sid of ['a', 'b']) await stores[0]!.set(sid, session());

  await stores[1]!.destroy('a');
  await stores[0]!.destroy('b');
  while (here!.length + there!.length < 2) await sleep(10);
  await sleep(100);

  assert.equal([here, there], [[stores[0]!.handle('b')], [stores[0]!.handle('a')]]);
  const codes = (await createAdmin({ pool, ...names }).doctor()).map(({ code }) => code);
  assert.equal(codes, ['listeners-on-several-nodes']);
});

test('prunes through all nodes at the same time delete each expired session once', async () => {
  const { pool, names, table } = await citusTable(4);
  await pool.query(
    `INSERT INTO ${table} SELECT 's' || n, '{"cookie":{}}', now() + (n - 400.5) * interval '1 day'
     FROM generate_series(1, 500) AS n`,
  );
  const stores = (await nodes(pool)).map((url) => storeOn(url, names, { pruneBatchSize: 50 }));
  const deleted = await Promise.all(stores.map((store) => store.pruneSessions()));
  assert.is(
    deleted.reduce((sum, rows) => sum + rows, 0),
    400,
  );
  assert.is(await stores[0]!.length(), 100);
});
