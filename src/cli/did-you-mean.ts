// Suggests the name that a misspelled one was meant to be.

const MAX_EDITS = 3;

/** `. Did you mean …?`, or an empty text if no name is similar. */
export function didYouMean(word: string, names: string[]): string {
  const typed = word.toLowerCase();
  const scored = names
    .map((name) => ({ name, score: name.startsWith(typed) ? 0 : edits(typed, name.toLowerCase()) }))
    .filter(({ name, score }) => score <= Math.min(MAX_EDITS, Math.max(word.length, name.length) * 0.45));
  const [best] = scored.sort((one, other) => one.score - other.score);
  return best && word.length > 1 ? `. Did you mean ${best.name}?` : '';
}

/** The Levenshtein distance, or Infinity if the lengths differ too much. */
function edits(one: string, other: string): number {
  if (Math.abs(one.length - other.length) > MAX_EDITS) return Infinity;
  let previous = Array.from({ length: other.length + 1 }, (_, n) => n);
  for (const [n, letter] of one.split('').entries()) {
    const row = [n + 1];
    for (let m = 0; m < other.length; m++) {
      row.push(Math.min(row[m]! + 1, previous[m + 1]! + 1, previous[m]! + Number(letter !== other[m])));
    }
    previous = row;
  }
  return previous[other.length]!;
}
