// node --import tsx test/support/listener.ts NAMES [idle]
// Prints each revocation event of a store as a line of JSON, until its input ends. With 'idle',
// nothing keeps the process alive.
import pg from 'pg';
import { PgSessionStore } from '../../src/index.js';

const pool = new pg.Pool({ connectionString: process.env.TEST_SERVER_URL, allowExitOnIdle: true });
const names = JSON.parse(process.argv[2]!);
const store = new PgSessionStore({ pool, ...names, revocations: true, errorLog: () => {} });
store.on('resync', () => console.log(JSON.stringify('resync')));
store.on('revoked', (event) => console.log(JSON.stringify(event)));
if (process.argv[3] !== 'idle') {
  process.stdin.resume().on('end', async () => {
    await store.close();
    console.log(JSON.stringify('closed'));
    await pool.end();
  });
}
