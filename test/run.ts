// node --import tsx test/run.ts [part of a file name ...]   The last line says how it went: 'N passed, N failed'.
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const uvu = globalThis as unknown as { UVU_DEFER: number; UVU_INDEX: number; UVU_QUEUE: unknown[][] };
uvu.UVU_DEFER = 1; // before uvu is loaded: we start the suites, not a timer of its own
const { exec } = await import('uvu');
const { made, loading } = await import('./support/harness.js');
const { startDatabase } = await import('./support/database.js');

type Run = () => Promise<[string | true, number, number, number]>;
const count = { passed: 0, failed: 0, skipped: 0 };
const problems: string[] = [];
let phase: 'running' | 'closing' | 'done' = 'running';
const text = (e: unknown) => (e instanceof Error ? e.stack : String(e));
const blame = (e: unknown) => {
  if (phase === 'running') problems.push(`outside any test: ${text(e)}`);
};
process.on('unhandledRejection', blame);
process.on('uncaughtException', blame); // while closing, clients cut off by the server's stop are no failure
process.on('exit', () => {
  const broken = phase !== 'done';
  if (broken) problems.push('the run broke off');
  for (const p of problems) console.log(`PROBLEM ${p}`);
  const failed = Math.max(count.failed, problems.length ? 1 : 0);
  if (failed || broken) process.exitCode = 1;
  console.log(`${count.passed} passed, ${failed} failed${count.skipped ? `, ${count.skipped} skipped` : ''}`);
});

const root = path.resolve(process.env.TEST_DIR ?? 'test');
const wanted = process.argv.slice(2);
const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((f) => f.endsWith('.test.ts') && (!wanted.length || wanted.some((w) => f.includes(w))))
  .sort();

const database = await startDatabase();
process.env.TEST_SERVER_URL = database.url;
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    problems.push(signal);
    void database.stop().finally(() => process.exit(130));
  });
try {
  for (const [index, name] of files.entries()) {
    uvu.UVU_INDEX = index;
    const group: unknown[] = [name];
    uvu.UVU_QUEUE[index] = group;
    loading.file = name;
    const before = made.length;
    try {
      await import(pathToFileURL(path.join(root, name)).href);
    } catch (e) {
      problems.push(`${name} cannot be loaded: ${text(e)}`);
    }
    for (const suite of made.slice(before))
      suite.count ? suite.test.run() : problems.push(`${name}: suite '${suite.name}' is empty`);
    if (made.length === before) problems.push(`${name} made no suite`);
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
  }
  await exec(false);
  for (const suite of made)
    for (const e of suite.broken) problems.push(`${suite.file}, hook of '${suite.name}': ${text(e)}`);
  if (count.skipped && process.env.CI) problems.push('neither .only nor .skip may stay in CI');
  if (!count.passed && !count.failed) problems.push('no test ran');
} catch (e) {
  problems.push(String(text(e)));
} finally {
  phase = 'closing';
  await database.stop();
  phase = 'done';
}
setTimeout(() => {
  problems.push(`still open at the end: ${process.getActiveResourcesInfo().join(', ')}`);
  process.exit(1);
}, 5000).unref();
