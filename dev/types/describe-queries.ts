// Writes src/generated/descriptions.ts: how the server described each query at compile time.
import { processSQLQueryIR } from '@pgtyped/runtime';
import pg from 'pg';
import { type Description, describeStatement, type NameTypes } from '../../src/postgres/describe-statement.js';

const HEAD = `// Written by npm run types: how the server described each query at compile time.
// doctor() compares it with how the server describes the query today.

export const descriptions: Record<string, { parameters: string[]; columns: [name: string, type: string][] }> = `;

/**
 * Describes the queries in these texts. It does not import them, because they may not compile.
 *
 * @param generated the texts that pgtyped wrote, by path
 */
export async function describeQueries(database: pg.ClientConfig, generated: Map<string, string>): Promise<string> {
  const client = new pg.Client(database);
  await client.connect();
  const nameTypes: NameTypes = async (oids) => {
    const sql = 'SELECT x.oid, format_type(x.oid::oid, NULL) AS name FROM unnest($1::int4[]) AS x(oid)';
    return (await client.query(sql, [oids])).rows;
  };
  try {
    const described: Record<string, Description> = {};
    for (const text of generated.values()) {
      for (const [, name, ir] of text.matchAll(/^const (\w+)IR: any = (\{.*\});$/gm)) {
        const { query } = processSQLQueryIR(JSON.parse(ir!), {});
        described[name!] = await describeStatement(client, query, nameTypes);
      }
    }
    const names = Object.keys(described).sort();
    return `${HEAD}{\n${names.map((name) => `  ${name}: ${JSON.stringify(described[name])},`).join('\n')}\n};\n`;
  } finally {
    await client.end();
  }
}
