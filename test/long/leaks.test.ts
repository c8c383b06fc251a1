// What somebody finds who has the dump, the server's files, its log and ours: no session id.
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

const test = suite('leaks', { timeout: 180_000 });

const newIds = () => Array.from({ length: 100 }, () => randomBytes(24).toString('base64url')); // as express-session's
const KEY = Buffer.alloc(32, 'key');
const DEBIAN = '/usr/lib/postgresql';
const homes = [
  systemServer(),
  ...(existsSync(DEBIAN) ? readdirSync(DEBIAN).map((version) => path.join(DEBIAN, version)) : []),
];
const withDump = homes.find(
  (home) => home && ['postgres', 'pg_dump'].every((name) => existsSync(path.join(home, 'bin', name))),
);
if (!withDump) console.log('left out, since the machine has no PostgreSQL of its own with pg_dump: what a dump holds');

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
  pool.on('error', () => {}); // the end of the server may come before that of a connection
  onEnd(() => pool.end());
  const filesIn = (folder: string) =>
    readdirSync(path.join(server.dataDir, folder), { recursive: true, encoding: 'utf8' })
      .map((file) => path.join(server.dataDir, folder, file))
      .filter((file) => statSync(file).isFile());
  const read = (folder: string) => Buffer.concat(filesIn(folder).map((file) => readFileSync(file)));
  const said: string[] = [];

  /** Of how many of the ids anything is found in each place. */
  async function found(ids: string[], { logFrom = 0 } = {}): Promise<Record<string, number>> {
    await pool.query('CHECKPOINT');
    const mark = `all was said before ${log.length}`;
    await pool.query(`SELECT '${mark}'`);
    while (!log.includes(mark)) await setTimeout(10);
    const places: Record<string, Buffer> = {
      'the files of tables and indexes': read('base'),
      'the WAL': read('pg_wal'),
      "the server's log": Buffer.from(log.slice(logFrom)),
      'events, errors and our log': Buffer.from(said.join('\n')),
    };
    if (withDump)
      places['the dump'] = execFileSync(path.join(withDump, 'bin/pg_dump'), [server.url], { maxBuffer: 1e9 });
    return Object.fromEntries(
      Object.entries(places).map(([place, bytes]) => [place, ids.filter((id) => bytes.includes(id)).length]),
    );
  }

  function storeOf(tableName: string, options: StoreOptions = {}): PgSessionStore {
    const errorLog = (...all: unknown[]) => void said.push(inspect(all));
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
      store.on(event, (details) => said.push(event, inspect(details)));
    return store;
  }

  /** All that a store and an admin do, also what fails. */
  async function use(store: PgSessionStore, tableName: string, ids: string[], options: object = {}): Promise<void> {
    const complain = (error: unknown) => void said.push(inspect(error, { depth: 9 }), String((error as Error).stack));
    await Promise.all(ids.map((id) => store.set(id, session({ passport: { user: 'ada' } }))));
    const gone = ids.slice(0, 10);
    const loaded = await Promise.all(gone.map((id) => store.get(id)));
    for (const id of ids.slice(10)) {
      await store.touch(id, session());
      await store.update(id, (one: any) => Object.assign(one, { views: 1 }));
    }
    await Promise.all(gone.map((id) => store.destroy(id)));
    for (const [n, id] of gone.entries()) {
      await store.touch(id, loaded[n]!);
      await store.set(id, loaded[n]!);
    }
    for (const id of ids) await store.set(id, { cookie: {}, toJSON: () => 1 } as never).catch(complain);
    await pool.query(`ALTER TABLE "${tableName}" RENAME TO away`);
    for (const id of ids) {
      await store.get(id).catch(complain);
      await store.set(id, session()).catch(complain);
      await store.touch(id, session()).catch(complain);
      await store.destroy(id).catch(complain);
    }
    await pool.query(`ALTER TABLE away RENAME TO "${tableName}"`);
    const admin = createAdmin({ pool, tableName, ...options });
    said.push(
      inspect(await admin.list(), { depth: 9 }),
      inspect(await admin.find('ada'), { depth: 9 }),
      inspect(await admin.doctor()),
    );
    await pool.query(`UPDATE "${tableName}" SET sess = '[]' WHERE sid = (SELECT min(sid) FROM "${tableName}")`);
    for (const id of ids) await store.get(id);
    await admin.revokeUser('ada', { except: store.handle(ids.at(-1)!) });
  }
  return { pool, logged: () => log.length, found, storeOf, use, said };
}

test('0 of 100 ids are found anywhere with hashIds: true, with encryption or without, where without it 100 are', async () => {
  const { found, storeOf, use, said } = await loggingServer();
  const clear = newIds();
  const plain = storeOf('plain', { createTableIfMissing: true });
  await Promise.all(clear.slice(0, 50).map((id) => plain.set(id, session())));
  const { 'events, errors and our log': ours, ...places } = await found(clear.slice(0, 50));
  assert.equal(new Set(Object.values(places)), new Set([50])); // so that what finds none below would find them
  await use(plain, 'plain', clear);
  assert.is((await found(clear))['events, errors and our log'], 0); // there never

  for (const [tableName, options] of Object.entries({ hashed: {}, sealed: { encryption: { keys: [KEY] } } })) {
    const ids = newIds();
    const before = said.length;
    await use(storeOf(tableName, { createTableIfMissing: true, hashIds: true, ...options }), tableName, ids, {
      hashIds: true,
      ...options,
    });
    assert.ok(said.length > before + 400, `${said.length - before} events and errors`);
    for (const [place, count] of Object.entries(await found(ids))) assert.is(count, 0, `${tableName}: ${place}`);
  }
});

test('of 100 ids that were there in clear migrate logs none, and after VACUUM FULL none is left but in older WAL', async () => {
  const { pool, logged, found, storeOf } = await loggingServer();
  const ids = newIds();
  const plain = storeOf('session', { createTableIfMissing: true });
  await Promise.all(ids.map((id) => plain.set(id, session({ n: 1 }))));
  assert.is((await found(ids))['the files of tables and indexes'], 100);
  const logFrom = logged();

  await migrate({ pool, names: { tableName: 'session' } }, { hashIds: true });
  await pool.query('VACUUM FULL session');
  await pool.query('CHECKPOINT');
  await pool.query('SELECT pg_switch_wal()');
  await pool.query('CHECKPOINT'); // takes the older WAL away

  const hashed = storeOf('session', { hashIds: true });
  const kept = await Promise.all(ids.map((id) => hashed.get(id)));
  assert.is(kept.filter(Boolean).length, 100);
  for (const [place, count] of Object.entries(await found(ids, { logFrom }))) assert.is(count, 0, place);
});
