// npm run build   Compiles the package as ES modules and as CommonJS, each with its types.
import { execFileSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { unbind } from '../src/table/stand-in.js';
import { bundleRuntime } from './runtime.js';

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
    writeFileSync(`${folder}/${file}`, /[/\\]?generated[/\\]/.test(file) ? unbind(ours) : ours);
  }
  await bundleRuntime(format, `${folder}/pgtyped-runtime.js`);
}
