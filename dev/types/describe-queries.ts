// src/generated/descriptions.ts: what the server said of each query when it was compiled, for the doctor to compare with.
import { processSQLQueryIR } from '@pgtyped/runtime';
import pg from 'pg';
import { type Description, describeStatement, type NameTypes } from '../../src/postgres/describe-statement.js';

const HEAD = `// Written by npm run types: the server's description of each query when it was compiled. doctor compares it with the live one.

export const descriptions: Record<string, { parameters: string[]; columns: [name: string, type: string][] }> = `;

/**
 * The queries that stand in these texts. They are not imported: they may be what is wrong.
 *
 * @param generated the texts that pgtyped made, by their paths
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
