// Runs random histories of calls on a few sessions, and compares the rows, the events and the
// expiry with a model after each call. A failure prints the shortest history that still fails, and
// the command that repeats it.
import { isDeepStrictEqual } from 'node:util';
import type { SessionData } from 'express-session';
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { PgSessionStore } from '../../src/index.js';
import { escapeUnstorable, join, parse } from '../../src/session/payload.js';
import { cookieFor, freshPool, freshStore, loadSession, newSession, OPTIONS, session } from '../support/fresh-store.js';
import { onEnd, suite } from '../support/harness.js';
import { invalid } from '../support/invalid.js';
import {
  canonical,
  canonicalOf,
  type Data,
  deepen,
  type Edit,
  type EmittedEvent,
  edited,
  Model,
  maxAgeOf,
  type View,
} from '../support/model.js';

const test = suite('model', { timeout: 120_000 });
const { MODEL_SEED, MODEL_PART, MODEL_PATH, MODEL_REPLAY } = process.env;
const SEED = Number(MODEL_SEED ?? Date.now() % 2 ** 31);
const LIMIT_MS = 90_000; // then fast-check stops looking for a shorter history
const TOLERANCE_MS = 20_000; // for a busy machine. Any two maxAges differ by more
const COLUMNS = [
  { sess: 'json', expire: 'timestamptz' },
  { sess: 'jsonb', expire: 'timestamptz' },
  { sess: 'text', expire: 'timestamp(6)' },
] as const;
const SIDS = [0, 1, 2] as const;
const SLOTS = [0, 1, 2, 3] as const;

interface Table {
  stores: [PgSessionStore, PgSessionStore];
  events: EmittedEvent[];
  query: (text: string, values: unknown[]) => Promise<Record<string, any>[]>;
  table: string;
}
/** A Session, and the JSON of its values at the last load or save. */
interface HeldSession {
  session: LoadedSession;
  json: Map<string, string>;
}
interface Real extends Table {
  slots: Map<number, HeldSession>;
  /** The expiry of each row at the last check, in seconds of the server's clock. */
  expiries: Map<string, number>;
  commands: number;
}

type LoadedSession = Awaited<ReturnType<typeof loadSession>>;

type Op =
  | { do: 'set' | 'set, destroy, set'; sid: number; store: number; data: Edit[] }
  | { do: 'begin'; slot: number; sid: number; store: number; data: Edit[] }
  | { do: 'load'; slot: number; sid: number; store: number }
  | { do: 'reload'; slot: number }
  | { do: 'save'; slot: number; edits: Edit[] }
  | { do: 'save as'; slot: number; sid: number }
  | { do: 'touch'; slot: number; edits: Edit[]; renew: boolean }
  | { do: 'touch plain'; sid: number; store: number; data: Edit[] }
  | { do: 'update'; sid: number; store: number; edits: Edit[] }
  | { do: 'get and set'; sid: number; store: number; edits: Edit[] }
  | { do: 'destroy'; sid: number; store: number }
  | { do: 'foreign write'; sid: number; edits: Edit[]; spelling: 'raw' | 'escaped' | 'spacious' }
  | { do: 'foreign delete'; sid: number }
  | { do: 'foreign expiry'; sid: number; seconds: number };

const totals = { commands: 0, conflicts: 0, gone: 0 };

function same(what: string, actual: unknown, expected: unknown): void {
  if (isDeepStrictEqual(actual, expected)) return;
  throw new Error(`${what}: ${JSON.stringify(actual)}, expected ${JSON.stringify(expected)}`);
}

/** A session, or the payload of a row, as the model holds it. */
function dataOf(session: object): Data {
  const { cookie, ...rest } = session as SessionData;
  const data = new Map<string, string>();
  for (const [key, field] of Object.entries(rest)) {
    const value = canonicalOf(field);
    if (value !== undefined) data.set(key, value);
  }
  const { expires, ...other } = JSON.parse(JSON.stringify(cookie));
  same('the cookie', other, { originalMaxAge: other.originalMaxAge, httpOnly: true, path: '/' });
  same('whether the cookie has a date', typeof expires === 'string', other.originalMaxAge !== null);
  return data.set('cookie', String(other.originalMaxAge));
}

const inOrder = (data: Data) => [...data].sort(([one], [other]) => (one < other ? -1 : 1));
const sameData = (what: string, actual: object | null | undefined, expected: Data | undefined) =>
  same(what, actual ? inOrder(dataOf(actual)) : null, expected ? inOrder(expected) : null);
/** get() waits for the writes before it, but not for the touches. */
const sameDataOnly = (what: string, actual: SessionData | null, expected: View | undefined) =>
  sameData(what, actual, expected?.data);
function sameSession(what: string, actual: SessionData | null, expected: View | undefined): void {
  sameData(what, actual, expected?.data);
  const offMs = Number(actual?.cookie.expires ?? 0) - (expected?.expires ?? 0);
  if (Math.abs(offMs) > TOLERANCE_MS) throw new Error(`${what}: its cookie expires ${offMs} ms after it should`);
}

/** Applies the edits to a Session, or to a plain object with a plain cookie. */
function apply(edits: readonly Edit[], target: SessionData, held?: HeldSession, base?: Data): void {
  for (const edit of edits) {
    if (edit.do === 'maxAge') setMaxAge(target.cookie, edit.ms);
    else if (edit.do === 'remove') delete target[edit.key];
    else if (edit.do === 'deepen') deepen(Object.hasOwn(target, edit.key) ? target[edit.key] : undefined);
    else {
      let value = edit.make();
      // To the store, a value is unchanged if its JSON is the same text. So equal values must have
      // the same JSON.
      const equal = base?.get(edit.key);
      if (equal !== undefined && equal === canonicalOf(value)) value = JSON.parse(held!.json.get(edit.key)!);
      Object.defineProperty(target, edit.key, { value, writable: true, enumerable: true, configurable: true });
    }
  }
}

/**
 * Sets originalMaxAge too: the setter of maxAge may lose a millisecond. It takes null, though its
 * type does not.
 */
function setMaxAge(cookie: SessionData['cookie'], ms: number | null): void {
  if ('maxAge' in cookie) cookie.maxAge = invalid(ms);
  else cookie.expires = ms === null ? null : new Date(Date.now() + ms);
  cookie.originalMaxAge = ms;
}

/** A plain object, as a script saves it. */
function plain(edits: readonly Edit[]): SessionData {
  const made = session();
  apply(edits, made);
  return made;
}
const NOTHING: View = { data: new Map([['cookie', 'null']]), expires: null };

function jsonOfValues(session: LoadedSession): Map<string, string> {
  const keys = Object.keys(session).filter((key) => key !== 'cookie');
  return new Map(keys.map((key) => [key, JSON.stringify(session[key]) ?? '']));
}

/** Whether the operation is possible now, through this store if one is given. */
function isPossible({ slots, sids }: Pick<Model, 'slots' | 'sids'>, op: Op, store?: number): boolean {
  if (!('slot' in op) || op.do === 'begin' || op.do === 'load') return true;
  const slot = slots.get(op.slot);
  if (!slot || (store !== undefined && slot.store !== store)) return false;
  return op.do !== 'save as' || sids[op.sid] !== slot.sid;
}

/** Applies the operation to the model and calls the store, both before the first await. */
async function perform(model: Model, real: Real, op: Op, through?: number): Promise<void> {
  const storeOf = (op: { store: number }) => real.stores[through ?? op.store]!;
  const slot = 'slot' in op ? model.slots.get(op.slot) : undefined;
  const held = 'slot' in op ? real.slots.get(op.slot) : undefined;
  const sid = 'sid' in op ? model.sids[op.sid]! : slot!.sid;
  switch (op.do) {
    case 'set':
      model.write(sid, edited(NOTHING, op.data));
      return storeOf(op).set(sid, plain(op.data));
    case 'set, destroy, set': {
      model.write(sid, edited(NOTHING, op.data));
      const made = plain(op.data);
      const store = storeOf(op);
      await Promise.all([store.set(sid, made), store.destroy(sid), store.set(sid, made)]);
      return;
    }
    case 'begin': {
      model.begin(op.slot, sid, op.store, edited(NOTHING, op.data));
      const { cookie, ...data } = plain(op.data);
      const begun = newSession(storeOf(op), sid, data, cookie.originalMaxAge);
      begun.cookie.originalMaxAge = cookie.originalMaxAge;
      real.slots.set(op.slot, { session: begun, json: new Map() });
      return;
    }
    case 'load': {
      const isThere = model.live(sid) !== undefined;
      model.load(op.slot, sid, op.store);
      const loaded = await loadSession(storeOf(op), sid).catch((error) => error);
      same(
        'the result of load',
        loaded instanceof Error ? loaded.message : 'a session',
        isThere ? 'a session' : noSession(sid),
      );
      if (isThere) real.slots.set(op.slot, { session: loaded, json: jsonOfValues(loaded) });
      return;
    }
    case 'reload': {
      const isThere = model.live(sid) !== undefined;
      model.load(op.slot, sid, slot!.store);
      const error = await new Promise<Error | undefined>((resolve) => held!.session.reload(resolve));
      same('the error of reload', error?.message, isThere ? undefined : 'failed to load session');
      if (!isThere) return;
      const { session } = held!.session.req;
      real.slots.set(op.slot, { session, json: jsonOfValues(session) });
      return;
    }
    case 'save': {
      apply(op.edits, held!.session, held, slot!.known?.base);
      Object.assign(slot!, edited(slot!, op.edits));
      const before = slot!.known;
      model.save(slot!);
      if (slot!.known !== before) held!.json = jsonOfValues(held!.session);
      return real.stores[slot!.store]!.set(sid, held!.session);
    }
    case 'save as':
      model.write(sid, slot!);
      return real.stores[slot!.store]!.set(sid, held!.session);
    case 'touch': {
      const renewal: Edit[] = op.renew
        ? [...op.edits, { do: 'maxAge', ms: maxAgeOf(edited(slot!, op.edits).data) }]
        : op.edits;
      apply(renewal, held!.session, held, slot!.known?.base);
      Object.assign(slot!, edited(slot!, renewal));
      model.touch(slot!);
      return real.stores[slot!.store]!.touch(sid, held!.session);
    }
    case 'touch plain':
      model.touchPlain(sid, edited(NOTHING, op.data));
      return storeOf(op).touch(sid, plain(op.data));
    case 'update': {
      model.update(sid, op.edits);
      const expected = model.read(sid)?.data;
      sameData('the result of update', await storeOf(op).update(sid, (found) => apply(op.edits, found)), expected);
      return;
    }
    case 'get and set': {
      const expected = model.read(sid);
      const found = await storeOf(op).get(sid);
      sameSession('the result of get', found, expected);
      if (!found || !expected) return;
      apply(op.edits, found);
      model.write(sid, edited(expected, op.edits));
      return storeOf(op).set(sid, found);
    }
    case 'destroy':
      model.destroy(sid);
      return storeOf(op).destroy(sid);
    case 'foreign delete':
      model.destroy(sid);
      await real.query(`DELETE FROM ${real.table} WHERE sid = $1`, [sid]);
      return;
    case 'foreign expiry':
      model.moveExpiry(sid, op.seconds);
      await real.query(`UPDATE ${real.table} SET expire = now() + make_interval(secs => $2) WHERE sid = $1`, [
        sid,
        op.seconds,
      ]);
      return;
    case 'foreign write': {
      const found = await real.query(`SELECT sess::text FROM ${real.table} WHERE sid = $1`, [sid]);
      same('whether the row exists', found.length > 0, model.rows.has(sid));
      if (found.length === 0) return;
      const row = model.rows.get(sid)!;
      row.data = edited({ data: row.data, expires: null }, op.edits).data;
      const stored = parse(found[0]!.sess);
      apply(op.edits, stored);
      await real.query(`UPDATE ${real.table} SET sess = $2 WHERE sid = $1`, [sid, writeJson(stored, op.spelling)]);
    }
  }
}

const noSession = (sid: string) => `session not found: ${sid}`;

/** The JSON of a session as another program may write it. */
function writeJson(session: SessionData, spelling: 'raw' | 'escaped' | 'spacious'): string {
  const raw = JSON.stringify(session);
  // jsonb refuses the characters that the store escapes, and the store would decode text that looks
  // like its escapes.
  if (spelling === 'raw' && !/\\u(0000|d[89a-f])|\x7fu[0-9a-f]{4}/.test(raw)) return raw;
  const keys = Object.keys(session);
  if (spelling === 'spacious') keys.reverse();
  const fieldOf = (key: string) => {
    const field = JSON.stringify({ [key]: session[key] }, null, spelling === 'spacious' ? 2 : 0);
    return field.slice(1, -1);
  };
  const fields = new Map(keys.map((key) => [key, fieldOf(key)] as const).filter(([, field]) => field !== ''));
  return escapeUnstorable(join(fields));
}

/** Compares the rows and the events with the model. */
async function check(model: Model, real: Real): Promise<void> {
  const rows = await real.query(
    `SELECT sid, sess::text, extract(epoch FROM expire::timestamptz)::float8 AS expires,
      extract(epoch FROM now())::float8 AS now FROM ${real.table} WHERE sid = ANY($1)`,
    [model.sids],
  );
  const expiries = new Map<string, number>();
  for (const sid of model.sids) {
    const row = rows.find((row) => row.sid === sid);
    const expected = model.rows.get(sid);
    sameData('the row', row && parse(row.sess), expected?.data);
    if (!row || !expected) continue;
    same('whether the row is live', row.expires > row.now, model.live(sid) !== undefined);
    const offMs = (row.expires - row.now) * 1000 - (expected.expires - Date.now());
    if (Math.abs(offMs) > TOLERANCE_MS) throw new Error(`the row expires ${offMs} ms after it should`);
    const before = real.expiries.get(sid);
    if (before !== undefined && row.expires < before && !model.mayExpireEarlier.has(sid)) {
      throw new Error(`the row's expiry moved back by ${before - row.expires} s`);
    }
    expiries.set(sid, row.expires);
  }
  real.expiries = expiries;
  model.mayExpireEarlier.clear();
  same('the events', inAnyOrder(real.events), inAnyOrder(model.events));
  totals.conflicts += model.events.filter(({ event }) => event === 'conflict').length;
  totals.gone += model.events.filter(({ event }) => event === 'gone').length;
  real.events.length = 0;
  model.events = [];
  same('the enumerable keys of Object.prototype', Object.keys(Object.prototype), []);
}
const inAnyOrder = (events: EmittedEvent[]) => events.map(canonical).sort();

/** Waits for all calls even if one fails, so that none is in flight during the next run. */
async function all(calls: Promise<unknown>[]): Promise<void> {
  await Promise.allSettled(calls);
  await Promise.all(calls);
}

/** One operation, or several concurrent operations of one store. */
class Command implements fc.AsyncCommand<Model, Real> {
  constructor(
    readonly ops: Op[],
    readonly store?: number,
  ) {}

  check(model: Readonly<Model>): boolean {
    return this.ops.some((op) => isPossible(model, op, this.store));
  }

  async run(model: Model, real: Real): Promise<void> {
    const calls: Promise<unknown>[] = [];
    const sids = new Set<string>();
    for (const op of this.ops) {
      if (!isPossible(model, op, this.store)) continue;
      calls.push(perform(model, real, op, this.store));
      sids.add('sid' in op ? model.sids[op.sid]! : model.slots.get(op.slot)!.sid);
    }
    const store = real.stores[this.store ?? real.commands % 2]!;
    // Calls get() only after some commands: the row is compared each time, and get() returns the
    // row.
    if (this.store !== undefined || real.commands % 3 === 0) {
      if (this.store === undefined) await calls[0];
      for (const sid of sids) {
        const expected = model.read(sid);
        const compare = this.store === undefined ? sameSession : sameDataOnly;
        calls.push(store.get(sid).then((got) => compare('the result of get', got, expected)));
      }
    }
    await all(calls);
    await check(model, real);
    real.commands++;
    totals.commands++;
  }

  toString(): string {
    const texts = this.ops.map(printed);
    return this.store === undefined ? texts[0]! : `concurrently through store ${this.store}: { ${texts.join('; ')} }`;
  }
}

function printed(op: Op): string {
  const { do: what, ...rest } = op;
  return `${what} ${JSON.stringify(rest, (_, value) => (typeof value === 'function' ? (value() ?? 'undefined') : value))}`;
}

// fast-check shrinks a history towards the first of these.
const KEYS = [
  'user',
  'cart',
  'views',
  '',
  '😀',
  'toJSON',
  'a\u0000',
  '\ud800',
  '\ue000',
  '\ue000e000',
  '\x7fu0000',
  '0',
];
const DROPPED = ['toString', 'constructor', '__proto__', 'hasOwnProperty', 'id', 'req', 'save'];
const TEXTS = [
  '1',
  '2',
  'null',
  '""',
  '"ada"',
  '[]',
  '{}',
  '[{"n":1,"id":2}]',
  '{"b":{"c":[1,"2",null]},"a":-1.5}',
  '"äöü 漢字 😀 \\u0000 \\ud800 \\ue000"',
  '"\ue000e000\ue0000000"',
  '{"\ue000d800":"\ue000","":{"":[]}}',
  '{"\x7fud800":"\x7f","\x7fu007f":"\x7fu0000"}',
  '{"__proto__":{"admin":true},"constructor":[1],"toString":"x"}',
  '"\\\\u0000 \\" \\\\"',
  '[1e21,5e-324,0.1,true,false]',
];
const value: fc.Arbitrary<() => unknown> = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...TEXTS).map((text) => () => JSON.parse(text)) },
  {
    weight: 1,
    arbitrary: fc
      .jsonValue({ stringUnit: 'binary', maxDepth: 2 })
      .map((json) => JSON.stringify(json))
      .map((text) => () => JSON.parse(text)),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom<() => unknown>(
      () => undefined,
      () => ({ missing: undefined, list: [undefined, Number.NaN] }),
      () => new Date(0),
    ),
  },
);
const keyOf = (...dropped: string[]) =>
  fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...KEYS.slice(0, 3)) },
    { weight: 2, arbitrary: fc.constantFrom(...KEYS) },
    { weight: 1, arbitrary: fc.constantFrom(...dropped) },
  );
const maxAge = fc.constantFrom(60_000, 600_000, 6_000_000, null);
const editOf = (key: fc.Arbitrary<string>): fc.Arbitrary<Edit> =>
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ do: fc.constant('put' as const), key, make: value }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('remove' as const), key }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('deepen' as const), key }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('maxAge' as const), ms: maxAge }) },
  );
const edits = fc.array(editOf(keyOf(...DROPPED)), { maxLength: 3, size: 'max' });
/** Edits that a request makes to its Session. They do not replace the methods of the Session. */
const requestEdits = fc.array(editOf(keyOf('toString', 'constructor', '__proto__')), { maxLength: 3, size: 'max' });
const sid = fc.constantFrom(0, 0, 0, 1, 1, 2);
const slot = fc.constantFrom(...SLOTS);
const store = fc.constantFrom(0, 1);
const data = fc
  .tuple(maxAge, fc.array(editOf(keyOf(...DROPPED)), { maxLength: 5, size: 'max' }))
  .map(([ms, puts]): Edit[] => [{ do: 'maxAge', ms }, ...puts]);
const op = <D extends Op['do']>(what: D, rest: object): fc.Arbitrary<Op> =>
  invalid(fc.record({ do: fc.constant(what), ...rest })); // TypeScript cannot match `rest` with `what`

const weighted = (...choices: [weight: number, arbitrary: fc.Arbitrary<Op>][]) =>
  fc.oneof(...choices.map(([weight, arbitrary]) => ({ weight, arbitrary })));
const writes = weighted(
  [20, op('save', { slot, edits: requestEdits })],
  [6, op('touch', { slot, edits: requestEdits, renew: fc.boolean() })],
  [5, op('set', { sid, store, data })],
  [5, op('update', { sid, store, edits })],
  [1, op('set, destroy, set', { sid, store, data })],
  [1, op('touch plain', { sid, store, data: data.map(([first]) => [first!]) })],
  [1, op('destroy', { sid, store })],
);
const others = weighted(
  [14, op('load', { slot, sid, store })],
  [3, op('begin', { slot, sid, store, data })],
  [2, op('reload', { slot })],
  [1, op('save as', { slot, sid })],
  [2, op('get and set', { sid, store, edits })],
  [4, op('foreign write', { sid, edits, spelling: fc.constantFrom('raw', 'escaped', 'spacious') })],
  [1, op('foreign delete', { sid })],
  [2, op('foreign expiry', { sid, seconds: fc.constantFrom(-1, -1, 30, 50_000) })],
);
const one = fc.oneof({ weight: 5, arbitrary: writes }, { weight: 5, arbitrary: others }).map((op) => new Command([op]));
const several = fc
  .tuple(store, fc.array(writes, { minLength: 2, maxLength: 5, size: 'max' }))
  .map(([store, ops]) => new Command(ops, store));

async function makeTable(columns: (typeof COLUMNS)[number]): Promise<Table> {
  const pool = freshPool({ max: 4, options: '-c synchronous_commit=off' });
  const { store, names, table } = await freshStore({ pool, columns, touchAfter: 0 });
  const other = new PgSessionStore({ pool, ...names, pruneSessionInterval: false, touchAfter: 0, ...OPTIONS });
  onEnd(() => other.close());
  const events: EmittedEvent[] = [];
  for (const each of [store, other]) {
    each.on('gone', (event) => events.push({ event: 'gone', ...event }));
    each.on('conflict', ({ keys, overwritten, ...rest }) =>
      events.push({ event: 'conflict', ...rest, keys: keys.sort(), overwritten: overwritten.sort() }),
    );
  }
  return { stores: [store, other], events, table, query: async (...args) => (await pool.query(...args)).rows };
}

const PARTS = [...COLUMNS.map(({ sess }): string => sess), 'races'];
const command = (rest = '') => `MODEL_SEED=${SEED} ${rest}npm test -- model`;
console.log(`seed ${SEED}, repeat with: ${command()}`);

/** Throws if fast-check finds a case in which the property does not hold. */
async function assertHolds<T>(part: string, property: fc.IAsyncProperty<T>, numRuns: number): Promise<void> {
  if (MODEL_PART && MODEL_PART !== part) return;
  const details = await fc.check(property, {
    seed: SEED + PARTS.indexOf(part), // each part runs other histories
    numRuns,
    includeErrorInReport: true,
    interruptAfterTimeLimit: LIMIT_MS,
    markInterruptAsFailure: true,
    ...(MODEL_PATH && { path: MODEL_PATH }),
  });
  if (!details.failed) return;
  const report = fc.defaultReportMessage(details)!;
  const replay = /replayPath="([^"]+)"/.exec(report)?.[1];
  const path = `MODEL_PART=${part} MODEL_PATH=${details.counterexamplePath} ${replay ? `MODEL_REPLAY=${replay} ` : ''}`;
  throw new Error(`${report}\n\nrepeat with: ${command(path)}`);
}

test('after any history of calls, the rows and the events are those of the model', async () => {
  const tables = await Promise.all(COLUMNS.map(makeTable));

  const parts = COLUMNS.map(async ({ sess }, n) => {
    const table = tables[n]!;
    let run = 0;
    // Each part has its own, because fc.commands() has a state.
    const commands = fc.commands<Model, Real, false>([one, one, one, several], {
      maxCommands: 100,
      size: 'max',
      ...(MODEL_REPLAY && { replayPath: MODEL_REPLAY }),
    });
    const property = fc.asyncProperty(commands, async (commands) => {
      table.events.length = 0;
      const model = new Model(SIDS.map((n) => `session ${run}.${n} '"$1 é😀`));
      run++;
      const real = { ...table, slots: new Map(), expiries: new Map(), commands: 0 };
      await fc.asyncModelRun(() => ({ model, real }), commands);
    });
    await assertHolds(sess, property, 100);
  });
  await all(parts);
  const { commands: count, conflicts, gone } = totals;
  const summary = `${count} commands, ${conflicts} conflicts, ${gone} writes of gone sessions`;
  console.log(summary);
  if (!MODEL_PART) assert.ok(count >= 10_000 && conflicts > 200 && gone > 200, summary);
});

type Step =
  | { do: 'put' | 'remove'; key: string; wait: boolean }
  | { do: 'count' | 'touch'; wait: boolean }
  | { do: 'administer' | 'reload' | 'pause' };
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constantFrom('put', 'put', 'remove'), key: fc.constantFrom('a', 'b'), wait: fc.boolean() }),
  fc.record({ do: fc.constantFrom('count', 'touch'), wait: fc.boolean() }),
  fc.record({ do: fc.constantFrom('administer', 'reload', 'pause') }),
) as fc.Arbitrary<Step>;
const steps = fc.array(step, { minLength: 1, maxLength: 8, size: 'max' });
const requests = fc.array(fc.record({ store, steps }), { minLength: 2, maxLength: 5, size: 'max' });
const ending = fc.option(fc.record({ by: fc.constantFrom(0, 1, 'administrator'), pauses: fc.nat({ max: 12 }) }), {
  freq: 2,
});
const pause = () => new Promise(setImmediate);

test('concurrent requests that change different keys lose no change and do not revive a session', async () => {
  const tables = await Promise.all(COLUMNS.map(makeTable));
  let run = 0;
  const property = fc.asyncProperty(fc.nat({ max: 2 }), requests, ending, async (column, requests, ending) => {
    const { stores, query, table, events } = tables[column]!;
    const administer = `UPDATE ${table} SET sess = jsonb_set(sess::jsonb, ARRAY[$2], $3)::text::${COLUMNS[column]!.sess}
      WHERE sid = $1`;
    const id = `session ${run++} '"$1 é😀`;
    const first = session({ count: 0, kept: { as: ['it', 'was'] } }, cookieFor(600));
    const expected = new Map(dataOf(first));
    let count = 0;
    events.length = 0;
    await stores[0].set(id, first);
    // Each request loads the session before the first save, so that a save never creates it.
    const loaded = await Promise.all(requests.map(({ store }) => loadSession(stores[store]!, id)));

    const request = async ({ store: at, steps }: { store: number; steps: Step[] }, n: number) => {
      const store = stores[at]!;
      const calls: Promise<unknown>[] = [];
      let held = loaded[n]!;
      for (const [at, step] of steps.entries()) {
        const key = `${n} ${'key' in step ? step.key : step.do}`;
        const json = `"${n} ${at}"`;
        if (step.do === 'put' || step.do === 'administer') expected.set(key, json);
        if (step.do === 'remove') expected.delete(key);
        if (step.do === 'put') held[key] = JSON.parse(json);
        if (step.do === 'remove') delete held[key];
        if (step.do === 'count') count++;

        if (step.do === 'pause') await pause();
        else if (step.do === 'reload') held = await loadSession(store, id).catch(() => held);
        else if (step.do === 'administer') await query(administer, [id, key, json]);
        else if (step.do === 'count') calls.push(store.update(id, (found) => void found.count++));
        else calls.push(step.do === 'touch' ? store.touch(id, held) : store.set(id, held));
        if ('wait' in step && step.wait) await calls.at(-1);
      }
      await all(calls);
    };
    const end = async () => {
      if (!ending) return;
      for (let n = 0; n < ending.pauses; n++) await pause();
      if (typeof ending.by === 'number') await stores[ending.by]!.destroy(id);
      else await query(`DELETE FROM ${table} WHERE sid = $1`, [id]);
      same('the result of get after the end', await Promise.all(stores.map((store) => store.get(id))), [null, null]);
    };
    await all([...requests.map(request), end()]);

    const [row] = await query(`SELECT sess::text FROM ${table} WHERE sid = $1`, [id]);
    sameData('the row', row && parse(row.sess), ending ? undefined : expected.set('count', String(count)));
    if (!ending) same('the number of gone events', events.filter(({ event }) => event === 'gone').length, 0);
  });
  await assertHolds('races', property, 150);
});
