// npm test [-- part of a path ...]   Runs test files, each in its own process, on one database:
// all but those of the groups below, or those with a part in their path, also slow ones.
// --slow runs *.slow.test.ts: many settings, encodings, cookies and outages. --package runs
// test/package/ and test/cli/, which start the package's programs. --long runs test/long/, one file
// at a time. The last line is 'N passed, N failed'.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, rmSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { compile, compiled } from './support/compiled.js';
import { startDatabase } from './support/database.js';

const FOLDERS: Record<string, string[]> = { '--package': ['package/', 'cli/'], '--long': ['long/'] };
const [, , group = ''] = process.argv;
const [isLong, isSlow] = [group === '--long', group === '--slow'];
const folders = FOLDERS[group];
const isBelow = (file: string, all: string[]) => all.some((folder) => file.startsWith(folder));
const wanted = process.argv.slice(group.startsWith('--') ? 3 : 2);
const isInGroup = (file: string) =>
  folders
    ? isBelow(file, folders)
    : !isBelow(file, Object.values(FOLDERS).flat()) &&
      (file.endsWith('.slow.test.ts') ? isSlow || wanted.length > 0 : !isSlow);
const root = process.env.TEST_DIR ?? 'test';
const fileLimitMs = isLong ? 1_200_000 : folders ? 600_000 : 300_000; // package tests run npm and bundlers
/**
 * Long files start first, so that none of them runs alone at the end. Faults and chaos mostly wait.
 */
const weight = (file: string) => statSync(`${root}/${file}`).size * (/faults|chaos/.test(file) ? 5 : 1);
const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => file.endsWith('.test.ts') && !file.includes('node_modules/') && isInGroup(file))
  .filter((file) => !wanted.length || wanted.some((part) => file.includes(part)))
  .sort((one, other) => weight(other) - weight(one));
const count = { passed: 0, failed: 0, skipped: 0 };
const running = new Set<ChildProcess>();
let stopped = false;

const folder = await compile(files.map((file) => `${root}/${file}`));
process.on('exit', () => rmSync(folder, { recursive: true }));
process.env.TEST_COMPILED = folder;
const database = await startDatabase().catch((error) => {
  if (process.env.TEST_DATABASE !== 'citus' || process.env.TEST_CITUS_URL) throw error;
  const [reason] = String(error).split('\n');
  console.log(`skipped, because TEST_CITUS_URL is not set, and no container with Citus starts: ${reason}`);
  console.log('0 passed, 0 failed');
  process.exit(0);
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    stopped = true;
    for (const child of running) child.kill();
  });
}
try {
  // On a cluster, distributing a table online and dropping another would wait for each other.
  const isAlone = isLong || process.env.TEST_CITUS_URL || process.env.TEST_DATABASE === 'citus';
  // Outages are timed, so only the quick tests may use more processes than there are cores.
  const processes = isAlone ? 1 : isSlow || folders || wanted.length > 0 ? 2 : availableParallelism() + 1;
  await Promise.all(Array.from({ length: processes }, runFiles));
} finally {
  await database.stop();
}
const broken = stopped || count.passed + count.failed === 0;
if (broken)
  console.log(
    stopped
      ? 'PROBLEM the run was stopped'
      : `PROBLEM no test ran: no test file's path contains ${wanted.join(' or ')}`,
  );
const failed = Math.max(count.failed, broken ? 1 : 0);
process.exitCode = failed ? 1 : 0;
console.log(`${count.passed} passed, ${failed} failed${count.skipped ? `, ${count.skipped} skipped` : ''}`);

async function runFiles(): Promise<void> {
  for (let file = files.shift(); file && !stopped; file = files.shift()) {
    const { code, counted, printed } = await runFile(`${root}/${file}`);
    const closing = /\n(\d+) passed, (\d+) failed(?:, (\d+) skipped)?\s*$/;
    const [, passed, failures, skipped] = (closing.exec(counted) ?? []).map(Number);
    count.passed += passed ?? 0;
    count.failed += Math.max(failures ?? 0, code === 0 && passed !== undefined ? 0 : 1);
    count.skipped += skipped || 0;
    console.log(printed.replace(/\n\d+ passed, \d+ failed(, \d+ skipped)?$/m, '').trimEnd());
  }
}

/**
 * `counted` is what it wrote to standard output: a warning on the other stream may come after the
 * closing line.
 */
async function runFile(file: string): Promise<{ code: number | null; counted: string; printed: string }> {
  const args = ['--enable-source-maps', compiled('test/support/run-file.ts'), compiled(file)];
  const child = spawn(process.execPath, args, {
    env: { ...process.env, TEST_SERVER_URL: database.url, TEST_STORE_URL: database.storeUrl },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: fileLimitMs,
  });
  running.add(child);
  let counted = '';
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    counted += text;
    printed += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
  });
  const [code] = await once(child, 'close');
  running.delete(child);
  return { code, counted, printed: printed.trimEnd() };
}
