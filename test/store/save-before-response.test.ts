// saveBeforeResponse() sends the response after it has saved the session.
import { once } from 'node:events';
import { createReadStream, readFileSync } from 'node:fs';
import http from 'node:http';
import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { pipeline, Readable, Stream } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import compression from 'compression';
import express from 'express';
import session from 'express-session';
import type pg from 'pg';
import * as assert from 'uvu/assert';
import { saveBeforeResponse } from '../../src/index.js';
import { freshStore, untilBlocked } from '../support/fresh-store.js';
import { onEnd, suite } from '../support/harness.js';
import { invalid } from '../support/invalid.js';
import { exchange, type RawResponse } from '../support/raw-http.js';

const test = suite('save before response');

interface HttpResponse {
  status: number;
  headers: http.IncomingHttpHeaders;
  body: string;
}
type Handler = (req: express.Request, res: express.Response, next: express.NextFunction) => unknown;

/** Starts an app with one route, and a browser that keeps its cookie. */
async function startApp(
  handler: Handler,
  options: Partial<session.SessionOptions> = {},
  storeOptions: { touchAfter?: number; timeout?: number } = {},
  onLateError = (error: unknown, next: express.NextFunction) => next(error),
) {
  const fresh = await freshStore(storeOptions);
  const errors: unknown[] = [];
  const app = express();
  app.use((_req, res, next) => {
    res.set('X-Before', 'kept');
    next();
  });
  app.use(session({ store: fresh.store, secret: 'test', resave: false, saveUninitialized: false, ...options }));
  app.use(saveBeforeResponse());
  app.use('/sign-in', (req, res) => {
    req.session.user = 'ada';
    res.end('signed in');
  });
  app.use('/', handler);
  app.use(((error, _req, res, next) => {
    errors.push(error);
    if (res.headersSent) return onLateError(error, next);
    res.status(error.status ?? 500).send(`failed: ${error.code}`);
  }) as express.ErrorRequestHandler);
  app.use(((_error, req, _res, _next) => {
    req.socket.destroy(); // Express does the same and prints the stack
  }) as express.ErrorRequestHandler);
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onEnd(() => server.close());

  let cookie: string | undefined;
  const send = (path = '/', { method = 'GET', onHead = () => {}, agent = false as http.Agent | false } = {}) =>
    new Promise<HttpResponse>((resolve, reject) => {
      const { port } = server.address() as AddressInfo;
      const headers = cookie ? { cookie } : {};
      const request = http.request({ port, host: '127.0.0.1', path, method, headers, agent }, (response) => {
        onHead();
        const chunks: Buffer[] = [];
        response.on('data', (chunk) => chunks.push(chunk)).on('error', reject);
        response.on('end', () => {
          cookie = response.headers['set-cookie']?.[0]?.split(';')[0] ?? cookie;
          const body = Buffer.concat(chunks).toString();
          resolve({ status: response.statusCode!, headers: response.headers, body });
        });
      });
      request.on('error', reject).end();
    });
  return { ...fresh, errors, send, server };
}

/** Blocks writes to the table until the returned function is called. */
async function holdWrites(pool: pg.Pool, table: string) {
  const client = await pool.connect();
  await client.query('BEGIN');
  await client.query(`LOCK TABLE ${table} IN SHARE MODE`);
  return async () => {
    await client.query('ROLLBACK');
    client.release();
  };
}

/** Sends a request while writes are blocked. `early`: the response head came before the save. */
async function sendWhileBlocked(app: Awaited<ReturnType<typeof startApp>>, method?: string) {
  const release = await holdWrites(app.pool, app.table);
  let early = false;
  const pending = app.send('/', {
    ...(method && { method }),
    onHead: () => {
      early = !isReleased;
    },
  });
  let isReleased = false;
  await untilBlocked(app.pool);
  await sleep(30);
  isReleased = true;
  await release();
  return { early, response: await pending };
}

const countView: Handler = (req) => {
  req.session.views = (req.session.views ?? 0) + 1;
};

let finished = 0;
const forms: Record<string, { end: (res: express.Response) => unknown; body: string; calls?: number }> = {
  'end()': { end: (res) => res.end(), body: '' },
  'end(callback)': { end: (res) => res.end(() => finished++), body: '', calls: 1 },
  'end(text)': { end: (res) => res.end('é'), body: 'é' },
  'end(text, callback)': { end: (res) => res.end('é', () => finished++), body: 'é', calls: 1 },
  'end(text, encoding)': { end: (res) => res.end('6869', 'hex'), body: 'hi' },
  'end(text, encoding, callback)': { end: (res) => res.end('6869', 'hex', () => finished++), body: 'hi', calls: 1 },
  'end(buffer)': { end: (res) => res.end(Buffer.from('é')), body: 'é' },
  'json()': { end: (res) => res.json({ a: 1 }), body: '{"a":1}' },
  'send() with a Content-Length': { end: (res) => res.set('Content-Length', '2').end('hi'), body: 'hi' },
  'writeHead() and end()': { end: (res) => res.writeHead(200, { 'X-Head': '1' }).end('hi'), body: 'hi' },
  'a second end()': {
    end: (res) => {
      res.end('first');
      res.end('second');
    },
    body: 'first',
  },
};
for (const [form, { end, body, calls = 0 }] of Object.entries(forms)) {
  test(`${form} sends the complete response after the session is saved`, async () => {
    const app = await startApp((req, res, next) => {
      countView(req, res, next);
      end(res);
    });
    for (const views of [1, 2]) {
      finished = 0;
      const { early, response } = await sendWhileBlocked(app);
      assert.equal([early, response.status, response.body, finished], [false, 200, body, calls]);
      assert.is((await app.store.all())[0]!.views, views);
    }
  });
}

test('an error handler answers if it sets req.sessionID to undefined, though the session cannot be saved', async () => {
  const isAnswered = async (forget: boolean): Promise<boolean> => {
    const app = await startApp((req, _res, next) => {
      req.session.flash = 'wrong';
      if (forget) Object.assign(req, { sessionID: undefined });
      next(Object.assign(new Error('wrong'), { status: 400, code: 'wrong' }));
    });
    await app.pool.query(`DROP TABLE ${app.table}`);
    const { status, body, headers } = await app.send().catch(() => ({ status: 0, body: '', headers: {} }));
    assert.is('set-cookie' in headers, false);
    assert.is(app.errors.length, 1);
    return status === 400 && body === 'failed: wrong';
  };
  assert.equal([await isAnswered(true), await isAnswered(false)], [true, false]);
});

test('without req.sessionID, a session is not saved before a stream, nor destroyed with unset: destroy', async () => {
  const app = await startApp(
    (req, res) => {
      req.session.user = 'grace';
      Object.assign(req, { sessionID: undefined });
      res.write('no ');
      Object.assign(req, { session: null });
      res.end('save');
    },
    { unset: 'destroy' },
  );
  await app.send('/sign-in');
  assert.is((await app.send()).body, 'no save');
  assert.is((await app.store.all())[0]!.user, 'ada');
});

test('a HEAD request gets no body after the session is saved', async () => {
  const app = await startApp((req, res, next) => {
    countView(req, res, next);
    res.send('a body');
  });
  const { early, response } = await sendWhileBlocked(app, 'HEAD');
  assert.equal([early, response.status, response.body, response.headers['content-length']], [false, 200, '', '6']);
  assert.is(await app.store.length(), 1);
});

test('a redirect is sent after the login is saved', async () => {
  const app = await startApp((req, res) => {
    req.session.regenerate(() => {
      req.session.user = 'ada';
      res.redirect(303, '/home');
    });
  });
  const { early, response } = await sendWhileBlocked(app);
  assert.equal([early, response.status, response.headers.location], [false, 303, '/home']);
  assert.is(response.headers['set-cookie']!.length, 1);
});

test('a failed save becomes a 503 without the redirect, cookies and headers of the page', async () => {
  const app = await startApp((req, res) => {
    req.session.user = 'ada';
    res.set('ETag', '"x"').cookie('other', '1').redirect('/home');
  });
  await app.pool.query(`ALTER TABLE ${app.table} RENAME TO elsewhere`);

  const { status, headers, body } = await app.send();

  assert.equal([status, body], [503, 'failed: DATABASE']);
  assert.equal([headers.location, headers['set-cookie'], headers['x-before']], [undefined, undefined, 'kept']);
  assert.is.not(headers.etag, '"x"');
  assert.is(app.errors.length, 1);
});

test('a failed save keeps the stored session, also with unset: destroy', async () => {
  const app = await startApp(
    (req, res) => {
      req.session.user = 'grace';
      res.end('ok');
    },
    { unset: 'destroy', rolling: true },
  );
  await app.send('/sign-in');
  await app.pool.query(`ALTER TABLE ${app.table} ADD CHECK (sess::jsonb->>'user' <> 'grace')`);

  const { status, headers } = await app.send();

  assert.equal([status, headers['set-cookie']], [503, undefined]);
  assert.is((await app.store.all())[0]!.user, 'ada');
});

test('a failed save becomes a 503 also if the app called writeHead()', async () => {
  const app = await startApp((req, res) => {
    req.session.user = 'ada';
    res.writeHead(302, 'Moved', { Location: '/home' }).end();
  });
  await app.pool.query(`ALTER TABLE ${app.table} RENAME TO elsewhere`);
  const { status, headers, body } = await app.send();
  assert.equal([status, headers.location, body], [503, undefined, 'failed: DATABASE']);
});

test('the response is sent before the touch if the session did not change', async () => {
  const app = await startApp((_req, res) => res.end('ok'), {}, { touchAfter: 0 });
  await app.send('/sign-in');
  const before = (await app.pool.query(`SELECT sess::text FROM ${app.table}`)).rows;
  const { early, response } = await sendWhileBlocked(app);
  assert.equal([early, response.body], [true, 'ok']);
  assert.equal((await app.pool.query(`SELECT sess::text FROM ${app.table}`)).rows, before);
});

test('a touch that fails after its response does not end the connection of a later request', async () => {
  const sockets = new Set<object>();
  let answerLater: () => unknown = () => {};
  const app = await startApp(
    (req, res) => {
      sockets.add(req.socket);
      if (req.url === '/later') answerLater = () => res.end('later');
      else res.end(`ok ${req.socket.remoteAddress}`);
    },
    {},
    { touchAfter: 0, timeout: 1 },
  );
  await app.send('/sign-in');
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  onEnd(() => agent.destroy());
  const release = await holdWrites(app.pool, app.table);
  assert.is((await app.send('/', { agent })).body, 'ok 127.0.0.1');
  const later = app.send('/later', { agent });
  while (app.errors.length === 0) await sleep(10);
  await sleep(50);
  answerLater();
  assert.is((await later).body, 'later');
  assert.is(sockets.size, 1);
  await release();
});

test('the store does not write a new empty session or a recently touched session', async () => {
  const app = await startApp((_req, res) => res.end('ok'));
  assert.is((await app.send()).body, 'ok');
  assert.is(await app.store.length(), 0);
  await app.send('/sign-in');
  const release = await holdWrites(app.pool, app.table);
  const { body } = await app.send();
  await release();
  assert.is(body, 'ok');
});

test('a stream is sent at once, and its session is saved at its end', async () => {
  const app = await startApp((req, res, next) => {
    countView(req, res, next);
    createReadStream('LICENSE').pipe(res);
  });
  const { status, body } = await app.send();
  assert.equal([status, body.startsWith('MIT License')], [200, true]);
  assert.is(await app.store.length(), 1);
});

test('saveBeforeResponse() does not delay headers that were flushed', async () => {
  const app = await startApp(async (req, res, next) => {
    countView(req, res, next);
    res.flushHeaders();
    res.end('ok');
  });
  assert.is((await app.send()).body, 'ok');
  assert.is(await app.store.length(), 1);
});

test('the response of a destroyed session is sent without a save', async () => {
  const app = await startApp((req, res) => {
    req.session.destroy(() => res.end('signed out'));
  });
  await app.send('/sign-in');
  assert.is((await app.send()).body, 'signed out');
  assert.is(await app.store.length(), 0);
});

test('an error of the app becomes a 500 after its changes are saved', async () => {
  const app = await startApp((req, res, next) => {
    countView(req, res, next);
    throw new Error('thrown by the app');
  });
  const { early, response } = await sendWhileBlocked(app);
  assert.equal([early, response.status], [false, 500]);
  assert.is(await app.store.length(), 1);
});

/** Starts an app as its own Express app does it: its errors end at Express's own handler. */
async function startPlainApp(handler: Handler, { compressed = false } = {}) {
  const { store } = await freshStore();
  const app = express().set('env', 'test');
  if (compressed) app.use(compression());
  app.use(session({ store, secret: 'test', resave: false, saveUninitialized: false }));
  app.use(saveBeforeResponse());
  app.get('/ping', (_req, res) => void res.send('pong'));
  app.get('/', handler);
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onEnd(() => server.close());
  const { port } = server.address() as AddressInfo;
  const requests =
    'GET / HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\nGET /ping HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
  return { store, send: () => exchange(port, requests, ['GET', 'GET']) };
}

const lateCalls: Record<string, (res: express.Response) => unknown> = {
  'send()': (res) => res.send('late'),
  'redirect()': (res) => res.redirect('/late'),
  'setHeader()': (res) => res.setHeader('X-Late', '1'),
  'cookie()': (res) => res.cookie('late', '1'),
  'writeHead()': (res) => res.writeHead(500, { 'X-Late': '1' }),
};
for (const [name, late] of Object.entries(lateCalls)) {
  test(`a redirect is answered whole if ${name} follows, which throws as on an ended response`, async () => {
    let thrown: any;
    const { send } = await startPlainApp((req, res) => {
      req.session.views = 1;
      res.redirect('/x');
      try {
        late(res);
      } catch (error) {
        thrown = error;
      }
    });
    const { responses, isBroken } = await send();
    assert.equal([responses.length, isBroken, thrown?.code], [2, false, 'ERR_HTTP_HEADERS_SENT']);
    const [{ status, headers, body }] = responses as [RawResponse];
    assert.equal([status, body, headers.includes('/x')], [302, 'Found. Redirecting to /x', true]);
    assert.not(/late/i.test(headers.join()));
    assert.is(responses[1]!.body, 'pong');
  });
}

const lateErrors: Record<string, Handler> = {
  throws: () => {
    throw new Error('late');
  },
  'calls next(error)': (_req, _res, next) => next(new Error('late')),
};
for (const [what, fail] of Object.entries(lateErrors)) {
  test(`a response is sent whole if the handler ${what} after it`, async () => {
    const { send } = await startPlainApp((req, res, next) => {
      req.session.views = 1;
      res.json({ answer: 42 });
      return fail(req, res, next);
    });
    const { responses } = await send();
    assert.equal([responses[0]?.status, responses[0]?.body], [200, '{"answer":42}']);
  });
}

const circle: Record<string, unknown> = {};
circle.self = circle;
let deep: unknown = {};
for (let level = 0; level < 45_000; level++) deep = [deep];
const unserializable: Record<string, unknown> = {
  'a BigInt': 1n,
  'a circle': circle,
  'a throwing toJSON()': {
    toJSON() {
      throw new Error('no JSON');
    },
  },
  '45,000 levels': deep,
};
for (const [what, value] of Object.entries(unserializable)) {
  for (const part of ['end', 'write'] as const) {
    test(`a session with ${what} makes ${part}() one 500, and the next request is served`, async () => {
      const { send } = await startPlainApp((req, res) => {
        Object.assign(req.session, { value });
        res[part]('never seen');
      });
      const { responses, isBroken } = await send();
      assert.equal([responses.map(({ status }) => status), isBroken], [[500, 200], false]);
      assert.not(/never seen/.test(responses[0]!.body));
    });
  }
}

test('a session without a cookie is one 500', async () => {
  const { send } = await startPlainApp((req, res) => {
    Object.assign(req.session, { cookie: undefined });
    res.end('never seen');
  });
  assert.equal(
    (await send()).responses.map(({ status }) => status),
    [500, 200],
  );
});

const invalidHeads: Record<string, object> = {
  'the status ENOENT': { statusCode: 'ENOENT' },
  'the status 99': { statusCode: 99 },
  'no status': { statusCode: undefined },
  'a line break in its message': { statusMessage: 'one\ntwo' },
};
for (const [what, head] of Object.entries(invalidHeads)) {
  for (const delay of [0, 5]) {
    test(`a response with ${what} becomes one 500 ${delay ? 'after a timer' : 'at once'}`, async () => {
      const { send } = await startPlainApp((req, res) => {
        req.session.views = 1;
        const end = () => Object.assign(res, head).end('never seen');
        if (delay) setTimeout(end, delay);
        else end();
      });
      const { responses, isBroken } = await send();
      assert.equal([responses.map(({ status }) => status), isBroken], [[500, 200], false]);
    });
  }
}

test('a handler can catch the error of an invalid status, as without the middleware', async () => {
  const { send } = await startPlainApp((req, res) => {
    req.session.views = 1;
    try {
      Object.assign(res, { statusCode: 99 }).end('never seen');
    } catch (error) {
      res.status(200).send(`recovered from ${(error as NodeJS.ErrnoException).code}`);
    }
  });
  assert.is((await send()).responses[0]?.body, 'recovered from ERR_HTTP_INVALID_STATUS_CODE');
});

test('a session that was emptied with unset: destroy is destroyed before the response', async () => {
  const app = await startApp(
    (req, res) => {
      Object.assign(req, { session: null });
      res.end('signed out');
    },
    { unset: 'destroy' },
  );
  await app.send('/sign-in');
  const { early, response } = await sendWhileBlocked(app);
  assert.equal([early, response.body], [false, 'signed out']);
  assert.is(await app.store.length(), 0);
});

test('a new session with saveUninitialized is stored before the response', async () => {
  const app = await startApp((_req, res) => res.end('welcome'), { saveUninitialized: true });
  const { early, response } = await sendWhileBlocked(app);
  assert.equal([early, response.body], [false, 'welcome']);
  assert.is(await app.store.length(), 1);
});

test('a stream of a changed session starts after the save, and a failed save is one 503', async () => {
  const app = await startApp((req, res, next) => {
    countView(req, res, next);
    createReadStream('package-lock.json').pipe(res);
  });
  const { early, response } = await sendWhileBlocked(app);
  assert.equal([early, response.body], [false, readFileSync('package-lock.json', 'utf8')]);
  await app.pool.query(`ALTER TABLE ${app.table} RENAME TO elsewhere`);
  assert.is((await app.send()).status, 503);
});

test('if the save of a stream fails, the stream is cut off, also if the app ignores the error', async () => {
  const handler: Handler = (req, res) => {
    res.write('the first part');
    setTimeout(() => {
      req.session.user = 'grace';
      res.end('the end');
    }, 20);
  };
  const app = await startApp(handler, {}, {}, () => {});
  await app.send('/sign-in');
  await app.pool.query(`ALTER TABLE ${app.table} ADD CHECK (sess::text NOT LIKE '%grace%') NOT VALID`);
  const error = await app.send('/').catch((reason) => reason);
  assert.is(error.code, 'ECONNRESET');
  assert.is(app.errors.length, 1);
});

test('a compressed stream arrives whole while its end waits for the store', async () => {
  const text = readFileSync('package-lock.json', 'utf8');
  const { store, send } = await startPlainApp(
    (req, res) => {
      res.type('text').write(text); // compression has not compressed it yet
      req.session.views = 1;
      res.end();
    },
    { compressed: true },
  );
  const set = store.set.bind(store);
  Object.assign(store, { set: (...args: Parameters<typeof set>) => setTimeout(set, 100, ...args) });
  const [response] = (await send()).responses;
  assert.is(gunzipSync(Buffer.from(response!.body, 'latin1')).toString(), text);
});

test('server-sent events arrive while the response is open', async () => {
  const app = await startApp((req, res, next) => {
    countView(req, res, next);
    res.writeHead(200, { 'Content-Type': 'text/event-stream' });
    res.write('data: 1\n\n');
    setTimeout(() => res.end('data: 2\n\n'), 20);
  });
  const { body, headers } = await app.send();
  assert.equal([body, headers['content-type']], ['data: 1\n\ndata: 2\n\n', 'text/event-stream']);
});

test('a graceful stop of the server lets a response that waits leave', async () => {
  let stop = () => {};
  const app = await startApp((req, res, next) => {
    countView(req, res, next);
    res.end('saved');
    stop();
  });
  stop = () => app.server.close();
  assert.is((await app.send()).body, 'saved');
});

for (const failing of [false, true]) {
  test(`over HTTP/2, ${failing ? 'a failed save is one 503' : 'the response waits for the save'}`, async () => {
    const { store, pool, table } = await freshStore();
    if (failing) await pool.query(`ALTER TABLE ${table} RENAME TO elsewhere`);
    const handleSession = session({ store, secret: 'test', resave: false, saveUninitialized: false }) as Handler;
    const wait = saveBeforeResponse() as Handler;
    const server = http2.createServer((request, response) => {
      const [req, res]: any[] = [request, response];
      const fail = (error: any) => {
        res.statusCode = error.status;
        res.end('failed');
      };
      handleSession(req, res, () =>
        wait(req, res, (error) => {
          if (error) return fail(error);
          req.session.views = 1;
          res.writeHead(201, { 'x-head': '1' });
          res.end('hello');
          assert.ok(res.headersSent && res.writableEnded);
        }),
      );
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onEnd(() => server.close());
    const client = http2.connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    onEnd(() => client.close());
    const stream = client.request({ ':path': '/' });
    const [head] = await once(stream, 'response');
    let body = '';
    for await (const chunk of stream.setEncoding('utf8')) body += chunk;
    assert.equal([head[':status'], head['x-head'], body], failing ? [503, undefined, 'failed'] : [201, '1', 'hello']);
    if (!failing) assert.is(await store.length(), 1);
  });
}

test('writeHead() with a list of names and values keeps repeated names', async () => {
  const { send } = await startApp((_req, res) => {
    res.set('X-Twice', 'old');
    res.writeHead(200, ['X-Twice', '1', 'Set-Cookie', 'a=1', 'X-Twice', '2', 'Set-Cookie', 'b=2']);
    res.end();
  });
  const { headers } = await send();
  assert.equal([headers['x-twice'], headers['set-cookie']], ['1, 2', ['a=1', 'b=2']]);
});

test('saveBeforeResponse() can be mounted twice', async () => {
  const { send, store, errors } = await startApp((req, res, next) =>
    saveBeforeResponse()(req, res, (error) => {
      if (error) return next(error);
      req.session.user = 'ada';
      res.send('done');
    }),
  );
  assert.equal([(await send()).body, errors], ['done', []]);
  assert.is(await store.length(), 1);
});

for (const error of [undefined, new Error('refused')]) {
  test(`a store that calls back at once ${error ? 'with an error ' : ''}does not hold a stream`, async () => {
    const { send, store } = await startApp((req, res) => {
      req.session.user = 'ada';
      res.write('one ');
      res.end('two');
    });
    store.set = ((_sid: string, _session: unknown, callback: (failed?: unknown) => void) => callback(error)) as never;
    const { status, body } = await send();
    assert.equal([status, body], error ? [500, 'failed: undefined'] : [200, 'one two']);
  });
}

/** Starts the app, until the test ends. */
async function urlOf(app: express.Express): Promise<string> {
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onEnd(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function* parts() {
  for (let n = 0; n < 5; n++) {
    yield `part ${n} `;
    await sleep(10);
  }
}

/** A source as old packages have it, which can neither pause nor unpipe. */
function legacyStream(): Stream {
  const stream = new Stream();
  setImmediate(() => stream.emit('data', 'part 0 '));
  setTimeout(() => stream.emit('data', 'part 1 '), 50);
  setTimeout(() => stream.emit('end'), 70);
  return stream;
}

const streams: Record<string, (res: express.Response) => unknown> = {
  'pipe()': (res) => Readable.from(parts()).pipe(res),
  'pipeline()': (res) => pipeline(Readable.from(parts()), res, () => {}),
  'pipe() of an old stream': (res) => legacyStream().pipe(res),
};

for (const [how, stream] of Object.entries(streams)) {
  test(`if the save of a stream fails, nothing of ${how} is part of an error response that comes later`, async () => {
    const { store } = await freshStore();
    store.set = ((_sid: string, _session: unknown, callback: (error: unknown) => void) =>
      setTimeout(callback, 15, new Error('refused'))) as never;
    const app = express();
    app.use(session({ store, secret: 'test', resave: false, saveUninitialized: false }));
    app.use(saveBeforeResponse());
    app.use((req, res) => {
      req.session.user = 'ada';
      stream(res);
    });
    app.use((async (_error, _req, res, _next) => {
      await sleep(100);
      res.status(503).send('later');
    }) as express.ErrorRequestHandler);
    const response = await fetch(await urlOf(app), { headers: { connection: 'close' } });
    assert.equal([response.status, await response.text()], [503, 'later']);
  });
}

test('a stream of a changed session arrives whole if compression is mounted before the session', async () => {
  const { store } = await freshStore();
  const app = express();
  app.use(compression({ threshold: 0 }));
  app.use(session({ store, secret: 'test', resave: false, saveUninitialized: false }));
  app.use(saveBeforeResponse());
  app.use((req, res) => {
    req.session.user = 'ada';
    res.type('html');
    Readable.from(['one ', 'two']).pipe(res);
  });
  const response = await fetch(await urlOf(app), { headers: { 'accept-encoding': 'gzip', connection: 'close' } });
  assert.equal([await response.text(), response.headers.get('content-encoding')], ['one two', 'gzip']);
});

test('a request without a session reaches the next handler', async () => {
  const nextCalls: unknown[] = [];
  saveBeforeResponse()(invalid({}), invalid({}), (...args) => nextCalls.push(args));
  assert.equal(nextCalls, [[]]);
});
