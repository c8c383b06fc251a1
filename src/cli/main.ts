#!/usr/bin/env node
// The command line: runs a command, prints its outcome and sets the exit code.
import { constants } from 'node:os';
import { didYouMean } from '../errors.js';
import { printableJson, printableLine, printableLines } from '../printable.js';
import { parseArguments, quoted, UsageError } from './arguments.js';
import type { Command, Context } from './command.js';
import { COMMANDS, loadCommands } from './commands/index.js';
import { helpOf, overview, packageVersion } from './help.js';
import { maskArguments } from './passwords.js';
import { loadDotEnv, withSettings } from './settings.js';

// Without this, the listeners of 'exit' do not run: they delete a file with a password, and show
// the cursor.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => process.exit(128 + constants.signals[signal]));
}
process.exitCode = await main(process.argv.slice(2));
// pg leaves a connection open if its login fails without a password: it would hold the process for
// a minute.
process.stdout.write('', () => setTimeout(() => process.exit(), 500).unref());

async function main([name, ...args]: string[]): Promise<number> {
  try {
    if (name === undefined) return print(overview(await loadCommands()), 2);
    if (name.startsWith('-')) return await withoutCommand([name, ...args]);
    if (name === 'help') return print(await helpFor(args.find((given) => !given.startsWith('-'))), 0);
    return await runCommand(name, await commandOf(name), args);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const isCommand = Object.hasOwn(COMMANDS, name!);
    const end = error.message.endsWith('?') ? '' : '.';
    return fail(`${error.message}${end} See connect-pg-typed ${isCommand ? `${name} ` : ''}--help`, 2);
  }
}

/** --help and --version also stand alone. */
async function withoutCommand(args: string[]): Promise<number> {
  const { values } = parseArguments(args, {});
  if (values.help) return print(overview(await loadCommands()), 0);
  if (values.version) return print(packageVersion(), 0);
  throw new UsageError(
    `expected a command before ${Object.keys(values).map((name) => `--${name}`)[0] ?? 'the arguments'}`,
  );
}

async function helpFor(name: string | undefined): Promise<string> {
  return name === undefined ? overview(await loadCommands()) : helpOf(name, await commandOf(name));
}

/** @throws {UsageError} if there is no such command */
function commandOf(name: string): Promise<Command> {
  const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (load) return load();
  throw new UsageError(`unknown command${quoted(name)}${didYouMean(name, [...Object.keys(COMMANDS), 'help'])}`);
}

async function runCommand(name: string, command: Command, args: string[]): Promise<number> {
  const given = parseArguments(args, command.options);
  if (given.values.help) return print(helpOf(name, command), 0);
  if (given.values.version) return print(packageVersion(), 0);
  loadDotEnv();
  const values = withSettings(given.values, command.options);
  const { createContext } = await import('./command.js'); // after the parsing: it loads pg
  const { messageOf } = await import('./database-errors.js');
  let context: Context | undefined;
  try {
    context = createContext({ positionals: given.positionals, values }, command.options);
    const { text, json, exitCode = 0, warning } = await command.run(context);
    if (warning !== undefined) fail(`warning: ${warning}`, exitCode);
    return print(values.json ? printableJson(json) : printableLines(text), exitCode);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    return fail(messageOf(error, context?.names ?? {}), error instanceof TypeError ? 2 : 3);
  } finally {
    await context?.end();
  }
}

function print(text: string, exitCode: number): number {
  console.log(maskArguments(text));
  return exitCode;
}

function fail(message: string, exitCode: number): number {
  console.error(`connect-pg-typed: ${printableLine(maskArguments(message))}`);
  return exitCode;
}
