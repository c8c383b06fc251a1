// The one error the store gives when it could not do what it was asked.

import { isObject } from './store/options.js';

/**
 * What went wrong.
 * - `DATABASE`: the database refused, or could not be reached
 * - `TIMEOUT`: it did not answer in time
 * - `CONFLICT`: others changed the session again and again until the store gave up
 * - `OVERLOADED`: too many calls were waiting already
 * - `CLOSED`: the store had been closed
 */
export type SessionStoreErrorCode = 'DATABASE' | 'TIMEOUT' | 'CONFLICT' | 'OVERLOADED' | 'CLOSED';

const RETRY_AFTER_SECONDS = 5;

/**
 * A call of the store that failed, through no fault of the app's. No session id and no payload is in its text.
 * Express answers with its `status` and `headers`, unless an error handler of the app's does otherwise.
 */
export class SessionStoreError extends Error {
  override readonly name = 'SessionStoreError';
  readonly code: SessionStoreErrorCode;
  /** PostgreSQL's SQLSTATE, five characters, where the server gave one. */
  readonly sqlState: string | undefined;
  /** The HTTP status for the client: 503, Service Unavailable (RFC 9110, section 15.6.4). */
  readonly status = 503;
  /** `Retry-After`, in seconds (RFC 9110, section 10.2.3). */
  readonly headers = { 'Retry-After': String(RETRY_AFTER_SECONDS) };

  constructor(code: SessionStoreErrorCode, message: string, options?: { cause: unknown }) {
    super(message, options);
    this.code = code;
    this.sqlState = sqlStateOf(options?.cause);
  }
}

/** The SQLSTATE, if the error is one that the server sent, or ours for such a one. */
export function sqlStateOf(cause: unknown): string | undefined {
  if (cause instanceof SessionStoreError) return cause.sqlState;
  const { severity, code } = Object(cause); // no instanceof: the pool may be of another copy of pg
  return typeof severity === 'string' && typeof code === 'string' ? code : undefined;
}

export const timedOut = (cause?: unknown): SessionStoreError =>
  new SessionStoreError('TIMEOUT', "the session store's database did not answer in time", { cause });

/** By SQLSTATE: undefined_table, insufficient_privilege. */
const WHAT_TO_DO: Record<string, string> = {
  '42P01':
    '. Make the table by createTable(), createTableIfMissing or `npx connect-pg-typed init`, or name another by schemaName and tableName',
  '42501': '. `npx connect-pg-typed doctor` says what to grant',
};

/** Where the server's own words do not say what to do. */
export const refused = (whatToDo: string, cause?: unknown): SessionStoreError =>
  new SessionStoreError('DATABASE', whatToDo, { cause });

export function databaseFailed(cause: unknown): SessionStoreError {
  const advice = WHAT_TO_DO[sqlStateOf(cause) ?? ''] ?? '';
  const message = `the session store's database failed: ${(cause as Error).message || cause}${advice}`;
  return new SessionStoreError('DATABASE', message, { cause });
}
/**
 * For options of a method, or of the admin.
 *
 * @throws {TypeError} when they are no object, or one is none of the known: what is misspelled must not mean the default
 */

export function checkNames(given: object, known: readonly string[]): void {
  if (!isObject(given)) throw new TypeError(`the options must be an object with ${known.join(', ')}`);
  const unknown = Object.keys(given).find((name) => !known.includes(name));
  if (unknown !== undefined) throw new TypeError(`there is no option ${unknown}; there are ${known.join(', ')}`);
}
