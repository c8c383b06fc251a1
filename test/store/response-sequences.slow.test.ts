// Runs random sequences of what an app can do to a response. With saveBeforeResponse(), a response
// must be what Express alone makes of the same sequence, or one error response if the save fails.
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import compression from 'compression';
import express, { type Express, type Request, type Response } from 'express';
import session from 'express-session';
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { saveBeforeResponse } from '../../src/index.js';
import { freshStore } from '../support/fresh-store.js';
import { onEnd, suite } from '../support/harness.js';
import { type Exchange, exchange } from '../support/raw-http.js';

const SEQUENCES = Number(process.env.SEQUENCES ?? 300);
const SEED = Number(process.env.SEQUENCES_SEED ?? 1);
const { SEQUENCES_PATH } = process.env; // where a failed run stopped
const test = suite('response sequences', { timeout: 60_000 + 100 * SEQUENCES });
const LIMIT_MS = 500; // a response to a client that is gone may never end

/** One thing that a handler does: a name of an act, and its arguments. */
type Step = [name: string, ...args: any[]];
type Act = (req: Request, res: Response, ...args: any[]) => unknown;

const RESPONSE_ACTS: Record<string, Act> = {
  setHeader: (_req, res, name, value) => res.setHeader(name, value),
  appendHeader: (_req, res, name, value) => res.appendHeader(name, value),
  removeHeader: (_req, res, name) => res.removeHeader(name),
  status: (_req, res, status) => Object.assign(res, { statusCode: status }),
  message: (_req, res, text) => Object.assign(res, { statusMessage: text }),
  cookie: (_req, res) => res.cookie('c', '1'),
  writeHead: (_req, res, ...args) => Reflect.apply(res.writeHead, res, args),
  write: (_req, res, text) => res.write(text),
  flushHeaders: (_req, res) => res.flushHeaders(),
  end: (_req, res, ...args) => Reflect.apply(res.end, res, args),
  endWithCallback: (_req, res, text) => res.end(text, () => {}),
  send: (_req, res, text) => res.send(text),
  json: (_req, res, value) => res.json(value),
  redirect: (_req, res, to) => res.redirect(to),
  render: async (_req, res, text) => {
    const html = await new Promise((done) => res.render('view', { text }, (_error, rendered) => done(rendered)));
    res.send(html);
  },
  sendFile: (_req, res, name) => new Promise((done) => res.sendFile(name, { root: process.cwd() }, done)),
  pipe: (_req, res, text) => once(Readable.from([text, text]).pipe(res), 'finish'),
  tick: () => new Promise(setImmediate),
  wait: () => sleep(3),
  destroySocket: (req) => req.socket.destroy(),
  endSocket: (req) => req.socket.end(),
  destroyResponse: (_req, res) => res.destroy(),
};

/** What apps do to a session. Without a session, the asynchronous ones only wait. */
const SESSION_ACTS: Record<string, Act> = {
  change: (req) => Object.assign(req.session ?? {}, { views: 1 }),
  // The table refuses it. After the end, a change may come too late
  poison: (req, res) => res.writableEnded || Object.assign(req.session ?? {}, { user: 'poison' }),
  unserializable: (req, res) => res.writableEnded || Object.assign(req.session ?? {}, { big: 1n }),
  changeCookie: (req) => Object.assign(req.session?.cookie ?? {}, { maxAge: 3_600_000 }),
  // A save that fails is not tried again: express-session takes it for saved
  saveNow: (req) =>
    new Promise((done) => (req.session && req.session.user !== 'poison' ? req.session.save(done) : setImmediate(done))),
  regenerate: (req) => new Promise((done) => (req.session ? req.session.regenerate(done) : setImmediate(done))),
  signOut: (req) => new Promise((done) => (req.session ? req.session.destroy(done) : setImmediate(done))),
  unset: (req) => Object.assign(req, { session: null }),
};
const ASYNC_SESSION_ACTS = ['saveNow', 'regenerate', 'signOut'];

const text = fc.constantFrom('', 'a', 'é', 'x'.repeat(1100));
const header = fc.constantFrom('X-App', 'Content-Type', 'ETag', 'Vary');
const status = fc.constantFrom(200, 201, 204, 302, 304, 404, 500);
const headers = fc.constantFrom({}, { 'X-Head': '1' }, { 'Content-Type': 'text/plain', 'X-Head': '2' });
const step = (name: string, ...args: fc.Arbitrary<any>[]) => fc.tuple(fc.constant(name), ...args) as fc.Arbitrary<Step>;
const anyStep = fc.oneof(
  { weight: 5, arbitrary: fc.oneof(step('change'), step('changeCookie'), step('poison')) },
  {
    weight: 2,
    arbitrary: fc.oneof(...['unserializable', 'saveNow', 'regenerate', 'signOut', 'unset'].map((name) => step(name))),
  },
  {
    weight: 8,
    arbitrary: fc.oneof(
      step('end'),
      step('end', text),
      step('end', fc.constant('6869'), fc.constant('hex')),
      step('end', fc.constant(Buffer.from('bytes'))),
      step('endWithCallback', text),
      step('send', text),
      step('json', fc.constantFrom({}, { a: 1 }, 'x'.repeat(1050))),
      step('redirect', fc.constant('/x')),
      step('render', text),
      step('sendFile', fc.constantFrom('LICENSE', 'missing')),
      step('pipe', text),
    ),
  },
  {
    weight: 6,
    arbitrary: fc.oneof(
      step('setHeader', header, fc.constantFrom('1', 'text/html')),
      step('appendHeader', header, fc.constant('2')),
      step('removeHeader', header),
      step('status', status),
      step('message', fc.constant('Fine')),
      step('cookie'),
      step('writeHead', status, headers),
      step('writeHead', status, fc.constant('Reason'), headers),
      step('writeHead', status, fc.constant(['X-Head', '3', 'X-Other', '4'])),
      step('write', text),
      step('flushHeaders'),
      step('tick'),
      step('wait'),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.oneof(
      step('status', fc.constantFrom('ENOENT', 99, 1000, undefined)),
      step('message', fc.constantFrom('line\n', '\u0000', '☃')),
      step('setHeader', fc.constant('X-App'), fc.constantFrom('line\n', undefined)),
      step('end', fc.constantFrom(1, true, [])),
      step('write', fc.constantFrom(0, 1, [])),
      step('destroySocket'),
      step('endSocket'),
      step('destroyResponse'),
    ),
  },
);

/**
 * With an invalid head, a stream's end() throws where nothing catches it: Node alone ends the
 * process.
 */
const isFatal = (steps: Step[]) =>
  steps.some(([name]) => ['pipe', 'sendFile'].includes(name)) &&
  steps.some(
    ([name, value]) =>
      (name === 'status' && !(value >= 200 && value < 1000)) || (name === 'message' && value !== 'Fine'),
  );

interface Plan {
  steps: Step[];
  /** What follows the steps: an exception, next(), next(error) or nothing. */
  last: 'throw' | 'next' | 'next(error)' | 'end';
  /** Whether the handler goes on after a step that threw. */
  catches: boolean;
  method: string;
  version: '1.0' | '1.1';
  gzip: boolean;
  isSignedIn: boolean;
  app: number;
}
const anyPlan = (apps: number): fc.Arbitrary<Plan> =>
  fc.record({
    steps: fc
      .tuple(fc.constantFrom<Step[]>([['poison']], [['poison']], [['change']], []), fc.array(anyStep, { maxLength: 8 }))
      .map(([first, rest]) => [...first, ...rest])
      .filter((steps) => !isFatal(steps)),
    last: fc.constantFrom('throw', 'next', 'next(error)', 'end', 'end', 'end'),
    catches: fc.boolean(),
    method: fc.constantFrom('GET', 'GET', 'GET', 'POST', 'HEAD'),
    version: fc.constantFrom('1.1', '1.1', '1.1', '1.0'),
    gzip: fc.boolean(),
    isSignedIn: fc.boolean(),
    app: fc.nat(apps - 1),
  });

/** What happened in a handler. */
interface Trace {
  /** For each step: what it threw, and what the app saw of the response. */
  steps: string[];
  /** Whether the save at the first end() or write() must fail. */
  mustFail: boolean;
  /** Whether a part left before the end. */
  isStreamed: boolean;
  errors: any[];
  /** Resolves when the handler has returned. */
  done: Promise<unknown>;
}

let plan: Plan;
let trace: Trace;

function addRoutes(app: Express, acts: Record<string, Act>): void {
  app.engine('html', (_path, options, done) => done(null, `<p>${Object(options).text}</p>`));
  app.set('view engine', 'html').set('views', 'examples/demo').set('env', 'production');
  app.use('/ping', (_req, res) => void res.end('pong'));
  app.use('/run', (req, res, next) => {
    const current = trace;
    res.locals.trace = current;
    res.on('error', () => {}); // Node emits what comes after the end
    observe(req, res, current);
    const handled = handle(plan, acts, current, req, res, next);
    current.done = handled.catch(() => {});
    return handled;
  });
  app.use(((error, _req, res, next) => {
    (res.locals.trace as Trace).errors.push(error);
    if (res.headersSent) return next(error);
    res.status(error.status ?? 500).send(`error: ${error.code ?? error.message}`);
  }) as express.ErrorRequestHandler);
}

/** Notes whether the session can be saved when the app sends the first part and the end. */
function observe(req: Request, res: Response, current: Trace): void {
  let isEnded = false;
  for (const name of ['end', 'write', 'flushHeaders'] as const) {
    const method: (...args: any[]) => unknown = res[name];
    res[name] = (...args: unknown[]): any => {
      const { user, big } = Object(req.session);
      const isPoisoned = user === 'poison' || big !== undefined;
      const result = method.apply(res, args);
      if (!isEnded && isPoisoned) current.mustFail = true;
      else if (!isEnded && name !== 'end') current.isStreamed = true;
      isEnded ||= name === 'end';
      return result;
    };
  }
}

async function handle(
  { steps, last, catches }: Plan,
  acts: Record<string, Act>,
  current: Trace,
  req: Request,
  res: Response,
  next: express.NextFunction,
): Promise<void> {
  for (const [name, ...args] of steps) {
    let thrown = '';
    try {
      const result = acts[name]!(req, res, ...args);
      if (result instanceof Promise) await Promise.race([result, sleep(LIMIT_MS)]);
    } catch (error) {
      if (name !== 'pipe') thrown = String(Object(error).code ?? error); // it may have ended before
      if (!catches) throw error;
    } finally {
      current.steps.push(`${name} ${thrown} ${res.headersSent} ${res.writableEnded}`);
    }
  }
  if (last === 'throw') throw new Error('thrown');
  else if (last === 'next(error)') next(new Error('passed'));
  else if (last === 'next') next();
  if (last === 'end' || (last === 'next' && res.headersSent && !res.writableEnded)) res.end();
}

async function listen(app: Express): Promise<number> {
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onEnd(() => server.close());
  return (server.address() as AddressInfo).port;
}

/** The same app on Express alone, and with sessions. */
async function startApps(store: session.Store, options: object, compressed?: 'before' | 'after') {
  const [plain, app] = [express(), express()];
  const nothing: Record<string, Act> = Object.fromEntries(
    Object.keys(SESSION_ACTS).map((name) => [
      name,
      ASYNC_SESSION_ACTS.includes(name) ? () => new Promise(setImmediate) : () => {},
    ]),
  );
  if (compressed) plain.use(compression());
  if (compressed === 'before') app.use(compression());
  app.use(session({ store, secret: 'test', resave: false, saveUninitialized: false, ...options }));
  app.use(saveBeforeResponse());
  if (compressed === 'after') app.use(compression());
  addRoutes(plain, { ...RESPONSE_ACTS, ...nothing });
  addRoutes(app, { ...RESPONSE_ACTS, ...SESSION_ACTS });
  return { plain: await listen(plain), app: await listen(app) };
}

function requestsOf({ method, version, gzip }: Plan, cookie: string): string {
  const lines = (first: string, ...more: string[]) => `${[first, 'Host: x', ...more].join('\r\n')}\r\n\r\n`;
  const fields = [`Cookie: ${cookie}`, ...(gzip ? ['Accept-Encoding: gzip'] : [])];
  const run = lines(`${method} /run HTTP/${version}`, ...fields);
  return version === '1.0' ? run : run + lines('GET /ping HTTP/1.1', 'Connection: close');
}

async function run(port: number, cookie: string): Promise<[Exchange, Trace]> {
  const own: Trace = { steps: [], mustFail: false, isStreamed: false, errors: [], done: Promise.resolve() };
  trace = own;
  const result = await exchange(port, requestsOf(plan, cookie), [plan.method, 'GET']);
  await own.done;
  return [result, own];
}

const FRAMING = /^(date|content-length|transfer-encoding|connection|keep-alive)$/i;

/** Without the date, the session's cookie, and how the body is framed. */
function comparable({ responses }: Exchange): unknown[] {
  return responses.map(({ headers, ...response }) => {
    const pairs = headers.flatMap((name, n) => (n % 2 === 0 ? [`${name}: ${headers[n + 1]}`] : []));
    return { ...response, headers: pairs.filter((pair) => !FRAMING.test(pair.split(':')[0]!) && !/=s%3A/.test(pair)) };
  });
}

function same(found: unknown, expected: unknown): void {
  const [one, other] = [JSON.stringify(found, null, 1), JSON.stringify(expected, null, 1)];
  assert.is(one, other, `found ${one}\nExpress alone: ${other}`);
}

const hasWaited = ({ steps }: Plan) =>
  steps.some(([name]) => ['tick', 'wait', 'pipe', 'render', 'sendFile', ...ASYNC_SESSION_ACTS].includes(name));

const [COMPRESSED_BEFORE, COMPRESSED_AFTER] = [3, 4];
const CLOSING = ['destroySocket', 'endSocket', 'destroyResponse'];

function check(plan: Plan, [alone, aloneTrace]: [Exchange, Trace], [ours, ourTrace]: [Exchange, Trace]): void {
  if (ourTrace.mustFail) {
    checkFailure(plan, ours, ourTrace);
    return;
  }
  const codes = ourTrace.errors.map(({ code }) => code);
  const isInvalid = [...codes, ...aloneTrace.steps].some((text) => /ERR_.*INVALID/.test(text));
  // After a wait, an invalid end() does not throw, so the handler goes on. Node keeps the length of
  // an end() that threw. Compression has its own order
  if ((plan.catches || hasWaited(plan) || plan.app >= COMPRESSED_BEFORE) && isInvalid) return;
  if (plan.app === COMPRESSED_AFTER && codes.includes('DATABASE')) return; // a change after write(), before its part came
  // Without express-session's wrapper, compression sees writeHead() before it knows the length
  if (plan.app === COMPRESSED_BEFORE && plan.steps.some(([name]) => name === 'writeHead')) return;
  const [expected, found] = [comparable(alone), comparable(ours)];
  const closes = plan.steps.some(([name]) => CLOSING.includes(name)) || ourTrace.errors.length > 0;
  if (closes && plan.app >= COMPRESSED_BEFORE) return; // zlib may not have been ready in either
  if (closes) {
    // The second response may be cut off. What Node did not send may have been sent after a save
    if (expected.length > 0) same(found.slice(0, 1), expected.slice(0, 1));
  } else {
    same([found, ours.isBroken], [expected, alone.isBroken]);
    if (plan.app < COMPRESSED_BEFORE) same(ourTrace.steps, aloneTrace.steps); // zlib ends when it likes
  }
}

/**
 * One error response without anything of the app's, or a connection that ends without a response.
 */
function checkFailure(
  { steps, app }: Plan,
  { responses, isBroken, bytes }: Exchange,
  { isStreamed, errors }: Trace,
): void {
  const [first] = responses;
  assert.is.not(first?.body, 'pong');
  if (app === COMPRESSED_AFTER && steps.some(([name]) => name === 'unset')) return; // before its first part came
  if (isStreamed) return; // the first part may have left
  const isCut = errors.some(({ code }) => /HEADERS_SENT|INVALID/.test(code));
  if (
    !first &&
    (isCut || (app === COMPRESSED_AFTER && errors.length > 0) || steps.some(([name]) => CLOSING.includes(name)))
  )
    return;
  assert.ok(first && first.status >= 400, `no error response: ${bytes}`);
  assert.not(isBroken, `the connection ended within a response: ${bytes}`);
  assert.not(/x-app|x-head|set-cookie/i.test(first.headers.join()), bytes);
  assert.ok(responses.length < 2 || responses[1]!.body === 'pong', bytes);
}

test(`${SEQUENCES} random sequences (SEQUENCES_SEED=${SEED}) give the responses of Express alone`, async () => {
  const { store, pool, table } = await freshStore();
  await pool.query(`ALTER TABLE ${table} ADD CHECK (sess::jsonb->>'user' <> 'poison')`);
  const apps = [
    await startApps(store, {}),
    await startApps(store, { resave: true, rolling: true, cookie: { maxAge: 60_000 } }),
    await startApps(store, { saveUninitialized: true, unset: 'destroy' }),
    await startApps(store, {}, 'before'),
    await startApps(store, {}, 'after'),
  ];
  const { error } = console;
  console.error = () => {}; // Express prints errors
  onEnd(() => Object.assign(console, { error }));
  let sid = 0;
  let failures = 0;
  await fc.assert(
    fc.asyncProperty(anyPlan(apps.length), async (generated) => {
      plan = generated;
      const id = `session ${++sid}`;
      const signature = createHmac('sha256', 'test').update(id).digest('base64').replace(/=+$/, '');
      const cookie = `connect.sid=${encodeURIComponent(`s:${id}.${signature}`)}`;
      if (plan.isSignedIn) {
        await new Promise((done) =>
          store.set(id, { cookie: { originalMaxAge: null }, user: 'ada' } as session.SessionData, done),
        );
      }
      const alone = await run(apps[plan.app]!.plain, cookie);
      const ours = await run(apps[plan.app]!.app, cookie);
      if (ours[1].mustFail) failures++;
      check(plan, alone, ours);
    }),
    { numRuns: SEQUENCES, seed: SEED, ...(SEQUENCES_PATH && { path: SEQUENCES_PATH }), includeErrorInReport: true },
  );
  console.log(`${failures} of ${sid} saves failed`);
  assert.ok(failures > SEQUENCES / 3, 'a third of the saves must fail');
});
