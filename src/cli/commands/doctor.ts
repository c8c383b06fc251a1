// doctor: finds what is wrong with the table.
import type { Finding, FindingCode, UserPath } from '../../admin/admin.js';
import { printable, printableSql } from '../../printable.js';
import { noPositional, TRUST_OWNER, userPathOption } from '../arguments.js';
import type { Command } from '../command.js';
import { pairs, pathText } from '../print.js';
import { tableText, targetOf } from '../target.js';

export const doctor: Command = {
  usage: '',
  summary: 'Finds what is wrong with the table, and says what to do.',
  details:
    'It names the host, the database, the table and what it checked. It asks PostgreSQL whether each query fits the ' +
    'table, reads the whole table, and changes nothing. Run it with the role of your app, and connect as your app ' +
    'does. Exits with 1 if it finds an error: the store or a command fails on this table. With a warning they work, ' +
    'and it exits with 0.',
  options: {
    ...userPathOption('expect an index of users at this path; default: do not'),
    ...TRUST_OWNER,
    strict: { help: 'exit with 1 for warnings too' },
  },
  examples: ['doctor', 'doctor --schema web --user-path passport.user --json'],
  async run({ positionals, values, userPath, admin, location }) {
    noPositional(positionals);
    const findings = await (await admin()).doctor();
    const target = await targetOf(location());
    const checked = checksOf(findings, userPath);
    const head = pairs({
      host: target.host,
      database: target.database,
      table: tableText(target),
      checked: checked.join(', '),
    });
    const text = findings.map(({ severity, problem, advice, sql }, n) =>
      [`${n + 1}. ${severity}: ${printable(problem)}`, printable(advice), ...sql.map(printableSql).map(indent)].join(
        '\n   ',
      ),
    );
    const isBad = findings.some(({ severity }) => severity === 'error' || values.strict);
    return {
      text: `${head}\n\n${text.join('\n\n') || 'no problem found'}`,
      json: { ...target, checked, findings },
      exitCode: isBad ? 1 : 0,
    };
  },
};

/** What the doctor looked at. It reads rows only if the grants and the queries allow it. */
function checksOf(findings: Finding[], userPath: UserPath | undefined): string[] {
  const has = (...codes: FindingCode[]) => findings.some(({ code }) => codes.includes(code));
  if (has('missing-table')) return ['whether the table exists'];
  return [
    ...['owner', 'grants', 'search_path', 'columns', 'key', 'indexes', 'time zones'],
    ...(has('missing-grants') ? [] : ['queries']),
    ...(has('missing-grants', 'query-fails') ? [] : ['rows', 'prepared statements']),
    ...(userPath ? [`index of users at ${pathText(userPath)}`] : []),
  ];
}

const indent = (statement: string): string => `  ${statement.replaceAll('\n', '\n     ')}`;
