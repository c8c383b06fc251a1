// show: one session, with what it holds.

import { onePositional, USER_PATH } from '../arguments.js';
import type { Command } from '../command.js';
import { KEYS } from '../keys.js';
import { briefly, duration, harmless, pairs } from '../print.js';

export const show: Command = {
  usage: 'HANDLE',
  summary: 'Shows one live session and what it holds.',
  details: 'Exits with 1 where there is none. It reads all session ids.',
  options: { ...USER_PATH, ...KEYS },
  async run({ positionals, admin }) {
    const handle = onePositional(positionals, 'HANDLE');
    const found = await admin().show(handle);
    if (!found) return { text: 'there is no such live session', json: null, isNo: true };
    const { session } = found;
    const head = pairs({ handle, user: found.user ?? '-', 'expires in': duration(found.ttl) });
    const body = session
      ? JSON.stringify(session, null, 2).split('\n').map(harmless).join('\n')
      : 'the row holds no session';
    return { text: `${head}\n${body}`, json: { ...briefly(found), session } };
  },
};
