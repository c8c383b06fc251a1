// npm run reference   writes into README.md and docs/cli.md what the command line's --help says
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { COMMANDS, HELP } from '../src/cli/commands/index.js';
import { helpOf } from '../src/cli/help.js';

const block = (text: string): string => `\`\`\`text\n${text}\n\`\`\`\n`;

const BEGIN = '<!-- connect-pg-typed --help -->\n';
const END = '<!-- the end of it -->\n';

/** Each document with the help of today in it, by its path. */
export function references(): Map<string, string> {
  const readme = readFileSync('README.md', 'utf8');
  const [before, rest] = readme.split(BEGIN);
  const after = rest?.split(END)[1];
  if (after === undefined) throw new Error(`README.md has no place for the help: ${BEGIN}${END}`);
  const commands = Object.entries(COMMANDS).map(([name, command]) => `## ${name}\n\n${block(helpOf(name, command))}`);
  return new Map([
    ['README.md', `${before}${BEGIN}${block(HELP)}${END}${after}`],
    ['docs/cli.md', `# The command line\n\n${block(HELP)}\n${commands.join('\n')}`],
  ]);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [file, text] of references()) writeFileSync(file, text);
}
