// No session id is in a dump, in the files or the log of the server, or in the output of the store.
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { inspect } from 'node:util';
import pg from 'pg';
import * as assert from 'uvu/assert';
import { startLocalServer } from '../../dev/postgres/local-postgres.js';
import { systemServer } from '../../dev/postgres/postgres-binaries.js';
import { createAdmin } from '../../src/admin/admin.js';
import { migrate } from '../../src/admin/migrate.js';
import { PgSessionStore, type StoreOptions } from '../../src/index.js';
import { session } from '../support/fresh-store.js';
import { onEnd, suite } from '../support/harness.js';
import { invalid } from '../support/invalid.js';

const test = suite('leaks', { timeout: 180_000 });

// Like the ids of express-session.
const newIds = () => Array.from({ length: 100 }, () => randomBytes(24).toString('base64url'));
const KEY = Buffer.from([...Array(32).keys()]);
const DEBIAN = '/usr/lib/postgresql';
const homes = [
  systemServer(),
  ...(existsSync(DEBIAN) ? readdirSync(DEBIAN).map((version) => path.join(DEBIAN, version)) : []),
];
const withDump = homes.find(
  (home) => home && ['postgres', 'pg_dump'].every((name) => existsSync(path.join(home, 'bin', name))),
);
if (!withDump) console.log('skipped, because there is no installed PostgreSQL with pg_dump: the dump');

/** A server that logs each statement with its parameters. */
async function loggingServer() {
  let log = '';
  const server = await startLocalServer({
    ...(withDump && { home: withDump }),
    settings: ['log_statement=all', 'wal_recycle=off'],
    onLog: (text) => {
      log += text;
    },
  });
  onEnd(() => server.stop());
  const pool = new pg.Pool({ connectionString: server.url });
  pool.on('error', () => {}); // the server may stop before a connection ends
  onEnd(() => pool.end());
  const filesIn = (folder: string) =>
    readdirSync(path.join(server.dataDir, folder), { recursive: true, encoding: 'utf8' })
      .map((file) => path.join(server.dataDir, folder, file))
      .filter((file) => statSync(file).isFile());
  const read = (folder: string) => Buffer.concat(filesIn(folder).map((file) => readFileSync(file)));
  const storeOutput: string[] = [];

  /** Counts the ids that each place holds. */
  async function countIds(ids: string[], { logFrom = 0 } = {}): Promise<Record<string, number>> {
    await pool.query('CHECKPOINT');
    const mark = `end of the log at ${log.length}`;
    await pool.query(`SELECT '${mark}'`); // the log holds all earlier statements when it holds this one
    while (!log.includes(mark)) await setTimeout(10);
    const places: Record<string, Buffer> = {
      'the files of tables and indexes': read('base'),
      'the WAL': read('pg_wal'),
      "the server's log": Buffer.from(log.slice(logFrom)),
      'the output of the store': Buffer.from(storeOutput.join('\n')),
    };
    if (withDump)
      places['the dump'] = execFileSync(path.join(withDump, 'bin/pg_dump'), [server.url], { maxBuffer: 1e9 });
    return Object.fromEntries(
      Object.entries(places).map(([name, bytes]) => [name, ids.filter((id) => bytes.includes(id)).length]),
    );
  }

  function openStore(tableName: string, options: StoreOptions = {}): PgSessionStore {
    const errorLog = (...args: unknown[]) => void storeOutput.push(inspect(args));
    const store = new PgSessionStore({
      pool,
      tableName,
      errorLog,
      touchAfter: 0,
      pruneSessionInterval: false,
      ...options,
    });
    onEnd(() => store.close());
    for (const event of ['gone', 'conflict', 'unreadable', 'revoked'] as const)
      store.on(event, (details) => storeOutput.push(event, inspect(details)));
    return store;
  }

  /** Makes the store and the admin do all that they can do, with success and with failure. */
  async function use(store: PgSessionStore, tableName: string, ids: string[], options: object = {}): Promise<void> {
    const record = (error: unknown) =>
      void storeOutput.push(inspect(error, { depth: 9 }), String((error as Error).stack));
    await Promise.all(ids.map((id) => store.set(id, session({ passport: { user: 'ada' } }))));
    const destroyed = ids.slice(0, 10);
    const loaded = await Promise.all(destroyed.map((id) => store.get(id)));
    for (const id of ids.slice(10)) {
      await store.touch(id, session());
      await store.update(id, (one) => Object.assign(one, { views: 1 }));
    }
    await Promise.all(destroyed.map((id) => store.destroy(id)));
    for (const [n, id] of destroyed.entries()) {
      await store.touch(id, loaded[n]!);
      await store.set(id, loaded[n]!);
    }
    for (const id of ids) await store.set(id, invalid({ cookie: {}, toJSON: () => 1 })).catch(record);
    await pool.query(`ALTER TABLE "${tableName}" RENAME TO away`);
    for (const id of ids) {
      await store.get(id).catch(record);
      await store.set(id, session()).catch(record);
      await store.touch(id, session()).catch(record);
      await store.destroy(id).catch(record);
    }
    await pool.query(`ALTER TABLE away RENAME TO "${tableName}"`);
    const admin = createAdmin({ pool, tableName, ...options });
    storeOutput.push(
      inspect(await admin.list(), { depth: 9 }),
      inspect(await admin.find('ada'), { depth: 9 }),
      inspect(await admin.doctor()),
    );
    await pool.query(`UPDATE "${tableName}" SET sess = '[]' WHERE sid = (SELECT min(sid) FROM "${tableName}")`);
    for (const id of ids) await store.get(id);
    await admin.revokeUser('ada', { except: store.handle(ids.at(-1)!) });
  }
  return { pool, logLength: () => log.length, countIds, openStore, use, storeOutput };
}

test('with hashIds: true, no place holds any of 100 ids, with encryption and without', async () => {
  const { countIds, openStore, use, storeOutput } = await loggingServer();
  const unhashed = newIds();
  const plain = openStore('plain');
  await plain.createTable();
  await Promise.all(unhashed.slice(0, 50).map((id) => plain.set(id, session())));
  const { 'the output of the store': ours, ...places } = await countIds(unhashed.slice(0, 50));
  assert.equal(new Set(Object.values(places)), new Set([50])); // proves that countIds() finds unhashed ids
  await use(plain, 'plain', unhashed);
  assert.is((await countIds(unhashed))['the output of the store'], 0); // not even without hashIds

  for (const [tableName, options] of Object.entries({ hashed: {}, encrypted: { encryption: { keys: [KEY] } } })) {
    const ids = newIds();
    const before = storeOutput.length;
    const store = openStore(tableName, { hashIds: true, ...options });
    await store.createTable();
    await use(store, tableName, ids, { hashIds: true, ...options });
    assert.ok(storeOutput.length > before + 400, `${storeOutput.length - before} events and errors`);
    for (const [place, count] of Object.entries(await countIds(ids))) assert.is(count, 0, `${tableName}: ${place}`);
  }
});

test('migrate logs none of 100 unhashed ids, and after VACUUM FULL only older WAL holds them', async () => {
  const { pool, logLength, countIds, openStore } = await loggingServer();
  const ids = newIds();
  const plain = openStore('session', { createTableIfMissing: true });
  await Promise.all(ids.map((id) => plain.set(id, session({ n: 1 }))));
  assert.is((await countIds(ids))['the files of tables and indexes'], 100);
  const logFrom = logLength();

  await migrate({ pool, names: { tableName: 'session' } }, { hashIds: true });
  await pool.query('VACUUM FULL session');
  await pool.query('CHECKPOINT');
  await pool.query('SELECT pg_switch_wal()');
  await pool.query('CHECKPOINT'); // removes the older WAL

  const hashed = openStore('session', { hashIds: true });
  const kept = await Promise.all(ids.map((id) => hashed.get(id)));
  assert.is(kept.filter(Boolean).length, 100);
  for (const [place, count] of Object.entries(await countIds(ids, { logFrom }))) assert.is(count, 0, place);
});
