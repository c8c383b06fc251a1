// Runs pgtyped, and detects its failures. After most errors, 2.4.3 exits with 0 or hangs, and keeps
// its old output.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import type pg from 'pg';
import type { PgtypedConfig } from './config.js';
import { startRelay } from './relay.js';

const SUCCESS =
  /^(Using a pool of .*|Processing .*|Saved \d+ query types from .*|Warning: Setting "emitFileName" is deprecated.*)$/; // other lines are errors
const NOISE = /^\s*$|^\s+at |^Parsed file:|^\d+ \| /; // lines of an error that do not help

/** pgtyped could not compile the queries, or a check of them failed. */
export class CompileError extends Error {}

/** The files below a folder, without hidden files and installed packages. */
export const filesIn = (folder: string): string[] =>
  (fs.existsSync(folder) ? fs.readdirSync(folder, { recursive: true, encoding: 'utf8' }) : [])
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => !/(^|\/)(\.|node_modules\/)/.test(file) && fs.lstatSync(path.join(folder, file)).isFile())
    .sort()
    .map((file) => path.join(folder, file).replaceAll('\\', '/'));

/** The source file of a generated text. */
export const sourceOf = (text: string): string | undefined =>
  /^\/\*\* Types generated for queries found in "(.*)" \*\//.exec(text)?.[1];

/**
 * Compiles the queries against the database of this client, which may be closed. Changes no file of
 * the project.
 *
 * @returns the text of each generated file, by its path relative to the current folder
 * @throws {CompileError} if pgtyped reports an error or does not exit in time
 */
export async function compile(
  database: pg.Client,
  config: PgtypedConfig,
  seconds: number,
): Promise<Map<string, string>> {
  const program = pgtypedProgram();
  // pgtyped loses responses over TLS, does not decode the password of a URL, and ignores its query
  // string.
  const relay = await startRelay(database);
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'pgtyped-'));
  const { user, database: dbName, password } = database;
  const configFile = path.join(scratch, 'config.json');
  const { dbUrl: _, ...rest } = config;
  const scratchConfig = {
    ...rest,
    transforms: config.transforms.map((transform) => ({
      ...transform,
      emitTemplate: inFolder(scratch, templateOf(transform)),
    })),
    db: {
      host: '127.0.0.1',
      port: (relay.address() as AddressInfo).port,
      user,
      dbName,
      password: password ?? undefined,
    },
  };
  fs.writeFileSync(configFile, JSON.stringify(scratchConfig));

  const child = spawn(process.execPath, [program, '--config', configFile], {
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
  relay.close();

  const lines = output.split('\n').filter((line) => !SUCCESS.test(line) && !NOISE.test(line));
  const isError = lines.some((line) => !line.startsWith('Skipped ')); // alone: a file without queries
  const details = isError ? lines.map((line) => `\n  ${line}`).join('') : '';
  if (child.killed) {
    throw new CompileError(
      `pgtyped did not exit within ${seconds} seconds. Is a table locked, or --timeout too short?${details}`,
    );
  }
  if (details || code !== 0) {
    throw new CompileError(`pgtyped could not compile ${config.srcDir}:${details || ` exit code ${code}`}`);
  }
  fs.rmSync(configFile);
  return new Map(
    filesIn(scratch).map((file) => [
      path.relative(process.cwd(), path.resolve(ROOT, path.relative(scratch, file))).replaceAll('\\', '/'),
      fs.readFileSync(file, 'utf8'),
    ]),
  );
}

const { root: ROOT } = path.parse(process.cwd());

/** The place below a folder that has the same path as the template has below the root. */
function inFolder(folder: string, template: string): string {
  const place = path.isAbsolute(template) ? template : `${process.cwd()}/${template}`; // not normalized: {{dir}} may be followed by ..
  return `${folder}/${place.slice(ROOT.length)}`;
}

/** Where pgtyped writes the code for a file, as its template. */
function templateOf({ mode, emitTemplate }: PgtypedConfig['transforms'][number]): string {
  return emitTemplate ?? `{{dir}}/{{name}}.${mode === 'ts' ? 'types.ts' : 'ts'}`;
}

/** The folders that can hold generated code. */
export const outputFolders = ({ srcDir, transforms }: PgtypedConfig): string[] => [
  ...new Set(
    transforms.map((transform) => {
      const [start = ''] = templateOf(transform).split('{{');
      return start === '' ? srcDir : path.dirname(`${start}x`);
    }),
  ),
];

/** @throws {CompileError} if the project has not installed pgtyped */
function pgtypedProgram(): string {
  const { resolve } = createRequire(path.resolve('package.json'));
  const programs = resolve.paths('@pgtyped/cli')!.map((folder) => path.join(folder, '@pgtyped/cli/lib/index.js'));
  const program = programs.find((file) => fs.existsSync(file));
  if (program === undefined) throw new CompileError('pgtyped is not installed here. Run npm install -D @pgtyped/cli');
  return program;
}
