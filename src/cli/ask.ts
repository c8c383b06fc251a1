// Asks a person on a terminal.
import { once } from 'node:events';
import { printableLine } from '../printable.js';

type Stream<T> = T & { isTTY?: boolean };

/** Returns undefined if there is no terminal to ask on, and false if the input ends. */
export async function confirm(
  question: string,
  input: Stream<NodeJS.ReadableStream> = process.stdin,
  output: Stream<NodeJS.WritableStream> = process.stderr, // standard output holds the outcome
): Promise<boolean | undefined> {
  if (!input.isTTY || !output.isTTY) return undefined;
  return /^y(es)?$/i.test((await ask(`${printableLine(question)} [y/N] `, input, output)).trim());
}

/** The answer of a person, or an empty text if the input ends. */
export async function ask(
  question: string,
  input: NodeJS.ReadableStream = process.stdin,
  output: NodeJS.WritableStream = process.stderr,
): Promise<string> {
  const { createInterface } = await import('node:readline/promises');
  const terminal = createInterface({ input, output });
  const ended = once(terminal, 'close').then(() => '');
  const answered = terminal.question(question).catch(() => ''); // Ctrl+C and Ctrl+D, in some versions of Node
  return Promise.race([answered, ended]).finally(() => terminal.close());
}
