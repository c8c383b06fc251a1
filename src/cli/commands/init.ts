// init: makes the table, or prints the SQL that would.
import { createTable, missingParts, tableStatements } from '../../table/create-table.js';
import { DRY_RUN, noPositional, USER_PATH, UsageError } from '../arguments.js';
import type { Command } from '../command.js';

export const init: Command = {
  usage: '',
  summary: 'Makes the table and its indexes, as far as they are missing.',
  details: 'With --user-path it also makes the index by which a user is found.',
  options: {
    print: { help: 'print the SQL instead, say for a migration tool; needs no database' },
    'create-schema': { help: 'make the schema too' },
    unlogged: { help: 'make the table UNLOGGED: a crash of the server empties it' },
    'user-path': {
      ...USER_PATH['user-path']!,
      help: 'where sessions say whose they are: user.id, or as JSON ["user","id"]',
    },
    ...DRY_RUN,
  },
  async run({ positionals, values, names, userPath, connection }) {
    noPositional(positionals);
    const createSchema = values['create-schema'] === true;
    if (createSchema && names.schemaName === undefined) throw new UsageError('--create-schema needs a --schema');
    const options = { createSchema, unlogged: values.unlogged === true, ...(userPath && { userPath }) };
    if (values.print) {
      const statements = await tableStatements(names, options);
      return { text: statements.join('\n\n'), json: statements };
    }
    const { pool } = connection();
    const missing = await missingParts(pool, names, options);
    if (!values['dry-run'] && missing.length > 0) await createTable(pool, names, options);
    const verb = values['dry-run'] ? 'would make' : 'made';
    const text = missing.length > 0 ? `${verb} ${missing.join(', ')}` : 'all is there';
    return { text, json: { [values['dry-run'] ? 'missing' : 'made']: missing } };
  },
};
