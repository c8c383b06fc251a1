// npm run build   Compiles the package as ES modules and as CommonJS, each with its types.
import { execFileSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

rmSync('dist', { recursive: true, force: true });
for (const config of ['tsconfig.esm.json', 'tsconfig.cjs.json']) {
  execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', config], { stdio: 'inherit' });
}
writeFileSync('dist/cjs/package.json', '{ "type": "commonjs" }\n');

for (const folder of ['dist/esm', 'dist/cjs']) {
  cpSync('dev/pgtyped-types.d.ts', `${folder}/pgtyped-types.d.ts`);
  for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!/\.d\.c?ts$/.test(file)) continue;
    const up = path.posix.relative(path.posix.dirname(file.replaceAll('\\', '/')), '.') || '.';
    const types = readFileSync(`${folder}/${file}`, 'utf8');
    writeFileSync(`${folder}/${file}`, types.replaceAll("'@pgtyped/runtime'", `'${up}/pgtyped-types.js'`));
  }
}
