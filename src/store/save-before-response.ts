// The opt-in middleware that sends a response only when its session is stored.
import { type IncomingMessage, type ServerResponse, STATUS_CODES, validateHeaderValue } from 'node:http';
import type { Session, SessionData, Store } from 'express-session';
import { isSameCookie } from '../session/changes.js';
import { headersSent, PendingResponse } from './pending-response.js';
import { storeCallIn } from './store-call.js';

type AnySession = Session & Partial<SessionData>;
type Request = IncomingMessage & { session?: AnySession | null; sessionStore?: Store };
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
 * An error response is sent by Node's own methods: it passes by middleware that replaced
 * `res.write()` or `res.end()`, such as compression.
 */
export function saveBeforeResponse(): Middleware {
  return (req: Request, res, next) => {
    if (req.session && req.sessionStore) delayResponse(req, res, next, req.session, req.sessionStore);
    next();
  };
}

/** The methods that express-session and others replace. */
const REPLACED = ['writeHead', 'write', 'end', 'flushHeaders'] as const;

function delayResponse(req: Request, res: ServerResponse, next: Next, session: AnySession, store: Store): void {
  const loaded = { id: session.id, text: textOf(session), cookie: cookieOf(session) };
  const head = { headers: res.getHeaders(), statusCode: res.statusCode, statusMessage: res.statusMessage };
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

  res.writeHead = (...args: unknown[]) => {
    if (state === 'streaming' || state === 'sent') return original.writeHead.apply(res, args) as ServerResponse;
    if (res.headersSent) throw headersSent('write');
    setHead(res, args);
    pending.closeHead();
    return res;
  };

  res.write = (...args: unknown[]) => {
    if (state === 'ended' || state === 'failed') return refuseWrite(res, args);
    return sendPart(() => original.write.apply(res, args)) as boolean;
  };

  res.flushHeaders = () => {
    if (state !== 'ended' && state !== 'failed') sendPart(() => original.flushHeaders.call(res));
  };

  res.end = (...args: unknown[]) => {
    const [chunk] = args;
    const onFinish = args.find((arg) => typeof arg === 'function') as Callback | undefined;
    if (state === 'sent') return original.end.apply(res, args) as ServerResponse;
    if (state === 'ended' || state === 'failed') {
      if (chunk && typeof chunk !== 'function') refuseWrite(res, args);
      else if (onFinish) res.once('finish', onFinish);
      return res;
    }
    const invalid = errorIn(res, chunk);
    if (invalid) next(invalid);
    else if (state === 'saving') {
      state = 'ended';
      pending.close();
      parts.push(() => end(args, onFinish));
    } else end(args, onFinish);
    return res;
  };

  /** Sends a part of the body. If the session has changed, saves it before the first one. */
  function sendPart(send: () => unknown): unknown {
    if (state === 'saving') {
      parts.push(send);
      return false;
    }
    if (state !== 'open') return send();
    const { session } = req;
    try {
      if (!session || !isChanged(session)) {
        pending.reopen();
        state = 'streaming';
        return send();
      }
      state = 'saving';
      pending.closeHead();
      parts = [send];
      session.touch(); // as express-session does before it saves
      session.save((error) => (error ? fail(error) : sendParts()));
    } catch (error) {
      fail(error);
    }
    return false;
  }

  function sendParts(): void {
    pending.reopen();
    state = 'streaming';
    let isFull = false;
    for (const send of parts.splice(0)) isFull = send() === false;
    if (!isFull && !res.writableEnded) res.emit('drain'); // write() has returned false
  }

  function end(args: unknown[], onFinish: Callback | undefined): void {
    const data = args.filter((arg) => typeof arg !== 'function'); // express-session's end() takes no callback
    pending.reopen();
    state = 'sent';
    try {
      const call = storeCallIn(() => original.end.apply(res, data), store);
      if (!call) {
        if (onFinish) res.once('finish', onFinish);
      } else if (call.name === 'touch' && req.session && isSameCookie(cookieOf(req.session), loaded.cookie)) {
        call.send((error) => error && afterResponse(res, () => next(error)));
        sendEnd(call.callback, onFinish);
      } else {
        state = 'ended';
        pending.close();
        call.send((error) => (error ? fail(error) : sendEnd(call.callback, onFinish)));
      }
    } catch (error) {
      fail(error);
    }
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

  /** Lets Express answer with the error: by Node's methods, since the replaced ones have ended. */
  function fail(error: unknown): void {
    state = 'failed';
    parts = [];
    pending.reopen();
    for (const name of REPLACED) Reflect.deleteProperty(res, name);
    const { headersSent } = res;
    if (!headersSent) restoreHead();
    next(error);
    if (headersSent && !res.writableEnded) res.destroy(); // the browser must not take it for a whole response
    pending.releaseSocket();
  }

  function restoreHead(): void {
    for (const name of res.getHeaderNames()) res.removeHeader(name);
    for (const [name, value] of Object.entries(head.headers)) res.setHeader(name, value!);
    res.statusCode = head.statusCode;
    if (res.statusMessage !== head.statusMessage) res.statusMessage = head.statusMessage; // HTTP/2 warns
  }

  function isChanged(session: AnySession): boolean {
    const { id, text, cookie } = loaded;
    return session.id !== id || textOf(session) !== text || !isSameCookie(cookieOf(session), cookie);
  }
}

/** What express-session compares to find changes: all but the cookie. */
const textOf = (session: AnySession): string => JSON.stringify({ ...session, cookie: undefined });

const cookieOf = ({ cookie }: AnySession): string => JSON.stringify({ cookie }).slice(1, -1);

function afterResponse(res: ServerResponse, work: () => void): void {
  if (res.closed) work();
  else res.once('close', work);
}

/** As Node's `writeHead()`, but nothing is sent. */
function setHead(res: ServerResponse, [status, ...rest]: unknown[]): void {
  checkStatus(status);
  const reason = typeof rest[0] === 'string' ? rest.shift() : undefined;
  const [headers] = rest;
  const isFirst = res.getHeaderNames().length === 0; // then Node keeps repeated names
  const entries = Array.isArray(headers) ? pairsOf(headers) : Object.entries(headers ?? {});
  for (const [name, value] of entries) {
    if (!name) continue;
    if (isFirst) res.appendHeader(name, value);
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

/** What Node's `end()` would throw, found before the session is stored. */
function errorIn(res: ServerResponse, chunk: unknown): unknown {
  try {
    if (chunk && !['string', 'function'].includes(typeof chunk) && !(chunk instanceof Uint8Array)) {
      const error = new TypeError(`The first argument of end() must be a string or a Uint8Array, not ${typeof chunk}`);
      throw Object.assign(error, { code: 'ERR_INVALID_ARG_TYPE' });
    }
    if (res.headersSent) return undefined;
    checkStatus(res.statusCode);
    if (res.statusMessage) validateHeaderValue('statusMessage', res.statusMessage);
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
