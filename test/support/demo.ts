// npm start, as a process.
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { text as textOf } from 'node:stream/consumers';
import pg from 'pg';
import * as assert from 'uvu/assert';
import { searchPath } from './fresh-store.js';

export type Env = Record<string, string>;
type Child = ChildProcessByStdio<null, Readable, Readable>;

export const running = new Set<Child>();

export function run(env: Env, options: { detached?: boolean } = {}): Child {
  const { DATABASE_URL, DEMO_DATA_DIR, SESSION_SECRET, ...rest } = process.env;
  const child = spawn(process.execPath, ['--import', 'tsx', 'examples/demo/server.ts'], {
    env: { ...rest, PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...options,
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

export const ended = async (child: Child): Promise<unknown[]> =>
  (child.exitCode ?? child.signalCode) ? [child.exitCode, child.signalCode] : await once(child, 'exit');

export interface Demo {
  url: string;
  /** Ends it by a signal, and sees that it ended well. */
  end(signal: NodeJS.Signals): Promise<void>;
}

/** The demo, once it has said where it is. */
export async function serve(env: Env): Promise<Demo> {
  const child = run(env);
  const complaint = textOf(child.stderr);
  const lines: string[] = [];
  for await (const line of createInterface(child.stdout)) {
    lines.push(line);
    const [url] = /http:\S+/.exec(line) ?? [];
    if (url === undefined) continue;
    const end = async (signal: NodeJS.Signals) => {
      child.kill(signal);
      assert.equal(await ended(child), [0, null]);
      assert.is(await complaint, '');
    };
    return { url, end };
  }
  throw new Error(`the demo did not start: ${lines.join('\n')} ${await complaint}`);
}

/** The test server, with a schema of the test's own where tables are made and looked for. */
export async function databaseWith(schemaName: string): Promise<Env> {
  const schema = pg.escapeIdentifier(schemaName);
  const pool = new pg.Pool({ connectionString: process.env.TEST_SERVER_URL! });
  await pool.query(`CREATE SCHEMA ${schema}`).finally(() => pool.end());
  const url = new URL(process.env.TEST_SERVER_URL!);
  url.searchParams.set('options', searchPath(schemaName));
  return { DATABASE_URL: url.href };
}
