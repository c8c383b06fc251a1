// Formats tables of figures and writes them into docs/.
import { readFileSync, writeFileSync } from 'node:fs';

/** A Markdown table. The first column holds text, the others hold figures. */
export function tableOf(heads: string[], rows: (string | number)[][]): string {
  const line = (cells: (string | number)[]) => `| ${cells.join(' | ')} |`;
  return [line(heads), line(heads.map((_, n) => (n === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n');
}

/**
 * Replaces one part of a file in docs/. Two comments in the file mark the part's begin and end.
 * Wraps lines at 100 columns, but not those of tables.
 */
export function writeDocs(part: string, text: string, file = 'performance.md'): void {
  const url = new URL(`../../docs/${file}`, import.meta.url);
  const docs = readFileSync(url, 'utf8');
  const begin = `<!-- ${part}: written with --docs -->\n`;
  const end = `\n<!-- end of ${part} -->`;
  const [from, to] = [docs.indexOf(begin), docs.indexOf(end)];
  if (from < 0 || to < 0) throw new Error(`docs/${file} must contain ${begin.trim()} and ${end.trim()}`);
  const lines = text.split('\n').map((line) => (line.startsWith('|') ? line : wrapped(line)));
  writeFileSync(url, `${docs.slice(0, from + begin.length)}\n${lines.join('\n')}\n${docs.slice(to)}`);
}

const wrapped = (line: string): string => line.replace(/(.{1,100})(?: |$)/g, '$1\n').trimEnd();
