// The names that PostgreSQL gives indexes: `session_expire_idx`, `session_pkey`.
import { catalogNames, MAX_NAME_BYTES, type TableNames } from './names.js';

/**
 * The name of an index, as PostgreSQL makes it if the statement does not name the index: then an
 * index that `createTable` created counts as this one. PostgreSQL shortens the longer part first.
 *
 * @param key the column; empty for a primary key, which has none in its name
 */
export function indexName(names: TableNames, key: string, suffix = 'idx'): string {
  const parts = [catalogNames(names).tableName, key].filter(Boolean).map((part) => Buffer.from(part));
  const room = MAX_NAME_BYTES - parts.length - suffix.length; // an underscore follows each part
  const lengths = parts.map(({ length }) => length);
  while (lengths.reduce((sum, length) => sum + length) > room) lengths[lengths.indexOf(Math.max(...lengths))]!--;
  return [...parts.map((part, n) => wholeCharacters(part, lengths[n]!)), suffix].join('_');
}

/** The first bytes of a UTF-8 text, without half a character at the end. */
function wholeCharacters(text: Buffer, bytes: number): string {
  let end = bytes;
  while ((text[end]! & 0xc0) === 0x80) end--;
  return text.subarray(0, end).toString();
}
