// The opt-in middleware that sends a response only when its session is saved.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Session, SessionData } from 'express-session';

type AnySession = Session & Partial<SessionData>;
type Middleware = (req: IncomingMessage, res: ServerResponse, next: (error?: unknown) => void) => void;

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
 * stored. This middleware delays a response until its changed session is saved. If that fails, it
 * calls `next(error)`: status and headers become what they were when the middleware ran, the
 * session cookie is not set, and Express answers with the error's status, which is 503 for this
 * package's store.
 *
 * It does not delay a response if the app wrote to it before its end (a stream, a file), or if the
 * session did not change. It cannot restore a head that the app sent with `writeHead()`: Express
 * then closes the connection. Mount middleware that writes to the response, such as compression,
 * before `session()`.
 */
export function saveBeforeResponse(): Middleware {
  return (req: IncomingMessage & { session?: AnySession }, res, next) => {
    if (!req.session) return next();
    const { id } = req.session;
    const text = textOf(req.session);
    const isChanged = (session: AnySession) => session.id !== id || textOf(session) !== text;
    const headers = res.getHeaders();
    const { end } = res;
    let state: 'open' | 'saving' | 'written' = 'open';

    for (const method of ['write', 'flushHeaders'] as const) {
      const original: (...args: any[]) => any = res[method];
      res[method] = (...args: unknown[]) => {
        if (state === 'open') state = 'written';
        return original.apply(res, args);
      };
    }

    res.end = (...args: any[]) => {
      if (state === 'saving') return res; // the first end() counts
      const { session } = req;
      if (state === 'written' || !session || !isChanged(session)) {
        (end as (...args: any[]) => void).apply(res, args);
        return res;
      }
      state = 'saving';
      const [chunk, encoding] = args.filter((arg) => typeof arg !== 'function');
      const onFinish = args.find((arg) => typeof arg === 'function'); // express-session's end() takes no callback
      session.touch(); // as express-session does before it saves
      session.save((error) => {
        state = 'written';
        if (error) return restoreHead(error);
        if (onFinish) res.once('finish', onFinish);
        end.call(res, chunk, encoding);
      });
      return res;
    };
    next();

    function restoreHead(error: unknown): void {
      if (!res.headersSent) {
        for (const name of res.getHeaderNames()) res.removeHeader(name);
        for (const [name, value] of Object.entries(headers)) res.setHeader(name, value!);
        Object.assign(res, { statusCode: 200, statusMessage: undefined });
      }
      Object.assign(req, { sessionID: undefined }); // express-session then sets no cookie
      next(error);
    }
  };
}

/** What express-session compares to find changes: all but the cookie. */
const textOf = (session: AnySession): string => JSON.stringify({ ...session, cookie: undefined });
