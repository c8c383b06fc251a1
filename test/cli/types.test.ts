// connect-pg-typed types: compiles a project's queries, and its check cannot be passed by a broken
// one.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import * as assert from 'uvu/assert';
import { cli } from '../support/cli.js';
import { compiled } from '../support/compiled.js';
import { freshDatabase } from '../support/fresh-database.js';
import { onEnd, suite } from '../support/harness.js';

const test = suite('types', { timeout: 180_000 });

const database = `types_${process.pid}`;
const url = Object.assign(new URL(process.env.TEST_SERVER_URL!), { pathname: `/${database}` }).href;

async function onServer(sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: process.env.TEST_SERVER_URL });
  await client.connect();
  await client.query(sql).finally(() => client.end());
}
test.before(async () => {
  await onServer(`CREATE DATABASE ${database}`);
  const { code, stderr } = await cli(['init', '--schema', 'session_store', '--create-schema', '--url', url]);
  assert.is(code, 0, stderr);
});
test.after(() => onServer(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`));

/** A copy of examples/typed-queries, with the packages of this project. */
class Project {
  readonly root = fs.mkdtempSync(path.join(os.tmpdir(), 'types project '));

  constructor() {
    onEnd(() => fs.rmSync(this.root, { recursive: true }));
    fs.cpSync('examples/typed-queries', this.root, { recursive: true, filter: (file) => !/node_modules/.test(file) });
    fs.symlinkSync(path.resolve('node_modules'), this.at('node_modules'));
  }

  at = (file: string): string => path.join(this.root, file);
  read = (file: string): string => fs.readFileSync(this.at(file), 'utf8');

  write(file: string, text: string): void {
    fs.mkdirSync(path.dirname(this.at(file)), { recursive: true });
    fs.writeFileSync(this.at(file), text);
  }

  edit(file: string, change: (text: string) => string): void {
    const [before, after] = [this.read(file), change(this.read(file))];
    assert.is.not(after, before, `the edit of ${file} changes nothing`);
    this.write(file, after);
  }

  /** Each file with its text. */
  files(): Record<string, string> {
    const names = fs
      .readdirSync(this.root, { recursive: true, encoding: 'utf8' })
      .filter((file) => !/node_modules/.test(file));
    return Object.fromEntries(
      names.filter((file) => fs.statSync(this.at(file)).isFile()).map((file) => [file, this.read(file)]),
    );
  }

  types = (...args: string[]) => cli(['types', ...args], { DATABASE_URL: url }, { cwd: this.root });
}

const SQL = 'sql/sessionsByTenant.sql';
const OUTPUT = 'queries/sessionsByTenant.ts';
const query = (name: string, sql: string) => `/* @name ${name} */\n${sql};\n`;
const COUNT = 'SELECT count(*)::int AS "count!" FROM "session_store"."session" AS t';

const broken: [what: string, change: (project: Project) => void, message: RegExp][] = [
  [
    'a new query does not compile',
    (project) =>
      project.write('sql/broken.sql', query('broken', 'SELECT t.nosuch FROM "session_store"."session" AS t')),
    /could not compile .*column t\.nosuch does not exist/s,
  ],
  [
    'an existing query does not compile any more',
    (project) => project.edit(SQL, (sql) => sql.replace('t.expire >', 't.expires >')),
    /could not compile .*column t\.expires does not exist/s,
  ],
  [
    'a file does not parse',
    (project) => project.write('sql/broken.sql', `/* @name unfinished */ ${COUNT}`),
    /could not compile .*Parse error/s,
  ],
  [
    'a second query of a file does not parse',
    (project) => project.edit(SQL, (sql) => `${sql}\n/* @name unfinished */ ${COUNT}`),
    /could not compile .*Parse error/s,
  ],
  ['a file has no query', (project) => project.write('sql/plain.sql', `${COUNT};\n`), /sql\/plain\.sql|Parse error/],
  ['a file is empty', (project) => project.write('sql/empty.sql', ''), /sql\/empty\.sql|Parse error/],
  ['an output is missing', (project) => fs.rmSync(project.at(OUTPUT)), /missing: queries\/sessionsByTenant\.ts/],
  [
    'an output was edited by hand',
    (project) => project.edit(OUTPUT, (text) => text.replace('sessions: number', 'sessions: string')),
    /out of date: queries\/sessionsByTenant\.ts/,
  ],
  [
    'a query changed',
    (project) => project.edit(SQL, (sql) => sql.replace('::int', '')),
    /out of date: queries\/sessionsByTenant\.ts/,
  ],
  [
    'the source of an output is gone',
    (project) => {
      project.write('sql/other.sql', query('other', COUNT));
      fs.rmSync(project.at(SQL));
    },
    /left over: queries\/sessionsByTenant\.ts/,
  ],
  [
    'a source was renamed',
    (project) => fs.renameSync(project.at(SQL), project.at('sql/tenants.sql')),
    /missing: queries\/tenants\.ts.*left over: queries\/sessionsByTenant\.ts/s,
  ],
  [
    'two sources have one output',
    (project) => {
      project.edit('pgtyped.config.json', (json) => json.replace('"*.sql"', '"**/*.sql"'));
      project.write('sql/more/sessionsByTenant.sql', query('more', COUNT));
    },
    /generated nothing from sql\/(more\/)?sessionsByTenant\.sql\. Does another file have the same name/,
  ],
  [
    'two queries have one name',
    (project) => project.write('sql/again.sql', query('sessionsByTenant', COUNT)),
    /two queries in .* have the name sessionsByTenant/,
  ],
  [
    'the stand-in has no quotes',
    (project) => project.edit(SQL, (sql) => sql.replace('"session_store"."session"', 'session_store.session')),
    /sql\/sessionsByTenant\.sql:6: session_store\.session is not "session_store"\."session"\. Write/,
  ],
  [
    'the stand-in has quotes around one of its names',
    (project) => project.edit(SQL, (sql) => sql.replace('"session_store"."session"', '"session_store".session')),
    /sql\/sessionsByTenant\.sql:6: "session_store"\.session is not/,
  ],
  [
    'the stand-in has no alias',
    (project) =>
      project.write(
        'sql/count.sql',
        query('count', 'SELECT 1 AS "one!"\nFROM "session_store"."session"\nWHERE sid > \'\''),
      ),
    /sql\/count\.sql:3: "session_store"\."session" has no alias\. .* AS t/,
  ],
  [
    'the last stand-in of a statement has no alias',
    (project) => project.write('sql/count.sql', query('count', 'SELECT 1 AS "one!" FROM "session_store"."session"')),
    /sql\/count\.sql:2: "session_store"\."session" has no alias/,
  ],
  [
    'the stand-in in TypeScript has no quotes',
    (project) => {
      project.edit('pgtyped.config.json', (json) =>
        json.replace('"transforms": [', '"transforms": [{ "mode": "ts", "include": "*.q.ts" }, '),
      );
      project.write(
        'sql/count.q.ts',
        'import { sql } from "@pgtyped/runtime";\nexport const count = sql`\n  SELECT 1 FROM session_store.session`;\n',
      );
    },
    /sql\/count\.q\.ts:3: session_store\.session is not/,
  ],
];

for (const [what, change, message] of broken) {
  test(`the check fails and writes nothing if ${what}`, async () => {
    const project = new Project();
    change(project);
    const before = project.files();

    const { code, stdout, stderr } = await project.types('--check');

    assert.is(code, 1, stdout + stderr);
    assert.match(stdout, message);
    assert.equal(project.files(), before);
  });
}

test('the check succeeds if the files are up to date, and the command writes them if they are not', async () => {
  const project = new Project();
  const upToDate = project.files();
  const checked = await project.types('--check');
  assert.is(checked.code, 0, checked.stdout + checked.stderr);

  fs.rmSync(project.at(OUTPUT));
  project.write('queries/handwritten.ts', 'export const mine = 1;\n');
  fs.cpSync(OUTPUT.replace(/^/, 'examples/typed-queries/'), project.at('queries/old.ts'));
  const { code, stdout } = await project.types();

  assert.is(code, 0);
  assert.match(stdout, /written: queries\/sessionsByTenant\.ts.*deleted: queries\/old\.ts/s);
  assert.equal(project.files(), { ...upToDate, 'queries/handwritten.ts': 'export const mine = 1;\n' });
  assert.is((await project.types('--check')).code, 0);
});

test('--config names another configuration file', async () => {
  const project = new Project();
  fs.renameSync(project.at('pgtyped.config.json'), project.at('other.json'));
  const { code, stdout } = await project.types('--config', 'other.json');
  assert.is(code, 0, stdout);
  const missing = await project.types('--config', 'missing.json');
  assert.is(missing.code, 1);
  assert.match(
    missing.stdout + missing.stderr,
    /there is no missing\.json\. Write it as docs\/typed-queries\.md shows/,
  );
});

/** Runs a line of a shell in the project, with the command line as an installed program. */
function shellOf(project: Project, databaseUrl: string): (line: string) => Promise<string> {
  const program = compiled('src/cli/main.ts');
  project.write('bin/connect-pg-typed', `#!/bin/sh\nexec "${process.execPath}" "${program}" "$@"\n`);
  project.write('bin/npx', '#!/bin/sh\nPATH="$PWD/node_modules/.bin:$PATH" exec "$@"\n'); // the real one asks the registry
  for (const name of ['connect-pg-typed', 'npx']) fs.chmodSync(project.at(`bin/${name}`), 0o755);
  const clean = Object.entries(process.env).filter(([name]) => !/^(PG|DATABASE_URL)/.test(name));
  const env = {
    ...Object.fromEntries(clean),
    DEV_DATABASE_URL: databaseUrl,
    PATH: `${project.at('bin')}:${process.env.PATH}`,
  };
  return (line) =>
    promisify(execFile)('sh', ['-c', line], { cwd: project.root, env }).then(
      () => 'passed',
      ({ stdout, stderr }) => stdout + stderr,
    );
}

test('the steps of the workflow in docs/typed-queries.md pass, and fail if the table or the types changed', async () => {
  const steps = [...fs.readFileSync('docs/typed-queries.md', 'utf8').matchAll(/^ {6}- run: (.*)$/gm)].map(
    ([, run]) => run!,
  );
  assert.equal(
    steps.map((run) => run.split(' ').slice(0, 3).join(' ')),
    ['npm ci', 'npx connect-pg-typed init', 'npm run types:check', 'npx tsc --noEmit'],
  );
  const [, init, check, compile] = steps as [string, string, string, string];
  const fresh = await freshDatabase();
  const project = new Project();
  project.write(
    'tsconfig.json',
    JSON.stringify({
      compilerOptions: {
        module: 'nodenext',
        strict: true,
        skipLibCheck: true,
        types: ['node'],
        paths: { 'connect-pg-typed/queries': [path.resolve('src/queries.ts')] },
      },
      include: ['tenants.ts'],
    }),
  );
  const run = shellOf(project, fresh.url);
  assert.match(await run(check), /relation "session_store\.session" does not exist/);
  for (const step of [init, check, compile]) assert.is(await run(step), 'passed', step);

  const dev = new pg.Client({ connectionString: fresh.url });
  await dev.connect();
  onEnd(() => dev.end());
  await dev.query('ALTER TABLE session_store.session RENAME sess TO payload');
  assert.match(await run(check), /column t\.sess does not exist/);
  await dev.query('ALTER TABLE session_store.session RENAME payload TO sess');
  project.edit(SQL, (sql) => sql.replace('AS "sessions!"', 'AS "count!"'));
  assert.is(await run('npm run types'), 'passed');
  assert.is(await run(check), 'passed');
  assert.match(await run(compile), /Property 'sessions' does not exist/);
});

test('the command writes outputs beside their sources, above them and for TypeScript', async () => {
  const project = new Project();
  fs.rmSync(project.at('queries'), { recursive: true });
  const transforms = [
    { mode: 'sql', include: 'a/*.sql' },
    { mode: 'sql', include: '{b,c}/*.sql', emitTemplate: '{{dir}}/../generated/{{dir_base}}-{{name}}.ts' },
    { mode: 'ts', include: '**/*.q.ts' },
  ];
  project.edit('pgtyped.config.json', (json) => JSON.stringify({ ...JSON.parse(json), transforms }));
  for (const folder of ['a', 'b', 'c']) project.write(`sql/${folder}/count.sql`, query(`countOf${folder}`, COUNT));
  project.write(
    'sql/deep/count.q.ts',
    `import { sql } from "@pgtyped/runtime";\nexport const count = sql\`${COUNT}\`;\n`,
  );

  const { code, stdout, stderr } = await project.types();

  assert.is(code, 0, stdout + stderr);
  const written = Object.keys(project.files())
    .filter((file) => /\.ts$/.test(file))
    .sort();
  assert.equal(written, [
    'sql/a/count.ts',
    'sql/deep/count.q.ts',
    'sql/deep/count.q.types.ts',
    'sql/generated/b-count.ts',
    'sql/generated/c-count.ts',
    'tenants.ts',
  ]);
  assert.is((await project.types('--check')).code, 0);
  fs.rmSync(project.at('sql/c'), { recursive: true });
  const checked = await project.types('--check', '--json');
  assert.is(checked.code, 1);
  assert.equal(JSON.parse(checked.stdout), {
    changes: [{ kind: 'left over', file: 'sql/generated/c-count.ts' }],
    problems: [],
  });
});

test('a configuration keeps the generated files of another one in the same project', async () => {
  const project = new Project();
  fs.rmSync(project.at('queries'), { recursive: true });
  const config = JSON.parse(project.read('pgtyped.config.json'));
  for (const name of ['one', 'other']) {
    const transforms = [{ mode: 'sql', include: `${name}/*.sql` }];
    project.write(`${name}.json`, JSON.stringify({ ...config, transforms }));
    project.write(`sql/${name}/count.sql`, query(`countOf${name}`, COUNT));
  }
  for (const name of ['one', 'other', 'one']) assert.is((await project.types('--config', `${name}.json`)).code, 0);
  for (const name of ['one', 'other']) {
    assert.ok(project.read(`sql/${name}/count.ts`));
    assert.is((await project.types('--config', `${name}.json`, '--check')).code, 0);
  }
});

test('types does not write over a file that pgtyped did not write', async () => {
  const project = new Project();
  const mine = 'export const mine = 1;\n';
  project.write(OUTPUT, mine);
  const { code, stdout } = await project.types();
  assert.equal([code, stdout.includes(`${OUTPUT} is not a file of pgtyped. Rename it`)], [1, true], stdout);
  assert.is(project.read(OUTPUT), mine);
});

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  test(`after ${signal}, types leaves no file with the password`, async () => {
    const project = new Project();
    const [lock, watcher] = [new pg.Client(url), new pg.Client(url)];
    for (const client of [lock, watcher]) {
      await client.connect();
      onEnd(() => client.end());
    }
    await lock.query('BEGIN');
    await lock.query('LOCK TABLE session_store.session');
    const waiting = "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
    const folder = project.at('temporary');
    fs.mkdirSync(folder);
    const child = execFile(process.execPath, [compiled('src/cli/main.ts'), 'types'], {
      env: { ...process.env, DATABASE_URL: url, TMPDIR: folder },
      cwd: project.root,
    });
    onEnd(() => child.kill('SIGKILL'));
    while ((await watcher.query(waiting)).rows.length === 0) await sleep(20);
    assert.is(fs.readdirSync(folder).length, 1);
    child.kill(signal);
    const [exitCode] = await once(child, 'exit');
    assert.is(exitCode, code);
    assert.equal(fs.readdirSync(folder), []);
  });
}

test('the command says what is missing in the project or in the database', async () => {
  for (const [change, args, expected, message] of [
    [(project: Project) => fs.rmSync(project.at('pgtyped.config.json')), [], 1, /there is no pgtyped\.config\.json/],
    [
      (project: Project) => project.write('pgtyped.config.json', '{'),
      [],
      1,
      /pgtyped\.config\.json is not valid JSON\n/,
    ],
    [
      (project: Project) => project.write('pgtyped.config.json', `{"db": {"password": 'secret'}}`),
      [],
      1,
      /^(?!.*secret).*pgtyped\.config\.json is not valid JSON\n/s,
    ],
    [
      (project: Project) => {
        fs.rmSync(project.at('pgtyped.config.json'));
        fs.mkdirSync(project.at('pgtyped.config.json'));
      },
      [],
      1,
      /cannot read pgtyped\.config\.json: EISDIR/,
    ],
    [(project: Project) => project.write('pgtyped.config.json', '{}'), [], 1, /srcDir in .* must be a folder/],
    [(project: Project) => fs.unlinkSync(project.at('node_modules')), [], 1, /npm install -D @pgtyped\/cli/],
    [(project: Project) => fs.rmSync(project.at('sql'), { recursive: true }), [], 1, /no file below \.\/sql/],
    [
      () => {},
      ['--url', process.env.TEST_SERVER_URL!],
      1,
      /relation "session_store\.session" does not exist.*init --schema session_store/s,
    ],
    [() => {}, ['--url', 'postgres://user@127.0.0.1:1/none'], 3, /cannot reach the database \(connect ECONNREFUSED/],
    [() => {}, ['--timeout', '0'], 2, /--timeout must be a positive integer/],
  ] as [(project: Project) => void, string[], number, RegExp][]) {
    const project = new Project();
    change(project);
    const { code, stdout, stderr } = await project.types(...args);
    assert.is(code, expected, stdout + stderr);
    assert.match(stdout + stderr, message);
  }
});
