// npm run build   Compiles the package as ES modules and as CommonJS, each with its types. A
// few large files load in half the time that a file for each module took.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { build, type Metafile, transform } from 'esbuild';
import { unbind } from '../src/table/stand-in.js';
import { bundleRuntime } from './runtime.js';
import { shortenQueries } from './statements.js';

rmSync('dist', { recursive: true, force: true });
for (const config of ['tsconfig.esm.json', 'tsconfig.cjs.json']) {
  execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', config], { stdio: 'inherit' });
}
writeFileSync('dist/cjs/package.json', '{ "type": "commonjs" }\n');

for (const format of ['esm', 'cjs'] as const) {
  const folder = `dist/${format}`;
  cpSync('dev/pgtyped-types.d.ts', `${folder}/pgtyped-types.d.ts`);
  for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!/\.(js|cjs|d\.c?ts)$/.test(file)) continue;
    const text = readFileSync(`${folder}/${file}`, 'utf8');
    const up = path.posix.relative(path.posix.dirname(file.replaceAll('\\', '/')), '.') || '.';
    const runtime = file.endsWith('ts') ? 'pgtyped-types.js' : 'pgtyped-runtime.js';
    const ours = text.replaceAll(/(['"])@pgtyped\/runtime\1/g, `'${up}/${runtime}'`);
    const isGenerated = /[/\\]?generated[/\\]/.test(file);
    writeFileSync(`${folder}/${file}`, isGenerated ? unbind(ours) : ours);
  }
  await bundleRuntime(format, `${folder}/pgtyped-runtime.js`);
}

await shortenQueries('dist/esm/generated');

const bundling = {
  bundle: true,
  splitting: true,
  format: 'esm',
  packages: 'external',
  platform: 'node',
  target: 'node20', // with white space, because esbuild drops the marks of pure calls with it
  legalComments: 'inline', // that of @pgtyped/runtime
  allowOverwrite: true,
  metafile: true,
  logLevel: 'warning',
  outdir: 'dist/esm',
  outbase: 'dist/esm',
} as const;

// The command line has a copy of the library: shared files would be many, and the library would
// load them.
const library = await build({
  ...bundling,
  entryPoints: ['index.js', 'queries.js', 'admin/admin.js'].map((file) => `dist/esm/${file}`),
  chunkNames: 'chunks/[hash]',
  write: false,
});
const cli = await build({ ...bundling, entryPoints: ['dist/esm/cli/main.js'], chunkNames: 'cli/chunks/[hash]' });
for (const { path: file, text } of library.outputFiles) write(path.relative('dist/esm', file), text);
removeOthers('dist/esm', [...outputsOf(library), ...outputsOf(cli)]);

// CommonJS from the same files, since esbuild does not split CommonJS, and the entries must share
// classes.
for (const file of outputsOf(library)) {
  const { code } = await transform(readFileSync(`dist/esm/${file}`, 'utf8'), { format: 'cjs', target: 'node20' });
  write(file, code, 'dist/cjs');
}
removeOthers('dist/cjs', outputsOf(library));

function outputsOf({ metafile }: { metafile: Metafile }): string[] {
  return Object.keys(metafile.outputs).map((file) => path.posix.relative('dist/esm', file));
}

function write(file: string, text: string, folder = 'dist/esm'): void {
  mkdirSync(path.dirname(`${folder}/${file}`), { recursive: true });
  writeFileSync(`${folder}/${file}`, text);
}

/** Removes the modules that a bundle contains. Their types stay. */
function removeOthers(folder: string, kept: string[]): void {
  for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (file.endsWith('.js') && !kept.includes(file.replaceAll('\\', '/'))) rmSync(`${folder}/${file}`);
  }
}
