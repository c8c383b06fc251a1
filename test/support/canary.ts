// Sees whether a session id that a store was given is ever printed, by the store, by a tool or in an error.
import { PgSessionStore } from '../../src/index.js';

const LIKE_A_REAL_ONE = 24; // characters, at least: 'a' is in every text
const METHODS = ['get', 'set', 'touch', 'destroy', 'update'] as const;
const ids = new Set<string>();
let printed = '';

for (const method of METHODS) {
  const prototype = PgSessionStore.prototype as unknown as Record<string, (...args: unknown[]) => unknown>;
  const own = prototype[method]!;
  prototype[method] = function (...args) {
    const [sid] = args;
    if (typeof sid === 'string' && sid.length >= LIKE_A_REAL_ONE) ids.add(sid);
    return own.apply(this, args);
  };
}
for (const stream of [process.stdout, process.stderr]) {
  const write = stream.write as (...args: unknown[]) => boolean;
  stream.write = (...args: unknown[]) => {
    printed += String(args[0]);
    return write.apply(stream, args);
  };
}

/** Those that were printed. */
export const printedIds = (): string[] => [...ids].filter((sid) => printed.includes(sid));
