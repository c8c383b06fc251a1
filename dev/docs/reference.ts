// npm run reference   Writes docs/options.md and docs/api.md from the types and docstrings of src/,
// and docs/cli.md from the --help of the command line.
// test/docs/reference.test.ts fails if one of them is stale.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { apiPage } from './api.js';
import { cliPage } from './cli.js';
import { optionsPage } from './options.js';
import { readSurface } from './source.js';

/** Returns the text that each document should have, by its path. */
export async function references(): Promise<Map<string, string>> {
  const surface = readSurface();
  return new Map([
    ['docs/cli.md', await cliPage()],
    ['docs/options.md', optionsPage(surface)],
    ['docs/api.md', apiPage(surface)],
  ]);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [file, text] of await references()) writeFileSync(file, text);
}
