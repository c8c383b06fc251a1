// What a visitor or another role wrote cannot control a terminal, and keeps its meaning in SQL and
// JSON.
import pg from 'pg';
import * as assert from 'uvu/assert';
import { SessionStoreError } from '../src/index.js';
import { printable, printableJson, printableLine, printableLines, printableSql } from '../src/printable.js';
import { freshPool, freshStore, session } from './support/fresh-store.js';
import { suite } from './support/harness.js';
import { failure } from './support/limited-role.js';

const test = suite('printable');

const HOSTILE = 'a\x00\x1b[31m\x07\x9b\x7f\u202e\u2066\u200b\u2028\u{e0041}\ud800\r\n"\'\\é漢';
const UNSAFE = /[\p{C}\u2028\u2029]/u;

test('text is escaped, and only as many line breaks stay as the function says', () => {
  assert.is(printable('a\x1b\x9b\n'), 'a\\u{1b}\\u{9b}\\u{a}');
  assert.is(printableLine('a \n b'), 'a b');
  assert.is(printableLines('a\n\x7f'), 'a\n\\u{7f}');
  for (const escaped of [printable, printableLine].map((work) => work(HOSTILE))) assert.not.match(escaped, UNSAFE);
  assert.is(printable('é漢😀"\''), 'é漢😀"\'');
});

test('JSON is escaped, and parses to the same value', () => {
  const value = { [HOSTILE]: [HOSTILE, 1] };
  assert.not.match(printableJson(value).replaceAll('\n', ''), UNSAFE);
  assert.equal(JSON.parse(printableJson(value)), value);
});

test('SQL is escaped, and gives the same names and literals', async () => {
  const pool = freshPool();
  const text = HOSTILE.replace('\x00', '').replace('\ud800', '');
  for (const value of [text, text.replaceAll('\\', ''), 'plain', `"'\\`]) {
    const sql = `SELECT ${pg.escapeLiteral(value)} AS ${pg.escapeIdentifier(value)}`;
    assert.not.match(printableSql(sql), UNSAFE);
    const { rows } = await pool.query(printableSql(sql));
    assert.equal(rows, [{ [Buffer.from(value).subarray(0, 63).toString()]: value }]);
  }
  assert.is(printableSql(`SELECT 'a',\n  "b"`), `SELECT 'a',\n  "b"`);
});

test('an error of the store has no control characters, also if a trigger or a key of a session wrote them', async () => {
  const { store, pool, table, names } = await freshStore();
  const body = `BEGIN RAISE EXCEPTION '%', ${pg.escapeLiteral(HOSTILE.replace('\x00', '').replace('\ud800', ''))}; END`;
  const name = `${pg.escapeIdentifier(names.schemaName)}.refuse()`;
  await pool.query(`CREATE FUNCTION ${name} RETURNS trigger LANGUAGE plpgsql AS $$ ${body} $$`);
  await pool.query(`CREATE TRIGGER refuse BEFORE INSERT ON ${table} EXECUTE FUNCTION ${name}`);
  const refused = await failure(store.set('a', session()));
  assert.instance(refused, SessionStoreError);
  assert.match(refused.message, /the database failed: a\\u\{1b\}/);
  assert.not.match(refused.message, UNSAFE);
  const unstorable = await failure(store.set('a', session({ [HOSTILE]: 1n })));
  assert.match(unstorable.message, /failed on key "a/);
  assert.not.match(unstorable.message, UNSAFE);
});
