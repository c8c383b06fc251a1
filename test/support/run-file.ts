// node run-file.js FILE   Runs the tests of one compiled file. The last line is
// 'N passed, N failed'.
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const uvu = globalThis as unknown as { UVU_DEFER: number; UVU_INDEX: number; UVU_QUEUE: unknown[][] };
uvu.UVU_DEFER = 1; // set before uvu loads: this file starts the suites, not uvu's timer
uvu.UVU_INDEX = 0;
const { exec } = await import('uvu');
const { made } = await import('./harness.js');
const { printedIds } = await import('./canary.js');

type Run = () => Promise<[string | true, number, number, number]>;
const count = { passed: 0, failed: 0, skipped: 0 };
const problems: string[] = [];
let ended = false;
const text = (error: unknown) => (error instanceof Error ? error.stack : String(error));
const blame = (error: unknown) => problems.push(`outside any test: ${text(error)}`);
process.on('unhandledRejection', blame);
process.on('uncaughtException', blame);
process.on('exit', () => {
  if (!ended) problems.push('the run broke off');
  for (const sid of printedIds()) problems.push(`a session id was printed: ${sid}`);
  for (const problem of problems) console.log(`PROBLEM ${problem}`);
  const failed = Math.max(count.failed, problems.length ? 1 : 0);
  if (failed) process.exitCode = 1;
  console.log(`${count.passed} passed, ${failed} failed${count.skipped ? `, ${count.skipped} skipped` : ''}`);
});

const file = process.argv[2]!;
const group: unknown[] = [path.basename(file).replace(/js$/, 'ts')];
uvu.UVU_QUEUE[0] = group;
try {
  await import(pathToFileURL(path.resolve(file)).href);
  if (made.length === 0) problems.push('it made no suite');
  for (const { name, count, mayBeEmpty, test } of made) {
    if (count > 0) test.run();
    else if (!mayBeEmpty) problems.push(`suite '${name}' is empty`);
  }
  for (let i = 1; i < group.length; i++) {
    const run = group[i] as Run;
    group[i] = (async () => {
      const [errors, ran, skips, total] = await run();
      count.passed += ran;
      count.failed += total - ran;
      count.skipped += skips;
      return [errors, ran, skips, total];
    }) satisfies Run;
  }
  await exec(false);
  for (const suite of made) for (const error of suite.broken) problems.push(`hook of '${suite.name}': ${text(error)}`);
  if (count.skipped && process.env.CI) problems.push('neither .only nor .skip may stay in CI');
} catch (error) {
  problems.push(String(text(error)));
}
ended = true;
setTimeout(() => {
  problems.push(`still open at the end: ${process.getActiveResourcesInfo().join(', ')}`);
  process.exit(1);
}, 5000).unref();
