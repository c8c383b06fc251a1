// npm start, as a user meets it: a process, a browser, Ctrl-C.
import { once } from 'node:events';
import { existsSync, watch } from 'node:fs';
import * as fs from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import * as assert from 'uvu/assert';
import { type Demo, databaseWith, type Env, ended, run, running, serve } from '../support/demo.js';
import { freshNames, freshPool } from '../support/fresh-store.js';
import { onEnd, suite } from '../support/harness.js';
import { quotedName } from '../support/stores.js';

/** A folder that is gone after the test, and in which everybody may write, as in /tmp. */
async function scratchFolder(): Promise<string> {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'demo-test-'));
  onEnd(() => fs.rm(folder, { recursive: true, force: true }));
  await fs.chmod(folder, 0o1777);
  return folder;
}

/** What a local server keeps in the temporary folder while it runs. */
const serversIn = async (folder: string) => (await fs.readdir(folder)).filter((name) => name.startsWith('pg-local-'));

/** A browser: keeps the cookie, follows redirects. */
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

const test = suite('demo', { timeout: 30_000 });

const sharedSchema = freshNames().schemaName;
let shared: Demo;
test.before(async () => {
  shared = await serve(await databaseWith(sharedSchema));
});
test.after(async () => {
  await shared.end('SIGTERM').finally(() => {
    for (const child of running) child.kill('SIGKILL'); // those that tests have left
  });
});

test('who only looks gets no cookie', async () => {
  const visitor = new Visitor(shared.url);

  assert.match((await visitor.open('/')).text, 'What is your name?');
  assert.is(visitor.cookie, '');
});

test('each visit counts', async () => {
  const visitor = await signedIn('Ada');
  await visitor.open('/');

  assert.match((await visitor.open('/')).text, '<strong>3</strong> visits');
});

test('a name is text, whatever it looks like', async () => {
  const visitor = await signedIn(`<img src=x onerror='alert("1")'>&amp;`);
  const { text } = await visitor.open('/');

  assert.match(text, 'Hello, &lt;img src=x onerror=&#39;alert(&quot;1&quot;)&#39;&gt;&amp;amp;');
  assert.not.match(text, '<img src=x');
});

test('a name of nothing but spaces is refused in words', async () => {
  const { status, text } = await new Visitor(shared.url).open('/sign-in', { name: '  ' });

  assert.is(status, 422);
  assert.match(text, 'Please type a name');
});

test('signing in again gives a new session and ends the old one', async () => {
  const visitor = await signedIn('Ada');
  const old = visitor.cookie;
  await visitor.open('/sign-in', { name: 'Eve' });

  assert.is.not(visitor.cookie, old);
  assert.match((await new Visitor(shared.url, old).open('/')).text, 'What is your name?');
});

test('signing out ends the session, also for who kept the cookie', async () => {
  const visitor = await signedIn('Ada');
  const kept = visitor.cookie;
  await visitor.open('/sign-out', {});

  assert.is(visitor.cookie, 'demo.sid=');
  assert.match((await new Visitor(shared.url, kept).open('/')).text, 'What is your name?');
});

test('the panel shows what the database holds', async () => {
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

for (const from of ['cross-site', 'same-site']) {
  test(`a form from elsewhere (${from}) is refused`, async () => {
    const visitor = await signedIn('Ada');

    assert.is((await visitor.open('/sign-out', {}, { 'Sec-Fetch-Site': from })).status, 403);
    assert.match((await visitor.open('/')).text, 'Hello, Ada');
  });
}

test('a session survives restarts where the data is kept, and each Ctrl-C ends all in order', async () => {
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
  await demo.end('SIGINT'); // before its folders go
});

test('Ctrl-C ends the demo while browsers hold connections open', async () => {
  const demo = await serve(await databaseWith(freshNames().schemaName));
  const { hostname, port } = new URL(demo.url);
  const unused = net.connect(Number(port), hostname).on('error', () => {});
  await once(unused, 'connect');
  await new Visitor(demo.url).open('/');

  const began = performance.now();
  await demo.end('SIGINT');
  assert.ok(performance.now() - began < 3000, `${performance.now() - began} ms`);
});

test('Ctrl-C during the start leaves nothing behind', async () => {
  const data = path.join(await scratchFolder(), 'data');
  await fs.mkdir(data);
  const env = { DEMO_DATA_DIR: data, TMPDIR: await scratchFolder() };
  const watcher = watch(data);
  onEnd(() => watcher.close());
  const child = run(env, { detached: true });
  while (!existsSync(path.join(data, 'PG_VERSION'))) await once(watcher, 'change'); // in the middle of making the cluster

  process.kill(-child.pid!, 'SIGINT'); // as a terminal does: to all that belong to the demo
  assert.equal(await ended(child), [0, null]);
  assert.equal(await serversIn(env.TMPDIR), []);
});

test('a port that was asked for and is taken is an error that says so', async () => {
  const { port } = new URL(shared.url);
  const child = run({ DATABASE_URL: process.env.TEST_SERVER_URL!, PORT: port });
  const complaint = textOf(child.stderr!);

  assert.equal(await ended(child), [1, null]);
  assert.match(await complaint, `port ${port} is taken`);
});

test('without PORT the demo makes do with another when 3000 is taken', async () => {
  const taker = net.createServer().listen(3000, '127.0.0.1');
  onEnd(() => taker.close());
  await once(taker, 'listening').catch(() => {}); // then somebody else has it, which does as well
  const demo = await serve({ ...(await databaseWith(freshNames().schemaName)), PORT: '' });

  assert.is.not(new URL(demo.url).port, '3000');
  assert.is((await new Visitor(demo.url).open('/')).status, 200);
});
