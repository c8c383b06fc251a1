// types: compiles the queries of a project, with the pgtyped that it has installed.
import pg from 'pg';
import { databaseFailed, pluralize } from '../../errors.js';
import { connectionConfig } from '../../postgres/connect.js';
import { unbind } from '../../table/stand-in.js';
import { noPositional, numberOf, stringOf } from '../arguments.js';
import type { Command, Outcome } from '../command.js';
import { applyToFiles, findChanges, foreignFiles } from '../pgtyped/changes.js';
import { CompileError, compile, outputFolders } from '../pgtyped/compile.js';
import { databaseOf, readConfig } from '../pgtyped/config.js';
import { duplicateNames, missingOutputs, sourcesOf, standInProblems } from '../pgtyped/sources.js';

const STAND_IN_ADVICE =
  'Create the stand-in in this database: connect-pg-typed init --schema session_store --table session --create-schema --url URL';

const FOREIGN_ADVICE = 'Rename it, or let emitTemplate name another file';

export const types: Command = {
  usage: '',
  summary: 'Compiles your own queries into typed functions.',
  details:
    'It runs the pgtyped of your project with its configuration, against a development database that has the ' +
    'stand-in (see docs/typed-queries.md). It fails if a query does not compile or has no output, or names the ' +
    'stand-in in a way that bindTable() cannot replace. Then it writes nothing. With --check it never writes, and ' +
    'exits with 1 if a generated file is missing, out of date or without a source: use it in CI. --schema and ' +
    '--table have no effect.',
  options: {
    check: { help: 'write nothing, and check that the generated files are up to date' },
    config: { value: 'FILE', help: "pgtyped's configuration; default: pgtyped.config.json" },
    timeout: { value: 'SECONDS', help: 'limit for pgtyped; default: 60' },
  },
  examples: ['types --url $DEV_DATABASE_URL', 'types --check'],
  async run({ positionals, values }) {
    noPositional(positionals);
    const seconds = numberOf(values, 'timeout') ?? 60;
    try {
      return await compileProject(stringOf(values.config) ?? 'pgtyped.config.json', {
        url: stringOf(values.url),
        check: values.check === true,
        seconds,
      });
    } catch (error) {
      if (!(error instanceof CompileError)) throw error;
      const isMissing = error.message.includes('"session_store.session" does not exist');
      return problemsFound([isMissing ? `${error.message}\n${STAND_IN_ADVICE}` : error.message]);
    }
  },
};

async function compileProject(
  configFile: string,
  { url, check, seconds }: { url: string | undefined; check: boolean; seconds: number },
): Promise<Outcome> {
  const config = readConfig(configFile);
  const sources = sourcesOf(config);
  if (sources.length === 0) throw new CompileError(`no file below ${config.srcDir} is included by ${configFile}`);
  const unreplaceable = standInProblems(sources);
  if (unreplaceable.length > 0) return problemsFound(unreplaceable);

  const database = connectionConfig(url) ?? databaseOf(config);
  if (!database) throw new TypeError('no database given. Pass --url, or set DATABASE_URL or the PG* variables');
  const client = new pg.Client({ ...database, connectionTimeoutMillis: 10_000 });
  // pgtyped would hang without a message.
  await client.connect().catch((error) => {
    throw databaseFailed(error);
  });
  await client.end();
  const compiled = await compile(client, config, seconds);
  const generated = new Map([...compiled].map(([file, code]) => [file, unbind(code)]));
  const foreign = foreignFiles(generated).map((file) => `${file} is not a file of pgtyped. ${FOREIGN_ADVICE}`);
  const problems = [...missingOutputs(sources, generated), ...duplicateNames(generated), ...foreign];
  if (problems.length > 0) return problemsFound(problems);

  const changes = findChanges(outputFolders(config), sources, generated);
  if (!check) applyToFiles(changes, generated);
  const list = changes.map(({ kind, file }) => `  ${check ? kind : DONE[kind]}: ${file}`).join('\n');
  const json = { changes, problems };
  if (changes.length === 0) return { text: `up to date: ${pluralize(generated.size, 'generated file')}`, json };
  if (check) {
    const advice = 'Run connect-pg-typed types, and commit the result';
    return { text: `the generated files are not what the queries compile to. ${advice}:\n${list}`, json, exitCode: 1 };
  }
  return { text: `updated the generated files:\n${list}`, json };
}

const DONE = { missing: 'written', 'out of date': 'written', 'left over': 'deleted' };

const problemsFound = (problems: string[]): Outcome => ({
  text: problems.join('\n'),
  json: { changes: [], problems },
  exitCode: 1,
});
