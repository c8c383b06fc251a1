// A rolling deployment: this store and a predecessor use the predecessor's table at the same time.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import express from 'express';
import session from 'express-session';
import * as assert from 'uvu/assert';
import { freshNames, freshPool } from '../support/fresh-store.js';
import { onEnd, suite } from '../support/harness.js';
import {
  callStore,
  makeSchema,
  makeTable,
  PREDECESSORS,
  quotedName,
  sessionFor,
  type TestTable,
} from '../support/stores.js';
import { opener, type Subject } from '../support/subject.js';

const OURS = 'connect-pg-typed';
const ZONE = 'America/New_York'; // not UTC, because UTC hides mistakes with time zones

type MakeTable = (table: TestTable) => Promise<unknown>;
const withColumns =
  (columns: string): MakeTable =>
  (table) =>
    table.pool.query(
      `CREATE TABLE ${quotedName(table)} (sid varchar NOT NULL COLLATE "default" PRIMARY KEY, ${columns})`,
    );

/** The kinds of tables that apps have. */
const TABLES: Record<string, MakeTable> = {
  "connect-pg-simple's table": (table) => makeTable('connect-pg-simple', table),
  "connect-pg-pool's table": (table) => makeTable('connect-pg-pool', table),
  "connect-pg-typed's table": (table) => makeTable(OURS, table), // json and timestamptz
  'jsonb and timestamp(6)': withColumns('sess jsonb NOT NULL, expire timestamp(6) NOT NULL'),
  'jsonb and timestamptz': withColumns('sess jsonb NOT NULL, expire timestamptz NOT NULL'),
  'text and timestamp(6)': withColumns('sess text NOT NULL, expire timestamp(6) NOT NULL'),
  'text and timestamptz': withColumns('sess text NOT NULL, expire timestamptz NOT NULL'),
  'more columns': withColumns(
    `id bigint GENERATED ALWAYS AS IDENTITY, sess json NOT NULL, expire timestamp(6) NOT NULL, created timestamptz NOT NULL DEFAULT now(),
     username text GENERATED ALWAYS AS (sess ->> 'user') STORED, note text`,
  ),
};

/** Makes a table, and a function that opens a store on it. */
async function freshTable(make: MakeTable, zone = ZONE) {
  const table = { pool: freshPool({ options: `-c TimeZone=${zone}` }), ...freshNames() };
  await makeSchema(table);
  await make(table);
  const open = (name: (typeof PREDECESSORS)[number] | typeof OURS): Promise<Subject> =>
    opener(name)({}, { ...table, createTable: false });
  return { open, table };
}

const about = (seconds: number, expected: number) =>
  assert.ok(Math.abs(seconds - expected) < 30, `${seconds} s, expected ${expected} s`);

const PAYLOAD = {
  user: 'ada',
  cart: [{ id: 1, 'price in €': 9.5, gift: null }],
  text: '😀 "it\'s" \\ \n',
  empty: {},
  ключ: true,
};

const test = suite('rolling deployment');

for (const old of PREDECESSORS)
  for (const [kind, make] of Object.entries(TABLES))
    for (const [from, to] of [
      [old, OURS],
      [OURS, old],
    ] as const) {
      test(`${kind}: ${to} gets a session that ${from} set`, async () => {
        const { open } = await freshTable(make);
        const written = sessionFor(null, PAYLOAD);
        await (await open(from)).set('a', written);

        assert.equal(await (await open(to)).get('a'), JSON.parse(JSON.stringify(written)));
      });

      test(`${kind}: ${to} replaces a session that ${from} set`, async () => {
        const { open } = await freshTable(make);
        const writer = await open(from);
        await writer.set('a', sessionFor(100, { user: 'ada' }));

        await (await open(to)).set('a', sessionFor(100, { user: 'grace' }));

        assert.is((await writer.get('a')).user, 'grace');
      });

      test(`${kind}: ${to} touches a session that ${from} set`, async () => {
        const { open } = await freshTable(make);
        const writer = await open(from);
        await writer.set('a', sessionFor(100));

        await (await open(to)).touch('a', sessionFor(1000));

        about(await writer.secondsLeft('a'), 1000);
      });

      test(`${kind}: ${from} does not get a session that ${to} destroyed`, async () => {
        const { open } = await freshTable(make);
        const writer = await open(from);
        await writer.set('a', sessionFor(100));

        await (await open(to)).destroy('a');

        assert.not(await writer.get('a'));
      });

      test(`${kind}: ${to} prunes only the expired sessions of ${from}`, async () => {
        const { open, table } = await freshTable(make);
        const writer = await open(from);
        await writer.set('live', sessionFor(100));
        await writer.set('expired', sessionFor(-5));

        await callStore((await open(to)).store, 'pruneSessions');

        assert.equal((await table.pool.query(`SELECT sid FROM ${quotedName(table)}`)).rows, [{ sid: 'live' }]);
      });
    }

for (const [kind, make] of Object.entries(TABLES))
  test(`${kind}: createTableIfMissing does not change the table`, async () => {
    const { table } = await freshTable(make);
    const before = await describeTable(table);
    const { set } = await opener(OURS)({ createTableIfMissing: true }, { ...table, createTable: false });
    await set('a', sessionFor(100));

    assert.equal(await describeTable(table), before);
  });

async function describeTable(table: TestTable) {
  const { rows: columns } = await table.pool.query(
    `SELECT attname, format_type(atttypid, atttypmod), attnotnull
     FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 ORDER BY attnum`,
    [quotedName(table)],
  );
  const { rows: indexes } = await table.pool.query(
    'SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = $1::regclass ORDER BY 1',
    [quotedName(table)],
  );
  return { columns, indexes };
}

for (const old of PREDECESSORS)
  for (const zone of ['UTC', ZONE, 'Asia/Kolkata'])
    for (const type of ['timestamp(6)', 'timestamptz'])
      for (const [what, seconds] of [
        ['a session with a maxAge', 100],
        ['a browser session', null],
      ] as const)
        test(`connect-pg-typed and ${old} give ${what} the same expiry in ${zone}, on ${type}`, async () => {
          const { open, table } = await freshTable(withColumns(`sess json NOT NULL, expire ${type} NOT NULL`), zone);
          const [theirs, ours] = [await open(old), await open(OURS)];
          const start = Date.now();
          await theirs.set('theirs', sessionFor(seconds));
          await ours.set('ours', sessionFor(seconds));
          const elapsed = (Date.now() - start) / 1000;

          const { rows } = await table.pool.query(
            `SELECT extract(epoch FROM o.expire - t.expire)::float8 AS later, extract(epoch FROM now())::float8 AS now
             FROM ${quotedName(table)} AS o, ${quotedName(table)} AS t WHERE o.sid = 'ours' AND t.sid = 'theirs'`,
          );
          const serverAhead = rows[0].now - Date.now() / 1000; // the predecessor uses the app's clock, this store the server's
          const later = rows[0].later - serverAhead;
          // the predecessors round up to a whole second
          assert.ok(later > -1.2 && later < elapsed + 0.2, `${later} s later`);
        });

for (const old of PREDECESSORS) {
  test(`connect-pg-typed and ${old} agree on a timestamptz in different time zones`, async () => {
    const { open, table } = await freshTable(TABLES["connect-pg-typed's table"]!);
    await (await open(OURS)).set('a', sessionFor(100));

    const elsewhere = { ...table, pool: freshPool({ options: '-c TimeZone=Asia/Kolkata' }) };
    about(await (await opener(old)({}, { ...elsewhere, createTable: false })).secondsLeft('a'), 100);
  });

  test(`connect-pg-typed and ${old} both read a timestamp(6) from UTC as expired in India`, async () => {
    const { open, table } = await freshTable(TABLES["connect-pg-simple's table"]!, 'UTC');
    await (await open(old)).set('a', sessionFor(100));

    const elsewhere = {
      ...table,
      pool: freshPool({ options: '-c TimeZone=Asia/Kolkata' }),
      createTable: false as const,
    };
    const [theirs, ours] = [await opener(old)({}, elsewhere), await opener(OURS)({}, elsewhere)];
    assert.equal([(await theirs.get('a')) ?? null, await ours.get('a')], [null, null]);
  });

  test(`connect-pg-typed reads NUL and half a surrogate pair that ${old} wrote`, async () => {
    const { open } = await freshTable(TABLES["connect-pg-simple's table"]!);
    await (await open(old)).set('a', sessionFor(100, { text: '\0 \ud800' }));

    assert.is((await (await open(OURS)).get('a')).text, '\0 \ud800');
  });

  test(`${old} reads DEL, u and digits for NUL and half a surrogate pair that connect-pg-typed wrote`, async () => {
    const { open } = await freshTable(TABLES["connect-pg-simple's table"]!);
    await (await open(OURS)).set('a', sessionFor(100, { text: '\0 \ud800' }));

    assert.is((await (await open(old)).get('a')).text, '\x7fu0000 \x7fud800');
  });
}

const http = suite('rolling deployment over HTTP');

/** Starts an app that counts visits with this store, and returns its URL. */
async function serve({ store }: Subject): Promise<string> {
  const app = express()
    .use(session({ secret: 'secret', resave: false, saveUninitialized: false, cookie: { maxAge: 100_000 }, store }))
    .get('/visit', (req, res) => {
      req.session.visits = (req.session.visits ?? 0) + 1;
      res.json({ id: req.sessionID, visits: req.session.visits });
    })
    .get('/read', (req, res) => void res.json({ id: req.sessionID, visits: req.session.visits }))
    .get('/sign-out', (req, res, next) => void req.session.destroy((error) => (error ? next(error) : res.json({}))));
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onEnd(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A browser that keeps its cookie. The cookie is valid for 127.0.0.1 on any port. */
function browser() {
  let cookie = '';
  return async (url: string): Promise<{ id: string; visits?: number }> => {
    const response = await fetch(url, { headers: { cookie } });
    cookie = response.headers.getSetCookie()[0]?.split(';')[0] ?? cookie;
    assert.is(response.status, 200);
    return (await response.json()) as { id: string; visits?: number };
  };
}

for (const old of PREDECESSORS) {
  const freshApps = async () => {
    const { open, table } = await freshTable((table) => makeTable(old, table));
    const [before, after] = [await open(old), await open(OURS)];
    return { before: await serve(before), after: await serve(after), table, secondsLeft: after.secondsLeft };
  };

  http(`${old}: a session continues when the old app and the new app answer in turn`, async () => {
    const { before, after } = await freshApps();
    const visit = browser();
    const visits = [];
    for (const app of [before, after, before, before, after, after, before, after])
      visits.push(await visit(`${app}/visit`));

    const { id } = visits[0]!;
    assert.equal(
      visits,
      [1, 2, 3, 4, 5, 6, 7, 8].map((count) => ({ id, visits: count })),
    );
  });

  for (const [name, first, second] of [
    ['the new app', 'before', 'after'],
    ['the old app', 'after', 'before'],
  ] as const) {
    http(`${old}: ${name} gets the session that the other made`, async () => {
      const apps = await freshApps();
      const visit = browser();
      const { id } = await visit(`${apps[first]}/visit`);

      assert.equal(await visit(`${apps[second]}/read`), { id, visits: 1 });
    });

    http(`${old}: a read in ${name} moves the expiry of a session that the other made`, async () => {
      const apps = await freshApps();
      const { pool } = apps.table;
      const visit = browser();
      const { id } = await visit(`${apps[first]}/visit`);
      await pool.query(`UPDATE ${quotedName(apps.table)} SET expire = expire - interval '60 s'`);

      await visit(`${apps[second]}/read`);

      about(await apps.secondsLeft(id), 100);
    });

    http(`${old}: a session that ${name} destroys is gone in the other`, async () => {
      const apps = await freshApps();
      const visit = browser();
      await visit(`${apps[first]}/visit`);
      await visit(`${apps[second]}/sign-out`);

      assert.is((await visit(`${apps[first]}/read`)).visits, undefined);
    });
  }
}
