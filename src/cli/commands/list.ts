// list: lists the live sessions, a page at a time.
import { noPositional, numberOf, stringOf, USER_PATH } from '../arguments.js';
import type { Command } from '../command.js';
import { KEYS } from '../keys.js';
import { sessionTable, summaryOf } from '../print.js';
import { warningOf } from '../user-path-warning.js';

const DEFAULT_LIMIT = 100;

export const list: Command = {
  usage: '',
  summary: 'Lists the live sessions, first to expire first.',
  options: {
    limit: { value: 'NUMBER', help: `the maximum number of sessions; default: ${DEFAULT_LIMIT}` },
    after: { value: 'CURSOR', help: 'where the previous page ended; default: the first page' },
    ...USER_PATH,
    ...KEYS,
  },
  examples: ['list --limit 20', 'list --user-path user.id --json'],
  async run({ positionals, values, userPath, admin }) {
    noPositional(positionals);
    const after = stringOf(values.after) ?? null;
    const limit = numberOf(values, 'limit') ?? DEFAULT_LIMIT;
    const { sessions, next } = await (await admin()).list({ after, limit });
    const more = next ? `\n\nnext page: --after ${next}` : '';
    return {
      text: `${sessionTable(sessions)}${more}`,
      json: { sessions: sessions.map(summaryOf), next },
      warning: warningOf(sessions, userPath),
    };
  },
};
