// Which failed statements are sent again, and for how long.
import { setTimeout as sleep } from 'node:timers/promises';
import { clock } from '../clock.js';
import type { SessionStoreError } from '../errors.js';
import { CONNECTION_LOST, READ_ONLY_SQL_TRANSACTION, ROLLED_BACK, TOO_MANY_CONNECTIONS } from '../sql-states.js';
import type { Deadline } from './deadline.js';
import { READ_ONLY_PATIENCE_MS, type ReadOnlyState } from './read-only.js';

const FIRST_PAUSE_MS = 20;
const MAX_PAUSE_MS = 250;
const UNREACHABLE_MS = 1000; // how long to retry if no server answers, or the one behind it does not
const MAX_ROLLBACKS = 3;

const SOCKET_LOST = ['ECONNRESET', 'EPIPE', 'ETIMEDOUT'];
const LOST_BY_PG = /^(Connection terminated|Client (has encountered a connection error|was closed))/;
const UNREACHABLE = ['ECONNREFUSED', 'ENOENT', 'EAI_AGAIN', 'EHOSTUNREACH', TOO_MANY_CONNECTIONS];

export type RunPause = (pause: () => Promise<void>) => Promise<void>;

export interface Retry {
  /** Idempotent statements are retried even if the first attempt may have succeeded. */
  idempotent: boolean;
  /** Called on each retry. */
  onRetry?: () => void;
  /** Whether to retry after a deadlock or a serialization failure. Default: true. */
  rolledBack?: boolean;
  /** Set for a write: makes it fail at once while the database stays read-only. */
  readOnly?: ReadOnlyState;
  /** Runs each pause, during which no client is used. Default: only the pause itself. */
  runPause?: RunPause | undefined;
}

const unsent = new WeakSet<object>();

/** Records that the statement was not sent: no client could be had for it. */
export const markUnsent = (error: object): void => void unsent.add(error);

export const isUnsent = (error: object): boolean => unsent.has(error);

/** Whether the connection was lost after the statement was sent, so that it may have succeeded. */
export const isOutcomeUnknown = (error: unknown): boolean => isConnectionLost(error) && !isUnsent(error as object);

/**
 * Whether the server lost its connection to another server, which has the rows. Then it sends an
 * error, and goes on. If it ends the client's connection, the severity is FATAL in most languages.
 */
export function isOfOtherServer(error: SessionStoreError): boolean {
  const { severity } = Object(error.cause);
  return severity === 'ERROR' && CONNECTION_LOST.test(error.sqlState ?? '');
}

/**
 * Pauses before the next attempt.
 *
 * @param attempts attempts so far
 * @param startedAt time of the first attempt, in milliseconds of `clock()`
 * @throws `error` if another attempt cannot help, or would come after the deadline
 */
export async function pauseBeforeRetry(
  error: unknown,
  retry: Retry,
  { attempts, startedAt, deadline }: { attempts: number; startedAt: number; deadline: Deadline },
): Promise<void> {
  const pauseMs = backoffMs(attempts, FIRST_PAUSE_MS, MAX_PAUSE_MS);
  const until = Math.min(deadline, startedAt + patienceMs(error, attempts, retry));
  if (clock() + pauseMs > until) throw error;
  const pause = (): Promise<void> => sleep(pauseMs);
  await (retry.runPause ? retry.runPause(pause) : pause());
  if (clock() >= deadline) throw error; // says more than TIMEOUT
}

/** Runs `work` until it succeeds, or another attempt cannot help. */
export async function retry<T>(work: () => Promise<T>, deadline: Deadline, options: Retry): Promise<T> {
  const startedAt = clock();
  for (let attempts = 1; ; attempts++) {
    try {
      return await work();
    } catch (error) {
      await pauseBeforeRetry(error, options, { attempts, startedAt, deadline });
      options.onRetry?.();
    }
  }
}

/**
 * A pause in milliseconds: `firstMs`, doubled with each failure after the first, at most `maxMs`,
 * and shortened at random ("Exponential Backoff And Jitter", AWS Architecture Blog, 2015).
 *
 * @param failures failures so far, at least 1
 * @param jitter the part of the pause that is random. Default: 1, for a pause between 0 and the
 *   whole
 */
export function backoffMs(failures: number, firstMs: number, maxMs: number, jitter = 1): number {
  return Math.min(firstMs * 2 ** (failures - 1), maxMs) * (1 - jitter * Math.random());
}

/** How long after the first attempt another one may help. */
function patienceMs(error: unknown, attempts: number, { idempotent, rolledBack = true }: Retry): number {
  const whileLost = isOfOtherServer(error as SessionStoreError) ? UNREACHABLE_MS : Infinity;
  if (isOutcomeUnknown(error)) return idempotent ? whileLost : 0;
  if (isConnectionLost(error)) return whileLost;
  const code = codeOf(error);
  if (code === READ_ONLY_SQL_TRANSACTION) return READ_ONLY_PATIENCE_MS; // a standby may be about to be promoted
  if (UNREACHABLE.includes(code)) return UNREACHABLE_MS;
  return rolledBack && ROLLED_BACK.includes(code) && attempts <= MAX_ROLLBACKS ? Infinity : 0;
}

function isConnectionLost(error: unknown): boolean {
  const { code, cause } = error as SessionStoreError;
  if (code !== 'DATABASE') return false;
  const reason = codeOf(error);
  const message = String((cause as Error)?.message);
  return CONNECTION_LOST.test(reason) || SOCKET_LOST.includes(reason) || LOST_BY_PG.test(message);
}

/** The SQLSTATE, or Node's code of the failure. */
function codeOf(error: unknown): string {
  const { sqlState, cause } = error as SessionStoreError;
  return sqlState ?? String(Object(cause).code);
}
