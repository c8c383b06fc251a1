// npm run mutations [-- part of a name ...]   Takes out one guard after another, in a copy, and sees a test go red.
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
    throw new Error(`${guard}: ${file} no longer holds what is to be taken out`);
  }
}
const copy = fs.mkdtempSync(path.join(os.tmpdir(), 'mutations-'));
process.on('exit', () => fs.rmSync(copy, { recursive: true }));
for (const file of execFileSync('git', ['ls-files'], { encoding: 'utf8' }).trim().split('\n')) {
  fs.cpSync(file, path.join(copy, file));
}
fs.symlinkSync(path.resolve('node_modules'), path.join(copy, 'node_modules'));

const chosen = mutations.filter(({ guard }) => wanted.length === 0 || wanted.some((part) => guard.includes(part)));
if (chosen.length === 0) throw new Error(`no guard is called ${wanted.join(', ')}`);
const untouched = run([...new Set(chosen.flatMap(({ tests }) => tests))]);
if (!untouched.isGreen) throw new Error(`not green with all guards in place: ${untouched.red.join(', ')}`);
const survivors: string[] = [];
for (const { guard, file, from, to, tests } of chosen) {
  const target = path.join(copy, file);
  const original = fs.readFileSync(target, 'utf8');
  fs.writeFileSync(
    target,
    original.replaceAll(from, () => to),
  );
  const { red } = run(tests);
  fs.writeFileSync(target, original);
  if (red.length === 0) survivors.push(guard);
  console.log(red.length > 0 ? `killed by ${red.length}: ${guard} (${red[0]})` : `SURVIVED: ${guard}`);
}
console.log(survivors.length > 0 ? `${survivors.length} survived` : 'all killed');
process.exitCode = survivors.length > 0 ? 1 : 0;

/** Runs these test files, and says which tests fail. A run that broke off is not green, and names none. */
function run(tests: string[]): { isGreen: boolean; red: string[] } {
  const args = ['--import', 'tsx', 'test/run.ts', ...tests];
  const { status, stdout } = spawnSync('node', args, { cwd: copy, encoding: 'utf8' });
  const red = [...stdout.matchAll(/(?:FAIL {2}|^PROBLEM (?=outside any test))(.*)$/gm)].map(([, name]) =>
    name!.replaceAll('"', '').trim(),
  );
  return { isGreen: status === 0, red };
}
