// Programs of the machine that some tests start: poolers, and what makes a standby the primary.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { serverUser } from '../../dev/postgres/local-postgres.js';
import { onEnd } from './harness.js';

/** The path of the program, or undefined if it is not installed. */
export const installed = (name: string): string | undefined =>
  [...(process.env.PATH ?? '').split(path.delimiter), '/usr/sbin']
    .map((folder) => path.join(folder, name))
    .find((file) => existsSync(file));

/** Writes the files into a new folder, which the user of the servers owns, and returns its path. */
export function folderOf(files: Record<string, string>): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'program-test-'));
  onEnd(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(path.join(folder, name), text.replaceAll('FOLDER', folder), { mode: 0o600 });
  }
  const { uid, gid } = serverUser();
  chmodSync(folder, 0o755);
  if (uid !== undefined)
    for (const name of ['.', ...readdirSync(folder)]) chownSync(path.join(folder, name), uid, gid!);
  return folder;
}

/** Starts the program as the user of the servers, which is not root, until the test ends. */
export function startProgram(file: string, args: string[]): ChildProcess {
  const child = spawn(file, args, { ...serverUser(), cwd: '/', stdio: ['ignore', 'pipe', 'pipe'] });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream!.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
    });
  }
  onEnd(async () => {
    if (child.exitCode !== null) throw new Error(`${path.basename(file)} ended by itself:\n${printed}`);
    child.kill('SIGTERM');
    await once(child, 'close');
  });
  return child;
}

/** Runs the program to its end, as the user of the servers. */
export const runProgram = (file: string, args: string[]) =>
  promisify(execFile)(file, args, { ...serverUser(), cwd: '/' });

/** Resolves when the port accepts connections. */
export async function untilOpen(port: number): Promise<void> {
  for (;;) {
    const socket = net.connect(port, '127.0.0.1');
    const isOpen = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isOpen) return;
    await sleep(50);
  }
}
