// Packs the package, installs it into an empty folder, and runs the programs of
// test/package/consumer/ there.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type * as Runtime from '@pgtyped/runtime';
import { build } from 'esbuild';
import pg from 'pg';
import * as assert from 'uvu/assert';
import { anchor } from '../../dev/docs/markdown.js';
import type * as Types from '../../dev/pgtyped-types.js';
import { citusTable, hasCitus } from '../support/citus.js';
import {
  compilerErrors,
  consumer,
  installConsumer,
  root,
  run,
  sameVersion,
  scratch,
  source,
} from '../support/consumer.js';
import { freshDatabase } from '../support/fresh-database.js';
import { freshNames, freshPool, freshStore, session } from '../support/fresh-store.js';
import { onEnd, suite } from '../support/harness.js';
import { quotedName } from '../support/stores.js';

// The build writes these types in place of those of @pgtyped/runtime: they must fit.
export const fits: [Runtime.IDatabaseConnection, Types.IDatabaseConnection] extends [
  Types.IDatabaseConnection,
  Runtime.IDatabaseConnection,
]
  ? Runtime.PreparedQuery<string, number> extends Types.PreparedQuery<string, number>
    ? true
    : never
  : never = true;

const test = suite('package', { timeout: 120_000 });

const node = process.execPath;
let tarball = '';
let packed: string[] = [];

test.before(async () => {
  ({ tarball, packed } = await installConsumer());
});

const tool = (name: string) => path.join(root, 'node_modules/.bin', name);

type Names = ReturnType<typeof freshNames>;

/** The variables that the consumer programs read. */
const environment = ({ schemaName, tableName }: Names) => ({
  DATABASE_URL: process.env.TEST_SERVER_URL!,
  SCHEMA_NAME: schemaName,
  TABLE_NAME: tableName,
});

/** Names in an empty schema. */
async function freshSchema(): Promise<Names> {
  const names = freshNames();
  await freshPool().query(`CREATE SCHEMA ${pg.escapeIdentifier(names.schemaName)}`);
  return names;
}

/** The values of a key in all sessions of the table. */
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
  test(`a program with ${form} sets and gets a session`, async () => {
    const names = await freshSchema();
    assert.is(await run(node, [program], { env: environment(names) }), 'ada');
    assert.equal(await stored('user', names), ['ada']);
  });
}

for (const [form, program] of [
  ['require()', 'queries.cjs'],
  ['import', 'queries.mjs'],
] as const) {
  test(`the generated queries load with ${form} and work on a table with another name`, async () => {
    const { store, names } = await freshStore();
    await store.set('a', session());
    await store.set('b', session());

    const output = JSON.parse(await run(node, [program], { env: environment(names) }));
    assert.equal(output, { count: 2, sids: ['a', 'b'] });
  });
}

for (const [form, program] of [
  ['require()', 'admin.cjs'],
  ['import', 'admin.mjs'],
] as const) {
  test(`the admin loads with ${form} and signs a user out`, async () => {
    const { store, names } = await freshStore();
    for (const [sid, user] of Object.entries({ a: 'ada', b: 'ada', c: 'bob' })) {
      await store.set(sid, session({ passport: { user } }));
    }
    const output = JSON.parse(await run(node, [program], { env: environment(names) }));
    assert.equal(output, { signedOut: 1, left: [store.handle('b'), store.handle('c')].sort() });
  });
}

test('calls at once of the installed package reach each session of a plain table', async () => {
  const { names } = await freshStore();
  assert.is(await run(node, ['batches.mjs'], { env: environment(names) }), '48');
});

if (hasCitus('calls at once of the installed package reach each session of a distributed table')) {
  test('calls at once of the installed package reach each session of a distributed table', async () => {
    const { names } = await citusTable(4);
    const env = { ...environment(names), DATABASE_URL: process.env.TEST_CITUS_URL! };
    assert.is(await run(node, ['batches.mjs'], { env }), '48');
  });
}

test('the package installs the command line', async () => {
  const { store, names } = await freshStore();
  await store.set('a', session());
  const command = path.join(consumer, 'node_modules/.bin/connect-pg-typed');
  const args = ['stats', '--json', '--schema', names.schemaName, '--table', names.tableName];
  assert.is(JSON.parse(await run(command, args, { env: environment(names) })).live, 1);
});

test('an app does not load the command line or its dependencies', async () => {
  const program =
    "require('connect-pg-typed'); require('connect-pg-typed/admin'); console.log(Object.keys(require.cache).join(' '))";
  const loaded = await run(node, ['-e', program]);
  assert.match(loaded, 'connect-pg-typed');
  assert.not.match(loaded, /cli-progress|connect-pg-typed\/dist\/\w+\/cli\//);
});

test('require() and import() give the same public exports', async () => {
  const exported = JSON.parse(await run(node, ['exports.cjs']));
  const names = ['PgSessionStore', 'SessionStoreError', 'default', 'readThrough', 'saveBeforeResponse'];
  assert.equal(exported.require.sort(), names);
  assert.equal(exported.import.sort(), names);
  assert.equal(exported.admin, [['createAdmin'], ['createAdmin']]);
});

test('load() gives sessions of the express-session copy that the app passed to the factory', async () => {
  const names = await freshSchema();
  const loaded = JSON.parse(await run(node, ['another-express-session.cjs'], { env: environment(names) }));
  assert.equal(loaded, { user: 'ada', isOfAppsCopy: true, isOfOtherCopy: false, revived: false });
});

const compilations = new Map<string, Promise<string>>();

/**
 * The errors of the compiler for test/package/consumer/<config>. It checks the types of
 * dependencies too.
 */
function compile(config: string): Promise<string> {
  const compilation = compilations.get(config) ?? compilerErrors(tool('tsc'), config);
  compilations.set(config, compilation);
  return compilation;
}

test('a TypeScript app compiles as an ES module in strict mode without skipLibCheck', async () => {
  assert.is(await compile('tsconfig.esm.json'), '');
});

test('a TypeScript app compiles as CommonJS in strict mode without skipLibCheck', async () => {
  assert.is(await compile('tsconfig.cjs.json'), '');
});

for (const [what, config] of [
  ['CommonJS with moduleResolution node10', 'tsconfig.node10.json'],
  ['ES modules with moduleResolution node10', 'tsconfig.node10-esm.json'],
  ['CommonJS with moduleResolution nodenext', 'tsconfig.nodenext-cjs.json'],
  ['an ES module with moduleResolution node16', 'tsconfig.node16-esm.json'],
]) {
  test(`a TypeScript app that imports all entry points compiles as ${what} without skipLibCheck`, async () => {
    assert.is(await compile(config!), '');
  });
}

test('a TypeScript app compiles for a bundler in strict mode without skipLibCheck', async () => {
  assert.is(await compile('tsconfig.json'), '');
});

test('the TypeScript of docs/migrating.md compiles as an ES module, and with require()', async () => {
  const page = readFileSync(path.join(root, 'docs/migrating.md'), 'utf8');
  const [, program] = /^```ts\n(.*?)^```$/ms.exec(page)!;
  const [, required] = /`(import connectPgTyped = require\(.*?\))`/.exec(page)!;
  const use = 'export const options: connectPgTyped.StoreOptions = {}; new connectPgTyped.PgSessionStore(options);';
  writeFileSync(path.join(consumer, 'migrating.mts'), program!);
  writeFileSync(path.join(consumer, 'migrating.cts'), `${required}; ${use}`);
  assert.is(await compile('tsconfig.migrating.json'), '');
});

test('a TypeScript program without esModuleInterop compiles, sets and gets', async () => {
  assert.is(await compile('tsconfig.without-interop.json'), '');
  const names = await freshSchema();
  assert.is(await run(node, ['without-interop.cjs'], { env: environment(names) }), 'ada');
});

/** Starts an app, visits it twice in one session, and returns its second response. */
async function secondVisit(file: string, cwd: string, names: Names): Promise<string> {
  const app = spawn(node, [file], { cwd, env: { ...process.env, ...environment(names) } });
  const exited = once(app, 'exit');
  onEnd(() => {
    app.kill();
    return exited;
  });
  let errors = '';
  app.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const address = await Promise.race([
    once(app.stdout.setEncoding('utf8'), 'data').then(([line]) => String(line).trim()),
    exited.then(([code]) => Promise.reject(new Error(`${file} exited with ${code}\n${errors}`))),
  ]);
  const signal = AbortSignal.timeout(20_000);
  const first = await fetch(address, { signal });
  await first.text(); // express-session sends the headers before it saves, and the last byte afterwards
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

test('an app bundled from its require() form creates its table and keeps sessions without node_modules', async () => {
  await compile('tsconfig.cjs.json');
  const folder = mkdtempSync(path.join(scratch, 'bundle-'));
  const outfile = `--outfile=${path.join(folder, 'bundle.cjs')}`;
  await run(tool('esbuild'), ['app.cjs', '--bundle', '--platform=node', '--target=node20', '--format=cjs', outfile]);

  const names = await freshSchema();
  assert.is(await secondVisit('bundle.cjs', folder, names), 'visit 2');
  assert.equal(await stored('views', names), ['2']);
});

const BUNDLERS = ['@vercel/ncc@0.45.0', 'webpack@5.113.0', 'webpack-cli@7.3.1'];
let bundlers: Promise<unknown> | undefined;

const bundling = [...readFileSync(path.join(root, 'docs/deploying.md'), 'utf8').matchAll(/^```sh\n(.*?)^```$/gms)]
  .flatMap(([, text]) => text!.split(/\n(?=npx )/))
  .filter((command) => /^npx (esbuild|ncc|webpack) /.test(command));

for (const command of bundling) {
  const built = /out\/\w+/.exec(command)![0];
  test(`an app bundled into ${built} by a command of docs/deploying.md runs without node_modules`, async () => {
    await compile('tsconfig.esm.json');
    bundlers ??= run('npm', [
      ...['install', '--prefer-offline', '--no-audit', '--no-fund', '--no-save', sameVersion('esbuild')],
      ...BUNDLERS,
    ]);
    await bundlers;
    await run('/bin/sh', ['-ec', command]);
    const folder = mkdtempSync(path.join(scratch, 'bundle-'));
    cpSync(path.join(consumer, built), folder, { recursive: true });
    const file = readdirSync(folder).find((name) => /\.[cm]?js$/.test(name))!;
    const names = await freshSchema();
    assert.is(await secondVisit(file, folder, names), 'visit 2');
    assert.equal(await stored('views', names), ['2']);
  });
}

test('docs/deploying.md bundles with three tools, and with one of them as an ES module too', () => {
  assert.is(bundling.length, 4);
});

test('a query of the package fails without bindTable(), also where the stand-in exists', async () => {
  const { url } = await freshDatabase();
  const pool = freshPool({ connectionString: url });
  await pool.query(readFileSync(path.join(root, 'sql/schema.sql'), 'utf8'));
  const program = (load: string) => `${load}
    const pool = new pg.Pool({ connectionString: ${JSON.stringify(url)} });
    const bound = bindTable(pool, { schemaName: 'session_store' });
    countSessions.run(undefined, bound).then(([{ count }]) => countSessions.run(undefined, pool)
      .catch((error) => console.log(count, error.message))).finally(() => pool.end());`;
  const names = '{ bindTable, countSessions }';
  for (const [type, load] of [
    ['module', `import ${names} from 'connect-pg-typed/queries'; import pg from 'pg';`],
    ['commonjs', `const ${names} = require('connect-pg-typed/queries'); const pg = require('pg');`],
  ] as const) {
    const printed = await run(node, [`--input-type=${type}`, '-e', program(load)]);
    assert.is(printed, '0 relation "use bindTable.session" does not exist');
  }
});

test('the package brings no SQL parser', () => {
  const installed = readdirSync(path.join(consumer, 'node_modules'));
  assert.ok(installed.includes('connect-pg-typed'));
  assert.equal(
    installed.filter((name) => /pgtyped$|antlr/.test(name) && name !== 'connect-pg-typed'),
    [],
  );
});

test("a minified bundle of the README's program is at most 110 kB larger than one with MemoryStore and pg", async () => {
  const [, program] = /```js\n(.*?)```/s.exec(readFileSync(path.join(root, 'README.md'), 'utf8'))!;
  const withMemoryStore = program!
    .replace(/^import connectPgTyped.*$/m, '')
    .replace(/^const PgStore.*$/m, '')
    .replace(/new PgStore\(.*\)/, 'Object.assign(new session.MemoryStore(), { pool })')
    .replace(/^app\.use\(saveBeforeResponse.*$/m, '');
  const sizeOf = async (contents: string) => {
    const { outputFiles } = await build({
      stdin: { contents, resolveDir: consumer },
      bundle: true,
      minify: true,
      format: 'esm',
      platform: 'node',
      external: ['pg-native'],
      write: false,
    });
    return outputFiles[0]!.contents.length;
  };
  const added = (await sizeOf(program!)) - (await sizeOf(withMemoryStore));
  assert.ok(added > 10_000 && added <= 110_000, `${added} bytes`);
});

test('the store loads in less than 0.4 times the time of pg and express-session', async () => {
  const timesOf = async (type: string, load: (name: string) => string) => {
    const times: number[] = [];
    for (let n = 0; n < 20; n++) {
      const script = `const started = performance.now(); ${load('pg')}; ${load('express-session')};
        const loaded = performance.now(); ${load('connect-pg-typed')};
        console.log((performance.now() - loaded) / (loaded - started));`;
      times.push(Number(await run(node, [`--input-type=${type}`, '-e', script])));
    }
    return times.sort((one, other) => one - other)[10]!;
  };
  const imported = await timesOf('module', (name) => `await import('${name}')`);
  const required = await timesOf('commonjs', (name) => `require('${name}')`);
  // 0.25 on an idle machine. With a file for each module it was 0.5 and more.
  assert.ok(imported < 0.4 && required < 0.4, `import ${imported}, require ${required}`);
});

test('a command takes at most 1.5 times the CPU of a script that runs one query with pg', async () => {
  const { names } = await freshStore();
  const env = { ...environment(names), NODE_OPTIONS: `--require=${JSON.stringify(path.join(consumer, 'cpu.cjs'))}` };
  const report = "process.on('exit', () => console.log(process.cpuUsage().user + process.cpuUsage().system))";
  writeFileSync(path.join(consumer, 'cpu.cjs'), report);
  writeFileSync(
    path.join(consumer, 'one-query.mjs'),
    `import pg from 'pg';
    const client = new pg.Client(process.env.DATABASE_URL);
    await client.connect();
    await client.query('SELECT 1');
    await client.end();`,
  );
  const program = path.join(consumer, 'node_modules/connect-pg-typed/dist/esm/cli/main.js');
  const at = ['--schema', names.schemaName, '--table', names.tableName];
  const cpuOf = async (...args: string[]) => Number((await run(node, args, { env })).split('\n').at(-1));
  const [plain, ofCommand]: number[][] = [[], []];
  for (let round = 0; round < 5; round++) {
    plain!.push(await cpuOf('one-query.mjs'));
    ofCommand!.push(await cpuOf(program, 'stats', ...at));
  }
  const ratio = Math.min(...ofCommand!) / Math.min(...plain!);
  assert.ok(ratio <= 1.5, `${ratio.toFixed(2)} times`);
});

test('each link of a page in the package leads to a file and a heading in the package', () => {
  const installed = path.join(consumer, 'node_modules/connect-pg-typed');
  const pages = packed.filter((file) => file.endsWith('.md'));
  assert.ok(pages.length > 10);
  let count = 0;
  for (const page of pages) {
    const text = readFileSync(path.join(installed, page), 'utf8');
    for (const [link, target, id] of text.matchAll(/\]\((?!https?:)([^)#\s]*)#?([^)]*)\)/g)) {
      const file = target ? path.join(path.dirname(page), target) : page;
      assert.ok(existsSync(path.join(installed, file)), `${page}: ${link}`);
      count++;
      if (!id) continue;
      const headings = readFileSync(path.join(installed, file), 'utf8').matchAll(/^#+ (.*)$/gm);
      assert.ok(
        [...headings].some(([, heading]) => anchor(heading!) === id),
        `${page}: ${link}`,
      );
    }
    const ofProject = text.match(/https?:\/\/\S*connect-pg-typed\S*/g) ?? [];
    assert.equal(ofProject, [], `${page} names an address of the project, which is not public`);
  }
  assert.ok(count > 100, `${count} links`);
});

test('the package contains the expected files and no others', async () => {
  const modules = readdirSync(path.join(source, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => file.replace(/\.ts$/, '.d.ts'));
  const expected = [
    ...['CHANGELOG.md', 'CONTRIBUTING.md', 'LICENSE', 'README.md', 'SECURITY.md', 'package.json'],
    ...['sql', 'docs'].flatMap((folder) => readdirSync(path.join(source, folder)).map((file) => `${folder}/${file}`)),
    'examples/sign-out-user.ts', // the README links to it and to docs/
    ...[
      'package.json',
      'pgtyped.config.json',
      'tenants.ts',
      'sql/sessionsByTenant.sql',
      'queries/sessionsByTenant.ts',
    ].map(
      (file) => `examples/typed-queries/${file}`, // docs/typed-queries.md links to it
    ),
    ...modules.map((file) => `dist/esm/${file}`),
    ...modules.filter((file) => !file.startsWith('cli/')).map((file) => `dist/cjs/${file}`), // no app imports the CLI
    'examples/websockets/server.ts', // docs/admin.md links to it
    ...['entry.cjs', 'entry.d.cts', 'package.json'].map((file) => `dist/cjs/${file}`),
    ...['cjs', 'esm'].flatMap((kind) =>
      ['pgtyped-types.d.ts', 'index.js', 'queries.js', 'admin/admin.js'].map((file) => `dist/${kind}/${file}`),
    ),
    'dist/esm/cli/main.js',
    ...packed.filter((file) => /^dist\/(cjs|esm|esm\/cli)\/chunks\/[A-Z0-9]{8}\.js$/.test(file)),
  ];
  assert.equal(
    {
      missing: expected.filter((file) => !packed.includes(file)),
      unexpected: packed.filter((file) => !expected.includes(file)),
    },
    { missing: [], unexpected: [] },
  );
});

test('no file of the package refers to a source map, because the package has none', async () => {
  const folder = path.join(consumer, 'node_modules/connect-pg-typed');
  const withReference = packed.filter((file) =>
    readFileSync(path.join(folder, file), 'utf8').includes('sourceMappingURL'),
  );
  assert.equal(withReference, []);
});

test('installing the package runs nothing', async () => {
  const { scripts } = JSON.parse(
    readFileSync(path.join(consumer, 'node_modules/connect-pg-typed/package.json'), 'utf8'),
  );
  const atInstall = ['preinstall', 'install', 'postinstall'].filter((name) => name in scripts);
  assert.equal(atInstall, []);
});

test('publint finds no problem', async () => {
  assert.match(await run(tool('publint'), ['run', '--strict', tarball]), /All good!/);
});

test('attw finds no problem with the types for Node, node10 included, and for bundlers', async () => {
  await run(tool('attw'), [tarball, '--profile', 'strict']);
});
