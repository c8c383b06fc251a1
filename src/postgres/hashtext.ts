// PostgreSQL's hash of a text, which also decides in which shard Citus keeps a row.

const SEED = 0x9e3779b9 + 3923095;
const BLOCK = 12; // bytes

const rotated = (value: number, bits: number): number => (value << bits) | (value >>> (32 - bits));

/**
 * What the function hashtext() returns in a UTF-8 database, for a collation that is deterministic:
 * Bob Jenkins's lookup3, as in PostgreSQL's src/common/hashfn.c (`hash_bytes`).
 *
 * @returns 32 bits, with a sign
 */
export function hashtext(text: string): number {
  const length = Buffer.byteLength(text);
  const end = length - (length % BLOCK);
  const bytes = Buffer.alloc(end + BLOCK);
  bytes.write(text);
  bytes.copyWithin(end + 9, end + 8); // the lowest byte of the last number is not used
  bytes[end + 8] = 0;
  let a = (SEED + length) | 0;
  let b = a;
  let c = a;
  for (let at = 0; at < end; at += BLOCK) {
    a += bytes.readInt32LE(at);
    b += bytes.readInt32LE(at + 4);
    c += bytes.readInt32LE(at + 8);
    a = (a - c) ^ rotated(c, 4);
    c = (c + b) | 0;
    b = (b - a) ^ rotated(a, 6);
    a = (a + c) | 0;
    c = (c - b) ^ rotated(b, 8);
    b = (b + a) | 0;
    a = (a - c) ^ rotated(c, 16);
    c = (c + b) | 0;
    b = (b - a) ^ rotated(a, 19);
    a = (a + c) | 0;
    c = (c - b) ^ rotated(b, 4);
    b = (b + a) | 0;
  }
  a = (a + bytes.readInt32LE(end)) | 0;
  b = (b + bytes.readInt32LE(end + 4)) | 0;
  c = (c + bytes.readInt32LE(end + 8)) | 0;
  c = ((c ^ b) - rotated(b, 14)) | 0;
  a = ((a ^ c) - rotated(c, 11)) | 0;
  b = ((b ^ a) - rotated(a, 25)) | 0;
  c = ((c ^ b) - rotated(b, 16)) | 0;
  a = ((a ^ c) - rotated(c, 4)) | 0;
  b = ((b ^ a) - rotated(a, 14)) | 0;
  return ((c ^ b) - rotated(b, 24)) | 0;
}
