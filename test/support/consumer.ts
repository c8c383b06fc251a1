// Packs the package, and installs it into an empty folder with the programs of
// test/package/consumer/.
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../', import.meta.url));
export const scratch = mkdtempSync(path.join(os.tmpdir(), 'package-test-'));
export const source = path.join(scratch, 'source');
export const consumer = path.join(scratch, 'consumer');

process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));

/** Returns the path of the tarball, and the paths in it. */
export async function installConsumer(): Promise<{ tarball: string; packed: string[] }> {
  // Builds in a copy, so that the test does not use a stale dist/ or overwrite one.
  cpSync(root, source, {
    recursive: true,
    filter: (file) => !['node_modules', 'dist', 'coverage', '.git'].includes(path.basename(file)),
  });
  symlinkSync(path.join(root, 'node_modules'), path.join(source, 'node_modules'));
  await run('npm', ['run', 'build'], { cwd: source });
  const [pack] = JSON.parse(await run('npm', ['pack', '--json', '--ignore-scripts'], { cwd: source }));
  const tarball = path.join(source, pack.filename);

  mkdirSync(consumer);
  await run('npm', ['init', '-y']);
  await run('npm', [
    ...['install', '--prefer-offline', '--no-audit', '--no-fund', '--save-exact', tarball],
    ...['pg', 'express', 'express-session'].map(sameVersion),
    ...['@types/pg', '@types/express', '@types/express-session', '@types/node'].map(sameVersion),
    `another-express-session@npm:${sameVersion('express-session')}`,
  ]);
  cpSync(path.join(root, 'test/package/consumer'), consumer, { recursive: true });
  for (const name of ['app', 'types'])
    for (const kind of ['mts', 'cts'])
      cpSync(path.join(consumer, `${name}.ts`), path.join(consumer, `${name}.${kind}`));
  return { tarball, packed: pack.files.map((file: { path: string }) => file.path) };
}

/** The package at the version that this repository has installed. */
export function sameVersion(name: string): string {
  return `${name}@${JSON.parse(readFileSync(path.join(root, 'node_modules', name, 'package.json'), 'utf8')).version}`;
}

/** The standard output of a command. If the command fails, the error has its output. */
export function run(
  command: string,
  args: string[],
  { cwd = consumer, env = {}, timeout = 250_000 } = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(command, args, { cwd, timeout, env: { ...process.env, ...env } }, (error, stdout, stderr) =>
      error ? reject(new Error(`${command} ${args.join(' ')}\n${stdout}${stderr}`)) : resolve(stdout.trim()),
    );
  });
}

/**
 * The errors that a TypeScript compiler prints for a configuration in the folder. It exits with 0
 * without them.
 */
export function compilerErrors(compiler: string, config: string, timeout = 60_000): Promise<string> {
  const args = [compiler, '-p', config, '--pretty', 'false'];
  return run(process.execPath, args, { timeout }).catch((error: Error) => {
    const [, ...lines] = error.message.split('\n');
    return lines.join('\n').trim() || error.message; // a killed compiler prints nothing
  });
}
