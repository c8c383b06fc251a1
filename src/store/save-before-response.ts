// The opt-in middleware that lets no response go before its session is saved.
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
 * express-session sends the head of a response while it saves the session. So a browser that follows a redirect may be faster
 * than the login it follows, and a cookie may belong to a session that was never stored. With this, a response whose session
 * was changed leaves when the session is saved. If that fails, `next(error)` is called instead: status and headers are taken
 * back to what they were when the middleware ran, the session's cookie is not set, and Express answers with the error's
 * status, which is 503 for this package's store.
 *
 * Responses that were written to before they end (streams, files), and those whose session was not changed, go as they did
 * before. The head of a response on which the app called `writeHead()` can't be taken back: Express then closes the
 * connection. What writes to the response by itself, such as compression, belongs before `session()`.
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
      if (state === 'saving') return res; // it ends as it was ended first
      const { session } = req;
      if (state === 'written' || !session || !isChanged(session)) {
        (end as (...args: any[]) => void).apply(res, args);
        return res;
      }
      state = 'saving';
      const [chunk, encoding] = args.filter((arg) => typeof arg !== 'function');
      const onFinish = args.find((arg) => typeof arg === 'function'); // express-session's end() knows no callback
      session.touch(); // as express-session does before it saves
      session.save((error) => {
        state = 'written';
        if (error) return takeBack(error);
        if (onFinish) res.once('finish', onFinish);
        end.call(res, chunk, encoding);
      });
      return res;
    };
    next();

    function takeBack(error: unknown): void {
      if (!res.headersSent) {
        for (const name of res.getHeaderNames()) res.removeHeader(name);
        for (const [name, value] of Object.entries(headers)) res.setHeader(name, value!);
        Object.assign(res, { statusCode: 200, statusMessage: undefined });
      }
      Object.assign(req, { sessionID: undefined }); // express-session sets no cookie for a session without an id
      next(error);
    }
  };
}

/** What express-session takes for a change: anything but the cookie. */
const textOf = (session: AnySession): string => JSON.stringify({ ...session, cookie: undefined });
