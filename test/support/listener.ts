// A process with a store that prints what it hears, a line of JSON each, until its input ends. With 'idle' it waits for nothing.
import pg from 'pg';
import { PgSessionStore } from '../../src/index.js';

const pool = new pg.Pool({ connectionString: process.env.TEST_SERVER_URL });
const names = JSON.parse(process.argv[2]!);
const store = new PgSessionStore({ pool, ...names, revocations: true, errorLog: () => {} });
store.on('resync', () => console.log(JSON.stringify('resync')));
store.on('revoked', (event) => console.log(JSON.stringify(event)));
if (process.argv[3] !== 'idle') {
  process.stdin.resume().on('end', async () => {
    await store.close();
    await pool.end();
  });
}
