#!/usr/bin/env node
import { parse, UsageError } from './arguments.js';
import { COMMANDS, HELP } from './commands/index.js';
// connect-pg-typed on the command line: finds the command, prints its answer, sets the exit code.
import { give } from './context.js';
import { inWords } from './database-errors.js';
import { helpOf } from './help.js';

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
