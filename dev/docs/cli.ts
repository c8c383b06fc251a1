// docs/cli.md: the help of the command line.
import { COMMANDS } from '../../src/cli/commands/index.js';
import { helpOf, overview } from '../../src/cli/help.js';
import { block, join } from './markdown.js';

export function cliPage(): string {
  const commands = Object.entries(COMMANDS).map(([name, command]) =>
    join(`## ${name}`, block(helpOf(name, command), 'text')),
  );
  return `${join('# The command line', block(overview(COMMANDS), 'text'), ...commands)}\n`;
}
