// Rows that hold no session: for the browser there is none, for the operator there is an event, and the row stays.
import * as assert from 'uvu/assert';
import { Browser, startApp } from '../support/app.js';
import { freshStore, storedId } from '../support/fresh-store.js';
import { suite } from '../support/harness.js';

const test = suite('rows that are no sessions');
const cookie = { maxAge: 60_000 };

const NO_SESSION: Record<string, string> = {
  nothing: '',
  'no JSON': 'a:1:{s:4:"user";s:3:"ada";}',
  'half of a session': '{"cookie":{"originalMaxAge":60000},"us',
  null: 'null',
  true: 'true',
  'a number': '7',
  text: '"ada"',
  'an array': '[{"cookie":{}}]',
  'a cookie that express-session refuses': '{"cookie":{"maxAge":"soon"},"user":"ada"}',
  'a cookie with which express-session never answers': '{"cookie":{"originalMaxAge":"long"},"user":"ada"}',
  'a session that was made JSON twice': JSON.stringify('{"cookie":{},"user":"ada"}'),
};

/** What a browser gets to see whose session's row was overwritten, and what becomes of the row. */
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
  const told = new Promise((resolve) => setImmediate(resolve));

  const { status, body } = await browser.get();

  await told;
  const { rows } = await pool.query(`SELECT sess FROM ${table} WHERE sid = $1`, [storedId(sid)]);
  return { status, user: body.user, events, row: rows[0]?.sess };
}

for (const [what, payload] of Object.entries(NO_SESSION)) {
  test(`${what}: no session, no 5xx, one event, and the row stays`, async () => {
    const { status, user, events, row } = await visit(payload);
    assert.equal([status, user], [200, undefined]);
    assert.is(events.length, 1);
    assert.equal(Object.keys(events[0]!), ['handle']);
    assert.is(row, payload);
  });
}

const ODD_COOKIES = [
  null,
  5,
  {},
  { expires: 'soon' },
  { expires: {} },
  { originalMaxAge: 1e300 },
  { path: 5 },
  { sameSite: 1 },
];

for (const odd of ODD_COOKIES) {
  test(`the cookie ${JSON.stringify(odd)}: no 5xx, and the row stays`, async () => {
    const { status, row } = await visit(JSON.stringify({ cookie: odd, user: 'ada' }));
    assert.is(status, 200);
    assert.ok(row !== undefined);
  });
}
