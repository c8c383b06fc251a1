// pgtyped, made to fail where it fails: 2.4.3 exits with 0 after nearly every error, or hangs, and keeps its old output.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import type pg from 'pg';
import { startRelay } from '../postgres/plain-relay.js';

const WHEN_ALL_IS_WELL = /^(Using a pool of .*|Processing .*|Saved \d+ query types from .*)$/; // all else is a complaint
const NOISE = /^\s*$|^\s+at |^Parsed file:|^\d+ \| /; // of a complaint, what helps nobody

/** The files below a folder, without hidden ones. */
export const filesIn = (folder: string): string[] =>
  (fs.existsSync(folder) ? fs.readdirSync(folder, { recursive: true, encoding: 'utf8' }) : [])
    .filter((file) => !path.basename(file).startsWith('.') && fs.lstatSync(path.join(folder, file)).isFile())
    .map((file) => file.replaceAll('\\', '/'))
    .sort();

/** The file that a generated text was made from. */
export const sourceOf = (text: string): string | undefined =>
  /^\/\*\* Types generated for queries found in "(.*)" \*\//.exec(text)?.[1];

/**
 * Compiles sql/ against the database that a client has been connected to, from the folder of pgtyped.config.json, where
 * it changes nothing.
 *
 * @returns the text of each generated file, by its path in the tree
 * @throws what pgtyped complained of, a file that it made nothing of, or that it did not come to an end
 */
export async function runPgtyped(database: pg.Client, seconds: number): Promise<Map<string, string>> {
  // Over TLS pgtyped loses answers; of a URL it neither decodes the password nor reads what is after the "?".
  const relay = await startRelay(database);
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'pgtyped-'));
  const config = createRequire(import.meta.url)('../../pgtyped.config.json');
  const output = path.join(scratch, 'tree');
  for (const transform of config.transforms) transform.emitTemplate = path.join(output, transform.emitTemplate);
  const { user, database: dbName, password } = database;
  config.db = { host: '127.0.0.1', port: relay.port, user, dbName, password: password ?? undefined };
  const configFile = path.join(scratch, 'config.json');
  fs.writeFileSync(configFile, JSON.stringify(config));

  const child = spawn(process.execPath, ['node_modules/@pgtyped/cli/lib/index.js', '--config', configFile], {
    env: { LC_ALL: 'C', NODE_NO_WARNINGS: '1' }, // no more: it takes any variable for an option, and sorts by the locale
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: seconds * 1000,
    killSignal: 'SIGKILL',
  });
  process.once('exit', () => {
    child.kill('SIGKILL'); // where Ctrl-C ended us first
    fs.rmSync(scratch, { recursive: true, force: true });
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
  }
  const [code] = await once(child, 'close');
  relay.stop();

  const complaints = said.split('\n').filter((line) => !WHEN_ALL_IS_WELL.test(line) && !NOISE.test(line));
  const inDetail = complaints.map((line) => `\n  ${line}`).join('');
  if (child.killed) {
    throw new Error(
      `pgtyped did not end within ${seconds} seconds: is a table locked, or --timeout too short?${inDetail}`,
    );
  }
  if (inDetail || code !== 0) throw new Error(`pgtyped could not compile sql/:${inDetail || ` exit code ${code}`}`);
  const files = new Map(filesIn(output).map((file) => [file, fs.readFileSync(path.join(output, file), 'utf8')]));
  const compiled = new Set([...files.values()].map(sourceOf));
  const passedOver = filesIn('sql').find((file) => file.endsWith('.sql') && !compiled.has(`sql/${file}`));
  if (passedOver) throw new Error(`pgtyped made nothing of sql/${passedOver}: has another file there the same name?`);
  return files;
}
