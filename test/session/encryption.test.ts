// The option `encryption`: the table reveals no session, and the store rejects an altered row.
import { createHash, randomBytes, randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { createAdmin } from '../../src/admin/admin.js';
import { encryptAll } from '../../src/admin/encrypt-all.js';
import { migrate } from '../../src/admin/migrate.js';
import { PgSessionStore, type StoreOptions } from '../../src/index.js';
import { makeCodec } from '../../src/session/codec.js';
import type { Keys } from '../../src/session/encryption.js';
import { administrator, cookieFor, freshStore, loadSession, newSession, session } from '../support/fresh-store.js';
import { onEnd, suite } from '../support/harness.js';
import { invalid } from '../support/invalid.js';
import { addTrigger } from '../support/triggers.js';

const test = suite('encryption', { timeout: 60_000 });

const [KEY, OLD_KEY, FOREIGN_KEY] = ['A', 'B', 'C'].map((letter) =>
  createHash('sha256').update(letter).digest('base64').slice(0, 43),
) as [string, string, string];

/** Creates a table and a store, and makes other stores on the same table. */
async function fresh(options: Parameters<typeof freshStore>[0] = {}) {
  const base = {
    ...{ errorLog: () => {}, touchAfter: 0, hashIds: false, encryption: { keys: [KEY] } },
    timeout: 60, // seconds: 10,000 concurrent calls are slow on a busy machine
  } as const;
  const made = await freshStore({ ...base, ...options });
  const { pool, names, table } = made;
  const another = (otherOptions: StoreOptions) => {
    const store = new PgSessionStore({ pool, ...names, ...base, pruneSessionInterval: false, ...otherOptions });
    onEnd(() => store.close());
    return store;
  };
  const withKeys = (...keys: Keys) => another({ encryption: { keys } });
  const readPayload = async (): Promise<string> => (await pool.query(`SELECT sess::text FROM ${table}`)).rows[0]?.sess;
  const writePayload = (value: string) => pool.query(`UPDATE ${table} SET sess = $1`, [value]);
  return { ...made, another, withKeys, readPayload, writePayload };
}

for (const sess of ['json', 'jsonb', 'text'] as const) {
  test(`the store saves, merges and finds encrypted sessions in a ${sess} column, and the row is unreadable`, async () => {
    const { store, pool, names, readPayload } = await fresh({ columns: { sess, expire: 'timestamptz' } });
    const secret = { passport: { user: 'ada' }, secret: 'whisper \u0000 \ud800 \ue000 漢' };
    await store.set('a', newSession(store, 'a', secret));
    assert.not.match(await readPayload(), /"ada|whisper|cookie|secret/); // base64 may contain ada by chance
    const [one, other] = [await loadSession(store, 'a'), await loadSession(store, 'a')];
    one.x = 1;
    other.y = 1;
    await store.set('a', one);
    await store.set('a', other);
    other.z = 1;
    await store.set('a', other);
    await store.update('a', (found) => found.x++);

    const saved = (await store.get('a'))!;
    assert.equal([saved.x, saved.y, saved.z, saved.secret], [2, 1, 1, secret.secret]);
    assert.is((await store.all()).length, 1);
    const admin = createAdmin({ pool, ...names, encryption: { keys: [KEY] } });
    const owner = createAdmin({ pool: administrator(pool), ...names, encryption: { keys: [KEY] } });
    await owner.createUserIndex();
    const [entry] = await admin.find('ada');
    assert.equal([entry!.user, entry!.session!.y], ['ada', 1]);
    assert.is((await admin.show(store.handle('a')))?.user, 'ada');
    assert.is(await admin.revokeUser('bob'), 0);
    assert.is(await admin.revoke(store.handle('a'), { user: 'ada' }), true);
  });

  test(`repeated saves of one encrypted session in a ${sess} column cause no conflict`, async () => {
    const { store } = await fresh({ columns: { sess, expire: 'timestamptz' } });
    await store.set('a', newSession(store, 'a', { passport: { user: 1 }, n: 0 }));
    const loaded = await loadSession(store, 'a');
    store.on('conflict', () => assert.unreachable());
    for (const n of [1, 2, 3]) {
      loaded.n = n;
      await store.set('a', loaded);
    }
    assert.is((await store.get('a'))!.n, 3);
  });
}

test('the store rejects all of 10,000 rows with one flipped bit', async () => {
  const { store, table, pool } = await fresh({ columns: { sess: 'text', expire: 'timestamptz' } });
  const sids = Array.from({ length: 10_000 }, (_, n) => `s${n}`);
  await Promise.all(sids.map((sid) => store.set(sid, session({ passport: { user: sid }, n: 1 }))));
  assert.is((await Promise.all(sids.map((sid) => store.get(sid)))).filter(Boolean).length, 10_000);
  const { rows } = await pool.query(`SELECT sid, sess FROM ${table}`);
  const flipped = rows.map(({ sess }, n) => {
    const bytes = Buffer.from(sess);
    const bit = n % (bytes.length * 7); // another bit in each row; ASCII has seven a byte
    bytes[Math.floor(bit / 7)]! ^= 1 << (bit % 7);
    return String(bytes).replace('\0', '\u0001'); // a flipped space is NUL, which PostgreSQL cannot store
  });
  await pool.query(
    `UPDATE ${table} AS t SET sess = x.sess FROM unnest($1::text[], $2::text[]) AS x(sid, sess) WHERE t.sid = x.sid`,
    [rows.map(({ sid }) => sid), flipped],
  );
  const accepted = (await Promise.all(sids.map((sid) => store.get(sid)))).filter(Boolean);
  assert.is(accepted.length, 0);
  assert.is(await store.length(), 10_000);
});

test('the store rejects other base64 spellings of the same bytes', async () => {
  const { store, readPayload, writePayload } = await fresh();
  for (const pad of ['', 'x', 'xx']) {
    await store.set('a', session({ pad }));
    const encrypted = await readPayload();
    for (const end of ['=', '.', '.x', '!', ' ']) {
      await writePayload(encrypted.replace(/"\}$/, `${end}"}`));
      assert.is(await store.get('a'), null);
    }
    await writePayload(encrypted);
    assert.ok(await store.get('a'));
  }
});

test('the store rejects all of 1,000 rows that were moved to another session id, hashed or not', async () => {
  for (const hashIds of [false, true]) {
    const { store, pool, table } = await fresh({ hashIds });
    const sids = Array.from({ length: 1000 }, (_, n) => `s${n}`);
    await Promise.all(sids.map((sid) => store.set(sid, session({ user: sid }))));
    const { rows } = await pool.query(`SELECT sid, sess::text FROM ${table}`);
    const move = ({ sid }: { sid: string }, n: number) =>
      pool.query(`UPDATE ${table} SET sess = $2 WHERE sid = $1`, [sid, rows[(n + 1) % rows.length].sess]);
    await Promise.all(rows.map(move));
    const found = await Promise.all(sids.map((sid) => store.get(sid)));
    assert.is(found.filter(Boolean).length, 0);
    assert.is(await store.length(), 1000);
  }
});

test('a row that no key decrypts is not a session: the store emits unreadable and keeps the row', async () => {
  const { store, withKeys, readPayload } = await fresh();
  await store.set('a', session({ n: 1 }));
  const before = await readPayload();
  const withoutKey = withKeys(FOREIGN_KEY);
  const events: object[] = [];
  withoutKey.on('unreadable', (event) => events.push(event));
  assert.is(await withoutKey.get('a'), null);
  assert.equal(await withoutKey.all(), []);
  const refused = await withoutKey.update('a', () => {}).catch((error) => error);
  assert.instance(refused, SyntaxError);
  assert.match(refused.message, /a key that encryption.keys does not have/);
  await withoutKey.touch('a', session({}, cookieFor(60)));
  assert.is(await readPayload(), before);
  assert.equal(events, Array(2).fill({ handle: store.handle('a') }));
});

test('an encrypted row is not a session for a store or an admin without encryption', async () => {
  const { store, another, readPayload, pool, names } = await fresh();
  await store.set('a', session({ passport: { user: 'ada' } }));
  const plain = another({ encryption: undefined });
  const events: object[] = [];
  plain.on('unreadable', (event) => events.push(event));
  const before = await readPayload();
  assert.is(await plain.get('a'), null);
  const refused = await plain.update('a', () => {}).catch((error) => error);
  assert.match(refused.message, /is encrypted\. Set the option encryption/);
  assert.is(await readPayload(), before);
  assert.is(events.length, 1);
  const [entry] = (await createAdmin({ pool, ...names }).list()).sessions;
  assert.equal([entry!.user, entry!.session], [null, null]);
  await plain.set('b', session({ text: 'ss__encrypted', ss__encrypted: 1 }));
  assert.is((await plain.get('b'))!.text, 'ss__encrypted');
});

test('the store encrypts with the first key, decrypts with every key, and rejects an altered key id', async () => {
  const { withKeys, readPayload, writePayload } = await fresh();
  const [before, after] = [withKeys(OLD_KEY), withKeys(KEY, OLD_KEY)];
  await before.set('a', session({ n: 1 }));
  const old = await readPayload();
  assert.is((await after.get('a'))!.n, 1);
  await after.update('a', (found) => found.n++);
  assert.is(await before.get('a'), null);
  assert.is((await after.get('a'))!.n, 2);
  const keyIdOf = (encrypted: string) => JSON.parse(encrypted).ss__encrypted.split('.')[0];
  await writePayload(old.replace(keyIdOf(old), keyIdOf(await readPayload())));
  assert.is(await after.get('a'), null);
});

test('the store accepts a plaintext row only with allowPlaintext, and encrypts it at the next save', async () => {
  const { store, another, readPayload, pool, names } = await fresh();
  const plaintext = another({ encryption: undefined });
  const allowing = another({ encryption: { keys: [KEY], allowPlaintext: true } });
  await plaintext.set('a', session({ passport: { user: 'ada' } }));
  await plaintext.set('b', session({ passport: { user: 'ada' } }));
  assert.is(await store.get('a'), null);
  const loaded = await loadSession(allowing, 'a');
  loaded.n = 1;
  await allowing.set('a', loaded);
  assert.is((await store.get('a'))!.n, 1);
  assert.is(await store.get('b'), null);
  const admin = createAdmin({ pool, ...names, encryption: { keys: [KEY], allowPlaintext: true } });
  assert.is((await admin.find('ada')).length, 2);
  assert.is(await createAdmin({ pool, ...names, encryption: { keys: [KEY] } }).revokeUser('ada'), 1);
  assert.match(await readPayload(), /ada/);
});

test('migrate moves 1,000 sessions under load to a new key, and loses no session and no update', async () => {
  const { withKeys, pool, names, table } = await fresh();
  const [before, during, after] = [withKeys(OLD_KEY), withKeys(KEY, OLD_KEY), withKeys(KEY)];
  const sids = Array.from({ length: 1000 }, (_, n) => `s${n}`);
  await Promise.all(sids.map((sid) => before.set(sid, session({ passport: { user: sid }, n: 0 }, cookieFor(600)))));
  const readExpiries = async () => (await pool.query(`SELECT sid, expire FROM ${table} ORDER BY 1`)).rows;
  const expiriesBefore = await readExpiries();
  let running = true;
  let updates = 0;
  const clients = Array.from({ length: 8 }, async () => {
    while (running) {
      const sid = sids[randomInt(1000)]!;
      assert.ok(await during.update(sid, (found) => found.n++), sid);
      updates++;
    }
  });
  while (updates < 20) await new Promise((resolve) => setTimeout(resolve, 1));
  const steps = await migrate({ pool, names }, { encryption: { keys: [KEY, OLD_KEY] } });
  running = false;
  await Promise.all(clients);

  assert.match(steps[0]!, /sessions encrypted with the first key/);
  const found = await Promise.all(sids.map((sid) => after.get(sid)));
  assert.is(found.filter(Boolean).length, 1000);
  assert.is(
    found.reduce((sum, one) => sum + one!.n, 0),
    updates,
  );
  const movedMs = (await readExpiries()).map(({ expire }, n) => Math.abs(expire - expiriesBefore[n].expire));
  assert.ok(Math.max(...movedMs) < 5000); // an update moves the expiry by the time that it takes
  const admin = createAdmin({ pool, ...names, encryption: { keys: [KEY] } });
  assert.is((await admin.find('s7')).length, 1);
  assert.equal(await migrate({ pool, names }, { encryption: { keys: [KEY] } }), []);
});

test('migrate encrypts plaintext rows only with allowPlaintext, and counts the rows that no key decrypts', async () => {
  const { another, pool, names, withKeys } = await fresh();
  await another({ encryption: undefined, hashIds: true }).set('a', session({ n: 1 }));
  await withKeys(FOREIGN_KEY).set('b', session({ n: 1 }));
  const message = (allowPlaintext: boolean) =>
    migrate({ pool, names }, { encryption: { keys: [KEY], allowPlaintext } }).then(
      String,
      (error: Error) => error.message,
    );
  assert.match(await message(false), /^no key decrypts 2 sessions. Add the key/);
  assert.match(await message(true), /^no key decrypts 1 session\. /);
  assert.is((await another({ hashIds: true }).get('a'))!.n, 1);
});

test('migrate fails if a trigger keeps rows, and encrypts the others', async () => {
  const { withKeys, pool, names, table } = await fresh();
  for (const sid of ['a', 'kept']) await withKeys(OLD_KEY).set(sid, session({ n: 1 }));
  await addTrigger(pool, table, 'UPDATE', "IF OLD.sid = 'kept' THEN RETURN NULL; END IF;");
  const error = await migrate({ pool, names }, { encryption: { keys: [KEY, OLD_KEY] } }).catch((caught) => caught);
  assert.match(String(error), /1 session cannot be encrypted: a trigger, a rule or row-level security keeps the row/);
  assert.is((await withKeys(KEY).get('a'))!.n, 1);
  assert.is((await withKeys(OLD_KEY).get('kept'))!.n, 1);
});

test('the admin finds a user with each key, at any path, as a number or as its digits', async () => {
  const { another, pool, names } = await fresh();
  const userPath = ['user', 'id', 'é"\u0000'];
  const sessionOf = (id: unknown) => session({ user: { id: { [userPath[2]!]: id } } });
  const old = another({ encryption: { keys: [OLD_KEY], userPath } });
  const current = another({ encryption: { keys: [KEY, OLD_KEY], userPath } });
  await old.set('a', sessionOf(42));
  await current.set('b', sessionOf('42'));
  await current.set('c', sessionOf(43));
  const admin = createAdmin({ pool, ...names, encryption: { keys: [KEY, OLD_KEY], userPath } });
  assert.is((await admin.find(42)).length, 2);
  assert.is(await admin.revokeUser('42', { except: current.handle('a') }), 1);
  assert.is(await admin.count(), 2);
});

/** Bytes that are not random: a zero, a repeated text, half a key, 15 different bytes. */
const WEAK = [
  Buffer.alloc(32),
  Buffer.alloc(32, 0xff),
  Buffer.alloc(32, 'secret'),
  Buffer.alloc(32, '0123456789abcde'),
  Buffer.concat([Buffer.alloc(20), Buffer.from('a short key!')]),
];

test('the store accepts a key of 32 bytes in each form, and no error reveals a wrong key', async () => {
  const { store, withKeys, another } = await fresh();
  const bytes = Buffer.from(KEY, 'base64');
  await store.set('a', session({ n: 1 }));
  for (const same of [bytes, new Uint8Array(bytes), bytes.toString('hex'), `${KEY}=`, bytes.toString('base64url')]) {
    assert.is((await withKeys(same).get('a'))?.n, 1);
  }
  for (const enough of [Buffer.from([...Array(32).keys()]), Buffer.alloc(32, '0123456789abcdef')]) withKeys(enough);
  const wrong: [encryption: unknown, message: RegExp][] = [
    [{ keys: [] }, /encryption must be an object/],
    [{ keys: 'secret' }, /encryption must be an object/],
    [{ key: KEY, keys: [KEY] }, /encryption must be an object/],
    [{ keys: ['secret'] }, /a key must have 32 bytes/],
    [{ keys: [randomBytes(16)] }, /a key must have 32 bytes/],
    ...WEAK.flatMap((weak) =>
      [weak, new Uint8Array(weak), weak.toString('hex'), weak.toString('base64'), weak.toString('base64url')].map(
        (key): [object, RegExp] => [{ keys: [KEY, key] }, /fewer than 16 different bytes.*`openssl rand -base64 32`/],
      ),
    ),
    [{ keys: ['secret!'.padEnd(43, '!')] }, /a key must have 32 bytes/],
    [{ keys: [KEY, bytes] }, /holds the same key twice/],
    [{ keys: [KEY], userPath: 'user.id' }, /userPath must be an array/],
  ];
  for (const [encryption, message] of wrong) {
    const thrown = await (async () => another({ encryption: invalid(encryption) }))().then(
      String,
      (error: Error) => error.message,
    );
    assert.match(thrown, message);
    assert.not.match(thrown, /secret/);
  }
});

test('the docs name what encryption does not prevent: replay, a destroyed row, another table, plaintext', async () => {
  const { store, pool, table, another } = await fresh();
  const rowOf = async () => (await pool.query(`SELECT sid, sess::text, expire FROM ${table}`)).rows[0];
  const put = ({ sid, sess, expire }: Record<string, unknown>, into = table) =>
    pool.query(
      `INSERT INTO ${into} VALUES ($1, $2, $3) ON CONFLICT (sid) DO UPDATE SET sess = excluded.sess, expire = excluded.expire`,
      [sid, sess, expire],
    );
  await store.set('a', session({ n: 1 }));
  const old = await rowOf();
  await store.set('a', session({ n: 2 }));
  await put(old);
  assert.is((await store.get('a'))?.n, 1);
  await store.destroy('a');
  await put(old);
  assert.is((await store.get('a'))?.n, 1);
  const elsewhere = await fresh();
  await put(old, elsewhere.table);
  assert.is((await elsewhere.store.get('a'))?.n, 1);
  await put({ ...old, sid: 'b', sess: JSON.stringify(session({ n: 3 })) });
  assert.is(await store.get('b'), null);
  assert.is((await another({ encryption: { keys: [KEY], allowPlaintext: true } }).get('b'))?.n, 3);

  const docs = readFileSync('docs/security.md', 'utf8').replaceAll('\n', ' ');
  for (const limit of [
    /replay an older row/,
    /put back a row that was destroyed/,
    /one key per table/,
    /plaintext row while `allowPlaintext`/,
  ]) {
    assert.match(docs, limit);
  }
});

const dates = {
  stringify: (one: object) =>
    JSON.stringify(one, function (this: Record<string, unknown>, key, value) {
      const original = this[key]; // `value` is already a string if this is a Date
      return original instanceof Date ? { $date: original.getTime() } : value;
    }),
  parse: (text: string) => JSON.parse(text, (_, value) => (value?.$date ? new Date(value.$date) : value)),
};

for (const encryption of [undefined, { keys: [KEY] }]) {
  test(`with a serializer${encryption ? ' and encryption' : ''}, dates stay Date objects and the store merges`, async () => {
    const { store, pool, names } = await fresh({ encryption, serializer: dates });
    const at = new Date(1e12);
    await store.set('a', newSession(store, 'a', { at, passport: { user: 7 }, text: 'a\u0000\ud800' }));
    const [one, other] = [await loadSession(store, 'a'), await loadSession(store, 'a')];
    assert.equal([one.at, one.text], [at, 'a\u0000\ud800']);
    one.at = new Date(2e12);
    other.seen = at;
    await store.set('a', one);
    await store.set('a', other);
    const found = (await store.get('a'))!;
    assert.equal([found.at, found.seen], [new Date(2e12), at]);
    assert.instance(found.cookie.expires, Date);
    const admin = createAdmin({ pool, ...names, encryption, serializer: dates });
    assert.equal((await admin.find(7))[0]!.session!.seen, at);
  });
}

test('encryptAll() skips a session if only the serializer of the app can find its user', async () => {
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

test('a serializer that does not return JSON works only with encryption', async () => {
  const reversed = {
    stringify: (one: object) => JSON.stringify(one).split('').reverse().join(''),
    parse: (text: string) => JSON.parse(text.split('').reverse().join('')),
  };
  const { store, another } = await fresh({ serializer: reversed });
  await store.set('a', session({ n: 1 }));
  assert.is((await store.get('a'))!.n, 1);
  const message = await another({ serializer: reversed, encryption: undefined })
    .set('a', session({ n: 1 }))
    .then(String, (error: Error) => error.message);
  assert.match(message, /serializer.stringify must return JSON/);
});

test('with encryption, a serializer gets back each character of a text that is not JSON', async () => {
  const reverse = (text: string) => [...text].reverse().join('');
  const serializer = {
    stringify: (one: object) => reverse(JSON.stringify(one)),
    parse: (text: string) => JSON.parse(reverse(text)),
  };
  const { store } = await fresh({ serializer });
  const texts = ['\x7f', '0000u\x7f', '9e00u\\', '0000u\\', '😀'];
  await store.set('a', session({ texts }));
  assert.equal((await store.get('a'))!.texts, texts);
  await store.update('a', (found) => Object.assign(found, { n: 1 }));
  assert.equal((await store.get('a'))!.texts, texts);
});
