// Signs a user out everywhere, on a table of another name:
//
//   DATABASE_URL=postgres://... npx tsx examples/sign-out-user.ts ada --schema web --table "user sessions"
import { parseArgs } from 'node:util';
import { createAdmin } from 'connect-pg-typed/admin';
import pg from 'pg';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { schema: { type: 'string' }, table: { type: 'string', default: 'session' } },
});
const [user] = positionals;
if (!user || !process.env.DATABASE_URL) {
  console.error('usage: DATABASE_URL=postgres://... sign-out-user USER [--schema SCHEMA] [--table TABLE]');
  process.exit(2);
}

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });
const admin = createAdmin({ pool, schemaName: values.schema, tableName: values.table, userPath: ['user'] });
try {
  const signedOut = await admin.revokeUser(user);
  console.log(`${user}: ${signedOut} signed out, ${await admin.count()} sessions left`);
} finally {
  await pool.end();
}
