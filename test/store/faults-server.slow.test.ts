// Outages of a whole server, which these tests pause, kill and stop.
import * as fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import { PgSessionStore } from '../../src/index.js';
import { freshPool, freshStore, OPTIONS, session } from '../support/fresh-store.js';
import { onEnd, suite } from '../support/harness.js';
import { type Outage, openScene } from '../support/outages.js';
import { assertSurvives, outcomeOf } from '../support/outcomes.js';
import { Server } from '../support/server.js';
import { visit } from '../support/visitors.js';

const test = suite('faults of the server', { timeout: 30_000 });
const timeout = 0.5;
let server: Server;
let socketFolder: string;

test.before(async () => {
  socketFolder = await fs.mkdtemp(path.join(os.tmpdir(), 'sockets-'));
  await fs.chmod(socketFolder, 0o777); // if we are root, the server runs as another user
  server = await Server.start({ settings: [`unix_socket_directories=${socketFolder}`] });
});
test.after(async () => {
  await server.remove();
  await fs.rm(socketFolder, { recursive: true });
});

const OUTAGES: Record<string, Outage> = {
  'a paused server (SIGSTOP)': {
    fails: 'all',
    begin: async () => server.signal('SIGSTOP'),
    end: async () => server.signal('SIGCONT'),
  },
  'a killed server (kill -9)': {
    fails: 'all',
    begin: () => server.kill(),
    end: () => server.start(),
  },
};

for (const [name, outage] of Object.entries(OUTAGES)) {
  test(`with ${name}, each call ends in time and later calls succeed`, async () => {
    await assertSurvives(outage, await openScene({ timeout }, server.url), timeout);
  });

  test(`with ${name}, browsers stay signed in`, async () => {
    await visit(outage, await openScene({ timeout }, server.url));
  });
}

test('with a missing Unix socket, browsers stay signed in', async () => {
  const scene = await openScene({ timeout }, server.url);
  const url = server.url.replace('127.0.0.1', encodeURIComponent(socketFolder));
  const pool = freshPool({ connectionString: url });
  const store = new PgSessionStore({
    pool,
    ...scene.names,
    timeout,
    pruneSessionInterval: false,
    errorLog: () => {},
    ...OPTIONS,
  });
  onEnd(() => store.close());
  const missing: Outage = { fails: 'all', begin: () => server.stop(), end: () => server.start() };

  await visit(missing, { ...scene, store });
});

test('the store keeps acknowledged sessions after kill -9, and destroyed sessions stay deleted', async () => {
  const pool = freshPool({ connectionString: server.url, max: 4 });
  const { store } = await freshStore({ pool, errorLog: () => {}, timeout });
  const acknowledged = new Set<string>();
  const destroyed = new Set<string>();
  let isOver = false;
  const work = async (worker: number) => {
    for (let n = 0; !isOver; n++) {
      const sid = `${worker} ${n}`;
      const { error } = await outcomeOf('set', () => store.set(sid, session({ n })));
      if (!error) acknowledged.add(sid);
      if (error || n % 2 === 0) continue;
      acknowledged.delete(sid); // a destroy() that fails may have deleted the row
      if (!(await outcomeOf('destroy', () => store.destroy(sid))).error) destroyed.add(sid);
    }
  };
  const workers = Array.from({ length: 8 }, (_, worker) => work(worker));
  await sleep(500);

  await server.kill();
  isOver = true;
  await Promise.all(workers);
  await server.start();

  const lost: string[] = [];
  for (const sid of acknowledged) if (!(await store.get(sid))) lost.push(sid);
  const restored: string[] = [];
  for (const sid of destroyed) if (await store.get(sid)) restored.push(sid);
  assert.equal([lost, restored], [[], []]);
  assert.ok(acknowledged.size > 20 && destroyed.size > 20, `${acknowledged.size}, ${destroyed.size}`);
});
