// Signs a user out everywhere. The table may have any name:
//
//   DATABASE_URL=postgres://... npx tsx examples/sign-out-user.ts ada --table "user sessions"
import { parseArgs } from 'node:util';
import { createAdmin } from 'connect-pg-typed/admin';
import pg from 'pg';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { schema: { type: 'string' }, table: { type: 'string', default: 'session' } },
});
const [user] = positionals;
if (!user || !process.env.DATABASE_URL) {
  console.error('Usage: DATABASE_URL=postgres://... npx tsx sign-out-user.ts USER [--schema NAME] [--table NAME]');
  process.exit(2);
}

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });
const admin = createAdmin({ pool, schemaName: values.schema, tableName: values.table, userPath: ['user'] });
try {
  const deleted = await admin.revokeUser(user);
  console.log(`${user}: sessions deleted: ${deleted}, sessions left in the table: ${await admin.count()}`);
} finally {
  await pool.end();
}
