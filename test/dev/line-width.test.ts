// Comments and docs are wrapped at 100 columns. Biome checks only code, at 120.
import { readdirSync, readFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { filesIn } from '../../src/cli/pgtyped/compile.js';
import { suite } from '../support/harness.js';

const test = suite('line width');

const MAX_COLUMNS = 100;
/** Not a command, which is indented. */
const COMMENT = /^\s*(\/\/|\/\*\*|\*|--) (?! |biome-ignore)/;
/** A table, a heading, a marker, or a line that is one link. */
const UNBREAKABLE = /^\s*(\||#|<!--|\S+$)/;

function tooWide(file: string): string[] {
  const isMarkdown = file.endsWith('.md');
  let isCode = false;
  return readFileSync(file, 'utf8')
    .split('\n')
    .map((line, n) => ({ line, place: `${file}:${n + 1}` }))
    .filter(({ line }) => {
      if (/^\s*(\* )?```/.test(line)) isCode = !isCode;
      return !isCode && line.length > MAX_COLUMNS && (isMarkdown ? !UNBREAKABLE.test(line) : COMMENT.test(line));
    })
    .map(({ place }) => place);
}

test('no comment is wider than 100 columns', () => {
  const files = ['src', 'sql', 'test', 'dev', 'bench', 'examples']
    .flatMap(filesIn)
    .filter((file) => /\.([cm]?[jt]s|sql)$/.test(file) && !/generated|typed-queries\/queries/.test(file));
  assert.ok(files.length > 300);
  assert.equal(files.flatMap(tooWide), []);
});

test('no line of a page is wider than 100 columns, except code and tables', () => {
  // A script writes the other pages, and these two from docstrings and types.
  const pages = [...readdirSync('.'), ...filesIn('docs')].filter((file) => /(?<!docs\/(api|options))\.md$/.test(file));
  assert.ok(pages.length > 15);
  assert.equal(pages.flatMap(tooWide), []);
});
