// A response that the app has ended, and that waits for the store.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Replaces properties of an object.
 *
 * @returns a function that restores them
 */
function replaceProperties(target: object, values: Record<string, unknown>): () => void {
  const before = Object.keys(values).map((name) => [name, Object.getOwnPropertyDescriptor(target, name)] as const);
  for (const [name, value] of Object.entries(values)) {
    Object.defineProperty(target, name, { value, configurable: true, writable: true });
  }
  return () => {
    for (const [name, descriptor] of before) {
      if (descriptor) Object.defineProperty(target, name, descriptor);
      else Reflect.deleteProperty(target, name);
    }
  };
}

/** Node's error for a change of a head that was sent. */
export function headersSent(action: string): Error {
  const error = new Error(`Cannot ${action} headers after they are sent to the client`);
  return Object.assign(error, { code: 'ERR_HTTP_HEADERS_SENT' });
}

const refuse = (action: string) => () => {
  throw headersSent(action);
};

/** What an app sees of a head that was sent. Compression looks at `_header`. */
const SENT_HEAD = {
  headersSent: true,
  _header: 'pending',
  setHeader: refuse('set'),
  setHeaders: refuse('set'),
  appendHeader: refuse('append'),
  removeHeader: refuse('remove'),
};

/** What an app sees of a response that has ended. */
const ENDED = { writableEnded: true, flushHeaders() {}, addTrailers() {} };

/** Without the message over HTTP/2, which has none and warns. */
export function statusOf(res: ServerResponse): object {
  const { statusCode } = res;
  return res.req.httpVersionMajor < 2 ? { statusCode, statusMessage: res.statusMessage } : { statusCode };
}

/** Makes a response look sent, or ended, while the store works. Its head stays as it was then. */
export class PendingResponse {
  readonly #req: IncomingMessage;
  readonly #res: ServerResponse;
  readonly #undo: (() => void)[] = [];
  #status: object | undefined;
  #socket: HeldSocket | undefined;

  constructor(req: IncomingMessage, res: ServerResponse) {
    this.#req = req;
    this.#res = res;
  }

  /** From now on, the app sees a head that was sent. */
  closeHead(): void {
    const res = this.#res;
    if (res.headersSent) return;
    this.#status ??= statusOf(res);
    this.#undo.push(replaceProperties(res, SENT_HEAD));
  }

  /** From now on, the app sees a response that has ended, and the connection stays open. */
  close(): void {
    // Node's write() refuses a finished response, but compression may still have to write what it
    // was given.
    const mayBeWritten = this.#res.headersSent && this.#status === undefined;
    this.closeHead();
    this.holdSocket();
    this.#undo.push(replaceProperties(this.#res, mayBeWritten ? ENDED : { ...ENDED, finished: true }));
  }

  /**
   * From now on, the connection stays open. Not if an earlier response is still to be sent on it:
   * that one may have to end the connection. Not with HTTP/2, which refuses it.
   */
  holdSocket(): void {
    const { socket } = this.#res;
    if (!socket || this.#socket || this.#req.httpVersionMajor >= 2) return;
    this.#socket = HeldSocket.hold(socket);
    const destroy = (error?: Error) => {
      socket.destroy(error);
      return this.#res;
    };
    this.#undo.push(replaceProperties(this.#res, { destroy }));
  }

  /** Makes the response what it was, so that it can be sent. */
  reopen(): void {
    for (const undo of this.#undo.splice(0).reverse()) undo();
    Object.assign(this.#res, this.#status);
    this.#status = undefined;
  }

  /** From now on, an error handler does not end the connection: a later request may use it. */
  keepSocket(): void {
    const socket = Object.create(this.#req.socket ?? null, { destroy: { value() {} } });
    replaceProperties(this.#req, { socket });
  }

  /** Does to the connection what was asked for meanwhile, after the response has left. */
  releaseSocket({ isCut = false } = {}): void {
    const calls = this.#socket?.release() ?? [];
    this.#socket = undefined;
    const run = () => {
      for (const call of calls) call();
    };
    if (isCut || this.#res.closed) run();
    else if (calls.length > 0) this.#res.once('close', run);
  }
}

/** Delays the end of a connection. Several responses may wait on the same one. */
class HeldSocket {
  static readonly #held = new WeakMap<Socket, HeldSocket>();
  readonly #later: (() => void)[] = [];
  readonly #undo: () => void;
  #holders = 0;

  static hold(socket: Socket): HeldSocket {
    const held = HeldSocket.#held.get(socket) ?? new HeldSocket(socket);
    held.#holders++;
    return held;
  }

  private constructor(socket: Socket) {
    HeldSocket.#held.set(socket, this);
    const delayed = (['destroy', 'destroySoon', 'end', 'resetAndDestroy'] as const).map((name) => {
      const method: (...args: any[]) => unknown = socket[name];
      const delay = (...args: unknown[]) => {
        this.#later.push(() => method.apply(socket, args));
        return socket;
      };
      return [name, delay];
    });
    const undo = replaceProperties(socket, Object.fromEntries(delayed));
    this.#undo = () => {
      HeldSocket.#held.delete(socket);
      undo();
    };
  }

  /** @returns what was asked for meanwhile, if no other response waits */
  release(): (() => void)[] {
    this.#holders--;
    if (this.#holders > 0) return [];
    this.#undo();
    return this.#later;
  }
}
