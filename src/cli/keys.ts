// The keys of encrypted sessions. They come from a file or the environment: others can see command
// lines.
import { readFileSync } from 'node:fs';
import type { Encryption } from '../session/encryption.js';
import type { UserPath } from '../session/user-path.js';
import { emptyVariable, type Options, stringOf, UsageError, type Values } from './arguments.js';

export const KEYS: Options = {
  'keys-file': {
    value: 'FILE',
    help:
      'the keys of encrypted sessions, one per line; the first key encrypts; ' +
      'default: the environment variable SESSION_KEYS, separated by spaces',
  },
  'allow-plaintext': { help: 'also read sessions that are not encrypted' },
};

/** @throws {UsageError} if the file cannot be read, or it or the variable has no key */
export function encryptionOf(values: Values, userPath: UserPath | undefined): Encryption | undefined {
  const file = stringOf(values['keys-file']);
  const given = file === undefined ? process.env.SESSION_KEYS : read(file);
  if (given === undefined) return undefined;
  const keys = given.split(/\s+/).filter(Boolean);
  if (keys.length === 0) throw new UsageError(file ? `--keys-file: ${file} has no key` : emptyVariable('SESSION_KEYS'));
  return { keys, userPath, allowPlaintext: values['allow-plaintext'] === true };
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`--keys-file: cannot read ${file} (${(error as NodeJS.ErrnoException).code})`);
  }
}
