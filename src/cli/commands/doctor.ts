// doctor: finds what is wrong with the table.
import { printable, printableSql } from '../../printable.js';
import { noPositional, TRUST_OWNER, USER_PATH } from '../arguments.js';
import type { Command } from '../command.js';

export const doctor: Command = {
  usage: '',
  summary: 'Finds what is wrong with the table, and says what to do.',
  details:
    'It asks PostgreSQL whether each query fits the table, reads the whole table, and changes nothing. ' +
    'Run it with the role of your app, and connect as your app does. Exits with 1 if it finds an error: the store ' +
    'or a command fails on this table. With a warning they work, and it exits with 0.',
  options: {
    'user-path': { ...USER_PATH['user-path']!, help: 'expect an index of users at this path; default: do not' },
    ...TRUST_OWNER,
    strict: { help: 'exit with 1 for warnings too' },
  },
  examples: ['doctor', 'doctor --schema web --user-path passport.user --json'],
  async run({ positionals, values, admin }) {
    noPositional(positionals);
    const findings = await admin().doctor();
    const text = findings.map(({ severity, problem, advice, sql }, n) =>
      [`${n + 1}. ${severity}: ${printable(problem)}`, printable(advice), ...sql.map(printableSql).map(indent)].join(
        '\n   ',
      ),
    );
    const isBad = findings.some(({ severity }) => severity === 'error' || values.strict);
    return { text: text.join('\n\n') || 'no problem found', json: findings, exitCode: isBad ? 1 : 0 };
  },
};

const indent = (statement: string): string => `  ${statement.replaceAll('\n', '\n     ')}`;
