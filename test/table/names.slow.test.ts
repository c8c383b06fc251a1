// bindTable() puts a table's names in place of the relation's stand-in, and changes nothing else.
import { readdirSync, readFileSync } from 'node:fs';
import type { PreparedQuery } from '@pgtyped/runtime';
import fc from 'fast-check';
import { loadModule, parseSync } from 'libpg-query';
import pg from 'pg';
import * as assert from 'uvu/assert';
import { countSessions } from '../../src/generated/session.js';
import { PgSessionStore } from '../../src/index.js';
import { createTable } from '../../src/table/create-table.js';
import { bindTable, type TableNames, withRows } from '../../src/table/names.js';
import { freshDatabase } from '../support/fresh-database.js';
import { administrator, freshPool, freshStore, searchPath, session } from '../support/fresh-store.js';
import { suite } from '../support/harness.js';
import { invalid } from '../support/invalid.js';
import { failure } from '../support/limited-role.js';
import { quotedName } from '../support/stores.js';

const test = suite('table names');
const STAND_IN = { schemaName: 'session_store', tableName: 'session' };

await loadModule();
const queries: [name: string, query: PreparedQuery<any, unknown>][] = [];
for (const file of readdirSync(new URL('../../src/generated/', import.meta.url))) {
  if (file === 'descriptions.ts') continue;
  const generated = await import(`../../src/generated/${file}`);
  queries.push(...(Object.entries(generated) as typeof queries));
}

/** The text that the server gets, with these names or as generated. */
async function textOf(query: PreparedQuery<any, unknown>, names?: TableNames): Promise<string> {
  let sent = '';
  const recorder = {
    query: async (text: string) => {
      sent = text;
      return { rows: [], rowCount: 0 };
    },
  };
  await query.run({}, names ? bindTable(recorder, names) : recorder);
  return sent;
}

type Node = { [key: string]: unknown };

const POSITION = new Set([
  'location',
  'stmt_location',
  'stmt_len',
  'rexpr_list_start',
  'rexpr_list_end',
  'list_start',
  'list_end',
]);

/** The parse tree without positions. Calls `visit` on each object in it, inner objects first. */
function treeOf(text: string, visit: (node: Node) => void = () => {}, parsed: unknown = parseSync(text)): unknown {
  const walk = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map(walk);
    const node: Node = {};
    for (const [key, inner] of Object.entries(value)) if (!POSITION.has(key)) node[key] = walk(inner);
    visit(node);
    return node;
  };
  return walk(parsed);
}

/** Puts the names in place of the stand-in in a parse tree. */
const rename =
  ({ schemaName, tableName }: TableNames) =>
  (node: Node) => {
    if (node.schemaname !== STAND_IN.schemaName) return;
    if (schemaName === undefined) delete node.schemaname;
    else node.schemaname = schemaName;
    if (node.relname !== undefined) node.relname = tableName;
  };

const bytesUpTo63 = (name: string) => Buffer.byteLength(name) <= 63;
const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(...'"\'$&:;,.()[]{}/*-+\\`%!? \t\n\r_aZ09é漢'),
      fc.constantFrom(
        '$1',
        '$$',
        '$&',
        "$'",
        '--',
        '/*',
        '*/',
        "E'",
        'U&"',
        '"."',
        ':sid!',
        '😀',
        '\u0001',
        '\ufeff',
        '\ue000',
      ),
      fc.constantFrom(
        'session',
        'session_store',
        '"session_store"."session"',
        '"use bindTable"."session"',
        'select',
        'user',
        'excluded',
        'ss__leader',
      ),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 4 }).filter((s) => !s.includes('\0') && s.isWellFormed()),
    ),
    { minLength: 1, maxLength: 12 },
  )
  .map((parts) => parts.join(''))
  .filter(bytesUpTo63);
const hostileNames = fc
  .record({ schemaName: fc.option(hostile, { nil: undefined }), tableName: hostile })
  .filter(({ schemaName, tableName }) => schemaName !== undefined || !tableName.startsWith('ss__'));

test('500 hostile names change only the relation in the parse tree of each query', async () => {
  assert.ok(queries.length >= 13, `${queries.length} queries`);
  const parsed = await Promise.all(
    queries.map(async ([name, query]) => {
      const text = await textOf(query);
      return { name, query, text, tree: parseSync(text) };
    }),
  );
  await fc.assert(
    fc.asyncProperty(hostileNames, async (names) => {
      for (const { name, query, text, tree } of parsed) {
        if (name === 'createSchema' && names.schemaName === undefined) continue;
        const expected = treeOf(text, rename(names), tree);
        const bound = await textOf(query, names);
        assert.equal(treeOf(bound), expected, `${name}: ${bound}`);
      }
    }),
    { numRuns: 500, includeErrorInReport: true },
  );
});

/** The mistakes in how a statement names the table. */
function lint(text: string): string[] {
  const wrong: string[] = [];
  const ctes = new Set<unknown>();
  let relations = 0;
  let schemas = 0;
  treeOf(text, (node) => {
    if (typeof node.ctename !== 'string') return;
    ctes.add(node.ctename);
    if (!node.ctename.startsWith('ss__')) wrong.push(`the CTE ${node.ctename} does not begin with ss__`);
  });
  treeOf(text, (node) => {
    if (node.schemaname === STAND_IN.schemaName && node.relname === STAND_IN.tableName) relations++;
    else if (node.schemaname === STAND_IN.schemaName && node.relname === undefined) schemas++;
    else if (node.schemaname === 'pg_catalog') return;
    else if (node.relname !== undefined && !(node.schemaname === undefined && ctes.has(node.relname))) {
      wrong.push(`a relation that is not the stand-in: ${node.schemaname}.${node.relname}`);
    }
  });
  const spelled = text.split('"session_store"."session"').length - 1;
  const mentioned = text.match(/session_store/gi)?.length ?? 0;
  if (spelled !== relations)
    wrong.push(`${relations} relations, but ${spelled} in the spelling that bindTable replaces`);
  if (mentioned !== relations + schemas) wrong.push('the stand-in is not only a relation');
  return wrong;
}

test('no query starts or ends with a space that a removed comment left', async () => {
  const sent = await Promise.all(queries.map(([, query]) => textOf(query, { schemaName: 'web' })));
  assert.equal(
    sent.filter((text) => text !== text.trim()),
    [],
  );
});

test('the INSERT of one row is written for several, with the white space of sql/ and of the build', async () => {
  const values = (row: number) => `($${row + 1}, $${row + 2}::json, now() + $${row + 3})`;
  for (const space of ['\n', ' ']) {
    const insert = (rows: string) =>
      ['INSERT INTO "VALUES ON CONFLICT " AS t', `VALUES ${rows}`, 'ON CONFLICT (sid) DO NOTHING'].join(space);
    assert.equal(treeOf(withRows(insert(values(0)), 3, 2)), treeOf(insert(`${values(0)}, ${values(3)}`)));
  }
});

test('each query uses the stand-in only as a relation, in the spelling that bindTable() replaces', async () => {
  for (const [name, query] of queries) assert.equal(lint(await textOf(query)), [], name);
});

test('lint() reports each wrong spelling or use of the stand-in', () => {
  const wrong = [
    'SELECT 1 FROM session_store.session',
    'SELECT 1 FROM "session_store" . "session"',
    'SELECT 1 FROM Session_Store./**/"session"',
    'SELECT 1 FROM session',
    'SELECT 1 FROM public.users',
    'SELECT 1 FROM "session_store"."users"',
    `SELECT '"session_store"."session"'::regclass`,
    `SELECT $$"session_store"."session"$$`,
    'SELECT 1 /* "session_store"."session" */',
    'SELECT "session_store"."session".sid FROM "session_store"."session"',
    'SELECT 1 AS "session_store"',
    'WITH doomed AS (SELECT 1) SELECT 1 FROM doomed',
  ];
  assert.equal(
    wrong.filter((text) => lint(text).length === 0),
    [],
  );
});

const legal = [
  'session',
  'Session',
  'user sessions',
  'web.session',
  'it\'s "quoted"',
  '"',
  'a"."b',
  'a$&b$1$$',
  'select',
  'excluded',
  't',
  'x',
  'ss__leader',
  'sitzungen_äöü_漢字_😀',
  '--',
  '/* */',
  'session_store',
  '"session_store"."session"',
  ' ',
  'x'.repeat(63),
  '漢'.repeat(21),
];

for (const name of legal) {
  test(`the store works with a table and a schema called ${name}`, async () => {
    const pool = freshPool();
    const names = { schemaName: name, tableName: name };
    const store = new PgSessionStore({ pool, pruneSessionInterval: false, conString: undefined, ...names });
    await pool.query(`DROP SCHEMA IF EXISTS ${pg.escapeIdentifier(name)} CASCADE`);
    await createTable({ pool: administrator(pool), names }, { createSchema: true });

    await store.set('a', session({ user: 'ada' }));
    await store.touch('a', session());
    assert.is((await store.get('a'))!.user, 'ada');
    assert.is(await store.length(), 1);
    assert.is(await store.pruneSessions(), 0);
    await store.destroy('a');
    assert.is((await store.all()).length, 0);

    const { rows } = await pool.query(
      'SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE nspname = $1 AND relname = $1',
      [name],
    );
    assert.is(rows.length, 1);
    await pool.query(`DROP SCHEMA ${pg.escapeIdentifier(name)} CASCADE`);
    await store.close();
  });
}

const refused: [what: string, name: unknown, why: RegExp][] = [
  ['an empty name', '', /is empty/],
  ['NUL', 'a\0b', /contains NUL/],
  ['half a surrogate pair', 'a\ud83d', /half a surrogate pair/],
  ['64 bytes', 'x'.repeat(64), /longer than 63 bytes/],
  ['22 characters of 3 bytes', '漢'.repeat(22), /longer than 63 bytes/],
  ['a number', 5, /is not a string/],
];

for (const [what, name, why] of refused) {
  test(`bindTable() rejects ${what} as a table and as a schema`, () => {
    const pool = freshPool();
    assert.throws(() => bindTable(pool, { tableName: invalid(name) }), why);
    assert.throws(() => bindTable(pool, { schemaName: invalid(name) }), why);
  });
}

test('bindTable() asks for a schemaName if the table is called like a CTE of the queries', async () => {
  assert.throws(() => bindTable(freshPool(), { tableName: 'ss__leader' }), /Set schemaName too/);
});

test('bindTable() rejects other keys than schemaName and tableName', () => {
  for (const wrong of [{ schema: 'web', table: 'x' }, { tablename: 'x' }]) {
    assert.throws(
      () => bindTable(freshPool(), invalid(wrong)),
      /the table must be an object \{ schemaName, tableName \}/,
    );
  }
});

for (const [given, example] of [
  ['user sessions', "{ tableName: 'user sessions' }, got 'user sessions'"],
  ['web.session', "{ schemaName: 'web', tableName: 'session' }, got 'web.session'"],
  ['"web"."user sessions"', "{ schemaName: 'web', tableName: 'user sessions' }, got '\"web\".\"user sessions\"'"],
  [['web', 'session'], "{ schemaName: 'web', tableName: 'session' }, got an array"],
  [null, "{ schemaName: 'web', tableName: 'session' }, got null"],
] as const) {
  test(`bindTable() says how to write ${JSON.stringify(given)}`, () => {
    const bind = () => bindTable(freshPool(), invalid(given));
    assert.throws(bind, (error: Error) => error.message === `the table must be an object, such as ${example}`);
  });
}

test('without a schemaName, the search_path decides the schema', async () => {
  const { store, names } = await freshStore();
  await store.set('a', session());
  const pool = freshPool({ options: searchPath(names.schemaName) });

  const [row] = await countSessions.run(undefined, bindTable(pool, { tableName: names.tableName }));
  assert.is(row?.count, 1);
});

/** A database with the stand-in, as developers have it. */
async function standIn(): Promise<pg.Pool> {
  const { url } = await freshDatabase();
  const pool = freshPool({ connectionString: url });
  await pool.query(readFileSync('sql/schema.sql', 'utf8'));
  return pool;
}

test('a query without bindTable() fails, because the stand-in does not exist', async () => {
  const error = await failure(countSessions.run(undefined, freshPool()));
  assert.is(error.code, '42P01');
});

test('a statement that names the stand-in in another way fails in bindTable(), with the stand-in and without', async () => {
  for (const pool of [freshPool(), await standIn()]) {
    const table = bindTable(pool, { schemaName: 'web' });
    for (const [sql, written] of [
      ['SELECT count(*) FROM session_store.session', 'session_store.session'],
      ['SELECT count(*) FROM Session_Store . "session" AS s', 'Session_Store . "session"'],
      ['SELECT count(*) FROM "session_store".session AS s', '"session_store".session'],
      ['DELETE FROM "session_store" ."session" WHERE true', '"session_store" ."session"'],
      ['SELECT 1 WHERE EXISTS (SELECT FROM session_store\n.session)', 'session_store .session'],
    ] as const) {
      const error = await failure(table.query(sql, []));
      assert.instance(error, TypeError);
      assert.ok(error.message.includes(`${written} is not "session_store"."session". Write `), error.message);
    }
  }
});

test('bindTable() accepts a mention of the stand-in in a text, a comment or another name', async () => {
  const table = bindTable(await standIn(), { schemaName: 'session_store' });
  const sql = `SELECT 'session_store.session' AS "of session_store", $$session_store$$ AS b, E'\\'session_store' AS c
    -- session_store.session
    FROM "session_store"."session" AS t /* session_store */`;
  assert.equal((await table.query(sql, [])).rows, []);
});

test(`the store accepts connect-pg-simple's tableName: 'schema"."table', with a warning`, async () => {
  const { names, ...fresh } = await freshStore();
  const pool = administrator(fresh.pool);
  const warned = new Promise<Error>((resolve) => process.once('warning', resolve));
  const plain = { schemaName: `legacy ${process.pid}`, tableName: names.tableName.replaceAll('"', '') };
  const legacy = new PgSessionStore({
    pool,
    tableName: `${plain.schemaName}"."${plain.tableName}`,
    pruneSessionInterval: false,
  });
  await legacy.createTable({ createSchema: true });
  await legacy.set('a', session());

  const { rows } = await pool.query(`SELECT sid FROM ${quotedName(plain)}`);
  assert.equal(rows, [{ sid: 'a' }]);
  assert.match((await warned).message, /schemaName: 'legacy/);
  await legacy.close();
});
