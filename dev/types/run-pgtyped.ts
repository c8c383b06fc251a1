// Runs pgtyped, and detects its failures. After most errors, 2.4.3 exits with 0 or hangs, and keeps
// its old output.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import type pg from 'pg';
import { startRelay } from '../postgres/plain-relay.js';

const SUCCESS = /^(Using a pool of .*|Processing .*|Saved \d+ query types from .*)$/; // other lines are errors
const NOISE = /^\s*$|^\s+at |^Parsed file:|^\d+ \| /; // lines of an error that do not help

/** The files below a folder, without hidden files. */
export const filesIn = (folder: string): string[] =>
  (fs.existsSync(folder) ? fs.readdirSync(folder, { recursive: true, encoding: 'utf8' }) : [])
    .filter((file) => !path.basename(file).startsWith('.') && fs.lstatSync(path.join(folder, file)).isFile())
    .map((file) => file.replaceAll('\\', '/'))
    .sort();

/** The source file of a generated text. */
export const sourceOf = (text: string): string | undefined =>
  /^\/\*\* Types generated for queries found in "(.*)" \*\//.exec(text)?.[1];

/**
 * Compiles sql/ against the database of this client, which may be closed. Changes no file of
 * the tree.
 *
 * @returns the text of each generated file, by its path in the tree
 * @throws if pgtyped reports an error, generates nothing from a file, or does not exit in time
 */
export async function runPgtyped(database: pg.Client, seconds: number): Promise<Map<string, string>> {
  // pgtyped loses responses over TLS, does not decode the password of a URL, and ignores its query
  // string.
  const relay = await startRelay(database);
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'pgtyped-'));
  const config = createRequire(import.meta.url)('../../pgtyped.config.json');
  const tree = path.join(scratch, 'tree');
  for (const transform of config.transforms) transform.emitTemplate = path.join(tree, transform.emitTemplate);
  const { user, database: dbName, password } = database;
  config.db = { host: '127.0.0.1', port: relay.port, user, dbName, password: password ?? undefined };
  const configFile = path.join(scratch, 'config.json');
  fs.writeFileSync(configFile, JSON.stringify(config));

  const child = spawn(process.execPath, ['node_modules/@pgtyped/cli/lib/index.js', '--config', configFile], {
    env: { LC_ALL: 'C', NODE_NO_WARNINGS: '1' }, // only these: pgtyped reads variables as options, and sorts by the locale
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: seconds * 1000,
    killSignal: 'SIGKILL',
  });
  process.once('exit', () => {
    child.kill('SIGKILL'); // still runs after Ctrl-C
    fs.rmSync(scratch, { recursive: true, force: true });
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const [code] = await once(child, 'close');
  relay.stop();

  const errors = output.split('\n').filter((line) => !SUCCESS.test(line) && !NOISE.test(line));
  const details = errors.map((line) => `\n  ${line}`).join('');
  if (child.killed) {
    throw new Error(
      `pgtyped did not exit within ${seconds} seconds. Is a table locked, or --timeout too short?${details}`,
    );
  }
  if (details || code !== 0) throw new Error(`pgtyped could not compile sql/:${details || ` exit code ${code}`}`);
  const files = new Map(filesIn(tree).map((file) => [file, fs.readFileSync(path.join(tree, file), 'utf8')]));
  const compiled = new Set([...files.values()].map(sourceOf));
  const skipped = filesIn('sql').find((file) => file.endsWith('.sql') && !compiled.has(`sql/${file}`));
  if (skipped) throw new Error(`pgtyped generated nothing from sql/${skipped}. Does another file have the same name?`);
  return files;
}
