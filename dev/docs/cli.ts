// docs/cli.md: the help of the command line.
import { loadCommands } from '../../src/cli/commands/index.js';
import { helpOf, overview } from '../../src/cli/help.js';
import { block, join } from './markdown.js';

export async function cliPage(): Promise<string> {
  const commands = await loadCommands();
  const pages = commands.map(([name, command]) => join(`## ${name}`, block(helpOf(name, command), 'text')));
  return `${join('# The command line', block(overview(commands), 'text'), ...pages)}\n`;
}
