// The help texts, and the version.
import { createRequire } from 'node:module';
import { COMMON, type Options } from './arguments.js';
import type { Command } from './command.js';

const NAME = 'connect-pg-typed';
const SETTINGS =
  'SESSION_SCHEMA, SESSION_TABLE and SESSION_USER_PATH replace options that are not given. So do the keys schema, ' +
  'table and userPath in .connect-pg-typedrc.json, or below "connect-pg-typed" in package.json. The command reads ' +
  'these files and .env in the current folder. The order is: option, environment, .env, file.';
const EXIT_CODES =
  'Exit codes: 0 success; 1 nothing found, or a problem was found; 2 usage error; 3 the database failed.';

export const packageVersion = (): string => createRequire(import.meta.url)('connect-pg-typed/package.json').version;

export function helpOf(name: string, { usage, summary, details, options, examples }: Command): string {
  const parts = [
    summary,
    `Usage: ${NAME} ${name}${usage && ` ${usage}`} [option ...]`,
    ...(details ? [wrap(details, 80).join('\n')] : []),
    `Options:\n${optionList({ ...options, ...COMMON })}`,
    `Examples:\n${examples.map((example) => `  ${NAME} ${example}`).join('\n')}`,
    wrap(EXIT_CODES, 80).join('\n'),
  ];
  return parts.join('\n\n');
}

export function overview(commands: [name: string, command: Command][]): string {
  const list = commands.map(([name, { summary }]) => `  ${name.padEnd(10)}${summary}`);
  const parts = [
    'Manages the sessions of connect-pg-typed in their PostgreSQL table.',
    `Usage: ${NAME} COMMAND [option ...]`,
    `Commands:\n${list.join('\n')}`,
    `${NAME} COMMAND --help prints the options of a command. A HANDLE names a\n` +
      'session: it is the SHA-256 of the session id. Ids are never printed.',
    wrap(SETTINGS, 80).join('\n'),
    wrap(EXIT_CODES, 80).join('\n'),
  ];
  return parts.join('\n\n');
}

const optionList = (options: Options): string =>
  Object.entries(options)
    .flatMap(([name, { short, value, variable, help }]) => {
      const [first, ...more] = wrap(variable ? help.replace('default: ', `default: ${variable}, or else `) : help, 58);
      const option = `${short ? `-${short}, ` : ''}--${name}${value ? ` ${value}` : ''}`;
      return [`  ${option.padEnd(20)}${first}`, ...more.map((line) => ' '.repeat(22) + line)];
    })
    .join('\n');

const wrap = (text: string, width: number): string[] =>
  text.match(new RegExp(`.{1,${width}}(?= |$)`, 'g'))!.map((line) => line.trim());
