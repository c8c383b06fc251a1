// Runs each command of the CLI as a process, and checks its output and its exit code.
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable, Writable } from 'node:stream';
import pg from 'pg';
import * as assert from 'uvu/assert';
import { confirm } from '../../src/cli/ask.js';
import { startProgress } from '../../src/cli/progress.js';
import { handleOf } from '../../src/session/handle.js';
import { cli, printed } from '../support/cli.js';
import { freshDatabase } from '../support/fresh-database.js';
import { cookieFor, freshNames, freshPool, freshStore, searchPath, session } from '../support/fresh-store.js';
import { onEnd, suite } from '../support/harness.js';
import { failure } from '../support/limited-role.js';
import { quotedName } from '../support/stores.js';
import { at, fresh, SID } from './fresh-table.js';

const test = suite('cli', { timeout: 60_000 });

test('init creates the schema, the table and the indexes, and then prints that nothing is missing', async () => {
  const names = freshNames();
  const init = (...args: string[]) => cli(['init', ...at(names), ...args]);
  const missing = await init();
  assert.is(missing.code, 3);
  assert.match(
    missing.stderr,
    /^connect-pg-typed: the schema .* does not exist\. Create it with connect-pg-typed init --create-schema\n$/,
  );

  const dry = await init('--create-schema', '--dry-run');
  assert.equal(dry, { code: 0, stdout: 'would create the schema, the table, the index on expire\n', stderr: '' });
  const created = await init('--create-schema', '--user-path', 'user.id', '--json');
  assert.equal(JSON.parse(created.stdout), {
    created: ['the schema', 'the table', 'the index on expire', 'the index on the user'],
  });
  assert.is((await init('--user-path', '["user","id"]')).stdout, 'nothing is missing\n');
  assert.equal(JSON.parse((await init('--user-path', 'id', '--dry-run', '--json')).stdout), {
    dryRun: true,
    wouldCreate: ['the index on the user'],
  });
});

test('init --print prints SQL that can run twice, creates the table and uses no database', async () => {
  const { pool, names, json } = await fresh();
  const other = { ...names, schemaName: `${names.schemaName} printed` };
  const { code, stdout } = await cli(
    ['init', ...at(other), '--print', '--create-schema', '--unlogged', '--user-path', `it's`],
    { DATABASE_URL: '' },
  );
  assert.is(code, 0);
  assert.match(stdout, /^BEGIN;\n.*\nCOMMIT;\n$/s);
  for (let run = 0; run < 2; run++) await pool.query(stdout);
  const { rows } = await pool.query('SELECT FROM pg_index WHERE indrelid = $1::regclass', [quotedName(other)]);
  assert.is(rows.length, 3);
  const again = await cli(['init', ...at(other), '--user-path', `it's`]);
  assert.is(again.stdout, 'nothing is missing\n');
  assert.is((await json('init', '--print')).json.length, 2);
});

test('stats prints counts and sizes', async () => {
  const { pool, table, run, json } = await fresh();
  await pool.query(`UPDATE ${table} SET expire = now() - interval '90 s' WHERE sid = $1`, [`${SID}0`]);
  const { stdout } = await run('stats');
  assert.match(stdout, /^live +2\nexpired +1\nmean size +\d+ B\n/);
  assert.match(stdout, /\nfirst expires in +2 h\nlast expires in +2 h\noverdue +1.5 min\n/);
  const { code, json: found } = await json('stats');
  assert.is(code, 0);
  assert.equal([found.live, found.expired], [2, 1]);
  assert.ok(found.tableBytes > 0);
});

test('list prints pages of handles', async () => {
  const { run, json, handles } = await fresh();
  const { stdout } = await run('list', '--limit', '2');
  assert.match(
    stdout,
    new RegExp(
      `^HANDLE +USER  EXPIRES IN\n${handles[0]}  ada   [12].*h\n${handles[1]}  ada   2 h\n\nnext page: --after \\S+/${handles[1]}\n$`,
    ),
  );
  assert.not.match((await run('list', '--limit', '3')).stdout, 'next page');
  const first = (await json('list', '--limit', '2')).json;
  const second = (await json('list', '--limit', '2', '--after', first.next)).json;
  assert.equal(
    [...first.sessions, ...second.sessions].map(({ handle }: { handle: string }) => handle),
    handles,
  );
  assert.is(second.next, null);
});

test('show prints a session, and exits with 1 if the handle names none', async () => {
  const { run, json, handles } = await fresh();
  assert.match((await run('show', handles[2]!)).stdout, /\nuser +bob\nexpires in +2 h\n\{\n.*"passport": \{\n/s);
  assert.equal((await json('show', handles[2]!)).json.session.passport, { user: 'bob' });
  assert.equal(await run('show', '0'.repeat(64)), { code: 1, stdout: 'there is no such live session\n', stderr: '' });
  assert.equal(await json('show', '0'.repeat(64)), { code: 1, json: null });
});

test('find prints the sessions of a user, and exits with 1 if there are none', async () => {
  const { run, json, handles } = await fresh();
  const found = await json('find', 'ada');
  assert.equal(
    found.json.sessions.map(({ handle, user }: Record<string, string>) => [handle, user]),
    [
      [handles[1], 'ada'],
      [handles[0], 'ada'],
    ],
  );
  assert.is(found.code, 0);
  assert.is((await run('find', 'ada')).stdout.trim().split('\n').length, 3);
  assert.equal(await json('find', 'nobody'), { code: 1, json: { sessions: [], next: null } });
  assert.equal(await run('find', 'ada', '--user-path', 'user'), {
    code: 1,
    stdout: "no live session has this user at 'user'\n",
    stderr: "connect-pg-typed: warning: none of the live sessions has a user at 'user'. Check --user-path\n",
  });
  assert.match(
    (await run('revoke', '--user', 'eve')).stdout,
    /^revoked 0 sessions: no live session has this user at 'passport.user'$/m,
  );
});

test('revoke deletes one session, all of a user except one, or all sessions', async () => {
  const { store, run, json, handles } = await fresh();
  assert.equal(await run('revoke', '--user', 'ada', '--except', handles[0]!), {
    code: 0,
    stdout: 'revoked 1 session\n',
    stderr: '',
  });
  assert.equal(await json('revoke', handles[2]!, '--user', 'bob'), { code: 0, json: { dryRun: false, revoked: 1 } });
  assert.is(await store.length(), 1);
  await store.set(`${SID}3`, session());
  assert.is((await run('revoke', '--all', '--yes')).stdout, 'revoked 2 sessions\n');
  assert.is(await store.length(), 0);
});

test('revoking nothing exits with 0, and with 1 and a warning if sessions live and none has a user at the path', async () => {
  const { store, run, json, handles } = await fresh();
  const none = "revoked 0 sessions: no live session has this user at 'passport.user'\n";
  assert.equal(await run('revoke', '--user', 'eve'), { code: 0, stdout: none, stderr: '' });
  assert.equal(await json('revoke', handles[2]!, '--user', 'ada'), { code: 0, json: { dryRun: false, revoked: 0 } });
  assert.equal(await json('revoke', '0'.repeat(64)), { code: 0, json: { dryRun: false, revoked: 0 } });
  const warning = "connect-pg-typed: warning: none of the live sessions has a user at 'user'. Check --user-path\n";
  for (const args of [[], ['--dry-run']]) {
    const { code, stderr } = await run('revoke', '--user', 'ada', '--user-path', 'user', ...args);
    assert.equal([code, stderr], [1, warning]);
  }
  await store.clear();
  assert.is((await run('revoke', '--user', 'ada', '--user-path', 'user')).code, 0);
  assert.equal(await json('revoke', '--all', '--yes', '--dry-run'), {
    code: 0,
    json: { dryRun: true, wouldRevoke: 0 },
  });
});

test('revoke --all needs --yes without a terminal, and names the host, the database and the table', async () => {
  const { store, run, names } = await fresh();
  const { hostname, port, pathname } = new URL(process.env.TEST_SERVER_URL!);
  const target = `${names.schemaName}.${names.tableName} of the database ${pathname.slice(1)} on ${hostname}:${port}`;
  const refused = await run('revoke', '--all');
  assert.equal([refused.code, refused.stdout], [2, '']);
  assert.ok(refused.stderr.startsWith('connect-pg-typed: nothing was deleted: revoke --all deletes all 3 live '));
  assert.ok(refused.stderr.includes(`${target}. Without a terminal, pass --yes. See`), refused.stderr);
  assert.is(await store.length(), 3);
  const done = await run('revoke', '--all', '--yes');
  assert.equal([done.code, done.stdout], [0, 'revoked 3 sessions\n']);
  assert.ok(done.stderr.endsWith(`${target}\n`), done.stderr);
  assert.match((await run('revoke', '--user', 'ada', '--yes')).stderr, /--yes needs --all/);
});

test('confirm() asks only on a terminal, and only y or yes is a yes', async () => {
  const ask = async (answer: string, isTTY = true) => {
    let asked = '';
    const input = Object.assign(Readable.from(answer === '' ? [] : [answer]), { isTTY });
    const output = new Writable({
      write(chunk, _, callback) {
        asked += chunk;
        callback();
      },
    });
    return [await confirm('Delete\x1b all?', input, Object.assign(output, { isTTY: true })), asked.includes('[y/N]')];
  };
  for (const yes of ['y\n', 'YES\r\n', ' yes \n']) assert.equal(await ask(yes), [true, true]);
  for (const no of ['\n', 'n\n', 'yep\n', 'no y\n', '']) assert.equal(await ask(no), [false, true], no);
  assert.equal(await ask('y\n', false), [undefined, false]);
});

test('list, find and show print the same fields, with the time of expiry in whole seconds', async () => {
  const { pool, table, json, handles } = await fresh();
  const { rows } = await pool.query(`SELECT date_trunc('second', expire) AS expire FROM ${table} WHERE sid = $1`, [
    `${SID}2`,
  ]);
  const expiresAt = rows[0].expire.toISOString().replace('.000', '');
  await pool.query(`UPDATE ${table} SET expire = 'infinity' WHERE sid = $1`, [`${SID}0`]);
  const listed = (await json('list')).json;
  const found = (await json('find', 'bob')).json;
  const { session: content, ...shown } = (await json('show', handles[2]!)).json;
  assert.equal(Object.keys(found), Object.keys(listed));
  assert.equal(content.passport, { user: 'bob' });
  for (const entry of [listed.sessions[1], found.sessions[0], shown]) {
    const { secondsLeft, ...rest } = entry;
    assert.equal(rest, { handle: handles[2], user: 'bob', expiresAt });
    assert.ok(Number.isInteger(secondsLeft) && secondsLeft > 7000, secondsLeft);
  }
  const never = listed.sessions.at(-1);
  assert.equal([never.handle, never.expiresAt, never.secondsLeft], [handles[0], null, null]);
  const { firstExpiresIn, lastExpiresIn } = (await json('stats')).json;
  assert.equal([Number.isInteger(firstExpiresIn), lastExpiresIn], [true, null]);
});

test('list hints at --user-path if no session has a user', async () => {
  const { store, run } = await fresh();
  const wrong = await run('list', '--user-path', 'user.id', '--json');
  assert.equal(
    [wrong.code, JSON.parse(wrong.stdout).sessions.length, wrong.stderr],
    [0, 3, "connect-pg-typed: warning: none of these sessions has a user at 'user.id'. Check --user-path\n"],
  );
  await store.set(`${SID}3`, session({}, cookieFor(60)));
  assert.is((await run('list')).stderr, '');
  await store.clear();
  assert.is((await run('list')).stderr, '');
});

test('prune deletes the expired sessions', async () => {
  const { pool, table, run, json } = await fresh();
  await pool.query(
    `INSERT INTO ${table} SELECT 'x' || n, '{}', now() - interval '1 s' FROM generate_series(1, 25) AS n`,
  );
  assert.equal(await run('prune', '--batch', '10'), { code: 0, stdout: 'pruned 25 expired sessions\n', stderr: '' });
  assert.equal((await json('prune')).json, { dryRun: false, pruned: 0 });
});

test('prune passes sessions that a foreign key keeps, prints their handles and exits with 1', async () => {
  const { pool, table, run, json } = await fresh();
  await pool.query(
    `INSERT INTO ${table} SELECT 'x' || n, '{}', now() - interval '1 s' FROM generate_series(1, 25) AS n`,
  );
  const child = table.replace(/"$/, ' child"');
  await pool.query(`CREATE TABLE ${child} (sid varchar REFERENCES ${table})`);
  await pool.query(`INSERT INTO ${child} VALUES ('x7')`);
  const { code, stdout } = await run('prune');
  assert.is(code, 1);
  assert.match(stdout, /^pruned 24 expired sessions\n\ncould not delete 1 expired session:\n\nHANDLE +REASON\n/);
  assert.ok(stdout.includes(`${handleOf('x7')}  the database failed: `) && !stdout.includes('x7'), stdout);
  const again = (await json('prune')).json as { pruned: number; kept: { handle: string }[] };
  assert.equal([again.pruned, again.kept.map(({ handle }) => handle)], [0, [handleOf('x7')]]);
});

test('a URL that pg accepts works as --url and as DATABASE_URL, and a wrong one is refused without its password', async () => {
  const { names } = await fresh();
  const url = process.env.TEST_SERVER_URL!.replace(/^postgres(ql)?:/, 'PG:');
  assert.is((await cli(['list', ...at(names), '--url', url])).code, 0);
  assert.is((await cli(['list', ...at(names)], { DATABASE_URL: url })).code, 0);
  for (const wrong of ['mysql://ada:secret@host/app', 'postgres://ada:sec#ret@host:5432/app']) {
    const { code, stderr } = await cli(['list', '--url', wrong]);
    assert.is(code, 2);
    assert.match(stderr, /the URL is not a postgres:\/\/ URL/);
    assert.not.match(stderr, /sec/);
  }
});

test('doctor prints the problems and what to do, and exits with 1 if one is an error', async () => {
  const { pool, table, names, run, json } = await fresh();
  const { hostname, port, pathname } = new URL(process.env.TEST_SERVER_URL!);
  const target = { host: `${hostname}:${port}`, database: pathname.slice(1) };
  const table1 = { schema: names.schemaName, table: names.tableName };
  const checked = ['owner', 'grants', 'search_path', 'columns', 'key', 'indexes', 'time zones', 'queries'];
  const rows = ['rows', 'prepared statements'];
  assert.equal(await run('doctor'), {
    code: 0,
    stdout: [
      `host      ${target.host}`,
      `database  ${target.database}`,
      `table     ${names.schemaName}.${names.tableName}`,
      `checked   ${[...checked, ...rows].join(', ')}`,
      '\nno problem found\n',
    ].join('\n'),
    stderr: '',
  });
  assert.equal(await json('doctor'), {
    code: 0,
    json: { ...target, ...table1, checked: [...checked, ...rows], findings: [] },
  });
  assert.equal((await json('doctor', '--user-path', 'user.id')).json.checked.at(-1), "index of users at 'user.id'");
  const absent = await cli(['doctor', '--schema', names.schemaName, '--table', 'nothing', '--json']);
  assert.equal([absent.code, JSON.parse(absent.stdout).checked], [1, ['whether the table exists']]);
  await pool.query(`ALTER TABLE ${table} RENAME sess TO payload`);
  const { code, stdout } = await run('doctor', '--user-path', 'id');
  assert.is(code, 1);
  assert.match(
    stdout,
    /\n\n1\. error: .*getSession, .*: column t.sess does not exist.*\n {3}Rename the column.*\n {5}ALTER TABLE .*;\n/,
  );
  assert.match(stdout, /\n\n2\. warning: there is no index at \["id"\].*\n.*migrate --user-path '\["id"\]'/);
  assert.equal(
    (await json('doctor')).json.findings.map((finding: { code: string }) => finding.code),
    ['query-fails'],
  );
});

test('doctor exits with 0 for warnings, and with 1 if --strict is given', async () => {
  const { run, json } = await fresh();
  const { code, stdout } = await run('doctor', '--user-path', 'id');
  assert.is(code, 0);
  assert.match(stdout, /\n\n1\. warning: there is no index/);
  assert.is((await run('doctor', '--user-path', 'id', '--strict')).code, 1);
  assert.is((await run('doctor', '--strict')).code, 0);
  const findings = (await json('doctor', '--user-path', 'id')).json.findings;
  assert.equal([findings[0].severity, findings.length], ['warning', 1]);
});

test('migrate changes the table of another store into a current one', async () => {
  const { names } = await freshStore({ columns: { sess: 'json', expire: 'timestamp(6)' } });
  const run = (...args: string[]) => cli(['migrate', ...at(names), ...args]);
  const steps = ['expire as timestamptz, with TimeZone Asia/Tokyo', 'the index on expire', 'the index on the user'];
  const options = ['--time-zone', 'Asia/Tokyo', '--user-path', 'user.id'];
  assert.equal(JSON.parse((await run(...options, '--dry-run', '--json')).stdout), {
    dryRun: true,
    wouldMigrate: steps,
  });
  assert.equal(await run(...options), { code: 0, stdout: `migrated: ${steps.join(', ')}\n`, stderr: '' });
  assert.equal(await run(...options), { code: 0, stdout: 'nothing to migrate\n', stderr: '' });
  assert.equal(JSON.parse((await run(...options, '--json')).stdout), { dryRun: false, migrated: [] });
});

test('a dry run prints what the command would do, and changes nothing', async () => {
  const { pool, table, json, handles } = await fresh();
  await pool.query(`INSERT INTO ${table} VALUES ('x', '{}', now() - interval '1 s')`);
  const rows = async () => (await pool.query(`SELECT sid, sess::text, expire, xmin FROM ${table} ORDER BY 1`)).rows;
  const before = await rows();
  const revoked = async (...args: string[]) => (await json('revoke', '--dry-run', ...args)).json;
  assert.equal(await revoked('--user', 'ada'), { dryRun: true, wouldRevoke: 2 });
  assert.equal(await revoked('--user', 'ada', '--except', handles[0]!), { dryRun: true, wouldRevoke: 1 });
  assert.equal(await revoked('--all'), { dryRun: true, wouldRevoke: 3 });
  assert.equal(await revoked(handles[0]!), { dryRun: true, wouldRevoke: 1 });
  assert.equal(await revoked(handles[0]!, '--user', 'bob'), { dryRun: true, wouldRevoke: 0 });
  assert.equal((await json('prune', '--dry-run')).json, { dryRun: true, wouldPrune: 1 });
  assert.equal(await rows(), before);
});

test('init --print --distributed prints SQL that distributes the table, in the given number of shards', async () => {
  const print = (...args: string[]) => cli(['init', '--print', ...args], { DATABASE_URL: '' });
  assert.match(
    (await print('sql', '--distributed', '--shards', '4')).stdout,
    /create_distributed_table\(.*shard_count => 4\)/,
  );
  assert.match((await print('sql', '--distributed')).stdout, /shard_count => 8\)/);
  for (const [args, message] of [
    [['sql', '--distributed', '--shards', '1'], /--shards must be a whole number from 2 to 64000, got 1/],
    [['sql', '--shards', '4'], /--shards .*--distributed/],
    [['prisma', '--distributed'], /--distributed works with --print sql, not with --print prisma/],
  ] as [string[], RegExp][]) {
    const { code, stderr } = await print(...args);
    assert.is(code, 2, args.join(' '));
    assert.match(stderr, message);
  }
});

test('a database failure exits with 3, and prints one line with advice and without a password', async () => {
  const url = (change: Partial<URL>) => Object.assign(new URL(process.env.TEST_SERVER_URL!), change).href;
  const pool = freshPool();
  const role = `cli ${process.pid}`;
  await pool.query(`CREATE ROLE "${role}" LOGIN PASSWORD 'secret'`);
  const { names, table } = await fresh();
  await pool.query(`ALTER TABLE ${table} RENAME expire TO valid_until`);
  const failing: [args: string[], env: NodeJS.ProcessEnv, message: RegExp][] = [
    [
      ['stats'],
      { DATABASE_URL: url({ hostname: '127.0.0.1', port: '1' }) },
      /cannot reach the database \(connect ECONNREFUSED 127.0.0.1:1\)\. Is it running.*--url, DATABASE_URL or the PG\* variables/,
    ],
    [['stats'], { DATABASE_URL: 'postgres://x:secret@nowhere.invalid/x' }, /cannot reach the database \(getaddrinfo/],
    [['stats'], { DATABASE_URL: 'postgres://x:secret@%2Fnowhere/x' }, /cannot reach the database \(connect ENOENT/],
    [
      ['stats'],
      { DATABASE_URL: url({ username: 'nobody', password: 'secret' }) },
      /refused the login .*\. Check --url/,
    ],
    // It exits at once. pg leaves such a connection open until the server's authentication_timeout,
    // 60 s.
    [['stats'], { DATABASE_URL: url({ password: '' }) }, /No password given\. Put it into the URL/],
    [['stats'], { DATABASE_URL: url({ pathname: '/nowhere' }) }, /database "nowhere" does not exist\. Check/],
    [
      ['stats', ...at(freshNames())],
      {},
      /the table .* does not exist\. Create it with connect-pg-typed init, or set --schema and --table/,
    ],
    [['migrate', ...at(freshNames())], {}, /the table .* does not exist\. Create it with connect-pg-typed init/],
    [
      ['init', '--table', 'x'],
      { DATABASE_URL: url({ search: `?options=${encodeURIComponent(searchPath('nowhere'))}` }) },
      /the search_path has no schema/,
    ],
    [['list', ...at(names)], {}, /connect-pg-typed doctor says what the table lacks/],
    [
      ['stats', ...at(names)],
      { DATABASE_URL: url({ username: encodeURIComponent(role), password: 'secret' }) },
      /permission denied for schema/,
    ],
    [
      ['init', '--schema', names.schemaName, '--table', 'x'],
      { DATABASE_URL: url({ username: encodeURIComponent(role), password: 'secret' }) },
      /may not create the table\. Run GRANT USAGE, CREATE ON SCHEMA/,
    ],
  ];
  const results = await Promise.all(failing.map(async ([args, env]) => cli(args, env)));
  await pool.query(`DROP ROLE "${role}"`);
  for (const [n, [args, env, message]] of failing.entries()) {
    const { code, stdout, stderr } = results[n]!;
    assert.equal([code, stdout], [3, ''], `${args} ${env.DATABASE_URL}: ${stderr}`);
    assert.match(stderr, /^connect-pg-typed: [^\n]+\n$/);
    assert.match(stderr, message);
    assert.not.match(stderr, 'secret');
  }
});

test('a command without a database exits with 2, and the PG* variables replace a URL', async () => {
  const none = await cli(['stats'], { DATABASE_URL: undefined });
  assert.equal(
    [none.code, none.stderr],
    [2, 'connect-pg-typed: no database given. Pass --url, or set DATABASE_URL or the PG* variables\n'],
  );
  const { names } = await fresh();
  const { hostname, port, username, password, pathname } = new URL(process.env.TEST_SERVER_URL!);
  const variables = {
    PGHOST: hostname,
    PGPORT: port,
    PGUSER: username,
    PGPASSWORD: password,
    PGDATABASE: pathname.slice(1),
  };
  assert.is((await cli(['stats', ...at(names)], { DATABASE_URL: undefined, ...variables })).code, 0);
  const url = process.env.TEST_SERVER_URL!;
  assert.is((await cli(['stats', ...at(names), '--url', url], { DATABASE_URL: 'postgres://127.0.0.1:1/x' })).code, 0);
});

test('docs/cli.md shows the output of --help', async () => {
  assert.ok(readFileSync('docs/cli.md', 'utf8').includes((await cli(['--help'])).stdout));
  assert.ok(readFileSync('docs/cli.md', 'utf8').includes((await cli(['migrate', '--help'])).stdout));
});

test('list and show escape control characters from a session', async () => {
  const { store, run } = await fresh();
  await store.set(`${SID}3`, session({ passport: { user: '\u001b[2J\u202eevil\u0007' } }, cookieFor(99)));
  for (const args of [['list'], ['show', store.handle(`${SID}3`)]]) {
    const { stdout } = await run(args[0]!, ...args.slice(1));
    assert.match(stdout, 'evil');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the test looks for them
    assert.not.match(stdout, /[\u0000-\u0009\u000b-\u001f\u202e]/);
  }
});

test('migrate hashes ids and encrypts sessions, with keys from the environment or a file', async () => {
  const { names, run, pool, table, handles } = await fresh();
  const [KEY, OTHER_KEY] = ['A', 'B'].map((letter) => createHash('sha256').update(letter).digest('base64'));
  const withEnv = (env: NodeJS.ProcessEnv, command: string, ...args: string[]) =>
    cli([command, ...at(names), ...args], env);
  const withoutKeys = await run('migrate', '--re-encrypt');
  assert.equal(
    [withoutKeys.code, /--re-encrypt needs --keys-file or SESSION_KEYS/.test(withoutKeys.stderr)],
    [2, true],
  );
  const withPlaintext = await withEnv({ SESSION_KEYS: KEY! }, 'migrate', '--re-encrypt');
  assert.equal([withPlaintext.code, /no key decrypts 3 sessions/.test(withPlaintext.stderr)], [3, true]);
  const dry = await withEnv({ SESSION_KEYS: KEY! }, 'migrate', '--re-encrypt', '--hash-ids', '--dry-run');
  assert.is(dry.stdout, 'would migrate: the hash of 3 session ids, 3 sessions encrypted with the first key\n');

  const done = await withEnv({ SESSION_KEYS: KEY! }, 'migrate', '--re-encrypt', '--hash-ids', '--allow-plaintext');

  assert.is(done.stdout, 'migrated: the hash of 3 session ids, 3 sessions encrypted with the first key\n');
  const { rows } = await pool.query(`SELECT sid, sess::text FROM ${table}`);
  assert.not.match(JSON.stringify(rows), new RegExp(`ada|bob|${SID}`));
  const file = `${mkdtempSync(path.join(tmpdir(), 'keys-'))}/keys`;
  writeFileSync(file, `${OTHER_KEY}\n${KEY}\n`);
  assert.match((await run('show', handles[2]!, '--keys-file', file)).stdout, /bob/);
  assert.is((await withEnv({ SESSION_KEYS: KEY! }, 'find', 'ada')).stdout.trim().split('\n').length, 3);
  assert.is((await run('find', 'ada')).code, 1);
  assert.match((await run('find', 'ada', '--keys-file', '/none')).stderr, /--keys-file: cannot read \/none \(ENOENT\)/);
  assert.is((await run('revoke', '--user', 'ada', '--keys-file', file)).stdout, 'revoked 2 sessions\n');
});

test('the commands say that encrypted sessions need the keys', async () => {
  const keys = [createHash('sha256').update('A').digest('base64')];
  const { store, names } = await freshStore({ encryption: { keys } });
  await store.set(SID, session({ passport: { user: 'ada' } }, cookieFor(7200)));
  const needKeys = /can be read\. Encrypted sessions need --keys-file or SESSION_KEYS/;
  for (const [command, ...args] of [['find', 'ada'], ['revoke', '--user', 'ada'], ['list']] as [
    string,
    ...string[],
  ][]) {
    const { code, stderr } = await cli([command, ...at(names), ...args]);
    assert.equal([code, needKeys.test(stderr)], [command === 'list' ? 0 : 1, true], command);
  }
  const { stdout } = await cli(['show', ...at(names), store.handle(SID)]);
  assert.match(stdout, /the row does not hold a session/);
});

test('the progress bar is drawn only on a terminal', async () => {
  for (const isTTY of [true, false]) {
    let drawn = '';
    const stream = new Writable({
      write(chunk, _, callback) {
        drawn += chunk;
        callback();
      },
    });
    const progress = await startProgress('pruning', 200, Object.assign(stream, { isTTY, columns: 100 }));
    progress.update(50);
    await new Promise((resolve) => setTimeout(resolve, 200));
    progress.update(100);
    progress.stop();
    if (isTTY) assert.match(drawn, /pruning .* 25% \| 50 of 200 \| \d+\/s \| .*left/);
    else assert.is(drawn, '');
  }
});

const HOSTILE = 'a\x1b[31m\x07\x9b31m\x7f\u202e\u2066\u200b\u2028\r\nfake line\tb';
/**
 * What must not reach the terminal: all but printable characters and the line breaks of the output.
 */
const UNSAFE = /[^\n\P{C}]|[\u2028\u2029]/u;

test('no command prints a control character or an invisible one that a session or a name holds', async () => {
  const { store, pool, table, names, run } = await fresh();
  await store.set(`${SID}h`, session({ passport: { user: HOSTILE }, [HOSTILE]: HOSTILE }, cookieFor(60)));
  const handle = store.handle(`${SID}h`);
  await pool.query(`UPDATE ${table} SET expire = now() - interval '1 s' WHERE sid = $1`, [`${SID}2`]);
  const column = pg.escapeIdentifier(HOSTILE);
  await pool.query(`ALTER TABLE ${table} ADD ${column} text NOT NULL DEFAULT ''`);
  await pool.query(`ALTER TABLE ${table} ALTER ${column} DROP DEFAULT`);
  const results = [
    await run('list'),
    await run('show', handle),
    await run('find', HOSTILE),
    await run('stats'),
    await run('doctor'),
    await run('doctor', '--user-path', HOSTILE),
    await run('find', 'x', '--user-path', HOSTILE),
    await run('prune', HOSTILE),
    await run('show', HOSTILE),
    await run('list', '--limit', HOSTILE),
    await run('list', '--after', HOSTILE),
    await run('list', `--${HOSTILE}`),
    await run('list', '--keys-file', HOSTILE),
    await run('migrate', '--time-zone', HOSTILE, '--dry-run'),
    await cli([HOSTILE]),
    await cli(['list', '--table', HOSTILE]),
    await cli(['stats', '--schema', HOSTILE]),
    await cli(['init', '--schema', HOSTILE]),
    await cli(['init', '--schema', HOSTILE, '--table', HOSTILE, '--print']),
    await cli([
      'list',
      '--url',
      Object.assign(new URL(process.env.TEST_SERVER_URL!), { pathname: `/${encodeURIComponent(HOSTILE)}` }).href,
    ]),
  ];
  for (const args of [['list'], ['show', handle], ['find', HOSTILE], ['doctor'], ['doctor', '--user-path', HOSTILE]]) {
    results.push(await run(args[0]!, '--json', ...args.slice(1)));
  }
  for (const { stdout, stderr } of results) {
    assert.not.match(stdout, UNSAFE);
    assert.not.match(stderr, UNSAFE);
    assert.not.match(stderr.slice(0, -1), /\n/);
    if (!stdout.includes('CREATE TABLE')) assert.not.match(stdout, /^fake line/m);
  }
  assert.is(JSON.parse((await run('find', HOSTILE, '--json')).stdout).sessions[0].user, HOSTILE);
  assert.equal(JSON.parse((await run('show', handle, '--json')).stdout).session[HOSTILE], HOSTILE);

  await pool.query(
    `CREATE FUNCTION ${pg.escapeIdentifier(names.schemaName)}.refuse() RETURNS trigger LANGUAGE plpgsql
     AS $$ BEGIN RAISE EXCEPTION '%', ${pg.escapeLiteral(HOSTILE)}; END $$`,
  );
  await pool.query(
    `CREATE TRIGGER refuse BEFORE DELETE ON ${table} EXECUTE FUNCTION ${pg.escapeIdentifier(names.schemaName)}.refuse()`,
  );
  const failed = await run('revoke', '--all', '--yes');
  assert.is(failed.code, 3);
  assert.match(failed.stderr, /fake line/);
  assert.not.match(failed.stderr, UNSAFE);
  const { message } = await failure(store.clear());
  assert.match(message, /fake line/);
  assert.not.match(message, UNSAFE);
  assert.not.match(message, /\n/);
  const unstorable = await failure(store.set('x', session({ [HOSTILE]: 1n })));
  assert.not.match(unstorable.message, UNSAFE);
});

test('the SQL that doctor and init print can be run, for any name and TimeZone', async () => {
  const hostile = `it's "a" \\ $& '\n\x1b;--"session_store"."session"`;
  const { database, url } = await freshDatabase();
  const pool = freshPool({ connectionString: url });
  const names = { schemaName: hostile, tableName: `${hostile}2` };
  const init = await cli([
    'init',
    ...at(names),
    '--print',
    '--create-schema',
    '--user-path',
    JSON.stringify([hostile]),
  ]);
  await pool.query(init.stdout);
  const table = quotedName(names);
  const role = pg.escapeIdentifier(`role ${process.pid} ${hostile}`);
  await pool.query(`CREATE ROLE ${role} LOGIN PASSWORD 'limited'`);
  onEnd(() => freshPool().query(`DROP ROLE ${role}`));
  const own = Object.assign(new URL(url), {
    username: encodeURIComponent(`role ${process.pid} ${hostile}`),
    password: 'limited',
  });
  const doctor = async () => (await cli(['doctor', '--url', own.href, ...at(names)])).stdout;
  const statements = (stdout: string) => stdout.split('\n').filter((line) => line.startsWith('     '));

  const grants = statements(await doctor());
  assert.is(grants.length, 2);
  for (const statement of grants) await pool.query(statement);
  const zone = `<a'b"\\\n"session_store">-3`;
  await pool.query(`ALTER DATABASE ${database} SET TimeZone = ${pg.escapeLiteral(zone)}`);
  await pool.query(`ALTER TABLE ${table} ALTER expire TYPE timestamp`);
  await pool.query(`ALTER TABLE ${table} ADD ${pg.escapeIdentifier(hostile)} int NOT NULL`);
  const client = await pool.connect();
  const found = await doctor();
  assert.match(found, /time zone/);
  for (const statement of statements(found)) await client.query(statement);
  client.release();
  assert.match(await doctor(), /\n\nno problem found\n$/);
  await pool.query(`DROP OWNED BY ${role}`);
});

test('no command printed a session id', () => {
  assert.ok(printed.length > 100);
  assert.equal(
    printed.filter((text) => text.includes(SID)),
    [],
  );
});
