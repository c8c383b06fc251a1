// Counts the sessions of some tenants with a typed query of its own:
//
//   DATABASE_URL=postgres://... npx tsx examples/typed-queries/tenants.ts --schema web --table
//   "user sessions" acme umbrella
import { parseArgs } from 'node:util';
import { bindTable } from 'connect-pg-typed/queries';
import pg from 'pg';
import { sessionsByTenant } from './queries/sessionsByTenant.js';

const { positionals: tenants, values } = parseArgs({
  allowPositionals: true,
  options: { schema: { type: 'string' }, table: { type: 'string', default: 'session' } },
});

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });
const table = bindTable(pool, { schemaName: values.schema, tableName: values.table });
for (const { tenant, sessions } of await sessionsByTenant.run({ tenants }, table)) console.log(`${tenant} ${sessions}`);
await pool.end();
