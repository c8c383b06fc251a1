// The disk that holds the table is full.
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import * as assert from 'uvu/assert';
import { SessionStoreError } from '../../src/index.js';
import { session } from '../support/fresh-store.js';
import { onEnd, suite } from '../support/harness.js';
import { type Outage, openScene } from '../support/outages.js';
import { assertHealthy, assertInTime, callers, outcomeOf } from '../support/outcomes.js';
import { Server } from '../support/server.js';
import { visit } from '../support/visitors.js';

const test = suite('disk full', { timeout: 60_000 });
const TIMEOUT = 1; // seconds
const SIZE = 8_388_608; // bytes

/** Mounts a disk of SIZE bytes. Returns its folder, or undefined if this process may not mount. */
async function mount(): Promise<string | undefined> {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'small-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE},mode=0777`, 'tmpfs', folder], { stdio: 'ignore' });
    return folder;
  } catch {
    await fs.rmdir(folder);
    return undefined;
  }
}

async function unmount(folder: string): Promise<void> {
  execFileSync('umount', [folder]);
  await fs.rmdir(folder);
}

const probe = await mount();
if (probe) await unmount(probe);
else console.log('skipped, because this process may not mount a disk: a full disk');

test(probe ? 'on a full disk writes fail, reads succeed, and all sessions stay' : 'skipped', async () => {
  if (!probe) return;
  const folder = (await mount())!;
  onEnd(() => unmount(folder));
  const server = await Server.start();
  onEnd(() => server.remove());
  const owner = await fs.stat(server.dataDir);
  const tablespace = path.join(folder, 'tablespace');
  await fs.mkdir(tablespace, { mode: 0o700 });
  await fs.chown(tablespace, owner.uid, owner.gid);
  const scene = await openScene({ timeout: TIMEOUT }, server.url);
  const { store, admin, table } = scene;
  await admin.query(`CREATE TABLESPACE small LOCATION '${tablespace}'`);
  await admin.query(`ALTER TABLE ${table} SET TABLESPACE small`);
  const callEach = await callers(store);

  const filler = path.join(folder, 'filler');
  const full: Outage = {
    fails: 'writes',
    async begin() {
      const free = (await fs.statfs(folder)).bavail * (await fs.statfs(folder)).bsize;
      await fs.writeFile(filler, Buffer.alloc(free));
      for (let n = 0; n < 1000; n++) {
        const { error } = await outcomeOf('set', () => store.set(`filler ${n}`, session({ text: 'x'.repeat(1000) })));
        if (error instanceof SessionStoreError && error.sqlState === '53100') return;
        if (error) throw error;
      }
      throw new Error('the disk did not fill up');
    },
    end: () => fs.rm(filler),
  };

  await visit(full, scene);
  await full.begin(scene);
  const outcomes = await callEach();
  await full.end(scene);

  assertInTime(outcomes, TIMEOUT);
  for (const { method, error } of outcomes) {
    if (/^(get|length|all)$/.test(method)) assert.not.ok(error, `${method}: ${error}`);
  }
  await assertHealthy(callEach);
});
