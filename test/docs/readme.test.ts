// The examples of the README run unchanged.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import * as assert from 'uvu/assert';
import { anchor } from '../../dev/docs/markdown.js';
import { createAdmin } from '../../src/admin/admin.js';
import { PgSessionStore } from '../../src/index.js';
import { Browser } from '../support/app.js';
import { compiled } from '../support/compiled.js';
import { administrator, freshNames, freshPool, freshStore, searchPath, session } from '../support/fresh-store.js';
import { onEnd, suite } from '../support/harness.js';

const test = suite('readme', { timeout: 20_000 });
const readme = readFileSync('README.md', 'utf8');

/** The first code block of this language that contains these words. */
function block(language: string, words: string): string {
  const blocks = [...readme.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, kind, text]) => [kind, text!]);
  const found = blocks.find(([kind, text]) => kind === language && text!.includes(words));
  assert.ok(found, `the README needs a ${language} block with ${words}`);
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

test('the first program of the README counts views', async () => {
  const program = block('js', 'app.listen').replace("'connect-pg-typed'", JSON.stringify(compiled('src/index.ts')));
  const port = 20_000 + (process.pid % 10_000);
  const env = { ...process.env, DATABASE_URL: await freshSchemaUrl(), PORT: String(port), SESSION_SECRET: 'test' };
  const app = spawn(process.execPath, ['--enable-source-maps', '--input-type=module', '-e', program], {
    env,
    stdio: 'inherit',
  });
  onEnd(() => app.kill());
  const browser = new Browser(`http://127.0.0.1:${port}`);

  for (const views of ['1 views', '2 views']) {
    let page: Response | undefined;
    while (!page && app.exitCode === null) page = await browser.fetch('GET', '/').catch(() => sleep(50, undefined));
    assert.is(await page?.text(), views);
  }
});

test('the store works on the table that the README shows', async () => {
  const connectionString = await freshSchemaUrl();
  const pool = freshPool({ connectionString });
  await pool.query(block('sql', 'CREATE TABLE session'));
  const store = new PgSessionStore({ pool, pruneSessionInterval: false });
  await store.set('a', session());
  assert.is(await store.length(), 1);
});

test('the README signs a Passport user out everywhere else, in fewer than ten lines', async () => {
  const program = block('js', 'createAdmin');
  assert.ok(program.split('\n').filter(Boolean).length < 10);
  const { store, pool, names } = await freshStore({ pool: administrator(freshPool()) }); // the program creates an index
  for (const [sid, user] of Object.entries({ phone: 'ada', laptop: 'ada', other: 'bob' })) {
    await store.set(sid, session({ passport: { user } }));
  }
  const routes = new Map<string, (req: object, res: object) => Promise<void>>();
  const app = { post: (path: string, route: (req: object, res: object) => Promise<void>) => routes.set(path, route) };
  const createAdminHere: typeof createAdmin = (options) => createAdmin({ ...names, ...options });
  const AsyncFunction = (async () => {}).constructor as new (
    ...args: string[]
  ) => (...args: unknown[]) => Promise<void>;
  const body = program.replace(/^import .*$/m, '');
  await new AsyncFunction('createAdmin', 'store', 'pool', 'app', body)(createAdminHere, store, pool, app);

  const request = { session: { passport: { user: 'ada' } }, sessionID: 'phone' };
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

/** Compares the README's yes, no or empty cell with a cell of docs/behaviour.md, which says what happens instead of yes. */
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

for (const page of ['README.md', 'docs/admin.md', 'docs/deploying.md', 'docs/migrating.md', 'docs/typed-queries.md']) {
  test(`each link in ${page} leads to a file and a heading`, () => {
    for (const [link, target, id] of readFileSync(page, 'utf8').matchAll(/\]\((?!https?:)([^)#]*)#?([^)]*)\)/g)) {
      const file = target ? path.join(path.dirname(page), target) : page;
      assert.ok(existsSync(file), `${page}: ${link}`);
      if (!id) continue;
      const headings = [...readFileSync(file, 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, heading]) => anchor(heading!));
      assert.ok(headings.includes(id), `${page}: ${link}`);
    }
  });
}
