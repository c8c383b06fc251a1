// find: finds the live sessions of a user.
import { onePositional, USER_PATH } from '../arguments.js';
import type { Command } from '../command.js';
import { KEYS } from '../keys.js';
import { pathText, sessionTable, summaryOf } from '../print.js';

export const find: Command = {
  usage: 'USER',
  summary: 'Finds the live sessions of a user.',
  details: 'The index that init --user-path creates makes it fast. Exits with 1 if the user has no live session.',
  options: { ...USER_PATH, ...KEYS },
  examples: ['find 42', 'find alice@example.com --user-path user.email'],
  async run({ positionals, userPath, admin }) {
    const sessions = await (await admin()).find(onePositional(positionals, 'USER'));
    const json = { sessions: sessions.map(summaryOf), next: null };
    if (sessions.length > 0) return { text: sessionTable(sessions), json };
    return { text: `no live session has this user at ${pathText(userPath)}`, json, exitCode: 1 };
  },
};
