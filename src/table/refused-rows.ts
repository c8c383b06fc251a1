// Sessions with a row that PostgreSQL refused a short time ago.
import { clock } from '../clock.js';

const REMEMBERED_MS = 60_000;
const MAX_REMEMBERED = 1000;

/** Their calls are sent alone, so that the same row does not fail one batch after another. */
export class RefusedRows {
  /** By session id: when the refusal is forgotten, in milliseconds of `clock()`. */
  readonly #until = new Map<string, number>();

  has(sid: string): boolean {
    if (this.#until.size === 0) return false; // true for most
    const until = this.#until.get(sid);
    if (until !== undefined && until < clock()) this.#until.delete(sid);
    return this.#until.has(sid);
  }

  add(sid: string): void {
    this.#until.delete(sid); // the newest is the last
    this.#until.set(sid, clock() + REMEMBERED_MS);
    const [oldest] = this.#until.keys();
    if (this.#until.size > MAX_REMEMBERED) this.#until.delete(oldest!);
  }

  delete(sid: string): void {
    this.#until.delete(sid);
  }
}
