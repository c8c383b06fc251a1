// The database is away, and somebody who is signed in comes by: he is told to come again, never that he is signed out.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import express from 'express';
import session from 'express-session';
import * as assert from 'uvu/assert';
import { onEnd, suite } from '../support/harness.js';
import { OUTAGES, openScene } from '../support/outages.js';
import { visit } from '../support/visitors.js';

const test = suite('faults over HTTP', { timeout: 20_000 });
let visits = 0;

for (const [name, outage] of Object.entries(OUTAGES)) {
  test(`${name}: nobody is signed out`, async () => {
    visits += await visit(outage, await openScene({ timeout: 0.5 }));
  });
}

test('in all that, there were more than 1000 visits', () => {
  assert.ok(visits > 1000, `${visits}`);
});

test('Express itself answers 503 with a Retry-After, without an error handler of the app', async () => {
  const { store, proxy } = await openScene({ timeout: 0.5 });
  const app = express().set('env', 'test'); // so that it prints nothing
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
