// Measures the server with pgbench, which reads one session per statement.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { SESSIONS, sidOf } from './sessions.js';

export const CLIENTS = 16;

/** Sessions read per second with prepared statements, or undefined if pgbench is not installed. */
export function pgbenchRate(url: string, table: string, seconds: number): number | undefined {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'pgbench-'));
  const script = path.join(dir, 'read.sql');
  const sid = sidOf(0).replace('0', "' || :n || '");
  writeFileSync(
    script,
    `\\set n random(0, ${SESSIONS - 1})\nSELECT sid, sess::text, expire FROM ${table} WHERE sid = '${sid}' AND expire > now();\n`,
  );
  try {
    const load = ['-c', String(CLIENTS), '-j', '2', '-T', String(seconds)];
    const output = execFileSync('pgbench', ['-n', '-M', 'prepared', ...load, '-f', script, url], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return Number(/tps = ([\d.]+)/.exec(output)![1]);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  } finally {
    rmSync(dir, { recursive: true });
  }
}
