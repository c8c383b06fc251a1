// The runner reports failures that uvu alone misses.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import * as assert from 'uvu/assert';
import { compiled } from './compiled.js';
import { onEnd, suite } from './harness.js';

const test = suite('runner', { timeout: 30_000 });
const harness = compiled('test/support/harness.ts');
const store = compiled('src/index.ts');

/** Runs a file with these tests, and returns how it ended. */
function run(tests: string, env: NodeJS.ProcessEnv = {}): Promise<{ code: number; last: string; output: string }> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'runner-test-'));
  onEnd(() => rmSync(folder, { recursive: true }));
  const file = path.join(folder, 'some.test.mjs');
  writeFileSync(file, `import { suite } from ${JSON.stringify(harness)};\n${tests}\n`);
  const args = ['--enable-source-maps', compiled('test/support/run-file.ts'), file];
  const { CI, ...rest } = process.env;
  return new Promise((resolve) => {
    execFile(process.execPath, args, { env: { ...rest, ...env } }, (error, stdout) => {
      const lines = stdout.trim().split('\n');
      resolve({ code: Number(error?.code ?? 0), last: lines.at(-1)!, output: stdout });
    });
  });
}

const good = `const test = suite('s'); test('passes', () => {});`;

test('the runner counts a passed test and exits with 0', async () => {
  const { code, last } = await run(good);
  assert.equal([code, last], [0, '1 passed, 0 failed']);
});

test('the runner counts all tests when a warning follows the last line', async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'runner-test-'));
  onEnd(() => rmSync(folder, { recursive: true }));
  writeFileSync(path.join(folder, 'package.json'), '{"type":"module"}');
  const late = `process.on('exit', () => process.stderr.write('a warning'));`;
  writeFileSync(
    path.join(folder, 'some.test.ts'),
    `import { suite } from ${JSON.stringify(path.resolve('test/support/harness.ts'))};\n${good}\n${late}\n`,
  );
  const env = {
    ...process.env,
    TEST_DIR: folder,
    TEST_DATABASE: 'url',
    TEST_DATABASE_URL: process.env.TEST_SERVER_URL,
  };
  const args = ['--enable-source-maps', compiled('test/run.ts')];
  const output = await new Promise<string>((resolve) => {
    execFile(process.execPath, args, { env }, (_error, stdout) => resolve(stdout.trim()));
  });
  assert.match(output, /a warning/);
  assert.is(output.split('\n').at(-1), '1 passed, 0 failed');
});

const failures: Record<string, [tests: string, message: RegExp, env?: NodeJS.ProcessEnv]> = {
  'a test throws an Error': [`suite('s')('fails', () => { throw new Error('no'); });`, /no/],
  'a test throws a string': [`suite('s')('fails', () => { throw 'a string'; });`, /thrown: a string/],
  'a before hook throws': [`${good} test.before(() => { throw new Error('no'); });`, /PROBLEM hook of 's': Error: no/],
  'an after hook throws': [`${good} test.after(() => { throw new Error('no'); });`, /PROBLEM hook of 's': Error: no/],
  'a test never ends': [`suite('s', { timeout: 50 })('hangs', () => new Promise(() => {}));`, /not done after 50 ms/],
  'the clean-up of a test throws': [
    `import { onEnd } from ${JSON.stringify(harness)}; suite('s')('leaves', () => onEnd(() => { throw new Error('no'); }));`,
    /no/,
  ],
  'a test throws, and then its clean-up': [
    `import { onEnd } from ${JSON.stringify(harness)};
    suite('s')('fails', () => { onEnd(() => { throw new Error('later'); }); throw new Error('first'); });`,
    /later.*FAIL.*first/s,
  ],
  'a test leaves a rejection unhandled': [
    `${good} test('leaks', () => { Promise.reject(new Error('no')); });`,
    /outside any test: Error: no/,
  ],
  'a test calls process.exit(0)': [`suite('s')('leaves', () => process.exit(0));`, /PROBLEM the run broke off/],
  'a suite has no test': [`suite('s');`, /suite 's' is empty/],
  'a file has no suite': ['', /made no suite/],
  'a file cannot be loaded': [`import './nowhere.mjs';`, /Cannot find module/],
  'a handle stays open': [`${good} setInterval(() => {}, 1000);`, /still open at the end: .*Timeout/],
  'a test prints a session id': [
    `${good} test('tells', async () => {
      const { PgSessionStore } = await import(${JSON.stringify(store)});
      const store = new PgSessionStore({ conString: 'postgres://127.0.0.1:1/none', pruneSessionInterval: false });
      await store.get('an id as long as those of apps').catch((error) => console.log('found an id as long as those of apps'));
      await store.close();
    });`,
    /PROBLEM a session id was printed: an id as long/,
  ],
  'CI runs a test with .only': [
    `${good} test.only('alone', () => {});`,
    /neither .only nor .skip may stay in CI/,
    { CI: 'true' },
  ],
};

for (const [what, [tests, message, env]] of Object.entries(failures)) {
  test(`the run fails when ${what}`, async () => {
    const { code, last, output } = await run(tests, env);
    assert.match(output, message);
    assert.equal([code, /^\d+ passed, [1-9]\d* failed/.test(last)], [1, true], last);
  });
}
