// npm run types              compiles sql/ against a throwaway server and writes src/generated/
// npm run types -- --check   for CI: writes nothing, and fails where there would be something to write
import * as fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { startLocalServer } from '../postgres/local-postgres.js';
import { describeQueries } from './describe-queries.js';
import { filesIn, runPgtyped, sourceOf } from './run-pgtyped.js';

const USAGE = `usage: npm run types -- [--check] [--url URL] [--timeout SECONDS]
  --check             change nothing, and fail where src/generated/ is not what sql/ compiles to
  --url URL           compile against this database, postgres://user:password@host:port/name, in place of a throwaway
                      server; the table must be there: psql URL -f sql/schema.sql
  --timeout SECONDS   how long pgtyped may take; default: 60`;
const OUTPUT = 'src/generated';
const DESCRIPTIONS = 'src/generated/descriptions.ts';

process.chdir(fileURLToPath(new URL('../..', import.meta.url)));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
try {
  console.log(await types(givenOptions()));
} catch (error) {
  console.error(`npm run types: ${inWords(error)}`);
  process.exitCode = 1;
}

function givenOptions() {
  try {
    const { values } = parseArgs({
      options: { check: { type: 'boolean' }, url: { type: 'string' }, timeout: { type: 'string', default: '60' } },
    });
    const { check = false, url } = values;
    const seconds = Number(values.timeout);
    if (!(seconds > 0)) throw new Error(`--timeout: '${values.timeout}' is no number of seconds`);
    // An empty variable, say, must not mean the default: it would hide that nobody looked at the database.
    if (url !== undefined && !/^postgres(ql)?:\/\//.test(url)) throw new Error('--url: no postgres:// URL');
    return { check, url, seconds };
  } catch (error) {
    throw new Error(`${(error as Error).message}\n${USAGE}`);
  }
}

/** @returns what was done, in words */
async function types({ check, url, seconds }: ReturnType<typeof givenOptions>): Promise<string> {
  const there = filesIn(OUTPUT).map((file) => `${OUTPUT}/${file}`);
  const isOurs = (file: string) => file === DESCRIPTIONS || sourceOf(fs.readFileSync(file, 'utf8')) !== undefined;
  const foreign = there.find((file) => !isOurs(file)); // somebody may have written it by hand
  if (foreign) throw new Error(`${foreign} was not made by pgtyped: move it out of ${OUTPUT}/, or delete it`);

  const generated = await generate(url, seconds);
  const leftOver = there.filter((file) => !generated.has(file));
  const missing = [...generated.keys()].filter((file) => !there.includes(file));
  const stale = there.filter((file) => generated.has(file) && fs.readFileSync(file, 'utf8') !== generated.get(file));

  const changes = [
    ...missing.map((file) => `  missing: ${file}`),
    ...stale.map((file) => `  out of date: ${file}`),
    ...leftOver.map((file) => `  left over: ${file}`),
  ].join('\n');
  if (!changes) return `${OUTPUT}/ is up to date`;
  if (check) {
    throw new Error(`${OUTPUT}/ is not what sql/ compiles to: run 'npm run types' and commit the result\n${changes}`);
  }
  for (const file of [...missing, ...stale]) {
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, generated.get(file)!);
  }
  for (const file of leftOver) fs.rmSync(file);
  return `${OUTPUT}/ was brought up to date\n${changes}`;
}

/** Compiles against the database at the URL, where nothing is created; without a URL, against a server of its own. */
async function generate(url: string | undefined, seconds: number): Promise<Map<string, string>> {
  // PG* variables complete a URL, as they do for psql; beside a server of our own they are meant for another.
  if (!url) for (const name of Object.keys(process.env)) if (name.startsWith('PG')) delete process.env[name];
  const server = url ? undefined : await startLocalServer({ database: 'types' });
  try {
    const client = new pg.Client({ connectionString: url ?? server!.url, connectionTimeoutMillis: 10_000 });
    await prepare(client, server !== undefined);
    const generated = await runPgtyped(client, seconds);
    refuseDuplicates(generated);
    return generated.set(DESCRIPTIONS, await describeQueries({ connectionString: url ?? server!.url }, generated));
  } finally {
    await server?.stop();
  }
}

/** Leaves the client closed, knowing its address, and a database behind it that has the table. */
async function prepare(client: pg.Client, ours: boolean): Promise<void> {
  await client.connect().catch((error) => {
    throw new Error(`the database cannot be reached: ${inWords(error)}`);
  });
  try {
    if (ours) {
      await client.query(fs.readFileSync('sql/schema.sql', 'utf8')).catch((error) => {
        throw new Error(`sql/schema.sql does not run: ${inWords(error)}`);
      });
    }
    const { rows } = await client.query(`SELECT to_regclass('"session_store"."session"') IS NOT NULL AS found`);
    if (!rows[0].found) {
      throw new Error('the database has no table "session_store"."session": make it with psql URL -f sql/schema.sql');
    }
  } finally {
    await client.end();
  }
}

/** pgtyped would write two constants of one name, or export one name from two modules. */
function refuseDuplicates(generated: Map<string, string>): void {
  const seen = new Map<string, string>();
  for (const text of generated.values()) {
    const source = sourceOf(text)!;
    for (const [, name] of text.matchAll(/^export const (\w+) = /gm)) {
      const places = [...new Set([seen.get(name!) ?? source, source])].join(' and ');
      if (seen.has(name!)) throw new Error(`the name ${name} is used twice, in ${places}: rename one of the queries`);
      seen.set(name!, source);
    }
  }
}

/** An error of several refused addresses has no message. */
function inWords(error: unknown): string {
  const { message, code } = error as { message: string; code?: string };
  return message || String(code);
}
