// People who are signed in and come by while the database is away.
import * as assert from 'uvu/assert';
import { Browser, startApp } from './app.js';
import type { Outage, Scene } from './outages.js';

const BROWSERS = 20;
const ROUNDS = 5;
const cookie = { maxAge: 3_600_000 };

/**
 * Whoever comes while it lasts is known, or told to come again: never a stranger with a new session. Afterwards all are known.
 *
 * @returns how many requests were made while it lasted
 */
export async function visit({ fails, begin, end }: Outage, scene: Scene): Promise<number> {
  const base = await startApp({ store: scene.store, cookie });
  const browsers = Array.from({ length: BROWSERS }, () => new Browser(base));
  for (const { status, body } of await Promise.all(browsers.map((browser) => browser.post('/sign-in/ada')))) {
    assert.is(status, 200, JSON.stringify(body));
  }
  const cookies = browsers.map((browser) => browser.cookie);

  await begin(scene);
  const answers = await Promise.all(
    Array.from({ length: ROUNDS }, () => browsers.map((one) => one.fetch('GET', '/'))).flat(),
  );
  await end(scene);

  for (const answer of answers) {
    const body = await answer.text();
    assert.is(answer.status, fails === 'all' ? 503 : 200, body);
    if (answer.status === 200) assert.is(JSON.parse(body).user, 'ada');
    else assert.match(answer.headers.get('retry-after') ?? 'no Retry-After', /^[1-9]\d*$/);
    assert.is(answer.headers.get('set-cookie'), null);
  }
  for (const { status, body } of await Promise.all(browsers.map((browser) => browser.get()))) {
    assert.equal([status, body.user], [200, 'ada'], JSON.stringify(body));
  }
  assert.equal(
    browsers.map((browser) => browser.cookie),
    cookies,
  );
  return answers.length;
}
