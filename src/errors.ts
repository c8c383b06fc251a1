// The one error the store gives when it could not do what it was asked.

/** What went wrong: the database failed, or others changed the session again and again until the store gave up. */
export type SessionStoreErrorCode = 'DATABASE' | 'CONFLICT';

/**
 * A call of the store that failed, through no fault of the app's. No session id and no payload is in its text.
 * Express answers with its `status`, unless an error handler of the app's does otherwise.
 */
export class SessionStoreError extends Error {
  override readonly name = 'SessionStoreError';
  readonly code: SessionStoreErrorCode;
  /** PostgreSQL's SQLSTATE, five characters, where the server gave one. */
  readonly sqlState: string | undefined;
  /** The HTTP status for the client: 503, Service Unavailable (RFC 9110, section 15.6.4). */
  readonly status = 503;

  constructor(code: SessionStoreErrorCode, message: string, options?: { cause: unknown }) {
    super(message, options);
    this.code = code;
    this.sqlState = sqlStateOf(options?.cause);
  }
}

/** The SQLSTATE, if the error is one that the server sent. */
export function sqlStateOf(cause: unknown): string | undefined {
  const { severity, code } = Object(cause); // no instanceof: the pool may be of another copy of pg
  return typeof severity === 'string' && typeof code === 'string' ? code : undefined;
}
