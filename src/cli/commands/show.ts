// show: shows one session with its content.
import { printableLines } from '../../printable.js';
import { onePositional, USER_PATH } from '../arguments.js';
import type { Command } from '../command.js';
import { KEYS } from '../keys.js';
import { duration, pairs, summaryOf } from '../print.js';

export const show: Command = {
  usage: 'HANDLE',
  summary: 'Shows a live session and its content.',
  details: 'It reads all session ids. Exits with 1 if there is no such session.',
  options: { ...USER_PATH, ...KEYS },
  examples: ['show $HANDLE', 'show $HANDLE --json'],
  async run({ positionals, admin }) {
    const handle = onePositional(positionals, 'HANDLE');
    const found = await (await admin()).show(handle);
    if (!found) return { text: 'there is no such live session', json: null, exitCode: 1 };
    const { session } = found;
    const head = pairs({ handle, user: found.user ?? '-', 'expires in': duration(found.secondsLeft) });
    const body = session ? printableLines(JSON.stringify(session, null, 2)) : 'the row does not hold a session';
    return { text: `${head}\n${body}`, json: { ...summaryOf(found), session } };
  },
};
