// What a request changed in its Session since it was loaded or saved.
import { applyChanges, changesOf, type Difference, othersChanges, quickChanges } from '../session/changes.js';
import { isOverwrittenWithin } from '../session/merge-within.js';
import type { ConflictEvent } from './events.js';
import type { Snapshot } from './snapshots.js';

/**
 * Compares whole texts. Compares the fields only if another request has changed the row, or if the
 * texts cannot tell.
 */
export class OwnChanges {
  readonly #base: string;
  readonly #mine: string;
  readonly #keys: readonly string[] | undefined;
  readonly #within: readonly string[];
  readonly #quick: ReturnType<typeof quickChanges>;
  #byField: Difference | undefined;

  /**
   * @param mine the Session's JSON now
   * @param within top-level keys. A merge joins the objects in them
   */
  constructor({ base, keys }: Snapshot, mine: string, within: readonly string[]) {
    this.#base = base;
    this.#mine = mine;
    this.#keys = keys;
    this.#within = within;
    this.#quick = keys ? undefined : quickChanges(base, mine);
  }

  get isEmpty(): boolean {
    return this.#quick ? !this.#quick.cookie && !this.#quick.rest : this.#difference.changes.size === 0;
  }

  get hasCookie(): boolean {
    return this.#quick ? this.#quick.cookie : this.#difference.changes.has('cookie');
  }

  /** The JSON of a row with these changes. Undefined if they are only another order of the keys. */
  applyTo(row: string): string | undefined {
    if (this.#quick && row === this.#base) return this.#mine;
    if (this.#difference.changes.size === 0) return undefined;
    return applyChanges(row, this.#difference, this.#base, this.#mine, this.#within);
  }

  /**
   * What other requests changed meanwhile, and which of that these changes overwrote.
   *
   * @param read the row's JSON as this request knew it
   * @param found the row's JSON that these changes were applied to
   */
  conflictWith(read: string, found: string): Pick<ConflictEvent, 'keys' | 'overwritten'> | undefined {
    const keys = [...othersChanges(read, found).keys()];
    if (keys.length === 0) return undefined;
    const { changes } = this.#difference;
    const isOverwritten = (key: string) =>
      changes.has(key) &&
      (!this.#within.includes(key) || isOverwrittenWithin(key, read, found, this.#base, this.#mine));
    return { keys, overwritten: keys.filter(isOverwritten) };
  }

  get #difference(): Difference {
    this.#byField ??= changesOf(this.#base, this.#mine, this.#keys);
    return this.#byField;
  }
}
