// Pools of other libraries, and a server that is not PostgreSQL's own program. Run
// `npm ci --prefix test/long/pools` first.
import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import * as assert from 'uvu/assert';
import { createAdmin } from '../../src/admin/admin.js';
import { PgSessionStore, type SessionStoreError, type StoreOptions } from '../../src/index.js';
import { compiled } from '../support/compiled.js';
import { freshNames, freshPool, freshStore, newSession, session } from '../support/fresh-store.js';
import { onEnd, suite } from '../support/harness.js';
import { failure } from '../support/limited-role.js';
import { initialized, isInstalled, POOLS } from '../support/pools.js';
import { TcpProxy } from '../support/proxy.js';

const test = suite('pools', { timeout: 60_000 });

/** This test breaks a client's socket, so the pool's clients must have one of Node. */
const BROKEN_SOCKET = 'a broken socket fails the call in flight and does not end the process';

/** Runs store.test.ts in a process with this environment. Returns its last line. */
function runContract(env: NodeJS.ProcessEnv): Promise<string> {
  const args = ['--enable-source-maps', compiled('test/support/run-file.ts'), compiled('test/store/store.test.ts')];
  return new Promise((resolve) =>
    execFile(process.execPath, args, { env: { ...process.env, ...env } }, (error, stdout) => {
      if (error) console.log(stdout);
      resolve(stdout.trimEnd().split('\n').at(-1)!);
    }),
  );
}

for (const [kind, { needs, load, serverUrl, lacks = [] }] of Object.entries(POOLS)) {
  if (needs && !isInstalled(needs)) {
    console.log(`skipped, because ${needs} is not installed in test/long/pools: ${kind}`);
    continue;
  }

  const connectionStringOf = async () => (await serverUrl?.()) ?? process.env.TEST_SERVER_URL!;

  async function openPool(config: pg.PoolConfig = {}): Promise<pg.Pool> {
    const open = await load();
    const application_name = `${kind} ${process.pid} ${Math.random()}`;
    const pool = open({ connectionString: await connectionStringOf(), application_name, ...config });
    pool.on('error', () => {});
    onEnd(() => pool.end());
    await initialized.get(pool);
    return pool;
  }

  /** A store on such a pool, and an ordinary pool for what an administrator does. */
  async function openStore(config: pg.PoolConfig = {}, options: StoreOptions = {}) {
    const { pool: admin, names, table } = await freshStore();
    const pool = await openPool(config);
    const store = new PgSessionStore({ pool, ...names, pruneSessionInterval: false, errorLog: () => {}, ...options });
    onEnd(() => store.close());
    return { store, pool, admin, names, table };
  }

  async function lockTable(admin: pg.Pool, table: string): Promise<() => Promise<void>> {
    const client = await admin.connect();
    await client.query(`BEGIN; LOCK TABLE ${table}`);
    let isLocked = true;
    const unlock = async () => {
      if (!isLocked) return;
      isLocked = false;
      await client.query('ROLLBACK');
      client.release();
    };
    onEnd(unlock); // a pool does not end while one of its clients waits for the lock
    return unlock;
  }

  const until = async (is: () => Promise<boolean>): Promise<void> => {
    for (const end = Date.now() + 5000; !(await is()); await sleep(10))
      assert.ok(Date.now() < end, `not in 5 s: ${is}`);
  };

  test(`${kind}: the tests of the store pass`, async () => {
    const closing = await runContract({
      TEST_POOL: kind,
      ...(lacks.includes('sockets') && { TEST_LEAVE_OUT: BROKEN_SOCKET }),
    });
    console.log(`${kind}: ${closing}`);
    assert.match(closing, /^\d\d+ passed, 0 failed$/);
  });

  test(`${kind}: a statement that hangs ends at its deadline and at the server, and the next call works`, async () => {
    const { store, pool, admin, table } = await openStore({ max: 1 }, { timeout: 1 });
    const waits = "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name = $1";
    const lockWaits = async () => (await admin.query(waits, [pool.options.application_name])).rowCount!;
    await store.set('a', session({ n: 1 }));
    const unlock = await lockTable(admin, table);
    const begun = performance.now();
    const reading = store.get('a').catch((failed: SessionStoreError) => failed);
    await until(async () => (await lockWaits()) === 1);
    const error = await reading;
    assert.is((error as SessionStoreError).code, 'TIMEOUT');
    assert.ok(performance.now() - begun < 1500, `${performance.now() - begun} ms`);
    if (!lacks.includes('cancel')) await until(async () => (await lockWaits()) === 0);
    await unlock();
    assert.is((await store.get('a'))!.n, 1);
  });

  test(`${kind}: a network that forwards nothing ends a call at its deadline, and the next call works`, async () => {
    const proxy = await TcpProxy.start(await connectionStringOf());
    const { store } = await openStore({ max: 1, connectionString: proxy.url }, { timeout: 1 });
    await store.set('a', session({ n: 1 }));
    proxy.forgetAll();
    const begun = performance.now();
    const error = await store.get('a').catch((failed: SessionStoreError) => failed);
    assert.is((error as SessionStoreError).code, 'TIMEOUT');
    assert.ok(performance.now() - begun < 1500, `${performance.now() - begun} ms`);
    assert.is((await store.get('a'))!.n, 1);
  });

  test(`${kind}: a call goes on when the server ends its connection`, async () => {
    const { store, pool, admin, table } = await openStore({ max: 1 });
    const kill = () =>
      admin.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1', [
        pool.options.application_name,
      ]);
    await store.set('a', session({ n: 1 }));
    await kill();
    if (lacks.includes('news of a lost idle connection')) await store.get('a').catch(() => {});
    assert.is((await store.get('a'))!.n, 1);
    const unlock = await lockTable(admin, table);
    const reading = store.get('a');
    await until(async () => (await kill()).rowCount! > 0);
    await unlock();
    assert.is((await reading)!.n, 1);
  });

  test(`${kind}: 64 calls at once of each kind do as one does`, async () => {
    const { store } = await openStore({ max: 2 });
    const sids = Array.from({ length: 64 }, (_, n) => `${n}`);
    const all = <T>(call: (sid: string) => Promise<T>) => Promise.all(sids.map(call));
    await all((sid) => store.set(sid, session({ sid, text: 'é"\\{},' })));
    assert.equal(
      (await all((sid) => store.get(sid))).map((found) => [found!.sid, found!.text]),
      sids.map((sid) => [sid, 'é"\\{},']),
    );
    await all(async (sid) => {
      const loaded = newSession(store, sid, (await store.get(sid))!);
      Object.assign(loaded, { more: sid });
      await store.set(sid, loaded);
    });
    await all((sid) =>
      store.touch(sid, session({}, { originalMaxAge: 60_000, expires: new Date(Date.now() + 60_000) })),
    );
    assert.equal(
      (await all((sid) => store.get(sid))).map((found) => found!.more),
      sids,
    );
    await all((sid) => store.destroy(sid));
    assert.is(await store.length(), 0);
  });

  test(`${kind}: the first calls create the table`, async () => {
    const pool = await openPool({ max: 2 });
    const names = { ...freshNames(), schemaName: 'public' };
    const admin = freshPool();
    const store = new PgSessionStore({ pool, ...names, createTableIfMissing: true, pruneSessionInterval: false });
    onEnd(() => store.close());
    await Promise.all(Array.from({ length: 8 }, (_, n) => store.set(`${n}`, session({ n }))));
    assert.is(await store.length(), 8);
    assert.is(await store.pruneSessions(), 0);
    await admin.query(`DROP TABLE "${names.tableName.replaceAll('"', '""')}"`);
  });

  test(`${kind}: a store hears of a session that another one deleted`, async () => {
    const { store, names } = await openStore({}, { revocations: true });
    const resync = new Promise<void>((resolve) => store.once('resync', () => resolve()));
    const revoked = new Promise<string[]>((resolve) => store.once('revoked', ({ handles }) => resolve(handles)));
    await resync;
    const other = new PgSessionStore({
      pool: await openPool(),
      ...names,
      pruneSessionInterval: false,
      revocations: true,
    });
    onEnd(() => other.close());
    await other.set('a', session());
    await other.destroy('a');
    assert.is((await revoked).length, 1);
  });

  test(`${kind}: doctor() finds a new table without faults`, async () => {
    const { pool, names } = await openStore();
    const findings = createAdmin({ pool, ...names }).doctor();
    if (lacks.includes('doctor')) assert.match(String(await failure(findings)), /pass a pool of pg's own clients/);
    else assert.equal(await findings, []);
  });
}
