// The examples of the README, and two of docs/ that belong to it, run unchanged.
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import * as assert from 'uvu/assert';
import { createAdmin } from '../../src/admin/admin.js';
import { PgSessionStore } from '../../src/index.js';
import { Browser } from '../support/app.js';
import { compiled } from '../support/compiled.js';
import { administrator, freshNames, freshPool, freshStore, searchPath, session } from '../support/fresh-store.js';
import { onEnd, suite } from '../support/harness.js';

const test = suite('readme', { timeout: 20_000 });
const readme = readFileSync('README.md', 'utf8');
let programs = 0;

/** The first code block of this language that contains these words. */
function block(language: string, words: string, page = readme): string {
  const blocks = [...page.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, kind, text]) => [kind, text!]);
  const found = blocks.find(([kind, text]) => kind === language && text!.includes(words));
  assert.ok(found, `the page needs a ${language} block with ${words}`);
  return found[1]!;
}

/** A connection string to a schema that only this test uses. */
async function freshSchemaUrl() {
  const { schemaName } = freshNames();
  await freshPool().query(`CREATE SCHEMA ${pg.escapeIdentifier(schemaName)}`);
  const url = new URL(process.env.TEST_SERVER_URL!);
  url.searchParams.set('options', searchPath(schemaName));
  return url.href;
}

for (const version of ['express', 'express-4']) {
  test(`the first program of the README logs in, keeps overlapping changes and logs out, with ${version}`, async () => {
    const { browser, port } = await startProgram(block('js', 'app.listen').replace("'express'", `'${version}'`));
    const state = async () => (await browser.get()).body;
    assert.equal(await state(), { user: 'guest' });
    await browser.fetch('POST', '/login/ada');
    for (let n = 0; n < 20; n++) {
      await Promise.all([browser.fetch('POST', `/theme/${n}`), browser.fetch('POST', `/cart/${n}`)]);
      const { user, theme, cart } = await state();
      assert.equal([user, theme, cart.length], ['ada', String(n), n + 1]);
    }
    const before = browser.cookie;
    await browser.fetch('POST', '/login/bob');
    assert.equal(await state(), { user: 'bob' });
    assert.is.not(browser.cookie, before);
    await browser.fetch('POST', '/logout');
    assert.equal(await state(), { user: 'guest' });

    const commands = block('sh', 'visit login').replaceAll('localhost:3000', `127.0.0.1:${port}`);
    const folder = mkdtempSync(path.join(os.tmpdir(), 'readme-'));
    onEnd(() => rmSync(folder, { recursive: true }));
    const { stdout } = await promisify(execFile)('sh', ['-ec', commands], { cwd: folder });
    const [, shown] = /^visit # (.*)$/m.exec(commands)!;
    assert.ok(stdout.includes(shown!), stdout);
  });
}

test('update() in docs/concurrency.md keeps both items of overlapping requests to the program of the README', async () => {
  const route = block('js', "app.post('/cart", readFileSync('docs/concurrency.md', 'utf8'));
  const program = block('js', 'app.listen').replace(/^app\.post\('\/cart.*?^}\);\n/ms, route);
  assert.ok(program.includes('store.update'));
  const { browser } = await startProgram(program);
  await browser.fetch('POST', '/login/ada');
  await Promise.all(Array.from({ length: 20 }, (_, n) => browser.fetch('POST', `/cart/${n}`)));
  const { body } = await browser.get();
  assert.equal(body.cart.sort(), Array.from({ length: 20 }, (_, n) => String(n)).sort());
});

/** Starts a program of the README on an empty schema, and waits until it answers. */
async function startProgram(program: string) {
  const port = 20_000 + ((process.pid * 7 + programs++) % 10_000);
  const env = { ...process.env, DATABASE_URL: await freshSchemaUrl(), PORT: String(port), SESSION_SECRET: 'test' };
  const text = program.replace("'connect-pg-typed'", JSON.stringify(compiled('src/index.ts')));
  const app = spawn(process.execPath, ['--enable-source-maps', '--input-type=module', '-e', text], {
    env,
    stdio: 'inherit',
  });
  onEnd(() => app.kill());
  const browser = new Browser(`http://127.0.0.1:${port}`);
  while (!(await browser.fetch('GET', '/').catch(() => sleep(50, undefined)))) assert.is(app.exitCode, null);
  return { browser, port };
}

test('the store works on the table that docs/columns.md shows', async () => {
  const connectionString = await freshSchemaUrl();
  const pool = freshPool({ connectionString });
  const columns = readFileSync('docs/columns.md', 'utf8');
  for (let run = 0; run < 2; run++) await pool.query(block('sql', 'fillfactor', columns));
  const store = new PgSessionStore({ pool, pruneSessionInterval: false });
  await store.set('a', session());
  assert.is(await store.length(), 1);
});

test('the README signs a user out everywhere else, in fewer than ten lines', async () => {
  const program = block('js', 'createAdmin');
  assert.ok(program.split('\n').filter(Boolean).length < 10);
  const { store, pool, names } = await freshStore({ pool: administrator(freshPool()) }); // the program creates an index
  for (const [sid, user] of Object.entries({ phone: 'ada', laptop: 'ada', other: 'bob' })) {
    await store.set(sid, session({ user }));
  }
  const routes = new Map<string, (req: object, res: object) => Promise<void>>();
  const app = { post: (path: string, route: (req: object, res: object) => Promise<void>) => routes.set(path, route) };
  const createAdminHere: typeof createAdmin = (options) => createAdmin({ ...names, ...options });
  const AsyncFunction = (async () => {}).constructor as new (
    ...args: string[]
  ) => (...args: unknown[]) => Promise<void>;
  const body = program.replace(/^import .*$/m, '');
  await new AsyncFunction('createAdmin', 'store', 'pool', 'app', body)(createAdminHere, store, pool, app);

  const request = { session: { user: 'ada' }, sessionID: 'phone' };
  const redirected = new Promise((redirect) => routes.get('/sign-out-elsewhere')!(request, { redirect }));
  assert.is(await redirected, '/');

  assert.is(await store.get('laptop'), null);
  assert.ok((await store.get('phone')) && (await store.get('other')));
});

test('each row of the comparison is what the linked page says', () => {
  const rows = [...readme.matchAll(/^\| \[(.*)\]\((docs\/\w+\.md)\).*? \| (.*) \|$/gm)];
  assert.ok(rows.length > 5);
  for (const [row, label, page, values] of rows) {
    const table = readFileSync(page!, 'utf8')
      .match(/^\|.*\|$/gm)!
      .map((line) => line.split('|').map((cell) => cell.trim()));
    const [typed, simple, redis, memory] = values!.split('|').map((cell) => cell.trim());
    const isShown =
      page === 'docs/behaviour.md'
        ? table.some(
            ([, says, ...found]) =>
              says === label && isSame(typed, found[0]) && isSame(simple, found[1]) && isSame(memory, found[3]),
          )
        : table.some((cells) => isInOrder([typed, simple, redis, memory], cells));
    assert.ok(isShown, `${page} does not say: ${row}`);
  }
});

/**
 * Compares the README's yes, no or empty cell with a cell of docs/behaviour.md, which says what
 * happens instead of yes.
 */
function isSame(cell: string | undefined, found: string | undefined): boolean {
  return cell === (found === 'yes' ? 'yes' : found === '–' ? '' : 'no');
}

function isInOrder(values: (string | undefined)[], cells: string[]): boolean {
  let from = 0;
  return values.every((value) => {
    from = cells.indexOf(value!, from) + 1;
    return from > 0;
  });
}
