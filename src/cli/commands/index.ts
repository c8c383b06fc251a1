// All commands, in the order of the help.
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
import { types } from './types.js';

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
  types,
};
