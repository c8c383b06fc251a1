// Lets the server plan a statement without running it.
import type { Queryable } from '../postgres/connection.js';

/** A value of each type of parameter. */
const SAMPLES: Record<string, unknown> = {
  text: 'a',
  'text[]': ['a'],
  name: 'a',
  'name[]': ['a'],
  'character varying': 'a',
  json: '{}',
  'json[]': ['{}'],
  boolean: true,
  'boolean[]': [true],
  bigint: '1',
  integer: 1,
  'integer[]': [1],
  'double precision': 1,
  'double precision[]': [1],
  'timestamp with time zone': 'now',
};

/**
 * Lets the server plan a statement with any values. It then also checks the right to run each
 * function.
 *
 * @param parameters the types of its parameters
 * @throws the server's error, if it refuses the statement
 */
export async function plan(connection: Queryable, text: string, parameters: string[]): Promise<void> {
  const values = parameters.map((type) => {
    if (!(type in SAMPLES)) throw new Error(`no value is known for a parameter of the type ${type}`);
    return SAMPLES[type];
  });
  await connection.query(`EXPLAIN ${text}`, values);
}
