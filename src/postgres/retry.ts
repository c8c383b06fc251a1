// Sends again what was kept from being done by a connection that broke, or by the server, for as long as that may help.
import { setTimeout as sleep } from 'node:timers/promises';
import type { SessionStoreError } from '../errors.js';
import { mayBeDone } from './client-queue.js';

const LONGEST_PAUSE_MS = 250;
const PATIENCE_MS = 1000; // with a server that nobody is at

const TAKEN_BACK = /^(40P01|40001)$/; // deadlock_detected, serialization_failure
const TRIES = 4; // of a statement that the server took back so that another could go on
// Connections that end, a server that starts or stops: connection_exception, admin_shutdown, crash_shutdown, cannot_connect_now.
const LOST = /^(08|57P)|^(ECONNRESET|EPIPE|ETIMEDOUT)$/;
const LOST_BY_PG = /^(Connection terminated|Client (has encountered a connection error|was closed))/;
const AWAY = /^(ECONNREFUSED|ENOENT|EAI_AGAIN|EHOSTUNREACH|53300)$/; // no server there, or one with no room
const STANDBY = '25006'; // read_only_sql_transaction: it may be about to become the primary

/** Whether a connection broke. */
function isLost(error: unknown): boolean {
  const { code, cause } = error as SessionStoreError;
  return code === 'DATABASE' && (LOST.test(stateOf(error)) || LOST_BY_PG.test(String((cause as Error)?.message)));
}

/** Whether a connection broke while the statement was under way, so that nobody knows whether it was done. */
export const isUnsure = (error: unknown): boolean => isLost(error) && mayBeDone(error as Error);

export interface RetryOptions {
  /** In milliseconds of `performance.now()`. */
  deadline: number;
  /** Whether it may be done twice: then it is sent again even when nobody knows whether it was done. */
  twice: boolean;
  /** Told of each time that it is sent again. */
  onRetry: () => void;
}

export async function retry<T>(send: () => Promise<T>, { deadline, twice, onRetry }: RetryOptions): Promise<T> {
  const begun = performance.now();
  for (let tries = 1; ; tries++) {
    try {
      return await send();
    } catch (error) {
      const pauseMs = Math.random() * Math.min(10 * 2 ** tries, LONGEST_PAUSE_MS);
      if (performance.now() + pauseMs > Math.min(deadline, begun + patienceMs(error, tries, twice))) throw error;
      await sleep(pauseMs);
      onRetry();
    }
  }
}

/** How long after the first try it may help to send once more. */
function patienceMs(error: unknown, tries: number, twice: boolean): number {
  if (isUnsure(error)) return twice ? Infinity : 0;
  if (isLost(error)) return Infinity;
  if (stateOf(error) === STANDBY) return Infinity;
  if (AWAY.test(stateOf(error))) return PATIENCE_MS;
  return TAKEN_BACK.test(stateOf(error)) && tries < TRIES ? Infinity : 0;
}

/** The SQLSTATE, or what Node calls the failure. */
function stateOf(error: unknown): string {
  const { sqlState, cause } = error as SessionStoreError;
  return sqlState ?? String(Object(cause).code);
}
