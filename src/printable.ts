// Escapes text that a visitor or another role wrote, before a terminal or a log shows it.

// Controls (C0, DEL, C1), invisible characters such as those that change the direction of text,
// line and paragraph separators, halves of surrogate pairs.
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/**
 * Escapes what could control the terminal, or imitate other text, as `\u{9b}`. Escapes line breaks
 * too.
 */
export const printable = (text: string): string => text.replace(UNSAFE, (found) => `\\u{${hexOf(found)}}`);

export const printableLine = (text: string): string => printable(text.replace(/\s*\n\s*/g, ' '));

export const printableLines = (text: string): string => text.split('\n').map(printable).join('\n');

/** JSON that a terminal can show. JSON.stringify keeps DEL, C1 and invisible characters. */
export const printableJson = (value: unknown): string =>
  JSON.stringify(value, null, 2).replace(UNSAFE, (found) =>
    found === '\n' ? found : found.replace(/./gs, (unit) => `\\u${hexOf(unit, 4)}`),
  );

/**
 * SQL that a terminal can show and that means the same: names as `U&"\009b"` and literals as
 * `E'\u009b'`.
 */
export const printableSql = (sql: string): string =>
  printableLines(
    sql.replace(/"(?:[^"]|"")*"|E'(?:[^'\\]|''|\\.)*'|'(?:[^']|'')*'/gs, (token) => {
      if (token.search(UNSAFE) < 0) return token;
      if (token.startsWith('E')) return token.replace(UNSAFE, escapeInLiteral);
      const withBackslashes = token.replaceAll('\\', '\\\\');
      if (token.startsWith("'")) return `E${withBackslashes.replace(UNSAFE, escapeInLiteral)}`;
      return `U&${withBackslashes.replace(UNSAFE, (found) => `\\+${hexOf(found, 6)}`)}`;
    }),
  );

const hexOf = (character: string, digits = 1) => character.codePointAt(0)!.toString(16).padStart(digits, '0');
const escapeInLiteral = (found: string) => `\\U${hexOf(found, 8)}`;
