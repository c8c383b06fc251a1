// encryption: who reads or alters the table without a key learns nothing and changes nothing that counts.
import { randomBytes, randomInt } from 'node:crypto';
import * as assert from 'uvu/assert';
import { createAdmin } from '../../src/admin/admin.js';
import { encryptAll } from '../../src/admin/encrypt-all.js';
import { migrate } from '../../src/admin/migrate.js';
import { type Encryption, PgSessionStore, type StoreOptions } from '../../src/index.js';
import { makeCodec } from '../../src/session/codec.js';
import { administrator, cookieFor, freshStore, loadSession, newSession, session } from '../support/fresh-store.js';
import { onEnd, suite } from '../support/harness.js';

const test = suite('encryption', { timeout: 60_000 });

const [KEY, OLD_KEY, FOREIGN_KEY] = ['A', 'B', 'C'].map((letter) => letter.repeat(43)) as [string, string, string];

/** Stores with options of their own on one table. */
async function fresh(options: Parameters<typeof freshStore>[0] = {}) {
  const base = {
    ...{ errorLog: () => {}, touchAfter: 0, hashIds: false, encryption: { keys: [KEY] } },
    timeout: 60, // seconds: 10,000 calls at once take their time on a busy machine
  } as const;
  const made = await freshStore({ ...base, ...options });
  const { pool, names, table } = made;
  const another = (others: StoreOptions) => {
    const store = new PgSessionStore({ pool, ...names, ...base, pruneSessionInterval: false, ...others });
    onEnd(() => store.close());
    return store;
  };
  const withKeys = (...keys: Encryption['keys']) => another({ encryption: { keys } });
  const text = async (): Promise<string> => (await pool.query(`SELECT sess::text FROM ${table}`)).rows[0]?.sess;
  const put = (value: string) => pool.query(`UPDATE ${table} SET sess = $1`, [value]);
  return { ...made, another, withKeys, text, put };
}

for (const sess of ['json', 'jsonb', 'text'] as const) {
  test(`in a ${sess} column sessions are kept, merged and found, and nothing of them can be read`, async () => {
    const { store, pool, names, text } = await fresh({ columns: { sess, expire: 'timestamptz' } });
    const secret = { passport: { user: 'ada' }, secret: 'whisper \u0000 \ud800 \ue000 漢' };
    await store.set('a', newSession(store, 'a', secret) as never);
    assert.not.match(await text(), /"ada|whisper|cookie|secret/); // by chance base64 may spell words of three letters
    const [one, other] = [await loadSession(store, 'a'), await loadSession(store, 'a')];
    one.x = 1;
    other.y = 1;
    await store.set('a', one as never);
    await store.set('a', other as never);
    other.z = 1;
    await store.set('a', other as never);
    await store.update('a', (found: any) => found.x++);

    const { x, y, z, secret: kept } = (await store.get('a')) as any;
    assert.equal([x, y, z, kept], [2, 1, 1, secret.secret]);
    assert.is((await store.all()).length, 1);
    const admin = createAdmin({ pool, ...names, encryption: { keys: [KEY] } });
    const owner = createAdmin({ pool: administrator(pool), ...names, encryption: { keys: [KEY] } });
    await owner.createUserIndex();
    const [entry] = await admin.find('ada');
    assert.equal([entry!.user, (entry!.session as any).y], ['ada', 1]);
    assert.is((await admin.show(store.handle('a')))?.user, 'ada');
    assert.is(await admin.revokeUser('bob'), 0);
    assert.is(await admin.revoke(store.handle('a'), { user: 'ada' }), true);
  });

  test(`in a ${sess} column the row holds what was sent: a second save costs one statement`, async () => {
    const { store } = await fresh({ columns: { sess, expire: 'timestamptz' } });
    await store.set('a', newSession(store, 'a', { passport: { user: 1 }, n: 0 }) as never);
    const loaded = await loadSession(store, 'a');
    store.on('conflict', () => assert.unreachable());
    for (const n of [1, 2, 3]) {
      loaded.n = n;
      await store.set('a', loaded as never);
    }
    assert.is(((await store.get('a')) as any).n, 3);
  });
}

test('of 10,000 rows with a bit flipped none is accepted', async () => {
  const { store, table, pool } = await fresh({ columns: { sess: 'text', expire: 'timestamptz' } });
  const sids = Array.from({ length: 10_000 }, (_, n) => `s${n}`);
  await Promise.all(sids.map((sid) => store.set(sid, session({ passport: { user: sid }, n: 1 }))));
  assert.is((await Promise.all(sids.map((sid) => store.get(sid)))).filter(Boolean).length, 10_000);
  const { rows } = await pool.query(`SELECT sid, sess FROM ${table}`);
  const flipped = rows.map(({ sess }, n) => {
    const bytes = Buffer.from(sess);
    const bit = n % (bytes.length * 7); // each bit of ASCII, row after row
    bytes[Math.floor(bit / 7)]! ^= 1 << (bit % 7);
    return String(bytes).replace('\0', '\u0001'); // a space with its bit off can't be stored
  });
  await pool.query(
    `UPDATE ${table} AS t SET sess = x.sess FROM unnest($1::text[], $2::text[]) AS x(sid, sess) WHERE t.sid = x.sid`,
    [rows.map(({ sid }) => sid), flipped],
  );
  const accepted = (await Promise.all(sids.map((sid) => store.get(sid)))).filter(Boolean);
  assert.is(accepted.length, 0);
  assert.is(await store.length(), 10_000);
});

test('another spelling of the same bytes is not accepted', async () => {
  const { store, text, put } = await fresh();
  for (const pad of ['', 'x', 'xx']) {
    await store.set('a', session({ pad }));
    const sealed = await text();
    for (const end of ['=', '.', '.x', '!', ' ']) {
      await put(sealed.replace(/"\}$/, `${end}"}`));
      assert.is(await store.get('a'), null);
    }
    await put(sealed);
    assert.ok(await store.get('a'));
  }
});

test('of 1,000 rows that are moved to another id none is accepted, under hashed ids as in clear', async () => {
  for (const hashIds of [false, true]) {
    const { store, pool, table } = await fresh({ hashIds });
    const sids = Array.from({ length: 1000 }, (_, n) => `s${n}`);
    await Promise.all(sids.map((sid) => store.set(sid, session({ user: sid }))));
    await pool.query(`UPDATE ${table} AS t SET sess = x.sess FROM (
      SELECT sid, lead(sess, 1, (SELECT sess FROM ${table} ORDER BY sid LIMIT 1)) OVER (ORDER BY sid) AS sess FROM ${table}
    ) AS x WHERE x.sid = t.sid`);
    const found = await Promise.all(sids.map((sid) => store.get(sid)));
    assert.is(found.filter(Boolean).length, 0);
    assert.is(await store.length(), 1000);
  }
});

test('a row under a key that is not there is no session, an event, no deletion, and nothing overwrites it unread', async () => {
  const { store, withKeys, text } = await fresh();
  await store.set('a', session({ n: 1 }));
  const before = await text();
  const stranger = withKeys(FOREIGN_KEY);
  const events: object[] = [];
  stranger.on('unreadable', (event) => events.push(event));
  assert.is(await stranger.get('a'), null);
  assert.equal(await stranger.all(), []);
  const refused = await stranger.update('a', () => {}).catch((error) => error);
  assert.instance(refused, SyntaxError);
  assert.match(refused.message, /a key that encryption.keys does not have/);
  await stranger.touch('a', session({}, cookieFor(60)));
  assert.is(await text(), before);
  assert.equal(events, Array(2).fill({ handle: store.handle('a') }));
});

test('the first key writes, all read, and an altered id of a key opens nothing', async () => {
  const { withKeys, text, put } = await fresh();
  const [before, after] = [withKeys(OLD_KEY), withKeys(KEY, OLD_KEY)];
  await before.set('a', session({ n: 1 }));
  const old = await text();
  assert.is(((await after.get('a')) as any).n, 1);
  await after.update('a', (found: any) => found.n++);
  assert.is(await before.get('a'), null);
  assert.is(((await after.get('a')) as any).n, 2);
  const idOf = (sealed: string) => JSON.parse(sealed).ss__encrypted.split('.')[0];
  await put(old.replace(idOf(old), idOf(await text())));
  assert.is(await after.get('a'), null);
});

test('a row in clear is accepted only where allowPlaintext says so, and is encrypted when it is saved', async () => {
  const { store, another, text, pool, names } = await fresh();
  const clear = another({ encryption: undefined });
  const allowing = another({ encryption: { keys: [KEY], allowPlaintext: true } });
  await clear.set('a', session({ passport: { user: 'ada' } }));
  await clear.set('b', session({ passport: { user: 'ada' } }));
  assert.is(await store.get('a'), null);
  const loaded = await loadSession(allowing, 'a');
  loaded.n = 1;
  await allowing.set('a', loaded as never);
  assert.is(((await store.get('a')) as any).n, 1);
  assert.is(await store.get('b'), null);
  const admin = createAdmin({ pool, ...names, encryption: { keys: [KEY], allowPlaintext: true } });
  assert.is((await admin.find('ada')).length, 2);
  assert.is(await createAdmin({ pool, ...names, encryption: { keys: [KEY] } }).revokeUser('ada'), 1);
  assert.match(await text(), /ada/);
});

test('rotation by migrate loses none of 1,000 sessions under load, and leaves none under the old key', async () => {
  const { withKeys, pool, names, table } = await fresh();
  const [before, during, after] = [withKeys(OLD_KEY), withKeys(KEY, OLD_KEY), withKeys(KEY)];
  const sids = Array.from({ length: 1000 }, (_, n) => `s${n}`);
  await Promise.all(sids.map((sid) => before.set(sid, session({ passport: { user: sid }, n: 0 }, cookieFor(600)))));
  const expiry = async () => (await pool.query(`SELECT sid, expire FROM ${table} ORDER BY 1`)).rows;
  const expired = await expiry();
  let running = true;
  let updates = 0;
  const clients = Array.from({ length: 8 }, async () => {
    while (running) {
      const sid = sids[randomInt(1000)]!;
      assert.ok(await during.update(sid, (found: any) => found.n++), sid);
      updates++;
    }
  });
  while (updates < 20) await new Promise((resolve) => setTimeout(resolve, 1));
  const steps = await migrate({ pool, names }, { encryption: { keys: [KEY, OLD_KEY] } });
  running = false;
  await Promise.all(clients);

  assert.match(steps[0]!, /sessions encrypted with the first key/);
  const found = (await Promise.all(sids.map((sid) => after.get(sid)))) as any[];
  assert.is(found.filter(Boolean).length, 1000);
  assert.is(
    found.reduce((sum, { n }) => sum + n, 0),
    updates,
  );
  const moved = (await expiry()).map(({ expire }, n) => Math.abs(expire - expired[n].expire));
  assert.ok(Math.max(...moved) < 5000); // an update moves it by what it takes
  const admin = createAdmin({ pool, ...names, encryption: { keys: [KEY] } });
  assert.is((await admin.find('s7')).length, 1);
  assert.equal(await migrate({ pool, names }, { encryption: { keys: [KEY] } }), []);
});

test('migrate encrypts what is in clear where it may, and says what it can not open', async () => {
  const { another, pool, names, withKeys } = await fresh();
  await another({ encryption: undefined, hashIds: true }).set('a', session({ n: 1 }));
  await withKeys(FOREIGN_KEY).set('b', session({ n: 1 }));
  const message = (allowPlaintext: boolean) =>
    migrate({ pool, names }, { encryption: { keys: [KEY], allowPlaintext } }).then(
      String,
      (error: Error) => error.message,
    );
  assert.match(await message(false), /^2 sessions stay as they are: no key decrypts them. Add the key/);
  assert.match(await message(true), /^1 sessions stay as they are/);
  assert.is(((await another({ hashIds: true }).get('a')) as any).n, 1);
});

test('a user is found under every key, at any path, as a number or its digits', async () => {
  const { another, pool, names } = await fresh();
  const userPath = ['user', 'id', 'é"\u0000'];
  const has = (id: unknown) => session({ user: { id: { [userPath[2]!]: id } } });
  const old = another({ encryption: { keys: [OLD_KEY], userPath } });
  const now = another({ encryption: { keys: [KEY, OLD_KEY], userPath } });
  await old.set('a', has(42));
  await now.set('b', has('42'));
  await now.set('c', has(43));
  const admin = createAdmin({ pool, ...names, encryption: { keys: [KEY, OLD_KEY], userPath } });
  assert.is((await admin.find(42)).length, 2);
  assert.is(await admin.revokeUser('42', { except: now.handle('a') }), 1);
  assert.is(await admin.count(), 2);
});

test('keys are 32 bytes in any of their forms, else an error that does not tell them', async () => {
  const { store, withKeys, another } = await fresh();
  const bytes = Buffer.from(KEY, 'base64');
  await store.set('a', session({ n: 1 }));
  for (const same of [bytes, new Uint8Array(bytes), bytes.toString('hex'), `${KEY}=`, bytes.toString('base64url')]) {
    assert.is(((await withKeys(same).get('a')) as any)?.n, 1);
  }
  const wrong: [encryption: unknown, says: RegExp][] = [
    [{ keys: [] }, /encryption must be an object/],
    [{ keys: 'secret' }, /encryption must be an object/],
    [{ key: KEY, keys: [KEY] }, /encryption must be an object/],
    [{ keys: ['secret'] }, /a key must have 32 bytes/],
    [{ keys: [randomBytes(16)] }, /a key must have 32 bytes/],
    [{ keys: ['secret!'.padEnd(43, '!')] }, /a key must have 32 bytes/],
    [{ keys: [KEY, bytes] }, /holds the same key twice/],
    [{ keys: [KEY], userPath: 'user.id' }, /userPath must be an array/],
  ];
  for (const [encryption, says] of wrong) {
    const error = await (async () => another({ encryption } as never))().catch((caught: Error) => caught);
    assert.match((error as Error).message, says);
    assert.not.match((error as Error).message, /secret/);
  }
});

const dates = {
  stringify: (one: object) =>
    JSON.stringify(one, function (this: any, key, value) {
      return this[key] instanceof Date ? { $date: this[key].getTime() } : value;
    }),
  parse: (text: string) => JSON.parse(text, (_, value) => (value?.$date ? new Date(value.$date) : value)),
};

for (const encryption of [undefined, { keys: [KEY] }]) {
  test(`with a serializer${encryption ? ' and encryption' : ''} dates stay dates, and requests merge`, async () => {
    const { store, pool, names } = await fresh({ encryption, serializer: dates });
    const at = new Date(1e12);
    await store.set('a', newSession(store, 'a', { at, passport: { user: 7 }, text: 'a\u0000\ud800' }) as never);
    const [one, other] = [await loadSession(store, 'a'), await loadSession(store, 'a')];
    assert.equal([one.at, one.text], [at, 'a\u0000\ud800']);
    one.at = new Date(2e12);
    other.seen = at;
    await store.set('a', one as never);
    await store.set('a', other as never);
    const found = (await store.get('a')) as any;
    assert.equal([found.at, found.seen], [new Date(2e12), at]);
    assert.instance(found.cookie.expires, Date);
    const admin = createAdmin({ pool, ...names, encryption, serializer: dates });
    assert.equal(((await admin.find(7))[0]!.session as any).seen, at);
  });
}

test('keys are changed under no session whose user only a serializer of the app can tell', async () => {
  const serializer = {
    stringify: (one: object) => JSON.stringify({ json: one }),
    parse: (text: string) => JSON.parse(text).json,
  };
  const { store, pool, names } = await fresh({ encryption: { keys: [OLD_KEY] }, serializer });
  await store.set('a', session({ passport: { user: 7 } }));
  const encryption = { keys: [KEY, OLD_KEY] };
  assert.is(await encryptAll({ pool, names }, makeCodec({ encryption }), () => {}), 1);
  assert.is((await createAdmin({ pool, ...names, encryption, serializer }).find(7)).length, 1);
});

test('a serializer that makes no JSON needs encryption', async () => {
  const reversed = {
    stringify: (one: object) => JSON.stringify(one).split('').reverse().join(''),
    parse: (text: string) => JSON.parse(text.split('').reverse().join('')),
  };
  const { store, another } = await fresh({ serializer: reversed });
  await store.set('a', session({ n: 1 }));
  assert.is(((await store.get('a')) as any).n, 1);
  const error = await another({ serializer: reversed, encryption: undefined })
    .set('a', session({ n: 1 }))
    .catch((caught: Error) => caught);
  assert.match((error as Error).message, /serializer.stringify must return JSON/);
});
