// An app that imports all entry points compiles with each TypeScript, moduleResolution and kind of
// module. Run `npm ci --prefix test/long/toolchains` first.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import * as assert from 'uvu/assert';
import { compilerErrors, consumer, installConsumer, root } from '../support/consumer.js';
import { isInstalled, suite } from '../support/harness.js';

const TIMEOUT_MS = 300_000;
const TOOLCHAINS = 'test/long/toolchains';
const toolchains = path.join(root, TOOLCHAINS, 'node_modules');
const test = suite('typescript', { timeout: TIMEOUT_MS, needs: TOOLCHAINS });
test.before(async () => void (await installConsumer()));

const SETTINGS: [module: string, moduleResolution: string, kind: 'ts' | 'mts' | 'cts'][] = [
  ['commonjs', 'node10', 'ts'],
  ['esnext', 'node10', 'ts'],
  ['node16', 'node16', 'cts'],
  ['node16', 'node16', 'mts'],
  ['nodenext', 'nodenext', 'cts'],
  ['nodenext', 'nodenext', 'mts'],
  ['commonjs', 'bundler', 'ts'],
  ['esnext', 'bundler', 'ts'],
];

/**
 * What a compiler refuses with any package, and the types of other packages that it is too old for.
 */
const COMPILERS: { folder: string; refused: (setting: string) => boolean; tooNew?: RegExp }[] = [
  {
    folder: `${toolchains}/typescript-5.0`,
    refused: (setting) => setting === 'commonjs bundler',
    tooNew: /^node_modules\/pg-protocol\//, // Buffer<ArrayBuffer>
  },
  { folder: path.join(root, 'node_modules/typescript'), refused: (setting) => setting === 'commonjs bundler' },
  { folder: `${toolchains}/typescript-7`, refused: (setting) => setting.endsWith('node10') },
];

for (const { folder, refused, tooNew } of isInstalled(TOOLCHAINS) ? COMPILERS : []) {
  const { version } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'));
  for (const [module, moduleResolution, kind] of SETTINGS) {
    const setting = `${module} ${moduleResolution}`;
    if (refused(setting)) continue;
    for (const skipLibCheck of [false, true]) {
      test(`TypeScript ${version} compiles ${kind} with ${setting}, skipLibCheck ${skipLibCheck}`, async () => {
        const config = `tsconfig.${version}.${module}.${moduleResolution}.${kind}.${skipLibCheck}.json`;
        const compilerOptions = { module, moduleResolution, skipLibCheck, esModuleInterop: true };
        const files = [`app.${kind}`, `types.${kind}`];
        const text = JSON.stringify({ extends: './tsconfig.json', compilerOptions, files });
        writeFileSync(path.join(consumer, config), text);
        const errors = await compilerErrors(`${folder}/bin/tsc`, config, TIMEOUT_MS - 1000);
        const lines = errors.split('\n').filter((line) => skipLibCheck || !tooNew?.test(line));
        assert.is(lines.join('\n'), '');
      });
    }
  }
}
