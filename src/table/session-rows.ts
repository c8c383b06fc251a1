// The rows of the request path, one session a call. Calls of a kind that come together share a statement.

import type { IDatabaseConnection } from '@pgtyped/runtime';
import type { SessionStoreError } from '../errors.js';
import { readSession, readSessions } from '../generated/session.js';
import { retry } from '../postgres/retry.js';
import { Coalescer } from './batcher.js';
import {
  destroyAll,
  destroyAllAloud,
  LiveRow,
  padded,
  type Replacement,
  replaceAll,
  type Touch,
  touchAll,
  type Write,
  writeAll,
} from './statements.js';

export interface RowsOptions {
  /** Whether calls may share a statement. */
  batch: boolean;
  /** Where it is said what is destroyed. */
  channel: string | undefined;
}

/** What the statements were like. */
export interface RowsCount {
  /** Statements that served several calls. */
  batches: number;
  /** Statements that were sent again. */
  retries: number;
}

// Data that the server can't take, a constraint, a limit, a lock, a statement_timeout, a trigger, a row-level policy.
const OF_ONE_ROW = /^(22|23|44|54|55|57014|P0|42501)/;

/** By a deadline in milliseconds of `performance.now()`. */
type Call<Item, Answer> = (item: Item, deadline: number) => Promise<Answer>;
export type Send<Item, Answer> = (items: Item[], connection: IDatabaseConnection) => Promise<Answer[]>;

/** The calls of the request path, by session id. */
export type SessionRows = Pick<Rows, 'read' | 'write' | 'replace' | 'touch' | 'destroy'>;

export class Rows {
  /** The live row of this session id. */
  readonly read: Call<string, LiveRow | undefined>;
  /** Makes the row, or overwrites it. */
  readonly write: Call<Write, unknown>;
  /** Whether a live row still held what was loaded, and was replaced. Not sent again when its connection breaks. */
  readonly replace: Call<Replacement, boolean>;
  /** Whether there is a live row; its expiry is moved. */
  readonly touch: Call<Touch, boolean>;
  /** Deletes the row, and says so where there is a channel. */
  readonly destroy: Call<string, unknown>;
  /** Deletes a row whose session lives on under another id, and says nothing. */
  readonly drop: Call<string, unknown>;
  readonly count: RowsCount = { batches: 0, retries: 0 };
  readonly #connection: (deadline: number) => Promise<IDatabaseConnection>;
  #bytesOfARead = 1000;

  /** @param connection when the table is there, too; until a deadline in milliseconds of `performance.now()` */
  constructor(connection: (deadline: number) => Promise<IDatabaseConnection>, { batch, channel }: RowsOptions) {
    this.#connection = connection;
    const kind = <Item, Answer>(
      send: Send<Item, Answer>,
      bytes: (item: Item) => number,
      { twice = true } = {},
    ): Call<Item, Answer> => {
      const sendAll = (items: Item[], deadline: number) => {
        if (items.length > 1) this.count.batches++;
        return this.run((db) => send(items, db), deadline, { twice });
      };
      if (!batch) return async (item, deadline) => (await sendAll([item], deadline))[0]!;
      const coalescer = new Coalescer({ send: sendAll, bytes, failsForOne });
      return (item, deadline) => coalescer.call(item, deadline);
    };
    this.read = kind(
      (sids, db) => this.#readAll(sids, db),
      () => this.#bytesOfARead,
    );
    this.write = kind(writeAll, ({ payload }) => payload.length);
    this.replace = kind(replaceAll, ({ payload, loaded }) => payload.length + loaded.length, { twice: false });
    this.touch = kind(touchAll, () => 100);
    this.drop = kind(destroyAll, () => 100);
    this.destroy = channel === undefined ? this.drop : kind(destroyAllAloud(channel), () => 100);
  }

  /**
   * Any statement of the table, sent again where that helps.
   *
   * @param twice whether it may be done twice, so that it is sent again when its connection breaks
   */
  run<T>(send: (db: IDatabaseConnection) => Promise<T>, deadline: number, { twice = true } = {}): Promise<T> {
    const onRetry = () => this.count.retries++;
    return retry(async () => send(await this.#connection(deadline)), { deadline, twice, onRetry });
  }

  async #readAll(sids: string[], db: IDatabaseConnection): Promise<(LiveRow | undefined)[]> {
    const rows =
      sids.length === 1
        ? await readSession.run({ sid: sids[0]! }, db)
        : await readSessions.run({ sids: padded(sids) }, db);
    const bySid = new Map<string, LiveRow>();
    let bytes = 0;
    for (const { sid, sess, ttl } of rows) {
      bySid.set(sid, new LiveRow(sess ?? '', ttl ?? 0)); // null only in a table of somebody's own: no session
      bytes += sess?.length ?? 0;
    }
    if (rows.length > 0) this.#bytesOfARead = bytes / rows.length; // as a guess for the next batch
    return sids.map((sid) => bySid.get(sid));
  }
}

const failsForOne = (error: unknown): boolean => OF_ONE_ROW.test((error as SessionStoreError).sqlState ?? '');
