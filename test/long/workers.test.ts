// The Worker of docs/deploying.md runs in workerd, the runtime of Cloudflare Workers. Run
// `npm ci --prefix test/long/toolchains` first.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { build } from 'esbuild';
import * as assert from 'uvu/assert';
import { withoutParser } from '../../dev/runtime.js';
import { Browser } from '../support/app.js';
import { freshDatabase } from '../support/fresh-database.js';
import { freshPool } from '../support/fresh-store.js';
import { onEnd, suite } from '../support/harness.js';

const workerd = 'test/long/toolchains/node_modules/.bin/workerd';
const test = suite('workers', { timeout: 60_000, needs: 'test/long/toolchains' });

const page = readFileSync('docs/deploying.md', 'utf8');
const program = [...page.matchAll(/^```js\n(.*?)^```$/gms)]
  .map(([, text]) => text!)
  .find((text) => /cloudflare:/.test(text))!;

/** Starts the program in workerd with these variables, and returns its URL. */
async function startWorker(contents: string, variables: Record<string, string>): Promise<string> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'worker-test-'));
  onEnd(() => rmSync(folder, { recursive: true }));
  await build({
    stdin: { contents, resolveDir: '.' },
    bundle: true,
    format: 'esm',
    platform: 'node',
    conditions: ['workerd'],
    external: ['cloudflare:*', 'pg-native'],
    plugins: [withoutParser],
    outfile: path.join(folder, 'worker.js'),
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire('/');" },
    logLevel: 'warning',
  });
  const bindings = Object.entries(variables).map(
    ([name, text]) => `(name = ${JSON.stringify(name)}, text = ${JSON.stringify(text)})`,
  );
  writeFileSync(
    path.join(folder, 'config.capnp'),
    `using Workerd = import "/workerd/workerd.capnp";
    const config :Workerd.Config = (
      services = [
        (name = "main", worker = .main),
        (name = "internet", network = (allow = ["public", "private", "local"])),
      ],
      sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
    );
    const main :Workerd.Worker = (
      modules = [(name = "worker", esModule = embed "worker.js")],
      compatibilityDate = "2026-09-01",
      bindings = [${bindings.join(', ')}],
    );`,
  );
  const args = ['serve', '--control-fd=3', path.join(folder, 'config.capnp')];
  const child = spawn(workerd, args, { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] });
  onEnd(async () => {
    child.kill();
    await once(child, 'close');
  });
  const [message] = await once(child.stdio[3]!, 'data'); // {"event":"listen","socket":"http","port":1234}
  return `http://127.0.0.1:${JSON.parse(String(message)).port}`;
}

async function freshWorker(contents: string) {
  const { url } = await freshDatabase();
  const pool = freshPool({ connectionString: url });
  await pool.query(readFileSync('sql/schema.sql', 'utf8').replaceAll('"session_store".', ''));
  const worker = await startWorker(contents, { DATABASE_URL: url, SESSION_SECRET: 'only a test' });
  return { pool, browser: new Browser(worker) };
}

test('a Worker with a pool and a store for each request keeps sessions, and closes its connections', async () => {
  const { pool, browser } = await freshWorker(program);
  for (const theme of ['dark', 'light']) {
    assert.is(await (await browser.fetch('POST', `/theme/${theme}`)).text(), theme);
    assert.is(await (await browser.fetch('GET', '/theme')).text(), theme);
  }
  assert.equal((await pool.query("SELECT sess ->> 'theme' AS theme FROM session")).rows, [{ theme: 'light' }]);
  const others = 'SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()';
  while ((await pool.query(others)).rows.length > 0) await sleep(20);
});

test('the second request of a Worker with one pool for all requests fails', async () => {
  const [, makesStore] = /^( *const pool .*\n *const store .*\n)/m.exec(program)!;
  const shared = program.replace(makesStore!, '').replace(/^ *res\.once.*\n/m, '');
  const { browser } = await freshWorker(shared.replace('const app = ', `${makesStore}const app = `));
  const statuses = [];
  for (let n = 0; n < 2; n++) statuses.push((await browser.fetch('POST', '/theme/dark')).status);
  assert.equal(statuses, [200, 500]);
});
