// The build writes the phrases that the statements share above these lines.

/**
 * What pgtyped knows of a query. The build writes the generated queries as calls of this function.
 *
 * @param {string} short the statement, with `@` and a letter for each phrase
 */
export function query(short) {
  const statement = expanded(short);
  const params = new Map();
  for (const { 0: written, 1: name, index: a } of statement.matchAll(/(?<![\w:]):([a-zA-Z]\w*)!?/g)) {
    if (!params.has(name)) params.set(name, { name, transform: { type: 'scalar' }, locs: [] });
    params.get(name).locs.push({ a, b: a + written.length - 1 });
  }
  const usedParamSet = Object.fromEntries([...params.keys()].map((name) => [name, true]));
  return { usedParamSet, params: [...params.values()], statement };
}

/** A phrase may contain others. */
function expanded(text) {
  return text.replace(/@(.)/g, (_, letter) => expanded(phrases[letter.charCodeAt(0) - 65]));
}
