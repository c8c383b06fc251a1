// Finds the session id in what a person copied from a browser or a log. No error quotes the text.
import { UsageError } from './arguments.js';
import { percentDecoded } from './percent-encoding.js';

/**
 * The session id in an id, the value of a session cookie, or a Cookie header.
 *
 * @throws {UsageError} if there is none
 */
export function sessionIdIn(line: string, cookieName: string): string {
  const text = line.replace(/^(set-)?cookie:\s*/i, '');
  if (isSigned(text)) return idOf(text.split(';')[0]!);
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
    if (equals > 0 && pair.slice(0, equals).trim() === name)
      return pair
        .slice(equals + 1)
        .trim()
        .replace(/^"(.*)"$/, '$1');
  }
  throw new UsageError(`the Cookie header has no cookie ${name}. Set --cookie`);
}

const isSigned = (text: string): boolean => /^s(:|%3[aA])/.test(text);

/** The id in `s:id.signature`, which may be percent-encoded. */
function idOf(value: string): string {
  const [, id] = /^s:(.+)\.[^.]*$/s.exec(percentDecoded(value)) ?? [];
  if (id === undefined) throw new UsageError('the cookie is not one of express-session. It must be s:id.signature');
  return id;
}
