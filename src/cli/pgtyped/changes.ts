// What differs between generated code and the files of the project.
import * as fs from 'node:fs';
import path from 'node:path';
import { filesIn, sourceOf } from './compile.js';

export interface Change {
  kind: 'missing' | 'out of date' | 'left over';
  file: string;
}

/**
 * @param folders where generated code can be. A file there is left over if pgtyped wrote it from
 *   one of the sources, or from a file that is gone
 * @param sources what this configuration compiles. Another one may have sources too
 * @param generated the code of each file
 */
export function findChanges(folders: string[], sources: string[], generated: Map<string, string>): Change[] {
  const existing = folders.flatMap(filesIn).filter((file) => {
    const source = /\.[cm]?tsx?$/.test(file) ? sourceOf(fs.readFileSync(file, 'utf8')) : undefined;
    return source !== undefined && (sources.includes(source) || !fs.existsSync(source));
  });
  const changes: Change[] = [];
  for (const [file, text] of generated) {
    if (!fs.existsSync(file)) changes.push({ kind: 'missing', file });
    else if (fs.readFileSync(file, 'utf8') !== text) changes.push({ kind: 'out of date', file });
  }
  for (const file of new Set(existing)) if (!generated.has(file)) changes.push({ kind: 'left over', file });
  return changes;
}

/** Files that generated code would replace, although pgtyped did not write them. */
export const foreignFiles = (generated: Map<string, string>): string[] =>
  [...generated.keys()].filter((file) => fs.existsSync(file) && sourceOf(fs.readFileSync(file, 'utf8')) === undefined);

/** Writes the generated code, and deletes what is left over. */
export function applyToFiles(changes: Change[], generated: Map<string, string>): void {
  for (const { kind, file } of changes) {
    if (kind === 'left over') fs.rmSync(file);
    else {
      fs.mkdirSync(path.dirname(file), { recursive: true });
      fs.writeFileSync(file, generated.get(file)!);
    }
  }
}
