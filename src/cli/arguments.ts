// The arguments of a command: its options, and how they are read.
import { parseArgs } from 'node:util';

export interface Option {
  /** The name of its value in the help. Undefined for a flag. */
  value?: string;
  help: string;
}

export type Options = Record<string, Option>;
export type Values = Record<string, string | true | undefined>;

export interface Arguments {
  positionals: string[];
  values: Values;
}

/** The command line is wrong. */
export class UsageError extends Error {}

/** The options of all commands. */
export const COMMON: Options = {
  url: {
    value: 'URL',
    help:
      'postgres://user:password@host/database; default: DATABASE_URL, or else the PG* variables. ' +
      'Other users of the machine can see a URL on a command line, with its password',
  },
  schema: { value: 'NAME', help: "the table's schema; default: the search_path decides" },
  table: { value: 'NAME', help: 'the table; default: session' },
  json: { help: 'print JSON' },
  help: { help: 'print this help' },
};

export const USER_PATH: Options = {
  'user-path': {
    value: 'PATH',
    help: 'the path to the user in a session: user.id, or as JSON ["user","id"]; default: passport.user',
  },
};

export const TRUST_OWNER: Options = {
  'trust-owner': {
    value: 'ROLE',
    help:
      'a role that may own the table; default: none besides this role, the roles it belongs to, superusers, and the ' +
      'owners of the schema and of the database',
  },
};

export const DRY_RUN: Options = { 'dry-run': { help: 'only print what the command would do' } };

/** @throws {UsageError} if an option is unknown, empty, or lacks its value */
export function parseArguments(args: string[], commandOptions: Options): Arguments {
  const options = Object.fromEntries(
    Object.entries({ ...commandOptions, ...COMMON }).map(([name, { value }]) => [
      name,
      { type: value ? ('string' as const) : ('boolean' as const) },
    ]),
  );
  try {
    const { positionals, values } = parseArgs({ args, options, allowPositionals: true });
    const empty = Object.keys(values).find((name) => values[name] === '');
    if (empty) throw new Error(`--${empty} is empty`); // an unset variable must not mean the default
    return { positionals, values: values as Values };
  } catch (error) {
    const unknown = /^Unknown option '(.+?)'(?:\. |$)/s.exec((error as Error).message)?.[1];
    throw new UsageError(unknown ? `unknown option ${unknown}` : (error as Error).message);
  }
}

export const stringOf = (value: Values[string]): string | undefined => (typeof value === 'string' ? value : undefined);

/** @throws {UsageError} unless there is exactly one positional argument */
export function onePositional(positionals: string[], what: string): string {
  const [one, ...more] = positionals;
  if (one === undefined || more.length > 0) throw new UsageError(`expected one ${what}`);
  return one;
}

/** @throws {UsageError} if there is a positional argument */
export function noPositional(positionals: string[]): void {
  if (positionals.length > 0) throw new UsageError(`unexpected argument ${JSON.stringify(positionals[0])}`);
}

/** @throws {UsageError} if the value is not a positive integer */
export function numberOf(values: Values, name: string): number | undefined {
  const given = stringOf(values[name]);
  if (given !== undefined && !/^[1-9]\d{0,8}$/.test(given)) {
    throw new UsageError(`--${name} must be a positive integer, not ${JSON.stringify(given)}`);
  }
  return given === undefined ? undefined : Number(given);
}

/** @throws {UsageError} if the path has an empty key, or is not valid JSON */
export function pathOf(given: string | undefined): string[] | undefined {
  if (given === undefined) return undefined;
  if (!given.startsWith('[')) {
    const keys = given.split('.');
    if (keys.includes('')) throw new UsageError('--user-path has an empty key. Write a path such as user.id');
    return keys;
  }
  try {
    return JSON.parse(given);
  } catch {
    throw new UsageError('--user-path must be a JSON array of keys, such as ["user","id"]');
  }
}
