// npm run types              compiles sql/ against a throwaway server and writes src/generated/
// npm run types -- --check   for CI: writes nothing, and fails if src/generated/ is out of date
import * as fs from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { applyToFiles, findChanges } from '../../src/cli/pgtyped/changes.js';
import { compile, filesIn, sourceOf } from '../../src/cli/pgtyped/compile.js';
import { readConfig } from '../../src/cli/pgtyped/config.js';
import { duplicateNames, missingOutputs, sourcesOf } from '../../src/cli/pgtyped/sources.js';
import { startLocalServer } from '../postgres/local-postgres.js';
import { describeQueries } from './describe-queries.js';

const USAGE = `usage: npm run types -- [--check] [--url URL] [--timeout SECONDS]
  --check             change nothing, and fail if src/generated/ is not what sql/ compiles to
  --url URL           compile against this database, postgres://user:password@host:port/name, which must have
                      the table (psql URL -f sql/schema.sql) and the catalogs of Citus (the extension, or
                      psql URL -f dev/types/citus.sql as superuser); default: a throwaway server
  --timeout SECONDS   limit for pgtyped; default: 60`;
const OUTPUT = 'src/generated';
/** The tables that the queries need, and the files that create them. */
const SOURCES = {
  '"session_store"."session"': 'sql/schema.sql',
  'pg_catalog.pg_dist_partition': 'dev/types/citus.sql',
};
const DESCRIPTIONS = 'src/generated/descriptions.ts';

process.chdir(fileURLToPath(new URL('../..', import.meta.url)));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
try {
  console.log(await types(givenOptions()));
} catch (error) {
  console.error(`npm run types: ${messageOf(error)}`);
  process.exitCode = 1;
}

function givenOptions() {
  try {
    const { values } = parseArgs({
      options: { check: { type: 'boolean' }, url: { type: 'string' }, timeout: { type: 'string', default: '60' } },
    });
    const { check = false, url } = values;
    const seconds = Number(values.timeout);
    if (!(seconds > 0)) throw new Error(`--timeout must be a positive number of seconds, not '${values.timeout}'`);
    // An empty URL, from an empty variable, must not mean the default: CI would not check the
    // database.
    if (url !== undefined && !/^postgres(ql)?:\/\//.test(url)) throw new Error('--url must be a postgres:// URL');
    return { check, url, seconds };
  } catch (error) {
    throw new Error(`${(error as Error).message}\n${USAGE}`);
  }
}

/** @returns a message about the changes */
async function types({ check, url, seconds }: ReturnType<typeof givenOptions>): Promise<string> {
  const existing = filesIn(OUTPUT);
  const isGenerated = (file: string) => file === DESCRIPTIONS || sourceOf(fs.readFileSync(file, 'utf8')) !== undefined;
  const foreign = existing.find((file) => !isGenerated(file)); // may be written by hand
  if (foreign) throw new Error(`pgtyped did not generate ${foreign}. Move it out of ${OUTPUT}/, or delete it`);

  const generated = await generate(url, seconds);
  const found = findChanges([OUTPUT], filesIn('sql'), generated);
  const changes = found.map(({ kind, file }) => `  ${kind}: ${file}`).join('\n');
  if (!changes) return `${OUTPUT}/ is up to date`;
  if (check) {
    throw new Error(`${OUTPUT}/ is not what sql/ compiles to. Run 'npm run types' and commit the result\n${changes}`);
  }
  applyToFiles(found, generated);
  return `updated ${OUTPUT}/\n${changes}`;
}

/**
 * Compiles against the database at the URL, and creates nothing there. Without a URL, it starts a
 * server.
 */
async function generate(url: string | undefined, seconds: number): Promise<Map<string, string>> {
  // PG* variables complete a URL, as they do for psql. They must not apply to the throwaway server.
  if (!url) for (const name of Object.keys(process.env)) if (name.startsWith('PG')) delete process.env[name];
  const server = url ? undefined : await startLocalServer({ database: 'types' });
  try {
    const client = new pg.Client({ connectionString: url ?? server!.url, connectionTimeoutMillis: 10_000 });
    await prepare(client, server !== undefined);
    const config = readConfig('pgtyped.config.json');
    const generated = await compile(client, config, seconds);
    const [problem] = [...missingOutputs(sourcesOf(config), generated), ...duplicateNames(generated)];
    if (problem) throw new Error(problem);
    return generated.set(DESCRIPTIONS, await describeQueries({ connectionString: url ?? server!.url }, generated));
  } finally {
    await server?.stop();
  }
}

/**
 * Creates the tables on a throwaway server, and checks that the database has them. Closes the
 * client.
 */
async function prepare(client: pg.Client, isThrowaway: boolean): Promise<void> {
  await client.connect().catch((error) => {
    throw new Error(`cannot connect to the database: ${messageOf(error)}`);
  });
  try {
    for (const [relation, file] of Object.entries(SOURCES)) {
      if (isThrowaway) {
        await client.query(fs.readFileSync(file, 'utf8')).catch((error) => {
          throw new Error(`${file} failed: ${messageOf(error)}`);
        });
      }
      const { rows } = await client.query('SELECT to_regclass($1) IS NOT NULL AS found', [relation]);
      if (!rows[0].found) throw new Error(`the database has no table ${relation}. Create it with psql URL -f ${file}`);
    }
  } finally {
    await client.end();
  }
}

/** An AggregateError from several refused addresses has only a code. */
function messageOf(error: unknown): string {
  const { message, code } = error as { message: string; code?: string };
  return message || String(code);
}
