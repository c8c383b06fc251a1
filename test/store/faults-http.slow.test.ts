// Signed-in browsers during an outage of the database: they get a 503, and stay signed in.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import express from 'express';
import session from 'express-session';
import * as assert from 'uvu/assert';
import { isCitus } from '../support/fresh-store.js';
import { onEnd, suite } from '../support/harness.js';
import { OUTAGES, openScene } from '../support/outages.js';
import { visit } from '../support/visitors.js';

const test = suite('faults over HTTP', { timeout: 20_000 });
let requests = 0;

for (const [name, outage] of Object.entries(OUTAGES)) {
  test(`with ${name}, browsers stay signed in`, async () => {
    requests += await visit(outage, await openScene({ timeout: 0.5 }));
  });
}

test('the tests above sent more than 1000 requests', () => {
  assert.ok(requests > (isCitus ? 500 : 1000), `${requests}`); // a statement takes longer there
});

test('Express responds with 503 and a Retry-After when the app has no error handler', async () => {
  const { store, proxy } = await openScene({ timeout: 0.5 });
  const app = express().set('env', 'test'); // prints no stack
  app.use(session({ store, secret: 'test', resave: false, saveUninitialized: true }));
  app.get('/', (_req, res) => void res.send('hello'));
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onEnd(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const cookie = (await fetch(url)).headers.get('set-cookie')!;

  await proxy.set('refuse');
  const { status, headers } = await fetch(url, { headers: { cookie } });

  assert.is(status, 503);
  assert.match(headers.get('retry-after')!, /^[1-9]\d*$/);
  assert.is(headers.get('set-cookie'), null);
});
