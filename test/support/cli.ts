// Runs the CLI as a process.
import { execFile } from 'node:child_process';
import { compiled } from './compiled.js';

export interface CliResult {
  code: number;
  stdout: string;
  stderr: string;
}

/** The output of all processes, to search it for secrets. */
export const printed: string[] = [];

/**
 * Runs the CLI on the test server, unless `env` names another one. Default: standard input is
 * empty, and the folder is the checkout.
 */
export function cli(
  args: string[],
  env: NodeJS.ProcessEnv = {},
  { input = '', cwd = process.cwd() }: { input?: string; cwd?: string } = {},
): Promise<CliResult> {
  const clean = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(PG|DATABASE_URL|SESSION_)/.test(name)),
  );
  const options = { env: { ...clean, DATABASE_URL: process.env.TEST_SERVER_URL, ...env }, cwd, timeout: 30_000 };
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [compiled('src/cli/main.ts'), ...args],
      options,
      (error, stdout, stderr) => {
        printed.push(stdout, stderr);
        resolve({ code: error ? Number(error.code ?? -1) : 0, stdout, stderr });
      },
    );
    child.stdin!.on('error', () => {}).end(input); // a command that fails early does not read it
  });
}
