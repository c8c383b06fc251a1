// The settings besides the command line: the environment, .env and a configuration file.
import { readFileSync } from 'node:fs';
import { didYouMean } from '../errors.js';
import { COMMON, emptyVariable, type Options, pathOf, UsageError, type Values } from './arguments.js';

const PACKAGE_KEY = 'connect-pg-typed';
const RC_FILE = '.connect-pg-typedrc.json';

/** The options that the file may set, by their keys in it. */
const KEYS: Record<string, string> = { schema: 'schema', table: 'table', userPath: 'user-path' };

/** Adds the variables in .env to the environment. Variables that are set already stay. */
export function loadDotEnv(): void {
  try {
    process.loadEnvFile();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT') throw new UsageError(`.env cannot be read (${code})`);
  }
}

/**
 * The values of the command line, and the settings for options that it does not give.
 *
 * @throws {UsageError} if a setting is empty, or the file has an unknown key, a wrong type or is
 *   not JSON
 */
export function withSettings(values: Values, commandOptions: Options): Values {
  const configured = readConfig();
  const found: Values = { ...values };
  for (const [name, { variable }] of Object.entries({ ...commandOptions, ...COMMON })) {
    if (variable === undefined || found[name] !== undefined) continue;
    const value = process.env[variable] ?? configured[name];
    if (value === '') throw new UsageError(emptyVariable(variable)); // must not mean the default
    if (name === 'user-path' && process.env[variable] !== undefined) pathOf(process.env[variable], variable);
    found[name] = value;
  }
  return found;
}

/** The settings in the configuration file, by the names of options. */
function readConfig(): Record<string, string> {
  const own = readJson(RC_FILE);
  const manifest = readJson('package.json');
  const shared = Object(manifest)[PACKAGE_KEY];
  if (own !== undefined && shared !== undefined) {
    throw new UsageError(`both ${RC_FILE} and package.json have settings. Keep one of them`);
  }
  if (own !== undefined) return checkConfig(own, RC_FILE);
  return shared === undefined ? {} : checkConfig(shared, `package.json: "${PACKAGE_KEY}"`);
}

/** Undefined if there is no such file. An error never quotes the file, which may hold secrets. */
function readJson(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw new UsageError(`${file} cannot be read (${code})`);
  }
  try {
    return JSON.parse(text.replace(/^\uFEFF/, '')); // an editor may write a byte order mark
  } catch {
    throw new UsageError(`${file} is not valid JSON`);
  }
}

function checkConfig(config: unknown, file: string): Record<string, string> {
  if (typeof config !== 'object' || config === null || Array.isArray(config)) {
    throw new UsageError(`${file} must be an object with ${Object.keys(KEYS).join(', ')}`);
  }
  return Object.fromEntries(
    Object.entries(config).map(([key, value]) => [optionOf(key, file), checkValue(key, value, `${file}: ${key}`)]),
  );
}

function optionOf(key: string, file: string): string {
  if (Object.hasOwn(KEYS, key)) return KEYS[key]!;
  const names = Object.keys(KEYS);
  throw new UsageError(
    `${file}: unknown key ${JSON.stringify(key)}${didYouMean(key, names) || `. The keys are ${names.join(', ')}`}`,
  );
}

function checkValue(key: string, value: unknown, place: string): string {
  if (typeof value === 'string' && value !== '') {
    if (key === 'userPath') pathOf(value, place);
    return value;
  }
  if (key !== 'userPath') throw new UsageError(`${place} must be a string that is not empty`);
  const isPath = Array.isArray(value) && value.length > 0 && value.every((part) => typeof part === 'string');
  if (!isPath) throw new UsageError(`${place} must be a path such as "user.id", or an array of keys`);
  return JSON.stringify(value);
}
