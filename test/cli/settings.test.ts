// The order of the settings: option, environment, .env, configuration file.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as assert from 'uvu/assert';
import { type CliResult, cli } from '../support/cli.js';
import { cookieFor, session } from '../support/fresh-store.js';
import { onEnd, suite } from '../support/harness.js';
import { fresh, SID } from './fresh-table.js';

const test = suite('cli settings', { timeout: 120_000 });

const RC = '.connect-pg-typedrc.json';

/** Runs commands in a folder with these files. An object is written as JSON. */
function folderWith(files: Record<string, unknown>) {
  const cwd = mkdtempSync(path.join(tmpdir(), 'cli-'));
  onEnd(() => rmSync(cwd, { recursive: true }));
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(path.join(cwd, name), typeof content === 'string' ? content : JSON.stringify(content));
  }
  return { cwd, run: (args: string[], env: NodeJS.ProcessEnv = {}) => cli(args, env, { cwd }) };
}

test('an option wins over the environment, which wins over .env, which wins over the file', async () => {
  const { names } = await fresh();
  const { schemaName: schema, tableName: table } = names;
  const config = { schema, table: 'of the file' };
  const { run } = folderWith({ [RC]: config });
  const { run: withEnvFile } = folderWith({ [RC]: config, '.env': 'SESSION_TABLE="of .env"\n' });
  const asked = async (ran: Promise<CliResult>) => /the table (.*) does not exist/.exec((await ran).stderr)?.[1];
  assert.is(await asked(run(['stats'])), `${schema}.of the file`);
  assert.is(await asked(run(['stats'], { SESSION_SCHEMA: 'elsewhere' })), 'elsewhere.of the file');
  assert.is(await asked(withEnvFile(['stats'])), `${schema}.of .env`);
  assert.is(await asked(withEnvFile(['stats'], { SESSION_TABLE: 'of the shell' })), `${schema}.of the shell`);
  assert.is((await withEnvFile(['stats', '--table', table], { SESSION_TABLE: 'of the shell' })).code, 0);
  assert.is((await run(['stats'], { SESSION_TABLE: table })).code, 0);
});

test('the user path is read from the environment or a file, as a text or as keys', async () => {
  const { store, names } = await fresh();
  await store.set(`${SID}3`, session({ user: { 'a.b': 'eve' } }, cookieFor(60)));
  const table = { schema: names.schemaName, table: names.tableName };
  const found = async (userPath: unknown, env: NodeJS.ProcessEnv = {}) => {
    const { run } = folderWith({ 'package.json': { name: 'app', 'connect-pg-typed': { ...table, userPath } } });
    return (await run(['find', 'eve'], env)).code;
  };
  assert.is(await found(['user', 'a.b']), 0);
  assert.is(await found('["user","a.b"]'), 0);
  assert.is(await found('passport.user'), 1);
  assert.is(await found('passport.user', { SESSION_USER_PATH: '["user","a.b"]' }), 0);
});

test('.env gives the database, and a variable that is set already stays', async () => {
  const { names } = await fresh();
  const { run } = folderWith({
    '.env': `DATABASE_URL=${process.env.TEST_SERVER_URL}\nSESSION_SCHEMA='${names.schemaName}'\n`,
    [RC]: `\uFEFF${JSON.stringify({ table: names.tableName })}`,
  });
  assert.equal([(await run(['stats'], { DATABASE_URL: undefined })).code], [0]);
  const other = await run(['stats'], { DATABASE_URL: 'postgres://u:s3cret@127.0.0.1:1/x' });
  assert.equal([other.code, /127\.0\.0\.1:1/.test(other.stderr)], [3, true]);
});

test('a wrong file is refused by its name, and what it holds is not printed', async () => {
  const own = (content: unknown) => ({ [RC]: content });
  const shared = (content: unknown) => ({ 'package.json': { 'connect-pg-typed': content } });
  const wrong: [files: Record<string, unknown>, message: RegExp][] = [
    [own('{ "table": "s3cret", }'), /^\.connect-pg-typedrc\.json is not valid JSON\. See/],
    [own(''), /^\.connect-pg-typedrc\.json is not valid JSON/],
    [own(['s3cret']), /^\.connect-pg-typedrc\.json must be an object with schema, table, userPath/],
    [own('null'), /^\.connect-pg-typedrc\.json must be an object/],
    [own({ tabel: 's3cret' }), /^\.connect-pg-typedrc\.json: unknown key "tabel"\. Did you mean table\?/],
    [own({ schemaName: 's3cret' }), /unknown key "schemaName"\. The keys are schema, table, userPath\. See/],
    [own({ url: 'postgres://u:s3cret@h/d' }), /unknown key "url"\. The keys are/],
    [own({ constructor: 's3cret' }), /unknown key "constructor"/],
    [own({ table: 7 }), /^\.connect-pg-typedrc\.json: table must be a string that is not empty/],
    [own({ schema: '' }), /: schema must be a string that is not empty/],
    [own({ table: ['s3cret'] }), /: table must be a string/],
    [own({ userPath: [] }), /: userPath must be a path such as "user\.id", or an array of keys/],
    [own({ userPath: ['a', 1] }), /: userPath must be a path/],
    [own({ userPath: '' }), /: userPath must be a path/],
    [own({ userPath: 'user..id' }), /^\.connect-pg-typedrc\.json: userPath has an empty key/],
    [own({ userPath: '[1' }), /^\.connect-pg-typedrc\.json: userPath must be a JSON array of keys/],
    [shared('s3cret'), /^package\.json: "connect-pg-typed" must be an object/],
    [shared(null), /^package\.json: "connect-pg-typed" must be an object/],
    [shared({ userpath: 'x' }), /^package\.json: "connect-pg-typed": unknown key "userpath"\. Did you mean userPath\?/],
    [{ 'package.json': 's3cret' }, /^package\.json is not valid JSON/],
    [{ ...own({}), ...shared({}) }, /^both \.connect-pg-typedrc\.json and package\.json have settings\. Keep one/],
  ];
  for (const [files, message] of wrong) {
    const { code, stdout, stderr } = await folderWith(files).run(['stats']);
    assert.equal([code, stdout], [2, ''], JSON.stringify(files));
    assert.match(stderr, /^connect-pg-typed: [^\n]+\n$/);
    assert.match(stderr.slice('connect-pg-typed: '.length), message);
    assert.not.match(stderr, /s3cret/);
  }
  const { cwd, run } = folderWith({});
  mkdirSync(path.join(cwd, '.env'));
  assert.match((await run(['stats'])).stderr, /^connect-pg-typed: \.env cannot be read \(\w+\)/);
  assert.is((await run(['stats', '--help'])).code, 0);
});

test('a variable that is empty is refused', async () => {
  const { names } = await fresh();
  const table = ['--schema', names.schemaName, '--table', names.tableName];
  const wrong: [args: string[], env: NodeJS.ProcessEnv, message: RegExp][] = [
    [['stats'], { SESSION_TABLE: '' }, /SESSION_TABLE is empty\. Unset it, or give it a value\. See/],
    [['revoke', '--all', '--yes'], { SESSION_SCHEMA: '' }, /SESSION_SCHEMA is empty/],
    [['find', 'ada', ...table], { SESSION_USER_PATH: '' }, /SESSION_USER_PATH is empty/],
    [['find', 'ada', ...table], { SESSION_USER_PATH: 'user..id' }, /SESSION_USER_PATH has an empty key/],
    [['find', 'ada', ...table], { SESSION_USER_PATH: '[1' }, /SESSION_USER_PATH must be a JSON array/],
    [['find', 'ada', ...table], { SESSION_KEYS: ' ' }, /SESSION_KEYS is empty/],
    [['stats', ...table], { DATABASE_URL: '' }, /DATABASE_URL is empty\. Unset it, or give it a value/],
    [['stats', ...table], { DATABASE_URL: '', PGHOST: 'localhost' }, /DATABASE_URL is empty/],
  ];
  for (const [args, env, message] of wrong) {
    const { code, stdout, stderr } = await cli(args, env);
    assert.equal([code, stdout], [2, ''], stderr);
    assert.match(stderr, message);
  }
  assert.is((await cli(['stats', ...table], { SESSION_USER_PATH: '', SESSION_KEYS: '' })).code, 0);
});
