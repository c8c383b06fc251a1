// Signed-in browsers that send requests during an outage of the database.
import * as assert from 'uvu/assert';
import { Browser, startApp } from './app.js';
import type { Outage, Scene } from './outages.js';

const BROWSERS = 20;
const ROUNDS = 5;
const cookie = { maxAge: 3_600_000 };

/**
 * Checks that each response has status 503 with a Retry-After, or belongs to the signed-in user. No
 * response may set a new cookie. After the outage, every browser must still be signed in.
 *
 * @returns the number of requests during the outage
 */
export async function visit({ fails, begin, end }: Outage, scene: Scene): Promise<number> {
  const base = await startApp({ store: scene.store, cookie });
  const browsers = Array.from({ length: BROWSERS }, () => new Browser(base));
  for (const { status, body } of await Promise.all(browsers.map((browser) => browser.post('/sign-in/ada')))) {
    assert.is(status, 200, JSON.stringify(body));
  }
  const cookies = browsers.map((browser) => browser.cookie);

  await begin(scene);
  const responses = await Promise.all(
    Array.from({ length: ROUNDS }, () => browsers.map((browser) => browser.fetch('GET', '/'))).flat(),
  );
  await end(scene);

  for (const response of responses) {
    const body = await response.text();
    assert.is(response.status, fails === 'all' ? 503 : 200, body);
    if (response.status === 200) assert.is(JSON.parse(body).user, 'ada');
    else assert.match(response.headers.get('retry-after') ?? 'no Retry-After', /^[1-9]\d*$/);
    assert.is(response.headers.get('set-cookie'), null);
  }
  for (const { status, body } of await Promise.all(browsers.map((browser) => browser.get()))) {
    assert.equal([status, body.user], [200, 'ada'], JSON.stringify(body));
  }
  assert.equal(
    browsers.map((browser) => browser.cookie),
    cookies,
  );
  return responses.length;
}
