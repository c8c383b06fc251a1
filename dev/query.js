/**
 * What pgtyped knows of a query. The build writes the generated queries as calls of this function.
 *
 * @param {string} statement
 * @param {[name: string, ...at: number[]][]} params each with the first and last index of each of its places
 */
export function query(statement, ...params) {
  const usedParamSet = {};
  const placed = params.map(([name, ...at]) => {
    usedParamSet[name] = true;
    const locs = [];
    for (let n = 0; n < at.length; n += 2) locs.push({ a: at[n], b: at[n + 1] });
    return { name, transform: { type: 'scalar' }, locs };
  });
  return { usedParamSet, params: placed, statement };
}
