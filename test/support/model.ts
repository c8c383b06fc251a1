// A model of PgSessionStore in plain maps. model.slow.test.ts compares the store with it.
import { createHash } from 'node:crypto';
import expressSession from 'express-session';

const DAY_MS = 86_400_000;

/**
 * Top-level keys, each with its canonical JSON. The key 'cookie' holds the cookie's originalMaxAge.
 */
export type Data = ReadonlyMap<string, string>;

/** A session as a caller holds it. */
export interface View {
  data: Data;
  /** When its cookie expires, in milliseconds. Null in a browser session. */
  expires: number | null;
}

/** A row. It may have expired. */
export interface Row {
  data: Data;
  expires: number;
}

/** A request's Session. */
export interface Slot extends View {
  sid: string;
  /** The store that made it. */
  store: number;
  /** The session and the row at the last load or save. Undefined before the first. */
  known: { base: Data; row: Data; outlives: boolean } | undefined;
}

export type EmittedEvent =
  | { event: 'gone'; handle: string; during: 'set' | 'touch' }
  | { event: 'conflict'; handle: string; keys: string[]; overwritten: string[] };

export type Edit =
  | { do: 'put'; key: string; make: () => unknown }
  | { do: 'remove'; key: string }
  | { do: 'deepen'; key: string }
  | { do: 'maxAge'; ms: number | null };

/** JSON with sorted keys: equal values have the same text. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical)}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const fields = Object.keys(value).sort();
  return `{${fields.map((key) => `${JSON.stringify(key)}:${canonical((value as Record<string, unknown>)[key])}`)}}`;
}

/** The canonical JSON of a value. Undefined if JSON.stringify drops it. */
export function canonicalOf(value: unknown): string | undefined {
  const json = JSON.stringify(value);
  return json === undefined ? undefined : canonical(JSON.parse(json));
}

/** Changes an object or a list deep inside the session, in place. */
export function deepen(value: unknown): void {
  if (Array.isArray(value)) value.push('more');
  else if (typeof value === 'object' && value !== null) {
    const deep = 'deep' in value ? Number(value.deep) || 0 : 0;
    Object.assign(value, { deep: deep + 1 });
  }
}

/** Whether express-session drops this key of a row when it makes a Session. */
const isDropped = (key: string): boolean => key in expressSession.Session.prototype || key === 'id' || key === 'req';

export const maxAgeOf = (data: Data): number | null => JSON.parse(data.get('cookie')!);

export function edited(view: View, edits: readonly Edit[]): View {
  const data = new Map(view.data);
  let { expires } = view;
  for (const edit of edits) {
    if (edit.do === 'maxAge') {
      data.set('cookie', String(edit.ms));
      expires = edit.ms === null ? null : Date.now() + edit.ms;
    } else if (edit.do === 'deepen') {
      if (!data.has(edit.key)) continue;
      const value = JSON.parse(data.get(edit.key)!);
      deepen(value);
      data.set(edit.key, canonical(value));
    } else {
      const json = edit.do === 'put' ? canonicalOf(edit.make()) : undefined;
      if (json === undefined) data.delete(edit.key);
      else data.set(edit.key, json);
    }
  }
  return { data, expires };
}

function differences(before: Data, after: Data): Set<string> {
  return new Set([...before.keys(), ...after.keys()].filter((key) => before.get(key) !== after.get(key)));
}

const handleOf = (sid: string): string => createHash('sha256').update(sid).digest('hex');
const withoutDropped = (data: Data): Data => new Map([...data].filter(([key]) => !isDropped(key)));
const expiryOf = ({ expires }: View): number => expires ?? Date.now() + DAY_MS;

export class Model {
  readonly rows = new Map<string, Row>();
  readonly slots = new Map<number, Slot>();
  /** The events that the stores must have emitted since the last check. */
  events: EmittedEvent[] = [];
  /** The sessions that may expire earlier than at the last check. */
  mayExpireEarlier = new Set<string>();

  constructor(readonly sids: string[]) {}

  /** The live row with this id. */
  live(sid: string): Row | undefined {
    const row = this.rows.get(sid);
    return row && row.expires > Date.now() ? row : undefined;
  }

  /** The result of `get`. */
  read(sid: string): View | undefined {
    const row = this.live(sid);
    return row && { data: row.data, expires: maxAgeOf(row.data) === null ? null : row.expires };
  }

  write(sid: string, view: View): void {
    this.rows.set(sid, { data: view.data, expires: expiryOf(view) });
    this.mayExpireEarlier.add(sid);
  }

  begin(at: number, sid: string, store: number, view: View): void {
    this.slots.set(at, { sid, store, data: withoutDropped(view.data), expires: view.expires, known: undefined });
  }

  load(at: number, sid: string, store: number): void {
    const found = this.read(sid);
    if (!found) return;
    const span = maxAgeOf(found.data) ?? DAY_MS;
    const outlives = this.live(sid)!.expires - Date.now() > span + 1000;
    const base = withoutDropped(found.data);
    this.slots.set(at, { sid, store, data: base, expires: found.expires, known: { base, row: found.data, outlives } });
  }

  save(slot: Slot): void {
    const { sid, data, known } = slot;
    if (known) {
      this.#merge(slot, known, data, 'set');
      return;
    }
    this.write(sid, slot);
    slot.known = { base: data, row: data, outlives: false };
  }

  /** Saves the keys of `data` that changed. */
  #merge(slot: Slot, known: NonNullable<Slot['known']>, data: Data, during: 'set' | 'touch'): void {
    const { sid } = slot;
    const changed = differences(known.base, data);
    const row = this.live(sid);
    if (changed.size === 0 || !row) {
      this.#touch(sid, slot, known.outlives, during);
      return;
    }
    const changedByOthers = [...differences(known.row, row.data)].sort();
    if (changedByOthers.length > 0) {
      const overwritten = changedByOthers.filter((key) => changed.has(key));
      this.events.push({ event: 'conflict', handle: handleOf(sid), keys: changedByOthers, overwritten });
    }
    const merged = new Map(row.data);
    for (const key of changed) {
      if (data.has(key)) merged.set(key, data.get(key)!);
      else merged.delete(key);
    }
    row.data = merged;
    if (merged.get('cookie') === data.get('cookie')) this.#move(sid, slot, known.outlives || changed.has('cookie'));
    slot.known = { base: data, row: merged, outlives: false };
  }

  touch(slot: Slot): void {
    const { known, data } = slot;
    const cookie = data.get('cookie')!;
    if (known)
      this.#merge(slot, known, new Map([...known.base, ['cookie', cookie]]), 'touch'); // stores the cookie
    else this.#touch(slot.sid, slot, true, 'touch');
  }

  touchPlain(sid: string, view: View): void {
    this.#touch(sid, view, true, 'touch');
  }

  /** `update` returns the same as `read` does afterwards. */
  update(sid: string, edits: readonly Edit[]): void {
    const row = this.live(sid);
    if (!row) return;
    const before = this.read(sid)!;
    const view = edited(before, edits);
    const isNewCookie = view.data.get('cookie') !== row.data.get('cookie') || view.expires !== before.expires;
    row.data = view.data;
    if (isNewCookie) this.#move(sid, view, true);
  }

  destroy(sid: string): void {
    this.rows.delete(sid);
  }

  /** An administrator or another store moves the expiry. */
  moveExpiry(sid: string, seconds: number): void {
    const row = this.rows.get(sid);
    if (row) row.expires = Date.now() + seconds * 1000;
    this.mayExpireEarlier.add(sid);
  }

  #touch(sid: string, view: View, mayShorten: boolean, during: 'set' | 'touch'): void {
    if (this.live(sid)) this.#move(sid, view, mayShorten);
    else this.events.push({ event: 'gone', handle: handleOf(sid), during });
  }

  #move(sid: string, view: View, mayShorten: boolean): void {
    const row = this.rows.get(sid)!;
    row.expires = mayShorten ? expiryOf(view) : Math.max(row.expires, expiryOf(view));
    if (mayShorten) this.mayExpireEarlier.add(sid);
  }
}
