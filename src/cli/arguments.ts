// The arguments of a command: its options, and how they are read.
import { parseArgs } from 'node:util';
import { didYouMean } from '../errors.js';

export interface Option {
  /** A second name of one letter, which is written after one dash. */
  short?: string;
  /** The name of its value in the help. Undefined for a flag. */
  value?: string;
  /** The environment variable that is the default. */
  variable?: string;
  help: string;
}

export type Options = Record<string, Option>;
export type Values = Record<string, string | true | undefined>;

export interface Arguments {
  positionals: string[];
  values: Values;
}

/** The command line, the environment or the configuration file is wrong. */
export class UsageError extends Error {}

/** The options of all commands. */
export const COMMON: Options = {
  url: {
    value: 'URL',
    help:
      'postgres://user:password@host/database; default: DATABASE_URL, or else the PG* variables. ' +
      'Other users of the machine can see a URL on a command line, with its password',
  },
  schema: { value: 'NAME', variable: 'SESSION_SCHEMA', help: "the table's schema; default: the search_path decides" },
  table: { value: 'NAME', variable: 'SESSION_TABLE', help: 'the table; default: session' },
  json: { help: 'print JSON' },
  help: { short: 'h', help: 'print this help' },
  version: { short: 'v', help: 'print the version of this package' },
};

export const userPathOption = (help: string): Options => ({
  'user-path': { value: 'PATH', variable: 'SESSION_USER_PATH', help },
});

export const USER_PATH = userPathOption(
  'the path to the user in a session: user.id, or as JSON ["user","id"]; default: passport.user',
);

export const TRUST_OWNER: Options = {
  'trust-owner': {
    value: 'ROLE',
    help:
      'a role that may own the table; default: none besides this role, the roles it belongs to, superusers, and the ' +
      'owners of the schema and of the database',
  },
};

export const DRY_RUN: Options = { 'dry-run': { help: 'only print what the command would do' } };

/** @throws {UsageError} if an option is unknown, given twice, empty, or lacks its value */
export function parseArguments(args: string[], commandOptions: Options): Arguments {
  const options: Options = { ...commandOptions, ...COMMON };
  const config = Object.fromEntries(
    Object.entries(options).map(([name, { value, short }]) => [
      name,
      { type: value ? ('string' as const) : ('boolean' as const), ...(short && { short }) },
    ]),
  );
  // With strict, the messages would be Node's. They take two lines, and name no similar option.
  const { tokens, positionals } = parseArgs({
    args,
    options: config,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const values: Values = {};
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    if (Object.hasOwn(values, token.name)) throw new UsageError(`--${token.name} is given twice`);
    values[token.name] = readValue(token, options);
  }
  return { positionals, values };
}

interface OptionToken {
  name: string;
  rawName: string;
  value: string | undefined;
  inlineValue: boolean | undefined;
}

function readValue({ name, rawName, value, inlineValue }: OptionToken, options: Options): string | true {
  const option = Object.hasOwn(options, name) ? options[name] : undefined;
  if (!option) throw new UsageError(`unknown option${quoted(rawName, String)}${suggestionFor(name, rawName, options)}`);
  if (!option.value) {
    if (value !== undefined) throw new UsageError(`--${name} does not take a value`);
    return true;
  }
  if (value === undefined || (!inlineValue && value.startsWith('-'))) {
    throw new UsageError(
      `--${name} needs a value: is a variable empty? Write a value that begins with a dash as --${name}=-x`,
    );
  }
  if (value === '') throw new UsageError(`--${name} is empty`); // an unset variable must not mean the default
  return value;
}

function suggestionFor(name: string, rawName: string, options: Options): string {
  const similar = didYouMean(
    `--${name}`,
    Object.keys(options).map((known) => `--${known}`),
  );
  return similar || rawName.startsWith('--') ? similar : '. Write an argument that begins with a dash after --';
}

const MAX_QUOTED = 23; // characters. A session id of express-session has 32

/** The text after a space, for an error, unless it is so long that it may be a session id. */
export const quoted = (text: string, quote: (text: string) => string = JSON.stringify): string =>
  text.length > MAX_QUOTED ? '' : ` ${quote(text)}`;

export const emptyVariable = (name: string): string => `${name} is empty. Unset it, or give it a value`;

export const stringOf = (value: Values[string]): string | undefined => (typeof value === 'string' ? value : undefined);

/** @throws {UsageError} unless there is exactly one positional argument */
export function onePositional(positionals: string[], what: string): string {
  const [one, ...more] = positionals;
  if (one === undefined || more.length > 0) throw new UsageError(`expected one ${what}`);
  return one;
}

/** @throws {UsageError} if there is a positional argument */
export function noPositional(positionals: string[]): void {
  if (positionals.length > 0) throw new UsageError(`unexpected argument${quoted(positionals[0]!)}`);
}

/** @throws {UsageError} if the value is not a positive integer */
export function numberOf(values: Values, name: string): number | undefined {
  const given = stringOf(values[name]);
  if (given !== undefined && !/^[1-9]\d{0,8}$/.test(given)) {
    throw new UsageError(
      `--${name} must be a positive integer${given.length > MAX_QUOTED ? '' : `, not ${JSON.stringify(given)}`}`,
    );
  }
  return given === undefined ? undefined : Number(given);
}

/** @throws {UsageError} if the path has an empty key, or is not valid JSON */
export function pathOf(given: string | undefined, source = '--user-path'): string[] | undefined {
  if (given === undefined) return undefined;
  if (!given.startsWith('[')) {
    const keys = given.split('.');
    if (keys.includes('')) throw new UsageError(`${source} has an empty key. Write a path such as user.id`);
    return keys;
  }
  try {
    return JSON.parse(given);
  } catch {
    throw new UsageError(`${source} must be a JSON array of keys, such as ["user","id"]`);
  }
}
