// connect-pg-typed/admin finds, lists, revokes and counts sessions, by their handles and not by
// their ids.
import { createHash } from 'node:crypto';
import pg from 'pg';
import * as assert from 'uvu/assert';
import { type Admin, type AdminOptions, createAdmin } from '../../src/admin/admin.js';
import {
  administrator,
  cookieFor,
  freshPool,
  freshStore,
  loadSession,
  newSession,
  session,
} from '../support/fresh-store.js';
import { suite } from '../support/harness.js';
import { invalid } from '../support/invalid.js';
import { failure } from '../support/limited-role.js';
import { type AnyStore, makeStore } from '../support/stores.js';

const test = suite('admin', { timeout: 60_000 });

const handleOf = (sid: string) => createHash('sha256').update(sid).digest('hex');
const passport = (user: unknown) => ({ passport: { user } });

/** A store, and an admin of its table. */
async function fresh(options: Parameters<typeof freshStore>[0] & { userPath?: AdminOptions['userPath'] } = {}) {
  const { userPath, ...rest } = options;
  const made = await freshStore(rest);
  return { ...made, admin: createAdmin({ pool: made.pool, ...made.names, userPath }) };
}

const columns = (['json', 'jsonb', 'text'] as const).flatMap((sess) =>
  ['timestamptz', 'timestamp(6)'].map((expire) => ({ sess, expire })),
);

for (const { sess, expire } of columns) {
  test(`find(), show() and revoke() work on ${sess} and ${expire} columns`, async () => {
    const { store, admin } = await fresh({ columns: { sess, expire } });
    await store.set('a', session(passport('ada'), cookieFor(600)));
    await store.set('b', session(passport('ada'), cookieFor(60)));
    await store.set('c', session(passport('bob'), cookieFor(60)));

    const found = await admin.find('ada');
    assert.equal(
      found.map(({ handle, user }) => [handle, user]),
      [
        [handleOf('a'), 'ada'],
        [handleOf('b'), 'ada'],
      ],
    );
    assert.ok(Math.abs(found[0]!.secondsLeft - 600) < 5);
    assert.equal(found[0]!.session!.passport, { user: 'ada' });
    assert.instance(found[0]!.session!.cookie.expires, Date);
    assert.is((await admin.show(handleOf('c')))?.user, 'bob');
    assert.is(await admin.show(handleOf('nobody')), null);

    assert.is(await admin.revokeUser('ada', { except: handleOf('b') }), 1);
    assert.is(await admin.revoke(handleOf('c')), true);
    assert.is(await admin.revoke(handleOf('c')), false);
    assert.equal(
      (await admin.list()).sessions.map(({ handle }) => handle),
      [handleOf('b')],
    );
    assert.is(await admin.count(), 1);
    assert.is(await admin.revokeAll(), 1);
    assert.is(await admin.count(), 0);
  });
}

test('find() takes a number and its digits as the same user', async () => {
  const { store, admin } = await fresh({ userPath: ['user', 'id'] });
  await store.set('a', session({ user: { id: 42 } }));
  await store.set('b', session({ user: { id: '42' } }));
  await store.set('c', session({ user: { id: 420 } }));
  for (const user of [42, '42', 42n]) assert.is((await admin.find(user)).length, 2);
  assert.is((await admin.find(42))[0]!.user, '42');
});

test('find() finds any user at any path, also text that PostgreSQL cannot store', async () => {
  for (const text of [
    'a\0b',
    'half \ud800 pair',
    '\ue000',
    '\ue0000000',
    `it's "quoted" \\ $& {a,b}`,
    '',
    'é漢😀',
    'NULL',
  ]) {
    const userPath = [text, `${text}'{ss__userPath}'"session_store"."session"`];
    const { store, admin, pool, names } = await fresh({ userPath });
    await createAdmin({ pool: administrator(pool), ...names, userPath }).createUserIndex();
    await store.set('a', session({ [text]: { [userPath[1]!]: text } }));
    await store.set('b', session({ [text]: { [userPath[1]!]: `${text}x` } }));
    const found = await admin.find(text);
    assert.equal(
      found.map(({ handle, user }) => [handle, user]),
      [[handleOf('a'), text]],
      JSON.stringify(text),
    );
    assert.is(await admin.revokeUser(text), 1);
  }
});

test('an entry has the value at the user path as the text that find() compares', async () => {
  const { store, admin } = await fresh();
  const users = ['ada', 42, 1.5, true, { id: 7 }, ['x'], null, undefined];
  for (const [n, user] of users.entries()) await store.set(`s${n}`, session(passport(user)));
  await store.set('s8', session());
  await store.set('s9', session({ passport: null }));
  const { sessions } = await admin.list();
  const listed = Object.fromEntries(sessions.map(({ handle, user }) => [handle, user]));
  const expected = ['ada', '42', '1.5', 'true', '{"id":7}', '["x"]', null, null, null, null];
  assert.equal(
    expected.map((_, n) => listed[handleOf(`s${n}`)]),
    expected,
  );
  for (const user of expected) if (user !== null) assert.is((await admin.find(user)).length, 1, user);
});

const KEY = Buffer.from([...Array(32).keys()]);
const USERS = [
  ...['"ada"', '""', '"\\u0061\\u00e9\\ud83d\\ude00"', '"a\\"b\\\\c\\/d\\n"', '" null "', '"1e21"', '"{}"'],
  ...['42', '1.0', '-0', '-0.0', '1e21', '1E+2', '1.50e-9', '123456789012345678901234567890', '0.1', '-7', '1e-7'],
  ...[
    'true',
    'false',
    '{}',
    '[]',
    '{ "id" :7,"a": [1.0, {"b": "]}\\""}] }',
    '[ [1 ,2], "x,y" ,{"a":null}]',
    '{"a":1,"a":2}',
  ],
];

for (const sess of ['json', 'jsonb', 'text'] as const) {
  for (const path of ['object', 'array'] as const) {
    test(`each user that list() shows is found and revoked by that text, in a ${path} in a ${sess} column`, async () => {
      const userPath = path === 'object' ? ['passport', 'user'] : ['ids', '-1', 'it"s'];
      const { pool, table, admin } = await fresh({ columns: { sess, expire: 'timestamptz' }, userPath });
      const payloadOf = (user: string) =>
        path === 'object'
          ? `{"a":{"passport":1},"passport": {"x":"user","user" : ${user} }}`
          : `{"ids":[1 ,{"it\\"s":${user}}]}`;
      for (const [n, user] of USERS.entries()) {
        await pool.query(`INSERT INTO ${table} VALUES ($1, $2, now() + interval '1 h')`, [`${n}`, payloadOf(user)]);
      }
      const { sessions } = await admin.list();
      assert.is(sessions.length, USERS.length);
      for (const { handle, user } of sessions) {
        assert.is((await admin.show(handle))?.user, user);
        assert.ok(
          (await admin.find(user!)).some((found) => found.handle === handle),
          user!,
        );
        assert.ok(await admin.revoke(handle, { user: user! }), user!);
      }
      assert.is(await admin.count(), 0);
    });
  }
}

for (const sess of ['json', 'jsonb', 'text'] as const) {
  for (const options of [{}, { encryption: { keys: [KEY] }, hashIds: true }]) {
    test(`a user of any type is found and revoked as listed and as the number, in ${sess}, with ${JSON.stringify(Object.keys(options))}`, async () => {
      const { store, pool, names } = await freshStore({ columns: { sess, expire: 'timestamptz' }, ...options });
      const admin = createAdmin({ pool, ...names, ...options });
      const users = [
        'ada',
        'a\0b',
        '\ue000',
        42,
        1e21,
        1.5e300,
        5e-324,
        -1.25e-7,
        0.1,
        -0,
        1e20,
        true,
        { id: 7, a: ['x', {}] },
        ['a\0'],
      ];
      for (const user of users) {
        await store.set('a', session(passport(user)));
        const [entry] = (await admin.list()).sessions;
        assert.is((await admin.find(entry!.user!)).length, 1, entry!.user!);
        if (typeof user === 'number') {
          assert.is((await admin.find(user)).length, 1, String(user));
          if (Number.isInteger(user)) assert.is((await admin.find(BigInt(user))).length, 1, String(user));
        }
        assert.is(await admin.revokeUser(entry!.user!), 1, entry!.user!);
        assert.is(await admin.count(), 0);
      }
    });
  }
}

test('list() pages through all sessions once, also through those that expire at the same time', async () => {
  for (const expire of ['timestamptz', 'timestamp(6)']) {
    const { pool, table, admin } = await fresh({ columns: { sess: 'json', expire } });
    await pool.query(`INSERT INTO ${table} SELECT 's' || n, '{}', now() + (n / 10 + 60) * interval '1 microsecond' * 1e6
      FROM generate_series(0, 94) AS n`);
    await pool.query(`INSERT INTO ${table} VALUES ('always', '{}', 'infinity'), ('eternal', '{}', 'infinity'),
      ('dead', '{}', now() - interval '1 s'), ('late', '{}', '9999-12-31 12:00'), ('later', '{}', '12000-12-31 12:00')`);
    const seen: string[] = [];
    let after: string | null = null;
    let pages = 0;
    do {
      const page: Awaited<ReturnType<Admin['list']>> = await admin.list({ after, limit: 7 });
      seen.push(...page.sessions.map(({ handle }) => handle));
      after = page.next;
      pages++;
    } while (after);
    assert.is(pages, 15);
    assert.is(new Set(seen).size, 99);
    assert.is(seen.length, 99);
    assert.equal(seen.slice(-4, -2), [handleOf('late'), handleOf('later')]);
  }
});

test('list() continues after the last entry when sessions were created and deleted, under any TimeZone and DateStyle', async () => {
  const { store, names, admin } = await fresh();
  for (let n = 0; n < 10; n++) await store.set(`s${n}`, session({}, cookieFor(100 + n * 10)));
  const { next, sessions } = await admin.list({ limit: 5 });
  assert.equal(
    sessions.map(({ handle }) => handle),
    ['s0', 's1', 's2', 's3', 's4'].map(handleOf),
  );
  await store.destroy('s4');
  await store.destroy('s6');
  await store.set('new', session({}, cookieFor(50)));

  const otherPool = freshPool({ options: '-c TimeZone=Asia/Kolkata -c DateStyle=SQL,DMY' });
  const rest = await createAdmin({ pool: otherPool, ...names }).list({ after: next });
  assert.equal(
    rest.sessions.map(({ handle }) => handle),
    ['s5', 's7', 's8', 's9'].map(handleOf),
  );
  assert.is(rest.next, null);
  const full = await admin.list({ limit: 9 });
  assert.equal([full.sessions.length, full.next], [9, null]);
  assert.is((await admin.list({ limit: 2 ** 31 - 1 })).sessions.length, 9);
});

test('list() gives null as the session of a row that does not hold one', async () => {
  const { pool, table, admin } = await fresh();
  await pool.query(
    `INSERT INTO ${table} VALUES ('a', '[1]', now() + interval '1 h'), ('b', '{"cookie":5}', now() + interval '2 h')`,
  );
  const { sessions } = await admin.list();
  assert.equal(
    sessions.map((entry) => entry.session),
    [null, { cookie: 5 }],
  );
  assert.equal(
    sessions.map(({ user }) => user),
    [null, null],
  );
});

test('revoke() with a user deletes only a session of that user', async () => {
  const { store, admin } = await fresh();
  await store.set('a', session(passport('ada')));
  assert.is(await admin.revoke(handleOf('a'), { user: 'bob' }), false);
  assert.is(await store.length(), 1);
  assert.is(await admin.revoke(handleOf('a'), { user: 'ada' }), true);
  assert.is(await store.length(), 0);
});

test('find() leaves out an expired session, and revokeUser() deletes it', async () => {
  const { pool, table, admin } = await fresh();
  await pool.query(`INSERT INTO ${table} VALUES ('a', '{"passport":{"user":1}}', now() - interval '1 s')`);
  assert.equal(await admin.find(1), []);
  assert.is(await admin.revokeUser(1), 1);
  assert.is((await pool.query(`SELECT FROM ${table}`)).rowCount, 0);
});

test('revokeUser() leaves no session of the user while eight clients save them', async () => {
  const { store, admin, pool, names } = await fresh({ userPath: ['user'], touchAfter: 0 });
  const other = makeStore('connect-pg-typed', { pool, ...names }, { touchAfter: 0 });
  for (let n = 0; n < 1000; n += 100) {
    await Promise.all(
      Array.from({ length: 100 }, (_, k) => store.set(`s${n + k}`, newSession(store, `s${n + k}`, { user: 7 }))),
    );
  }
  await store.set('other', session({ user: 8 }));
  let revoked = false;
  let saves = 0;
  const clients = Array.from({ length: 8 }, async (_, n) => {
    const mine: AnyStore = n % 2 ? store : other;
    const loaded = await Promise.all(Array.from({ length: 125 }, (_, k) => loadSession(mine, `s${n * 125 + k}`)));
    for (let round = 0; !revoked || round < 2; round++) {
      for (const [k, entry] of loaded.entries()) {
        entry.views = `${n} ${round} ${k}`;
        await mine.set(`s${n * 125 + k}`, entry);
        saves++;
      }
    }
    const last = loaded.map((entry, k) => Object.assign(entry, { last: k }));
    await Promise.all(last.map((entry, k) => mine.set(`s${n * 125 + k}`, entry)));
  });
  while (saves < 200) await new Promise((resolve) => setTimeout(resolve, 5));

  assert.is(await admin.revokeUser(7), 1000);
  const alive = (await admin.find(7)).length;
  revoked = true;
  await Promise.all(clients);

  assert.is(alive, 0);
  assert.is((await admin.find(7)).length, 0);
  assert.is(await admin.count(), 1);
});

test('prune() deletes expired sessions in batches, and calls onBatch after each', async () => {
  const { pool, table, admin } = await fresh();
  await pool.query(
    `INSERT INTO ${table} SELECT n, '{}', now() + (n - 25.5) * interval '1 h' FROM generate_series(1, 30) AS n`,
  );
  const batches: number[] = [];
  assert.is(await admin.prune({ batchSize: 10, onBatch: (rows) => batches.push(rows) }), 25);
  assert.equal(batches, [10, 10, 5]);
  assert.is(await admin.count(), 5);
});

for (const [kind, partition] of [
  ['a table', ''],
  ['a partitioned table', 'PARTITION BY HASH (sid)'],
]) {
  test(`stats() counts and measures the sessions of ${kind}`, async () => {
    const { pool, table, names, admin } = await fresh();
    if (partition) {
      await pool.query(`DROP TABLE ${table}`);
      await pool.query(`CREATE TABLE ${table} (sid varchar PRIMARY KEY, sess json, expire timestamptz) ${partition}`);
      for (const n of [0, 1]) {
        const part = `${pg.escapeIdentifier(names.schemaName)}."part ${n}"`;
        await pool.query(`CREATE TABLE ${part} PARTITION OF ${table} FOR VALUES WITH (MODULUS 2, REMAINDER ${n})`);
      }
    }
    const empty = await admin.stats();
    assert.equal(
      [empty.live, empty.expired, empty.meanBytes, empty.firstExpiresIn, empty.lastExpiresIn, empty.overdue],
      [0, 0, null, null, null, null],
    );
    await pool.query(
      `INSERT INTO ${table} SELECT n, '{"cookie":{}}', now() + (n * 10 - 25) * interval '1 s' FROM generate_series(1, 5) AS n`,
    );

    const {
      live,
      expired,
      meanBytes,
      largestBytes,
      firstExpiresIn,
      lastExpiresIn,
      overdue,
      tableBytes,
      indexBytes,
      deadRows,
    } = await admin.stats();
    assert.equal([live, expired], [3, 2]);
    for (const [seconds, expected] of [
      [firstExpiresIn, 5],
      [lastExpiresIn, 25],
      [overdue, 15],
    ]) {
      assert.ok(Math.abs(seconds! - expected!) < 3, `${seconds} s, not ${expected}`);
    }
    assert.ok(meanBytes! > 10 && meanBytes! < 30 && largestBytes! < 30);
    assert.ok(tableBytes >= 8192 && indexBytes >= 16_384 && deadRows === 0);
  });
}

test('stats() of a view counts sessions and gives 0 as the size', async () => {
  const { pool, table, names } = await fresh();
  await pool.query(`CREATE VIEW ${pg.escapeIdentifier(names.schemaName)}.seen AS SELECT * FROM ${table}`);
  const stats = await createAdmin({ pool, schemaName: names.schemaName, tableName: 'seen' }).stats();
  assert.equal([stats.live, stats.tableBytes], [0, 0]);
});

test('store.handle() gives the handle of a session id, and refuses undefined', async () => {
  const { store, admin } = await fresh();
  await store.set('a', session(passport('ada')));
  await store.set('b', session(passport('ada')));
  assert.is(await admin.revokeUser('ada', { except: store.handle('a') }), 1);
  assert.ok(await store.get('a'));
  assert.throws(() => store.handle(invalid(undefined)), /needs a session id/);
});

test('no result of the admin contains a session id', async () => {
  const { store, admin } = await fresh();
  const sid = 'a-very-secret-session-id';
  await store.set(sid, session(passport('ada')));
  await store.set('another', session({}, cookieFor(200_000))); // so that there is a next page
  const page = await admin.list({ limit: 1 });
  const results = [page, await admin.find('ada'), await admin.show(handleOf(sid)), await admin.stats()];
  assert.is(page.next!.split('/')[1], handleOf(sid));
  assert.not.match(JSON.stringify(results), sid);
});

test('the admin throws a TypeError that explains a wrong option or parameter', async () => {
  const { pool, admin } = await fresh();
  const wrongCalls: [() => unknown, RegExp][] = [
    [() => createAdmin(invalid(undefined)), /createAdmin\(\) needs a pool: createAdmin\(\{ pool \}\)/],
    [() => createAdmin({ pool: invalid({}) }), /pool must be a pg\.Pool, got an object$/],
    [() => createAdmin(invalid({ pool, schema: 'web' })), /unknown option "schema". The options are pool, schemaName/],
    [() => createAdmin({ pool, tableName: '' }), /tableName is empty/],
    [() => createAdmin({ pool, userPath: invalid('user.id') }), /userPath must be an array of keys.*, got 'user\.id'$/],
    [() => createAdmin({ pool, userPath: [] }), /userPath must be an array of keys/],
    [() => admin.find(invalid(undefined)), /the user must be the string or number/],
    [() => admin.find(Number.NaN), /the user must be the string or number/],
    [() => admin.revokeUser(invalid({})), /the user must be the string or number.*, got an object$/],
    [() => admin.list({ limit: 0 }), /limit must be a positive integer, got 0$/],
    [() => admin.revoke('some-session-id'), /a handle must have 64 hexadecimal digits/],
    [() => admin.revokeUser('ada', { except: 'some-session-id' }), /a handle must have 64 hexadecimal digits/],
    [
      () => admin.revokeUser('ada', invalid({ exept: '0'.repeat(64) })),
      /unknown option "exept". The options are except. Did you mean except\?$/,
    ],
    [() => admin.revokeUser('ada', invalid('0'.repeat(64))), /the options must be an object with except/],
    [() => admin.revoke('0'.repeat(64), invalid({ usr: 'ada' })), /unknown option "usr". The options are user/],
    [() => admin.list(invalid({ first: 10 })), /unknown option "first". The options are after, limit/],
    [() => admin.prune(invalid({ onExpired: 'print' })), /^onExpired must be a function, got 'print'$/],
    ...[0, -1, 1.5, Number.NaN, 2 ** 31, '10'].map((batchSize): [() => unknown, RegExp] => [
      () => admin.prune(invalid({ batchSize })),
      /batchSize must be a positive integer, got/,
    ]),
    [() => admin.prune(invalid({ batch: 10 })), /unknown option "batch". The options are batchSize, onBatch/],
    [() => admin.list({ after: 'yesterday' }), /after \(--after\) must be the next of another page/],
    [() => admin.list({ limit: 0 }), /limit must be a positive integer/],
  ];
  for (const [call, message] of wrongCalls) {
    const error = await (async () => call())().catch((caught: Error) => caught);
    assert.instance(error, TypeError);
    assert.match((error as Error).message, message);
    assert.not.match((error as Error).message, 'some-session-id');
  }
});

test('an option that is present without a value is a TypeError that names it, and nothing is deleted', async () => {
  const { store, admin } = await fresh();
  for (const sid of ['a', 'b']) await store.set(sid, session(passport('ada')));
  const handle = handleOf('a');
  const calls: [string, (value: any) => unknown][] = [
    ['user', (user) => admin.revoke(handle, { user })],
    ['except', (except) => admin.revokeUser('ada', { except })],
    ['batchSize', (batchSize) => admin.prune({ batchSize })],
    ['onBatch', (onBatch) => admin.prune({ onBatch })],
    ['limit', (limit) => admin.list({ limit })],
    ['createSchema', (createSchema) => store.createTable({ createSchema })],
    ['unlogged', (unlogged) => store.createTable({ unlogged })],
    ['userPath', (userPath) => store.createTable({ userPath })],
    ['trustOwner', (trustOwner) => store.createTable({ trustOwner })],
  ];
  for (const [name, call] of calls) {
    for (const value of [undefined, null]) {
      const error = await failure((async () => call(value))());
      assert.instance(error, TypeError);
      assert.is(error.message, `${name} is ${value}. Pass a value, or omit the option`);
    }
  }
  const after = await failure(admin.list(invalid({ after: undefined })));
  assert.is(after.message, 'after is undefined. Pass a value, or omit the option');
  assert.is((await admin.list({ after: null })).sessions.length, 2);
  assert.is(await admin.count(), 2);
});

test('a value of a wrong type as the user, the handle or an option is a TypeError, and nothing is deleted', async () => {
  const { store, admin } = await fresh();
  for (const sid of ['a', 'b']) await store.set(sid, session(passport('ada')));
  const handle = handleOf('a');
  const noHandles = [undefined, null, '', 1, {}, [handle], handle.toUpperCase(), `${handle}\n`, 'ada'];
  const noUsers = [
    undefined,
    null,
    Number.NaN,
    Infinity,
    {},
    ['ada'],
    true,
    Symbol('ada'),
    () => 'ada',
    new String('ada'),
  ];
  const calls: [unknown[], (value: any) => unknown][] = [
    [noHandles, (value) => admin.show(value)],
    [noHandles, (value) => admin.revoke(value)],
    [noHandles, (value) => admin.revoke(value, { user: 'ada' })],
    [noHandles, (value) => admin.revokeUser('ada', { except: value })],
    [noUsers, (value) => admin.find(value)],
    [noUsers, (value) => admin.revoke(handle, { user: value })],
    [noUsers, (value) => admin.revokeUser(value)],
    [[null, false, '', 0, 'ada', [], [handle], handle, () => {}], (value) => admin.revoke(handle, value)],
    [[null, false, '', 0, 'ada', [], [handle], handle, () => {}], (value) => admin.revokeUser('ada', value)],
  ];
  for (const [values, call] of calls) {
    for (const value of values) {
      const error = await failure((async () => call(value))());
      assert.instance(error, TypeError, String(error));
    }
  }
  assert.is(await admin.count(), 2);
});

test('a session that PostgreSQL cannot read fails a search with an error that names doctor', async () => {
  for (const unreadable of ['\\u0000', '\\ud800']) {
    const { pool, names, table, admin } = await fresh();
    const owner = createAdmin({ pool: administrator(pool), ...names });
    await pool.query(
      `INSERT INTO ${table} VALUES ('a', '{"passport":{"user":"x"},"k":"${unreadable}"}', now() + interval '1 h')`,
    );
    for (const call of [() => admin.find('x'), () => admin.revokeUser('x'), () => owner.createUserIndex()]) {
      const error = await call().catch((caught: Error) => caught);
      assert.match((error as Error).message, /cannot read one of the sessions/);
      assert.match((error as Error).message, /connect-pg-typed doctor/);
    }
    assert.is((await admin.list()).sessions.length, 1);
  }
});
