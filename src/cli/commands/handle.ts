// handle: prints the handle of a session id or a cookie. It reads them from standard input, since
// others can see command lines.
import { text as readAll } from 'node:stream/consumers';
import { handleOfRow } from '../../session/handle.js';
import { stringOf, UsageError } from '../arguments.js';
import { ask } from '../ask.js';
import type { Command } from '../command.js';
import { percentDecoded } from '../percent-encoding.js';

const DEFAULT_COOKIE = 'connect.sid';

export const handle: Command = {
  usage: '',
  summary: 'Prints the handle of the session id or cookie on standard input.',
  details:
    'It reads one line: a session id, the value of a session cookie (s:... or s%3A...), or a whole Cookie header. It ' +
    'does not check the signature, and needs no database. It takes no argument: other users of the machine can see a ' +
    'command line.',
  options: {
    cookie: { value: 'NAME', help: `the name of the cookie in a Cookie header; default: ${DEFAULT_COOKIE}` },
  },
  examples: ['handle < cookie.txt', 'handle --cookie app.sid < header.txt'],
  async run({ positionals, values }) {
    if (positionals.length > 0) {
      throw new UsageError(
        'handle reads standard input. An argument is visible to other users of the machine, as in ps',
      );
    }
    const sid = sessionIdIn(await readOneLine(), stringOf(values.cookie) ?? DEFAULT_COOKIE);
    const found = handleOfRow(sid);
    return { text: found, json: { handle: found } };
  },
};

async function readOneLine(): Promise<string> {
  const text = process.stdin.isTTY ? await ask('Session id or cookie: ') : await readAll(process.stdin);
  const lines = text.split('\n').filter((line) => line.trim());
  if (lines.length === 1) return lines[0]!.trim();
  throw new UsageError(`standard input has ${lines.length === 0 ? 'no line' : 'several lines'}. Pass one line`);
}

/**
 * The session id in an id, the value of a session cookie, or a Cookie header. No error quotes the
 * text.
 *
 * @throws {UsageError} if there is none
 */
function sessionIdIn(line: string, cookieName: string): string {
  const text = line.replace(/^(set-)?cookie:\s*/i, '');
  if (/^s(:|%3[aA])/.test(text)) return idOf(text.split(';')[0]!);
  if (text.startsWith(`${cookieName}=`) || text.includes(';') || /^[^=\s]+=[^=]/.test(text)) {
    return idOf(cookieIn(text, cookieName));
  }
  if (/\s/.test(text)) throw new UsageError('standard input is not a session id, and not a cookie');
  return text;
}

/** The first cookie of that name, as express-session reads it. */
function cookieIn(header: string, name: string): string {
  for (const pair of header.split(';')) {
    const equals = pair.indexOf('=');
    if (equals <= 0 || pair.slice(0, equals).trim() !== name) continue;
    const value = pair.slice(equals + 1).trim();
    return value.replace(/^"(.*)"$/, '$1');
  }
  throw new UsageError(`the Cookie header has no cookie ${name}. Set --cookie`);
}

/** The id in `s:id.signature`, which may be percent-encoded. */
function idOf(value: string): string {
  const [, id] = /^s:(.+)\.[^.]*$/s.exec(percentDecoded(value)) ?? [];
  if (id === undefined) throw new UsageError('the cookie is not one of express-session. It must be s:id.signature');
  return id;
}
