// Finds the call of the store that express-session makes when a response ends.
import type { Store } from 'express-session';

type Callback = (error?: unknown) => void;
type Method = (...args: unknown[]) => unknown;

/** A call that express-session was about to make. */
export interface StoreCall {
  name: 'set' | 'touch' | 'destroy';
  /** Calls the store. It calls back once, also if the store throws. */
  send(callback: Callback): void;
  /** Express-session's own callback: without an error it ends the response. */
  callback: Callback;
}

const STOP = Symbol('stop');

/**
 * Runs express-session's `end()` until it calls the store, and returns that call instead of making
 * it. Undefined if it did not call the store, and has ended the response.
 */
export function storeCallIn(end: () => void, store: Store): StoreCall | undefined {
  const methods = store as unknown as Record<StoreCall['name'], Method | undefined>;
  const { set, touch, destroy } = methods;
  let call: StoreCall | undefined;
  const stopAt = (name: StoreCall['name'], method: Method | undefined) => {
    if (!method) return; // a store may have no touch()
    methods[name] = (...args) => {
      const callback = args.pop() as Callback;
      call = { name, callback, send: (done) => send(method.bind(store, ...args), done) };
      throw STOP; // so that express-session does not write the head
    };
  };
  stopAt('set', set);
  stopAt('touch', touch);
  stopAt('destroy', destroy);
  try {
    end();
  } catch (error) {
    if (error !== STOP) throw error;
  } finally {
    Object.assign(methods, { set, touch, destroy });
  }
  return call;
}

function send(method: Method, done: Callback): void {
  let isDone = false;
  const callback: Callback = (error) => {
    if (isDone) return;
    isDone = true;
    done(error);
  };
  try {
    method(callback);
  } catch (error) {
    callback(error);
  }
}
