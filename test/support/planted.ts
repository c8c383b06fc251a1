// What a role that may create objects in a schema of the search_path can put in the way of a
// statement: functions, operators and types with the names that the statement uses.
import { loadModule, parseSync } from 'libpg-query';
import type pg from 'pg';

await loadModule();

/**
 * A function or an operator as a statement writes it: its name, its schema, its number of
 * arguments.
 */
export interface Call {
  kind: 'function' | 'operator';
  schema: string | undefined;
  name: string;
  arity: number;
}

interface NameNode {
  String: { sval: string };
}

/** The functions and operators that these statements call. */
export function callsOf(texts: string[]): Call[] {
  const calls: Call[] = [];
  const add = (kind: Call['kind'], names: NameNode[], arity: number) => {
    const [name, schema] = names.map(({ String: { sval } }) => sval).reverse();
    calls.push({ kind, schema, name: name!, arity });
  };
  const visit = (node: any): void => {
    if (typeof node !== 'object' || node === null) return;
    if (node.FuncCall) add('function', node.FuncCall.funcname, node.FuncCall.args?.length ?? 0);
    // Also IN, ANY, IS DISTINCT FROM and comparisons of rows. Only AEXPR_NULLIF and BETWEEN have
    // other names.
    if (node.A_Expr) add('operator', node.A_Expr.name, node.A_Expr.lexpr ? 2 : 1);
    Object.values(node).forEach(visit);
  };
  for (const text of texts) visit(parseSync(text));
  return calls;
}

const TYPES = [
  ...[
    'text',
    'varchar',
    'bpchar',
    'name',
    '"char"',
    'bool',
    'bytea',
    'json',
    'jsonb',
    'oid',
    'regclass',
    'regtype',
    'tid',
  ],
  ...['int2', 'int4', 'int8', 'float8', 'numeric', 'timestamp', 'timestamptz', 'interval', 'int2vector'],
  ...['text[]', 'varchar[]', 'name[]', '"char"[]', 'int2[]', 'json[]', 'anyelement', 'anyarray', 'anynonarray'],
];
/** With more types there would be too many triples. */
const TYPES_OF_TRIPLES = ['text', 'varchar', 'name', 'oid', 'int4', 'bool', 'text[]', 'json[]', 'float8[]'];
const SHADOWED = ['text', 'varchar', 'json', 'jsonb', 'oid', 'regclass', 'regtype', 'timestamptz', 'float8', 'int4'];

const tuples = (types: string[], count: number): string[][] =>
  count === 0 ? [[]] : tuples(types, count - 1).flatMap((tuple) => types.map((type) => [...tuple, type]));

const argumentTypes = (arity: number): string[][] => {
  if (arity === 0) return [['int DEFAULT 0'], ["VARIADIC text[] DEFAULT '{}'"]]; // take part in a call without arguments
  if (arity > 3) return [];
  return tuples(arity === 3 ? TYPES_OF_TRIPLES : TYPES, arity);
};

/**
 * Creates an overload of each call in the schema public, for all types of arguments that a
 * statement could have. Only the client's role may execute them: each statement of another role
 * that resolves to one fails, also if it finds no row.
 */
export async function plant(client: pg.ClientBase, calls: Call[]): Promise<void> {
  const body = `RETURNS bool LANGUAGE sql AS 'SELECT true'`;
  const statements = [
    ...TYPES.map((type) => `CREATE FUNCTION public.planted(${type}) ${body}`),
    ...tuples(TYPES, 2).map((types) => `CREATE FUNCTION public.planted(${types}) ${body}`),
    ...SHADOWED.map((type) => `CREATE DOMAIN public."${type}" AS pg_catalog.bytea`),
  ];
  const seen = new Set<string>();
  for (const { kind, name, arity } of calls) {
    const key = JSON.stringify([kind, name, arity]);
    if (seen.has(key)) continue;
    seen.add(key);
    for (const types of argumentTypes(arity)) {
      if (kind === 'function') statements.push(`CREATE FUNCTION public.${name}(${types}) ${body}`);
      else {
        const sides = arity === 1 ? [`RIGHTARG = ${types[0]}`] : [`LEFTARG = ${types[0]}`, `RIGHTARG = ${types[1]}`];
        statements.push(`CREATE OPERATOR public.${name} (FUNCTION = public.planted, ${sides})`);
      }
    }
  }
  await client.query('SET search_path = pg_catalog');
  await client.query('ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC');
  for (let at = 0; at < statements.length; at += 2000) await client.query(statements.slice(at, at + 2000).join(';'));
}
