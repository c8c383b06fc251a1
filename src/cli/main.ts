#!/usr/bin/env node
// connect-pg-typed on the command line: finds the command, prints its answer, sets the exit code.
import { type Command, give, helpOf, parse, UsageError } from './command.js';
import { inWords } from './connect.js';
import { doctor } from './doctor.js';
import { find } from './find.js';
import { init } from './init.js';
import { list } from './list.js';
import { migrate } from './migrate.js';
import { prune } from './prune.js';
import { revoke } from './revoke.js';
import { show } from './show.js';
import { stats } from './stats.js';

const COMMANDS: Record<string, Command> = { init, doctor, stats, list, show, find, revoke, prune, migrate };

const HELP = `usage: connect-pg-typed COMMAND [option ...]

The sessions of connect-pg-typed in their PostgreSQL table.

${Object.entries(COMMANDS)
  .map(([name, { summary }]) => `  ${name.padEnd(10)}${summary}`)
  .join('\n')}

connect-pg-typed COMMAND --help says what a command takes. A session goes by its
HANDLE, the SHA-256 of its id: ids are neither taken nor printed.

Exit codes: 0 done; 1 the answer is no: nothing found, or something wrong;
2 asked for in a way that does not work; 3 the database failed.`;

process.exitCode = await main(process.argv.slice(2));

async function main([name, ...args]: string[]): Promise<number> {
  if (name === undefined || name === '--help' || name === 'help') {
    console.log(HELP);
    return name === undefined ? 2 : 0;
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name]! : undefined;
  if (!command) return complain(`there is no command ${JSON.stringify(name)}: see connect-pg-typed --help`, 2);
  let given: ReturnType<typeof give> | undefined;
  try {
    const parsed = parse(args, command);
    if (parsed.values.help) {
      console.log(helpOf(name, command));
      return 0;
    }
    given = give(parsed);
    const { text, json, isNo = false } = await command.run(given);
    console.log(parsed.values.json ? JSON.stringify(json, null, 2) : text);
    return isNo ? 1 : 0;
  } catch (error) {
    if (error instanceof UsageError) return complain(`${error.message}: see connect-pg-typed ${name} --help`, 2);
    return complain(inWords(error, given?.names ?? {}), error instanceof TypeError ? 2 : 3);
  } finally {
    await given?.end();
  }
}

function complain(message: string, exitCode: number): number {
  console.error(`connect-pg-typed: ${message}`);
  return exitCode;
}
