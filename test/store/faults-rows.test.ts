// Rows that do not hold a session: the browser has no session, the store emits an event, and the
// row stays.
import * as assert from 'uvu/assert';
import { Browser, startApp } from '../support/app.js';
import { freshStore, storedId } from '../support/fresh-store.js';
import { suite } from '../support/harness.js';

const test = suite('rows without a session');
const cookie = { maxAge: 60_000 };

const NOT_A_SESSION: Record<string, string> = {
  'an empty text': '',
  'a text that is not JSON': 'a:1:{s:4:"user";s:3:"ada";}',
  'an incomplete session': '{"cookie":{"originalMaxAge":60000},"us',
  null: 'null',
  true: 'true',
  'a number': '7',
  'a string': '"ada"',
  'an array': '[{"cookie":{}}]',
  'a cookie that express-session refuses': '{"cookie":{"maxAge":"soon"},"user":"ada"}',
  'a cookie that makes express-session hang': '{"cookie":{"originalMaxAge":"long"},"user":"ada"}',
  'a session that is encoded as JSON twice': JSON.stringify('{"cookie":{},"user":"ada"}'),
};

/** Overwrites the row of a browser, and returns its next response, the events and the row. */
async function visit(payload: string) {
  const { store, pool, table } = await freshStore({
    columns: { sess: 'text', expire: 'timestamptz' },
    errorLog: () => {},
  });
  const browser = new Browser(await startApp({ store, cookie }));
  await browser.post('/sign-in/ada');
  const { sid } = (await browser.get()).body;
  await pool.query(`UPDATE ${table} SET sess = $1 WHERE sid = $2`, [payload, storedId(sid)]);
  const events: object[] = [];
  store.on('unreadable', (event) => events.push(event));
  const emitted = new Promise((resolve) => setImmediate(resolve));

  const { status, body } = await browser.get();

  await emitted;
  const { rows } = await pool.query(`SELECT sess FROM ${table} WHERE sid = $1`, [storedId(sid)]);
  return { status, user: body.user, events, row: rows[0]?.sess };
}

for (const [what, payload] of Object.entries(NOT_A_SESSION)) {
  test(`the store treats a row with ${what} as no session, emits one event and keeps the row`, async () => {
    const { status, user, events, row } = await visit(payload);
    assert.equal([status, user], [200, undefined]);
    assert.is(events.length, 1);
    assert.equal(Object.keys(events[0]!), ['handle']);
    assert.is(row, payload);
  });
}

const INVALID_COOKIES = [
  null,
  5,
  {},
  { expires: 'soon' },
  { expires: {} },
  { originalMaxAge: 1e300 },
  { path: 5 },
  { sameSite: 1 },
];

for (const invalidCookie of INVALID_COOKIES) {
  test(`a request with the stored cookie ${JSON.stringify(invalidCookie)} gets a 200, and the row stays`, async () => {
    const { status, row } = await visit(JSON.stringify({ cookie: invalidCookie, user: 'ada' }));
    assert.is(status, 200);
    assert.ok(row !== undefined);
  });
}
