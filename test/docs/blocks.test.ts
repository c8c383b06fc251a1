// The code blocks of README and docs/ compile, and their commands exist. Other tests run most of
// them.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import * as assert from 'uvu/assert';
import { parseArguments } from '../../src/cli/arguments.js';
import { COMMANDS } from '../../src/cli/commands/index.js';
import { freshDatabase } from '../support/fresh-database.js';
import { freshPool } from '../support/fresh-store.js';
import { suite } from '../support/harness.js';

const test = suite('blocks', { timeout: 60_000 });

interface Block {
  /** The page and the line. */
  place: string;
  language: string;
  text: string;
}

// api.md holds declarations, and cli.md holds output: a test compares them with the source.
const pages = ['README.md', 'CONTRIBUTING.md', ...readdirSync('docs').map((page) => `docs/${page}`)].filter(
  (page) => page.endsWith('.md') && !/(api|cli)\.md$/.test(page),
);
const blocks = pages.flatMap((page): Block[] => {
  const markdown = readFileSync(page, 'utf8');
  return [...markdown.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(({ index, 1: language, 2: text }) => ({
    place: `${page}:${markdown.slice(0, index).split('\n').length}`,
    language: language!,
    text: text!,
  }));
});
const ofLanguages = (...languages: string[]) => blocks.filter(({ language }) => languages.includes(language));

test('each block has a language that a test reads', () => {
  const known = ['text', 'js', 'ts', 'sh', 'sql', 'json', 'diff', 'dockerfile', 'yaml', 'haproxy', 'ini'];
  const unknown = blocks.filter(({ language, place }) => !known.includes(language) && !/^CONTRIBUTING/.test(place));
  assert.equal(
    unknown.map(({ place }) => place),
    [],
  );
  assert.ok(blocks.length > 40, `${blocks.length} blocks`);
});

/** What a block may use without declaring it. */
const SURROUNDINGS: Record<string, string> = {
  app: "import('express').Express",
  pool: "import('pg').Pool",
  store: "import('connect-pg-typed').PgSessionStore",
  admin: "import('connect-pg-typed/admin').Admin",
  PgStore: "typeof import('connect-pg-typed').PgSessionStore",
  PgSessionStore: "typeof import('connect-pg-typed').PgSessionStore",
  session: "typeof import('express-session')",
  pg: "typeof import('pg')",
  saveBeforeResponse: "typeof import('connect-pg-typed').saveBeforeResponse",
  connectPgTyped: "typeof import('connect-pg-typed').default",
  secret: 'string',
  devicesPage: '(page: object) => string',
  closeSocketsOf: '(handle: string) => void',
  checkAllSockets: '() => void',
  deleteFilesOf: '(handles: string[]) => Promise<void>',
};
/** Modules that a block imports and that are not installed here. */
const ELSEWHERE = [
  '@aws-sdk/rds-signer',
  '@neondatabase/serverless',
  '@opentelemetry/exporter-trace-otlp-http',
  '@opentelemetry/instrumentation',
  '@opentelemetry/instrumentation-express',
  '@opentelemetry/instrumentation-http',
  '@opentelemetry/instrumentation-pg',
  '@opentelemetry/sdk-trace-node',
  'cloudflare:node',
  'cloudflare:workers',
  './queries/sessionsByTenant.js',
  'connect-redis',
  'express-openid-connect',
  'fastify',
  'koa',
  'next-session',
  'prom-client',
  'react-router',
  'redis',
  'socket.io',
];

test('each block of JavaScript and TypeScript compiles', () => {
  const programs = ofLanguages('js', 'ts').filter(({ text }) => !text.includes('module.exports'));
  assert.ok(programs.length > 10);
  const files = new Map(
    programs.map(({ text, language }, n) => {
      const declared = Object.keys(SURROUNDINGS).filter((name) =>
        new RegExp(`(const|let|class|function|import) ${name}\\b|import .*\\b${name}\\b.* from`).test(text),
      );
      const missing = Object.entries(SURROUNDINGS).filter(([name]) => !declared.includes(name));
      const prelude = missing.map(([name, type]) => `declare const ${name}: ${type};`).join(' ');
      const augmentation = "declare module 'express-session' { interface SessionData { [key: string]: any } }";
      const name = path.resolve(`test/docs/block-${n}.${language === 'ts' ? 'ts' : 'js.ts'}`);
      return [name, `${prelude} ${augmentation} export {};\n${text}`] as const;
    }),
  );
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    strict: true,
    noImplicitAny: false,
    strictNullChecks: false,
    noEmit: true,
    skipLibCheck: true,
    types: ['node'],
    paths: {
      'connect-pg-typed': [path.resolve('src/index.ts')],
      'connect-pg-typed/*': [path.resolve('src/*.ts'), path.resolve('src/admin/*.ts')],
    },
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  host.fileExists = (file) => files.has(file) || fileExists(file);
  host.readFile = (file) => files.get(file) ?? readFile(file);
  host.getSourceFile = (file, version, ...rest) => {
    const text = files.get(file);
    return text === undefined ? getSourceFile(file, version, ...rest) : ts.createSourceFile(file, text, version);
  };
  const program = ts.createProgram([...files.keys()], options, host);
  const names = [...files.keys()];
  const wrong = ts.getPreEmitDiagnostics(program).flatMap(({ file, start = 0, messageText }) => {
    const n = names.indexOf(file?.fileName ?? '');
    const message = ts.flattenDiagnosticMessageText(messageText, ' ');
    if (n < 0 || ELSEWHERE.some((name) => message.includes(`'${name}'`))) return [];
    const { line } = file!.getLineAndCharacterOfPosition(start);
    return [`${programs[n]!.place}, line ${line} of the block: ${message}`];
  });
  assert.equal(wrong, []);
});

test('docs/monitoring.md has the programs of examples/monitoring, which a test runs', () => {
  const page = readFileSync('docs/monitoring.md', 'utf8');
  for (const name of ['logging', 'metrics', 'tracing']) {
    const program = readFileSync(`examples/monitoring/${name}.mjs`, 'utf8');
    assert.ok(page.includes(`\`\`\`js\n${program}\`\`\`\n`), name);
  }
});

test('each command of a block exists, with its options', async () => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'));
  let count = 0;
  for (const { place, text } of ofLanguages('sh')) {
    for (const line of text.split('\n')) {
      const words =
        line
          .replace(/\s#.*$/, '')
          .trim()
          .match(/"[^"]*"|'[^']*'|\S+/g) ?? [];
      const typed = (words as string[]).indexOf('connect-pg-typed');
      if (words[typed - 1] === 'npx') {
        const [name, ...args] = words.slice(typed + 1).filter((word) => !/^[<>|]/.test(word));
        const load = COMMANDS[name!];
        assert.ok(load, `${place}: there is no command ${name}`);
        assert.ok(parseArguments(args, (await load()).options), place);
        count++;
      }
      for (const [, script] of line.matchAll(/\bnpm run ([\w:-]+)/g))
        assert.ok(scripts[script!], `${place}: ${script}`);
      for (const [, file] of line.matchAll(/--import tsx (\S+)/g)) assert.ok(existsSync(file!), `${place}: ${file}`);
    }
  }
  assert.ok(count > 15, `${count} commands`);
});

test('each block of JSON is JSON', () => {
  for (const { place, text } of ofLanguages('json')) {
    const json = /^\s*[{[]/.test(text) ? text : `{ ${text} }`;
    assert.not.throws(() => JSON.parse(json), undefined, place);
  }
});

test('each block of SQL can run twice', async () => {
  for (const { place, text } of ofLanguages('sql')) {
    const { url } = await freshDatabase();
    const pool = freshPool({ connectionString: url });
    const table = 'session (sid varchar PRIMARY KEY, sess json NOT NULL, expire timestamp NOT NULL)';
    await pool.query(`CREATE SCHEMA web; CREATE SCHEMA session_store; CREATE TABLE web.${table}`);
    if (!/CREATE TABLE/.test(text)) await pool.query(`CREATE TABLE ${table}`);
    await pool.query(`CREATE TABLE session_store.${table}`);
    const sql = text.replace(/\bTO app\b/g, 'TO current_user').replace(/:(\w+)!/g, 'NULL');
    for (let run = 0; run < 2; run++) {
      await pool.query(sql).catch((error) => assert.unreachable(`${place}: ${error.message}`));
    }
  }
});
