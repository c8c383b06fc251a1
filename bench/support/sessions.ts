// The sessions that are measured with, of about a kilobyte each.
import session, { type SessionData } from 'express-session';
import type pg from 'pg';

export const SESSIONS = 10_000;
const LIFE_MS = 86_400_000;
const filler = Array.from({ length: 20 }, (_, n) => ({ product: n, note: 'x'.repeat(24) }));

export const sidOf = (n: number): string => `session-${n}-${'0'.repeat(16)}`;

/** The session with this number, as express-session would hand it to a store. */
export function sessionOf(n: number): SessionData {
  const cookie = new session.Cookie();
  cookie.maxAge = LIFE_MS;
  cookie.originalMaxAge = LIFE_MS;
  return Object.assign({ cookie }, { user: `user ${n}`, views: 0, items: filler });
}

export interface Filling {
  /** The numbers of the sessions: from the first up to and without the last. */
  from?: number;
  to: number;
  /** SQL of when the session number n expires. Default: in half a life to a whole one. */
  expire?: string;
}

/** Fills a table by one statement, in an order that has nothing to do with expiry. */
export async function fillTable(pool: pg.Pool, table: string, { from = 0, to, expire }: Filling): Promise<void> {
  const life = `interval '${LIFE_MS} ms'`;
  await pool.query(
    `INSERT INTO ${table} (sid, sess, expire)
     SELECT 'session-' || n || '-${'0'.repeat(16)}', $1::json, ${expire ?? `now() + (1 + random()) / 2 * ${life}`}
     FROM generate_series(${from}, ${to - 1}) AS n
     ORDER BY random()`,
    [JSON.stringify(sessionOf(0))],
  );
}
