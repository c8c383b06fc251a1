// npm test [-- part of a file name ...]   Each file in a process of its own, two at a time, on one database.
// The last line says how it went: 'N passed, N failed'.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, statSync } from 'node:fs';
import { startDatabase } from './support/database.js';

const AT_ONCE = 2;
const FILE_LIMIT_MS = 300_000;
const wanted = process.argv.slice(2);
const files = readdirSync('test')
  .filter((file) => file.endsWith('.test.ts') && (!wanted.length || wanted.some((part) => file.includes(part))))
  .sort((one, other) => statSync(`test/${other}`).size - statSync(`test/${one}`).size); // none of the long ones last
const count = { passed: 0, failed: 0, skipped: 0 };
const running = new Set<ChildProcess>();
let stopped = false;

const database = await startDatabase();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    stopped = true;
    for (const child of running) child.kill();
  });
}
try {
  await Promise.all(Array.from({ length: AT_ONCE }, runFiles));
} finally {
  await database.stop();
}
const broken = stopped || count.passed + count.failed === 0;
if (broken) console.log(stopped ? 'PROBLEM the run was stopped' : `PROBLEM no test ran: no file is called ${wanted}`);
const failed = Math.max(count.failed, broken ? 1 : 0);
process.exitCode = failed ? 1 : 0;
console.log(`${count.passed} passed, ${failed} failed${count.skipped ? `, ${count.skipped} skipped` : ''}`);

async function runFiles(): Promise<void> {
  for (let file = files.shift(); file && !stopped; file = files.shift()) {
    const { code, printed } = await runFile(`test/${file}`);
    const closing = /\n(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/;
    const [, passed, failures, skipped] = (closing.exec(printed) ?? []).map(Number);
    count.passed += passed ?? 0;
    count.failed += Math.max(failures ?? 0, code === 0 && passed !== undefined ? 0 : 1);
    count.skipped += skipped || 0;
    console.log(printed.replace(closing, ''));
  }
}

async function runFile(file: string): Promise<{ code: number | null; printed: string }> {
  const child = spawn(process.execPath, ['--import', 'tsx', 'test/support/run-file.ts', file], {
    env: { ...process.env, TEST_SERVER_URL: database.url },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: FILE_LIMIT_MS,
  });
  running.add(child);
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
    });
  }
  const [code] = await once(child, 'close');
  running.delete(child);
  return { code, printed: printed.trimEnd() };
}
