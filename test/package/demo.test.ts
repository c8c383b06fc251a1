// Tests the demo (npm start) as a user does: as a process, with a browser and Ctrl-C.
import { once } from 'node:events';
import { existsSync, watch } from 'node:fs';
import * as fs from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import * as assert from 'uvu/assert';
import { type Demo, databaseWith, type Env, exitOf, run, running, serve } from '../support/demo.js';
import { freshNames, freshPool } from '../support/fresh-store.js';
import { onEnd, suite } from '../support/harness.js';
import { statusOf } from '../support/status-of.js';
import { quotedName } from '../support/stores.js';

/** A folder in which all users may write, like /tmp. It is deleted after the test. */
async function scratchFolder(): Promise<string> {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'demo-test-'));
  onEnd(() => fs.rm(folder, { recursive: true, force: true }));
  await fs.chmod(folder, 0o1777);
  return folder;
}

/** The folders of local PostgreSQL servers that run. */
const serversIn = async (folder: string) => (await fs.readdir(folder)).filter((name) => name.startsWith('pg-local-'));

/** A browser that keeps the cookie and follows redirects. */
class Visitor {
  constructor(
    readonly url: string,
    public cookie = '',
  ) {}

  async open(path: string, form?: Env, headers: Env = {}): Promise<{ status: number; text: string }> {
    const response = await fetch(this.url + path, {
      method: form ? 'POST' : 'GET',
      body: form ? new URLSearchParams(form) : null,
      headers: { ...headers, cookie: this.cookie },
      redirect: 'manual',
    });
    this.cookie = response.headers.get('Set-Cookie')?.split(';')[0] ?? this.cookie;
    const text = await response.text();
    return response.status === 303 ? this.open(response.headers.get('Location')!) : { status: response.status, text };
  }
}

async function signedIn(name: string, demo = shared): Promise<Visitor> {
  const visitor = new Visitor(demo.url);
  assert.match((await visitor.open('/sign-in', { name })).text, '<strong>1</strong> visit since');
  return visitor;
}

const test = suite('demo', { timeout: 60_000 });

const sharedSchema = freshNames().schemaName;
let shared: Demo;
test.before(async () => {
  shared = await serve(await databaseWith(sharedSchema));
});
test.after(async () => {
  await shared.end('SIGTERM').finally(() => {
    for (const child of running) child.kill('SIGKILL'); // processes that failed tests left behind
  });
});

test('a visitor who is not signed in gets no cookie', async () => {
  const visitor = new Visitor(shared.url);

  assert.match((await visitor.open('/')).text, 'What is your name?');
  assert.is(visitor.cookie, '');
});

test('the demo counts each visit', async () => {
  const visitor = await signedIn('Ada');
  await visitor.open('/');

  assert.match((await visitor.open('/')).text, '<strong>3</strong> visits');
});

test('the demo escapes HTML in a name', async () => {
  const visitor = await signedIn(`<img src=x onerror='alert("1")'>&amp;`);
  const { text } = await visitor.open('/');

  assert.match(text, 'Hello, &lt;img src=x onerror=&#39;alert(&quot;1&quot;)&#39;&gt;&amp;amp;');
  assert.not.match(text, '<img src=x');
});

test('a blank name is refused with a message', async () => {
  const { status, text } = await new Visitor(shared.url).open('/sign-in', { name: '  ' });

  assert.is(status, 422);
  assert.match(text, 'Please type a name');
});

test('signing in again creates a new session and deletes the old one', async () => {
  const visitor = await signedIn('Ada');
  const old = visitor.cookie;
  await visitor.open('/sign-in', { name: 'Eve' });

  assert.is.not(visitor.cookie, old);
  assert.match((await new Visitor(shared.url, old).open('/')).text, 'What is your name?');
});

test('signing out deletes the session, so that an old cookie does not work', async () => {
  const visitor = await signedIn('Ada');
  const oldCookie = visitor.cookie;
  await visitor.open('/sign-out', {});

  assert.is(visitor.cookie, 'demo.sid=');
  assert.match((await new Visitor(shared.url, oldCookie).open('/')).text, 'What is your name?');
});

test('the panel shows the sessions and the expiry from the database', async () => {
  const [pool, table] = [freshPool(), quotedName({ schemaName: sharedSchema, tableName: 'demo sessions' })];
  await signedIn('expired');
  await pool.query(`UPDATE ${table} SET expire = now() WHERE sess #>> '{visitor,name}' = 'expired'`);

  const { text } = await (await signedIn('panel')).open('/');
  const { rows } = await pool.query(`
    SELECT count(*) AS live, max(expire) FILTER (WHERE sess #>> '{visitor,name}' = 'panel') AS expire
    FROM ${table} WHERE expire > now()`);

  assert.match(text, `<dd class="number">${rows[0].live}</dd>`);
  const shown = Date.parse(/Expires<.*?datetime="(.*?)"/s.exec(text)![1]!);
  assert.ok(Math.abs(shown - rows[0].expire) < 1000, `${new Date(shown)} is not ${rows[0].expire}`);
});

for (const site of ['cross-site', 'same-site']) {
  test(`a ${site} form is refused`, async () => {
    const visitor = await signedIn('Ada');

    assert.is((await visitor.open('/sign-out', {}, { 'Sec-Fetch-Site': site })).status, 403);
    assert.match((await visitor.open('/')).text, 'Hello, Ada');
  });
}

test('a form with the Origin of another site, and a request under another host name, are refused', async () => {
  const { host, port } = new URL(shared.url);
  const send = (method: string, headers: Record<string, string>) =>
    statusOf(`${shared.url}${method === 'GET' ? '/' : '/sign-out'}`, { method, headers });
  for (const origin of [
    'https://example.com',
    `http://localhost:${port}`,
    `https://${host}`,
    'http://127.0.0.1:1',
    'null',
    '',
  ]) {
    assert.is(await send('POST', { origin }), 403, origin);
  }
  for (const headers of [
    {},
    { origin: shared.url },
    { host: `localhost:${port}`, origin: `http://localhost:${port}` },
  ]) {
    assert.is(await send('POST', headers as Record<string, string>), 303, JSON.stringify(headers));
  }
  for (const other of [
    'example.com',
    `example.com:${port}`,
    '127.0.0.1.example.com',
    'localhost.example.com',
    '10.0.0.1',
  ]) {
    assert.is(await send('GET', { host: other }), 403, other);
    assert.is(await send('POST', { host: other, origin: `http://${other}` }), 403, other);
  }
  for (const own of ['127.0.0.1', `localhost:${port}`, '[::1]:80'])
    assert.is(await send('GET', { host: own }), 200, own);
});

test('only an administrator sees the administration and revokes sessions', async () => {
  const ada = await signedIn('Ada');
  const visitor = await signedIn('Mallory');
  assert.not.match((await visitor.open('/administration/users?user=Ada')).text, 'Revoke');
  for (const action of ['revoke-user', 'revoke']) {
    const form = { user: 'Ada', handle: 'f'.repeat(64) };
    assert.is((await visitor.open(`/administration/${action}`, form)).status, 403);
  }
  const wrong = await visitor.open('/administration/sign-in', { password: `${shared.password}x` });
  assert.equal([wrong.status, wrong.text.includes('This is not the password.')], [422, true]);
  assert.match((await ada.open('/')).text, 'Hello, Ada');

  const old = visitor.cookie;
  const { text } = await visitor.open('/administration/sign-in', { password: shared.password });
  assert.match(text, 'Find a user');
  assert.match((await visitor.open('/administration/users?user=Ada')).text, 'Revoke all sessions of Ada');
  assert.is.not(visitor.cookie, old);
  assert.not.match((await new Visitor(shared.url, old).open('/administration')).text, 'Find a user');
  assert.match((await visitor.open('/')).text, 'Hello, Mallory');
  assert.is((await visitor.open('/administration/revoke', { user: 'Ada', handle: 'x' })).status, 404);
  assert.is((await visitor.open('/administration/revoke-user', {})).status, 422);
  assert.match((await visitor.open('/administration/revoke-user', { user: 'Ada' })).text, 'Ada has no session');
  assert.match((await ada.open('/')).text, 'What is your name?');
});

test('other sites cannot cut the database off, start a race or revoke', async () => {
  for (const path of ['/outage/cut', '/outage/restore', '/races/changes', '/administration/revoke-user']) {
    for (const headers of [
      { origin: 'https://example.com' },
      { host: 'example.com' },
      { 'sec-fetch-site': 'cross-site' },
    ]) {
      const status = await statusOf(shared.url + path, { method: 'POST', headers: headers as Record<string, string> });
      assert.is(status, 403, `${path} ${JSON.stringify(headers)}`);
    }
  }
  assert.match((await new Visitor(shared.url).open('/outage')).text, 'connected');
});

test('a race leaves no session behind', async () => {
  const pool = freshPool();
  const count = async () =>
    (
      await pool.query(
        `SELECT FROM ${quotedName({ schemaName: sharedSchema, tableName: 'demo sessions' })} WHERE sess ->> 'race' IS NOT NULL`,
      )
    ).rowCount;
  for (const name of ['changes', 'sign-out']) {
    assert.match((await new Visitor(shared.url).open(`/races/${name}`, {})).text, '<strong>20</strong> of 20');
    assert.is(await count(), 0);
  }
  assert.is((await new Visitor(shared.url).open('/races/other', {})).status, 404);
});

test('a session survives restarts with DEMO_DATA_DIR, and each signal stops the demo and its server', async () => {
  const env = { DEMO_DATA_DIR: path.join(await scratchFolder(), 'data'), TMPDIR: await scratchFolder() };
  let demo = await serve(env);
  const cookie = (await signedIn('Ada', demo)).cookie;

  for (const [signal, visits] of [
    ['SIGINT', 2],
    ['SIGTERM', 3],
  ] as const) {
    await demo.end(signal);
    assert.equal(await serversIn(env.TMPDIR), []);
    demo = await serve(env);
    assert.match((await new Visitor(demo.url, cookie).open('/')).text, `<strong>${visits}</strong> visits`);
  }
  await demo.end('SIGINT'); // before the test deletes its folders
});

test('Ctrl-C stops the demo within 3 s while browsers hold connections open', async () => {
  const demo = await serve(await databaseWith(freshNames().schemaName));
  const { hostname, port } = new URL(demo.url);
  const idle = net.connect(Number(port), hostname).on('error', () => {});
  await once(idle, 'connect');
  await new Visitor(demo.url).open('/');

  const startedAt = performance.now();
  await demo.end('SIGINT');
  assert.ok(performance.now() - startedAt < 3000, `${performance.now() - startedAt} ms`);
});

test('Ctrl-C during the start stops the demo and its server', async () => {
  const data = path.join(await scratchFolder(), 'data');
  await fs.mkdir(data);
  const env = { DEMO_DATA_DIR: data, TMPDIR: await scratchFolder() };
  const watcher = watch(data);
  onEnd(() => watcher.close());
  const child = run(env, { detached: true });
  while (!existsSync(path.join(data, 'PG_VERSION'))) await once(watcher, 'change'); // initdb still runs then

  process.kill(-child.pid!, 'SIGINT'); // a terminal signals the whole process group
  assert.equal(await exitOf(child), [0, null]);
  assert.equal(await serversIn(env.TMPDIR), []);
});

test('the demo exits with an error if the given port is taken', async () => {
  const { port } = new URL(shared.url);
  const child = run({ DATABASE_URL: process.env.TEST_SERVER_URL!, PORT: port });
  const errors = textOf(child.stderr!);

  assert.equal(await exitOf(child), [1, null]);
  assert.match(await errors, `port ${port} is taken`);
});

test('the demo without PORT uses another port if 3000 is taken', async () => {
  const blocker = net.createServer().listen(3000, '127.0.0.1');
  onEnd(() => blocker.close());
  await once(blocker, 'listening').catch(() => {}); // another process has the port, which is enough
  const demo = await serve({ ...(await databaseWith(freshNames().schemaName)), PORT: '' });

  assert.is.not(new URL(demo.url).port, '3000');
  assert.is((await new Visitor(demo.url).open('/')).status, 200);
});
