// Runs the generated queries on a table with another name.
import { bindTable, countSessions, listSessions } from 'connect-pg-typed/queries';
import { Pool } from 'pg';

const pool = new Pool({ connectionString: process.env.DATABASE_URL });
const table = bindTable(pool, { schemaName: process.env.SCHEMA_NAME, tableName: process.env.TABLE_NAME });

const [{ count }] = await countSessions.run(undefined, table);
const sessions = await listSessions.run(undefined, table);

console.log(JSON.stringify({ count, sids: sessions.map(({ sid }) => sid) }));
await pool.end();
