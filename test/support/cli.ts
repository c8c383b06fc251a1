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

/** Runs the CLI on the test server, unless `env` names another one. */
export function cli(args: string[], env: NodeJS.ProcessEnv = {}, cwd = process.cwd()): Promise<CliResult> {
  const clean = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(PG|DATABASE_URL)/.test(name)));
  const options = { cwd, env: { ...clean, DATABASE_URL: process.env.TEST_SERVER_URL, ...env }, timeout: 30_000 };
  return new Promise((resolve) => {
    execFile(process.execPath, [compiled('src/cli/main.ts'), ...args], options, (error, stdout, stderr) => {
      printed.push(stdout, stderr);
      resolve({ code: error ? Number(error.code ?? -1) : 0, stdout, stderr });
    });
  });
}
