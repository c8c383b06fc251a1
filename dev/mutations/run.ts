// npm run mutations [-- part-of-name ...]   Removes one guard at a time, in a copy of the tree for
// each core. Each time, a test must fail.
import { execFile, execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { mutations } from './guards.js';

process.chdir(fileURLToPath(new URL('../..', import.meta.url)));
const wanted = process.argv.slice(2);
for (const { guard, file, from } of mutations) {
  if (!fs.readFileSync(file, 'utf8').includes(from)) {
    throw new Error(`${guard}: ${file} does not contain the text to replace`);
  }
}
const chosen = mutations.filter(({ guard }) => wanted.length === 0 || wanted.some((part) => guard.includes(part)));
const runnable = chosen.filter(({ guard, needs }) => {
  const isRunnable = !needs || process.env[needs] !== undefined;
  if (!isRunnable) console.log(`skipped, because ${needs} is not set: ${guard}`);
  return isRunnable;
});
if (chosen.length === 0) throw new Error(`no guard has ${wanted.join(' or ')} in its name`);
// Two runs on one cluster would wait for each other.
const copies = Array.from({ length: process.env.TEST_CITUS_URL ? 1 : os.availableParallelism() }, copyTree);
process.on('exit', () => {
  for (const copy of copies) fs.rmSync(copy, { recursive: true });
});
const baseline = await run(copies[0]!, [...new Set(runnable.flatMap(({ tests }) => tests))]);
if (!baseline.isGreen) throw new Error(`tests fail with all guards in place: ${baseline.failed.join(', ')}`);
const survivors: string[] = [];
await Promise.all(copies.map(removeGuards));
console.log(survivors.length > 0 ? `${survivors.length} survived` : 'all killed');
process.exitCode = survivors.length > 0 ? 1 : 0;

function copyTree(): string {
  const copy = fs.mkdtempSync(path.join(os.tmpdir(), 'mutations-'));
  for (const file of execFileSync('git', ['ls-files'], { encoding: 'utf8' }).trim().split('\n')) {
    fs.cpSync(file, path.join(copy, file));
  }
  fs.symlinkSync(path.resolve('node_modules'), path.join(copy, 'node_modules'));
  return copy;
}

async function removeGuards(copy: string): Promise<void> {
  for (let mutation = runnable.shift(); mutation; mutation = runnable.shift()) {
    const { guard, file, from, to, tests } = mutation;
    const target = path.join(copy, file);
    const original = fs.readFileSync(target, 'utf8');
    fs.writeFileSync(
      target,
      original.replaceAll(from, () => to),
    );
    const { failed } = await run(copy, tests);
    fs.writeFileSync(target, original);
    if (failed.length === 0) survivors.push(guard);
    console.log(failed.length > 0 ? `killed by ${failed.length}: ${guard} (${failed[0]})` : `SURVIVED: ${guard}`);
  }
}

/** Runs these test files. A run that crashed is not green, even without a failed test. */
async function run(copy: string, tests: string[]): Promise<{ isGreen: boolean; failed: string[] }> {
  const args = ['--import', 'tsx', 'test/run.ts', ...tests];
  const { isGreen, stdout } = await new Promise<{ isGreen: boolean; stdout: string }>((resolve) => {
    execFile('node', args, { cwd: copy, maxBuffer: Number.POSITIVE_INFINITY }, (error, stdout) =>
      resolve({ isGreen: error === null, stdout }),
    );
  });
  const failed = [...stdout.matchAll(/(?:FAIL {2}|^PROBLEM (?=outside any test))(.*)$/gm)].map(([, name]) =>
    name!.replaceAll('"', '').trim(),
  );
  if (!isGreen && failed.length === 0) failed.push('the run broke off'); // as in an endless loop
  return { isGreen, failed };
}
