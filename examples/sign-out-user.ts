// Signs a user out everywhere, with the store's own typed queries on a table of another name:
//
//   DATABASE_URL=postgres://... npx tsx examples/sign-out-user.ts ada --schema web --table "user sessions"
import { parseArgs } from 'node:util';
import { bindTable, countSessions, destroySessions, listSessions, parsePayload } from 'connect-pg-typed/queries';
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

const client = new pg.Client({ connectionString: process.env.DATABASE_URL });
await client.connect();
try {
  const connection = bindTable(client, { schemaName: values.schema, tableName: values.table });
  const sessions = await listSessions.run(undefined, connection);
  const userOf = (sess: string) => (parsePayload(sess) as { user?: string }).user;
  const sids = sessions.filter(({ sess }) => userOf(sess) === user).map(({ sid }) => sid);

  const { rowCount } = await destroySessions.runWithCounts({ sids }, connection);

  const [live] = await countSessions.run(undefined, connection);
  console.log(`${user}: ${rowCount} signed out, ${live?.count} sessions left`);
} finally {
  await client.end();
}
