// The generated documents agree with the source.
import { readFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { anchor } from '../../dev/docs/markdown.js';
import { references } from '../../dev/docs/reference.js';
import * as admin from '../../src/admin/admin.js';
import * as main from '../../src/index.js';
import * as queries from '../../src/queries.js';
import { suite } from '../support/harness.js';

const test = suite('reference');
const documents = await references();

for (const [file, text] of documents) {
  test(`${file} is what npm run reference writes`, () => {
    assert.ok(readFileSync(file, 'utf8') === text, `${file} is stale: npm run reference`);
  });
}

const pages = [...documents].filter(([file]) => file.startsWith('docs/'));
const anchorsOf = (text: string) => [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) => anchor(heading!));

for (const [file, text] of pages) {
  test(`each link in ${file} leads to one heading`, () => {
    for (const [link, page, id] of text.matchAll(/\]\(([\w.]*)#([^)]*)\)/g)) {
      const linked = page ? `docs/${page}` : file;
      const found = anchorsOf(documents.get(linked) ?? readFileSync(linked, 'utf8')).filter((one) => one === id);
      assert.is(found.length, 1, `${file}: ${link}`);
    }
  });
}

test('docs/api.md has a section for each value that the package exports', () => {
  const names = [main, admin, queries].flatMap((entryPoint) => Object.keys(entryPoint));
  for (const name of names) {
    const heading = name === 'default' ? main.default.name : name;
    assert.match(documents.get('docs/api.md')!, new RegExp(`^#+ ${heading}(\\.run)?$`, 'm'));
  }
});

test('docs/api.md lists each exported event among the events of the store', () => {
  const page = documents.get('docs/api.md')!;
  const exported = [...page.matchAll(/^interface (\w+Event) /gm)].map(([, name]) => name);
  assert.ok(exported.length > 0);
  for (const name of exported) assert.match(page, new RegExp(`^- \`\\w+\`: \\[${name}\\]`, 'm'));
});
