// find: the live sessions of a user.

import { onePositional, USER_PATH } from '../arguments.js';
import type { Command } from '../command.js';
import { whereUsersAre } from '../help.js';
import { KEYS } from '../keys.js';
import { briefly, sessionTable } from '../print.js';

export const find: Command = {
  usage: 'USER',
  summary: 'Finds the live sessions of a user.',
  details: 'Exits with 1 where there is none. The index that init --user-path makes helps.',
  options: { ...USER_PATH, ...KEYS },
  async run({ positionals, userPath, admin }) {
    const sessions = await admin().find(onePositional(positionals, 'USER'));
    const isNo = sessions.length === 0;
    const text = isNo ? `no live session has this user at ${whereUsersAre(userPath)}` : sessionTable(sessions);
    return { text, json: sessions.map(briefly), isNo };
  },
};
