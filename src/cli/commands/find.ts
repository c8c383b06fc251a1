// find: finds the live sessions of a user.
import { onePositional, USER_PATH } from '../arguments.js';
import type { Command } from '../command.js';
import { KEYS } from '../keys.js';
import { pathText, sessionTable, summaryOf } from '../print.js';
import { warningForAll } from '../user-path-warning.js';

export const find: Command = {
  usage: 'USER',
  summary: 'Finds the live sessions of a user.',
  details: 'The index that init --user-path creates makes it fast. Exits with 1 if the user has no live session.',
  options: { ...USER_PATH, ...KEYS },
  examples: ['find 42', 'find alice@example.com --user-path user.email'],
  async run({ positionals, userPath, admin }) {
    const user = onePositional(positionals, 'USER');
    const connected = await admin();
    const sessions = await connected.find(user);
    const json = { sessions: sessions.map(summaryOf), next: null };
    if (sessions.length > 0) return { text: sessionTable(sessions), json };
    const warning = await warningForAll(connected, userPath);
    return { text: `no live session has this user at ${pathText(userPath)}`, json, warning, exitCode: 1 };
  },
};
