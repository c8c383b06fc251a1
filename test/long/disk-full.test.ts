// The disk on which the table lies is full.
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import * as assert from 'uvu/assert';
import { session } from '../support/fresh-store.js';
import { onEnd, suite } from '../support/harness.js';
import { type Outage, openScene } from '../support/outages.js';
import { assertHealthy, assertInTime, callers, outcomeOf } from '../support/outcomes.js';
import { Server } from '../support/server.js';
import { visit } from '../support/visitors.js';

const test = suite('disk full', { timeout: 60_000 });
const timeout = 1;
const SIZE = 8_388_608; // bytes

/** A disk of its own, as small as that; undefined where nobody lets us have one. */
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
else console.log('left out: a full disk, which only root may make here, and outside of some containers');

test(probe ? 'writes fail, reads go on, nobody is signed out, and afterwards all is well' : 'left out', async () => {
  if (!probe) return;
  const folder = (await mount())!;
  onEnd(() => unmount(folder));
  const server = await Server.start();
  onEnd(() => server.remove());
  const owner = await fs.stat(server.dataDir);
  const place = path.join(folder, 'tablespace');
  await fs.mkdir(place, { mode: 0o700 });
  await fs.chown(place, owner.uid, owner.gid);
  const scene = await openScene({ timeout }, server.url);
  const { store, admin, table } = scene;
  await admin.query(`CREATE TABLESPACE small LOCATION '${place}'`);
  await admin.query(`ALTER TABLE ${table} SET TABLESPACE small`);
  const ask = await callers(store);

  const filler = path.join(folder, 'filler');
  const full: Outage = {
    fails: 'writes',
    async begin() {
      const free = (await fs.statfs(folder)).bavail * (await fs.statfs(folder)).bsize;
      await fs.writeFile(filler, Buffer.alloc(free));
      for (let n = 0; n < 1000; n++) {
        const { error } = await outcomeOf('set', () => store.set(`filler ${n}`, session({ text: 'x'.repeat(1000) })));
        if ((error as any)?.sqlState === '53100') return;
        if (error) throw error;
      }
      throw new Error('the disk did not fill up');
    },
    end: () => fs.rm(filler),
  };

  await visit(full, scene);
  await full.begin(scene);
  const answers = await ask();
  await full.end(scene);

  assertInTime(answers, timeout);
  for (const { method, error } of answers) {
    if (/^(get|length|all)$/.test(method)) assert.not.ok(error, `${method}: ${error}`);
  }
  await assertHealthy(ask);
});
