// The built package, which apps run. From src/, tsx would define a property on each closure, at up to
// half of a lone call's CPU.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export function build(root = ROOT): void {
  execFileSync('npm', ['run', '--silent', 'build'], { cwd: root, stdio: 'inherit' });
}

/** The exports of a build. */
export const importBuild = async (): Promise<typeof import('../../src/index.js')> =>
  import(new URL('../../dist/esm/index.js', import.meta.url).href);
