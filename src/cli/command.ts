// What a command is, what all of them take, and the help that is written from it.

import type { Option } from './arguments.js';
import type { Given } from './context.js';

/** What a command found out or did: for people, for programs, and as an exit code. */
export interface Answer {
  text: string;
  json: unknown;
  /** Whether the answer is no: nothing found, nothing done, something wrong. Default: false. */
  isNo?: boolean;
}

export interface Command {
  /** What stands after its name. */
  usage: string;
  summary: string;
  /** What the summary leaves out. */
  details?: string;
  options: Record<string, Option>;
  run(given: Given): Promise<Answer>;
}
