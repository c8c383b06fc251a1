// What a command is, what all of them take, and the help that is written from it.
import { parseArgs } from 'node:util';
import { createAdmin } from '../admin/admin.js';
import { PASSPORT, type UserPath } from '../session/user-path.js';
import type { TableNames } from '../table/names.js';
import { type Connection, connect } from './database-errors.js';
import { encryptionOf } from './keys.js';

export interface Option {
  /** How its value is called in the help; without one it is a flag. */
  value?: string;
  help: string;
}

export type Values = Record<string, string | true | undefined>;

/** What a command found out or did: for people, for programs, and as an exit code. */
export interface Answer {
  text: string;
  json: unknown;
  /** Whether the answer is no: nothing found, nothing done, something wrong. Default: false. */
  isNo?: boolean;
}

export interface Command {
  /** What stands after its name. */
  usage: string;
  summary: string;
  /** What the summary leaves out. */
  details?: string;
  options: Record<string, Option>;
  run(given: Given): Promise<Answer>;
}

/** What a command was given. */
export interface Given {
  positionals: string[];
  values: Values;
  names: TableNames;
  userPath: UserPath | undefined;
  /** Connects, for as long as the command runs. */
  connection(): Connection;
  admin(): ReturnType<typeof createAdmin>;
}

/** The command can't be run as it was asked for. */
export class UsageError extends Error {}

export const COMMON: Record<string, Option> = {
  url: {
    value: 'URL',
    help: 'postgres://user:password@host/database; default: DATABASE_URL, else the PG* variables. A URL on a command line is seen by others on the machine, with its password',
  },
  schema: { value: 'NAME', help: "the table's schema; default: the search_path decides" },
  table: { value: 'NAME', help: 'the table; default: session' },
  json: { help: 'print JSON' },
  help: { help: 'print this' },
};

export const USER_PATH: Record<string, Option> = {
  'user-path': {
    value: 'PATH',
    help: 'where sessions say whose they are: user.id, or as JSON ["user","id"]; default: passport.user',
  },
};

export const DRY_RUN: Record<string, Option> = { 'dry-run': { help: 'only say what would be done' } };

/** @throws {UsageError} */
export function parse(args: string[], command: Command): { positionals: string[]; values: Values } {
  const all = { ...command.options, ...COMMON };
  const options = Object.fromEntries(
    Object.entries(all).map(([name, { value }]) => [
      name,
      { type: value ? ('string' as const) : ('boolean' as const) },
    ]),
  );
  try {
    const { positionals, values } = parseArgs({ args, options, allowPositionals: true });
    const empty = Object.keys(values).find((name) => values[name] === '');
    if (empty) throw new Error(`--${empty} is empty`); // a variable that is not set, say, must not mean the default
    return { positionals, values: values as Values };
  } catch (error) {
    const unknown = /^Unknown option '(.+?)'/.exec((error as Error).message)?.[1]; // Node goes on about dashes
    throw new UsageError(unknown ? `there is no option ${unknown}` : (error as Error).message);
  }
}

/** What the command was given, with a connection that is made when it is asked for. */
export function give({ positionals, values }: ReturnType<typeof parse>): Given & { end(): Promise<void> } {
  let made: Connection | undefined;
  const names = { schemaName: text(values.schema), tableName: text(values.table) };
  const userPath = pathOf(text(values['user-path']));
  const connection = () => {
    made ??= connect(text(values.url));
    return made;
  };
  return {
    positionals,
    values,
    names,
    userPath,
    connection,
    admin: () =>
      createAdmin({ pool: connection().pool, ...names, userPath, encryption: encryptionOf(values, userPath) }),
    end: async () => made?.end(),
  };
}

export const text = (value: Values[string]): string | undefined => (typeof value === 'string' ? value : undefined);

/** @throws {UsageError} unless there is just what the usage says */
export function onePositional(positionals: string[], what: string): string {
  const [one, ...more] = positionals;
  if (one === undefined || more.length > 0) throw new UsageError(`give one ${what}`);
  return one;
}

export function noPositional(positionals: string[]): void {
  if (positionals.length > 0) throw new UsageError(`there is nothing to do with ${JSON.stringify(positionals[0])}`);
}

/** @throws {UsageError} when it is no positive whole number */
export function numberOf(values: Values, name: string): number | undefined {
  const given = text(values[name]);
  if (given !== undefined && !/^[1-9]\d{0,8}$/.test(given)) throw new UsageError(`--${name} takes a positive number`);
  return given === undefined ? undefined : Number(given);
}

function pathOf(given: string | undefined): string[] | undefined {
  if (given === undefined) return undefined;
  if (!given.startsWith('[')) {
    const keys = given.split('.');
    if (keys.includes('')) throw new UsageError('--user-path has an empty key: give one such as user.id');
    return keys;
  }
  try {
    return JSON.parse(given);
  } catch {
    throw new UsageError('--user-path is no JSON array of keys, such as ["user","id"]');
  }
}

/** In words for people. */
export const whereUsersAre = (userPath: UserPath = PASSPORT): string => userPath.join('.');

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

const listed = (options: Record<string, Option>): string =>
  Object.entries(options)
    .flatMap(([name, { value, help }]) => {
      const [first, ...more] = wrap(help, 58);
      return [
        `  ${`--${name}${value ? ` ${value}` : ''}`.padEnd(20)}${first}`,
        ...more.map((line) => ' '.repeat(22) + line),
      ];
    })
    .join('\n');

const wrap = (text: string, width: number): string[] =>
  text.match(new RegExp(`.{1,${width}}(?= |$)`, 'g'))!.map((line) => line.trim());
