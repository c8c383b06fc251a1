// Tables of figures, as they are printed and as the docs have them.
import { readFileSync, writeFileSync } from 'node:fs';

/** In Markdown. The first column is of words, the others of figures. */
export function tableOf(heads: string[], rows: (string | number)[][]): string {
  const line = (cells: (string | number)[]) => `| ${cells.join(' | ')} |`;
  return [line(heads), line(heads.map((_, n) => (n === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n');
}

/** Puts the text where a file of the docs has this part. */
export function writeDocs(part: string, text: string, file = 'performance.md'): void {
  const url = new URL(`../../docs/${file}`, import.meta.url);
  const docs = readFileSync(url, 'utf8');
  const begin = `<!-- ${part}: written with --docs -->\n`;
  const end = `\n<!-- end of ${part} -->`;
  const [from, to] = [docs.indexOf(begin), docs.indexOf(end)];
  if (from < 0 || to < 0) throw new Error(`docs/${file} has no ${begin.trim()} and ${end.trim()}`);
  writeFileSync(url, `${docs.slice(0, from + begin.length)}\n${text}\n${docs.slice(to)}`);
}
