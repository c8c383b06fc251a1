// The keys of encrypted sessions, from the environment or a file: what stands in arguments is seen by others on the machine.
import { readFileSync } from 'node:fs';
import type { Encryption } from '../session/encryption.js';
import type { UserPath } from '../session/user-path.js';
import { type Option, text, type Values } from './arguments.js';

export const KEYS: Record<string, Option> = {
  'keys-file': {
    value: 'FILE',
    help: 'the keys of encrypted sessions, the one that writes first, one a line; default: SESSION_KEYS in the environment, separated by spaces',
  },
  'allow-plaintext': { help: 'also read sessions that are not encrypted, where there are keys' },
};

export function encryptionOf(values: Values, userPath: UserPath | undefined): Encryption | undefined {
  const file = text(values['keys-file']);
  const keys = (file === undefined ? (process.env.SESSION_KEYS ?? '') : read(file)).split(/\s+/).filter(Boolean);
  if (keys.length === 0 && file !== undefined) throw new TypeError(`--keys-file: there is no key in ${file}`);
  return keys.length === 0 ? undefined : { keys, userPath, allowPlaintext: values['allow-plaintext'] === true };
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new TypeError(`--keys-file: ${file} can't be read (${(error as NodeJS.ErrnoException).code})`);
  }
}
