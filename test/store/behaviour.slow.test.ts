// Compares four stores: this one, its two predecessors, and express-session's MemoryStore.
// `UPDATE_DOCS=1 npm test -- behaviour` writes the outcomes to the tables of docs/behaviour.md.
import { readFileSync, writeFileSync } from 'node:fs';
import { inspect, isDeepStrictEqual } from 'node:util';
import * as assert from 'uvu/assert';
import type { SessionStoreError } from '../../src/index.js';
import { administrator, freshNames, freshPool, loadSession, lockWaiters } from '../support/fresh-store.js';
import { suite } from '../support/harness.js';
import { invalid } from '../support/invalid.js';
import type { Outcome } from '../support/run-scenario.js';
import { callStore, makeSchema, quotedName, STORES, type StoreName, sessionFor, versionOf } from '../support/stores.js';
import { exits, type Open, opener, type Subject, scenariosOf, until } from '../support/subject.js';

/** What the other stores do, if they do not do as the title says. */
interface Differences {
  simple?: string;
  pool?: string;
  memory?: string;
}
interface Behaviour {
  title: string;
  outcomes: Record<StoreName, Outcome>;
  check: (open: Open, name: StoreName) => Promise<Outcome>;
}

const sections: { title: string; behaviours: Behaviour[] }[] = [];
const section = (title: string) => sections.push({ title, behaviours: [] });

/** connect-pg-typed must always do as the title says. */
function behaviour(title: string, differences: Differences, check: Behaviour['check']): void {
  const { simple, pool, memory } = differences;
  const outcomes = {
    'connect-pg-typed': true,
    'connect-pg-simple': simple ?? true,
    'connect-pg-pool': pool ?? true,
    MemoryStore: memory ?? true,
  } as const;
  sections.at(-1)!.behaviours.push({ title, outcomes, check });
}

/** A behaviour of the stores that have a table. */
function onTable(title: string, differences: Omit<Differences, 'memory'>, check: Behaviour['check']): void {
  behaviour(title, { ...differences, memory: '–' }, async (open, name) =>
    name === 'MemoryStore' ? '–' : check(open, name),
  );
}

const is = (actual: unknown, expected: unknown): Outcome => isDeepStrictEqual(actual, expected) || inspect(actual);
const expiresAfter = (seconds: number, expected: string): Outcome => {
  const known = {
    '100 s': 100,
    '1000 s': 1000,
    'a day': 86_400,
    'an hour too late': 4600,
    'it never expires': Infinity,
  };
  const [name] = Object.entries(known).find(([, s]) => s === seconds || Math.abs(s - seconds) < 30) ?? [];
  return name === expected || (name ?? `${seconds} s`);
};

section('Reading and writing');

behaviour('`get` returns the session that `set` saved.', {}, async (open) => {
  const { set, get } = await open();
  await set('a', sessionFor(100, { user: 'ada' }));
  return is((await get('a')).user, 'ada');
});

behaviour(
  '`get` returns `null` if there is no such session.',
  { simple: 'undefined', pool: 'undefined', memory: 'undefined' },
  async (open) => is(await (await open()).get('missing'), null),
);

behaviour('`get` returns the session that another process saved.', { memory: 'undefined' }, async (open) => {
  const { set, table } = await open();
  const { get } = await open({}, { ...table, createTable: false });
  await set('a', sessionFor(100, { user: 'ada' }));
  return is((await get('a'))?.user, 'ada');
});

behaviour('A second `set` replaces the session of the first.', {}, async (open) => {
  const { set, get } = await open();
  await set('a', sessionFor(100, { user: 'ada' }));
  await set('a', sessionFor(100, { user: 'grace' }));
  return is((await get('a')).user, 'grace');
});

behaviour('Each `get` returns a new object.', {}, async (open) => {
  const { set, get } = await open();
  await set('a', sessionFor(100, { user: { name: 'ada' } }));
  const [one, other] = await Promise.all([get('a'), get('a')]);
  one.user.name = 'changed';
  return is(other.user.name, 'ada');
});

behaviour(
  '`set` saves the session as it was at the time of the call.',
  { simple: 'later changes are saved', pool: 'later changes are saved' },
  async (open) => {
    const { set, get } = await open();
    const session = sessionFor(100, { user: 'ada' });
    const written = set('a', session);
    session.user = 'changed';
    await written;
    return (await get('a')).user === 'ada' || 'later changes are saved';
  },
);

behaviour('`destroy` succeeds if there is no such session.', {}, async (open) => {
  await (await open()).destroy('missing');
  return true;
});

behaviour('`get` does not return a destroyed session.', {}, async (open) => {
  const { set, destroy, get } = await open();
  await set('a', sessionFor(100));
  await destroy('a');
  return is((await get('a')) ?? null, null);
});

behaviour('`get` returns a session of a megabyte unchanged.', {}, async (open) => {
  const { set, get } = await open();
  const text = 'é'.repeat(500_000);
  await set('a', sessionFor(100, { text }));
  return (await get('a')).text === text || 'it is changed';
});

const UNUSUAL = 'NUL \0, half a pair \ud800, \u{1f600}';

behaviour('`get` returns every character: NUL, half a surrogate pair, an emoji.', {}, async (open) => {
  const { set, get } = await open();
  await set('a', sessionFor(100, { text: UNUSUAL }));
  return is((await get('a')).text, UNUSUAL);
});

onTable(
  '`get` returns every character from a `jsonb` column.',
  { simple: 'unsupported Unicode escape sequence', pool: 'the session is lost without an error' },
  async (open) => {
    const { set, get, table } = await open();
    await table.pool.query(`ALTER TABLE ${quotedName(table)} ALTER sess TYPE jsonb USING sess::jsonb`);
    await set('a', sessionFor(100, { text: UNUSUAL }));
    const got = await get('a');
    return got ? is(got.text, UNUSUAL) : 'the session is lost without an error';
  },
);

onTable(
  "Other programs can read a key of such a row (`sess ->> 'user'`).",
  { simple: 'unsupported Unicode escape sequence', pool: 'unsupported Unicode escape sequence' },
  async (open) => {
    const { set, table } = await open();
    await set('a', sessionFor(100, { user: 'ada', text: UNUSUAL }));
    const { rows } = await table.pool.query(`SELECT sess ->> 'user' AS user FROM ${quotedName(table)}`);
    return is(rows, [{ user: 'ada' }]);
  },
);

behaviour('A session can have a key called `__proto__`.', {}, async (open) => {
  const { set, get } = await open();
  await set('a', sessionFor(100, JSON.parse('{"__proto__":{"admin":true}}')));
  const got = await get('a');
  return is([Object.hasOwn(got, '__proto__'), 'admin' in got], [true, false]);
});

onTable(
  '`get` does not return a row that does not hold a session, and does not delete it.',
  { simple: 'it is deleted', pool: 'it is deleted' },
  async (open) => {
    const { get, set, secondsLeft, table } = await open();
    await table.pool.query(`ALTER TABLE ${quotedName(table)} ALTER sess TYPE text`);
    await set('a', sessionFor(100));
    await table.pool.query(`UPDATE ${quotedName(table)} SET sess = 'cut off'`);
    const got = await get('a');
    if (got) return inspect(got);
    return secondsLeft('a').then(
      () => true,
      () => 'it is deleted',
    );
  },
);

section('Expiry');

behaviour('`get` does not return an expired session.', {}, async (open) => {
  const { set, get } = await open();
  await set('a', sessionFor(-5));
  return is((await get('a')) ?? null, null);
});

behaviour('Without a `ttl`, the session expires with its cookie.', {}, async (open) => {
  const { set, secondsLeft } = await open();
  await set('a', sessionFor(100));
  return expiresAfter(await secondsLeft('a'), '100 s');
});

behaviour('A plain object, as a script writes it, expires with its cookie.', { pool: 'a day' }, async (open) => {
  const { set, secondsLeft } = await open();
  await set('a', JSON.parse(JSON.stringify(sessionFor(100))));
  return expiresAfter(await secondsLeft('a'), '100 s');
});

behaviour('`ttl` overrides the cookie.', { simple: '100 s', memory: '100 s' }, async (open) => {
  const { set, secondsLeft } = await open({ ttl: 1000 });
  await set('a', sessionFor(100));
  return expiresAfter(await secondsLeft('a'), '1000 s');
});

behaviour('A browser session expires after a day.', { memory: 'it never expires' }, async (open) => {
  const { set, secondsLeft } = await open();
  await set('a', sessionFor(null));
  return expiresAfter(await secondsLeft('a'), 'a day');
});

behaviour(
  'A session without a cookie expires after a day.',
  { pool: 'throws', memory: 'it never expires' },
  async (open) => {
    const { set, secondsLeft } = await open();
    await set('a', invalid({ user: 'ada' }));
    return expiresAfter(await secondsLeft('a'), 'a day');
  },
);

behaviour(
  '`ttl` can be a function of the session.',
  { simple: 'timestamp cannot be NaN', pool: 'the session is lost', memory: 'it never expires' },
  async (open) => {
    const { set, secondsLeft } = await open({ ttl: () => 1000 });
    await set('a', sessionFor(null));
    return expiresAfter(await secondsLeft('a'), '1000 s');
  },
);

behaviour(
  'The constructor throws if `ttl` is 0.',
  { simple: 'a day', pool: 'a day', memory: 'it never expires' },
  async (open) => {
    const subject = await open({ ttl: 0 }).catch((error) => assert.match(error.message, /^ttl must be/));
    if (!subject) return true;
    await subject.set('a', sessionFor(null));
    return expiresAfter(await subject.secondsLeft('a'), '');
  },
);

onTable(
  'If the clock of the app is an hour ahead, the expiry is still correct.',
  { simple: 'an hour too late', pool: 'an hour too late' },
  async (_, name) => expiresAfter((await scenariosOf(name)).clockAhead!, '1000 s'),
);

behaviour('`touch` moves the expiry.', {}, async (open) => {
  const { set, touch, secondsLeft } = await open();
  await set('a', sessionFor(100));
  await touch('a', sessionFor(1000));
  return expiresAfter(await secondsLeft('a'), '1000 s');
});

behaviour('`touch` does not overwrite what another request saved.', {}, async (open) => {
  const { set, touch, get } = await open();
  await set('a', sessionFor(100, { user: 'ada' }));
  await touch('a', sessionFor(100, { user: 'a stale copy' }));
  return is((await get('a')).user, 'ada');
});

behaviour('`touch` does not create a missing session.', {}, async (open) => {
  const { touch, get } = await open();
  await touch('missing', sessionFor(100));
  return is((await get('missing')) ?? null, null);
});

behaviour(
  '`touch` of an expired session does not revive it.',
  { simple: 'it is revived', pool: 'it is revived' },
  async (open) => {
    const { set, touch, get } = await open();
    await set('a', sessionFor(-5));
    await touch('a', sessionFor(100));
    return (await get('a')) ? 'it is revived' : true;
  },
);

behaviour(
  'With `disableTouch`, `touch` does not move the expiry.',
  { pool: '1000 s', memory: '1000 s' },
  async (open) => {
    const { set, touch, secondsLeft } = await open({ disableTouch: true });
    await set('a', sessionFor(100));
    await touch('a', sessionFor(1000));
    return expiresAfter(await secondsLeft('a'), '100 s');
  },
);

behaviour(
  'After a `touch`, `get` returns the new expiry in `cookie.expires`.',
  { simple: '100 s', pool: '100 s' },
  async (open) => {
    const { set, touch, get } = await open();
    await set('a', sessionFor(100));
    await touch('a', sessionFor(1000));
    const expires = Date.parse((await get('a')).cookie.expires);
    return expiresAfter((expires - Date.now()) / 1000, '1000 s');
  },
);

behaviour(
  '`req.session.save()` after a `touch` does not move the expiry back.',
  { simple: '100 s', pool: '100 s' },
  async (open) => {
    const { store, set, touch, secondsLeft } = await open();
    await set('a', sessionFor(100));
    await touch('a', sessionFor(1000));
    const loaded = await callStore(store, 'load', 'a');
    await set('a', loaded);
    return expiresAfter(await secondsLeft('a'), '1000 s');
  },
);

behaviour('`touch` does not give the cookie of a browser session an expiry.', {}, async (open) => {
  const { set, touch, get } = await open();
  await set('a', sessionFor(null));
  await touch('a', sessionFor(null));
  return is((await get('a')).cookie.expires ?? null, null);
});

section('Concurrent requests');

const lost = { simple: 'one change is lost', pool: 'one change is lost', memory: 'one change is lost' };
const revived = { simple: 'it is revived', pool: 'it is revived', memory: 'it is revived' };

behaviour('If two requests change different keys, the store keeps both changes.', lost, async (open) => {
  const { store, set, get } = await open();
  await set('a', sessionFor(100, { user: 'ada' }));
  const [one, other] = [await loadSession(store, 'a'), await loadSession(store, 'a')];
  one.cart = ['book'];
  other.theme = 'dark';
  await set('a', one);
  await set('a', other);
  const { user, cart, theme } = await get('a');
  return isDeepStrictEqual([user, cart, theme], ['ada', ['book'], 'dark']) || 'one change is lost';
});

behaviour(
  'If one request deletes a key, the save of another does not restore it.',
  {
    simple: 'it is restored',
    pool: 'it is restored',
    memory: 'it is restored',
  },
  async (open) => {
    const { store, set, get } = await open();
    await set('a', sessionFor(100, { flash: 'hello' }));
    const [one, other] = [await loadSession(store, 'a'), await loadSession(store, 'a')];
    delete one.flash;
    other.theme = 'dark';
    await set('a', one);
    await set('a', other);
    return !('flash' in (await get('a'))) || 'it is restored';
  },
);

behaviour('If one request destroys a session, the save of another does not revive it.', revived, async (open) => {
  const { store, set, get, destroy } = await open();
  await set('a', sessionFor(100, { user: 'ada' }));
  const slow = await loadSession(store, 'a');
  await destroy('a');
  slow.theme = 'dark';
  await set('a', slow);
  return !(await get('a')) || 'it is revived';
});

behaviour(
  'With `resave: true`, the save of a request that only read does not revive a destroyed session.',
  revived,
  async (open) => {
    const { store, set, get, destroy } = await open();
    await set('a', sessionFor(100, { user: 'ada' }));
    const slow = await loadSession(store, 'a');
    await destroy('a');
    await set('a', slow);
    return !(await get('a')) || 'it is revived';
  },
);

behaviour('The `touch` of another request does not revive a destroyed session.', {}, async (open) => {
  const { store, set, touch, get, destroy } = await open();
  await set('a', sessionFor(100, { user: 'ada' }));
  const slow = await loadSession(store, 'a');
  await destroy('a');
  await touch('a', slow);
  return !(await get('a')) || 'it is revived';
});

behaviour(
  'If one request prolongs a session ("remember me"), a request that loaded it earlier does not shorten it.',
  { simple: '100 s', pool: '100 s', memory: '100 s' },
  async (open) => {
    const { store, set, touch, secondsLeft } = await open();
    await set('a', sessionFor(100));
    const [login, poll] = [await loadSession(store, 'a'), await loadSession(store, 'a')];
    login.cookie.maxAge = 1_000_000;
    await set('a', login);
    poll.touch();
    await touch('a', poll);
    return expiresAfter(await secondsLeft('a'), '1000 s');
  },
);

behaviour(
  'The store writes one session in the order of the calls.',
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

behaviour('`set` works without a callback.', {}, async (_, name) => (await scenariosOf(name)).set);
behaviour(
  '`touch` works without a callback.',
  { pool: 'ends the process: fn is not a function' },
  async (_, name) => (await scenariosOf(name)).touch,
);
behaviour('`destroy` works without a callback.', {}, async (_, name) => (await scenariosOf(name)).destroy);

behaviour(
  'Without a callback, a method returns a promise.',
  { simple: 'undefined', pool: 'undefined', memory: 'undefined' },
  async (open) => {
    const { store, get } = await open({}, { pool: freshPool({ max: 1 }) });
    const returned: unknown = store.set('a', sessionFor(100));
    await get('a');
    return returned instanceof Promise || inspect(returned);
  },
);

behaviour('The store calls back after the method has returned.', {}, async (open) => calledLater(await open()));
behaviour(
  'With `disableTouch`, the store also calls back after the method has returned.',
  { simple: 'touch calls back at once' },
  async (open) => calledLater(await open({ disableTouch: true })),
);

async function calledLater({ store }: Subject): Promise<Outcome> {
  const calls: [method: string, ...args: unknown[]][] = [
    ['set', 'a', sessionFor(100)],
    ['get', 'a'],
    ['touch', 'a', sessionFor(100)],
    ['destroy', 'a'],
  ];
  for (const [method, ...args] of calls) {
    let returned = false;
    const later = new Promise((resolve) => store[method](...args, () => resolve(returned)));
    returned = true;
    if (!(await later)) return `${method} calls back at once`;
  }
  return true;
}

behaviour('The store calls a callback that throws only once.', { simple: 'twice', pool: 'twice' }, async (_, name) => {
  const { calls } = (await scenariosOf(name)).throwing;
  return calls === 1 || (calls === 2 ? 'twice' : `${calls} times`);
});
behaviour(
  'If a callback throws, the session stays in the store.',
  { simple: 'the session is deleted', pool: 'the session is deleted' },
  async (_, name) => (await scenariosOf(name)).throwing.row,
);
behaviour(
  'The store works after a callback threw.',
  {},
  async (_, name) => (await scenariosOf(name)).throwing.nextCall,
);

for (const [method, ...args] of [['set', sessionFor(100)], ['get'], ['touch', sessionFor(100)], ['destroy']] as const)
  onTable(
    `If the statement of \`${method}\` fails, the callback gets the error.`,
    method === 'set' ? { pool: 'no error' } : {},
    async (open) => {
      const { store, table } = await open();
      await table.pool.query(`DROP TABLE ${quotedName(table)}`);
      return callStore(store, method, 'a', ...args).then(
        () => 'no error',
        (error) => is(sqlStateOf(error), '42P01'),
      );
    },
  );

onTable(
  'If `set` fails without a callback, `errorLog` gets the error.',
  { simple: 'no error', pool: 'no error' },
  async (open) => {
    const { store, get, table, logged } = await open({}, { pool: freshPool({ max: 1 }) });
    await table.pool.query(`DROP TABLE ${quotedName(table)}`);
    store.set('a', sessionFor(100));
    await get('a').catch(() => {}); // it ends after the write
    return logged.length > 0 || 'no error';
  },
);

behaviour(
  'If a session cannot be written as JSON, the callback gets an error.',
  {
    pool: 'ends the process: Release called on client which has already been released to the pool.',
    memory: 'throws',
  },
  async (_, name) => (await scenariosOf(name)).circularSession,
);

onTable(
  'A failed statement does not close its connection.',
  { simple: 'each one closes a connection' },
  async (open) => {
    const { get, table } = await open({}, { pool: administrator(freshPool({ max: 1 })) }); // connect-pg-simple calls pool.query()
    await table.pool.query(`DROP TABLE ${quotedName(table)}`);
    let connections = 0;
    table.pool.on('connect', () => connections++);
    for (let n = 0; n < 3; n++) await get('a').catch(() => {});
    return connections === 0 || (connections >= 2 ? 'each one closes a connection' : `${connections} connections`);
  },
);

onTable(
  'The process survives the loss of an idle connection.',
  {
    simple: 'ends the process: terminating connection due to administrator command',
    pool: 'ends the process: terminating connection due to administrator command',
  },
  async (_, name) => (await scenariosOf(name)).idleConnectionDies!,
);

section('Maintenance');

behaviour(
  '`all` returns an array of the live sessions.',
  { simple: 'has no all()', pool: 'has no all()', memory: 'an object with the ids as keys' },
  async (open) => {
    const { store, set } = await open();
    await set('a', sessionFor(100, { user: 'ada' }));
    await set('b', sessionFor(-5, { user: 'bob' }));
    const all = await callStore(store, 'all');
    if (!Array.isArray(all)) return 'an object with the ids as keys';
    return is(
      all.map(({ user }) => user),
      ['ada'],
    );
  },
);

behaviour(
  '`length` returns the number of live sessions.',
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

onTable('`pruneSessions` deletes the expired sessions only.', {}, async (open) => {
  const { store, set, table } = await open();
  await set('a', sessionFor(100));
  await set('b', sessionFor(-5));
  await callStore(store, 'pruneSessions');
  return is((await table.pool.query(`SELECT sid FROM ${quotedName(table)}`)).rows, [{ sid: 'a' }]);
});

behaviour(
  '`pruneSessions` returns the number of deleted sessions.',
  { simple: 'undefined', pool: 'undefined', memory: 'has no pruneSessions()' },
  async (open) => {
    const { store, set } = await open();
    await set('a', sessionFor(-5));
    return is(await callStore(store, 'pruneSessions'), 1);
  },
);

onTable('The store deletes expired sessions on a timer.', {}, async (open) => {
  const { set, table } = await open({ pruneSessionInterval: 0.02 });
  await set('a', sessionFor(-5));
  await until(async () => (await table.pool.query(`SELECT FROM ${quotedName(table)}`)).rowCount === 0);
  return true;
});

behaviour('The store does not keep the process alive.', { pool: 'a timer keeps it alive' }, async (_, name) =>
  exits(name),
);

behaviour("`close` does not end the app's pool.", { memory: 'has no close()' }, async (open) => {
  const { store, table } = await open();
  if (!store.close) return 'has no close()';
  await store.close();
  await table.pool.query('SELECT');
  return true;
});

behaviour(
  'The constructor throws if an option is unknown.',
  { simple: 'the option is ignored', pool: 'the option is ignored', memory: 'the option is ignored' },
  async (open) =>
    open({ tabelName: 'sessions' }).then(
      () => 'the option is ignored',
      ({ message }) => is(message, 'unknown option "tabelName". Did you mean tableName?'),
    ),
);

section('Names and tables');

onTable('The name of a table can contain a quote.', { pool: 'syntax error at or near "$"' }, async (open) => {
  const { table } = await open();
  const raw = { schemaName: table.schemaName, tableName: table.tableName }; // open() would double connect-pg-pool's quotes
  return setAndGet(await open(raw, { ...table, createTable: false }));
});

const missingTable = () => ({
  schemaName: `web ${freshNames().schemaName.replace(/\D/g, '')}`,
  tableName: 'sessions',
  createTable: false as const,
  pool: administrator(freshPool()),
});

onTable('`createTableIfMissing` creates the table.', { pool: 'no such table' }, async (open) =>
  setAndGet(await open({ createTableIfMissing: true }, missingTable())),
);

onTable(
  '`createTableIfMissing` creates a table called `a$&b`.',
  { simple: 'syntax error at or near "session"', pool: 'no such table' },
  async (open) => setAndGet(await open({ createTableIfMissing: true }, { ...missingTable(), tableName: 'a$&b' })),
);

onTable(
  '`createTableIfMissing` creates a second table in the same schema.',
  { simple: 'relation "session_pkey" already exists', pool: 'no such table' },
  async (open) => {
    const first = missingTable();
    await setAndGet(await open({ createTableIfMissing: true }, first));
    return setAndGet(await open({ createTableIfMissing: true }, { ...first, tableName: 'more sessions' }));
  },
);

onTable(
  '`createTableIfMissing` tries again after a failure.',
  { simple: 'every later call fails', pool: 'no such table' },
  async (open) => {
    const subject = await open({ createTableIfMissing: true }, missingTable());
    const { pool, schemaName } = subject.table;
    await pool.query(`DROP SCHEMA "${schemaName}"`);
    await setAndGet(subject);
    await makeSchema(subject.table);
    const again = await setAndGet(subject);
    return again === true || again === 'no such table' ? again : 'every later call fails';
  },
);

onTable(
  '`createTableIfMissing` works if several processes start at once.',
  { simple: 'duplicate key value violates unique constraint "pg_type_typname_nsp_index"', pool: 'no such table' },
  async (open) => {
    const names = missingTable();
    const pool = administrator(freshPool({ application_name: names.schemaName }));
    const start = () => open({ createTableIfMissing: true }, { ...names, pool });
    const subjects = [await start(), await start()];
    const client = await pool.connect(); // the stores find the table missing and wait for its transaction
    await client.query(`BEGIN; CREATE TABLE "${names.schemaName}"."${names.tableName}" ()`);
    const outcomes = Promise.all(subjects.map(setAndGet));
    await Promise.race([outcomes, until(async () => (await lockWaiters(pool)) === subjects.length)]);
    await client.query('ROLLBACK');
    client.release();
    return (await outcomes).find((outcome) => outcome !== true) ?? true;
  },
);

const sqlStateOf = (error: unknown) => (error as SessionStoreError).sqlState ?? (error as { code?: string }).code;

/** Saves a session and reads it. */
async function setAndGet({ set, get }: Subject): Promise<Outcome> {
  try {
    await set('a', sessionFor(100, { user: 'ada' }));
    return is((await get('a')).user, 'ada');
  } catch (error) {
    return sqlStateOf(error) === '42P01' ? 'no such table' : (error as Error).message;
  }
}

const test = suite('behaviour', { timeout: 30_000 }); // the suite starts eight processes

for (const { title, outcomes, check } of sections.flatMap(({ behaviours }) => behaviours))
  test(title, async () => {
    const observe = (name: StoreName) => check(opener(name), name).catch((error) => error.message as string);
    const observed = await Promise.all(STORES.map(async (name) => [name, await observe(name)]));
    assert.equal(Object.fromEntries(observed), outcomes);
  });

const DOCS = new URL('../../docs/behaviour.md', import.meta.url);
const TABLES = /(?<=<!-- tables: .* -->\n).*(?=<!-- end of tables -->)/s;

test('docs/behaviour.md has the same tables', () => {
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
  const behaviourRow = ({ title, outcomes }: Behaviour) =>
    row(title, ...STORES.map((name) => (outcomes[name] === true ? 'yes' : outcomes[name])));
  return sections
    .map(({ title, behaviours }) =>
      ['', `## ${title}`, '', head, '|---|---|---|---|---|', ...behaviours.map(behaviourRow), ''].join('\n'),
    )
    .join('');
}
