// handle reads a session id or a cookie from standard input, and prints neither.
import * as assert from 'uvu/assert';
import { handleOf } from '../../src/session/handle.js';
import { cli, printed } from '../support/cli.js';
import { suite } from '../support/harness.js';

const test = suite('cli handle', { timeout: 60_000 });

const SID = 'a-secret-session-id-0123456789ab';
const SIGNATURE = 'aB3/x+secret-signature-ABCDEFGHIJKLMNOPQRSTU';
const COOKIE = encodeURIComponent(`s:${SID}.${SIGNATURE}`);
const NO_DATABASE = { DATABASE_URL: undefined };

const handle = (input: string, ...args: string[]) => cli(['handle', ...args], NO_DATABASE, { input });

test('handle prints the handle of an id, a cookie or a header on standard input', async () => {
  const inputs = [
    SID,
    `\n  ${SID}\r\n\n`,
    COOKIE,
    COOKIE.toLowerCase().slice(0, 4) + COOKIE.slice(4),
    `s:${SID}.${SIGNATURE}`,
    `connect.sid=${COOKIE}`,
    `theme=dark; connect.sid=${COOKIE}; other=s%3Ax.y`,
    `Cookie: theme=dark;connect.sid="${COOKIE}"`,
    `Set-Cookie: connect.sid=${COOKIE}; Domain=a.example.com; Path=/`,
    `${COOKIE}; Domain=a.example.com`,
    `sha256:${handleOf(SID)}`,
  ];
  for (const input of inputs) {
    assert.equal(await handle(input), { code: 0, stdout: `${handleOf(SID)}\n`, stderr: '' }, input);
  }
  assert.equal(JSON.parse((await handle(`app.sid=${COOKIE}`, '--cookie', 'app.sid', '--json')).stdout), {
    handle: handleOf(SID),
  });
  assert.is((await handle('YWJj==')).stdout, `${handleOf('YWJj==')}\n`);
  assert.is((await handle('a.b')).stdout, `${handleOf('a.b')}\n`);
});

test('handle refuses other input, and does not print it', async () => {
  const wrong: [input: string, message: RegExp][] = [
    ['', /standard input has no line/],
    [' \n', /standard input has no line/],
    [`${SID}\n${SID}\n`, /standard input has several lines/],
    [`my id is ${SID}`, /not a session id, and not a cookie/],
    [`theme=${SID}; x=y`, /the Cookie header has no cookie connect\.sid\. Set --cookie/],
    ['connect.sid=', /the cookie is not one of express-session/],
    [`connect.sid=${SID}`, /the cookie is not one of express-session/],
    [`s:${SID}`, /the cookie is not one of express-session/],
    ['s%3A%E0%A4%A.x', /the cookie is not one of express-session/],
  ];
  for (const [input, message] of wrong) {
    const { code, stdout, stderr } = await handle(input);
    assert.equal([code, stdout], [2, ''], input);
    assert.match(stderr, message);
  }
});

test('an id or a cookie as an argument is refused, and no command prints it', async () => {
  for (const secret of [SID, COOKIE, `s:${SID}.${SIGNATURE}`, `-${SID}`, `--${SID}`]) {
    const { code, stdout, stderr } = await handle('', '--', secret);
    assert.equal([code, stdout], [2, ''], secret);
    assert.match(stderr, /handle reads standard input\. An argument is visible to other users/);
    for (const args of [
      [secret],
      ['handle', secret],
      ['list', secret],
      ['list', '--limit', secret],
      ['show', secret],
    ]) {
      assert.is((await cli(args, NO_DATABASE)).code, 2, args.join(' '));
    }
  }
  assert.equal(
    printed.filter((text) => /secret/.test(text)),
    [],
  );
});
