// Errors of a pool's idle connections. However many stores use a pool, it has one listener: Node
// warns of a leak at eleven.
import type { Pool } from 'pg';

type OnError = (error: Error) => void;

interface Listener {
  stores: Set<OnError>;
  onError: OnError;
}

const listeners = new WeakMap<Pool, Listener>();

/**
 * Calls `onError` for each error of the pool. Without a listener, such an error ends the process.
 *
 * @returns a function that stops it
 */
export function onPoolError(pool: Pool, onError: OnError): () => void {
  const listener = listeners.get(pool) ?? listenTo(pool);
  listener.stores.add(onError);
  return () => {
    if (!listener.stores.delete(onError) || listener.stores.size > 0) return;
    pool.off('error', listener.onError);
    listeners.delete(pool);
  };
}

function listenTo(pool: Pool): Listener {
  const stores = new Set<OnError>();
  const onError: OnError = (error) => {
    for (const store of stores) store(error);
  };
  const listener = { stores, onError };
  pool.on('error', onError);
  listeners.set(pool, listener);
  return listener;
}
