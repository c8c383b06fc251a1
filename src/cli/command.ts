// What a command is.
import type { Options } from './arguments.js';
import type { Context } from './context.js';

/** The outcome of a command: for people, for programs and as an exit code. */
export interface Outcome {
  text: string;
  json: unknown;
  /** 1 if nothing was found, or a problem was found. Default: 0. */
  exitCode?: 0 | 1;
  /** What may be wrong though the command succeeded, for standard error. */
  warning?: string | undefined;
}

export interface Command {
  /** The parameters after its name. */
  usage: string;
  summary: string;
  details?: string;
  options: Options;
  /** Two command lines, without the program's name. */
  examples: [string, string];
  run(context: Context): Promise<Outcome>;
}
