// `npm run types` and its --check, on copies of the tree that are broken in one way each.
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

const dev = `types dev ${process.pid}`; // has the table of sql/schema.sql
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

const below = (place: string): string[] =>
  fs.statSync(place).isDirectory() ? fs.readdirSync(place, { recursive: true, encoding: 'utf8' }) : [];

/** A copy of what `npm run types` needs, to break. */
class Tree {
  readonly root = fs.mkdtempSync(path.join(folder, 'tree '));
  readonly at = (file: string) => path.join(this.root, file);

  constructor() {
    for (const part of [
      'dev',
      'sql',
      'src/generated',
      'src/postgres/describe-statement.ts',
      'package.json',
      'pgtyped.config.json',
    ])
      fs.cpSync(part, this.at(part), { recursive: true });
    fs.symlinkSync(path.resolve('node_modules'), this.at('node_modules'));
  }
  edit(file: string, change: (text: string) => string): void {
    const text = fs.readFileSync(this.at(file), 'utf8');
    assert.is.not(change(text), text, `the test must change ${file}`);
    fs.writeFileSync(this.at(file), change(text));
  }
  /** The files that were written or removed since. */
  watch(): () => string[] {
    const state = () =>
      fs
        .readdirSync(this.root)
        .filter((name) => name !== 'node_modules')
        .flatMap((name) => [name, ...below(this.at(name)).map((file) => `${name}/${file}`)])
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

interface Wrong {
  /** Breaks the tree. */
  change?: (tree: Tree) => unknown;
  /** Default: --check on the database that has the table. */
  command?: string[];
  /** All of these, so that one knows what to do. */
  says: RegExp[];
}
const addQuery = (text: string) => (sql: string) => `${sql}\n${text}\n`;
const queryThatFails = (sql: string) => sql.replace('ORDER BY t.sid', 'ORDER BY t.nosuch');

const WRONG: Record<string, Wrong> = {
  'generated code that is out of date or missing fails the check, by npm too': {
    change: (tree) => {
      tree.edit('sql/admin.sql', (sql) => sql.replace('ORDER BY t.sid', 'ORDER BY t.expire'));
      fs.rmSync(tree.at('src/generated/catalog.ts'));
    },
    command: ['npm', 'run', 'types', '--', ...check],
    says: [
      /run 'npm run types' and commit/,
      /out of date: src\/generated\/admin\.ts/,
      /missing: src\/generated\/catalog\.ts/,
    ],
  },
  'a generated file whose source is gone fails the check': {
    change: (tree) => fs.rmSync(tree.at('sql/admin.sql')),
    says: [/run 'npm run types' and commit/, /left over: src\/generated\/admin\.ts/],
  },
  'a query that does not compile fails the check': {
    change: (tree) => tree.edit('sql/admin.sql', queryThatFails),
    says: [/could not compile/, /column t\.nosuch does not exist/, /sql\/admin\.sql: Query "ListSessions"/],
  },
  'a file that does not parse fails the check': {
    change: (tree) => tree.edit('sql/admin.sql', addQuery('/* @name unfinished */ SELECT 1 AS one')),
    says: [/could not compile/, /Parse error/, /sql\/admin\.sql/],
  },
  'a name that is used twice in a file fails the check': {
    change: (tree) => tree.edit('sql/admin.sql', addQuery('/* @name countSessions */ SELECT 1 AS one;')),
    says: [/countSessions is used twice, in sql\/admin\.sql: rename/],
  },
  'a name that is used in two files fails the check': {
    change: (tree) => tree.edit('sql/session.sql', addQuery('/* @name countSessions */ SELECT 1 AS one;')),
    says: [/countSessions is used twice, in sql\/admin\.sql and sql\/session\.sql: rename/],
  },
  'two files of one name, of which pgtyped keeps one, fail the check': {
    change: (tree) => {
      fs.mkdirSync(tree.at('sql/more'));
      fs.writeFileSync(tree.at('sql/more/admin.sql'), '/* @name one */ SELECT 1 AS one;\n');
    },
    says: [/made nothing of sql\/(more\/)?admin\.sql: has another file there the same name/],
  },
  'a file among the generated ones that pgtyped did not make fails the check': {
    change: (tree) => fs.writeFileSync(tree.at('src/generated/mine.ts'), 'export const mine = 1;\n'),
    says: [/src\/generated\/mine\.ts was not made by pgtyped: move it/],
  },
  'a pgtyped that hangs fails the check': {
    change: (tree) => tree.edit('pgtyped.config.json', (json) => json.replace('{{name}}', '{{name | noSuchFilter}}')),
    command: types(...check, '--timeout', '4'),
    says: [/pgtyped did not end within 4 seconds/],
  },
  'a database that is down fails the check': {
    command: types('--check', '--url', 'postgres://somebody@127.0.0.1:1/none'),
    says: [/database cannot be reached: .*ECONNREFUSED/],
  },
  'a database without the table fails, and is told how to get it': {
    command: types('--url', urlOf(empty)),
    says: [/no table "session_store"\."session": make it with psql URL -f sql\/schema\.sql/],
  },
  'a URL that is empty does not mean the default': {
    command: types('--check', '--url', ''),
    says: [/--url: no postgres:\/\/ URL/, /usage: npm run types/],
  },
  'an argument that is unknown is answered with the usage': {
    command: types('--chek'),
    says: [/Unknown option '--chek'/, /usage: npm run types/],
  },
  'writing leaves everything as it was where a query compiles to the type never': {
    change: (tree) => {
      tree.edit('sql/admin.sql', addQuery('/* @name nameless */ SELECT 1;'));
      fs.rmSync(tree.at('src/generated/session.ts'));
    },
    command: types('--url', urlOf(dev)),
    says: [/'Nameless' is invalid/, /anonymous column/],
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
  await inDatabase(urlOf(dev), fs.readFileSync('sql/schema.sql', 'utf8'));

  // A run takes seconds to start, so all of them begin here, some at a time; each test waits for its own.
  const atOnce = 2;
  const lanes: Promise<unknown>[] = Array.from({ length: atOnce }, () => Promise.resolve());
  for (const [index, [title, { change, command = types(...check) }]] of Object.entries(WRONG).entries()) {
    const outcome = lanes[index % atOnce]!.then(async () => {
      const tree = new Tree();
      change?.(tree);
      const changed = tree.watch();
      return { ...(await run(tree, command)), changed: changed() };
    });
    lanes[index % atOnce] = outcome.catch(() => {});
    outcomes.set(title, outcome);
  }
});

test.after(async () => {
  await Promise.allSettled(outcomes.values());
  for (const name of [dev, empty]) await inDatabase(server.href, `DROP DATABASE IF EXISTS "${name}"`);
  fs.rmSync(folder, { recursive: true });
});

const HOSTILE = {
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

test('code that is up to date passes the check and stays as it is, whatever the environment says', async () => {
  const tree = new Tree();
  const changed = tree.watch();

  const { code, output } = await run(tree, types(...check), HOSTILE);

  assert.is(code, 0, output);
  assert.match(output, /src\/generated\/ is up to date/);
  assert.equal(changed(), []);
});

test('a description that is not what the server says fails the check', async () => {
  const tree = new Tree();
  tree.edit('src/generated/descriptions.ts', (text) => text.replace('"text"', '"uuid"'));
  const { code, output } = await run(tree, types(...check));
  assert.is(code, 1);
  assert.match(output, /out of date: src\/generated\/descriptions.ts/);
});

test('generated files are written, rewritten and removed, on a server of its own, whatever the environment says', async () => {
  const tree = new Tree();
  const files = () =>
    fs
      .readdirSync(tree.at('src/generated'))
      .map((file) => [file, fs.readFileSync(tree.at(`src/generated/${file}`), 'utf8')]);
  const right = files();
  fs.copyFileSync(tree.at('src/generated/admin.ts'), tree.at('src/generated/old.ts'));
  fs.rmSync(tree.at('src/generated/catalog.ts'));
  tree.edit('src/generated/session.ts', (text) => text.slice(0, -1));
  tree.edit('src/generated/descriptions.ts', (text) => text.replace('"text"', '"uuid"'));

  const { code, output } = await run(tree, types(), { ...HOSTILE, PGSSLMODE: 'require' });

  assert.is(code, 0, output);
  assert.equal(files(), right);
});

// A key that opens nothing, with its certificate.
const KEY = `MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgrchX5/y22SzWlZxljdnugKJfnrJkdv2c24cffVNJcWihRANC
AAS+QmT7/eNfsYrYwin68wU4GGw2y/OQYBe/O0DmFpZP5vyo4MtoN4Ul8i2LAYaOQTgxX3lJWTjlb3BsyzlxEIu8`;
const CERTIFICATE = `MIIBGjCBwQIUHXRJRzEXwaP8x0Eyho24LbAk3HEwCgYIKoZIzj0EAwIwDzENMAsGA1UEAwwEdGVzdDAgFw0yNjExMjMy
MzE1MDlaGA8yMTI2MTAzMDIzMTUwOVowDzENMAsGA1UEAwwEdGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABL5CZPv941+xitjCKfrzBTgY
bDbL85BgF787QOYWlk/m/Kjgy2g3hSXyLYsBho5BODFfeUlZOOVvcGzLOXEQi7wwCgYIKoZIzj0EAwIDSAAwRQIgcZ1Dg1/T+gs4d/6yJGSMQJcR
f5TgonH5TByZnNJaiOsCIQDNrvv9XRh0G9vcqvQeQn85ob2Qd8n+AZY/XI5347AAYQ==`;
const pem = (what: string, body: string) => `-----BEGIN ${what}-----\n${body}\n-----END ${what}-----\n`;

test('a database is reached by a Unix socket, by TLS and with a password that a URL has to encode', async () => {
  const place = fs.mkdtempSync(path.join(os.tmpdir(), 'pg-'));
  onEnd(() => fs.rmSync(place, { recursive: true }));
  const secureContext = tls.createSecureContext({
    key: pem('PRIVATE KEY', KEY),
    cert: pem('CERTIFICATE', CERTIFICATE),
  });
  const door = net.createServer((socket) => {
    socket
      .on('error', () => {})
      .once('data', (request) => {
        if (request.length !== 8) return socket.destroy(); // no request for TLS
        socket.write('S');
        const inside = new tls.TLSSocket(socket, { isServer: true, secureContext }).on('error', () => {});
        const behind = net.connect(Number(server.port || 5432), server.hostname).on('error', () => {});
        return inside.pipe(behind).pipe(inside);
      });
  });
  await once(door.listen(path.join(place, '.s.PGSQL.5432')), 'listening');
  onEnd(() => door.close());
  const role = `types developer ${process.pid}`;
  const password = 'p@ss:w/rd #%?&é';
  await inDatabase(
    urlOf(dev),
    `CREATE ROLE "${role}" LOGIN PASSWORD '${password}'`,
    `GRANT USAGE ON SCHEMA session_store TO "${role}"`,
  );
  onEnd(() => inDatabase(urlOf(dev), `DROP OWNED BY "${role}"`, `DROP ROLE "${role}"`));
  const [user, secret, host, name] = [role, password, place, dev].map(encodeURIComponent);
  const url = `postgres://${user}:${secret}@/${name}?host=${host}&port=5432&sslmode=no-verify`;

  const { code, output } = await run(new Tree(), types('--check', '--url', url));

  assert.is(code, 0, output);
});

for (const [title, { says }] of Object.entries(WRONG)) {
  test(title, async () => {
    const { code, output, changed } = await outcomes.get(title)!;

    assert.is(code, 1, output);
    for (const words of says) assert.match(output, words);
    assert.equal(changed, []);
  });
}

test('a database that a URL names is not written to', async () => {
  await outcomes.get('a database without the table fails, and is told how to get it');

  const { rows } = await inDatabase(urlOf(empty), `SELECT nspname FROM pg_namespace WHERE nspname = 'session_store'`);

  assert.equal(rows, []);
});
