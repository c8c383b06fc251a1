// How results become JavaScript values. An app may set parsers of its own with pg.types or the
// pool's option `types`. They must not change what the generated queries return.
import pg, { type ClientBase, type CustomTypesConfig, type Pool } from 'pg';
import type { Queryable } from './connection.js';

type Parse = (text: string) => unknown;

const isTrue: Parse = (text) => text === 't';
const sameText: Parse = (text) => text;
const textArray: Parse = (text) => arrays.create(text, sameText).parse();
const arrays = pg.types.arrayParser as unknown as { create(text: string, parse: Parse): { parse(): unknown[] } };

/**
 * By object identifiers from PostgreSQL's pg_type.dat: bool; int2, int4, oid, float4, float8; name,
 * text, varchar, and the arrays of these three.
 */
const PARSERS = new Map<number, Parse>([
  [16, isTrue],
  ...[21, 23, 26, 700, 701].map((oid): [number, Parse] => [oid, Number]),
  ...[19, 25, 1043].map((oid): [number, Parse] => [oid, sameText]),
  ...[1003, 1009, 1015].map((oid): [number, Parse] => [oid, textArray]),
]);

/** The `types` of each statement of this package. All other types, such as bigint, stay text. */
export const RESULT_TYPES = { getTypeParser: (oid: number) => PARSERS.get(oid) ?? sameText } as CustomTypesConfig;

/** A pool or client of pg as a place to run statements. */
export const queryableOf = (connection: Pool | ClientBase): Queryable => ({
  query: (text, values) => connection.query({ text, values, types: RESULT_TYPES }),
});

/** The same for queries of the app: other types, such as timestamptz, become what the app set. */
export function appQueryableOf(connection: Pool | ClientBase): Queryable {
  const app = 'getTypeParser' in connection ? connection : (connection.options?.types ?? pg.types);
  const types = {
    getTypeParser: (oid: number, format?: 'text') => PARSERS.get(oid) ?? app.getTypeParser(oid, format),
  } as CustomTypesConfig;
  return { query: (text, values) => connection.query({ text, values, types }) };
}
