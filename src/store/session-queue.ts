// The writes of one session, one after another in the order in which they were asked for.

interface Line {
  /** When all that was asked for has ended. */
  writes: Promise<void>;
  /** When all that a read could see has ended: a touch can't be seen. */
  changes: Promise<void> | undefined;
}

export class Turns {
  readonly #lines = new Map<string, Line>();

  /** Does the work when what was asked for this session before has ended, well or not. Where there is nothing: at once. */
  take<T>(sid: string, work: () => Promise<T>, { isTouch = false } = {}): Promise<T> {
    const before = this.#lines.get(sid);
    const turn = before ? before.writes.then(work) : work();
    const ended = turn.then(ignore, ignore);
    const line = { writes: ended, changes: isTouch ? before?.changes : ended };
    this.#lines.set(sid, line);
    void ended.then(() => {
      if (this.#lines.get(sid) === line) this.#lines.delete(sid);
    });
    return turn;
  }

  /** Whether nothing that was asked for this session is still to be done. */
  isFree(sid: string): boolean {
    return !this.#lines.has(sid);
  }

  /** Until a read sees what was asked for this session so far; undefined where it already does. */
  seen(sid: string): Promise<void> | undefined {
    return this.#lines.get(sid)?.changes;
  }
}

const ignore = () => {};
