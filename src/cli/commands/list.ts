// list: the live sessions, a page at a time.

import { noPositional, numberOf, text, USER_PATH } from '../arguments.js';
import type { Command } from '../command.js';
import { KEYS } from '../keys.js';
import { briefly, sessionTable } from '../print.js';

export const list: Command = {
  usage: '',
  summary: 'Lists the live sessions, those that expire first coming first.',
  options: {
    limit: { value: 'NUMBER', help: 'sessions at most; default: 100' },
    after: { value: 'CURSOR', help: 'go on where another page ended' },
    ...USER_PATH,
    ...KEYS,
  },
  async run({ positionals, values, admin }) {
    noPositional(positionals);
    const { sessions, next } = await admin().list({
      after: text(values.after) ?? null,
      limit: numberOf(values, 'limit') ?? 100,
    });
    const more = next ? `\n\nmore: --after ${next}` : '';
    return { text: `${sessionTable(sessions)}${more}`, json: { sessions: sessions.map(briefly), next } };
  },
};
