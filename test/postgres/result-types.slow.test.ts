// Type parsers of the app do not change what the store and the admin return.
import pg from 'pg';
import * as assert from 'uvu/assert';
import { createAdmin } from '../../src/admin/admin.js';
import { migrate } from '../../src/admin/migrate.js';
import { PgSessionStore } from '../../src/index.js';
import { bindTable, countSessions, getSession, pruneSessions } from '../../src/queries.js';
import { createTable } from '../../src/table/create-table.js';
import { administrator, cookieFor, freshPool, freshStore, session } from '../support/fresh-store.js';
import { onEnd, suite } from '../support/harness.js';

const test = suite('result types', { timeout: 30_000 });

const TYPES = Object.values(pg.types.builtins).concat([
  1000, 1003, 1005, 1007, 1009, 1015, 1016, 1021, 1022,
] as never[]);

/** Sets this parser for all types, for the whole process. */
function setAll(parse: (text: string) => unknown): pg.PoolConfig {
  const before = TYPES.map((oid) => [oid, pg.types.getTypeParser(oid)] as const);
  for (const oid of TYPES) pg.types.setTypeParser(oid, parse);
  onEnd(() => before.forEach(([oid, parser]) => void pg.types.setTypeParser(oid, parser)));
  return {};
}

const asText: pg.PoolConfig = { types: { getTypeParser: (() => (text: string) => text) as never } };
const asMap: pg.PoolConfig = {
  types: { getTypeParser: (() => (text: string) => new Map([['value', text]])) as never },
};
const ways: [what: string, set: () => pg.PoolConfig][] = [
  ['no parser', () => ({})],
  ['text for each type, with pg.types', () => setAll((text) => text)],
  ['a Map for each type, with pg.types', () => setAll((text) => new Map([['value', text]]))],
  [
    'a parser that throws, with pg.types',
    () =>
      setAll(() => {
        throw new Error('parsed by the app');
      }),
  ],
  ['BigInt for numbers, with pg.types', () => setAll((text) => (/^-?\d+$/.test(text) ? BigInt(text) : text))],
  ['text for each type, with the option types of the pool', () => asText],
  ['a Map for each type, with the option types of the pool', () => asMap],
];

for (const [what, set] of ways) {
  for (const options of [{}, { batch: false, prepare: false }]) {
    test(`the app's parsers do not change results: ${what}, ${JSON.stringify(options)}`, async () => {
      const plain = await freshStore({ columns: { sess: 'json', expire: 'timestamp' } });
      await createTable({ pool: administrator(plain.pool), names: plain.names }, { userPath: ['user'] });
      const pool = freshPool(set());
      const store: Record<string, any> = new PgSessionStore({
        pool,
        ...plain.names,
        pruneSessionInterval: false,
        ...options,
      });
      onEnd(() => store.close());
      await Promise.all(['a', 'b', 'c'].map((sid) => store.set(sid, session({ user: 'ada', n: 1 }, cookieFor(3600)))));
      await store.set('old', session({}, cookieFor(-1)));

      assert.is(await store.length(), 3);
      const [all] = await store.all();
      assert.is(all.user, 'ada');
      assert.ok(Math.abs(all.cookie.expires.getTime() - Date.now() - 3_600_000) < 60_000);
      assert.is((await store.update('a', (one: { n: number }) => void one.n++)).n, 2);
      await store.touch('b', session({}, cookieFor(7200)));
      assert.is(await store.pruneSessions(), 1);

      const admin = createAdmin({ pool, ...plain.names, userPath: ['user'] });
      assert.is(await admin.count(), 3);
      const page = await admin.list({ limit: 2 });
      for (const { handle, secondsLeft, user } of page.sessions) {
        assert.equal([typeof handle, typeof secondsLeft, user], ['string', 'number', 'ada']);
      }
      assert.is((await admin.list({ after: page.next })).sessions.length, 1);
      const { live, expired, meanBytes, tableBytes, overdue } = await admin.stats();
      assert.equal([live, expired, overdue, typeof meanBytes, typeof tableBytes], [3, 0, null, 'number', 'number']);
      assert.is((await admin.find('ada')).length, 3);
      assert.is(await admin.revoke(store.handle('c')), true);
      assert.is(await admin.revokeUser('ada', { except: store.handle('a') }), 1);
      assert.equal(
        (await admin.doctor()).map(({ code }) => code),
        ['no-time-zone'],
      );
      const steps = await migrate({ pool: administrator(pool), names: plain.names }, { hashIds: true });
      assert.match(steps.join(), /^expire as timestamptz, with TimeZone [^,]+,the hash of 1 session id$/);

      const db = bindTable(pool, plain.names);
      assert.equal(await countSessions.run(undefined, db), [{ count: 1 }]);
      assert.equal(await getSession.run({ sid: 'a' }, db), []);
      await plain.pool.query(`UPDATE ${plain.table} SET expire = '2020-01-01Z'`);
      const [pruned] = await pruneSessions.run({ key: '1', batch: 1, since: null }, db);
      assert.is(pruned!.expired, Date.UTC(2020, 0, 1) / 1000);
      assert.is(await admin.revokeAll(), 0);
    });
  }
}

const OWN_QUERY = `SELECT min(t.expire) AS expire, current_date AS day, ARRAY[1, 2] AS numbers, '{"a":1}'::jsonb AS json,
  2::bigint AS big, true AS yes, 1.5::float8 AS half, ARRAY['a'] AS texts, count(*)::int AS n
  FROM "session_store"."session" AS t`;

for (const kind of ['pool', 'client'] as const) {
  const open = async (pool: pg.Pool) => {
    if (kind === 'pool') return pool;
    const client = await pool.connect();
    onEnd(() => client.release());
    return client;
  };

  test(`bindTable() gives a query of the app the values that pg gives without it, on a ${kind}`, async () => {
    const { store, pool, names } = await freshStore();
    await store.set('a', session());
    const [row] = (await bindTable(await open(pool), names).query(OWN_QUERY, [])).rows;
    assert.instance(row.expire, Date);
    assert.instance(row.day, Date);
    const { numbers, json, big, yes, half, texts, n } = row;
    assert.equal(
      { numbers, json, big, yes, half, texts, n },
      { numbers: [1, 2], json: { a: 1 }, big: '2', yes: true, half: 1.5, texts: ['a'], n: 1 },
    );
  });

  test(`bindTable() gives a query of the app what its own parsers give, on a ${kind}`, async () => {
    const { names } = await freshStore();
    const overrides = new pg.TypeOverrides();
    for (const oid of [20, 1082]) overrides.setTypeParser(oid, (text) => new Map([['value', text]]));
    for (const types of [asMap.types, overrides]) {
      const [row] = (await bindTable(await open(freshPool({ types })), names).query(OWN_QUERY, [])).rows;
      assert.instance(row.day, Map);
      assert.instance(row.big, Map);
      assert.equal([row.yes, row.half, row.texts, row.n], [true, 1.5, ['a'], 0]);
    }
  });
}
