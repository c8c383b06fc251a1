// What a store does: ours, the two that it succeeds, and express-session's own. Each outcome is written down here and, as a
// table, in docs/behaviour.md, which `UPDATE_DOCS=1 npm test -- behaviour` writes anew.
import { readFileSync, writeFileSync } from 'node:fs';
import { inspect, isDeepStrictEqual } from 'node:util';
import type { SessionData } from 'express-session';
import * as assert from 'uvu/assert';
import type { SessionStoreError } from '../../src/index.js';
import { administrator, freshNames, freshPool, loadSession, lockWaiters } from '../support/fresh-store.js';
import { suite } from '../support/harness.js';
import { callStore, makeSchema, quotedName, STORES, type StoreName, sessionFor, versionOf } from '../support/stores.js';
import { type Open, opener, runScenario, type Subject, until } from '../support/subject.js';

type Outcome = true | string; // it holds, or what happens instead
interface Differences {
  simple?: string;
  pool?: string;
  memory?: string;
}
interface Behaviour {
  says: string;
  outcomes: Record<StoreName, Outcome>;
  check: (open: Open, name: StoreName) => Promise<Outcome>;
}

const sections: { title: string; behaviours: Behaviour[] }[] = [];
const section = (title: string) => sections.push({ title, behaviours: [] });

/** Ours always does as it says; what another store does instead is written down. */
function behaviour(says: string, differences: Differences, check: Behaviour['check']): void {
  const { simple, pool, memory } = differences;
  const outcomes = {
    'connect-pg-typed': true,
    'connect-pg-simple': simple ?? true,
    'connect-pg-pool': pool ?? true,
    MemoryStore: memory ?? true,
  } as const;
  sections.at(-1)!.behaviours.push({ says, outcomes, check });
}

/** The same for what only a store with a table can do. */
function onTable(says: string, differences: Omit<Differences, 'memory'>, check: Behaviour['check']): void {
  behaviour(says, { ...differences, memory: '–' }, async (open, name) =>
    name === 'MemoryStore' ? '–' : check(open, name),
  );
}

const is = (got: unknown, wanted: unknown): Outcome => isDeepStrictEqual(got, wanted) || inspect(got);
const lives = (seconds: number, wanted: string): Outcome => {
  const known = { '100 s': 100, '1000 s': 1000, 'a day': 86_400, 'an hour too long': 4600, 'for ever': Infinity };
  const [name] = Object.entries(known).find(([, s]) => s === seconds || Math.abs(s - seconds) < 30) ?? [];
  return name === wanted || (name ?? `${seconds} s`);
};

section('Reading and writing');

behaviour('What was set is got.', {}, async (open) => {
  const { set, get } = await open();
  await set('a', sessionFor(100, { user: 'ada' }));
  return is((await get('a')).user, 'ada');
});

behaviour(
  'A `get` that misses answers `null`.',
  { simple: 'undefined', pool: 'undefined', memory: 'undefined' },
  async (open) => is(await (await open()).get('nobody'), null),
);

behaviour('What one process sets, another gets.', { memory: 'undefined' }, async (open) => {
  const { set, place } = await open();
  const { get } = await open({}, { ...place, table: false });
  await set('a', sessionFor(100, { user: 'ada' }));
  return is((await get('a'))?.user, 'ada');
});

behaviour('Of two sets the last wins.', {}, async (open) => {
  const { set, get } = await open();
  await set('a', sessionFor(100, { user: 'ada' }));
  await set('a', sessionFor(100, { user: 'grace' }));
  return is((await get('a')).user, 'grace');
});

behaviour('Each `get` answers with an object of its own.', {}, async (open) => {
  const { set, get } = await open();
  await set('a', sessionFor(100, { user: { name: 'ada' } }));
  const [one, other] = await Promise.all([get('a'), get('a')]);
  one.user.name = 'changed';
  return is(other.user.name, 'ada');
});

behaviour(
  'What the app changes after calling `set` is not stored.',
  { simple: 'it is stored', pool: 'it is stored' },
  async (open) => {
    const { set, get } = await open();
    const session = sessionFor(100, { user: 'ada' }) as SessionData & { user: string };
    const written = set('a', session);
    session.user = 'changed';
    await written;
    return (await get('a')).user === 'ada' || 'it is stored';
  },
);

behaviour('`destroy` of a session that is not there is no error.', {}, async (open) => {
  await (await open()).destroy('nobody');
  return true;
});

behaviour('A destroyed session is not got.', {}, async (open) => {
  const { set, destroy, get } = await open();
  await set('a', sessionFor(100));
  await destroy('a');
  return is((await get('a')) ?? null, null);
});

behaviour('A session of a megabyte comes back whole.', {}, async (open) => {
  const { set, get } = await open();
  const text = 'é'.repeat(500_000);
  await set('a', sessionFor(100, { text }));
  return (await get('a')).text === text || 'it is changed';
});

const UNUSUAL = 'NUL \0, half a pair \ud800, \u{1f600}';

behaviour('Every character comes back: NUL, half a surrogate pair, an emoji.', {}, async (open) => {
  const { set, get } = await open();
  await set('a', sessionFor(100, { text: UNUSUAL }));
  return is((await get('a')).text, UNUSUAL);
});

onTable(
  'Every character comes back from a `jsonb` column, too.',
  { simple: 'unsupported Unicode escape sequence', pool: 'the session is lost, without an error' },
  async (open) => {
    const { set, get, place } = await open();
    await place.pool.query(`ALTER TABLE ${quotedName(place)} ALTER sess TYPE jsonb USING sess::jsonb`);
    await set('a', sessionFor(100, { text: UNUSUAL }));
    const got = await get('a');
    return got ? is(got.text, UNUSUAL) : 'the session is lost, without an error';
  },
);

onTable(
  "Other programs can read inside such a row (`sess ->> 'user'`).",
  { simple: 'unsupported Unicode escape sequence', pool: 'unsupported Unicode escape sequence' },
  async (open) => {
    const { set, place } = await open();
    await set('a', sessionFor(100, { user: 'ada', text: UNUSUAL }));
    const { rows } = await place.pool.query(`SELECT sess ->> 'user' AS user FROM ${quotedName(place)}`);
    return is(rows, [{ user: 'ada' }]);
  },
);

behaviour('A key called `__proto__` is a key.', {}, async (open) => {
  const { set, get } = await open();
  await set('a', sessionFor(100, JSON.parse('{"__proto__":{"admin":true}}')));
  const got = await get('a');
  return is([Object.hasOwn(got, '__proto__'), 'admin' in got], [true, false]);
});

onTable(
  'A row that holds no session is no session, and stays.',
  { simple: 'it is deleted', pool: 'it is deleted' },
  async (open) => {
    const { get, set, left, place } = await open();
    await place.pool.query(`ALTER TABLE ${quotedName(place)} ALTER sess TYPE text`);
    await set('a', sessionFor(100));
    await place.pool.query(`UPDATE ${quotedName(place)} SET sess = 'cut off'`);
    const got = await get('a');
    if (got) return inspect(got);
    return left('a').then(
      () => true,
      () => 'it is deleted',
    );
  },
);

section('How long a session lives');

behaviour('An expired session is not got.', {}, async (open) => {
  const { set, get } = await open();
  await set('a', sessionFor(-5));
  return is((await get('a')) ?? null, null);
});

behaviour('Without a `ttl` the cookie decides.', {}, async (open) => {
  const { set, left } = await open();
  await set('a', sessionFor(100));
  return lives(await left('a'), '100 s');
});

behaviour(
  "The cookie decides for a plain object, too, as an admin's script writes one.",
  { pool: 'a day' },
  async (open) => {
    const { set, left } = await open();
    await set('a', JSON.parse(JSON.stringify(sessionFor(100))));
    return lives(await left('a'), '100 s');
  },
);

behaviour('`ttl` wins over the cookie.', { simple: '100 s', memory: '100 s' }, async (open) => {
  const { set, left } = await open({ ttl: 1000 });
  await set('a', sessionFor(100));
  return lives(await left('a'), '1000 s');
});

behaviour('A browser session lives a day.', { memory: 'for ever' }, async (open) => {
  const { set, left } = await open();
  await set('a', sessionFor(null));
  return lives(await left('a'), 'a day');
});

behaviour('A session without a cookie lives a day.', { pool: 'throws', memory: 'for ever' }, async (open) => {
  const { set, left } = await open();
  await set('a', { user: 'ada' } as unknown as SessionData);
  return lives(await left('a'), 'a day');
});

behaviour(
  '`ttl` may be a function of the session.',
  { simple: 'timestamp cannot be NaN', pool: 'the session is lost', memory: 'for ever' },
  async (open) => {
    const { set, left } = await open({ ttl: () => 1000 });
    await set('a', sessionFor(null));
    return lives(await left('a'), '1000 s');
  },
);

behaviour('A `ttl` of 0 is refused.', { simple: 'a day', pool: 'a day', memory: 'for ever' }, async (open) => {
  const subject = await open({ ttl: 0 }).catch((error) => assert.match(error.message, /^ttl must be/));
  if (!subject) return true;
  await subject.set('a', sessionFor(null));
  return lives(await subject.left('a'), '');
});

onTable(
  'An app whose clock is an hour ahead writes the right expiry.',
  { simple: 'an hour too long', pool: 'an hour too long' },
  async (_, name) => lives((await runScenario(name)).clockAhead as number, '1000 s'),
);

behaviour('`touch` moves the expiry.', {}, async (open) => {
  const { set, touch, left } = await open();
  await set('a', sessionFor(100));
  await touch('a', sessionFor(1000));
  return lives(await left('a'), '1000 s');
});

behaviour('`touch` leaves alone what another request saved.', {}, async (open) => {
  const { set, touch, get } = await open();
  await set('a', sessionFor(100, { user: 'ada' }));
  await touch('a', sessionFor(100, { user: 'a stale copy' }));
  return is((await get('a')).user, 'ada');
});

behaviour('`touch` of a session that is not there makes none.', {}, async (open) => {
  const { touch, get } = await open();
  await touch('nobody', sessionFor(100));
  return is((await get('nobody')) ?? null, null);
});

behaviour(
  '`touch` of an expired session does not revive it.',
  { simple: 'it lives again', pool: 'it lives again' },
  async (open) => {
    const { set, touch, get } = await open();
    await set('a', sessionFor(-5));
    await touch('a', sessionFor(100));
    return (await get('a')) ? 'it lives again' : true;
  },
);

behaviour('`disableTouch` leaves the expiry alone.', { pool: '1000 s', memory: '1000 s' }, async (open) => {
  const { set, touch, left } = await open({ disableTouch: true });
  await set('a', sessionFor(100));
  await touch('a', sessionFor(1000));
  return lives(await left('a'), '100 s');
});

behaviour(
  'After a `touch`, the `cookie.expires` that is got is what is left to live.',
  { simple: '100 s', pool: '100 s' },
  async (open) => {
    const { set, touch, get } = await open();
    await set('a', sessionFor(100));
    await touch('a', sessionFor(1000));
    const expires = Date.parse((await get('a')).cookie.expires);
    return lives((expires - Date.now()) / 1000, '1000 s');
  },
);

behaviour(
  '`req.session.save()` after a `touch` does not shorten the life of the session.',
  { simple: '100 s', pool: '100 s' },
  async (open) => {
    const { store, set, touch, left } = await open();
    await set('a', sessionFor(100));
    await touch('a', sessionFor(1000));
    const loaded = await callStore(store, 'load', 'a');
    await set('a', loaded);
    return lives(await left('a'), '1000 s');
  },
);

behaviour('The cookie of a browser session never gets a date.', {}, async (open) => {
  const { set, touch, get } = await open();
  await set('a', sessionFor(null));
  await touch('a', sessionFor(null));
  return is((await get('a')).cookie.expires ?? null, null);
});

section('When requests race');

const lost = { simple: 'one is lost', pool: 'one is lost', memory: 'one is lost' };
const revived = { simple: 'it lives again', pool: 'it lives again', memory: 'it lives again' };

behaviour('Two requests that change different keys both keep their change.', lost, async (open) => {
  const { store, set, get } = await open();
  await set('a', sessionFor(100, { user: 'ada' }));
  const [one, other] = [await loadSession(store, 'a'), await loadSession(store, 'a')];
  one.cart = ['book'];
  other.theme = 'dark';
  await set('a', one);
  await set('a', other);
  const { user, cart, theme } = await get('a');
  return isDeepStrictEqual([user, cart, theme], ['ada', ['book'], 'dark']) || 'one is lost';
});

behaviour(
  'A key that one request deletes is not brought back by another.',
  {
    simple: 'it is back',
    pool: 'it is back',
    memory: 'it is back',
  },
  async (open) => {
    const { store, set, get } = await open();
    await set('a', sessionFor(100, { flash: 'hello' }));
    const [one, other] = [await loadSession(store, 'a'), await loadSession(store, 'a')];
    delete one.flash;
    other.theme = 'dark';
    await set('a', one);
    await set('a', other);
    return !('flash' in (await get('a'))) || 'it is back';
  },
);

behaviour('A session that one request destroys is not revived by the save of another.', revived, async (open) => {
  const { store, set, get, destroy } = await open();
  await set('a', sessionFor(100, { user: 'ada' }));
  const slow = await loadSession(store, 'a');
  await destroy('a');
  slow.theme = 'dark';
  await set('a', slow);
  return !(await get('a')) || 'it lives again';
});

behaviour('Nor by the save of a request that only read, as with `resave: true`.', revived, async (open) => {
  const { store, set, get, destroy } = await open();
  await set('a', sessionFor(100, { user: 'ada' }));
  const slow = await loadSession(store, 'a');
  await destroy('a');
  await set('a', slow);
  return !(await get('a')) || 'it lives again';
});

behaviour('Nor by the touch of another.', {}, async (open) => {
  const { store, set, touch, get, destroy } = await open();
  await set('a', sessionFor(100, { user: 'ada' }));
  const slow = await loadSession(store, 'a');
  await destroy('a');
  await touch('a', slow);
  return !(await get('a')) || 'it lives again';
});

behaviour(
  'A request that loaded the session before "remember me" does not shorten its life.',
  { simple: '100 s', pool: '100 s', memory: '100 s' },
  async (open) => {
    const { store, set, touch, left } = await open();
    await set('a', sessionFor(100));
    const [login, poll] = [await loadSession(store, 'a'), await loadSession(store, 'a')];
    login.cookie.maxAge = 1_000_000;
    await set('a', login);
    poll.touch();
    await touch('a', poll);
    return lives(await left('a'), '1000 s');
  },
);

behaviour(
  'Writes of one session are done in the order in which they were asked for.',
  {
    simple: 'in any order',
    pool: 'in any order',
  },
  async (open) => {
    const { store, get } = await open();
    for (let round = 0; round < 200; round++) {
      const set = callStore(store, 'set', 'a', sessionFor(100, { text: 'x'.repeat(100_000) }));
      await Promise.all([set, callStore(store, 'destroy', 'a')]);
      if (await get('a')) return 'in any order';
    }
    return true;
  },
);

section('Callbacks, promises and errors');

behaviour('`set` without a callback works.', {}, async (_, name) => (await runScenario(name)).set);
behaviour(
  '`touch` without a callback works.',
  { pool: 'ends the process: fn is not a function' },
  async (_, name) => (await runScenario(name)).touch,
);
behaviour('`destroy` without a callback works.', {}, async (_, name) => (await runScenario(name)).destroy);

behaviour(
  'Without a callback, a method answers with a promise.',
  { simple: 'undefined', pool: 'undefined', memory: 'undefined' },
  async (open) => {
    const { store, get } = await open({}, { pool: freshPool({ max: 1 }) });
    const answer = store.set('a', sessionFor(100)) as unknown;
    await get('a');
    return answer instanceof Promise || inspect(answer);
  },
);

behaviour('A callback comes later, never before the method has returned.', {}, async (open) =>
  calledLater(await open()),
);
behaviour('A callback comes later with `disableTouch`, too.', { simple: 'touch calls back at once' }, async (open) =>
  calledLater(await open({ disableTouch: true })),
);

async function calledLater({ store }: Subject): Promise<Outcome> {
  for (const [method, ...args] of [
    ['set', 'a', sessionFor(100)],
    ['get', 'a'],
    ['touch', 'a', sessionFor(100)],
    ['destroy', 'a'],
  ]) {
    let returned = false;
    const later = new Promise((resolve) => store[method as string](...args, () => resolve(returned)));
    returned = true;
    if (!(await later)) return `${method} calls back at once`;
  }
  return true;
}

behaviour(
  'A callback that throws is called once.',
  { simple: 'twice', pool: 'twice' },
  async (_, name) => ({ 1: true, 2: 'twice' })[(await runScenario(name)).throwing.calls as 1 | 2] as Outcome,
);
behaviour(
  'A callback that throws deletes nothing.',
  { simple: 'the session is deleted', pool: 'the session is deleted' },
  async (_, name) => (await runScenario(name)).throwing.row,
);
behaviour(
  'The store goes on after a callback that threw.',
  {},
  async (_, name) => (await runScenario(name)).throwing.goesOn,
);

for (const [what, method, ...args] of [
  ['A write', 'set', sessionFor(100)],
  ['A read', 'get'],
  ['A touch', 'touch', sessionFor(100)],
  ['A destroy', 'destroy'],
] as const)
  onTable(
    `${what} that fails says so to the callback.`,
    method === 'set' ? { pool: 'says nothing' } : {},
    async (open) => {
      const { store, place } = await open();
      await place.pool.query(`DROP TABLE ${quotedName(place)}`);
      return callStore(store, method, 'a', ...args).then(
        () => 'says nothing',
        (error) => is(sqlStateOf(error), '42P01'),
      );
    },
  );

onTable(
  'A write that fails without a callback is told to `errorLog`.',
  { simple: 'says nothing', pool: 'says nothing' },
  async (open) => {
    const { store, get, place, logged } = await open({}, { pool: freshPool({ max: 1 }) });
    await place.pool.query(`DROP TABLE ${quotedName(place)}`);
    store.set('a', sessionFor(100));
    await get('a').catch(() => {}); // has its answer after the write has
    return logged.length > 0 || 'says nothing';
  },
);

behaviour(
  'A session that JSON cannot hold is an error for the callback.',
  {
    pool: 'ends the process: Release called on client which has already been released to the pool.',
    memory: 'throws',
  },
  async (_, name) => (await runScenario(name)).noJson,
);

onTable('A statement that fails costs no connection.', { simple: 'a connection each' }, async (open) => {
  const { get, place } = await open({}, { pool: administrator(freshPool({ max: 1 })) }); // connect-pg-simple asks by query()
  await place.pool.query(`DROP TABLE ${quotedName(place)}`);
  let connections = 0;
  place.pool.on('connect', () => connections++);
  for (let n = 0; n < 3; n++) await get('a').catch(() => {});
  return connections === 0 || (connections >= 2 ? 'a connection each' : `${connections} connections`);
});

onTable(
  'An idle connection that dies does not end the process.',
  {
    simple: 'ends the process: terminating connection due to administrator command',
    pool: 'ends the process: terminating connection due to administrator command',
  },
  async (_, name) => (await runScenario(name)).idleConnectionDies,
);

section('Keeping house');

behaviour(
  '`all` answers with an array of the sessions that live.',
  { simple: 'has no all()', pool: 'has no all()', memory: 'an object, by session id' },
  async (open) => {
    const { store, set } = await open();
    await set('a', sessionFor(100, { user: 'ada' }));
    await set('b', sessionFor(-5, { user: 'bob' }));
    const all = await callStore(store, 'all');
    if (!Array.isArray(all)) return 'an object, by session id';
    return is(
      all.map(({ user }) => user),
      ['ada'],
    );
  },
);

behaviour(
  '`length` answers with the number of sessions that live.',
  { simple: 'has no length()', pool: 'has no length()' },
  async (open) => {
    const { store, set } = await open();
    await set('a', sessionFor(100));
    await set('b', sessionFor(-5));
    return is(await callStore(store, 'length'), 1);
  },
);

behaviour('`clear` deletes all sessions.', { simple: 'has no clear()', pool: 'has no clear()' }, async (open) => {
  const { store, set, get } = await open();
  await set('a', sessionFor(100));
  await callStore(store, 'clear');
  return is((await get('a')) ?? null, null);
});

onTable('`pruneSessions` deletes what has expired, and nothing else.', {}, async (open) => {
  const { store, set, place } = await open();
  await set('a', sessionFor(100));
  await set('b', sessionFor(-5));
  await callStore(store, 'pruneSessions');
  return is((await place.pool.query(`SELECT sid FROM ${quotedName(place)}`)).rows, [{ sid: 'a' }]);
});

behaviour(
  '`pruneSessions` answers with the number of rows.',
  { simple: 'undefined', pool: 'undefined', memory: 'has no pruneSessions()' },
  async (open) => {
    const { store, set } = await open();
    await set('a', sessionFor(-5));
    return is(await callStore(store, 'pruneSessions'), 1);
  },
);

onTable('Expired sessions are deleted without being asked for.', {}, async (open) => {
  const { set, place } = await open({ pruneSessionInterval: 0.02 });
  await set('a', sessionFor(-5));
  await until(async () => (await place.pool.query(`SELECT FROM ${quotedName(place)}`)).rowCount === 0);
  return true;
});

behaviour(
  'A process that has nothing else to do ends by itself.',
  { pool: 'a timer keeps it alive' },
  async (_, name) => runScenario(name, 'exit'),
);

behaviour("`close` leaves the app's pool open.", { memory: 'has no close()' }, async (open) => {
  const { store, place } = await open();
  if (!store.close) return 'has no close()';
  await store.close();
  await place.pool.query('SELECT');
  return true;
});

behaviour(
  'An option that there is not is refused.',
  { simple: 'ignored', pool: 'ignored', memory: 'ignored' },
  async (open) =>
    open({ tabelName: 'sessions' }).then(
      () => 'ignored',
      ({ message }) => is(message, 'unknown option "tabelName". Did you mean "tableName"?'),
    ),
);

section('Names and tables');

onTable('A name with a quote in it works.', { pool: 'syntax error at or near "$"' }, async (open) => {
  const { place } = await open();
  const raw = { schemaName: place.schemaName, tableName: place.tableName }; // open() would double connect-pg-pool's quotes
  return works(await open(raw, { ...place, table: false }));
});

const plain = () => ({
  schemaName: `web ${freshNames().schemaName.replace(/\D/g, '')}`,
  tableName: 'sessions',
  table: false as const,
  pool: administrator(freshPool()),
});

onTable('`createTableIfMissing` creates the table.', { pool: 'no such table' }, async (open) =>
  works(await open({ createTableIfMissing: true }, plain())),
);

onTable(
  '`createTableIfMissing` creates a table called `a$&b`.',
  { simple: 'syntax error at or near "session"', pool: 'no such table' },
  async (open) => works(await open({ createTableIfMissing: true }, { ...plain(), tableName: 'a$&b' })),
);

onTable(
  '`createTableIfMissing` creates a second table in one schema.',
  { simple: 'relation "session_pkey" already exists', pool: 'no such table' },
  async (open) => {
    const first = plain();
    await works(await open({ createTableIfMissing: true }, first));
    return works(await open({ createTableIfMissing: true }, { ...first, tableName: 'more sessions' }));
  },
);

onTable(
  '`createTableIfMissing` tries again after a failure.',
  { simple: 'it fails for ever', pool: 'no such table' },
  async (open) => {
    const subject = await open({ createTableIfMissing: true }, plain());
    const { pool, schemaName } = subject.place;
    await pool.query(`DROP SCHEMA "${schemaName}"`);
    await works(subject);
    await makeSchema(subject.place);
    const again = await works(subject);
    return again === true || again === 'no such table' ? again : 'it fails for ever';
  },
);

onTable(
  '`createTableIfMissing` works for several processes that start at once.',
  { simple: 'duplicate key value violates unique constraint "pg_type_typname_nsp_index"', pool: 'no such table' },
  async (open) => {
    const names = plain();
    const pool = administrator(freshPool({ application_name: names.schemaName }));
    const start = () => open({ createTableIfMissing: true }, { ...names, pool });
    const subjects = [await start(), await start()];
    const rival = await pool.connect(); // creates it first, so that all find it missing and wait for how that ends
    await rival.query(`BEGIN; CREATE TABLE "${names.schemaName}"."${names.tableName}" ()`);
    const outcomes = Promise.all(subjects.map(works));
    await Promise.race([outcomes, until(async () => (await lockWaiters(pool)) === subjects.length)]);
    await rival.query('ROLLBACK');
    rival.release();
    return (await outcomes).find((outcome) => outcome !== true) ?? true;
  },
);

const sqlStateOf = (error: unknown) => (error as SessionStoreError).sqlState ?? (error as { code?: string }).code;

/** Whether what is set is got. */
async function works({ set, get }: Subject): Promise<Outcome> {
  try {
    await set('a', sessionFor(100, { user: 'ada' }));
    return is((await get('a')).user, 'ada');
  } catch (error) {
    return sqlStateOf(error) === '42P01' ? 'no such table' : (error as Error).message;
  }
}

const test = suite('behaviour', { timeout: 30_000 }); // eight processes start in it

for (const { says, outcomes, check } of sections.flatMap(({ behaviours }) => behaviours))
  test(says, async () => {
    const observe = (name: StoreName) => check(opener(name), name).catch((error) => error.message as string);
    const observed = await Promise.all(STORES.map(async (name) => [name, await observe(name)]));
    assert.equal(Object.fromEntries(observed), outcomes);
  });

const DOCS = new URL('../../docs/behaviour.md', import.meta.url);
const TABLES = /(?<=<!-- tables: .* -->\n).*(?=<!-- end of tables -->)/s;

test('the tables in the docs say the same', () => {
  const docs = readFileSync(DOCS, 'utf8');
  assert.match(docs, TABLES);
  const written = docs.replace(TABLES, () => tables());
  if (process.env.UPDATE_DOCS) writeFileSync(DOCS, written);
  else assert.fixture(docs, written);
});

function tables(): string {
  const row = (...cells: string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  const head = row(
    '',
    'connect-pg-typed',
    `connect-pg-simple ${versionOf('connect-pg-simple')}`,
    `connect-pg-pool ${versionOf('connect-pg-pool')}`,
    `MemoryStore (express-session ${versionOf('express-session')})`,
  );
  const said = ({ says, outcomes }: Behaviour) =>
    row(says, ...STORES.map((name) => (outcomes[name] === true ? 'yes' : outcomes[name])));
  return sections
    .map(({ title, behaviours }) =>
      ['', `## ${title}`, '', head, '|---|---|---|---|---|', ...behaviours.map(said), ''].join('\n'),
    )
    .join('');
}
