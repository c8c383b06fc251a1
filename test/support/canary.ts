// Finds session ids in what a test file prints: no log, tool or error may contain one.
import { PgSessionStore } from '../../src/index.js';

const MIN_LENGTH = 24; // characters; a short id such as 'a' is part of every text
const METHODS = ['get', 'set', 'touch', 'destroy', 'update'] as const;
const ids = new Set<string>();
let printed = '';

for (const method of METHODS) {
  const prototype: Record<string, any> = PgSessionStore.prototype;
  const original = prototype[method];
  prototype[method] = function (...args: unknown[]) {
    const [sid] = args;
    if (typeof sid === 'string' && sid.length >= MIN_LENGTH) ids.add(sid);
    return original.apply(this, args);
  };
}
for (const stream of [process.stdout, process.stderr]) {
  const write = stream.write as (...args: unknown[]) => boolean;
  stream.write = (...args: unknown[]) => {
    printed += String(args[0]);
    return write.apply(stream, args);
  };
}

/** Returns the session ids that were printed. */
export const printedIds = (): string[] => [...ids].filter((sid) => printed.includes(sid));
