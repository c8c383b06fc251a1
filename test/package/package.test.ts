// The package as users get it: packed, installed into an empty folder, and used from there by the programs in test/package/consumer/.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import * as assert from 'uvu/assert';
import { freshNames, freshPool, freshStore, session } from '../support/fresh-store.js';
import { onEnd, suite } from '../support/harness.js';
import { quotedName } from '../support/stores.js';

const test = suite('package', { timeout: 120_000 });

const node = process.execPath;
const root = fileURLToPath(new URL('../../', import.meta.url));
const scratch = mkdtempSync(path.join(os.tmpdir(), 'package-test-'));
const source = path.join(scratch, 'source');
const consumer = path.join(scratch, 'consumer');
let tarball = '';
let packed: string[] = [];

test.before(async () => {
  // Built in a copy, so that neither a stale dist/ helps nor anybody's build is in the way.
  cpSync(root, source, {
    recursive: true,
    filter: (file) => !['node_modules', 'dist', 'coverage', '.git'].includes(path.relative(root, file)),
  });
  symlinkSync(path.join(root, 'node_modules'), path.join(source, 'node_modules'));
  await run(node, ['dev/build.mjs'], { cwd: source });
  const [pack] = JSON.parse(await run('npm', ['pack', '--json', '--ignore-scripts'], { cwd: source }));
  tarball = path.join(source, pack.filename);
  packed = pack.files.map((file: { path: string }) => file.path);

  mkdirSync(consumer);
  await run('npm', ['init', '-y']);
  await run('npm', [
    ...['install', '--prefer-offline', '--no-audit', '--no-fund', '--save-exact', tarball],
    ...['pg', 'express', 'express-session'].map(sameVersion),
    ...['@types/pg', '@types/express', '@types/express-session', '@types/node'].map(sameVersion),
    `another-express-session@npm:${sameVersion('express-session')}`,
  ]);
  cpSync(path.join(root, 'test/package/consumer'), consumer, { recursive: true });
  for (const name of ['app', 'types'])
    for (const kind of ['mts', 'cts'])
      cpSync(path.join(consumer, `${name}.ts`), path.join(consumer, `${name}.${kind}`));
});

test.after(() => rmSync(scratch, { recursive: true, force: true }));

/** The version that this repository has, so that nothing floats. */
function sameVersion(name: string): string {
  return `${name}@${JSON.parse(readFileSync(path.join(root, 'node_modules', name, 'package.json'), 'utf8')).version}`;
}

/** What a command prints. What it says when it fails is in the error. */
function run(command: string, args: string[], { cwd = consumer, env = {} } = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(command, args, { cwd, timeout: 60_000, env: { ...process.env, ...env } }, (error, stdout, stderr) =>
      error ? reject(new Error(`${command} ${args.join(' ')}\n${stdout}${stderr}`)) : resolve(stdout.trim()),
    );
  });
}

const tool = (name: string) => path.join(root, 'node_modules/.bin', name);

type Names = ReturnType<typeof freshNames>;

/** What the programs are told. */
const environment = ({ schemaName, tableName }: Names) => ({
  DATABASE_URL: process.env.TEST_SERVER_URL!,
  SCHEMA_NAME: schemaName,
  TABLE_NAME: tableName,
});

/** Names in a schema that is there and empty. */
async function freshSchema(): Promise<Names> {
  const names = freshNames();
  await freshPool().query(`CREATE SCHEMA ${pg.escapeIdentifier(names.schemaName)}`);
  return names;
}

/** What the table holds under a key of its sessions. */
async function stored(key: string, names: Names): Promise<string[]> {
  const { rows } = await freshPool().query(`SELECT sess ->> $1 AS value FROM ${quotedName(names)}`, [key]);
  return rows.map(({ value }) => value);
}

const programs = {
  "require('connect-pg-typed')(session)": 'require-factory.cjs',
  "require('connect-pg-typed').PgSessionStore": 'require-class.cjs',
  "require('connect-pg-typed').default": 'require-default.cjs',
  "import connectPgTyped from 'connect-pg-typed'": 'import-factory.mjs',
  "import { PgSessionStore } from 'connect-pg-typed'": 'import-class.mjs',
};

for (const [form, program] of Object.entries(programs)) {
  test(`${form} sets and gets`, async () => {
    const names = await freshSchema();
    assert.is(await run(node, [program], { env: environment(names) }), 'ada');
    assert.equal(await stored('user', names), ['ada']);
  });
}

for (const [form, program] of [
  ['require()', 'queries.cjs'],
  ['import', 'queries.mjs'],
] as const) {
  test(`the generated queries come by ${form} and work on a table under its own name`, async () => {
    const { store, names } = await freshStore();
    await store.set('a', session());
    await store.set('b', session());

    const answer = JSON.parse(await run(node, [program], { env: environment(names) }));
    assert.equal(answer, { count: 2, sids: ['a', 'b'] });
  });
}

for (const [form, program] of [
  ['require()', 'admin.cjs'],
  ['import', 'admin.mjs'],
] as const) {
  test(`the admin comes by ${form} and signs a user out everywhere`, async () => {
    const { store, names } = await freshStore();
    for (const [sid, user] of Object.entries({ a: 'ada', b: 'ada', c: 'bob' })) {
      await store.set(sid, session({ passport: { user } }));
    }
    const answer = JSON.parse(await run(node, [program], { env: environment(names) }));
    assert.equal(answer, { signedOut: 1, left: [store.handle('b'), store.handle('c')].sort() });
  });
}

test('the command line comes with the package', async () => {
  const { store, names } = await freshStore();
  await store.set('a', session());
  const command = path.join(consumer, 'node_modules/.bin/connect-pg-typed');
  const args = ['stats', '--json', '--schema', names.schemaName, '--table', names.tableName];
  assert.is(JSON.parse(await run(command, args, { env: environment(names) })).live, 1);
});

test('an app loads nothing of the command line, nor what only it depends on', async () => {
  const program =
    "require('connect-pg-typed'); require('connect-pg-typed/admin'); console.log(Object.keys(require.cache).join(' '))";
  const loaded = await run(node, ['-e', program]);
  assert.match(loaded, 'connect-pg-typed');
  assert.not.match(loaded, /cli-progress|connect-pg-typed\/dist\/\w+\/cli\//);
});

test('require() and import() give the same, and nothing that is not meant for apps', async () => {
  const exported = JSON.parse(await run(node, ['exports.cjs']));
  const names = ['PgSessionStore', 'SessionStoreError', 'default', 'saveBeforeResponse'];
  assert.equal(exported.require.sort(), names);
  assert.equal(exported.import.sort(), names);
  assert.equal(exported.admin, [['createAdmin'], ['createAdmin']]);
});

test("an app with another copy of express-session gets that copy's sessions", async () => {
  const names = await freshSchema();
  const loaded = JSON.parse(await run(node, ['another-express-session.cjs'], { env: environment(names) }));
  assert.equal(loaded, { user: 'ada', byTheAppsCopy: true, byTheOther: false, revived: false });
});

const compilations = new Map<string, Promise<string>>();

/** What the compiler says to test/package/consumer/<config>, third-party types included. */
function compile(config: string): Promise<string> {
  const compilation =
    compilations.get(config) ??
    run(tool('tsc'), ['-p', config, '--pretty', 'false']).catch((error: Error) => {
      const [, ...complaints] = error.message.split('\n');
      return complaints.join('\n').trim() || error.message; // a compiler that was killed says nothing
    });
  compilations.set(config, compilation);
  return compilation;
}

test('a TypeScript app compiles as an ES module, strictly and with all declarations checked', async () => {
  assert.is(await compile('tsconfig.esm.json'), '');
});

test('a TypeScript app compiles as CommonJS, strictly and with all declarations checked', async () => {
  // @pgtyped/runtime 2.4.2 calls its declarations .cts and lets them import ES modules: TS1479, hidden by skipLibCheck.
  const complaints = (await compile('tsconfig.cjs.json')).split('\n');
  const ofOurs = complaints.filter(
    (line) => !/^node_modules\/@pgtyped\/runtime\/lib\/index\.d\.cts.* TS1479/.test(line),
  );
  assert.is(ofOurs.join('\n'), '');
});

test('a TypeScript app compiles for a bundler, strictly and with all declarations checked', async () => {
  assert.is(await compile('tsconfig.json'), '');
});

test('a TypeScript program without esModuleInterop compiles, sets and gets', async () => {
  assert.is(await compile('tsconfig.without-interop.json'), '');
  const names = await freshSchema();
  assert.is(await run(node, ['without-interop.cjs'], { env: environment(names) }), 'ada');
});

/** Starts an app and visits it twice in one session: what it answers at the second visit. */
async function secondVisit(file: string, cwd: string, names: Names): Promise<string> {
  const app = spawn(node, [file], { cwd, env: { ...process.env, ...environment(names) } });
  const ended = once(app, 'exit');
  onEnd(() => {
    app.kill();
    return ended;
  });
  let complaints = '';
  app.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaints += text;
  });
  const address = await Promise.race([
    once(app.stdout.setEncoding('utf8'), 'data').then(([line]) => String(line).trim()),
    ended.then(([code]) => Promise.reject(new Error(`${file} ended with ${code}\n${complaints}`))),
  ]);
  const signal = AbortSignal.timeout(20_000);
  const first = await fetch(address, { signal });
  await first.text(); // express-session sends the headers before it saves, and the last byte after
  const cookie = first.headers.get('set-cookie')?.split(';')[0];
  return (await fetch(address, { signal, headers: cookie ? { cookie } : {} })).text();
}

for (const [file, config] of [
  ['app.mjs', 'tsconfig.esm.json'],
  ['app.cjs', 'tsconfig.cjs.json'],
] as const) {
  test(`the compiled app ${file} keeps sessions`, async () => {
    await compile(config);
    const names = await freshSchema();
    assert.is(await secondVisit(file, consumer, names), 'visit 2');
    assert.equal(await stored('views', names), ['2']);
  });
}

const bundles = {
  'as CommonJS': { from: 'app.cjs', to: 'bundle.cjs', options: ['--format=cjs'] },
  'as an ES module': {
    from: 'app.ts',
    to: 'bundle.mjs',
    options: [
      '--format=esm', // express is CommonJS and calls require(), which an ES module has not
      "--banner:js=import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    ],
  },
};

for (const [how, { from, to, options }] of Object.entries(bundles)) {
  test(`an app bundled ${how} makes its table and keeps sessions, alone in a folder`, async () => {
    await compile('tsconfig.cjs.json');
    const folder = mkdtempSync(path.join(scratch, 'bundle-'));
    const outfile = `--outfile=${path.join(folder, to)}`;
    await run(tool('esbuild'), [from, '--bundle', '--platform=node', '--target=node20', ...options, outfile]);
    assert.equal(readdirSync(folder), [to]);

    const names = await freshSchema();
    assert.is(await secondVisit(to, folder, names), 'visit 2');
    assert.equal(await stored('views', names), ['2']);
  });
}

test('the package holds what users need and nothing else', async () => {
  const modules = readdirSync(path.join(source, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => [file.replace(/\.ts$/, '.js'), file.replace(/\.ts$/, '.d.ts')]);
  const expected = [
    ...['CHANGELOG.md', 'LICENSE', 'README.md', 'SECURITY.md', 'package.json'],
    ...['sql', 'docs'].flatMap((folder) => readdirSync(path.join(source, folder)).map((file) => `${folder}/${file}`)),
    'examples/sign-out-user.ts', // the README leads to it, and to docs/
    ...[
      'package.json',
      'pgtyped.config.json',
      'tenants.ts',
      'sql/sessionsByTenant.sql',
      'queries/sessionsByTenant.ts',
    ].map(
      (file) => `examples/typed-queries/${file}`, // docs/typed-queries.md leads to it
    ),
    ...modules.map((file) => `dist/esm/${file}`),
    ...modules.filter((file) => !file.startsWith('cli/')).map((file) => `dist/cjs/${file}`), // the CLI is only run
    'examples/websockets/server.ts', // docs/admin.md leads to it
    ...['entry.cjs', 'entry.d.cts', 'package.json'].map((file) => `dist/cjs/${file}`),
  ];
  assert.equal(
    {
      missing: expected.filter((file) => !packed.includes(file)),
      needless: packed.filter((file) => !expected.includes(file)),
    },
    { missing: [], needless: [] },
  );
});

test('no file refers to a source map, since there is none', async () => {
  const folder = path.join(consumer, 'node_modules/connect-pg-typed');
  const referring = packed.filter((file) => readFileSync(path.join(folder, file), 'utf8').includes('sourceMappingURL'));
  assert.equal(referring, []);
});

test('installing the package runs nothing', async () => {
  const { scripts } = JSON.parse(
    readFileSync(path.join(consumer, 'node_modules/connect-pg-typed/package.json'), 'utf8'),
  );
  const atInstall = ['preinstall', 'install', 'postinstall'].filter((name) => name in scripts);
  assert.equal(atInstall, []);
});

test('publint has nothing to say', async () => {
  assert.match(await run(tool('publint'), ['run', '--strict', tarball]), /All good!/);
});

test('attw finds the types right for Node and for bundlers', async () => {
  await run(tool('attw'), [tarball, '--profile', 'node16']);
});
