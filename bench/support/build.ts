// The built package, which apps run. In src/, tsx defines a property on each closure, which costs
// CPU in each call.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export function build(root = ROOT): void {
  execFileSync('npm', ['run', '--silent', 'build'], { cwd: root, stdio: 'inherit' });
}

/** The exports of a build. */
export const importBuild = async (): Promise<typeof import('../../src/index.js')> =>
  import(new URL('../../dist/esm/index.js', import.meta.url).href);
