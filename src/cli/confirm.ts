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
  const { createInterface } = await import('node:readline/promises');
  const terminal = createInterface({ input, output });
  try {
    const answer = await Promise.race([
      terminal.question(`${printableLine(question)} [y/N] `),
      once(terminal, 'close').then(() => ''),
    ]);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}
