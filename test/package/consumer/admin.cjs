// Signs a user out everywhere except in one session.
const { createHash } = require('node:crypto');
const { createAdmin } = require('connect-pg-typed/admin');
const { Pool } = require('pg');

async function main() {
  const pool = new Pool({ connectionString: process.env.DATABASE_URL });
  const admin = createAdmin({ pool, schemaName: process.env.SCHEMA_NAME, tableName: process.env.TABLE_NAME });

  const devices = await admin.find('ada');
  const kept = createHash('sha256').update('b').digest('hex');
  const signedOut = devices.length === 2 ? await admin.revokeUser('ada', { except: kept }) : 0;
  const { sessions } = await admin.list();

  console.log(JSON.stringify({ signedOut, left: sessions.map(({ handle }) => handle).sort() }));
  await pool.end();
}

void main();
