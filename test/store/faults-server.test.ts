// A server of our own that is stopped in its tracks, killed, or gone with its socket.
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
let sockets: string;

test.before(async () => {
  sockets = await fs.mkdtemp(path.join(os.tmpdir(), 'sockets-'));
  await fs.chmod(sockets, 0o777); // where we are root, the server is not
  server = await Server.start({ settings: [`unix_socket_directories=${sockets}`] });
});
test.after(async () => {
  await server.remove();
  await fs.rm(sockets, { recursive: true });
});

const OUTAGES: Record<string, Outage> = {
  'a server that is stopped (SIGSTOP)': {
    fails: 'all',
    begin: async () => server.signal('SIGSTOP'),
    end: async () => server.signal('SIGCONT'),
  },
  'a server that was killed (kill -9)': {
    fails: 'all',
    begin: () => server.kill(),
    end: () => server.start(),
  },
};

for (const [name, outage] of Object.entries(OUTAGES)) {
  test(`${name}: every call is answered in time, and afterwards all is well`, async () => {
    await assertSurvives(outage, await openScene({ timeout }, server.url), timeout);
  });

  test(`${name}: nobody is signed out`, async () => {
    await visit(outage, await openScene({ timeout }, server.url));
  });
}

test('a unix socket that is gone: nobody is signed out', async () => {
  const scene = await openScene({ timeout }, server.url);
  const url = server.url.replace('127.0.0.1', encodeURIComponent(sockets));
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
  const gone: Outage = { fails: 'all', begin: () => server.stop(), end: () => server.start() };

  await visit(gone, { ...scene, store });
});

test('what was acknowledged before a kill -9 is there, and what was destroyed is not', async () => {
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
      acknowledged.delete(sid); // a destroy that fails may have been done
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
  const back: string[] = [];
  for (const sid of destroyed) if (await store.get(sid)) back.push(sid);
  assert.equal([lost, back], [[], []]);
  assert.ok(acknowledged.size > 20 && destroyed.size > 20, `${acknowledged.size}, ${destroyed.size}`);
});
