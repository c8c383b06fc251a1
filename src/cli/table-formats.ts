// The session table as other tools spell it: the output of init --print prisma, drizzle or knex.
import { printableJson, printableSql } from '../printable.js';
import type { CreateTableOptions } from '../table/create-table-options.js';
import { indexName } from '../table/index-names.js';
import { catalogNames, statementFor, type TableNames } from '../table/names.js';
import { UsageError } from './arguments.js';

interface Table {
  names: TableNames;
  options: CreateTableOptions;
  /** The statements that create the table. They can run twice. */
  statements: string[];
}

const sql = ({ statements }: Table): string => ['BEGIN;', ...statements.map(printableSql), 'COMMIT;'].join('\n\n');

function prisma({ names, statements }: Table): string {
  const { schemaName, tableName } = catalogNames(names);
  refuse('Prisma', names, /"/, 'a double quote'); // Prisma 7.10 does not escape it
  const schema = schemaName === null ? undefined : printableJson(schemaName);
  return `${schema === undefined ? '' : `// The datasource needs schemas = [${schema}], besides the other schemas of the app.\n`}model Session {
  sid    String   @id(map: ${printableJson(indexName(names, '', 'pkey'))}) @db.VarChar
  sess   Json     @db.Json
  expire DateTime @db.Timestamptz(6)

  @@index([expire], map: ${printableJson(indexName(names, 'expire'))})
  @@map(${printableJson(tableName)})${schema === undefined ? '' : `\n  @@schema(${schema})`}
}

${remainder(statements, names, 'Prisma', 'npx prisma migrate dev --create-only', userIndexes(statements))}`;
}

function drizzle({ names, statements, options }: Table): string {
  const { schemaName, tableName } = catalogNames(names);
  refuse('Drizzle', names, /["']/, 'a quote'); // drizzle-kit 0.31 does not escape them
  const isInSchema = schemaName !== null && schemaName !== 'public'; // pgSchema() refuses public
  const createTable = isInSchema ? 'schema.table' : 'pgTable';
  // drizzle-kit creates a schema only if the file exports it.
  const schema = `${options.createSchema ? 'export ' : ''}const schema = pgSchema(${printableJson(schemaName)});\n\n`;
  const on = ` ON ${statementFor('"session_store"."session"', names)} (`;
  const indexes = [
    `index(${printableJson(indexName(names, 'expire'))}).on(table.expire)`,
    ...userIndexes(statements).map((statement) => {
      const expression = statement.slice(statement.indexOf(on) + on.length, -');'.length);
      return `index(${printableJson(indexName(names, 'expr'))}).on(sql\`${inTemplate(expression)}\`)`;
    }),
  ];
  const importSql = indexes.length > 1 ? "import { sql } from 'drizzle-orm';\n" : '';
  const maker = isInSchema ? 'pgSchema' : 'pgTable';
  return `${importSql}import { index, json, ${maker}, timestamp, varchar } from 'drizzle-orm/pg-core';

${isInSchema ? schema : ''}export const session = ${createTable}(
  ${printableJson(tableName)},
  {
    sid: varchar('sid').primaryKey(),
    sess: json('sess').notNull(),
    expire: timestamp('expire', { withTimezone: true }).notNull(),
  },
  (table) => [
${indexes.map((index) => `    ${index},`).join('\n')}
  ],
);

${remainder(statements, names, 'Drizzle', 'npx drizzle-kit generate --custom', [])}`;
}

function knex({ names, statements }: Table): string {
  const all = [...statements, statementFor('DROP TABLE "session_store"."session";', names)].map(printableSql);
  if (all.some((statement) => statement.includes('\\?'))) {
    throw new UsageError('Knex cannot express a name with a backslash before a question mark');
  }
  // Knex reads ? as a parameter and \? as a question mark.
  const raw = all.map((statement) => `  await knex.raw(\`${inTemplate(statement.replaceAll('?', '\\?'))}\`);`);
  return `/** @param {import('knex').Knex} knex */
export async function up(knex) {
${raw.slice(0, -1).join('\n')}
}

/** @param {import('knex').Knex} knex */
export async function down(knex) {
${raw.at(-1)}
}`;
}

const inTemplate = (text: string): string => text.replace(/[\\`]|\$\{/g, '\\$&');

function refuse(tool: string, { schemaName = '', tableName = '' }: TableNames, unsafe: RegExp, what: string): void {
  const name = [schemaName, tableName].find((given) => unsafe.test(given));
  if (name !== undefined) {
    throw new UsageError(`${tool} cannot express ${what} in a name, and ${name} has one. Use --print sql`);
  }
}

const userIndexes = (statements: string[]): string[] =>
  statements.filter((statement) => statement.startsWith('CREATE INDEX')).slice(1); // the first is on expire

/** A comment with the statements for the parts that the tool cannot express. */
function remainder(statements: string[], names: TableNames, tool: string, command: string, more: string[]): string {
  const table = statements.find((statement) => /^CREATE (UNLOGGED )?TABLE/.test(statement))!;
  const alter = statementFor('ALTER TABLE "session_store"."session"', names);
  const parts = [`${alter} SET (${/WITH \((.*)\);$/.exec(table)![1]});`];
  if (table.startsWith('CREATE UNLOGGED')) parts.push(`${alter} SET UNLOGGED;`);
  const lines = [...parts, ...more].map((statement) => `// ${printableSql(statement)}`);
  return [`// ${tool} cannot express these parts. Add them to a migration (${command}):`, ...lines].join('\n');
}

/** How each tool spells the table. */
export const TABLE_FORMATS: Readonly<Record<string, (table: Table) => string>> = { sql, prisma, drizzle, knex };
