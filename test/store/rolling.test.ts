// A rolling deployment: this store and a predecessor work on one table at the same time, the table being the old one.
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
  type Place,
  PREDECESSORS,
  quotedName,
  sessionFor,
} from '../support/stores.js';
import { opener, type Subject } from '../support/subject.js';

const OURS = 'connect-pg-typed';
const ZONE = 'America/New_York'; // any but UTC, in which mistakes about time zones don't show

type MakeTable = (place: Place) => Promise<unknown>;
const withColumns =
  (columns: string): MakeTable =>
  (place) =>
    place.pool.query(
      `CREATE TABLE ${quotedName(place)} (sid varchar NOT NULL COLLATE "default" PRIMARY KEY, ${columns})`,
    );

/** The tables that people have. */
const TABLES: Record<string, MakeTable> = {
  "connect-pg-simple's table": (place) => makeTable('connect-pg-simple', place),
  "connect-pg-pool's table": (place) => makeTable('connect-pg-pool', place),
  "connect-pg-typed's table": (place) => makeTable(OURS, place), // json and timestamptz
  'jsonb and timestamp(6)': withColumns('sess jsonb NOT NULL, expire timestamp(6) NOT NULL'),
  'jsonb and timestamptz': withColumns('sess jsonb NOT NULL, expire timestamptz NOT NULL'),
  'text and timestamp(6)': withColumns('sess text NOT NULL, expire timestamp(6) NOT NULL'),
  'text and timestamptz': withColumns('sess text NOT NULL, expire timestamptz NOT NULL'),
  'more columns': withColumns(
    `id bigint GENERATED ALWAYS AS IDENTITY, sess json NOT NULL, expire timestamp(6) NOT NULL, created timestamptz NOT NULL DEFAULT now(),
     username text GENERATED ALWAYS AS (sess ->> 'user') STORED, note text`,
  ),
};

/** One new table, and openers of the stores that work on it. */
async function freshTable(make: MakeTable, zone = ZONE) {
  const place = { pool: freshPool({ options: `-c TimeZone=${zone}` }), ...freshNames() };
  await makeSchema(place);
  await make(place);
  const on = (name: (typeof PREDECESSORS)[number] | typeof OURS): Promise<Subject> =>
    opener(name)({}, { ...place, table: false });
  return { on, place };
}

const about = (seconds: number, wanted: number) =>
  assert.ok(Math.abs(seconds - wanted) < 30, `${seconds} s, not ${wanted}`);

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
      test(`${kind}: ${to} reads what ${from} wrote`, async () => {
        const { on } = await freshTable(make);
        const written = sessionFor(null, PAYLOAD);
        await (await on(from)).set('a', written);

        assert.equal(await (await on(to)).get('a'), JSON.parse(JSON.stringify(written)));
      });

      test(`${kind}: ${to} overwrites what ${from} wrote`, async () => {
        const { on } = await freshTable(make);
        const writer = await on(from);
        await writer.set('a', sessionFor(100, { user: 'ada' }));

        await (await on(to)).set('a', sessionFor(100, { user: 'grace' }));

        assert.is((await writer.get('a')).user, 'grace');
      });

      test(`${kind}: ${to} touches what ${from} wrote`, async () => {
        const { on } = await freshTable(make);
        const writer = await on(from);
        await writer.set('a', sessionFor(100));

        await (await on(to)).touch('a', sessionFor(1000));

        about(await writer.left('a'), 1000);
      });

      test(`${kind}: what ${to} destroys is gone for ${from}`, async () => {
        const { on } = await freshTable(make);
        const writer = await on(from);
        await writer.set('a', sessionFor(100));

        await (await on(to)).destroy('a');

        assert.not(await writer.get('a'));
      });

      test(`${kind}: ${to} prunes what has expired of ${from}'s, and nothing else`, async () => {
        const { on, place } = await freshTable(make);
        const writer = await on(from);
        await writer.set('living', sessionFor(100));
        await writer.set('dead', sessionFor(-5));

        await callStore((await on(to)).store, 'pruneSessions');

        assert.equal((await place.pool.query(`SELECT sid FROM ${quotedName(place)}`)).rows, [{ sid: 'living' }]);
      });
    }

for (const [kind, make] of Object.entries(TABLES))
  test(`${kind}: createTableIfMissing leaves it as it is`, async () => {
    const { place } = await freshTable(make);
    const before = await described(place);
    const { set } = await opener(OURS)({ createTableIfMissing: true }, { ...place, table: false });
    await set('a', sessionFor(100));

    assert.equal(await described(place), before);
  });

async function described(place: Place) {
  const { rows: columns } = await place.pool.query(
    `SELECT attname, format_type(atttypid, atttypmod), attnotnull
     FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 ORDER BY attnum`,
    [quotedName(place)],
  );
  const { rows: indexes } = await place.pool.query(
    'SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = $1::regclass ORDER BY 1',
    [quotedName(place)],
  );
  return { columns, indexes };
}

for (const old of PREDECESSORS)
  for (const zone of ['UTC', ZONE, 'Asia/Kolkata'])
    for (const type of ['timestamp(6)', 'timestamptz'])
      for (const [life, seconds] of [
        ['a cookie', 100],
        ['a browser session', null],
      ] as const)
        test(`${old} and we give ${life} the same expiry in ${zone}, on ${type}`, async () => {
          const { on, place } = await freshTable(withColumns(`sess json NOT NULL, expire ${type} NOT NULL`), zone);
          const [theirs, ours] = [await on(old), await on(OURS)];
          const start = Date.now();
          await theirs.set('theirs', sessionFor(seconds));
          await ours.set('ours', sessionFor(seconds));
          const elapsed = (Date.now() - start) / 1000;

          const { rows } = await place.pool.query(
            `SELECT extract(epoch FROM o.expire - t.expire)::float8 AS later, extract(epoch FROM now())::float8 AS now
             FROM ${quotedName(place)} AS o, ${quotedName(place)} AS t WHERE o.sid = 'ours' AND t.sid = 'theirs'`,
          );
          const serverAhead = rows[0].now - Date.now() / 1000; // their time is the app's, ours the server's
          const later = rows[0].later - serverAhead;
          // they round up to a whole second
          assert.ok(later > -1.2 && later < elapsed + 0.2, `${later} s later`);
        });

for (const old of PREDECESSORS) {
  test(`on timestamptz ${old} and we may even be in different time zones`, async () => {
    const { on, place } = await freshTable(TABLES["connect-pg-typed's table"]!);
    await (await on(OURS)).set('a', sessionFor(100));

    const elsewhere = { ...place, pool: freshPool({ options: '-c TimeZone=Asia/Kolkata' }) };
    about(await (await opener(old)({}, { ...elsewhere, table: false })).left('a'), 100);
  });

  test(`on timestamp(6) what was written in UTC has expired in India, for us as for ${old}`, async () => {
    const { on, place } = await freshTable(TABLES["connect-pg-simple's table"]!, 'UTC');
    await (await on(old)).set('a', sessionFor(100));

    const elsewhere = { ...place, pool: freshPool({ options: '-c TimeZone=Asia/Kolkata' }), table: false as const };
    const [theirs, ours] = [await opener(old)({}, elsewhere), await opener(OURS)({}, elsewhere)];
    assert.equal([(await theirs.get('a')) ?? null, await ours.get('a')], [null, null]);
  });

  test(`NUL and half a surrogate pair that ${old} wrote are read here`, async () => {
    const { on } = await freshTable(TABLES["connect-pg-simple's table"]!);
    await (await on(old)).set('a', sessionFor(100, { text: '\0 \ud800' }));

    assert.is((await (await on(OURS)).get('a')).text, '\0 \ud800');
  });

  test(`the one difference: NUL and half a surrogate pair that we wrote are U+E000 and digits for ${old}`, async () => {
    const { on } = await freshTable(TABLES["connect-pg-simple's table"]!);
    await (await on(OURS)).set('a', sessionFor(100, { text: '\0 \ud800' }));

    assert.is((await (await on(old)).get('a')).text, '\ue0000000 \ue000d800');
  });
}

const http = suite('rolling deployment over HTTP');

/** An app that counts visits, as it was before and after the deployment: only the store differs. */
async function serve({ store }: Subject): Promise<string> {
  const app = express()
    .use(session({ secret: 'secret', resave: false, saveUninitialized: false, cookie: { maxAge: 100_000 }, store }))
    .get('/visit', (req, res) => {
      const visits = ((req.session as { visits?: number }).visits ?? 0) + 1;
      Object.assign(req.session, { visits });
      res.json({ id: req.sessionID, visits });
    })
    .get(
      '/look',
      (req, res) => void res.json({ id: req.sessionID, visits: (req.session as { visits?: number }).visits }),
    )
    .get('/leave', (req, res, next) => void req.session.destroy((error) => (error ? next(error) : res.json({}))));
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onEnd(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A browser that keeps its cookie, which is for 127.0.0.1 on any port. */
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
    const { on, place } = await freshTable((where) => makeTable(old, where));
    const [before, after] = [await on(old), await on(OURS)];
    return { before: await serve(before), after: await serve(after), place, left: after.left };
  };

  http(`${old}: a session goes on, whichever app answers`, async () => {
    const { before, after } = await freshApps();
    const visit = browser();
    const answers = [];
    for (const app of [before, after, before, before, after, after, before, after])
      answers.push(await visit(`${app}/visit`));

    const { id } = answers[0]!;
    assert.equal(
      answers,
      [1, 2, 3, 4, 5, 6, 7, 8].map((visits) => ({ id, visits })),
    );
  });

  for (const [name, first, second] of [
    ['the new app', 'before', 'after'],
    ['the old app', 'after', 'before'],
  ] as const) {
    http(`${old}: ${name} sees the session that the other made`, async () => {
      const apps = await freshApps();
      const visit = browser();
      const { id } = await visit(`${apps[first]}/visit`);

      assert.equal(await visit(`${apps[second]}/look`), { id, visits: 1 });
    });

    http(`${old}: a look at ${name} keeps alive what the other made`, async () => {
      const apps = await freshApps();
      const { pool } = apps.place;
      const visit = browser();
      const { id } = await visit(`${apps[first]}/visit`);
      await pool.query(`UPDATE ${quotedName(apps.place)} SET expire = expire - interval '60 s'`); // a minute passes

      await visit(`${apps[second]}/look`);

      about(await apps.left(id), 100);
    });

    http(`${old}: who leaves ${name} has left the other`, async () => {
      const apps = await freshApps();
      const visit = browser();
      await visit(`${apps[first]}/visit`);
      await visit(`${apps[second]}/leave`);

      assert.is((await visit(`${apps[first]}/look`)).visits, undefined);
    });
  }
}
