// Prints values for people.
import type { SessionEntry } from '../admin/admin.js';
import { printable } from '../printable.js';
import { PASSPORT, type UserPath } from '../session/user-path.js';

/** A table with a head, and columns as wide as their cells. */
export function table(head: string[], rows: string[][]): string {
  const cells = [head, ...rows.map((row) => row.map(printable))];
  const widths = head.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
  const lines = cells.map((row) => row.map((cell, column) => cell.padEnd(widths[column]!)).join('  '));
  return lines.map((line) => line.trimEnd()).join('\n');
}

/** Names and values, one a line. */
export function pairs(values: Record<string, string>): string {
  const width = Math.max(...Object.keys(values).map((name) => name.length));
  return Object.entries(values)
    .map(([name, value]) => `${name.padEnd(width)}  ${printable(value)}`)
    .join('\n');
}

export const sessionTable = (sessions: SessionEntry[]): string =>
  table(
    ['HANDLE', 'USER', 'EXPIRES IN'],
    sessions.map(({ handle, user, secondsLeft }) => [handle, user ?? '-', duration(secondsLeft)]),
  );

/** The JSON of a session without its content. The times are null if it never expires. */
export const summaryOf = ({ handle, user, expiresAt, secondsLeft }: SessionEntry) => ({
  handle,
  user,
  expiresAt: expiresAt && `${expiresAt.toISOString().slice(0, -5)}Z`, // as jq's fromdate needs it
  secondsLeft: wholeSeconds(secondsLeft),
});

export const wholeSeconds = (seconds: number | null): number | null =>
  seconds === null || seconds === Infinity ? null : Math.floor(seconds);

const UNITS: [seconds: number, name: string][] = [
  [86_400, 'd'],
  [3600, 'h'],
  [60, 'min'],
];

/** Seconds in the largest unit of which there is at least one. */
export function duration(seconds: number | null): string {
  if (seconds === null) return '-';
  if (seconds === Infinity) return 'never';
  const [unit, name] = UNITS.find(([size]) => seconds >= size) ?? [1, 's'];
  const count = seconds / unit;
  return `${count < 10 ? Math.floor(count * 10) / 10 : Math.floor(count)} ${name}`;
}

export function bytes(count: number | null): string {
  if (count === null) return '-';
  if (count < 1024) return `${Math.round(count)} B`;
  const power = Math.min(Math.floor(Math.log2(count) / 10), 4);
  return `${(count / 1024 ** power).toFixed(1)} ${['', 'kB', 'MB', 'GB', 'TB'][power]}`;
}

export const pathText = (userPath: UserPath = PASSPORT): string => `'${printable(userPath.join('.'))}'`;
