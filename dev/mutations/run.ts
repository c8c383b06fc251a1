// npm run mutations [-- part-of-name ...]   Removes one guard at a time, in a copy of the tree.
// Each time, a test must fail.
import { execFileSync, spawnSync } from 'node:child_process';
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
const copy = fs.mkdtempSync(path.join(os.tmpdir(), 'mutations-'));
process.on('exit', () => fs.rmSync(copy, { recursive: true }));
for (const file of execFileSync('git', ['ls-files'], { encoding: 'utf8' }).trim().split('\n')) {
  fs.cpSync(file, path.join(copy, file));
}
fs.symlinkSync(path.resolve('node_modules'), path.join(copy, 'node_modules'));

const chosen = mutations.filter(({ guard }) => wanted.length === 0 || wanted.some((part) => guard.includes(part)));
const runnable = chosen.filter(({ guard, needs }) => {
  const isRunnable = !needs || process.env[needs] !== undefined;
  if (!isRunnable) console.log(`skipped, because ${needs} is not set: ${guard}`);
  return isRunnable;
});
if (chosen.length === 0) throw new Error(`no guard has ${wanted.join(' or ')} in its name`);
const baseline = run([...new Set(runnable.flatMap(({ tests }) => tests))]);
if (!baseline.isGreen) throw new Error(`tests fail with all guards in place: ${baseline.failed.join(', ')}`);
const survivors: string[] = [];
for (const { guard, file, from, to, tests } of runnable) {
  const target = path.join(copy, file);
  const original = fs.readFileSync(target, 'utf8');
  fs.writeFileSync(
    target,
    original.replaceAll(from, () => to),
  );
  const { failed } = run(tests);
  fs.writeFileSync(target, original);
  if (failed.length === 0) survivors.push(guard);
  console.log(failed.length > 0 ? `killed by ${failed.length}: ${guard} (${failed[0]})` : `SURVIVED: ${guard}`);
}
console.log(survivors.length > 0 ? `${survivors.length} survived` : 'all killed');
process.exitCode = survivors.length > 0 ? 1 : 0;

/** Runs these test files. A run that crashed is not green, even without a failed test. */
function run(tests: string[]): { isGreen: boolean; failed: string[] } {
  const args = ['--import', 'tsx', 'test/run.ts', ...tests];
  const { status, stdout } = spawnSync('node', args, { cwd: copy, encoding: 'utf8' });
  const failed = [...stdout.matchAll(/(?:FAIL {2}|^PROBLEM (?=outside any test))(.*)$/gm)].map(([, name]) =>
    name!.replaceAll('"', '').trim(),
  );
  if (status !== 0 && failed.length === 0) failed.push('the run broke off'); // as in an endless loop
  return { isGreen: status === 0, failed };
}
