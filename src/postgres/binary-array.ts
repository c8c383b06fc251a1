// An array of texts as the server takes it without parsing: else pg quotes each element, and the server unquotes it.

const ELEMENT = { json: 114, text: 25 }; // object identifiers, PostgreSQL's pg_type.dat
const HEADER_BYTES = 20;

/**
 * In the form that PostgreSQL's array_recv() reads: dimensions, whether there are nulls, the type of the elements, length and lower
 * bound of the only dimension, and each element behind its length in bytes.
 *
 * @returns a Buffer, which pg sends as it is; typed as what the queries take
 */
export function binaryArray(type: keyof typeof ELEMENT, texts: string[]): string[] {
  const lengths = texts.map((text) => Buffer.byteLength(text));
  const array = Buffer.allocUnsafe(lengths.reduce((sum, length) => sum + 4 + length, HEADER_BYTES));
  let at = 0;
  for (const value of [1, 0, ELEMENT[type], texts.length, 1]) at = array.writeInt32BE(value, at);
  for (const [n, text] of texts.entries()) {
    at = array.writeInt32BE(lengths[n]!, at);
    at += array.write(text, at);
  }
  return array as unknown as string[];
}
