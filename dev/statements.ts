// Writes the generated queries shorter, because the bundle of an app contains them.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

// Characters that no statement contains: alone a code, or the first of two.
const ALONE = '$?&;';
const FIRST = '@^Q';
const CODES = [...ALONE, ...[...FIRST].flatMap((first) => Array.from({ length: 60 }, (_, n) => first + letter(n)))];
const LONGEST = 12; // words, separators and codes of a phrase. More saved less
// Not in the bundle of an app: files, and queries of other files.
const OPERATOR_FILE = /\/(admin|doctor|encrypt)\.js$/;
const OPERATOR_QUERY =
  /^(measureShards|countListeningNodes|findIndexProgress|convert|beginConversion|create\w+Concurrently)/;
const QUERY = /^const (\w+)IR = (\{.*\});$/gm;

interface PgtypedQuery {
  params: { name: string; transform: { type: string }; locs: { a: number; b: number }[] }[];
  statement: string;
}

/** Rewrites the generated modules of the folder, and adds query.js, which they import. */
export async function shortenQueries(folder: string): Promise<void> {
  const files = readdirSync(folder).filter((file) => file.endsWith('.js'));
  const modules = files.map((file) => [`${folder}/${file}`, readFileSync(`${folder}/${file}`, 'utf8')] as const);
  const bundled = modules
    .filter(([file]) => !OPERATOR_FILE.test(file))
    .flatMap(([, text]) => [...text.matchAll(QUERY)])
    .filter(([, name]) => !OPERATOR_QUERY.test(name!));
  const queries = bundled.map(([, , json]) => parsed(json!));
  const phrases = commonPhrases(queries.map(({ statement }) => withSingleSpaces(statement)));

  const module = path.resolve(folder, 'query.js');
  writeFileSync(module, `const phrases = ${JSON.stringify(phrases)};\n${readFileSync('dev/query.js', 'utf8')}`);
  const { query } = await import(pathToFileURL(module).href);
  for (const [file, text] of modules) {
    const calls = new Map<string, string>();
    const rewritten = text
      .replaceAll(QUERY, (_, name, json) => {
        const long = parsed(json);
        const short = abbreviated(withSingleSpaces(long.statement), phrases);
        assertSame(query(short).queryIR, long);
        calls.set(name, `/* @__PURE__ */ query(${JSON.stringify(short)})`); // bundlers drop those that nothing uses
        return '';
      })
      .replaceAll(/new PreparedQuery\((\w+)IR\)/g, (_, name) => calls.get(name)!);
    writeFileSync(file, `import { query } from './query.js';\n${rewritten}`);
  }
}

function letter(n: number): string {
  return String.fromCharCode(65 + n);
}

const parsed = (json: string): PgtypedQuery => JSON.parse(json);

/** White space has no meaning in a statement, except in quotes. */
function withSingleSpaces(statement: string): string {
  assert.doesNotMatch(statement, /--|\/\*/, 'a comment could end elsewhere');
  return statement.replace(/('[^']*'|"[^"]*")|\s+/g, (_, quoted = ' ') => quoted).trim();
}

/**
 * What many statements contain, that which saves most first. A phrase may contain the codes of
 * earlier ones.
 */
function commonPhrases(statements: string[]): string[] {
  const phrases: string[] = [];
  let texts = statements;
  for (const code of CODES) {
    const counts = new Map<string, number>();
    for (const text of texts) {
      const words = text.match(/[@^Q].|[^\WQ]+|\W/g) ?? [];
      for (let from = 0; from < words.length; from++) {
        let phrase = '';
        for (const word of words.slice(from, from + LONGEST)) {
          phrase += word;
          counts.set(phrase, (counts.get(phrase) ?? 0) + 1);
        }
      }
    }
    const saved = ([phrase, count]: [string, number]) => (count - 1) * phrase.length - count * code.length;
    const [best] = [...counts].reduce((one, other) => (saved(other) > saved(one) ? other : one));
    texts = texts.map((text) => withCode(text, best, code));
    phrases.push(best);
  }
  return phrases;
}

/** Writes the code of each phrase in its place. */
function abbreviated(statement: string, phrases: string[]): string {
  assert.doesNotMatch(statement, /[$?&;@^Q]/, 'query() reads these as codes of phrases');
  return phrases.reduce((text, phrase, n) => withCode(text, phrase, CODES[n]!), statement);
}

/** Writes the code of the phrase in its place, but not within another code. */
function withCode(text: string, phrase: string, code: string): string {
  const literal = phrase.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return text.replace(new RegExp(`(?<![@^Q])${literal}`, 'g'), () => code);
}

/** Fails if query() would find other parameters than pgtyped found. */
function assertSame(short: PgtypedQuery, long: PgtypedQuery): void {
  assert.equal(short.statement, withSingleSpaces(long.statement));
  const placed = ({ params, statement }: PgtypedQuery) =>
    params.map(({ name, transform, locs }) => [name, transform, locs.map(({ a, b }) => statement.slice(a, b + 1))]);
  assert.deepEqual(placed(short), placed(long));
}
