import { PASSPORT, type UserPath } from '../session/user-path.js';
import { COMMON, type Option } from './arguments.js';
import type { Command } from './command.js';

/** The help of one command. */
export function helpOf(name: string, { usage, summary, details, options }: Command): string {
  const parts = [
    `usage: connect-pg-typed ${name}${usage && ` ${usage}`} [option ...]`,
    details ? `${summary}\n${wrap(details, 80).join('\n')}` : summary,
    ...(Object.keys(options).length > 0 ? [listed(options)] : []),
    listed(COMMON),
  ];
  return parts.join('\n\n');
}
export const listed = (options: Record<string, Option>): string =>
  Object.entries(options)
    .flatMap(([name, { value, help }]) => {
      const [first, ...more] = wrap(help, 58);
      return [
        `  ${`--${name}${value ? ` ${value}` : ''}`.padEnd(20)}${first}`,
        ...more.map((line) => ' '.repeat(22) + line),
      ];
    })
    .join('\n');
export const wrap = (text: string, width: number): string[] =>
  text.match(new RegExp(`.{1,${width}}(?= |$)`, 'g'))!.map((line) => line.trim());

/** In words for people. */
export const whereUsersAre = (userPath: UserPath = PASSPORT): string => userPath.join('.');
