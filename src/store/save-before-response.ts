// The opt-in middleware that sends a response only when its session is stored.
import { type IncomingMessage, type ServerResponse, STATUS_CODES, validateHeaderValue } from 'node:http';
import type { Readable } from 'node:stream';
import type { Session, SessionData, Store } from 'express-session';
import { CookieState } from '../session/cookie.js';
import { headersSent, PendingResponse, statusOf } from './pending-response.js';
import { type StoreCall, storeCallIn } from './store-call.js';

type AnySession = Session & Partial<SessionData>;
type Request = IncomingMessage & { session?: AnySession | null; sessionID?: string; sessionStore?: Store };
type Next = (error?: unknown) => void;
type Middleware = (req: IncomingMessage, res: ServerResponse, next: Next) => void;
type Method = (...args: any[]) => unknown;
type Callback = (error?: Error | null) => void;

/**
 * A middleware to mount right after `session()`:
 *
 * ```ts
 * app.use(session({ store, secret, resave: false, saveUninitialized: false }));
 * app.use(saveBeforeResponse());
 * ```
 *
 * express-session sends the head of a response while it saves the session. So a browser can follow
 * a redirect before the login is stored, and a cookie can belong to a session that was never
 * stored. This middleware delays a response until its session is saved or destroyed. If that
 * fails, it calls `next(error)`: status and headers become what they were when the middleware ran,
 * the session cookie is not set, and Express answers with the error's status, which is 503 for this
 * package's store.
 *
 * While a response waits, the app sees a response that has ended. A response that is written in
 * parts (a stream, a file) waits before its first part if the session has changed by then. If a
 * later save fails, the connection is closed, since the head was sent. A response does not wait for
 * the touch of a session that did not change. If such a touch fails, `next(error)` is called once
 * the response was sent.
 *
 * Express runs an error handler once for a request. If the handler sends a response whose session
 * cannot be saved, Express answers itself. To prevent that, set `req.sessionID = undefined` in the
 * handler, in TypeScript `Object.assign(req, { sessionID: undefined })`. Then neither
 * express-session nor this middleware saves or destroys the session.
 *
 * An error response is sent by Node's own methods: middleware that replaced `res.write()` or
 * `res.end()`, such as compression, does not see it. A stream of Node that was piped to the
 * response is detached before. What a loop of `res.write()`, an async generator in `pipeline()` or
 * a stream of another library still writes can become part of an error response that comes later.
 */
export function saveBeforeResponse(): Middleware {
  return (req: Request, res, next) => {
    const { session, sessionStore } = req;
    if (!session || !sessionStore || delayed.has(res)) return next();
    delayed.add(res);
    delayResponse(req, res, next, session, sessionStore);
  };
}

/** The responses that the middleware delays: it may be mounted twice. */
const delayed = new WeakSet<ServerResponse>();

/** The methods that express-session and others replace. */
const REPLACED = ['writeHead', 'write', 'end', 'flushHeaders'] as const;

/** More than any stream takes at once, so that compression emits the 'drain' that follows. */
const MAX_HELD_BYTES = 65_536;

function delayResponse(req: Request, res: ServerResponse, next: Next, session: AnySession, store: Store): void {
  const loaded = { id: session.id, text: textOf(session), cookie: new CookieState(session.cookie) };
  const head = { headers: headersOf(res), status: statusOf(res) };
  const original: Record<(typeof REPLACED)[number], Method> = {
    writeHead: res.writeHead,
    write: res.write,
    end: res.end,
    flushHeaders: res.flushHeaders,
  };
  const pending = new PendingResponse(req, res);
  /**
   * `open`: nothing was sent. `saving`: a part waits for the store. `streaming`: the head was sent.
   * `ended`: the end waits for the store. `sent`: Node has the whole response. `failed`: Express
   * makes an error response.
   */
  let state: 'open' | 'saving' | 'streaming' | 'ended' | 'sent' | 'failed' = 'open';
  let parts: (() => unknown)[] = [];
  let heldBytes = 0;
  const sources = new Set<Readable>();
  let isRouting = true; // Express catches exceptions

  res.on('pipe', (source) => sources.add(source));
  res.writeHead = (...args: unknown[]) => {
    if (res.headersSent) throw headersSent('write');
    if (state === 'streaming' || state === 'sent') return original.writeHead.apply(res, args) as ServerResponse;
    setHead(res, args);
    pending.closeHead();
    return res;
  };

  res.write = (...args: unknown[]) => {
    const invalid = errorIn(res, typeof args[0] === 'string' ? '' : Object(args[0])); // write() takes no null
    if (invalid) return refuse(invalid);
    if (isOver()) return refuseWrite(res, args);
    return sendPart(() => original.write.apply(res, args), Buffer.byteLength(args[0] as string | Uint8Array));
  };

  res.flushHeaders = () => {
    if (isOver()) return;
    const invalid = errorIn(res);
    if (invalid) refuse(invalid);
    else sendPart(() => original.flushHeaders.call(res));
  };

  res.end = (...args: unknown[]) => {
    const [chunk] = args;
    const onFinish = args.find((arg) => typeof arg === 'function') as Callback | undefined;
    if (state === 'sent') return original.end.apply(res, args) as ServerResponse;
    if (isOver()) {
      if (chunk && typeof chunk !== 'function') refuseWrite(res, args);
      else if (onFinish) res.once('finish', onFinish);
      return res;
    }
    const invalid = errorIn(res, chunk);
    if (invalid) refuse(invalid);
    else if (state === 'saving') {
      waitForStore();
      parts.push(() => end(args, onFinish));
    } else end(args, onFinish);
    return res;
  };

  try {
    next();
  } finally {
    isRouting = false;
  }

  /** Whether the end waits for the store, or an error response is due. */
  function isOver(): boolean {
    return state === 'ended' || state === 'failed';
  }

  /** Throws as Node does if Express catches it. Later, an exception could end the process. */
  function refuse(error: unknown): boolean {
    if (isRouting) throw error;
    next(error);
    return false;
  }

  /** Sends a part of the body. If the session has changed, saves it before the first one. */
  function sendPart(send: () => unknown, bytes = 0): boolean {
    if (state === 'open') startSave();
    if (state === 'saving') {
      parts.push(send);
      heldBytes += bytes;
      return heldBytes < MAX_HELD_BYTES;
    }
    if (state === 'open') {
      pending.reopen();
      state = 'streaming';
    }
    return send() as boolean;
  }

  /** Saves a session that has changed before the first part. */
  function startSave(): void {
    const { session, sessionID } = req;
    if (!session || sessionID === undefined) return;
    try {
      if (!isChanged(session)) return;
      waitForSave();
      session.touch(); // as express-session does before it saves
      session.save((error) => (error ? failLater(error) : sendParts()));
    } catch (error) {
      waitForSave();
      failLater(error);
    }
  }

  function waitForSave(): void {
    state = 'saving';
    pending.closeHead();
    pending.holdSocket();
  }

  function sendParts(): void {
    pending.reopen();
    state = 'streaming';
    let isFull = false;
    try {
      for (const send of parts.splice(0)) isFull = send() === false;
    } catch (error) {
      fail(error);
    }
    if (state !== 'streaming') return; // the response has ended as well
    if (heldBytes >= MAX_HELD_BYTES && !isFull) res.emit('drain'); // write() has returned false
    setImmediate(() => state === 'streaming' && pending.releaseSocket({ isCut: true })); // after Node has sent it
  }

  function end(args: unknown[], onFinish: Callback | undefined): void {
    const data = args.filter((arg) => typeof arg !== 'function'); // express-session's end() takes no callback
    pending.reopen();
    state = 'sent';
    let call: StoreCall | undefined;
    try {
      call = storeCallIn(() => original.end.apply(res, data), store);
    } catch (error) {
      failLater(error);
      waitForStore();
      return;
    }
    if (!call) {
      if (onFinish) res.once('finish', onFinish);
      pending.releaseSocket();
      return;
    }
    const { name, callback, send } = call;
    if (name === 'touch' && req.session && loaded.cookie.isSame(new CookieState(req.session.cookie))) {
      send((error) => {
        if (!error) return;
        const report = () => {
          pending.keepSocket();
          next(error);
        };
        if (res.closed) report();
        else res.once('close', report);
      });
      sendEnd(callback, onFinish);
    } else {
      waitForStore();
      send((error) => (error ? fail(error) : sendEnd(callback, onFinish)));
    }
  }

  function waitForStore(): void {
    state = 'ended';
    pending.close();
  }

  function sendEnd(endResponse: () => void, onFinish: Callback | undefined): void {
    state = 'sent';
    pending.reopen();
    if (onFinish) res.once('finish', onFinish);
    try {
      endResponse();
      pending.releaseSocket();
    } catch (error) {
      fail(error);
    }
  }

  /** After what the app does next, such as `end()`. */
  function failLater(error: unknown): void {
    setTimeout(fail, 0, error);
  }

  /** Lets Express answer with the error: by Node's methods, since the replaced ones have ended. */
  function fail(error: unknown): void {
    state = 'failed';
    parts = [];
    for (const source of sources) detach(source);
    pending.reopen();
    for (const name of REPLACED) Reflect.deleteProperty(res, name);
    const { headersSent } = res;
    if (!headersSent) {
      restoreHead();
      pending.releaseSocket(); // now: the error handler may close the connection
    }
    next(error);
    const isCut = headersSent && !res.writableEnded;
    if (isCut) res.destroy(); // the browser must not take it for a whole response
    pending.releaseSocket({ isCut });
  }

  /** Keeps a piped stream out of the error response. An old kind of stream has no `unpipe()`. */
  function detach(source: Readable): void {
    res.once('close', () => source.resume?.()); // not earlier: its end may end the response
    if (source.unpipe) return void source.unpipe(res);
    for (const listener of source.listeners('close')) {
      if (res.listeners('close').includes(listener)) listener(); // it removes what pipe() has added
    }
  }

  function restoreHead(): void {
    for (const name of res.getHeaderNames()) res.removeHeader(name);
    for (const [name, value] of head.headers) res.setHeader(name, value);
    Object.assign(res, head.status);
  }

  function isChanged(session: AnySession): boolean {
    const { id, text, cookie } = loaded;
    return session.id !== id || textOf(session) !== text || !cookie.isSame(new CookieState(session.cookie));
  }
}

/** What express-session compares to find changes: all but the cookie. */
const textOf = (session: AnySession): string => JSON.stringify({ ...session, cookie: undefined });

/** With the names as the app spelled them. */
function headersOf(res: ServerResponse): [string, number | string | string[]][] {
  const { getRawHeaderNames = res.getHeaderNames } = res as { getRawHeaderNames?: () => string[] }; // not in HTTP/2
  return getRawHeaderNames.call(res).map((name) => [name, res.getHeader(name)!]);
}

/** As Node's `writeHead()`, but nothing is sent. */
function setHead(res: ServerResponse, [status, ...rest]: unknown[]): void {
  checkStatus(status);
  const reason = typeof rest[0] === 'string' ? rest.shift() : undefined;
  const [headers] = rest;
  const isList = Array.isArray(headers) && !Array.isArray(headers[0]);
  const keepsRepeated = isList || res.getHeaderNames().length === 0;
  const entries = Array.isArray(headers) ? pairsOf(headers) : Object.entries(headers ?? {});
  for (const [name] of isList ? entries : []) res.removeHeader(name);
  for (const [name, value] of entries) {
    if (!name) continue;
    if (keepsRepeated) res.appendHeader(name, value);
    else res.setHeader(name, value);
  }
  res.statusCode = Number(status);
  if (res.req.httpVersionMajor >= 2) return; // without a message
  res.statusMessage = String(reason ?? (res.statusMessage || STATUS_CODES[res.statusCode] || 'unknown'));
  validateHeaderValue('statusMessage', res.statusMessage);
}

/** Node's two kinds of header arrays: pairs, or names and values in turn. */
function pairsOf(headers: any[]): [string, string][] {
  if (Array.isArray(headers[0])) return headers;
  return headers.flatMap((name, n) => (n % 2 === 0 ? [[name, headers[n + 1]]] : []));
}

/** What Node's `write()` or `end()` would throw, found before the session is stored. */
function errorIn(res: ServerResponse, chunk?: unknown): unknown {
  try {
    if (chunk && !['string', 'function'].includes(typeof chunk) && !(chunk instanceof Uint8Array)) {
      const error = new TypeError(`the body must be a string or a Uint8Array, not of the type ${typeof chunk}`);
      throw Object.assign(error, { code: 'ERR_INVALID_ARG_TYPE' });
    }
    if (res.headersSent) return undefined;
    checkStatus(res.statusCode);
    const { statusMessage = '' } = statusOf(res) as { statusMessage?: string };
    if (statusMessage) validateHeaderValue('statusMessage', statusMessage);
  } catch (error) {
    return error;
  }
}

/** @throws {RangeError} as Node's `writeHead()` */
function checkStatus(status: unknown): void {
  const code = Number(status) | 0;
  if (code >= 100 && code <= 999) return;
  throw Object.assign(new RangeError(`Invalid status code: ${status}`), { code: 'ERR_HTTP_INVALID_STATUS_CODE' });
}

/** As Node does after the end, but an error without a listener does not end the process. */
function refuseWrite(res: ServerResponse, args: unknown[]): boolean {
  const error = Object.assign(new Error('write after end'), { code: 'ERR_STREAM_WRITE_AFTER_END' });
  const callback = args.find((arg) => typeof arg === 'function') as Callback | undefined;
  process.nextTick(() => {
    callback?.(error);
    if (res.listenerCount('error') > 0) res.emit('error', error);
  });
  return false;
}
