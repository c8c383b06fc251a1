// The commands that there are.
import type { Command } from '../command.js';
import { doctor } from './doctor.js';
import { find } from './find.js';
import { init } from './init.js';
import { list } from './list.js';
import { migrate } from './migrate.js';
import { prune } from './prune.js';
import { revoke } from './revoke.js';
import { show } from './show.js';
import { stats } from './stats.js';

export const COMMANDS: Readonly<Record<string, Command>> = {
  init,
  doctor,
  stats,
  list,
  show,
  find,
  revoke,
  prune,
  migrate,
};

/** The help of all. */
export const HELP = `usage: connect-pg-typed COMMAND [option ...]

The sessions of connect-pg-typed in their PostgreSQL table.

${Object.entries(COMMANDS)
  .map(([name, { summary }]) => `  ${name.padEnd(10)}${summary}`)
  .join('\n')}

connect-pg-typed COMMAND --help says what a command takes. A session goes by its
HANDLE, the SHA-256 of its id: ids are neither taken nor printed.

Exit codes: 0 done; 1 the answer is no: nothing found, or something wrong;
2 asked for in a way that does not work; 3 the database failed.`;
