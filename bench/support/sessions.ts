// The sessions of the benchmarks, about 1 kB each.
import session, { type SessionData } from 'express-session';
import type pg from 'pg';

export const SESSIONS = 10_000;
const LIFETIME_MS = 86_400_000;
const filler = Array.from({ length: 20 }, (_, n) => ({ product: n, note: 'x'.repeat(24) }));

export const sidOf = (n: number): string => `session-${n}-${'0'.repeat(16)}`;

/** The session with this number, as express-session passes it to a store. */
export function sessionOf(n: number): SessionData {
  const cookie = new session.Cookie();
  cookie.maxAge = LIFETIME_MS;
  cookie.originalMaxAge = LIFETIME_MS;
  return Object.assign({ cookie }, { user: `user ${n}`, views: 0, items: filler });
}

export interface FillOptions {
  /** The number of the first session, default 0, and the number after the last one. */
  from?: number;
  to: number;
  /** SQL for the expiry of session number n. Default: a random time in 12 to 24 hours. */
  expire?: string;
}

/** Fills a table with one statement. The rows are in random order, not in the order of expiry. */
export async function fillTable(pool: pg.Pool, table: string, { from = 0, to, expire }: FillOptions): Promise<void> {
  const lifetime = `interval '${LIFETIME_MS} ms'`;
  await pool.query(
    `INSERT INTO ${table} (sid, sess, expire)
     SELECT 'session-' || n || '-${'0'.repeat(16)}', $1::json, ${expire ?? `now() + (1 + random()) / 2 * ${lifetime}`}
     FROM generate_series(${from}, ${to - 1}) AS n
     ORDER BY random()`,
    [JSON.stringify(sessionOf(0))],
  );
}
