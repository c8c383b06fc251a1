// Checks the queries that pgtyped compiles, where it does not.
import * as fs from 'node:fs';
import path from 'node:path';
import { standInFaults } from '../../table/stand-in.js';
import { filesIn, sourceOf } from './compile.js';
import type { PgtypedConfig } from './config.js';

/** The files that pgtyped compiles: it takes `include` as a glob below `srcDir`. */
export const sourcesOf = ({ srcDir, transforms }: PgtypedConfig): string[] =>
  filesIn(srcDir).filter((file) =>
    transforms.some(({ include }) => matchesGlob(path.relative(srcDir, file).replaceAll('\\', '/'), include)),
  );

const GLOB_PARTS: Record<string, string> = {
  '**/': '(?:.*/)?',
  '*': '[^/]*',
  '?': '[^/]',
  '{': '(?:',
  ',': '|',
  '}': ')',
};

/** Whether a glob matches the end of a path, as below any folder. */
function matchesGlob(file: string, glob: string): boolean {
  const pattern = glob.replace(/\*\*\/|[*?{},]|[.+^$()|[\]\\]/g, (part) => GLOB_PARTS[part] ?? `\\${part}`);
  return new RegExp(`(?:^|/)${pattern}$`).test(file);
}

/** The stand-in written so that bindTable() cannot replace it, or without an alias. */
export function standInProblems(sources: string[]): string[] {
  return sources.flatMap((file) => {
    const text = fs.readFileSync(file, 'utf8');
    return sqlIn(file, text).flatMap(({ sql, line: first }) =>
      standInFaults(sql, { mustHaveAlias: true }).map(({ message, line }) => `${file}:${first + line - 1}: ${message}`),
    );
  });
}

/** A query without an output, a file without a query, and a file with the output of another one. */
export function missingOutputs(sources: string[], generated: Map<string, string>): string[] {
  const codes = new Map([...generated.values()].map((text) => [sourceOf(text), text]));
  return sources.flatMap((file) => {
    const text = fs.readFileSync(file, 'utf8');
    const count = file.endsWith('.sql') ? (text.match(/@name\s/g)?.length ?? 0) : sqlIn(file, text).length;
    if (count === 0) return file.endsWith('.sql') ? [`${file} has no query. Begin one with /* @name itsName */`] : [];
    const code = codes.get(file);
    if (code === undefined) return [`pgtyped generated nothing from ${file}. Does another file have the same name?`];
    const compiled = code.match(/^\/\*\* '.*' query type \*\//gm)?.length ?? 0;
    return compiled < count ? [`pgtyped generated only ${compiled} of the ${count} queries in ${file}`] : [];
  });
}

/** Queries that have the same name: an app that exports both would have only one. */
export function duplicateNames(generated: Map<string, string>): string[] {
  const seen = new Map<string, string>();
  const problems: string[] = [];
  for (const text of generated.values()) {
    const source = sourceOf(text)!;
    for (const [, name] of text.matchAll(/^export const (\w+) = /gm)) {
      const files = [...new Set([seen.get(name!) ?? source, source])].join(' and ');
      if (seen.has(name!)) problems.push(`two queries in ${files} have the name ${name}. Rename one of them`);
      seen.set(name!, source);
    }
  }
  return problems;
}

/** The SQL of a file: all of it, or the text of each sql`...` in TypeScript. */
function sqlIn(file: string, text: string): { sql: string; line: number }[] {
  if (file.endsWith('.sql')) return [{ sql: text, line: 1 }];
  return [...text.matchAll(/\bsql(?:<[^`]*>)?`([^`]*)`/g)].map(({ index, 1: sql }) => ({
    sql: sql!,
    line: text.slice(0, index).split('\n').length,
  }));
}
