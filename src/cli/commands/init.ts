// init: creates the table, or prints the SQL for it.
import { checkOption } from '../../errors.js';
import { createTable, missingParts, tableStatements } from '../../table/create-table.js';
import { SHARD_COUNT_RULE } from '../../table/distribute.js';
import { DRY_RUN, noPositional, numberOf, TRUST_OWNER, UsageError, userPathOption, type Values } from '../arguments.js';
import type { Command } from '../command.js';
import { TABLE_FORMATS } from '../table-formats.js';

export const init: Command = {
  usage: '',
  summary: 'Creates the table and its indexes if they are missing.',
  details: 'With --user-path it also creates the index that finds a user.',
  options: {
    print: {
      help:
        'print the table instead, for a migration: --print or --print sql, and --print prisma, drizzle or knex for ' +
        'those tools; does not need a database. The SQL and the migration for Knex can run twice',
    },
    'create-schema': { help: 'also create the schema' },
    unlogged: { help: 'create an UNLOGGED table: a crash of the server empties it' },
    distributed: { help: 'let the extension Citus distribute the table over its workers, even if it holds sessions' },
    shards: { value: 'NUMBER', help: 'the number of shards with --distributed, at least 2; default: 8' },
    ...userPathOption('the path to the user in a session: user.id, or as JSON ["user","id"]; default: no index'),
    ...TRUST_OWNER,
    ...DRY_RUN,
  },
  examples: [
    'init --url postgres://localhost/app --user-path passport.user',
    'init --schema web --create-schema --print',
  ],
  async run({ positionals, values, names, userPath, location }) {
    const format = values.print ? formatOf(positionals) : undefined;
    if (!format) noPositional(positionals);
    const createSchema = values['create-schema'] === true;
    if (createSchema && names.schemaName === undefined) throw new UsageError('--create-schema needs --schema');
    const distributed = distributedOf(values);
    const options = {
      createSchema,
      unlogged: values.unlogged === true,
      ...(userPath && { userPath }),
      ...(distributed && { distributed }),
    };
    if (distributed && format !== undefined && format !== 'sql') {
      throw new UsageError(`--distributed works with --print sql, not with --print ${format}`);
    }
    if (format) {
      const statements = await tableStatements(names, options);
      const text = TABLE_FORMATS[format]!({ names, options, statements });
      return { text, json: format === 'sql' ? statements : text };
    }
    const isDry = values['dry-run'] === true;
    const missing = await missingParts(location(), options);
    if (!isDry && missing.length > 0) await createTable(location(), options);
    const text =
      missing.length > 0 ? `${isDry ? 'would create' : 'created'} ${missing.join(', ')}` : 'nothing is missing';
    return { text, json: isDry ? { dryRun: true, wouldCreate: missing } : { created: missing } };
  },
};

/** @throws {UsageError} if the number of shards is not a number, or there is no --distributed */
function distributedOf(values: Values): { shardCount?: number } | undefined {
  const shardCount = numberOf(values, 'shards');
  if (shardCount !== undefined) checkOption('--shards', shardCount, SHARD_COUNT_RULE);
  if (values.distributed === true) return shardCount === undefined ? {} : { shardCount };
  if (shardCount !== undefined) throw new UsageError('--shards needs --distributed');
  return undefined;
}

/** @throws {UsageError} if there is no such format */
function formatOf([format = 'sql', ...more]: string[]): string {
  noPositional(more);
  if (Object.hasOwn(TABLE_FORMATS, format)) return format;
  throw new UsageError(
    `--print cannot print ${JSON.stringify(format)}. The formats are ${Object.keys(TABLE_FORMATS).join(', ')}`,
  );
}
