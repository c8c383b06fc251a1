// The tests of the store's contract pass on each Node, on Bun and on Deno. Run
// `npm ci --prefix test/long/toolchains` first.
import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';
import { compile, compiled } from '../support/compiled.js';
import { suite } from '../support/harness.js';

const TIMEOUT_MS = 300_000;
const toolchains = fileURLToPath(new URL('toolchains/node_modules/', import.meta.url));
const test = suite('runtimes', { timeout: TIMEOUT_MS, needs: 'test/long/toolchains' });

const RUNTIMES: Record<string, [file: string, ...args: string[]]> = {
  'Node 20': ['node-20/bin/node'],
  'Node 22': ['node-22/bin/node'],
  'Node 24': ['node-24/bin/node'],
  Bun: ['.bin/bun'],
  Deno: ['.bin/deno', 'run', '--allow-all'],
};

const FILES = [
  'test/store/store.test.ts',
  'test/store/http.test.ts',
  'test/store/request-scope.test.ts',
  'test/store/save-before-response.test.ts',
  'test/store/revocations.test.ts',
  'test/store/pruning.test.ts',
  'test/session/encryption.test.ts',
];

test.before(async () => {
  const folder = await compile(FILES);
  process.on('exit', () => rmSync(folder, { recursive: true }));
  process.env.TEST_COMPILED = folder;
});

/** What the run of the tests prints last, and its failures before that. */
function resultOf([file, ...args]: [string, ...string[]], tests: string): Promise<string> {
  const all = [...args, compiled('test/support/run-file.ts'), compiled(tests)];
  return new Promise((resolve) => {
    execFile(`${toolchains}${file}`, all, { timeout: TIMEOUT_MS - 1000 }, (error, stdout, stderr) => {
      const last = stdout.trimEnd().split('\n').at(-1)!;
      resolve(error ? `${stdout}${stderr}` : last);
    });
  });
}

for (const [name, runtime] of Object.entries(RUNTIMES)) {
  for (const file of FILES) {
    test(`${path.basename(file)} passes on ${name}`, async () => {
      const result = await resultOf(runtime, file);
      assert.match(result, /^[1-9]\d* passed, 0 failed$/, result);
      console.log(`${name}: ${path.basename(file)}: ${result}`);
    });
  }
}
