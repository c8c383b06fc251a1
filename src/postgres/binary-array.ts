// Arrays of texts in PostgreSQL's binary format. In the text format, pg quotes each element and the
// server unquotes it.

const ELEMENT_TYPE = { json: 114, text: 25 }; // object identifiers from PostgreSQL's pg_type.dat
const HEADER_BYTES = 20;

/**
 * The format that PostgreSQL's array_recv() reads: number of dimensions, whether there are nulls,
 * element type, length and lower bound of the dimension, then each element after its length in
 * bytes.
 *
 * @returns a Buffer, which pg sends unchanged. Its type is that of the query's parameter
 */
export function binaryArray(type: keyof typeof ELEMENT_TYPE, texts: string[]): string[] {
  const lengths = texts.map((text) => Buffer.byteLength(text));
  const array = Buffer.allocUnsafe(lengths.reduce((sum, length) => sum + 4 + length, HEADER_BYTES));
  let at = 0;
  for (const value of [1, 0, ELEMENT_TYPE[type], texts.length, 1]) at = array.writeInt32BE(value, at);
  for (const [n, text] of texts.entries()) {
    at = array.writeInt32BE(lengths[n]!, at);
    at += array.write(text, at);
  }
  return array as unknown as string[];
}

/**
 * The texts of a binary array, for pg-native, which sends no Buffers. Returns other values as is.
 */
export function textsOf(value: unknown): unknown {
  if (!Buffer.isBuffer(value)) return value;
  const texts: string[] = [];
  for (let at = HEADER_BYTES; at < value.length; ) {
    const start = at + 4;
    at = start + value.readInt32BE(at);
    texts.push(value.toString('utf8', start, at));
  }
  return texts;
}
