// A serializer that returns a promise is refused. It must not make sessions empty.
import { randomBytes } from 'node:crypto';
import * as assert from 'uvu/assert';
import { createAdmin } from '../../src/admin/admin.js';
import { encryptAll } from '../../src/admin/encrypt-all.js';
import { PgSessionStore } from '../../src/index.js';
import { makeCodec } from '../../src/session/codec.js';
import { freshStore, loadSession, session } from '../support/fresh-store.js';
import { onEnd, suite } from '../support/harness.js';
import { invalid } from '../support/invalid.js';

const test = suite('async serializer');

const sync = { stringify: JSON.stringify, parse: (text: string) => JSON.parse(text) };
const REFUSED = /serializer\.(parse|stringify) must not be async: it returned a promise/;

const PARSERS: Record<string, (text: string) => unknown> = {
  'an async function': async (text) => JSON.parse(text),
  'a promise that rejects': () => Promise.reject(new Error('late')),
  // biome-ignore lint/suspicious/noThenProperty: a promise of another library
  'an object with then()': () => ({ then: () => {} }),
};

const errorOf = (work: Promise<unknown>) =>
  work.then(
    () => 'no error',
    (error) => error,
  );

for (const encryption of [undefined, { keys: [randomBytes(32)] }]) {
  const how = encryption ? 'encrypted' : 'plain';
  for (const [what, parse] of Object.entries(PARSERS)) {
    test(`each read of a ${how} session fails if serializer.parse returns ${what}, and the row stays`, async () => {
      const { store, pool, names, table } = await freshStore({ serializer: sync, encryption });
      await store.set('a', session({ user: 'ada' }));
      const rows = async () => (await pool.query(`SELECT sid, sess::text, expire FROM ${table}`)).rows;
      const before = await rows();
      const serializer = { ...sync, parse: invalid(parse) } as typeof sync;
      const other = new PgSessionStore({ pool, ...names, pruneSessionInterval: false, encryption, serializer });
      onEnd(() => other.close());
      const events: object[] = [];
      other.on('unreadable', (event) => events.push(event));
      const admin = createAdmin({ pool, ...names, encryption, serializer });

      for (const work of [
        () => other.get('a'),
        () => other.all(),
        () => other.update('a', (found) => void Object.assign(found, { n: 1 })),
        () => loadSession(other, 'a'),
        () => admin.list(),
        () => admin.show(store.handle('a')),
      ]) {
        const error = await errorOf(work());
        assert.instance(error, TypeError);
        assert.match((error as Error).message, REFUSED);
      }
      const key = { keys: [randomBytes(32), ...(encryption?.keys ?? [])], allowPlaintext: true };
      const codec = makeCodec({ encryption: key, serializer });
      assert.match(((await errorOf(encryptAll({ pool, names }, codec, () => {}))) as Error).message, REFUSED);

      assert.equal(await rows(), before);
      assert.equal(events, []);
    });
  }

  for (const [what, stringify] of Object.entries({
    'a promise': async (data: object) => JSON.stringify(data),
    'an object': (data: object) => ({ ...data }),
    undefined: () => undefined,
  })) {
    test(`set() of a ${how} session fails if serializer.stringify returns ${what}, and the row stays`, async () => {
      const { store, names, pool } = await freshStore({ serializer: sync, encryption });
      await store.set('a', session({ user: 'ada' }));
      const serializer = { ...sync, stringify: invalid(stringify) } as typeof sync;
      const other = new PgSessionStore({ pool, ...names, pruneSessionInterval: false, encryption, serializer });
      onEnd(() => other.close());
      const error = await errorOf(other.set('a', session({ user: 'grace' })));
      assert.instance(error, TypeError);
      assert.match((error as Error).message, /serializer\.stringify must/);
      assert.is((await store.get('a'))!.user, 'ada');
    });
  }
}
