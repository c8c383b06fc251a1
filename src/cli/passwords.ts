// Keeps passwords out of the output: an argument in the wrong place is quoted in an error message.
import { percentDecoded } from './percent-encoding.js';

// The part of a URL between the user and the last @. Without an @, unless it is a port.
const IN_URL = /(:\/\/[^:/?#@]*):(?:.*@|(?!\d*(?:[/?#]|$))[^/?#]*)/s;
// password=... in a URL or between other pairs, until the next pair.
const IN_PAIR = /((?:pass\w*|pwd)\s*=)(?:(?!\s+\w+\s*=|&\w+=).)*/gis;

/** A connection string without its password. */
export function maskPassword(text: string): string {
  const masked = text.replace(IN_URL, (_, start) => `${start}:***${text.includes('@') ? '@' : ''}`);
  return masked.replace(IN_PAIR, '$1***');
}

/** Masks the passwords in all arguments and in DATABASE_URL, wherever the text quotes one. */
export function maskArguments(
  text: string,
  all: string[] = [...process.argv.slice(2), process.env.DATABASE_URL ?? ''],
): string {
  let masked = text;
  for (const given of all) {
    const bare = given.replace(/^-+/, '');
    const equals = bare.indexOf('=');
    for (const part of [bare, bare.slice(0, Math.max(equals, 0)), bare.slice(equals + 1)]) {
      const safe = [part, percentDecoded(part)].find((one) => maskPassword(one) !== one);
      if (safe === undefined) continue;
      for (const quoted of [part, JSON.stringify(part).slice(1, -1)]) {
        masked = masked.replaceAll(quoted, () => maskPassword(safe));
      }
    }
  }
  return masked;
}
