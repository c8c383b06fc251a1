// The build writes the phrases that the statements share above these lines.
import { PreparedQuery } from '../pgtyped-runtime.js';

/**
 * A query as pgtyped writes it. The build writes the generated queries as calls of this function.
 *
 * @param {string} short the statement, with the code of each phrase
 */
export function query(short) {
  let ir;
  // At the first use: an import would otherwise expand each statement.
  return Object.defineProperty(new PreparedQuery(), 'queryIR', { get: () => (ir ??= irOf(short)) });
}

function irOf(short) {
  const statement = expanded(short);
  const params = new Map();
  for (const { 0: written, 1: name, index: a } of statement.matchAll(/(?<![\w:]):([a-zA-Z]\w*)!?/g)) {
    if (!params.has(name)) params.set(name, { name, transform: { type: 'scalar' }, locs: [] });
    params.get(name).locs.push({ a, b: a + written.length - 1 });
  }
  const usedParamSet = Object.fromEntries([...params.keys()].map((name) => [name, true]));
  return { usedParamSet, params: [...params.values()], statement };
}

/** A phrase may contain others. Its code is one of `$?&;`, or one of `@^Q` and a letter. */
function expanded(text) {
  const numberOf = ([first, letter]) =>
    letter ? 4 + 60 * '@^Q'.indexOf(first) + letter.charCodeAt(0) - 65 : '$?&;'.indexOf(first);
  return text.replace(/[$?&;]|[@^Q]./g, (code) => expanded(phrases[numberOf(code)]));
}
