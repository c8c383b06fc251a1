// Databases with another encoding than UTF8.
import * as assert from 'uvu/assert';
import { createAdmin } from '../../src/admin/admin.js';
import { migrate } from '../../src/admin/migrate.js';
import { PgSessionStore, type StoreOptions } from '../../src/index.js';
import { freshDatabase } from '../support/fresh-database.js';
import { cookieFor, freshPool, freshStore, loadSession, session, useAdministrator } from '../support/fresh-store.js';
import { onEnd, suite } from '../support/harness.js';
import { callStore, makeStore } from '../support/stores.js';

const test = suite('encodings', { timeout: 60_000 });
useAdministrator();

const KEYS = { keys: [Buffer.from([...Array(32).keys()])] };
const ALL =
  'é ä € “quoted” 漢字 中文 ～〜 ∥ ﾊﾝ Привет Łódź \0 \ud800 \udc00 \ue000 \x7f 😀👩‍👩‍👧 𠀋 \u0085 \u2028 \ufeff';
const users = ['ada', 'é', '漢字', '😀', 'a\0b', '\ud800', '\x7fu0000', '\ue0000000', 'Łódź 中文 😀 é'];

for (const encoding of ['LATIN1', 'WIN1252', 'LATIN2', 'KOI8R', 'EUC_JP', 'EUC_CN', 'SQL_ASCII', 'UTF8']) {
  test(`a database in ${encoding} stores and returns each character, and finds each user`, async () => {
    const { url } = await freshDatabase(`ENCODING '${encoding}' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0`);
    const pool = freshPool({ connectionString: url });
    const options: StoreOptions[] = [{}, { batch: false, hashIds: true }, { encryption: KEYS }];
    for (const [n, sess] of (['json', 'jsonb', 'text'] as const).entries()) {
      for (const [m, option] of options.entries()) {
        const names = { schemaName: 'public', tableName: `t${n}${m}` };
        await pool.query(`CREATE TABLE t${n}${m} (sid varchar PRIMARY KEY, sess ${sess}, expire timestamptz)`);
        await pool.query(`CREATE INDEX ON t${n}${m} (expire)`);
        const open = () => {
          const store = new PgSessionStore({ pool, ...names, pruneSessionInterval: false, ...option });
          onEnd(() => store.close());
          return store;
        };
        const store = open();
        await store.createTable({ userPath: ['passport', 'user'] });
        await store.set('all', session({ text: ALL, [`key ${ALL}`]: { [ALL]: [ALL] } }));
        const work = users.map((user, i) =>
          store.set(`u${i}`, session({ passport: { user }, n: 0 }, cookieFor(900 + i))),
        );
        await Promise.all(work);

        const reader = open();
        assert.equal({ ...(await reader.get('all')) }, session({ text: ALL, [`key ${ALL}`]: { [ALL]: [ALL] } }));
        const loaded = await loadSession(reader, 'all');
        Object.assign(loaded, { more: `${ALL}!`, [`${ALL}?`]: 1 });
        await reader.set('all', loaded);
        Object.assign(loaded, { more: `${ALL}!!` });
        await reader.set('all', loaded);
        assert.is(((await open().get('all')) as unknown as { more: string }).more, `${ALL}!!`);
        await Promise.all(users.map((_, i) => open().update(`u${i}`, (one) => Object.assign(one, { ALL, n: 1 }))));
        assert.is(
          ((await store.update('all', (one) => Object.assign(one, { n: 1 }))) as unknown as { n: number }).n,
          1,
        );

        const place = { pool, ...names, hashIds: option.hashIds, encryption: option.encryption };
        for (const [i, user] of users.entries()) {
          const admin = createAdmin(place);
          const found = await admin.find(user);
          assert.equal(
            found.map((one) => [one.user, one.handle]),
            [[user, store.handle(`u${i}`)]],
          );
        }
        assert.is((await createAdmin(place).list()).sessions.length, users.length + 1);
        assert.equal(await createAdmin({ ...place, userPath: ['passport', 'user'] }).doctor(), []);
        assert.equal(await migrate({ pool, names }, { userPath: ['passport', 'user'] }), []);
        for (const user of users) assert.is(await createAdmin(place).revokeUser(user), 1);
      }
    }
  });
}

test('a path to the user with characters that the encoding lacks works, also encrypted', async () => {
  const { url } = await freshDatabase(`ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0`);
  const pool = freshPool({ connectionString: url });
  const userPath = ['用户 é', '😀'];
  for (const encryption of [undefined, { ...KEYS, userPath }]) {
    const { store, names } = await freshStore({ pool, ...(encryption && { encryption }) });
    await store.set('a', session({ '用户 é': { '😀': '漢' } }));
    assert.equal({ ...(await store.get('a')) }, session({ '用户 é': { '😀': '漢' } }));
    const admin = createAdmin({ pool, ...names, userPath, encryption });
    assert.is((await admin.find('漢'))[0]!.user, '漢');
    assert.is(await admin.revokeUser('漢'), 1);
  }
});

test('other stores read the characters that the encoding of the database has', async () => {
  const { url } = await freshDatabase(`ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0`);
  const pool = freshPool({ connectionString: url });
  const { store, names } = await freshStore({ pool });
  await store.set('a', session({ text: 'é ñ', more: '😀' }));
  const other = makeStore('connect-pg-simple', { pool, ...names });
  assert.is((await callStore(other, 'get', 'a')).text, 'é ñ');
  await callStore(other, 'set', 'b', session({ text: 'é' }, cookieFor(100)));
  assert.is(((await store.get('b')) as unknown as { text: string }).text, 'é');
});

for (const batch of [true, false]) {
  test(`saves at once store characters that the encoding lacks, ${batch ? 'in a batch' : 'alone'}`, async () => {
    const { url } = await freshDatabase(`ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0`);
    const { store } = await freshStore({ pool: freshPool({ connectionString: url }), batch });
    const texts = ['😀', '👍', '漢', '😀漢', '字'];
    await Promise.all(texts.map((text, n) => store.set(`s${n}`, session({ text }))));
    const found = await Promise.all(texts.map((_, n) => store.get(`s${n}`)));
    assert.equal(
      found.map((one) => (one as unknown as { text: string }).text),
      texts,
    );
  });
}

test('a session id that the encoding of the database lacks fails with a clear error', async () => {
  const { url } = await freshDatabase(`ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0`);
  const { store } = await freshStore({ pool: freshPool({ connectionString: url }) });
  const error = await store.set('漢', session()).then(
    () => assert.unreachable(),
    (failed) => failed,
  );
  assert.is(error.sqlState, '22P05');
});
