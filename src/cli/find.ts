// find: the live sessions of a user.
import { type Command, onePositional, USER_PATH } from './command.js';
import { KEYS } from './keys.js';
import { briefly, sessionTable } from './print.js';

export const find: Command = {
  usage: 'USER',
  summary: 'Finds the live sessions of a user.',
  details: 'Exits with 1 where there is none. The index that init --user-path makes helps.',
  options: { ...USER_PATH, ...KEYS },
  async run({ positionals, admin }) {
    const sessions = await admin().find(onePositional(positionals, 'USER'));
    const isNo = sessions.length === 0;
    return { text: isNo ? 'the user has no live session' : sessionTable(sessions), json: sessions.map(briefly), isNo };
  },
};
