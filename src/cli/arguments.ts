import { parseArgs } from 'node:util';
import type { Command } from './command.js';

export type Values = Record<string, string | true | undefined>;
export interface Option {
  /** How its value is called in the help; without one it is a flag. */
  value?: string;
  help: string;
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
export function pathOf(given: string | undefined): string[] | undefined {
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
