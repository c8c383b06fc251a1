// Starts PgBouncer in front of the test server.
import { freePort } from '../../dev/postgres/local-postgres.js';
import { folderOf, installed, startProgram, untilOpen } from './programs.js';

/** The path of the program, or undefined if it is not installed. */
export const pgbouncer = installed('pgbouncer');

/** Starts PgBouncer in transaction mode, and returns its URL. */
export async function startPgBouncer(): Promise<string> {
  const url = new URL(process.env.TEST_SERVER_URL!);
  const port = await freePort();
  const password = url.password && ` password=${url.password}`;
  const folder = folderOf({
    'pgbouncer.ini': `[databases]
* = host=${url.hostname} port=${url.port || 5432} user=${url.username}${password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 4
`,
  });
  startProgram(pgbouncer!, [`${folder}/pgbouncer.ini`]);
  await untilOpen(port);
  url.hostname = '127.0.0.1';
  url.port = String(port);
  return url.href;
}
