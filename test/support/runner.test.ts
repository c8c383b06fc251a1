// The runner sees the failures that bare uvu ends green on.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import * as assert from 'uvu/assert';
import { onEnd, suite } from './harness.js';

const test = suite('runner', { timeout: 30_000 });
const harness = pathToFileURL(path.resolve('test/support/harness.ts')).href;
const store = pathToFileURL(path.resolve('src/index.ts')).href;

/** How the run of a file with these tests ends. */
function run(tests: string, env: NodeJS.ProcessEnv = {}): Promise<{ code: number; last: string; output: string }> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'runner-test-'));
  onEnd(() => rmSync(folder, { recursive: true }));
  const file = path.join(folder, 'some.test.mts');
  writeFileSync(file, `import { suite } from ${JSON.stringify(harness)};\n${tests}\n`);
  const args = ['--import', 'tsx', 'test/support/run-file.ts', file];
  const { CI, ...rest } = process.env;
  return new Promise((resolve) => {
    execFile(process.execPath, args, { env: { ...rest, ...env } }, (error, stdout) => {
      const lines = stdout.trim().split('\n');
      resolve({ code: Number(error?.code ?? 0), last: lines.at(-1)!, output: stdout });
    });
  });
}

const good = `const test = suite('s'); test('passes', () => {});`;

test('what passes is counted, and ends with 0', async () => {
  const { code, last } = await run(good);
  assert.equal([code, last], [0, '1 passed, 0 failed']);
});

test('a warning that comes after the closing line takes no test from the count', async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'runner-test-'));
  onEnd(() => rmSync(folder, { recursive: true }));
  writeFileSync(path.join(folder, 'package.json'), '{"type":"module"}');
  const late = `process.on('exit', () => process.stderr.write('a warning'));`;
  writeFileSync(
    path.join(folder, 'some.test.ts'),
    `import { suite } from ${JSON.stringify(harness)};\n${good}\n${late}\n`,
  );
  const env = {
    ...process.env,
    TEST_DIR: folder,
    TEST_DATABASE: 'url',
    TEST_DATABASE_URL: process.env.TEST_SERVER_URL,
  };
  const args = ['--import', 'tsx', 'test/run.ts'];
  const output = await new Promise<string>((resolve) => {
    execFile(process.execPath, args, { env }, (_error, stdout) => resolve(stdout.trim()));
  });
  assert.match(output, /a warning/);
  assert.is(output.split('\n').at(-1), '1 passed, 0 failed');
});

const red: Record<string, [tests: string, says: RegExp, env?: NodeJS.ProcessEnv]> = {
  'a test that throws': [`suite('s')('fails', () => { throw new Error('no'); });`, /no/],
  'a test that throws no Error': [`suite('s')('fails', () => { throw 'a string'; });`, /thrown: a string/],
  'a before hook that throws': [
    `${good} test.before(() => { throw new Error('no'); });`,
    /PROBLEM hook of 's': Error: no/,
  ],
  'an after hook that throws': [
    `${good} test.after(() => { throw new Error('no'); });`,
    /PROBLEM hook of 's': Error: no/,
  ],
  'a test that never ends': [
    `suite('s', { timeout: 50 })('hangs', () => new Promise(() => {}));`,
    /not done after 50 ms/,
  ],
  'a clean-up that fails': [
    `import { onEnd } from ${JSON.stringify(harness)}; suite('s')('leaves', () => onEnd(() => { throw new Error('no'); }));`,
    /no/,
  ],
  'a rejection that nobody handles': [
    `${good} test('leaks', () => { Promise.reject(new Error('no')); });`,
    /outside any test: Error: no/,
  ],
  'a process.exit(0) in a test': [`suite('s')('leaves', () => process.exit(0));`, /PROBLEM the run broke off/],
  'a suite without a test': [`suite('s');`, /suite 's' is empty/],
  'a file without a suite': ['', /made no suite/],
  "a file that can't be loaded": [`import './nowhere.mjs';`, /Cannot find module/],
  'a handle that stays open': [`${good} setInterval(() => {}, 1000);`, /still open at the end: .*Timeout/],
  'a session id in what is printed': [
    `${good} test('tells', async () => {
      const { PgSessionStore } = await import(${JSON.stringify(store)});
      const store = new PgSessionStore({ conString: 'postgres://127.0.0.1:1/none', pruneSessionInterval: false });
      await store.get('an id as long as those of apps').catch((error) => console.log('found an id as long as those of apps'));
      await store.close();
    });`,
    /PROBLEM a session id was printed: an id as long/,
  ],
  'an .only in CI': [`${good} test.only('alone', () => {});`, /neither .only nor .skip may stay in CI/, { CI: 'true' }],
};

for (const [what, [tests, says, env]] of Object.entries(red)) {
  test(`${what} ends the run red`, async () => {
    const { code, last, output } = await run(tests, env);
    assert.match(output, says);
    assert.equal([code, /^\d+ passed, [1-9]\d* failed/.test(last)], [1, true], last);
  });
}
