// The tests and the programs they start, compiled once for a run. tsx takes a second of CPU in each
// process, and a run starts a hundred.
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { withoutParser } from '../../dev/runtime.js';

const PROGRAMS = [
  'dev/audit.ts',
  'src/cli/main.ts',
  'src/index.ts',
  'test/run.ts',
  'test/support/batch-writer.ts',
  'test/support/harness.ts',
  'test/support/listener.ts',
  'test/support/run-file.ts',
  'test/support/run-scenario.ts',
  'test/store/store.test.ts',
];

/** As in the built package. The other packages stay outside. */
const INLINED = /^(@pgtyped|antlr4ts|connect-pg-typed)(\/|$)/;

const nameOf = (file: string): string => path.resolve(file).replace(/^\/|\.ts$/g, '');

/** Path of the compiled form of a test or of one of the programs. */
export const compiled = (file: string): string => path.join(process.env.TEST_COMPILED!, `${nameOf(file)}.js`);

/**
 * Writes a module beside the compiled files, and returns its path. Deno does not run one from -e or
 * outside the project.
 */
export function writeProgram(text: string): string {
  const file = path.join(mkdtempSync(path.join(process.env.TEST_COMPILED!, 'program-')), 'program.mjs');
  writeFileSync(file, text);
  return file;
}

/** Compiles these tests and all programs. Returns the folder, for TEST_COMPILED. */
export async function compile(tests: string[]): Promise<string> {
  const { build } = await import('esbuild');
  mkdirSync('node_modules/.cache', { recursive: true });
  const folder = mkdtempSync(path.join(realpathSync('node_modules/.cache'), 'test-'));
  await build({
    entryPoints: [...PROGRAMS, ...tests].map((file) => ({ in: path.resolve(file), out: nameOf(file) })),
    outdir: folder,
    bundle: true,
    splitting: true, // the harness and the test share one copy of a module
    format: 'esm',
    platform: 'node',
    target: 'node20',
    sourcemap: true,
    sourcesContent: false,
    logLevel: 'warning',
    // The packages are CommonJS, and esbuild leaves them a require() that ES modules do not have.
    banner: {
      js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);",
    },
    define: { 'import.meta.url': 'sourceUrl' },
    plugins: [
      withoutParser,
      {
        name: 'packages and source URLs',
        setup({ onLoad, onResolve }) {
          onResolve({ filter: /^[^./]/ }, ({ path }) => (INLINED.test(path) ? undefined : { path, external: true }));
          onLoad({ filter: /\.ts$/ }, ({ path }) => {
            const text = readFileSync(path, 'utf8');
            if (!text.includes('import.meta.url')) return undefined;
            return { contents: `const sourceUrl = ${JSON.stringify(pathToFileURL(path).href)}; ${text}`, loader: 'ts' };
          });
        },
      },
    ],
  });
  return folder;
}
