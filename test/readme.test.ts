// What the README shows, run as it stands there.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import * as assert from 'uvu/assert';
import { PgSessionStore } from '../src/index.js';
import { Browser } from './support/app.js';
import { freshNames, freshPool, searchPath, session } from './support/fresh-store.js';
import { onEnd, suite } from './support/harness.js';

const test = suite('readme', { timeout: 20_000 });
const readme = readFileSync('README.md', 'utf8');

/** The first block of this language that holds these words. */
function block(language: string, words: string): string {
  const blocks = [...readme.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, kind, text]) => [kind, text!]);
  const found = blocks.find(([kind, text]) => kind === language && text!.includes(words));
  assert.ok(found, `a block of ${language} with ${words}`);
  return found[1]!;
}

/** A connection string into a schema of the test's own. */
async function freshSchemaUrl() {
  const { schemaName } = freshNames();
  await freshPool().query(`CREATE SCHEMA ${pg.escapeIdentifier(schemaName)}`);
  const url = new URL(process.env.TEST_SERVER_URL!);
  url.searchParams.set('options', searchPath(schemaName));
  return url.href;
}

test('the first program counts views', async () => {
  const program = block('js', 'app.listen').replace(
    "'connect-pg-typed'",
    JSON.stringify(new URL('../src/index.ts', import.meta.url).href),
  );
  const port = 20_000 + (process.pid % 10_000);
  const env = { ...process.env, DATABASE_URL: await freshSchemaUrl(), PORT: String(port), SESSION_SECRET: 'test' };
  const app = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
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

test('the table that it shows is one that the store works on', async () => {
  const connectionString = await freshSchemaUrl();
  const pool = freshPool({ connectionString });
  await pool.query(block('sql', 'CREATE TABLE session'));
  const store = new PgSessionStore({ pool, pruneSessionInterval: false });
  await store.set('a', session());
  assert.is(await store.length(), 1);
});

test('it lists every option, and no other', async () => {
  const source = readFileSync('src/options.ts', 'utf8');
  const options = [...source.slice(0, source.indexOf('CreateTableOptions')).matchAll(/^ {2}(\w+)\?:/gm)].map(
    ([, name]) => name,
  );
  const section = readme.slice(readme.indexOf('## Options'), readme.indexOf('## Methods'));
  const listed = [...section.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name);
  assert.equal(listed, options);
});
