// The examples run, and do what they say.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import * as assert from 'uvu/assert';
import { freshStore, session } from './support/fresh-store.js';
import { suite } from './support/harness.js';

const test = suite('examples', { timeout: 30_000 });

const signOut = (...args: string[]) =>
  promisify(execFile)(process.execPath, ['--import', 'tsx', 'examples/sign-out-user.ts', ...args], {
    env: { ...process.env, DATABASE_URL: process.env.TEST_SERVER_URL },
  });

test('sign-out-user signs a user out everywhere, and nobody else', async () => {
  const { store, names } = await freshStore();
  for (const [sid, user] of Object.entries({ a: 'ada', b: 'bob', c: 'ada' })) await store.set(sid, session({ user }));

  const { stdout } = await signOut('ada', '--schema', names.schemaName, '--table', names.tableName);

  assert.is(stdout, 'ada: 2 signed out, 1 sessions left\n');
  assert.equal(await store.all(), [session({ user: 'bob' })]);
});

test('sign-out-user without a user says how to call it, and exits 2', async () => {
  const failed = await signOut().catch((error) => error);
  assert.is(failed.code, 2);
  assert.match(failed.stderr, /^usage:/);
});
