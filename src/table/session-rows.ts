// The rows of sessions: one call a session. Calls of the same kind share a statement.
import * as queries from '../generated/session.js';
import type { Deadline } from '../postgres/deadline.js';
import type { Kind, LiveRow, ReplaceItem, SetItem, TouchItem } from './kind.js';
import { KindCalls } from './kind-calls.js';
import { DESTROY, destroyAndNotify, getKind, replaceKind, setKind, TOUCH } from './kinds.js';
import { SessionTable, type SessionTableOptions } from './session-table.js';

export interface SessionRowsOptions extends SessionTableOptions {
  /** Whether calls may share a statement. */
  batch: boolean;
  /** The channel that is notified of destroyed sessions. */
  channel: string | undefined;
}

/** One call, for one session. */
type Call<Item, Result> = (item: Item, deadline: Deadline) => Promise<Result>;

/** The calls of requests, by session id. */
export type RowsById = Pick<SessionRows, 'get' | 'set' | 'replace' | 'touch' | 'destroy'>;

const MAX_TOUCHES = 3;

export class SessionRows extends SessionTable {
  /** Resolves with the live row, if there is one. */
  readonly get: Call<string, LiveRow | undefined>;
  /** Inserts or overwrites the row. */
  readonly set: Call<SetItem, unknown>;
  /**
   * Compare and swap: resolves with whether a live row held the loaded payload. It is not
   * idempotent.
   */
  readonly replace: Call<ReplaceItem, boolean>;
  /** Moves the expiry of a live row: resolves with whether there is one. */
  readonly touch: Call<TouchItem, boolean>;
  /** Deletes the row, and notifies the channel if there is one. */
  readonly destroy: Call<string, unknown>;
  /** Deletes a row without notifying listeners: its session was copied to another id. */
  readonly destroyQuietly: Call<string, unknown>;
  readonly #touch: Call<TouchItem, boolean>;
  readonly #channel: string | undefined;
  readonly #isBatched: boolean;

  constructor(options: SessionRowsOptions) {
    super(options);
    const { pool, batch, relaxed, channel } = options;
    const callOf = <Item extends string | { sid: string }, Result>(kind: Kind<Item, Result>): Call<Item, Result> =>
      new KindCalls(kind, this, pool, batch).call;
    this.#channel = channel;
    this.#isBatched = batch;
    this.get = callOf(getKind());
    this.set = callOf(setKind(relaxed));
    this.replace = callOf(replaceKind(relaxed));
    this.#touch = callOf(TOUCH);
    this.touch = (item, deadline) =>
      this.distribution.isDistributed ? this.#touchUnlessGone(item, deadline) : this.#touch(item, deadline);
    this.destroyQuietly = callOf(DESTROY);
    this.destroy = channel === undefined ? this.destroyQuietly : callOf(destroyAndNotify(channel));
  }

  /** Deletes all rows, and notifies the channel if there is one. */
  async clear(deadline: Deadline): Promise<void> {
    const channel = this.#channel;
    if (this.#isBatched) await undefined; // a batch waits as long, as a rule: calls of one tick keep their order
    await this.run<unknown>(
      (db) =>
        channel === undefined
          ? queries.clearSessions.run(undefined, db)
          : queries.clearSessionsAndNotify.run({ channel }, db),
      deadline,
      this.write,
    );
  }

  /** Touches a distributed table, and reads the row before it says that it is gone. */
  async #touchUnlessGone(item: TouchItem, deadline: Deadline): Promise<boolean> {
    // While Citus moves a shard, a statement may not see its rows.
    for (let touches = 0; touches < MAX_TOUCHES; touches++) {
      if (await this.#touch(item, deadline)) return true;
      if (!(await this.get(item.sid, deadline))) return false;
    }
    return false; // it is about to expire, and the servers' clocks differ
  }
}
