#!/usr/bin/env node
// The command line: runs a command, prints its outcome and sets the exit code.
import { printableJson, printableLine, printableLines } from '../printable.js';
import { parseArguments, UsageError } from './arguments.js';
import { COMMANDS } from './commands/index.js';
import { type Context, createContext } from './context.js';
import { messageOf } from './database-errors.js';
import { helpOf, overview } from './help.js';
import { maskArguments } from './passwords.js';

process.exitCode = await main(process.argv.slice(2));

async function main([name, ...args]: string[]): Promise<number> {
  if (name === undefined || name === '--help' || name === 'help') {
    console.log(overview(COMMANDS));
    return name === undefined ? 2 : 0;
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name]! : undefined;
  if (!command) return fail(`unknown command ${JSON.stringify(name)}. See connect-pg-typed --help`, 2);
  let context: Context | undefined;
  try {
    const given = parseArguments(args, command.options);
    if (given.values.help) {
      console.log(helpOf(name, command));
      return 0;
    }
    context = createContext(given);
    const { text, json, exitCode = 0 } = await command.run(context);
    console.log(maskArguments(given.values.json ? printableJson(json) : printableLines(text)));
    return exitCode;
  } catch (error) {
    if (error instanceof UsageError) return fail(`${error.message}. See connect-pg-typed ${name} --help`, 2);
    return fail(messageOf(error, context?.names ?? {}), error instanceof TypeError ? 2 : 3);
  } finally {
    await context?.end();
  }
}

function fail(message: string, exitCode: number): number {
  console.error(`connect-pg-typed: ${printableLine(maskArguments(message))}`);
  return exitCode;
}
