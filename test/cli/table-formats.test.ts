// What init --print writes for Prisma, Drizzle and Knex makes the table that createTable() makes.
// The tools themselves are not installed here. Tried by hand: Prisma 7.10.1 and 6.19.3, drizzle-kit
// 0.31.11 and Knex 3.3.0.
import pg from 'pg';
import * as assert from 'uvu/assert';
import { PgSessionStore } from '../../src/index.js';
import { cli } from '../support/cli.js';
import { freshNames, freshPool, session } from '../support/fresh-store.js';
import { suite } from '../support/harness.js';
import { quotedName } from '../support/stores.js';

const test = suite('table formats', { timeout: 60_000 });

interface Names {
  schemaName: string;
  tableName: string;
}

interface Shape {
  columns: { name: string; type: string }[];
  key: string;
  /** The names of the other indexes. */
  indexes: string[];
}

let tables = 0;

/** Names that Prisma and Drizzle can express: without quotes. */
const plainNames = (tableName: string): Names => ({ schemaName: `w$& {\\r} é ${process.pid} ${++tables}`, tableName });

const NAMES = [plainNames('session'), plainNames(`user sessions. \`\${x} \\n? \u009b\n$1`), plainNames('é'.repeat(31))];

const at = ({ schemaName, tableName }: Names) => ['--schema', schemaName, '--table', tableName];

async function print(format: string, names: Names, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await cli(['init', ...at(names), '--print', format, ...args], { DATABASE_URL: '' });
  assert.is(code, 0, stderr);
  return stdout;
}

/** The table that createTable() makes with these names. */
async function realShape(names: Names, userPath?: string[]): Promise<Shape> {
  const pool = freshPool();
  const store = new PgSessionStore({ pool, ...names, pruneSessionInterval: false });
  await store.createTable({ createSchema: true, ...(userPath && { userPath }) });
  await store.close();
  const { rows: columns } = await pool.query(
    `SELECT attname AS name, format_type(atttypid, atttypmod) AS type FROM pg_attribute
     WHERE attrelid = $1::regclass AND attnum > 0 AND attnotnull ORDER BY attnum`,
    [quotedName(names)],
  );
  const { rows } = await pool.query(
    `SELECT relname, indisprimary FROM pg_index JOIN pg_class ON oid = indexrelid
     WHERE indrelid = $1::regclass ORDER BY oid`,
    [quotedName(names)],
  );
  const of = (isKey: boolean) => rows.filter((row) => row.indisprimary === isKey).map(({ relname }) => relname);
  return { columns, key: of(true)[0], indexes: of(false) };
}

async function assertHealthy(names: Names, ...args: string[]): Promise<void> {
  const { code, stdout, stderr } = await cli(['doctor', ...at(names), ...args]);
  assert.equal([code, stderr], [0, '']);
  assert.match(stdout, /\n\nno problem found\n$/);
}

for (const names of NAMES) {
  const name = JSON.stringify(names.tableName);

  test(`the model for Prisma has the columns and index names of the real table ${name}`, async () => {
    const text = await print('prisma', names, '--user-path', 'passport.user', '--unlogged');
    const string = (pattern: RegExp): string => JSON.parse(pattern.exec(text)![1]!);
    assert.equal([string(/@@schema\((".*")\)/), string(/@@map\((".*")\)/)], [names.schemaName, names.tableName]);
    const types: Record<string, string> = {
      'String @db.VarChar': 'character varying',
      'Json @db.Json': 'json',
      'DateTime @db.Timestamptz(6)': 'timestamp with time zone', // (6) is what PostgreSQL means without it
    };
    const fields = [...text.matchAll(/^ {2}(\w+) +(\w+) .*(@db\.\S+)$/gm)];
    const columns = fields.map(([, column, type, native]) => ({ name: column, type: types[`${type} ${native}`] }));
    const shape = {
      columns,
      key: string(/@id\(map: (".*")\)/),
      indexes: [string(/@@index\(\[expire\], map: (".*")\)/)],
    };
    assert.equal(shape, await realShape(names));

    const pool = freshPool();
    const remainder = [...text.matchAll(/^\/\/ ((?:ALTER|CREATE) .*;)$/gm)].map(([, statement]) => statement!);
    assert.is(remainder.length, 3);
    for (let run = 0; run < 2; run++) for (const statement of remainder) await pool.query(statement);
    const { rows } = await pool.query('SELECT relpersistence, reloptions FROM pg_class WHERE oid = $1::regclass', [
      quotedName(names),
    ]);
    assert.equal(rows, [{ relpersistence: 'u', reloptions: ['fillfactor=70'] }]);
    await assertHealthy(names, '--user-path', 'passport.user');
  });

  test(`the table for Drizzle has the columns and index names of the real table ${name}`, async () => {
    const other = { ...names, schemaName: `${names.schemaName} d` };
    const text = await print('drizzle', other, '--user-path', `["pass'port","\`\${us}er\\\\"]`, '--create-schema');
    const shape = drizzleShape(text);
    assert.equal(shape.names, other);
    const { key, ...rest } = await realShape(other, ["pass'port", `\`\${us}er\\`]);
    assert.is(typeof key, 'string'); // Drizzle writes PRIMARY KEY without a name, as createTable() does
    assert.equal({ columns: shape.columns, indexes: shape.indexes }, rest);

    const pool = freshPool(); // recreates the index from the expression: createTable() must recognize it
    const indexName = pg.escapeIdentifier(shape.indexes[1]!);
    await pool.query(`DROP INDEX ${pg.escapeIdentifier(other.schemaName)}.${indexName}`);
    await pool.query(`CREATE INDEX ${indexName} ON ${quotedName(other)} (${shape.userExpression})`);
    const again = await cli(['init', ...at(other), '--user-path', `["pass'port","\`\${us}er\\\\"]`]);
    assert.is(again.stdout, 'nothing is missing\n');
    assert.is(text.includes('export const schema'), true);
    assert.is((await print('drizzle', other)).includes('export const schema'), false);
  });
}

/** Runs the text for Drizzle with stand-ins for the functions of drizzle-orm. */
function drizzleShape(text: string) {
  const column =
    (type: string) =>
    (name: string, options: { withTimezone?: boolean } = {}) => {
      const made = { name, type: options.withTimezone ? `${type} with time zone` : type };
      return { ...made, primaryKey: () => made, notNull: () => made };
    };
  type Columns = Record<string, { name: string; type: string }>;
  type Index = { name: string; on: unknown };
  const table = (schemaName?: string) => (tableName: string, columns: Columns, indexes: (t: Columns) => Index[]) => ({
    names: { schemaName, tableName },
    columns: Object.values(columns).map(({ name, type }) => ({ name, type })),
    indexes: indexes(columns).map(({ name }) => name),
    userExpression: indexes(columns)[1]?.on,
  });
  const functions = {
    varchar: column('character varying'),
    json: column('json'),
    timestamp: column('timestamp'),
    pgTable: table(),
    pgSchema: (schemaName: string) => ({ table: table(schemaName) }),
    index: (name: string) => ({ on: (on: unknown) => ({ name, on }) }),
    sql: ([expression]: TemplateStringsArray) => expression,
  };
  const body = text.replace(/^import .*$/gm, '').replaceAll('export const', 'const');
  return new Function(...Object.keys(functions), `${body}; return session;`)(...Object.values(functions)) as ReturnType<
    ReturnType<typeof table>
  >;
}

/** Runs a migration as Knex does: ? is a parameter, and \? is a question mark. */
async function migrate(text: string, direction: 'up' | 'down'): Promise<void> {
  const migration = await import(`data:text/javascript,${encodeURIComponent(text)}`);
  const pool = freshPool();
  const raw = (statement: string) =>
    pool.query(statement.replace(/(\\*)\?/g, (_, escapes) => (escapes.length % 2 ? '?' : '$1')));
  await migration[direction]({ raw });
}

test('the migration for Knex creates a table that doctor finds fine, can run twice, and drops it', async () => {
  for (const names of [...NAMES, freshNames()].map((names) => ({ ...names, schemaName: `${names.schemaName} k` }))) {
    const args = ['--user-path', 'a?b.c', '--unlogged'];
    if (names.tableName.includes('\\n?')) names.tableName = names.tableName.replace('\\n?', '?\\n');
    const text = await print('knex', names, '--create-schema', ...args);
    await migrate(text, 'up');
    await assertHealthy(names, '--user-path', 'a?b.c');
    const store = new PgSessionStore({ pool: freshPool(), ...names, pruneSessionInterval: false });
    await store.set('a', session());
    await migrate(text, 'up');
    assert.is(await store.length(), 1);
    assert.is((await cli(['init', ...at(names), '--user-path', 'a?b.c'])).stdout, 'nothing is missing\n');
    await migrate(text, 'down');
    assert.match((await cli(['doctor', ...at(names)])).stdout, 'the table does not exist');
    await store.close();
  }
});

test('init --print and init --print sql print the same, and an unknown format is a usage error', async () => {
  const [plain, sql] = await Promise.all([cli(['init', '--print']), cli(['init', '--print', 'sql'])]);
  assert.is(plain.code, 0);
  assert.equal(plain, sql);
  assert.match(
    (await cli(['init', '--print', 'prismo'])).stderr,
    /--print cannot print "prismo". The formats are sql, prisma, drizzle, knex/,
  );
  assert.is((await cli(['init', '--print', 'knex', 'sql'])).code, 2);
  assert.is((await cli(['init', 'knex'])).code, 2);
  const json = JSON.parse((await cli(['init', '--print', 'knex', '--json'])).stdout);
  assert.is(`${json}\n`, (await cli(['init', '--print', 'knex'])).stdout);
});

test('a name that a tool cannot express is an error that says so', async () => {
  for (const [format, name, error] of [
    ['prisma', 'a"b', 'Prisma cannot express a double quote in a name, and a"b has one. Use --print sql'],
    ['drizzle', 'a"b', 'Drizzle cannot express a quote in a name, and a"b has one. Use --print sql'],
    ['drizzle', "a'b", "Drizzle cannot express a quote in a name, and a'b has one. Use --print sql"],
    ['knex', 'a\\?b', 'Knex cannot express a name with a backslash before a question mark'],
  ] as const) {
    for (const option of ['--table', '--schema']) {
      const { code, stderr } = await cli(['init', option, name, '--print', format]);
      assert.equal([code, stderr.includes(`${error}. See`)], [2, true], stderr);
    }
  }
});
