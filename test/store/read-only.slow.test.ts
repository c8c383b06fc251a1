// A database that becomes read-only and stays so: writes fail at once, and reads go on.
import * as fs from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import { databaseFailed } from '../../src/errors.js';
import { PgSessionStore, type SessionStoreError } from '../../src/index.js';
import { ReadOnlyState } from '../../src/postgres/read-only.js';
import { Browser, startApp } from '../support/app.js';
import { cookieFor, freshPool, freshStore, loadSession, OPTIONS, session } from '../support/fresh-store.js';
import { onEnd, suite } from '../support/harness.js';
import { OUTAGES, openScene } from '../support/outages.js';
import { type Outcome, outcomeOf } from '../support/outcomes.js';
import { Server } from '../support/server.js';

const test = suite('a read-only database', { timeout: 40_000 });
const READ_ONLY = OUTAGES['a read-only server']!;

/** One write of each kind, at the same time. */
async function writersOf(store: PgSessionStore) {
  await store.set('a', session({ n: 0 }));
  await store.set('b', session({ n: 0 }));
  const loaded = await loadSession(store, 'b');
  let n = 0;
  const calls: Record<string, () => Promise<unknown>> = {
    set: () => store.set('new', session()),
    save: () => store.set('b', Object.assign(loaded, { n: ++n })),
    touch: () => store.touch('a', session({}, cookieFor(1000 * ++n))),
    update: () => store.update('a', (found) => found.n++),
    destroy: () => store.destroy('missing'),
    clear: () => store.clear(),
  };
  return (names = Object.keys(calls)) => Promise.all(names.map((name) => outcomeOf(name, calls[name]!)));
}

function assertFast(outcomes: Outcome[]) {
  for (const { method, ms, error } of outcomes) {
    assert.equal([error?.code, error?.sqlState, error?.status], ['DATABASE', '25006', 503], method);
    assert.match(error!.message, /^the database is read-only: saves fail at once, until one .* succeeds$/);
    assert.ok(ms < 1000, `${method}: ${ms} ms`);
  }
}

test('after 3 s, writes fail at once and reads go on, until a write succeeds', async () => {
  const scene = await openScene();
  const { store } = scene;
  const write = await writersOf(store);
  await READ_ONLY.begin(scene);

  const first = await write();
  for (const { method, ms, error } of first) {
    assert.is(error?.sqlState, '25006', method);
    assert.ok(ms > 2000 && ms < 4000, `${method}: ${ms} ms`);
  }
  assert.is((await store.health()).readOnly, true);
  for (let round = 0; round < 5; round++) {
    assertFast(await write());
    const read = await outcomeOf('get', async () => assert.is((await store.get('a'))!.n, 0));
    assert.ok(!read.error && read.ms < 500, `${read.ms} ms, ${read.error}`);
    await sleep(300);
  }
  assert.equal((await store.health()).ok, true);

  await READ_ONLY.end(scene);
  await sleep(1100);
  assert.not.ok((await write(['set']))[0]!.error); // the probe
  for (const { method, error } of await write()) assert.not.ok(error, method);
  assert.is((await store.health()).readOnly, false);
});

test('the store sends about one write a second to a database that stays read-only', async () => {
  const scene = await openScene();
  await READ_ONLY.begin(scene);
  await outcomeOf('set', () => scene.store.set('a', session()));
  // The first write gives up up to one pause before the store counts the database as read-only.
  while (!(await scene.store.health()).readOnly) await sleep(20);
  let removed = 0;
  scene.pool.on('remove', () => removed++); // the store closes each connection that is read-only
  const until = performance.now() + 3000;
  let refused = 0;
  while (performance.now() < until) {
    const errors = await Promise.all(
      Array.from({ length: 20 }, (_, n) => outcomeOf('set', () => scene.store.set(`${n}`, session()))),
    );
    refused += errors.filter(({ error }) => error?.sqlState === '25006').length;
    await sleep(20);
  }
  assert.ok(refused > 200, `${refused}`);
  const probes = 4; // in three seconds, each with two attempts
  assert.ok(removed <= 2 * probes, `${removed} connections for ${refused} writes`);
  await READ_ONLY.end(scene);
});

test('a database that is read-only for 2 s fails no write', async () => {
  const scene = await openScene();
  const write = await writersOf(scene.store);
  await READ_ONLY.begin(scene);
  const writes = write();
  await sleep(2000);
  // Ends no connection, as READ_ONLY.end does: an update that is in flight would fail.
  await scene.admin.query(`ALTER ROLE ${scene.role} RESET default_transaction_read_only`);
  for (const { method, error } of await writes) assert.not.ok(error, `${method}: ${error}`);
});

test('health() forgets an outage 3 s after the last failed write, and a save after a minute', () => {
  const state = new ReadOnlyState();
  const refused = databaseFailed(Object.assign(new Error('read-only'), { severity: 'ERROR', code: '25006' }));
  const { now } = performance;
  onEnd(() => Object.assign(performance, { now }));
  const at = (ms: number) => Object.assign(performance, { now: () => ms });
  at(1000);
  state.failed(refused, 1);
  at(4000);
  assert.throws(() => state.failed(refused, 2), /the database is read-only/);
  assert.is(state.isReadOnly, true);
  at(8000); // writes do not fail at once any more
  assert.is(state.isReadOnly, false);
  state.check();
  assert.throws(() => state.failed(refused, 2)); // the same outage
  at(200_000);
  state.failed(refused, 2); // another one
  assert.is(state.isReadOnly, false);
});

test('a second outage is waited for like the first one', async () => {
  const scene = await openScene();
  const { store } = scene;
  await store.set('a', session());
  await READ_ONLY.begin(scene);
  assert.is((await outcomeOf('set', () => store.set('a', session()))).error?.sqlState, '25006');
  await READ_ONLY.end(scene);
  await sleep(1100);
  await store.set('a', session());
  await READ_ONLY.begin(scene);
  const save = outcomeOf('set', () => store.set('a', session()));
  await sleep(1500);
  await READ_ONLY.end(scene);
  assert.not.ok((await save).error);
});

test('writes succeed after the outage although the pool holds connections that are still read-only', async () => {
  const scene = await openScene();
  const { store, admin, role } = scene;
  await READ_ONLY.begin(scene);
  await outcomeOf('set', () => store.set('a', session()));
  await Promise.all(Array.from({ length: 4 }, () => store.length())); // opens four read-only connections
  await admin.query(`ALTER ROLE ${role} RESET default_transaction_read_only`);
  await sleep(1100);
  let failed = 0;
  for (const until = performance.now() + 8000; performance.now() < until; await sleep(100)) {
    const { error } = await outcomeOf('set', () => store.set('a', session()));
    if (!error) break;
    failed++;
  }
  assert.ok(failed < 40, `${failed} saves failed`);
  assert.ok(await store.get('a'));
});

test('a request that reads gets a 200 at once, although its touch is due', async () => {
  const scene = await openScene({ touchAfter: 0 });
  scene.pool.on('error', () => {});
  const app = await startApp({ store: scene.store, cookie: { maxAge: 60_000 } });
  const browser = new Browser(app);
  await browser.post('/sign-in/ada');
  await READ_ONLY.begin(scene);
  await outcomeOf('set', () => scene.store.set('b', session()));
  for (let n = 0; n < 3; n++) {
    const begun = performance.now();
    const { status, body } = await browser.get();
    assert.equal([status, body.user], [200, 'ada']);
    assert.ok(performance.now() - begun < 1000, `${performance.now() - begun} ms`);
  }
  await READ_ONLY.end(scene);
});

for (const [name, setting] of [
  ['ALTER SYSTEM', 'default_transaction_read_only'],
  ['ALTER DATABASE', 'default_transaction_read_only'],
] as const) {
  test(`${name} SET ${setting} makes writes fail at once after 3 s`, async () => {
    const server = await Server.start();
    onEnd(() => server.remove());
    const pool = freshPool({ connectionString: server.url, max: 4 });
    const { store } = await freshStore({ pool });
    const write = await writersOf(store);
    const alter = async (value: string) => {
      if (name === 'ALTER SYSTEM') {
        await server.query(`ALTER SYSTEM ${value === 'on' ? `SET ${setting} = on` : `RESET ${setting}`}`);
        await server.query('SELECT pg_reload_conf()');
      } else {
        await server.query(`BEGIN READ WRITE; ALTER DATABASE app SET ${setting} = ${value}; COMMIT`);
        await server.query(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'test %'",
        );
      }
      await sleep(200);
    };
    await alter('on');
    await write();
    assertFast(await write());
    assert.is((await store.get('a'))!.n, 0);
    await alter('off');
    await sleep(1100);
    await write(['set']);
    for (const { method, error } of await write()) assert.not.ok(error, method);
  });
}

test('a hot standby that is never promoted makes writes fail at once after 3 s', async () => {
  const primary = await Server.start();
  onEnd(() => primary.remove());
  const { names } = await freshStore({ pool: freshPool({ connectionString: primary.url }) });
  await primary.stop();
  await fs.writeFile(path.join(primary.dataDir, 'standby.signal'), '');
  await primary.start();
  const store = new PgSessionStore({
    pool: freshPool({ connectionString: primary.url, max: 4 }),
    ...names,
    pruneSessionInterval: false,
    ...OPTIONS,
  });
  onEnd(() => store.close());
  const save = () => outcomeOf('set', () => store.set('a', session()));
  const first = await save();
  assert.is(first.error?.sqlState, '25006');
  assert.ok(first.ms < 4000);
  assertFast(await Promise.all([save(), outcomeOf('destroy', () => store.destroy('a'))]));
  assert.is(await store.get('a'), null);
  await primary.query('SELECT pg_promote()');
  await sleep(1100);
  assert.not.ok((await save()).error);
});

test('a missing table or a lost connection does not count as read-only', async () => {
  const scene = await openScene({ timeout: 0.5 });
  await OUTAGES['a missing table']!.begin(scene);
  for (let n = 0; n < 8; n++) {
    const error: SessionStoreError | undefined = (await outcomeOf('set', () => scene.store.set('a', session()))).error;
    assert.is(error?.sqlState, '42P01');
    await sleep(450);
  }
  await OUTAGES['a missing table']!.end(scene);
  await scene.store.set('a', session());
  assert.is((await scene.store.health()).readOnly, false);
});
