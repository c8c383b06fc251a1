// Values as people read them.
import type { SessionEntry } from '../admin/admin.js';

/** Rows below a head, in columns as wide as they need to be. */
export function table(head: string[], rows: string[][]): string {
  const shown = [head, ...rows.map((row) => row.map(harmless))];
  const widths = head.map((_, column) => Math.max(...shown.map((row) => row[column]!.length)));
  return shown
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Names and values, one a line. */
export function pairs(values: Record<string, string>): string {
  const width = Math.max(...Object.keys(values).map((name) => name.length));
  return Object.entries(values)
    .map(([name, value]) => `${name.padEnd(width)}  ${harmless(value)}`)
    .join('\n');
}

export const sessionTable = (sessions: SessionEntry[]): string =>
  table(
    ['HANDLE', 'USER', 'EXPIRES IN'],
    sessions.map(({ handle, user, ttl }) => [handle, user ?? '-', duration(ttl)]),
  );

/** What a program gets of a session, unless it asks to be shown one. */
export const briefly = ({ handle, user, ttl }: SessionEntry) => ({ handle, user, ttl });

const UNITS: [seconds: number, name: string][] = [
  [86_400, 'd'],
  [3600, 'h'],
  [60, 'min'],
];

/** Seconds in the largest unit that they fill. */
export function duration(seconds: number | null): string {
  if (seconds === null) return '-';
  if (seconds === Infinity) return 'never';
  const [unit, name] = UNITS.find(([least]) => seconds >= least) ?? [1, 's'];
  const count = seconds / unit;
  return `${count < 10 ? Math.floor(count * 10) / 10 : Math.floor(count)} ${name}`;
}

export function bytes(count: number | null): string {
  if (count === null) return '-';
  if (count < 1024) return `${Math.round(count)} B`;
  const power = Math.min(Math.floor(Math.log2(count) / 10), 4);
  return `${(count / 1024 ** power).toFixed(1)} ${['', 'kB', 'MB', 'GB', 'TB'][power]}`;
}

export const many = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

/** Sessions hold what visitors have sent: it must not be a terminal's escape sequence, nor look like another text. */
export const harmless = (text: string): string =>
  text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, (found) => `\\u{${found.codePointAt(0)!.toString(16)}}`);
