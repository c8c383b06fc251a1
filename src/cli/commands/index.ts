// All commands, in the order of the help. A command is loaded when it runs.
import type { Command } from '../command.js';

export const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  init: async () => (await import('./init.js')).init,
  doctor: async () => (await import('./doctor.js')).doctor,
  stats: async () => (await import('./stats.js')).stats,
  list: async () => (await import('./list.js')).list,
  show: async () => (await import('./show.js')).show,
  handle: async () => (await import('./handle.js')).handle,
  find: async () => (await import('./find.js')).find,
  revoke: async () => (await import('./revoke.js')).revoke,
  prune: async () => (await import('./prune.js')).prune,
  migrate: async () => (await import('./migrate.js')).migrate,
  types: async () => (await import('./types.js')).types,
};

/** Loads all commands, for the help. */
export const loadCommands = (): Promise<[name: string, command: Command][]> =>
  Promise.all(Object.entries(COMMANDS).map(async ([name, load]) => [name, await load()] as [string, Command]));
