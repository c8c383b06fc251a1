// The arguments of the command line: options, errors, help, and what an error may quote.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';
import { maskArguments } from '../../src/cli/passwords.js';
import { cli, printed } from '../support/cli.js';
import { onEnd, suite } from '../support/harness.js';
import { at, fresh, SID } from './fresh-table.js';

const test = suite('cli arguments', { timeout: 120_000 });

test('a usage error exits with 2, and prints one line that explains it', async () => {
  const { names } = await fresh();
  const wrong: [args: string[], message: RegExp][] = [
    [['lst'], /unknown command "lst"\. Did you mean list\? See connect-pg-typed --help/],
    [['doc'], /unknown command "doc"\. Did you mean doctor\? See/],
    [['revoek'], /unknown command "revoek"\. Did you mean revoke\? See/],
    [['help', 'migrat'], /unknown command "migrat"\. Did you mean migrate\? See/],
    [['toString'], /unknown command "toString"\. See/],
    [['--hepl'], /unknown option --hepl\. Did you mean --help\? See connect-pg-typed --help/],
    [['--json', 'stats'], /expected a command before --json\. See/],
    [['--', 'stats'], /expected a command before the arguments\. See/],
    [['list', 'x'], /unexpected argument "x"\. See connect-pg-typed list --help/],
    [['list', '--limit', '0'], /--limit must be a positive integer, not "0"\. See/],
    [['list', '--after', 'yesterday'], /after \(--after\) must be the next of another page/],
    [['list', '--lmit', '1'], /unknown option --lmit\. Did you mean --limit\? See connect-pg-typed list --help/],
    [['list', '--user'], /unknown option --user\. Did you mean --user-path\? See/],
    [['list', '--LIMIT', '1'], /unknown option --LIMIT\. Did you mean --limit\? See/],
    [['list', '--no-json'], /unknown option --no-json\. Did you mean --json\? See/],
    [['list', '--constructor'], /unknown option --constructor\. See/],
    [['list', '-x'], /unknown option -x\. Write an argument that begins with a dash after --\. See/],
    [['find', '-42'], /unknown option -4\. Write an argument that begins with a dash after --\. See/],
    [['list', '--table', ''], /--table is empty/],
    [
      ['list', '--limit'],
      /--limit needs a value: is a variable empty\? Write a value that begins with a dash as --limit=-x\. See/,
    ],
    [
      ['revoke', '--user', '--all'],
      /--user needs a value: is a variable empty\? Write a value that begins with a dash as --user=-x\. See/,
    ],
    [['list', '--json=yes'], /--json does not take a value\. See/],
    [['list', '--json='], /--json does not take a value\. See/],
    [['list', '--limit', '1', '--limit=2'], /--limit is given twice\. See/],
    [['list', '--json', '--json'], /--json is given twice\. See/],
    [['list', '--limit=-1'], /--limit must be a positive integer, not "-1"\. See/],
    [['list', '--table', 'x'.repeat(64)], /tableName is longer than 63 bytes/],
    [['list', '--user-path', '[1'], /--user-path must be a JSON array/],
    [['list', '--user-path', '[1]'], /userPath must be an array of keys/],
    [['list', '--user-path', 'user..id'], /--user-path has an empty key/],
    [['show'], /expected one HANDLE/],
    [['show', 'a', 'b'], /expected one HANDLE/],
    [['show', `${SID}0`], /a handle must have 64 hexadecimal digits/],
    [['find'], /expected one USER/],
    [['revoke'], /expected one HANDLE, or --user, or --all/],
    [['revoke', '--all', '--user', 'ada'], /--all cannot be combined with/],
    [['revoke', '0'.repeat(64), '--except', '0'.repeat(64)], /--except needs --user/],
    [['revoke', '--except', '0'.repeat(64)], /expected one HANDLE, or --user/],
    [['prune', '--batch', 'all'], /--batch must be a positive integer/],
    [['init', '--create-schema'], /--create-schema needs --schema/],
    [['stats', '--url', 'mysql://x'], /the URL is not a postgres:\/\/ URL\. Write postgres:/],
  ];
  for (const [args, message] of wrong) {
    const { code, stdout, stderr } = await cli(args);
    assert.equal([code, stdout], [2, ''], `${args}: ${stderr}`);
    assert.match(stderr, /^connect-pg-typed: [^\n]+\n$/);
    assert.match(stderr, message);
  }
  assert.ok(names);
});

test('a missing command exits with 2 and prints the help, and --help exits with 0', async () => {
  const none = await cli([]);
  const help = await cli(['--help']);
  assert.equal([none.code, help.code, none.stdout], [2, 0, help.stdout]);
  for (const args of [['-h'], ['help'], ['help', '--help']]) assert.equal(await cli(args), help, args.join(' '));
  const ofList = await cli(['list', '--help']);
  assert.match(ofList.stdout, /^Lists .*\n {2}-h, --help +print this help\n/s);
  for (const args of [
    ['list', '-h'],
    ['help', 'list'],
    ['list', '--limit', '1', '-h'],
  ]) {
    assert.equal(await cli(args), ofList, args.join(' '));
  }
  const lines = (await cli(['revoke', '--help'])).stdout.split('\n');
  assert.match(lines[2]!, /^Usage: connect-pg-typed revoke HANDLE/);
  assert.equal(
    lines.filter((line) => !line.startsWith('Usage:') && line.length > 80),
    [],
  );
});

/** The files that a command loads. */
async function loadedBy(args: string[], input = ''): Promise<string[]> {
  const folder = mkdtempSync(path.join(tmpdir(), 'coverage-'));
  onEnd(() => rmSync(folder, { recursive: true }));
  await cli(args, { NODE_V8_COVERAGE: folder }, { input });
  const { result } = JSON.parse(readFileSync(path.join(folder, readdirSync(folder)[0]!), 'utf8'));
  const urls: string[] = result.map(({ url }: { url: string }) => url);
  return urls.filter((url) => url.startsWith('file:')).map((url) => fileURLToPath(url));
}

test('a command loads only what it needs', async () => {
  const isParser = (file: string) => file.includes('chunk') && readFileSync(file, 'utf8').includes('antlr4ts/');
  const isPg = (file: string) => file.includes('/node_modules/pg/');
  const isProgress = (file: string) => file.includes('/cli-progress/');
  for (const args of [['--version'], ['list', '--help'], ['list', '--lmit'], ['lst']]) {
    const loaded = await loadedBy(args);
    assert.equal([loaded.some(isParser), loaded.some(isPg)], [false, false], args.join(' '));
  }
  assert.not.ok((await loadedBy(['handle'], SID)).some(isParser));
  const { names } = await fresh();
  const loaded = await loadedBy(['stats', ...at(names)]);
  assert.equal([loaded.some(isParser), loaded.some(isPg), loaded.some(isProgress)], [false, true, false]);
  assert.not.ok(loaded.some((file) => readFileSync(file, 'utf8').includes('src/admin/migrate.ts')));
});

test('--version prints the version of the package', async () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
  for (const args of [['--version'], ['-v'], ['stats', '--version']]) {
    assert.equal(await cli(args, { DATABASE_URL: '' }), { code: 0, stdout: `${version}\n`, stderr: '' });
  }
});

test('an argument after -- may begin with a dash', async () => {
  const { run } = await fresh();
  const { code, stdout } = await run('find', '--', '-42');
  assert.equal([code, stdout], [1, "no live session has this user at 'passport.user'\n"]);
  assert.is((await run('find', '--user-path=-x', 'ada')).stdout, "no live session has this user at '-x'\n");
});

test('an option or a user that is empty is refused, and nothing is deleted', async () => {
  const { store, run, handles } = await fresh();
  for (const args of [
    ['--user='],
    ['--user', 'ada', '--except', ''],
    [handles[0]!, '--user='],
    [''],
    ['', '--user', 'ada'],
  ]) {
    const { code, stderr } = await run('revoke', ...args);
    assert.is(code, 2, args.join(' '));
    assert.match(stderr, /is empty|a handle must have/);
  }
  assert.is((await run('doctor', '--trust-owner=')).code, 2);
  assert.is((await run('doctor', '--trust-owner', 'x')).code, 0);
  assert.is(await store.length(), 3);
});

test('an error does not print a password, wherever a connection string stands among the arguments', async () => {
  const url = `postgres://u:s3cret@'"x/y@localhost:1/d`;
  const ways = [
    [url],
    ['stats', url],
    ['stats', `--databse=${url}`],
    ['stats', `--${url}?password=s3cret`],
    ['stats', `--table=${url}`],
    ['list', '--limit', url],
    ['list', '--keys-file', `host=h password='s3cret' user=u`],
    ['find', 'x', '--user-path', url],
    ['stats', '--url', url],
    ['stats', '--url', 'postgres://u:12/s3cret@localhost/d'],
    ['stats', '--url', 'postgres://u:1?s3cret@localhost/d'],
  ];
  for (const args of ways) {
    const { stdout, stderr, code } = await cli(args);
    assert.not.match(stdout + stderr, /s3cret/, args.join(' '));
    assert.ok(code > 0);
  }
  assert.match((await cli(['stats', 'postgres://u:s3cret@h/d'])).stderr, /"postgres:\/\/u:\*\*\*@h\/d"/);
});

test('a message that quotes an argument has no password, for any form of connection string', () => {
  const secrets = [
    's3cret',
    's3cret%40x%2Fy',
    's3cret@x',
    's3cret/x',
    's3cret?x',
    's3cret#x',
    's3cret:x',
    `s3cret'"x`,
    's3cret x',
  ];
  const quotes = [(text: string) => text, JSON.stringify, (text: string) => `"${text.split('=')[0]}"`];
  for (const secret of secrets) {
    const strings = [
      `postgres://u:${secret}@localhost:1/d`,
      `postgresql://:${secret}@localhost:1/d`,
      `mysql://u:${secret}@localhost:1/d`,
      `postgres://localhost:1/d?user=u&password=${secret}`,
      `postgres://localhost:1/d?password=${secret}&user=u`,
      `host=localhost port=1 password=${secret} dbname=d`,
      `host=localhost password = '${secret}'`,
      `PGPASSWORD=${secret}`,
      encodeURIComponent(`postgres://u:${secret}@localhost:1/d`),
    ];
    for (const text of strings) {
      for (const given of [text, `--url=${text}`, `--databse=${text}`, `--${text}`]) {
        for (const quote of quotes) {
          for (const part of [given, text]) assert.not.match(maskArguments(quote(part), [given]), /s3cret/, given);
        }
      }
    }
  }
  assert.is(maskArguments('x postgres://u:my y', ['postgres://u:my', 'secret@h']), 'x postgres://u:*** y');
  for (const harmless of [
    'postgres://u@h:5432/d',
    'postgres://localhost:5432/d?sslmode=require',
    'host=h dbname=d',
    'a@b:c',
  ]) {
    assert.is(maskArguments(harmless, [harmless]), harmless);
  }
});

test('no command printed a session id', () => {
  assert.ok(printed.length > 20);
  assert.equal(
    printed.filter((text) => text.includes(SID)),
    [],
  );
});
