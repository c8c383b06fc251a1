// The errors of the public methods.
import { printableLine } from './printable.js';
import { INSUFFICIENT_PRIVILEGE, INVALID_COLUMN_REFERENCE, UNDEFINED_TABLE } from './sql-states.js';

/**
 * What went wrong.
 * - `DATABASE`: PostgreSQL refused a statement, or the connection to it failed
 * - `TIMEOUT`: PostgreSQL did not answer before the deadline
 * - `CONFLICT`: other requests changed the session before each attempt
 * - `OVERLOADED`: `maxWaiting` calls were in flight already, or saves of `maxWaitingBytes`, or a
 *   tenth of either for one session
 * - `KEYS`: the function `encryption.keys` failed or did not return in time
 * - `CLOSED`: the store was closed before the call
 * - `OLD_STORE`: the store of the option `oldStore` failed, or did not answer in nine tenths of the
 *   time left
 */
export type SessionStoreErrorCode =
  | 'DATABASE'
  | 'TIMEOUT'
  | 'CONFLICT'
  | 'OVERLOADED'
  | 'KEYS'
  | 'CLOSED'
  | 'OLD_STORE';

const RETRY_AFTER_SECONDS = 5;

/**
 * A call of the store failed. The message holds no session id and no payload. Unless the app has an
 * error handler of its own, Express answers with `status` and `headers`.
 */
export class SessionStoreError extends Error {
  override readonly name = 'SessionStoreError';
  readonly code: SessionStoreErrorCode;
  /**
   * PostgreSQL's SQLSTATE, five characters. Undefined if the error did not come from the server.
   */
  readonly sqlState: string | undefined;
  /** The HTTP status for the client: 503 Service Unavailable (RFC 9110, section 15.6.4). */
  readonly status = 503;
  /** `Retry-After`, in seconds (RFC 9110, section 10.2.3). */
  readonly headers: { 'Retry-After': string } = { 'Retry-After': String(RETRY_AFTER_SECONDS) };

  constructor(code: SessionStoreErrorCode, message: string, options?: { cause: unknown }) {
    super(message, options);
    this.code = code;
    this.sqlState = sqlStateOf(options?.cause);
  }
}

/** The SQLSTATE of an error that the server sent, or of our error for one. */
export function sqlStateOf(cause: unknown): string | undefined {
  if (cause instanceof SessionStoreError) return cause.sqlState;
  const { severity, code } = Object(cause); // no instanceof: the pool may use another copy of pg
  return typeof severity === 'string' && typeof code === 'string' ? code : undefined;
}

/** Whether the server sent an error with one of these SQLSTATEs. */
export const hasSqlState = (error: unknown, ...sqlStates: string[]): boolean =>
  sqlStates.includes(sqlStateOf(error) ?? '');

/** @param type of the column after the migration */
export const migrateAdvice = (type: string, options = ''): string =>
  `\`npx connect-pg-typed migrate${options}\` makes it ${type}, and keeps the sessions`;

/** A statement changed no row, and did not fail. */
export const KEPT = 'a trigger, a rule or row-level security keeps the row';

export const timedOut = (cause?: unknown): SessionStoreError =>
  new SessionStoreError('TIMEOUT', 'the database did not answer in time', { cause });

/** For a call that one of the limits of calls in flight refuses. */
export const overloaded = (reason: string): SessionStoreError =>
  new SessionStoreError('OVERLOADED', `OVERLOADED: ${reason}`);

/** For a refusal with a message that says what to do. */
export const refused = (advice: string, cause?: unknown): SessionStoreError =>
  new SessionStoreError('DATABASE', advice, { cause });

const ADVICE: Record<string, string> = {
  [UNDEFINED_TABLE]:
    '. Create the table with createTable(), createTableIfMissing or `npx connect-pg-typed init`, ' +
    'or set schemaName and tableName',
  [INVALID_COLUMN_REFERENCE]:
    '. sid needs a primary key or a unique index of its own. `npx connect-pg-typed doctor` says how to add it',
  [INSUFFICIENT_PRIVILEGE]: '. `npx connect-pg-typed doctor` prints the missing grants',
};

/** pg's error for a login by SCRAM without a password. */
const NO_PASSWORD = /^SASL: .*client password must be a/;
const PASSWORD_ADVICE = '. No password given. Put it into the URL, or set PGPASSWORD';

/** An error of ours stays as it is. */
export function databaseFailed(cause: unknown): SessionStoreError {
  if (cause instanceof SessionStoreError) return cause;
  const isPasswordMissing = NO_PASSWORD.test((cause as Error).message);
  const advice = isPasswordMissing ? PASSWORD_ADVICE : (ADVICE[sqlStateOf(cause) ?? ''] ?? '');
  const message = `the database failed: ${printableLine((cause as Error).message || String(cause))}${advice}`;
  return new SessionStoreError('DATABASE', message, { cause });
}

/** What an option must be, in words and as a check. */
export type Rule = [what: string, isValid: (value: unknown) => boolean, extra?: RuleExtra];

export interface RuleExtra {
  /** Whether a wrong value may hold a secret, so that a message must not show it. */
  isSecret?: boolean;
  /** What to give instead of a wrong value. */
  advise?: (value: unknown) => string | undefined;
}

/** @throws {TypeError} if the value does not follow the rule */
export function checkOption(name: string, value: unknown, [what, isValid, extra = {}]: Rule): void {
  if (isValid(value)) return;
  const advice = extra.advise?.(value);
  const got = describe(value, extra.isSecret);
  throw new TypeError(`${name} must be ${what}, got ${got}${advice === undefined ? '' : `. ${advice}`}`);
}

const MAX_SHOWN = 60;

/** The value if it is short and simple, otherwise its type: an object may hold a password. */
export function describe(value: unknown, isSecret = false): string {
  if (value === '') return 'an empty string';
  if (typeof value === 'string') {
    const isShown = !isSecret && value.length <= MAX_SHOWN && !/:\/\/|pass|pwd/i.test(value);
    return isShown ? `'${printableLine(value)}'` : 'a string';
  }
  if (['number', 'boolean', 'undefined'].includes(typeof value) || value === null) return String(value);
  if (typeof value === 'bigint') return `${value}n`;
  if (Array.isArray(value)) return 'an array';
  if (typeof value !== 'object') return `a ${typeof value}`;
  const name = value.constructor?.name;
  return name === undefined || name === 'Object' ? 'an object' : `an object of the class ${name}`;
}

/**
 * Checks the names of a constructor's options.
 *
 * @throws {TypeError} if `given` is not an object, or has an option that is not known
 */
export function checkNames(given: object, known: readonly string[]): void {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new TypeError(`the options must be an object with ${known.join(', ')}`);
  }
  const unknown = Object.keys(given).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    const names = known.join(', ');
    throw new TypeError(`unknown option "${unknown}". The options are ${names}${didYouMean(unknown, [...known])}`);
  }
}

/**
 * Checks the options of a method. An option without a value is an error: the value is usually a
 * field that a request lacks, and the default would delete or return other sessions.
 *
 * @param nullable options for which null is a value
 * @throws {TypeError} if `given` is not an object, or has an option that is not known or has no
 *   value
 */
export function checkMethodOptions(given: object, known: readonly string[], nullable: readonly string[] = []): void {
  checkNames(given, known);
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || (value === null && !nullable.includes(name))) {
      throw new TypeError(`${name} is ${value}. Pass a value, or omit the option`);
    }
  }
}

const MAX_EDITS = 3;

/** `. Did you mean …?`, or an empty text if no name is similar. */
export function didYouMean(word: string, names: string[]): string {
  const typed = word.toLowerCase();
  const scored = names
    .map((name) => ({ name, score: name.startsWith(typed) ? 0 : edits(typed, name.toLowerCase()) }))
    .filter(({ name, score }) => score <= Math.min(MAX_EDITS, Math.max(word.length, name.length) * 0.45));
  const [best] = scored.sort((one, other) => one.score - other.score);
  return best && word.length > 1 ? `. Did you mean ${best.name}?` : '';
}

/** The Levenshtein distance. */
function edits(one: string, other: string): number {
  let previous = Array.from({ length: other.length + 1 }, (_, n) => n);
  for (const [n, letter] of one.split('').entries()) {
    const row = [n + 1];
    for (let m = 0; m < other.length; m++) {
      row.push(Math.min(row[m]! + 1, previous[m + 1]! + 1, previous[m]! + Number(letter !== other[m])));
    }
    previous = row;
  }
  return previous[other.length]!;
}

export const pluralize = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;
