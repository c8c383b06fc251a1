// What the store sends for a call of a request: a statement for one session, for a batch, or for a
// shard.
import type { PreparedQuery } from '@pgtyped/runtime';

/** A live row. A class, for the reason given at `QueuedCall`. */
export class LiveRow {
  constructor(
    readonly sess: string,
    readonly secondsLeft: number,
  ) {}
}

export interface TouchItem {
  sid: string;
  /** Seconds to live. */
  ttl: number;
  /** Whether the row may expire earlier than before. */
  mayShorten: boolean;
}

export interface SetItem {
  sid: string;
  payload: string;
  /** Seconds to live. */
  ttl: number;
}

export interface ReplaceItem extends SetItem, TouchItem {
  /** The payload that the row must still hold. */
  loaded: string;
}

/** A generated query with its parameters. */
export interface Bound {
  query: PreparedQuery<any, any>;
  /** An array of several parameters stands for as many rows of an INSERT. */
  params: unknown;
}

export const bound = <Params>(query: PreparedQuery<Params, any>, params: Params | Params[]): Bound => ({
  query,
  params,
});

/** A kind of call. Its statements must get each sid only once. */
export interface Kind<Item, Result> {
  /**
   * The statement for one item. It may wait for its row until the deadline.
   *
   * @param mayRelax whether the statement can turn `synchronous_commit` off
   */
  one(item: Item, mayRelax: boolean): Bound;
  /** @param lockTimeout in milliseconds */
  many(items: Item[], lockTimeout: number): Bound;
  /**
   * For a distributed table: the statement for several items of one shard. Undefined if items are
   * sent one by one.
   */
  ofShard?: ((items: Item[]) => Bound) | undefined;
  /** Whether `ofShard` returns locked rows as `LockedRow`. Default: it waits for them. */
  skipsLocked?: boolean;
  /**
   * For a distributed table: a statement for one item that changes nothing if its row is locked.
   * Undefined if `one()` may be cancelled. A worker may commit a cancelled statement, so it must be
   * idempotent.
   */
  oneUnlocked?: (item: Item) => Bound;
  /** The result of each item, from the rows of the statement. */
  results(items: Item[], rows: any[]): Result[];
  /** Whether it only reads, so that it does not wait for locked rows. Default: false. */
  reads?: boolean;
  /** About how many bytes an item adds to the statement or its result. */
  bytes(item: Item): number;
  /** Default: true. */
  idempotent?: boolean;
}

/** A row that a statement has not changed, because another transaction holds its lock. */
export interface LockedRow {
  sid: string;
  isLocked: boolean;
}

export const sidOf = (item: string | { sid: string }): string => (typeof item === 'string' ? item : item.sid);

export const column = <Item, Key extends keyof Item>(items: Item[], key: Key): Item[Key][] =>
  items.map((item) => item[key]);
