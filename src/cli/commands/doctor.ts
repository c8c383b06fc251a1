// doctor: what is wrong with the table, and what to do.

import { noPositional, USER_PATH } from '../arguments.js';
import type { Command } from '../command.js';
import { harmless } from '../print.js';

export const doctor: Command = {
  usage: '',
  summary: 'Looks for what is wrong with the table, and says what to do.',
  details:
    'Exits with 1 where it finds something. It asks the server whether every query fits the table, reads the whole table, and changes nothing. Run it as the role of your app, the way your app connects.',
  options: {
    'user-path': { ...USER_PATH['user-path']!, help: 'look for the index of users there; default: for none' },
  },
  async run({ positionals, admin }) {
    noPositional(positionals);
    const findings = await admin().verify();
    const text = findings.map(({ problem, advice, sql }, n) =>
      [`${n + 1}. ${problem}`, advice, ...sql.map((statement) => indent(statement))].map(harmlessLines).join('\n   '),
    );
    return { text: text.join('\n\n') || 'all is well', json: findings, isNo: findings.length > 0 };
  },
};

const indent = (statement: string): string => `  ${statement.replaceAll('\n', '\n     ')}`;
const harmlessLines = (text: string): string => text.split('\n').map(harmless).join('\n');
