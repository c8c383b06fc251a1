// Starts PgBouncer in front of the test server.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { onEnd } from './harness.js';

async function freePort(): Promise<number> {
  const probe = net.createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as net.AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

/** The path of the program, or undefined if it is not installed. */
export const pgbouncer = [...(process.env.PATH ?? '').split(path.delimiter), '/usr/sbin']
  .map((folder) => path.join(folder, 'pgbouncer'))
  .find((file) => existsSync(file));

/** Starts PgBouncer in transaction mode, and returns its URL. */
export async function startPgBouncer(): Promise<string> {
  const url = new URL(process.env.TEST_SERVER_URL!);
  const port = await freePort();
  const folder = mkdtempSync(path.join(os.tmpdir(), 'pgbouncer-test-'));
  onEnd(() => rmSync(folder, { recursive: true }));
  const password = url.password && ` password=${url.password}`;
  const target = `host=${url.hostname} port=${url.port || 5432} user=${url.username}${password}`;
  const config = path.join(folder, 'pgbouncer.ini');
  writeFileSync(
    config,
    `[databases]
* = ${target}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 4
${process.getuid?.() === 0 ? 'user = nobody' : ''}
`,
  );
  chmodSync(folder, 0o755);
  const child = spawn(pgbouncer!, [config], { stdio: ['ignore', 'ignore', 'pipe'] });
  onEnd(async () => {
    child.kill('SIGINT');
    await once(child, 'exit');
  });
  for await (const text of child.stderr) if (String(text).includes('process up')) break;
  child.stderr.resume();
  url.hostname = '127.0.0.1';
  url.port = String(port);
  return url.href;
}
