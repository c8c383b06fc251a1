// `npm run types` and its --check, on copies of the tree that each have one defect.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import tls from 'node:tls';
import pg from 'pg';
import * as assert from 'uvu/assert';
import { onEnd, suite } from '../support/harness.js';

const test = suite('types', { timeout: 120_000 });
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'types test '));
const server = new URL(process.env.TEST_SERVER_URL!);
const urlOf = (database: string) =>
  Object.assign(new URL(server), { pathname: `/${encodeURIComponent(database)}` }).href;

const dev = `types dev ${process.pid}`; // a database with the table of sql/schema.sql
const empty = `types empty ${process.pid}`;
async function inDatabase(url: string, ...statements: string[]): Promise<pg.QueryResult> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    for (const statement of statements.slice(0, -1)) await client.query(statement);
    return await client.query(statements.at(-1)!);
  } finally {
    await client.end();
  }
}

const filesBelow = (folder: string): string[] =>
  fs.statSync(folder).isDirectory() ? fs.readdirSync(folder, { recursive: true, encoding: 'utf8' }) : [];

/** A copy of the files that `npm run types` needs. */
class Tree {
  readonly root = fs.mkdtempSync(path.join(folder, 'tree '));
  readonly at = (file: string) => path.join(this.root, file);

  constructor() {
    for (const part of ['dev', 'sql', 'src', 'package.json', 'pgtyped.config.json'])
      fs.cpSync(part, this.at(part), { recursive: true });
    fs.symlinkSync(path.resolve('node_modules'), this.at('node_modules'));
  }
  edit(file: string, change: (text: string) => string): void {
    const text = fs.readFileSync(this.at(file), 'utf8');
    assert.is.not(change(text), text, `the test must change ${file}`);
    fs.writeFileSync(this.at(file), change(text));
  }
  /** Returns a function that lists the files that were written or removed since. */
  watch(): () => string[] {
    const state = () =>
      fs
        .readdirSync(this.root)
        .filter((name) => name !== 'node_modules')
        .flatMap((name) => [name, ...filesBelow(this.at(name)).map((file) => `${name}/${file}`)])
        .filter((file) => fs.statSync(this.at(file)).isFile())
        .map((file) => `${file} of ${fs.statSync(this.at(file)).mtimeMs}: ${fs.readFileSync(this.at(file), 'utf8')}`);
    const before = new Set(state());
    return () => {
      const after = new Set(state());
      const changed = [...before, ...after].filter((file) => !before.has(file) || !after.has(file));
      return changed.map((file) => file.split(' ')[0]!);
    };
  }
}

/** Runs the command line in the tree. */
function run(tree: Tree, command: string[], env: NodeJS.ProcessEnv = {}): Promise<{ code: number; output: string }> {
  const [program, ...args] = command;
  return new Promise((resolve) => {
    const options = { cwd: tree.root, env: { ...process.env, ...env }, timeout: 60_000 };
    execFile(program!, args, options, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code ?? -1) : 0, output: stdout + stderr });
    });
  });
}
const types = (...args: string[]) => [process.execPath, '--import', 'tsx', 'dev/types/generate-types.ts', ...args];
const check = ['--check', '--url', urlOf(dev)];

interface Failure {
  /** Puts the defect into the tree. */
  change?: (tree: Tree) => unknown;
  /** Default: --check on the database with the table. */
  command?: string[];
  /** All these match the output. */
  messages: RegExp[];
}
const addQuery = (text: string) => (sql: string) => `${sql}\n${text}\n`;
const withUnknownColumn = (sql: string) => sql.replace('ORDER BY t.sid', 'ORDER BY t.nosuch');

const FAILURES: Record<string, Failure> = {
  'the check fails if generated code is out of date or missing, also through npm': {
    change: (tree) => {
      tree.edit('sql/session.sql', (sql) => sql.replace('ORDER BY t.sid', 'ORDER BY t.expire'));
      fs.rmSync(tree.at('src/generated/catalog.ts'));
    },
    command: ['npm', 'run', 'types', '--', ...check],
    messages: [
      /Run 'npm run types' and commit/,
      /out of date: src\/generated\/session\.ts/,
      /missing: src\/generated\/catalog\.ts/,
    ],
  },
  'the check fails if the source of a generated file is gone': {
    change: (tree) => fs.rmSync(tree.at('sql/admin.sql')),
    messages: [/Run 'npm run types' and commit/, /left over: src\/generated\/admin\.ts/],
  },
  'the check fails if a query does not compile': {
    change: (tree) => tree.edit('sql/session.sql', withUnknownColumn),
    messages: [/could not compile/, /column t\.nosuch does not exist/, /sql\/session\.sql: Query "ListSessions"/],
  },
  'the check fails if a file does not parse': {
    change: (tree) => tree.edit('sql/admin.sql', addQuery('/* @name unfinished */ SELECT 1 AS one')),
    messages: [/could not compile/, /Parse error/, /sql\/admin\.sql/],
  },
  'the check fails if one file uses a name twice': {
    change: (tree) => tree.edit('sql/session.sql', addQuery('/* @name countSessions */ SELECT 1 AS one;')),
    messages: [/two queries in sql\/session\.sql have the name countSessions\. Rename/],
  },
  'the check fails if two files use one name': {
    change: (tree) => tree.edit('sql/admin.sql', addQuery('/* @name countSessions */ SELECT 1 AS one;')),
    messages: [/two queries in sql\/admin\.sql and sql\/session\.sql have the name countSessions\. Rename/],
  },
  'the check fails if two files have one name, because pgtyped keeps only one of them': {
    change: (tree) => {
      fs.mkdirSync(tree.at('sql/more'));
      fs.writeFileSync(tree.at('sql/more/admin.sql'), '/* @name one */ SELECT 1 AS one;\n');
    },
    messages: [/generated nothing from sql\/(more\/)?admin\.sql\. Does another file have the same name/],
  },
  'the check fails if pgtyped did not make a file of src/generated/': {
    change: (tree) => fs.writeFileSync(tree.at('src/generated/mine.ts'), 'export const mine = 1;\n'),
    messages: [/pgtyped did not generate src\/generated\/mine\.ts\. Move it/],
  },
  'the check fails if pgtyped hangs': {
    change: (tree) => tree.edit('pgtyped.config.json', (json) => json.replace('{{name}}', '{{name | noSuchFilter}}')),
    command: types(...check, '--timeout', '4'),
    messages: [/pgtyped did not exit within 4 seconds/],
  },
  'the check fails if the database is down': {
    command: types('--check', '--url', 'postgres://user@127.0.0.1:1/none'),
    messages: [/cannot connect to the database: .*ECONNREFUSED/],
  },
  'the command fails without the table, and says how to create it': {
    command: types('--url', urlOf(empty)),
    messages: [/no table "session_store"\."session"\. Create it with psql URL -f sql\/schema\.sql/],
  },
  'the check fails if the URL is empty': {
    command: types('--check', '--url', ''),
    messages: [/--url must be a postgres:\/\/ URL/, /usage: npm run types/],
  },
  'the command fails and prints its usage if an option is unknown': {
    command: types('--chek'),
    messages: [/Unknown option '--chek'/, /usage: npm run types/],
  },
  'the command writes nothing if a query compiles to the type never': {
    change: (tree) => {
      tree.edit('sql/admin.sql', addQuery('/* @name nameless */ SELECT 1;'));
      fs.rmSync(tree.at('src/generated/session.ts'));
    },
    command: types('--url', urlOf(dev)),
    messages: [/'Nameless' is invalid/, /anonymous column/],
  },
};

interface Outcome {
  code: number;
  output: string;
  changed: string[];
}
const outcomes = new Map<string, Promise<Outcome>>();

test.before(async () => {
  await inDatabase(server.href, `CREATE DATABASE "${dev}"`, `CREATE DATABASE "${empty}"`);
  for (const file of ['sql/schema.sql', 'dev/types/citus.sql']) {
    await inDatabase(urlOf(dev), fs.readFileSync(file, 'utf8'));
  }

  // A run takes seconds, so all of them start here, two at a time. Each test waits for one.
  const lanes: Promise<unknown>[] = [Promise.resolve(), Promise.resolve()];
  for (const [index, [title, { change, command = types(...check) }]] of Object.entries(FAILURES).entries()) {
    const outcome = lanes[index % 2]!.then(async () => {
      const tree = new Tree();
      change?.(tree);
      const changed = tree.watch();
      return { ...(await run(tree, command)), changed: changed() };
    });
    lanes[index % 2] = outcome.catch(() => {});
    outcomes.set(title, outcome);
  }
});

test.after(async () => {
  await Promise.allSettled(outcomes.values());
  for (const name of [dev, empty]) await inDatabase(server.href, `DROP DATABASE IF EXISTS "${name}"`);
  fs.rmSync(folder, { recursive: true });
});

const HOSTILE_ENV = {
  URI: 'postgres://nobody@127.0.0.1:1/none',
  DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none',
  PGURI: 'postgres://nobody@127.0.0.1:1/none',
  PGHOST: '127.0.0.1',
  PGPORT: '1',
  PGUSER: 'nobody',
  PGPASSWORD: 'none',
  PGDATABASE: 'none',
  CONFIG: 'none.json',
  FILE: 'none.sql',
  WATCH: 'true',
  HELP: 'true',
  FORCE_COLOR: '1',
  LC_ALL: 'da_DK.UTF-8',
};

test('the check succeeds and writes nothing if the code is up to date, in any environment', async () => {
  const tree = new Tree();
  const changed = tree.watch();

  const { code, output } = await run(tree, types(...check), HOSTILE_ENV);

  assert.is(code, 0, output);
  assert.match(output, /src\/generated\/ is up to date/);
  assert.equal(changed(), []);
});

test('the check fails if a description differs from that of the server', async () => {
  const tree = new Tree();
  tree.edit('src/generated/descriptions.ts', (text) => text.replace('"text"', '"uuid"'));
  const { code, output } = await run(tree, types(...check));
  assert.is(code, 1);
  assert.match(output, /out of date: src\/generated\/descriptions.ts/);
});

test('the command writes, rewrites and removes generated files with a temporary server, in any environment', async () => {
  const tree = new Tree();
  const files = () =>
    fs
      .readdirSync(tree.at('src/generated'))
      .map((file) => [file, fs.readFileSync(tree.at(`src/generated/${file}`), 'utf8')]);
  const expected = files();
  fs.copyFileSync(tree.at('src/generated/admin.ts'), tree.at('src/generated/old.ts'));
  fs.rmSync(tree.at('src/generated/catalog.ts'));
  tree.edit('src/generated/session.ts', (text) => text.slice(0, -1));
  tree.edit('src/generated/descriptions.ts', (text) => text.replace('"text"', '"uuid"'));

  const { code, output } = await run(tree, types(), { ...HOSTILE_ENV, PGSSLMODE: 'require' });

  assert.is(code, 0, output);
  assert.equal(files(), expected);
});

// A private key that only this test uses, with its certificate.
const KEY = `MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgrchX5/y22SzWlZxljdnugKJfnrJkdv2c24cffVNJcWihRANC
AAS+QmT7/eNfsYrYwin68wU4GGw2y/OQYBe/O0DmFpZP5vyo4MtoN4Ul8i2LAYaOQTgxX3lJWTjlb3BsyzlxEIu8`;
const CERTIFICATE = `MIIBGjCBwQIUHXRJRzEXwaP8x0Eyho24LbAk3HEwCgYIKoZIzj0EAwIwDzENMAsGA1UEAwwEdGVzdDAgFw0yNjExMjMy
MzE1MDlaGA8yMTI2MTAzMDIzMTUwOVowDzENMAsGA1UEAwwEdGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABL5CZPv941+xitjCKfrzBTgY
bDbL85BgF787QOYWlk/m/Kjgy2g3hSXyLYsBho5BODFfeUlZOOVvcGzLOXEQi7wwCgYIKoZIzj0EAwIDSAAwRQIgcZ1Dg1/T+gs4d/6yJGSMQJcR
f5TgonH5TByZnNJaiOsCIQDNrvv9XRh0G9vcqvQeQn85ob2Qd8n+AZY/XI5347AAYQ==`;
const pem = (label: string, body: string) => `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----\n`;

test('the check connects by a Unix socket, with TLS and with a password that a URL has to encode', async () => {
  const socketFolder = fs.mkdtempSync(path.join(os.tmpdir(), 'pg-'));
  onEnd(() => fs.rmSync(socketFolder, { recursive: true }));
  const secureContext = tls.createSecureContext({
    key: pem('PRIVATE KEY', KEY),
    cert: pem('CERTIFICATE', CERTIFICATE),
  });
  const proxy = net.createServer((socket) => {
    socket
      .on('error', () => {})
      .once('data', (request) => {
        if (request.length !== 8) return socket.destroy(); // not a request for TLS
        socket.write('S');
        const client = new tls.TLSSocket(socket, { isServer: true, secureContext }).on('error', () => {});
        const database = net.connect(Number(server.port || 5432), server.hostname).on('error', () => {});
        return client.pipe(database).pipe(client);
      });
  });
  await once(proxy.listen(path.join(socketFolder, '.s.PGSQL.5432')), 'listening');
  onEnd(() => proxy.close());
  const role = `types developer ${process.pid}`;
  const password = 'p@ss:w/rd #%?&é';
  await inDatabase(
    urlOf(dev),
    `CREATE ROLE "${role}" LOGIN PASSWORD '${password}'`,
    `GRANT USAGE ON SCHEMA session_store TO "${role}"`,
  );
  onEnd(() => inDatabase(urlOf(dev), `DROP OWNED BY "${role}"`, `DROP ROLE "${role}"`));
  const [user, secret, host, name] = [role, password, socketFolder, dev].map(encodeURIComponent);
  const url = `postgres://${user}:${secret}@/${name}?host=${host}&port=5432&sslmode=no-verify`;

  const { code, output } = await run(new Tree(), types('--check', '--url', url));

  assert.is(code, 0, output);
});

for (const [title, { messages }] of Object.entries(FAILURES)) {
  test(title, async () => {
    const { code, output, changed } = await outcomes.get(title)!;

    assert.is(code, 1, output);
    for (const message of messages) assert.match(output, message);
    assert.equal(changed, []);
  });
}

test('the command does not write to the database of a URL', async () => {
  await outcomes.get('the command fails without the table, and says how to create it');

  const { rows } = await inDatabase(urlOf(empty), `SELECT nspname FROM pg_namespace WHERE nspname = 'session_store'`);

  assert.equal(rows, []);
});
