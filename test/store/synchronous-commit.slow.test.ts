// Which calls wait until PostgreSQL has stored their change. The server waits for a standby that
// does not exist, so a statement that waits never ends.
import * as assert from 'uvu/assert';
import { createAdmin } from '../../src/admin/admin.js';
import { PgSessionStore } from '../../src/index.js';
import { cookieFor, freshNames, freshPool, loadSession, session } from '../support/fresh-store.js';
import { onEnd, suite } from '../support/harness.js';
import { outcomeOf } from '../support/outcomes.js';
import { Server } from '../support/server.js';

const test = suite('synchronousCommit', { timeout: 60_000 });
const TIMEOUT = 2; // seconds: more than a busy machine needs, since a call that waits never ends

async function openStores() {
  const server = await Server.start();
  onEnd(() => server.remove());
  const pool = freshPool({ connectionString: server.url });
  const names = freshNames();
  const options = { pool, ...names, pruneSessionInterval: false as const, touchAfter: 0, timeout: TIMEOUT };
  const [relaxed, alone, usual] = [
    { synchronousCommit: false },
    { synchronousCommit: false, batch: false },
    { synchronousCommit: true },
  ].map((more) => {
    const store = new PgSessionStore({ ...options, ...more });
    onEnd(() => store.close());
    return store;
  });
  await relaxed!.createTable({ createSchema: true });
  await Promise.all(Array.from({ length: 20 }, (_, n) => relaxed!.set(`s${n}`, session({ n: 0 }))));
  await server.query("ALTER SYSTEM SET synchronous_standby_names = 'none'");
  await server.query('SELECT pg_reload_conf()');
  return { server, relaxed: relaxed!, alone: alone!, usual: usual!, pool, names };
}

test('with false, set, save, update and touch do not wait, and all others do', async () => {
  const { server, relaxed, alone, usual, pool, names } = await openStores();
  let n = 0;
  const calls = (store: PgSessionStore): Record<string, () => Promise<unknown>> => ({
    set: () => store.set('a', session({ n: ++n })),
    'sets at once': () => Promise.all(Array.from({ length: 20 }, (_, i) => store.set(`s${i}`, session({ n: ++n })))),
    save: async () => store.set('s1', Object.assign(await loadSession(store, 's1'), { n: ++n })),
    'saves at once': async () => {
      const loaded = await Promise.all(Array.from({ length: 20 }, (_, i) => loadSession(store, `s${i}`)));
      await Promise.all(loaded.map((one, i) => store.set(`s${i}`, Object.assign(one, { n: ++n }))));
    },
    update: () => store.update('s2', (found) => Object.assign(found, { n: ++n })),
  });
  const touch = (store: PgSessionStore) => () => store.touch('s3', session({}, cookieFor(1000 + ++n)));
  for (const store of [relaxed, alone]) {
    for (const [name, call] of Object.entries({ ...calls(store), touch: touch(store) })) {
      const { error, ms } = await outcomeOf(name, call);
      assert.not.ok(error, name);
      assert.ok(ms < TIMEOUT * 1000, `${name}: ${ms} ms`);
    }
  }
  assert.not.ok((await outcomeOf('touch', touch(usual))).error);
  const waiting: Record<string, () => Promise<unknown>> = {
    ...calls(usual),
    destroy: () => relaxed.destroy('s4'),
    'destroys at once': () => Promise.all(['s5', 's6', 's7'].map((sid) => relaxed.destroy(sid))),
    clear: () => relaxed.clear(),
  };
  for (const [name, call] of Object.entries(waiting)) {
    const { error } = await outcomeOf(name, call);
    assert.is(error?.code, 'TIMEOUT', name);
  }
  await relaxed.set('s9', session());
  const revoke = createAdmin({ pool, ...names }).revoke(relaxed.handle('s9'));
  assert.is(await Promise.race([revoke, new Promise((resolve) => setTimeout(resolve, 1000, 'waits'))]), 'waits');
  await server.query('ALTER SYSTEM RESET synchronous_standby_names');
  await server.query('SELECT pg_reload_conf()');
  assert.is(await revoke, true);
});

test('synchronousCommit must be true or false', () => {
  assert.throws(
    () => new PgSessionStore({ pool: freshPool(), synchronousCommit: 'off' as never }),
    /^synchronousCommit must be true or false, got 'off'$/,
  );
});
