// All generated queries: their texts, and whether a server accepts them.
import { readdirSync } from 'node:fs';
import type { PreparedQuery } from '@pgtyped/runtime';
import type pg from 'pg';
import { plan } from '../../src/admin/plans.js';
import { descriptions } from '../../src/generated/descriptions.js';
import { statementFor, type TableNames } from '../../src/table/names.js';

/** The texts of all generated queries, as they were generated. */
export const texts = new Map<string, string>();
for (const file of readdirSync(new URL('../../src/generated/', import.meta.url))) {
  if (file === 'descriptions.ts') continue;
  const generated: Record<string, PreparedQuery<any, unknown>> = await import(`../../src/generated/${file}`);
  for (const [name, query] of Object.entries(generated)) {
    const recorder = {
      async query(text: string) {
        texts.set(name, text);
        return { rows: [], rowCount: 0 };
      },
    };
    await query.run({}, recorder);
  }
}

/**
 * Lets the server plan each statement that is not DDL. PostgreSQL then also checks the right to
 * execute each function in the plan.
 *
 * @returns the errors, by the name of the query
 */
export async function refusedStatements(pool: pg.Pool, names: TableNames): Promise<Record<string, string>> {
  const refused: Record<string, string> = {};
  for (const [name, text] of texts) {
    if (/^\s*(CREATE|ALTER)/.test(text.replace(/\/\*.*?\*\//gs, ''))) continue;
    const { parameters } = descriptions[name]!;
    await plan(pool, statementFor(text, names), parameters).catch((error) => {
      refused[name] = error.message;
    });
  }
  return refused;
}
